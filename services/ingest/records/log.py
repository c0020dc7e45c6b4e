"""The event log as sources see it: what they say is kept by its natural key, and the log hears what counts of it.

Sources' records go in; out of them come events for the log, each with a revision that rises by natural key, so that
the rules need to know nothing of sources, enrolments and leave. Both are one commit. Where the records are, and how
what counts comes into the log, is the business of the store (`services/log/records.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

import msgspec

from services.ingest.records.coverage import Coverage, Covered, remembered
from services.ingest.records.endings import tell_who_left
from services.ingest.records.keys import Keys
from services.ingest.records.resolve import (
    College,
    Context,
    Found,
    expected_students,
    group_of,
    resolve,
    speaking,
    takes_place,
)
from services.log.records import Key, Record, Records, RecordStore, Said, Told, Transaction
from services.messages import UNREADABLE, CampusEvent, Verdict, from_ms, to_ms

_DAY = 86_400_000
_GROUPS_AT_ONCE = 500
_FORMAT = "1"
_REVIEWED = "-"
"""Stands for the last group that was reviewed when all were; the names of groups begin with their kind."""
_DECIDED_TOGETHER = frozenset({"lesson", "rollcall", "test", "ticket"})
_decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_event = msgspec.json.Decoder(CampusEvent).decode
_decode_covered = msgspec.json.Decoder(list[Covered]).decode


class Bounds(Protocol):
    """What bounds records: the directory and the calendar, as they are now."""

    def present_directory(self) -> College:
        """The directory."""

    def closed(self, at: datetime) -> bool:
        """Whether the college is closed on the day of an instant: a holiday that nobody makes up for."""

    def bounds(self) -> str:
        """Changes with either of them."""

    def refresh(self) -> bool:
        """Takes what is newest into use, where somebody else may know it already. False: it cannot be used here."""


class RecordLog:
    """An `EventLog` over a store of records; several threads and processes may share it."""

    def __init__(self, store: RecordStore, keys: Keys, bounds: Bounds, clock: Callable[[], datetime]) -> None:
        """Raises LogError."""
        self._store, self._keys, self._bounds, self._clock = store, keys, bounds, clock
        self.reject = store.reject
        self._told_of = ""
        """The directory and the hour as of which the log was told who has left."""
        if store.meta("records") != _FORMAT:
            self._adopt()

    def _adopt(self) -> None:
        """Records of a log that was written before they were kept by their keys."""
        with self._store.transaction() as commit:
            if commit.records.meta("records") == _FORMAT:
                return  # another process was first
            for rows in self._store.past():
                step = self._step(commit)
                out = [event for clock, packed in rows for event in step.adopt(_readable(packed), clock)]
                step.save()
                commit.tell([(to_ms(self._clock()), event) for event in out])
            commit.records.set_meta("records", _FORMAT)

    def append(self, events: Sequence[CampusEvent], clocks: Sequence[int] | None = None) -> list[Verdict]:
        """See EventLog. `clocks` (ms): how far time has come with each event; default: the clock, now."""
        now = to_ms(self._clock())
        if clocks is None:
            clocks = [now] * len(events)
        with self._store.transaction() as commit:
            if commit.records.meta("bounds") != self._bounds.bounds():
                self._bounds.refresh()  # another process goes by a newer directory already
            step = self._step(commit)
            verdicts, rest = step.take(events, clocks, now)
            completed = [step.completed(events[n]) for n in rest]
            others, fresh = commit.admit(completed, [clocks[n] for n in rest])
            for place, verdict in zip(rest, others, strict=True):
                verdicts[place] = verdict
            commit.tell([*fresh, *step.finish()])
        self._store.wake()
        return verdicts

    def retract_uncovered(self, coverage: Coverage, recorded_at: datetime) -> int:
        """Takes back what the files cover and do not say any more, unless it was recorded later than they were.

        Returns how many records were taken back.
        """
        gone: list[CampusEvent] = []
        covered = {one.source: one for one in coverage.covered(to_ms(recorded_at))}
        with self._store.transaction() as commit:
            records = commit.records
            for record in records.between(coverage.kind, *coverage.span()):
                for one in record.said:
                    files = covered.get(one.event.source)
                    if files is None or one.event.retracted or one.recorded > files.recorded:
                        continue
                    if files.covers(one.event) and not coverage.says(record, files.source):
                        gone.append(msgspec.structs.replace(one.event, retracted=True, recordedat=recorded_at))
            kept = remembered(_covered(records), covered.values())
            records.set_meta("covered", msgspec.json.encode(kept).decode())
        return self.append(gone).count("accepted")

    def lessons(self) -> list[tuple[CampusEvent, bool]]:
        """The newest word about each lesson that was ever published, and whether it counts."""
        with self._store.transaction() as commit:
            return [
                (record.told.event, record.told.counts) if record.told is not None else (record.said[0].event, False)
                for record in commit.records.between("lesson", -(1 << 62), 1 << 62)
            ]

    def review(self) -> None:
        """Takes in anew what another directory or calendar bounded when it was taken in.

        Of several processes each may call it: together they do it once, and one goes on where another has ended.
        """
        if self._store.meta("bounds") == self._bounds.bounds() and self._store.meta("review") == _REVIEWED:
            return
        while self._review_some():
            pass
        self._store.wake()

    def tell_who_left(self) -> int:
        """Ends what is open of students who have left by the clock; how many events that took.

        Called often, it looks when the directory is another one, and once an hour: days begin at full hours.
        """
        college, now = self._bounds.present_directory(), self._clock()
        as_of = f"{self._bounds.bounds()} {now:%Y-%m-%dT%H}"
        if as_of == self._told_of:
            return 0
        with self._store.transaction() as commit:
            found = tell_who_left(commit, college.enrolled_until(), now)
        self._told_of = as_of
        if found:
            self._store.wake()
        return found

    def _review_some(self) -> bool:
        with self._store.transaction() as commit:
            records = commit.records
            if records.meta("bounds") != self._bounds.bounds():
                if not self._bounds.refresh():
                    return False  # a process that can use it reviews
                if records.meta("bounds") != self._bounds.bounds():
                    # From here on everybody takes in by these, so nothing behind the review is bound by others.
                    records.set_meta("bounds", self._bounds.bounds())
                    records.set_meta("review", "")
            after = records.meta("review")
            if after == _REVIEWED:
                return False
            groups = records.groups_after(after, _GROUPS_AT_ONCE)
            step = self._step(commit)
            step.touch_groups(groups, to_ms(self._clock()))
            commit.tell(step.finish())
            records.set_meta("review", groups[-1] if groups else _REVIEWED)
            return bool(groups)

    def _step(self, commit: Transaction) -> _Step:
        return _Step(commit.records, self._keys, self._bounds.present_directory(), self._bounds.closed)


class _Step:
    """One commit: what came in, what it touches, and what the log is told."""

    def __init__(self, records: Records, keys: Keys, college: College, closed: Callable[[datetime], bool]) -> None:
        self._records, self._keys, self._college, self._closed = records, keys, college, closed
        self._known: dict[Key, Record] = {}
        self._touched: dict[str, set[Key] | None] = {}
        """Group → the keys to be resolved; None: the whole of it."""
        self._idents: list[tuple[str, str, str]] = []
        self._saved: dict[Key, Record] = {}
        self._clocks: dict[Key | str, int] = {}
        """Key or group → how far time has come (ms) with what was said of it."""
        self._covered = _covered(records)

    def take(self, events: Sequence[CampusEvent], clocks: Sequence[int], now: int) -> tuple[list[Verdict], list[int]]:
        """A verdict for each event, and the places of those that have no natural key."""
        keys = [(event.kind, self._keys.of(event)) if event.kind in self._keys else None for event in events]
        idents = [f"{event.source} {event.id}" for event in events]
        self._load(key for key in keys if key is not None)
        about = self._records.keys_of(ident for ident, key in zip(idents, keys, strict=True) if key is not None)
        verdicts: list[Verdict] = []
        rest: list[int] = []
        changed: list[tuple[CampusEvent, int]] = []
        for place, (event, key, ident, clock) in enumerate(zip(events, keys, idents, clocks, strict=True)):
            if key is None:
                rest.append(place)
                verdicts.append("accepted")
                continue
            if about.setdefault(ident, key) != key:
                verdicts.append("other_key")
                continue
            verdict = self._say(event, key, ident, now)
            verdicts.append(verdict)
            if verdict == "accepted":
                changed.append((event, clock))
                self._clocks.setdefault(key, clock)  # said twice in one call, it counts from the first time
        self._spread(changed)
        return verdicts, rest

    def completed(self, event: CampusEvent) -> CampusEvent:
        """With what the directory adds."""
        data = self._college.enrich(event.kind, event.data, event.time)[0]
        return event if data is event.data else msgspec.structs.replace(event, data=data)

    def adopt(self, events: Iterable[CampusEvent], clock: int) -> Iterator[CampusEvent]:
        """Events that stand in the log already, in its order; what it must hear since two were about the same."""
        mine = [event for event in events if event.kind in self._keys]
        keys = [(event.kind, self._keys.of(event)) for event in mine]
        self._load(keys)
        for event, key in zip(mine, keys, strict=True):
            self._say(event, key, f"{event.source} {event.id}", clock)
            record, revision = self._known[key], event.revision
            told = record.told
            if told is not None and (told.event.source, told.event.id) != (event.source, event.id):
                revision = max(revision, told.event.revision + 1)
                if told.counts:
                    yield msgspec.structs.replace(told.event, revision=revision, retracted=True)
            if told is None or revision > told.event.revision:
                now = msgspec.structs.replace(event, revision=revision)
                record.told = Told(now, counts=not event.retracted)

    def _say(self, event: CampusEvent, key: Key, ident: str, now: int) -> Verdict:
        """What the record is among what is known of its key."""
        record = self._known.get(key)
        if record is None:
            record = self._known[key] = Record(*key, group_of(event, key[1]))
        place = next((n for n, one in enumerate(record.said) if one.event.source == event.source), -1)
        # A clock that is ahead must not stand above what is said later.
        recorded = now if event.recordedat is None else min(now, to_ms(event.recordedat))
        said = Said(event, recorded, event.recordedat is not None)
        said = self._as_covered(said, record.said[place].recorded if place >= 0 else -1)
        event = said.event
        if place < 0:
            self._idents.append((ident, *key))
            record.said.append(said)
        else:
            before = record.said[place]
            verdict = self._compared(before, said)
            if verdict != "accepted":
                if verdict == "duplicate" and said.recorded > before.recorded and said.dated:
                    before.recorded = said.recorded  # said again, later: what others say in between is older
                    self._saved[key] = record
                return verdict
            if before.event.id != event.id:
                self._idents.append((ident, *key))
            if _order(said) < _order(before):
                return "accepted"
            record.said[place] = said
        record.student, record.lesson = event.data.get("student"), event.data.get("lesson")
        record.at = takes_place(event)
        self._saved[key] = record
        keys = self._touched.setdefault(record.group, set())
        if keys is not None:
            keys.add(key)
        return "accepted"

    def _as_covered(self, said: Said, before: int) -> Said:
        """What comes behind a newer file that covers it, and that does not say it, that file has taken back.

        `before`: when its source last said something about it (ms).
        """
        event, recorded = said.event, max(said.recorded, before)
        newer = [one for one in self._covered if one.recorded > recorded and (one.kind, one.source) == _about(event)]
        made = max((one.recorded for one in newer if one.covers(event)), default=None)
        if made is None:
            return said
        return Said(msgspec.structs.replace(event, retracted=True, recordedat=from_ms(made)), made, dated=True)

    def _compared(self, before: Said, said: Said) -> Verdict:
        """What a record is beside the newest one of its source about the same key."""
        one, other = before.event, said.event
        if one.revision != other.revision:
            return "accepted"
        if _content(one) == _content(other):
            return "duplicate"
        if one.id != other.id or (said.dated and said.recorded != before.recorded):
            return "accepted"
        # A log that was written before records were kept has in it what the directory added.
        full = [self._college.enrich(said.kind, said.data, said.time)[0] for said in (one, other)]
        same = (one.time, one.retracted, full[0]) == (other.time, other.retracted, full[1])
        return "duplicate" if same else "conflict"

    def touch_groups(self, groups: Iterable[str], clock: int) -> None:
        """Resolves these groups anew; time has come to `clock` (ms) with that."""
        for group in groups:
            self._touched[group] = None
            self._clocks[group] = max(clock, self._clocks.get(group, clock))

    def _spread(self, changed: list[tuple[CampusEvent, int]]) -> None:
        """What else a change concerns: all that hangs on a lesson, the records that a leave lies over."""
        follows = self._college.lists_anything()
        for event, clock in changed:
            kind = event.kind
            # What follows from who is listed in a lesson also changes when a source that lists nothing is listened to.
            if kind in _DECIDED_TOGETHER or (kind == "attendance" and follows):
                self.touch_groups([group_of(event, "")], clock)
            if kind == "lesson":
                self.touch_groups(self._records.groups_of_lessons([event.data["lesson"]]), clock)
            if kind == "leave":
                self.touch_groups(self._under_leave(event), clock)

    def _under_leave(self, leave: CampusEvent) -> list[str]:
        """Groups with records about the student that a leave lies over, or lay over before."""
        student, begin = leave.data["student"], takes_place(leave)
        record = self._known["leave", self._keys.of(leave)]
        ends = [to_ms(datetime.fromisoformat(one.event.data["to"])) for one in record.said]
        begin, end = min(begin, record.at) - _DAY, max(ends) + 1
        if record.told is not None:  # what it lay over before
            begin = min(begin, takes_place(record.told.event) - _DAY)
            end = max(end, to_ms(datetime.fromisoformat(record.told.event.data["to"])) + 1)
        return self._records.groups_of_student(student, begin, end)

    def finish(self) -> list[tuple[int, CampusEvent]]:
        """Resolves what was touched, writes the records, and returns what the log has to be told, with its clock."""
        whole = [group for group, keys in self._touched.items() if keys is None]
        for record in self._records.of_groups(whole):
            self._known.setdefault((record.kind, record.key), record)
        self._load(
            ("lesson", self._keys.made("lesson", {"lesson": record.lesson}))
            for record in list(self._known.values())
            if record.lesson is not None
        )
        groups: dict[str, list[Record]] = {}
        for record in self._known.values():
            if record.group in self._touched:
                groups.setdefault(record.group, []).append(record)
        context = self._context(groups)
        out: list[tuple[int, CampusEvent]] = []
        for group, records in groups.items():
            keys = self._touched[group]
            kind = group.partition("/")[0]
            mine = [one for one in records if keys is None or (one.kind, one.key) in keys or one.kind == "lesson"]
            found = resolve(kind, mine, context, keys is None)
            for key, one in found.items():
                record = self._known.get(key) or Record(*key, group)
                out += self._clocked(group, record, one)
            if keys is None:  # what followed before and does not any more
                for record in records:
                    if (record.kind, record.key) not in found:
                        out += self._clocked(group, record, Found(None, "retracted"))
        self.save()
        return out

    def _clocked(self, group: str, record: Record, found: Found) -> Iterator[tuple[int, CampusEvent]]:
        for event in self._tell(record, found):
            clock = self._clocks.get((record.kind, record.key))
            yield (self._clocks[group] if clock is None else clock), event

    def save(self) -> None:
        """Writes what has changed."""
        self._records.save(self._saved.values(), self._idents)

    def _context(self, groups: dict[str, list[Record]]) -> Context:
        rank = self._college.source_rank
        lessons: dict[str, CampusEvent] = {}
        for record in self._known.values():
            if record.kind == "lesson" and (said := speaking(record, rank)):
                lessons[said.event.data["lesson"]] = said.event
        leaves: dict[str, list[CampusEvent]] = {}
        if self._records.any_of("leave") or any(one.kind == "leave" for one in self._saved.values()):
            leaves = self._leaves(groups, lessons)
        return Context(self._keys, self._college, self._closed, leaves, lessons)

    def _leaves(self, groups: dict[str, list[Record]], lessons: dict[str, CampusEvent]) -> dict[str, list[CampusEvent]]:
        students = {one.student for records in groups.values() for one in records if one.student is not None}
        for group in groups:
            lesson = lessons.get(group.partition("/")[2])
            if lesson is not None and self._touched[group] is None:
                students |= set(expected_students(lesson, self._college))
        found: dict[Key, Record] = {(one.kind, one.key): one for one in self._records.of_students("leave", students)}
        found |= {key: one for key, one in self._known.items() if one.kind == "leave"}
        leaves: dict[str, list[CampusEvent]] = {}
        for record in found.values():
            if said := speaking(record, self._college.source_rank):
                leaves.setdefault(said.event.data["student"], []).append(said.event)
        return leaves

    def _load(self, keys: Iterable[Key]) -> None:
        missing = {key for key in keys if key not in self._known}
        for record in self._records.load(missing):
            self._known[record.kind, record.key] = record

    def _tell(self, record: Record, found: Found) -> Iterator[CampusEvent]:
        """What the log must hear so that of this key it knows what counts, and nothing else."""
        told, event = record.told, found.event
        before = told.event if told is not None and told.counts else None
        revision = -1 if told is None else told.event.revision
        key = record.kind, record.key
        if record.reason != found.reason:
            record.reason = found.reason
            self._saved[key] = record
        if event is None:
            if before is not None:
                gone = msgspec.structs.replace(before, revision=revision + 1, retracted=True)
                record.told = Told(gone, counts=False)
                self._saved[key] = record
                yield gone
            return
        if before is not None and _same(before, event):
            return
        other = before is not None and (
            (before.source, before.id) != (event.source, event.id)
            or self._keys.moved(record.kind, before.data, event.data)
        )
        now = msgspec.structs.replace(event, revision=revision + (2 if other else 1), retracted=False)
        record.told = Told(now, counts=True)
        if record.at < 0:
            record.at = takes_place(now)
            record.student, record.lesson = now.data.get("student"), now.data.get("lesson")
        self._saved[key] = record
        yield now
        if other and before is not None:
            # Subjects that only the former one was about must lose it; those of both have the higher revision.
            yield msgspec.structs.replace(before, revision=revision + 1, retracted=True)


def _covered(records: Records) -> list[Covered]:
    """What files covered that came already."""
    kept = records.meta("covered")
    return _decode_covered(kept) if kept else []


def _about(event: CampusEvent) -> tuple[str, str]:
    return event.kind, event.source


def _order(said: Said) -> tuple[int, int, str]:
    return said.event.revision, said.recorded, said.event.id


def _content(event: CampusEvent) -> tuple[Any, ...]:
    return event.time, event.retracted, event.data


def _same(one: CampusEvent, other: CampusEvent) -> bool:
    return (one.source, one.id, one.time, one.data) == (other.source, other.id, other.time, other.data)


def _readable(packed: bytes) -> Iterator[CampusEvent]:
    """Of a row of the log, the events that can be read."""
    with suppress(*UNREADABLE):
        for item in _decode_raw(packed):
            with suppress(*UNREADABLE):
                yield _decode_event(item)
