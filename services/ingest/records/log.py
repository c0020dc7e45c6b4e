"""The event log as sources see it: what they say is kept by its natural key, and the log hears what counts of it.

Sources' records go in; out of them come events for the log, each with a revision that rises by natural key, so that
the rules need to know nothing of sources, enrolments and leave. Both are one commit. Where the records are, and how
what counts comes into the log, is the business of the store (`services/log/records.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import msgspec

from services.i18n import say
from services.ingest.records.coverage import Coverage, packed, remembered, unpacked
from services.ingest.records.endings import tell_who_left
from services.ingest.records.keys import Keys
from services.ingest.records.resolve import (
    College,
)
from services.ingest.records.runs import Undone, admit, to_be_undone, uncovered
from services.ingest.records.step import Step, covered_before
from services.log.erased import ERASED, Erased
from services.log.records import Key, Record, Records, RecordStore, Run, Transaction
from services.messages import FOREVER, UNREADABLE, CampusEvent, Problem, Rejection, Verdict, to_ms

_GROUPS_AT_ONCE = 500
_RECORDS_AT_ONCE = 2_000
_FORMAT = "1"
_REVIEWED = "-"
"""Stands for the last group that was reviewed when all were; the names of groups begin with their kind."""
_decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_event = msgspec.json.Decoder(CampusEvent).decode


class Bounds(Protocol):
    """What bounds records: the directory and the calendar, as they are now."""

    def present_directory(self) -> College:
        """The directory as it is now."""

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
        self.rejected_since = store.rejected_since
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

    def append(
        self,
        events: Sequence[CampusEvent],
        clocks: Sequence[int] | None = None,
        run: Run | None = None,
        as_of: Callable[[Records, Sequence[CampusEvent]], Sequence[CampusEvent]] = lambda _, events: events,
    ) -> list[Verdict]:
        """See EventLog. `clocks` (ms): how far time has come with each event; default: the clock, now.

        `run`: the import that brings them. Raises ConfigurationError if that was undone meanwhile. `as_of` looks at
        the records before, while nobody else changes them, and says what is to be taken; what it raises goes through.
        """
        now = to_ms(self._clock())
        if clocks is None:
            clocks = [now] * len(events)
        with self._store.transaction() as commit:
            events = as_of(commit.records, events)
            if commit.records.meta("bounds") != self._bounds.bounds():
                self._bounds.refresh()  # another process goes by a newer directory already
            if run is not None:
                admit(commit.records, run)
            step = self._step(commit, run)
            verdicts, rest = step.take(events, clocks, now)
            completed = [step.completed(events[n]) for n in rest]
            others, fresh = commit.admit(completed, [clocks[n] for n in rest])
            for place, verdict in zip(rest, others, strict=True):
                verdicts[place] = verdict
            if run is not None:
                run.heard = now
                run.counts["accepted"] = run.counts.get("accepted", 0) + others.count("accepted")
                run.counts["unchanged"] = run.counts.get("unchanged", 0) + others.count("duplicate")
                run.sources = sorted({*run.sources, *(event.source for event in events)})
                commit.records.save_run(run)
            commit.tell([*fresh, *step.finish()])
        self._store.wake()
        return verdicts

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See EventLog. Of one that names somebody who was erased, nothing is kept that says who."""
        erased = Erased.read(self._store.meta(ERASED))
        self._store.reject([_unnamed(one) if erased.named_in_text(one.raw) else one for one in rejections])

    def retract_uncovered(self, coverage: Coverage, recorded_at: datetime, run: Run | None = None) -> int:
        """Takes back what the files cover and do not say any more, unless it was recorded later than they were.

        Returns how many records were taken back.
        """
        gone: list[CampusEvent] = []
        with self._store.transaction() as commit:
            records = commit.records
            if run is not None:
                admit(records, run)
            number = 0 if run is None else run.id
            covered = {one.source: one for one in coverage.covered(to_ms(recorded_at), number)}
            for record in records.between(coverage.kind, *coverage.span()):
                for one in record.said:
                    files = covered.get(one.event.source)
                    if files is None or one.event.retracted or one.recorded > files.recorded:
                        continue
                    if files.covers(one.event) and not coverage.says(record, files.source):
                        gone.append(msgspec.structs.replace(one.event, retracted=True, recordedat=recorded_at))
            before = covered_before(records)
            kept = remembered(before, covered.values())
            records.set_meta("covered", packed(kept))
            if run is not None:
                run.covered = packed([*unpacked(run.covered), *(one for one in before if one not in kept)])
                records.save_run(run)
        return self.append(gone, run=run).count("accepted")

    def runs(self) -> list[Run]:
        """All imports that are kept, oldest first."""
        with self._store.transaction() as commit:
            return commit.records.runs()

    def keep(self, run: Run) -> None:
        """Writes how far a run has come."""
        with self._store.transaction() as commit:
            admit(commit.records, run)
            run.heard = to_ms(self._clock())
            commit.records.save_run(run)

    def undo(self, number: int) -> Undone:
        """Takes back what a run brought, as if it had never come; what others have said of the same stands.

        It is done in several commits; one that was interrupted goes on when it is asked for again. Raises
        ConfigurationError for a run that is not known, or at work.
        """
        with self._store.transaction() as commit:
            run = to_be_undone(commit.records, number, to_ms(self._clock()))
            undone = Undone()
            if run.state == "undone":
                return undone
            run.state = "undoing"
            commit.records.save_run(run)
            covered = uncovered(covered_before(commit.records), run, {one.id: one for one in commit.records.runs()})
            commit.records.set_meta("covered", packed(covered))
        key: Key | None = ("", "")
        while key is not None:
            key = self._undo_some(number, key, undone)
        run.state = "undone"
        with self._store.transaction() as commit:
            commit.records.save_run(run)
        self._store.wake()
        return undone

    def _undo_some(self, number: int, behind: Key, undone: Undone) -> Key | None:
        """Of the next records; behind which one to go on."""
        with self._store.transaction() as commit:
            if commit.records.meta("bounds") != self._bounds.bounds():
                self._bounds.refresh()  # as in `append`
            found = commit.records.behind(behind, _RECORDS_AT_ONCE)
            step = self._step(commit)
            step.take_back(found, number, to_ms(self._clock()), undone)
            commit.tell(step.finish())
        return (found[-1].kind, found[-1].key) if found else None

    def lessons(self) -> list[tuple[CampusEvent, bool]]:
        """The newest word about each lesson that was ever published, and whether it counts."""
        return [
            (record.told.event, record.told.counts) if record.told is not None else (record.said[0].event, False)
            for record in self.lessons_between(-FOREVER, FOREVER)
        ]

    def lessons_between(self, begin: int, end: int) -> list[Record]:
        """What is kept of the lessons that begin from `begin` to `end` (ms) and that anybody still speaks of."""
        with self._store.transaction() as commit:
            return [one for one in commit.records.between("lesson", begin, end) if one.said]

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

    def _step(self, commit: Transaction, run: Run | None = None) -> Step:
        return Step(commit.records, self._keys, self._bounds.present_directory(), self._bounds.closed, run)


def _unnamed(one: Rejection) -> Rejection:
    problem = Problem(where="data", what=say("ingest.names_erased"), expected=say("ingest.names_erased_right"))
    return msgspec.structs.replace(one, raw=b"", reasons=[problem])


def _readable(packed: bytes) -> Iterator[CampusEvent]:
    """Of a row of the log, the events that can be read."""
    with suppress(*UNREADABLE):
        for item in _decode_raw(packed):
            with suppress(*UNREADABLE):
                yield _decode_event(item)
