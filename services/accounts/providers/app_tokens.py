"""The token by which an application of WeCom or DingTalk asks: kept for as long as it lives, as both demand."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

_EARLY = 300.0
"""Seconds before its end from which another one is asked for."""

Ask = Callable[[], Awaitable[tuple[str, float]]]
"""A new token, and the seconds that it lives."""


class AppToken:
    """One token at a time."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self._token, self._until = ask, "", 0.0

    async def get(self) -> str:
        """The present one. Raises what asking raises."""
        if not self._token or time.monotonic() >= self._until:
            token, seconds = await self._ask()
            self._token, self._until = token, time.monotonic() + seconds - _EARLY
        return self._token

    def forget(self) -> None:
        """The provider does not know it any more."""
        self._token = ""
