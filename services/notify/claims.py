"""What an outbox has claimed to send, and what became of the attempt. Pure."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from services.notify.disabled_channels import DisabledChannel
from services.notify.texts import Sent


class Claim(NamedTuple):
    """What is ours to send to somebody as one message until the lease ends."""

    ids: tuple[int, ...]
    attempt: int
    """Counted from 1."""
    recipient: str
    queue: str
    overdue: int
    """Milliseconds for which it had been due."""
    told: tuple[Sent, ...]
    """What it tells of; of more than one, a digest."""
    batch: int | None = None
    """The digest's number; every attempt at it has the same."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an attempt: columns of the delivery, and what follows from it."""

    status: str
    next_try_at: int | None = None
    last_error: str | None = None
    sent_at: int | None = None
    may_have_arrived: bool = False
    """A further attempt, or another channel, may repeat it."""
    asked: bool = True
    """Whether the provider was asked at all."""
    elsewhere: str | None = None
    """A queue: the message did not arrive, or nobody knows, so it is tried on that one, too."""
    disable: DisabledChannel | None = None
    """Nothing goes to this channel from now on."""
    not_told: str | None = None
    """Why the person is told by no channel."""
