"""What somebody has typed becomes events, at once or not at all, and never over what they have not seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from services import shown_again
from services.ingest.intake import Intake
from services.ingest.records.figures import PHONE
from services.ingest.records.keys import Keys, id_of
from services.ingest.records.log import RecordLog
from services.ingest.records.words import content
from services.log.records import Records
from services.messages import CampusEvent, Problem, Rejection, Verdict

SOURCE = PHONE
"""Without a rank in the directory it goes before all others."""
CHECK_IN = "check-in"
"""Of students who have typed a lesson's code; without a rank in the directory it goes behind all others."""
LONGEST_AGO = timedelta(days=14)
"""What was typed longer ago is dated so long ago."""
_SUBMISSION = re.compile(r"[0-9A-Za-z-]{8,64}")


class Typed(NamedTuple):
    """How a page was sent."""

    submission: str
    """Made by whoever sends it, so that it counts once, however often it is sent."""
    seen: str
    """The version of what the page showed."""
    at: datetime
    """When it was typed, by the server's clock."""
    by: str
    """Id of the person."""

    @property
    def is_right(self) -> bool:
        """Whether a page of ours can have sent it."""
        return _SUBMISSION.fullmatch(self.submission) is not None


class Saved(NamedTuple):
    """What became of it. known: it was taken before; changed: somebody else has said something meanwhile."""

    state: Literal["saved", "known", "changed", "refused"]
    problems: Sequence[Problem] = ()
    """Why some of it was refused; the rest of it stands."""


class _ChangedError(Exception):
    pass


class _KnownError(Exception):
    pass


def typed_at(now: datetime, elapsed: str) -> datetime:
    """When something was typed that was sent with the milliseconds that have passed since. Phones' clocks are wrong."""
    passed = int(elapsed) if elapsed.isascii() and elapsed.isdigit() and len(elapsed) < 12 else 0  # noqa: PLR2004
    return now - min(timedelta(milliseconds=passed), LONGEST_AGO)


def is_known(records: Records, typed: Typed, source: str = SOURCE) -> bool:
    """Whether what was sent so was taken before."""
    return bool(records.keys_of([_ident(typed, source)]))


def save(
    events: Sequence[CampusEvent],
    typed: Typed,
    version: Callable[[Records], str],
    keys: Keys,
    log: RecordLog,
    intake: Intake,
    source: str = SOURCE,
) -> Saved:
    """Takes events in, in one commit. Raises LogError, or OnlyShownError; nothing was taken then.

    `version`: of what the page shows, as the records are now. The events get their ids here, and revisions by which
    they go before what was seen, whatever the phone's clock says.
    """
    if not events:
        return Saved("refused")
    # Named by what they are about: said again it is a correction, and not another record in place of one taken back.
    given = [msgspec.structs.replace(one, source=source, id=id_of(one.kind, keys.of(one))) for one in events]

    def as_of(records: Records, checked: Sequence[CampusEvent]) -> Sequence[CampusEvent]:
        if is_known(records, typed, source):
            raise _KnownError
        if version(records) != typed.seen:
            raise _ChangedError
        shown_again.guard()
        records.save((), [(_ident(typed, source), given[0].kind, keys.of(given[0]))])
        return _revised(checked, records, keys, source)

    try:
        outcome = intake.into(_AsOf(log, as_of), typed.at).take_events(given, source)
    except _KnownError:
        return Saved("known")
    except _ChangedError:
        return Saved("changed")
    problems = [problem for rejection in outcome.rejections for problem in rejection.reasons]
    return Saved("refused" if problems else "saved", problems)


def _ident(typed: Typed, source: str) -> str:
    return f"{source} {typed.submission}"


def _revised(events: Sequence[CampusEvent], records: Records, keys: Keys, source: str) -> list[CampusEvent]:
    """Each behind what the source has said of the same, unless it says nothing else."""
    of = [(event.kind, keys.of(event)) for event in events]
    before = {
        (record.kind, record.key): word.event
        for record in records.load(of)
        for word in record.said
        if word.event.source == source
    }
    found = []
    for event, key in zip(events, of, strict=True):
        known = before.get(key)
        revision = 0 if known is None else known.revision + (content(known) != content(event))
        found.append(msgspec.structs.replace(event, revision=revision))
    return found


class _AsOf:
    """An `EventLog` that looks before."""

    def __init__(
        self, log: RecordLog, as_of: Callable[[Records, Sequence[CampusEvent]], Sequence[CampusEvent]]
    ) -> None:
        self._log, self._as_of = log, as_of

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """See EventLog."""
        return self._log.append(events, as_of=self._as_of)

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See EventLog."""
        if not shown_again.is_on():
            self._log.reject(rejections)
