"""The way in: validate, enrich from the directory, append to the log, count.

Everything that comes in ends as accepted, duplicate or rejected, and is durable as such when a `take` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime
from threading import Lock
from typing import NamedTuple, Protocol

import msgspec

from services.i18n import say
from services.ingest.reading import BOM, Packed
from services.ingest.schema_errors import reason_name
from services.ingest.sender import ANYBODY, Sender
from services.ingest.source_report import SourceCounter
from services.ingest.validation import Checked, Validator, in_table, where_of, wire_value
from services.messages import CampusEvent, Json, Problem, Rejection, Verdict


class EventLog(Protocol):
    """Where events and rejections go. Both methods are durable when they return, or raise LogError."""

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """One verdict per event, in their order; a conflict and a duplicate are not written."""

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Keep inputs that did not become events."""


class Directory(Protocol):
    """The one question that ingest asks the directory."""

    def enrich(self, kind: str, data: Json, at: datetime) -> tuple[Json, list[Problem]]:
        """The data with what the directory adds as of `at`, and what it names that nobody knows."""


class Note(Protocol):
    """Hears what the input says, whatever becomes of it."""

    def taken(self, event: CampusEvent) -> None:
        """The event was accepted, or is known already."""

    def refused(self, event: CampusEvent | None, unknown: Collection[str]) -> None:
        """Rejected; `unknown`: fields of its data that name nobody. None: it could not be read."""


class Unheard:
    """Whoever covers nothing has nothing to hear."""

    def taken(self, event: CampusEvent) -> None:
        """Notes nothing, as nobody asks afterwards."""

    def refused(self, event: CampusEvent | None, unknown: Collection[str]) -> None:
        """Notes nothing, as nobody asks afterwards."""


UNHEARD = Unheard()


class Outcome(msgspec.Struct, frozen=True):
    """What became of the events of one call."""

    accepted: int = 0
    duplicate: int = 0
    rejections: list[Rejection] = []
    oldest: datetime | None = None
    """The earliest instant that something accepted is about; None: nothing is."""


class Placed(NamedTuple):
    """A CloudEvents object that is decoded already, and where it stands: `row 17`, `sheet 异常明细 row 17`."""

    value: Json
    position: str
    columns: Mapping[str, str] = {}
    """Field → what its column is called in the file, where that is not the field's name."""


class Part(NamedTuple):
    """Messages or rows of one file, with their positions."""

    origin: str
    items: Sequence[tuple[bytes, str] | Placed]
    note: Note = UNHEARD
    """Hears what they say."""


class _Found(NamedTuple):
    """A checked input and where it came from."""

    checked: Checked
    origin: str
    position: str
    packed: Packed | None
    element: int
    columns: Mapping[str, str] = {}
    part: int = 0
    """Of several that were handed in together."""


class _Became(NamedTuple):
    """An input, and what became of it."""

    found: _Found
    event: CampusEvent | None
    """None: it could not be read."""
    as_what: Verdict | Rejection


