"""The engine: events and time in, changes of warnings out. Pure: no I/O, no clock; state is plain data.

Two invariants carry everything (docs/rules.md, tests/unit/rules/engine/test_invariants.py): processing an event again
changes nothing, and the order of events does not matter for the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import heappop, heappush
from traceback import extract_tb
from typing import Any

from services.messages import EPOCH, FOREVER, MILLISECOND, Mode, WarningChange, WarningReading
from services.rules.engine import history
from services.rules.engine.arithmetic import trouble
from services.rules.engine.compiled import Compiled
from services.rules.engine.endings import SIGNATURE, Endings, on_ending, place_ending
from services.rules.engine.layout import NO_TIME_BOUND, Layout, ranks
from services.rules.engine.peers import Groups
from services.rules.engine.plan import Plan
from services.rules.engine.refolds import IMPATIENT, Patience, Refolds
from services.rules.engine.segments import Alike, Written, erased, read, written
from services.rules.engine.subject import Entry, State, Subject, encode_state


class Engine:
    """All rules of one plan over the subjects of one partition. Instants are milliseconds since the epoch, UTC."""

    def __init__(self, plan: Plan, *, mode: Mode = "live", patience: Patience = IMPATIENT) -> None:
        self.plan = plan
        self.now = -1
        """Time has advanced to here; never goes back."""
        self.counts: Counter[str] = Counter()
        """Named reason → events that were decided by it: duplicate, late, corrected, retracted."""
        self.not_evaluated: Counter[tuple[str, str]] = Counter()
        """(rule, named reason) → records that had no number for its measure: null, division_by_zero, overflow, …"""
        self.late: list[str] = []
        """Idents put aside as late since the caller last emptied it."""
        self.failed: list[tuple[str, str]] = []
        """(ident, error and line) of events that some rule failed on, since the caller last emptied it."""
        shapes = sorted({(rule.by, ranks(rule)) for rule in plan.rules})
        self.layouts = [Layout(by, plan, peers=peers) for by, peers in shapes]
        self._subjects: list[dict[str, Subject]] = [{} for _ in self.layouts]
        self.endings = Endings()
        self.has_met: Callable[[str, str], bool] = lambda *_: False
        """(signature, key) → whether a subject holds the ending that is taken in, as its state was kept and that of
        others was not (`cluster/partition.py`)."""
        self._timers: list[tuple[int, int, str, int, Subject]] = []
        self._serial = 0
        self._dirty: list[list[Subject]] = [[] for _ in self.layouts]
        """Subjects whose state must be written."""
        self._touched: list[list[Subject]] = [[] for _ in self.layouts]
        """Subjects whose open warnings may have other facts, some more than once."""
        self.groups = Groups(self)
        self._forgotten: list[dict[str, dict[str, int]]] = [{} for _ in self.layouts]
        """Key of a subject that was let go → number of each rule's last episode."""
        self._gone: list[tuple[int, str]] = []
        self._erased: list[Written] = []
        self._swept = -1
        self.refolds = Refolds(self, patience)
        calls: dict[str, Callable[..., Any]] = {
            "revise": self.refolds.revise,
            "peers": self.groups.take,
            "checkpoint": self.checkpoint,
            "missed": self._missed,
            "on_ending": self._on_ending,
            "term_end": self.plan.times.term_end,
        }
        compiled = Compiled(plan, self.layouts, calls, self._calls_of)
        self.steps, self.settles, self.looks, self._numbers = (
            compiled.steps,
            compiled.settles,
            compiled.looks,
            compiled.numbers,
        )
        self.decoder, self.handlers, self.transitions = compiled.decoder, compiled.handlers, compiled.transitions
        self.transitions.mode = mode

    def _calls_of(self, number: int) -> dict[str, Callable[..., Any]]:
        return {
            "find": self._subjects[number].get,
            "queue": self._queue(number),
            "dirtied": self._dirty[number].append,
            "create": self._creating(number),
            "touched": self._touched[number].append,
        }

    def process_many(self, packed: bytes) -> list[WarningChange]:
        """A message: a JSON array of events on the wire; quickest in the order (time, source, id).

        What is not in order is taken in with the last of them, each subject once. Of none: nothing follows at present.
        """
        handlers, transitions = self.handlers, self.transitions
        past: datetime | None = None
        events = self.decoder.decode(packed)
        for event in events:
            if event.past != past:
                past = event.past
                transitions.enter(past)
            try:
                handlers[type(event)](event)
            except Exception as error:  # noqa: BLE001 - whatever a rule does with one event, the next one is evaluated
                self.fail(f"{event.source} {event.id}", error)
        self.groups.part()
        if events:
            self.refolds.end_message()
        else:
            self.refolds.finish()
        transitions.enter(None)
        return self.take()

    def fail(self, ident: str, error: Exception) -> None:
        """A rule could not be evaluated with an event."""
        self.counts["not_evaluated"] += 1
        where = extract_tb(error.__traceback__)[-1]
        self.failed.append((ident, f"{error!r} at: {where.line}"))

    def advance(self, now: datetime | int) -> list[WarningChange]:
        """Time has come to `now`: every deadline and window up to it, in event time. Going back does nothing."""
        instant = now if isinstance(now, int) else (now - EPOCH) // MILLISECOND
        self.now = max(self.now, instant)
        if self.refolds:
            self.refolds.finish_due()
        timers = self._timers
        while timers and timers[0][0] <= self.now:
            due, number, _, _, s = heappop(timers)
            if s.queued != due or self._subjects[number].get(s.key) is not s:
                continue
            s.queued = FOREVER
            if s.waiting is not None:
                self.refolds.finish_one(s)
            if s.due > due:  # it was put off: its turn comes when it is due, as after a resume
                self._queue(number)(s)
                continue
            self.touch(number, s)
            self.settles[number](s, self.now, self._last(number, s))
            self.await_due(number, s)
        self._sweep()
        return self.take()

    def next_due(self) -> int:
        """The next instant at which time alone may change something (`FOREVER`: never)."""
        return min(self._timers[0][0] if self._timers else FOREVER, self.refolds.next_due())

    def last_due(self) -> int:
        """The last instant that is waited for at present (`FOREVER`: none)."""
        return max((due for due, *_ in self._timers), default=FOREVER)

    def readings(self) -> list[WarningReading]:
        """New facts of warnings whose level stayed, of the subjects touched since the last call."""
        out = self.transitions.take_amended()
        for layout, touched in zip(self.layouts, self._touched, strict=True):
            for s in dict.fromkeys(touched):
                if s.episodes:
                    out += self.transitions.readings(s, layout.rules)
            touched.clear()
        return out

    def snapshot(self) -> list[Written]:
        """(signature, key, state) of what must be written since the last call; None: what is there must be deleted.

        A forgotten subject leaves its numbers.
        """
        out, self._erased = [*self._erased, *self.endings.written()], []
        for number, (layout, dirty) in enumerate(zip(self.layouts, self._dirty, strict=True)):
            subjects = self._subjects[number]
            alike = Alike() if layout.peers else None
            for s in dirty:
                s.dirty = False
                if subjects.get(s.key) is s:
                    out += written(s, layout, alike)
            dirty.clear()
        for number, key in self._gone:
            if (numbers := self._forgotten[number].get(key)) is not None:
                out.append((self.layouts[number].signature, key, encode_state(State(key, numbers))))
        self._gone.clear()
        return out

    def resume(self, states: Iterable[tuple[str, str, bytes]], now: int) -> None:
        """Takes back what `snapshot` gave, and the time; states of other signatures are passed over."""
        number_of = {layout.signature: number for number, layout in enumerate(self.layouts)}
        self.now = self._swept = now
        mine = (written for written in states if written[0] in number_of or written[0] == SIGNATURE)
        for signature, state in read(mine):
            if signature == SIGNATURE:
                self.endings.resume(state)
                continue
            number = number_of[signature]
            if state.heads:
                self.adopt(number, self.layouts[number].revive(state))
            else:
                self._forgotten[number][state.key] = state.numbers

    def adopt(self, number: int, s: Subject) -> None:
        """Takes a subject in, as it is."""
        s.dirty, s.queued = False, FOREVER
        self._subjects[number][s.key] = s
        if s.waiting is not None:
            self.refolds.adopt(number, s, s.waiting)
        self.endings.naming.clear()
        if self.layouts[number].peers:
            self.groups.add(number, s)
        if s.due < FOREVER:
            self._queue(number)(s)

    def subjects(self, number: int) -> dict[str, Subject]:
        """The live subjects of a layout."""
        return self._subjects[number]

    def forgotten(self, number: int) -> dict[str, dict[str, int]]:
        """The subjects of a layout that were let go, with the numbers of their rules' last episodes."""
        return self._forgotten[number]

    def remember(self, number: int, key: str, numbers: dict[str, int]) -> None:
        """A subject counts as let go, unless it lives; its episodes go on behind these numbers."""
        if key not in self._subjects[number]:
            self._forgotten[number][key] = {**self._forgotten[number].get(key, {}), **numbers}
            self._gone.append((number, key))

    def touch(self, number: int, s: Subject) -> None:
        """The subject's state will be in the next snapshot, its facts among the next readings."""
        self._touched[number].append(s)
        if not s.dirty:
            s.dirty = True
            self._dirty[number].append(s)

    def relevel(self, number: int, s: Subject) -> None:
        """Evaluates a subject's rules as of now: their thresholds may be others."""
        self.touch(number, s)
        self.steps[number](s, max(s.watermark, self.now), 0, self._last(number, s))

    def take(self) -> list[WarningChange]:
        """What was published since the last call."""
        out, self.transitions.changes = self.transitions.changes, []
        return out

    def await_due(self, number: int, s: Subject) -> None:
        """The subject's next instant may be earlier than the one it is queued for."""
        if s.due < s.queued:
            self._queue(number)(s)

    def _queue(self, number: int) -> Callable[[Subject], None]:
        def queue(s: Subject) -> None:
            if s.due < FOREVER:
                self._serial += 1
                s.queued = s.due
                heappush(self._timers, (s.due, number, s.key, self._serial, s))

        return queue

    def _creating(self, number: int) -> Callable[[str, int, str], Subject | None]:
        """(key, instant, ident) → a new subject, or None if it was let go and the event is late."""
        by, fresh = self.layouts[number].by, self.layouts[number].create
        subjects, forgotten = self._subjects[number], self._forgotten[number]

        def create(key: str, t: int, ident: str) -> Subject | None:
            numbers = forgotten.get(key) if forgotten else None
            if numbers is not None:
                if t < self.plan.held(self.now):
                    self.put_aside(ident)
                    return None
                del forgotten[key]
            s = subjects[key] = fresh(key)
            if numbers:
                s.numbers = dict(numbers)
            if self.endings.naming:
                self.endings.naming.clear()
            for ending in self.endings.of(by, key):
                place_ending(self, number, s, ending)
            return s

        return create

    def _last(self, number: int, s: Subject) -> int:
        return len(s.rows) - self.layouts[number].stride

    def create(self, number: int, key: str, entry: Entry) -> Subject | None:
        """The subject that an entry is the first of, or None if it was let go and the entry is late."""
        return self._creating(number)(key, entry.at, entry.ident)

    def _on_ending(self, event: Any) -> None:
        self.groups.part()
        on_ending(self, event)

    def _missed(self, rule: int, gauge: int, event: Any) -> None:
        """A record has no number for a measure that wants one."""
        trouble.clear()
        try:
            self._numbers[rule][gauge](event)
        finally:
            self.not_evaluated[self.transitions.rules[rule].rule.id, trouble.pop() if trouble else "null"] += 1

    def put_aside(self, ident: str) -> None:
        """The event is late."""
        self.counts["late"] += 1
        self.late.append(ident)

    def checkpoint(self, number: int, s: Subject, t: int) -> int:
        """Remembers the fold before an entry at t; lets go of what only late records could need. The rows' end."""
        # Windows move when their rule is touched; a rule that seldom is would hold on to everything since then.
        self.steps[number](s, s.watermark, 0, self._last(number, s))
        history.take_checkpoint(s, self.layouts[number], self.plan.held(t))
        return len(s.rows)

    def _sweep(self) -> None:
        """Now and then lets go of subjects with nothing open, nothing awaited and nothing young."""
        often = max(self.plan.allowed_lateness // 4, 1)
        if self.now // often <= self._swept // often:  # the same instants after a restart
            return
        self._swept = self.now
        self.refolds.finish()
        for number, layout in enumerate(self.layouts):
            limit = self.plan.held(self.now) - layout.retention
            subjects = self._subjects[number]
            gone = [
                key
                for key, s in subjects.items()
                if (last := _last(s)) < limit
                and layout.is_idle(s)
                and (last < limit - NO_TIME_BOUND or not layout.came_early(s))
            ]
            for key in gone:
                s = subjects.pop(key)
                self.endings.naming.clear()
                self._forgotten[number][key] = s.numbers or {}
                self._gone.append((number, key))
                self._erased += erased(s, layout)
                if layout.peers:
                    self.groups.remove(number, s)


def _last(s: Subject) -> int:
    """The last instant that anything of the subject, a correction waiting for its original included, has."""
    return s.watermark if not s.revised else max(s.watermark, *(known.at for known in s.revised.values()))
