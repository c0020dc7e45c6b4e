"""Channels that their provider has refused for good: how they are known without their secrets. Pure."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from services.errors import Refused


class DisabledChannel(NamedTuple):
    """Nothing goes to this channel any more until somebody resumes it; one for each person concerned."""

    key: str
    """Some digits of a hash: too few to find the address by trying."""
    queue: str
    person: str
    """Whose message was refused, or not sent for it."""
    since: int
    """Milliseconds."""
    reason: str
    """The provider's answer, without secrets."""


@lru_cache(maxsize=20_000)
def keys_of(address: str) -> dict[Refused, str]:
    """What this address, or the account that it is sent with, is known by when it is disabled."""
    scheme, _, rest = address.partition("://")
    account = f"{scheme}://{rest.partition('?')[0].partition('/')[0]}"
    return {"address": _digits(f"address {address}"), "account": _digits(f"account {account}")}


def _digits(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]
