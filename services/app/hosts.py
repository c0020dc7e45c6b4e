"""Under which names a service is asked: a page from elsewhere, whose name was made to mean this machine, is not it.

That is DNS rebinding: a browser sends such a page's requests here, and takes the answers for that page's own. Its name
in the Host header gives it away; an address there (127.0.0.1, [::1], 10.0.0.7) nobody can make mean another machine.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from http import HTTPStatus
from ipaddress import ip_address

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.web.failures import failure

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/@\s]+))(?::[0-9]*)?")


class KnownHosts:
    """Answers 421 to whoever asks for another name; who names no host at all is no browser."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        """`names`: in small letters, without ports."""
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application around another."""
        hosts = [value for name, value in scope.get("headers", ()) if name == b"host"]
        if scope["type"] == "http" and not all(self._knows(host.decode("latin-1")) for host in hosts):
            await failure(Request(scope), HTTPStatus.MISDIRECTED_REQUEST)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = (found[1] or found[2]).lower().removesuffix(".")
        if name in self._names:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True
