"""The way from the journal's changes into notify's store: what cannot be taken in is set aside, and the rest goes on.

A store that is full, locked or away is none of a change's faults: that is raised, and the step is tried again. Whatever
else stops a step for a few tries lies in what the step says. Its changes are then taken in one by one, and those that
cannot be become rejects of the journal (`prewarn rejected`), with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from services.errors import DamagedError, LogError
from services.i18n import say
from services.ingest.intake import Intake, Outcome
from services.log.journal import Journal
from services.messages import UNREADABLE, Message, Problem, Rejection, WarningChange, WarningReading
from services.notify.ports import SetAside
from services.notify.service import CONSUMER, Notify

_log = logging.getLogger(__name__)
ORIGIN = "warnings"
"""Of rejects that are no inputs but changes of warnings."""
_TRIES = 3
_LOG = "log"
"""The position under which the store keeps the identity of the log."""
_Item = WarningChange | WarningReading


class TakingIn:
    """One consumer of one journal."""

    def __init__(self, journal: Journal, notify: Notify, clock: Callable[[], datetime]) -> None:
        self._journal, self._notify, self._clock = journal, notify, clock
        self._failed: tuple[int, int] = (0, 0)
        """The step that could not be taken in, and how often."""

    def check(self) -> None:
        """Whether the log is the one that the store has taken in, and has all of it. Raises DamagedError.

        A store of before they knew each other, and a new one, get to know it. Who runs on with another log would drop
        its changes without a word, until it has as many as the former one.
        """
        journal, notify = self._journal, self._notify
        known, taken, last = notify.offset(_LOG), notify.offset(), journal.last_change()
        home = journal.path.parent
        if not known:
            if journal.meta("taken_in", "") and not notify.count():
                raise DamagedError(say("app.no_store", home=home))
        elif known != journal.identity:
            raise DamagedError(say("app.another_log", home=home))
        if taken > last:
            raise DamagedError(say("app.older_log", home=home, last=last, taken=taken))
        if not known:
            self._meet(taken)

    def _meet(self, taken: int) -> None:
        self._notify.go_on_at({_LOG: self._journal.identity, CONSUMER: taken})
        self._journal.set_meta("taken_in", "yes")

    def new_epoch(self) -> None:
        """From here on the store takes in what this log will publish, and nothing of before."""
        self._meet(self._journal.last_change())

    def take_in(self) -> int:
        """Takes what was published since the last time; how many steps there were. Raises LogError.

        And whatever a step raises that may still succeed: /healthz names it then.
        """
        steps = self._journal.packed(self._notify.offset())
        for offset, packed in steps:
            try:
                published = self._journal.decode_changes(packed)
                self._notify.take_in([*published.changes, *published.readings], offset)
            except LogError:
                raise
            except Exception as error:
                tries = self._failed[1] + 1 if self._failed[0] == offset else 1
                self._failed = offset, tries
                if tries < _TRIES:
                    raise
                _log.exception("change %d cannot be taken in", offset)
                self._take_singly(offset, packed, error)
        return len(steps)

    def set_aside(self) -> int:
        """How many changes wait among the rejects."""
        return self._journal.waiting(ORIGIN)

    def waiting(self, most: int) -> list[SetAside]:
        """The oldest of them, at most so many."""
        return [
            SetAside(number, found.received_at, tries, found.reasons[0].what, rule_of(found.raw))
            for number, tries, found in self._journal.waiting_of(ORIGIN, most)
        ]

    def take_again(self, raw: bytes) -> Problem | None:
        """Takes a change that was set aside; why it cannot be taken, if it still cannot. Raises LogError."""
        try:
            change = msgspec.json.decode(raw, type=WarningChange)
        except UNREADABLE as error:
            return Problem(where="warning", what=say("app.change_unreadable", error=error))
        why = self._try([change], self._notify.offset())
        return None if why is None else Problem(where="warning", what=why, expected=say("app.change_retry"))

    def _take_singly(self, offset: int, packed: bytes, error: Exception) -> None:
        try:
            published = self._journal.decode_changes(packed)
        except UNREADABLE:
            self._set_aside(offset, packed, say("app.change_unreadable", error=error), _TRIES)
            self._notify.take_in([], offset)
            return
        taken: list[_Item] = []
        for change in published.changes:
            # With an offset that is known, so that the step counts as taken in only when the last of it is.
            if (why := self._try([change], self._notify.offset())) is None:
                taken.append(change)
            else:
                self._set_aside(offset, msgspec.json.encode(change), why, _TRIES + 1)
        # What is taken in already changes nothing; what a reading says, the next one says anew.
        if self._try([*taken, *published.readings], offset) is not None:
            self._notify.take_in(taken, offset)

    def _try(self, items: Sequence[_Item], offset: int) -> Message | None:
        try:
            self._notify.take_in(items, offset)
        except LogError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            return say("app.change_not_taken", error=f"{type(error).__name__}: {error}")
        return None

    def _set_aside(self, offset: int, raw: bytes, why: Message, tries: int) -> None:
        problem = Problem(where="warning", what=why, expected=say("app.change_retry"))
        rejection = Rejection(
            received_at=self._clock(), origin=ORIGIN, position=f"change {offset}", reasons=[problem], raw=raw
        )
        _log.error("change %d is set aside: %s", offset, why)
        self._journal.reject([rejection], whole=True, tries=tries)


def rule_of(raw: bytes) -> tuple[str, str] | None:
    """(rule_version, rule) of a change that was set aside; None if it cannot be read."""
    try:
        change = msgspec.json.decode(raw, type=WarningChange)
    except UNREADABLE:
        return None
    return change.rule_version, change.rule


class Again:
    """The way in for rejects that are tried again: changes of warnings go to notify, everything else to the intake."""

    def __init__(self, intake: Intake, taking_in: TakingIn) -> None:
        self._intake, self._taking_in = intake, taking_in

    def take(self, raw: bytes, origin: str, position: str = "", *, keep: bool = True) -> Outcome:
        """See `Intake.take`."""
        if origin != ORIGIN:
            return self._intake.take(raw, origin, position, keep=keep)
        problem = self._taking_in.take_again(raw)
        if problem is None:
            return Outcome(accepted=1)
        return Outcome(rejections=[self._intake.validator.rejection([problem], raw, origin, position)])
