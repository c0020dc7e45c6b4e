"""Trying rejected inputs again, after the directory or a schema was put right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from services.i18n import say
from services.ingest.intake import Outcome
from services.messages import Problem, Rejection


class RejectedStore(Protocol):
    """The rejections that were kept and are not done."""

    def list(self) -> Iterable[tuple[int, Rejection]]:
        """All of them, oldest first."""

    def get(self, number: int) -> Rejection | None:
        """One of them."""

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

    What fails stays, tried once more, and is not kept a second time. Raises LogError.
    """
    passed: list[int] = []
    failed: dict[int, list[Problem]] = {}
    for number in list(numbers) if numbers is not None else [number for number, _ in store.list()]:
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
