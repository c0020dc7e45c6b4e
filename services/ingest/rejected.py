"""Trying rejected inputs again, after the directory or a schema was put right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from services.i18n import say
from services.ingest.intake import Outcome
from services.ingest.sender import was_not_allowed
from services.messages import Problem, Rejection


class RejectedStore(Protocol):
    """The rejections that were kept and are not done."""

    def list(self) -> Iterable[tuple[int, Rejection]]:
        """All of them, oldest first."""

    def get(self, number: int) -> Rejection | None:
        """A reject by its number; None if there is none."""

    def tried(self, number: int) -> None:
        """Count one more try that was in vain."""

    def done(self, number: int) -> None:
        """Mark one as done: it became an event after all."""


class WayIn(Protocol):
    """An `Intake`, or what goes before one."""

    def take(self, raw: bytes, origin: str, position: str = "", *, keep: bool = True) -> Outcome:
        """See `Intake.take`."""


class Retried(msgspec.Struct, frozen=True):
    """What became of a retry."""

    passed: list[int]
    failed: dict[int, list[Problem]]
    """With the reasons of this time."""


def retry(store: RejectedStore, intake: WayIn, numbers: Iterable[int] | None = None) -> Retried:
    """Run rejections (all, or those with these numbers) through the intake; those that pass are marked as done.

    What its sender's token was not for is tried only by its number: nothing that is mended elsewhere makes it right.
    What fails stays, tried once more, and is not kept a second time. Raises LogError.
    """
    passed: list[int] = []
    failed: dict[int, list[Problem]] = {}
    every = (number for number, one in store.list() if not was_not_allowed(one)) if numbers is None else numbers
    for number in list(every):
        rejection = store.get(number)
        if rejection is None:
            failed[number] = [Problem(where=f"rejection {number}", what=say("ingest.unknown_rejection_none_has_this"))]
            continue
        outcome = intake.take(rejection.raw, rejection.origin, rejection.position, keep=False)
        if outcome.rejections:
            failed[number] = outcome.rejections[0].reasons
            store.tried(number)
        elif outcome.accepted or outcome.duplicate:
            store.done(number)
            passed.append(number)
        else:
            failed[number] = rejection.reasons
            store.tried(number)
    return Retried(passed, failed)