class Intake:
    """Takes events in. Safe to call from several threads as far as the log is.

    `directory` is asked once per call, so that a new version of the directory counts from the next call on. Give large
    inputs in batches of some thousand events: each call is one append. Raises LogError of the log; nothing was
    acknowledged then, and taking the same again is harmless.
    """

    def __init__(
        self,
        validator: Validator,
        directory: Callable[[], Directory],
        log: EventLog,
        clock: Callable[[], datetime],
        counter: SourceCounter | None = None,
        *,
        completes: bool = True,
    ) -> None:
        """`completes`: what the directory adds goes into the log; otherwise the log asks the directory itself."""
        self.validator = validator
        self._directory = directory
        self._log = log
        self._clock = clock
        self._counter = counter
        self._counting = Lock()
        self._completes = completes
        self._past: datetime | None = None
        self._sender = ANYBODY

    def by(self, sender: Sender) -> Intake:
        """The same way in, for what somebody may send; what they may not is refused, and counts against them."""
        theirs = copy(self)
        theirs._sender = sender  # noqa: SLF001 - our own
        return theirs

    def of_the_past(self) -> Intake:
        """The same way in, for history: what follows from it is shown and nobody is told."""
        history = copy(self)
        history._past = self._clock()  # noqa: SLF001 - our own
        return history

    def into(self, log: EventLog, begun: datetime | None = None) -> Intake:
        """The same way in, into another log.

        `begun`: all that is given has come at that moment, unless it says when it was recorded, so that what becomes
        of two rows that contradict each other does not hang on when each of them was read.
        """
        other = copy(self)
        other._log = log  # noqa: SLF001 - our own
        if begun is not None:
            other.validator = self.validator.said_at(begun)
        return other

    def take(self, raw: bytes, origin: str, position: str = "", *, keep: bool = True) -> Outcome:
        """One message: a JSON object or an array of them. `keep=False` neither stores nor counts what is rejected."""
        return _outcome(self._admit(self._checked(raw, position, origin), keep=keep))

    def take_parts(self, parts: Sequence[Part]) -> list[Outcome]:
        """Messages and rows, of several files too, appended together; what became of each part."""
        inputs = (one._replace(part=n) for n, part in enumerate(parts) for one in self._found(part.items, part.origin))
        became: list[list[_Became]] = [[] for _ in parts]
        for one in self._admit(inputs, [part.note for part in parts]):
            became[one.found.part].append(one)
        return [_outcome(some) for some in became]

    def take_values(self, items: Sequence[Placed], origin: str, note: Note = UNHEARD) -> Outcome:
        """Takes in the rows of one table."""
        return self.take_parts([Part(origin, items, note)])[0]

    def take_events(self, events: Sequence[CampusEvent], origin: str = "import") -> Outcome:
        """Typed events of an importer: validated and enriched like any other."""
        check = self.validator.check_event
        named = ((event, f"event {n}") for n, event in enumerate(events, 1))
        found = (_Found(check(event, origin, place), origin, place, None, 0) for event, place in named)
        return _outcome(self._admit(found))

    def keep(self, rejections: Sequence[Rejection]) -> Outcome:
        """Store and count inputs that were found to be unreadable before there was an event to check."""
        if rejections:
            self._log.reject(rejections)
            self._count([], [], rejections)
        return Outcome(0, 0, list(rejections))

    def _found(self, items: Iterable[tuple[bytes, str] | Placed], origin: str) -> Iterator[_Found]:
        for one in items:
            if isinstance(one, Placed):  # what is wrong with it names columns, not fields
                checked = self.validator.check_value(one.value, origin, one.position, one.columns)
                yield _Found(checked, origin, one.position, None, 0, one.columns)
            else:
                yield from self._checked(*one, origin)

    def _checked(self, raw: bytes, position: str, origin: str) -> Iterator[_Found]:
        packed = Packed(raw.removeprefix(BOM))
        for index, checked in enumerate(self.validator.check(raw, origin, position)):
            yield _Found(checked, origin, position, packed, index)

    def _admit(
        self, inputs: Iterable[_Found], notes: Sequence[Note] = (UNHEARD,), *, keep: bool = True
    ) -> list[_Became]:
        """`notes`: of each part."""
        enrich = self._directory().enrich
        became: list[_Became] = []
        found: list[_Found] = []
        events: list[CampusEvent] = []
        completed: list[CampusEvent] = []
        for one in inputs:
            checked, note = one.checked, notes[one.part]
            if isinstance(checked, Rejection):
                source = self._sender.accountable(checked.source)
                became.append(_Became(one, None, msgspec.structs.replace(checked, source=source)))
                note.refused(None, ())
                continue
            if self._past is not None:
                checked = msgspec.structs.replace(checked, past=self._past)
            data, problems = checked.data, self._sender.problems(checked)
            if not problems:
                data, problems = enrich(checked.kind, checked.data, checked.time)
            if problems:
                became.append(_Became(one, checked, self._refused(one, checked, problems)))
                note.refused(checked, [problem.where.removeprefix("data.") for problem in problems])
                continue
            found.append(one)
            events.append(checked)
            completed.append(checked if data is checked.data else msgspec.structs.replace(checked, data=data))
        verdicts = self._log.append(completed if self._completes else events) if events else []
        for one, event, verdict in zip(found, events, verdicts, strict=True):
            if verdict in _REFUSED:
                became.append(_Became(one, event, self._refused(one, event, [_REFUSED[verdict](event)])))
                notes[one.part].refused(event, ())
            else:
                became.append(_Became(one, event, verdict))
                notes[one.part].taken(event)
        rejections = [one.as_what for one in became if isinstance(one.as_what, Rejection)] if keep else []
        if rejections:
            self._log.reject(rejections)
        self._count(completed, verdicts, rejections)
        return became

    def _refused(self, one: _Found, event: CampusEvent, problems: list[Problem]) -> Rejection:
        raw = one.packed[one.element] if one.packed is not None else msgspec.json.encode(wire_value(event))
        if in_table(one.position):
            where = where_of(one.position, one.columns)
            problems = [msgspec.structs.replace(p, where=where(p.where)) for p in problems]
        position = one.position or f"event {one.element + 1}"
        return self.validator.rejection(problems, raw, one.origin, position, self._sender.accountable(event.source))

    def _count(
        self, events: Sequence[CampusEvent], verdicts: Sequence[Verdict], rejections: Sequence[Rejection]
    ) -> None:
        counter = self._counter
        if counter is None:
            return
        now = self._clock()
        kinds = self.validator.schemas.by_kind
        with self._counting:
            for event, verdict in zip(events, verdicts, strict=True):
                if verdict not in _REFUSED:
                    schema = kinds[event.kind]
                    incomplete = not event.data.keys() >= schema.complete
                    doubts = () if event.retracted else schema.doubts(event.data)
                    counter.note(event, verdict, now, incomplete=incomplete, doubts=doubts)
            for rejection in rejections:
                counter.note_rejected(rejection.source, reason_name(rejection), now)


def _outcome(became: Sequence[_Became]) -> Outcome:
    accepted = [one.event for one in became if one.as_what == "accepted" and one.event is not None]
    return Outcome(
        accepted=len(accepted),
        duplicate=sum(one.as_what == "duplicate" for one in became),
        rejections=[one.as_what for one in became if isinstance(one.as_what, Rejection)],
        oldest=min(map(_begins, accepted), default=None),
    )


def _begins(event: CampusEvent) -> datetime:
    """A leave slip is about the lessons that it lies over, whenever it was handed in."""
    return min(event.time, datetime.fromisoformat(event.data["from"])) if event.kind == "leave" else event.time


def _conflict(event: CampusEvent) -> Problem:
    return Problem(
        where="revision",
        what=say("ingest.conflict_known_at_revision_with", source=event.source, id=event.id, revision=event.revision),
        expected=say("ingest.revision_or_higher_for_correction", revision=event.revision + 1),
    )


def _other_key(event: CampusEvent) -> Problem:
    return Problem(
        where="id",
        what=say("ingest.known_about_something_else", source=event.source, id=event.id),
        expected=say("ingest.retract_it_and_send_anew"),
    )


def _erased(_: CampusEvent) -> Problem:
    return Problem(where="data", what=say("ingest.names_erased"), expected=say("ingest.names_erased_right"))


_REFUSED: dict[str, Callable[[CampusEvent], Problem]] = {
    "conflict": _conflict,
    "other_key": _other_key,
    "erased": _erased,
}
