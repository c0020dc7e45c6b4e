"""One commit of the record log: what came in, what it touches, and what the log is told. Without a store of its own.

A step takes words of sources in or back (`take`, `take_back`), resolves the groups of records that they touch
(`finish`) and writes the records; what it returns is for the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from services.ingest.records.coverage import Covered, unpacked
from services.ingest.records.keys import Keys, id_of
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
from services.ingest.records.runs import Undone
from services.ingest.records.words import content, with_word, without
from services.log.erased import ERASED, Erased
from services.log.records import FREE, Key, Record, Records, Run, Said, Told, freed, heard_of
from services.messages import FOREVER, CampusEvent, Verdict, from_ms, to_ms

_DAY = 86_400_000
_DECIDED_TOGETHER = frozenset({"lesson", "rollcall", "test", "ticket"})


class Step:
    """One commit: what came in, what it touches, and what the log is told."""

    def __init__(
        self,
        records: Records,
        keys: Keys,
        college: College,
        closed: Callable[[datetime], bool],
        run: Run | None = None,
    ) -> None:
        self._records, self._keys, self._college, self._closed, self._run = records, keys, college, closed, run
        self._known: dict[Key, Record] = {}
        self._touched: dict[str, set[Key] | None] = {}
        """Group → the keys to be resolved; None: the whole of it."""
        self._idents: list[tuple[str, str, str]] = []
        self._heard: dict[Key, int] = {}
        """Key → the newest revision that the log has heard under an id of it that was about something else."""
        self._saved: dict[Key, Record] = {}
        self._clocks: dict[Key | str, int] = {}
        """Key or group → how far time has come (ms) with what was said of it."""
        self._erased = Erased.read(records.meta(ERASED))
        self._covered = covered_before(records)
        self._covered_until = max((one.recorded for one in self._covered), default=-1)

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
            if self._erased.people and self._erased.named_in({"id": event.id, **event.data}) is not None:
                verdicts.append("erased")
                continue
            if key is None:
                rest.append(place)
                verdicts.append("accepted")
                continue
            if (known := about.get(ident)) is not None and known[0] == FREE:
                self._reuse(ident, known[1], key)
                about[ident] = key
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
        before = next((one for one in record.said if one.event.source == event.source), None)
        # A clock that is ahead must not stand above what is said later.
        recorded = now if event.recordedat is None else min(now, to_ms(event.recordedat))
        by = [(self._run.id, recorded)] if self._run is not None else []
        sent = Said(event, recorded, event.recordedat is not None, by)
        said = self._as_covered(sent, before.recorded if before is not None else -1)
        verdict: Verdict = "accepted" if before is None else self._compared(before, said)
        if verdict == "conflict":
            return verdict
        if verdict == "duplicate" and said is sent and not said.dated and before is not None:
            # When it came says nothing new. Said again later, what others say in between is older.
            sent = said = Said(event, before.recorded, dated=False, by=[(by[0][0], before.recorded)] if by else [])
        if before is None or before.event.id != said.event.id:
            self._idents.append((ident, *key))
        words = self._words(record, event.source)
        if said is not sent:
            words = with_word(words, sent)
        words = with_word(words, said)
        changed = self._put_words(record, event.source, words)
        self._tally(verdict, words, before, said)
        if verdict == "accepted" and changed:
            self._place(record, words[0].event)
        return verdict

    @staticmethod
    def _words(record: Record, source: str) -> list[Said]:
        """What a source has said of a key, as far as it can count (again), newest first."""
        return [one for one in (*record.said, *record.earlier) if one.event.source == source]

    def _put_words(self, record: Record, source: str, words: list[Said]) -> bool:
        """Keeps what a source has said; whether another word than before counts of it."""
        before = self._words(record, source)
        if before == words:
            return False
        self._saved[record.kind, record.key] = record
        place = next((n for n, one in enumerate(record.said) if one.event.source == source), len(record.said))
        record.said[place : place + 1] = words[:1]
        record.earlier = [one for one in record.earlier if one.event.source != source] + words[1:]
        return not (before and words and before[0].event == words[0].event)

    def _place(self, record: Record, event: CampusEvent) -> None:
        """Another word about it counts of a source."""
        record.student, record.lesson = event.data.get("student"), event.data.get("lesson")
        record.at = takes_place(event)
        self._touch(record)

    def _touch(self, record: Record) -> None:
        keys = self._touched.setdefault(record.group, set())
        if keys is not None:
            keys.add((record.kind, record.key))

    def _tally(self, verdict: Verdict, words: list[Said], before: Said | None, said: Said) -> None:
        """Counts what a record was to the run that brought it."""
        run = self._run
        if run is None:
            return
        mine = run.resumed and words[0].by and all(one == run.id for one, _ in words[0].by)
        newest = words[0].event
        older = (newest.revision, content(newest)) != (said.event.revision, content(said.event))
        if older or (verdict == "duplicate" and not mine):
            name = "unchanged"
        elif said.event.retracted:
            name = "retracted"
        elif verdict == "duplicate":  # what it had brought before it was interrupted
            name = "replaced" if len(words) > 1 else "accepted"
        else:
            name = "accepted" if before is None else "replaced"
        run.counts[name] = run.counts.get(name, 0) + 1

    def take_back(self, records: Iterable[Record], run: int, clock: int, undone: Undone) -> None:
        """Of these records, what a run has said is as if it had never been said."""
        changed: list[tuple[CampusEvent, int]] = []
        for record in records:
            said = {one.event.source for one in record.said if _is_of(one, run)}
            for source in said | {one.event.source for one in record.earlier if _is_of(one, run)}:
                self._known.setdefault((record.kind, record.key), record)
                before = self._words(record, source)
                words = without(before, run)
                if words and (covered := self._as_covered(words[0], -1)) is not words[0]:
                    words = with_word(words, covered)
                if not self._put_words(record, source, words):
                    undone.standing += 1
                    continue
                undone.taken_back += not words
                undone.given_back += bool(words)
                self._free(record, before, words, clock)
                self._clocks.setdefault((record.kind, record.key), clock)
                changed += [(one.event, clock) for one in (*before[:1], *words[:1])]
                if words:
                    self._place(record, words[0].event)
                else:
                    self._touch(record)
        self._spread(changed)

    def _free(self, record: Record, before: Iterable[Said], words: Iterable[Said], clock: int) -> None:
        """Under the ids of a wrong import something else may come now, which the log must hear behind what it heard."""
        left = {one.event.id for one in words}
        gone = {f"{one.event.source} {one.event.id}" for one in before if one.event.id not in left}
        # To take it back costs two revisions at most.
        heard = -1 if record.told is None else record.told.event.revision + 2
        self._idents += [(ident, *freed(heard, clock)) for ident in gone]

    def _reuse(self, ident: str, freed: str, key: Key) -> None:
        self._heard[key] = max(heard_of(freed), self._heard.get(key, -1))
        self._idents.append((ident, *key))

    def _as_covered(self, said: Said, before: int) -> Said:
        """What comes behind a newer file that covers it, and that does not say it, that file has taken back.

        `before`: when its source last said something about it (ms).
        """
        event, recorded = said.event, max(said.recorded, before)
        if recorded >= self._covered_until:
            return said
        newer = [one for one in self._covered if one.recorded > recorded and (one.kind, one.source) == _about(event)]
        by: dict[int, int] = {}
        for one in newer:
            if one.covers(event):
                by[one.run] = max(one.recorded, by.get(one.run, -1))
        if not by:
            return said
        made = max(by.values())
        gone = msgspec.structs.replace(event, retracted=True, recordedat=from_ms(made))
        return Said(gone, made, dated=True, by=sorted(by.items()))

    def _compared(self, before: Said, said: Said) -> Verdict:
        """What a record is beside the newest one of its source about the same key."""
        one, other = before.event, said.event
        if one.revision != other.revision:
            return "accepted"
        if content(one) == content(other):
            return "duplicate"
        if one.id != other.id or (said.dated and said.recorded != before.recorded):
            return "accepted"
        if self._run is not None and other.id == id_of(other.kind, self._keys.of(other)):
            return "accepted"  # of rows that have no ids of their own, the later one replaces the earlier one
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
        # So do the figures of its roll-call, which leave may lie over.
        follows = self._college.lists_anything() or self._knows_leave()
        for event, clock in changed:
            kind = event.kind
            # What follows from who is listed in a lesson also changes when a source that lists nothing is listened to.
            if kind in _DECIDED_TOGETHER or (kind == "attendance" and follows):
                self.touch_groups([group_of(event, "")], clock)
            if kind == "lesson":
                self.touch_groups(self._records.groups_of_lessons([event.data["lesson"]]), clock)
            if kind == "leave":
                self.touch_groups(self._under_leave(event), clock)
            if kind == "test_standard":
                self.touch_groups(self._under_standard(event), clock)

    def _under_leave(self, leave: CampusEvent) -> list[str]:
        """Groups with records about the student that a leave lies over, or lay over before."""
        student, begin = leave.data["student"], takes_place(leave)
        record = self._known["leave", self._keys.of(leave)]
        ends = [to_ms(datetime.fromisoformat(one["to"])) for one in (leave.data, *(s.event.data for s in record.said))]
        begin, end = min(begin, record.at) - _DAY, max(ends) + 1
        if record.told is not None:  # what it lay over before
            begin = min(begin, takes_place(record.told.event) - _DAY)
            end = max(end, to_ms(datetime.fromisoformat(record.told.event.data["to"])) + 1)
        return self._records.groups_of_student(student, begin, end)

    def _under_standard(self, standard: CampusEvent) -> set[str]:
        """Groups with results that a teacher's standard for tests gives a pass mark, or gave before."""
        begin, course = to_ms(datetime.fromisoformat(standard.data["from"])), standard.data["course"]
        found = self._records.between("test", begin, FOREVER)
        return {one.group for one in found if any(said.event.data.get("course") == course for said in one.said)}

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
        """Writes the records that this step has changed."""
        self._records.save(self._saved.values(), self._idents)

    def _context(self, groups: dict[str, list[Record]]) -> Context:
        rank = self._college.source_rank
        lessons: dict[str, CampusEvent] = {}
        for record in self._known.values():
            if record.kind == "lesson" and (said := speaking(record, rank)):
                lessons[said.event.data["lesson"]] = said.event
        leaves: dict[str, list[CampusEvent]] = {}
        if self._knows_leave():
            leaves = self._leaves(groups, lessons)
        return Context(self._keys, self._college, self._closed, leaves, lessons, self._standards(groups))

    def _knows_leave(self) -> bool:
        return self._records.any_of("leave") or any(one.kind == "leave" for one in self._saved.values())

    def _standards(self, groups: dict[str, list[Record]]) -> dict[str, list[CampusEvent]]:
        tests = (one for records in groups.values() for one in records if one.kind == "test")
        courses = {said.event.data.get("course") for one in tests for said in one.said} - {None}
        found: dict[Key, Record] = {}
        if courses:
            named = self._records.of_groups([f"test_standard/{course}" for course in courses])
            found = {(one.kind, one.key): one for one in named}
        found |= {key: one for key, one in self._known.items() if one.kind == "test_standard"}
        standards: dict[str, list[CampusEvent]] = {}
        for record in found.values():
            if said := speaking(record, self._college.source_rank):
                standards.setdefault(said.event.data["course"], []).append(said.event)
        return standards

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
        key = record.kind, record.key
        revision = max(-1 if told is None else told.event.revision, self._heard.get(key, -1))
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


def covered_before(records: Records) -> list[Covered]:
    """What files covered that came already."""
    return unpacked(records.meta("covered"))


def _is_of(said: Said, run: int) -> bool:
    return any(one == run for one, _ in said.by)


def _about(event: CampusEvent) -> tuple[str, str]:
    return event.kind, event.source


def _same(one: CampusEvent, other: CampusEvent) -> bool:
    return (one.source, one.id, one.time, one.data) == (other.source, other.id, other.time, other.data)
