"""The engine: events and time in, changes of warnings out. Pure: no I/O, no clock; state is plain data.

Two invariants carry everything (docs/rules.md, tests/unit/rules/engine/test_invariants.py): processing an event again
changes nothing, and the order of events does not matter for the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

import msgspec

from services.messages import EPOCH, MILLISECOND, Mode, WarningChange, WarningReading
from services.rules.engine import history
from services.rules.engine.arithmetic import FUNCTIONS
from services.rules.engine.decode import decoder
from services.rules.engine.generate import compile_source, handler_source, step_source, value_source
from services.rules.engine.layout import NO_TIME_BOUND, SCALE, Layout
from services.rules.engine.lives import Folded, Lives
from services.rules.engine.plan import FOREVER, Plan
from services.rules.engine.subject import Subject

_MOST_BITS = 64
"""Conditions whose bits fit into a number of the state; of more the bits are written as text."""


class Engine:
    """All rules of one plan over the subjects of one partition. Instants are milliseconds since the epoch, UTC."""

    def __init__(self, plan: Plan, *, mode: Mode = "live") -> None:
        self.plan = plan
        self.now = -1
        """Time has advanced to here; never goes back."""
        self.counts: Counter[str] = Counter()
        """Named reason → events that were decided by it: duplicate, late, corrected, retracted."""
        self.late: list[str] = []
        """Idents put aside as late since the caller last emptied it."""
        self.layouts = [Layout(by, plan) for by in sorted({rule.by for rule in plan.rules})]
        self._subjects: list[dict[str, Subject]] = [{} for _ in self.layouts]
        self._timers: list[tuple[int, int, str, int, Subject]] = []
        self._serial = 0
        self._dirty: list[list[Subject]] = [[] for _ in self.layouts]
        self._forgotten: list[dict[str, dict[str, int]]] = [{} for _ in self.layouts]
        """Key of a subject that was let go → number of each rule's last episode."""
        self._gone: list[tuple[int, str]] = []
        self._swept = -1
        self._compile(mode)

    def _compile(self, mode: Mode) -> None:
        rules = [rule for layout in self.layouts for rule in layout.rules]
        for index, rule in enumerate(rules):
            rule.index = index
        values: list[list[Callable[..., float | None]]] = [
            [eval(f"lambda h, columns: {value_source(gauge) or None}") for gauge in rule.gauges]  # noqa: S307 - our source
            for rule in rules
        ]
        self.lives = Lives(self.plan, rules, values)
        self.lives.mode = mode
        self.lives.layout_of = {rule.rule.id: layout for layout in self.layouts for rule in layout.rules}
        names: dict[str, Any] = {
            "turn": self.lives.turn, "FOREVER": FOREVER, "EPOCH": EPOCH, "MILLISECOND": MILLISECOND,
            "born": self._born, "revise": self._revise, "checkpoint": self._checkpoint, "scaled": _scaled,
            "joined": _joined, "intern": _Intern(), **FUNCTIONS,
        }  # fmt: skip
        names |= {f"period_{name}": period for name, period in self.plan.periods.items()}
        names |= {
            f"resolve_{rule.index}": self.plan.standards[rule.rule.standard] for rule in rules if rule.rule.standard
        }
        self._steps, self._settles = [], []
        for number, layout in enumerate(self.layouts):
            names |= {f"subjects_{number}": self._subjects[number], "queue": self._queue(number)}
            names[f"soiled_{number}"] = self._dirty[number].append
            made = compile_source(step_source(layout), "step " + "/".join(layout.by), names)
            self._steps.append(made["step"])
            self._settles.append(made["settle"])
            names |= {f"step_{number}": made["step"], f"settle_{number}": made["settle"]}
        self.handlers: dict[str, Callable[[Any], None]] = {}
        for kind in sorted({kind for layout in self.layouts for kind in layout.kinds}):
            source = handler_source(kind, self.layouts, self.plan)
            self.handlers[kind] = compile_source(source, f"on {kind}", names)[f"on_{kind}"]
        self.decoder = decoder(self.plan, self.layouts)
        self._encoder, self._decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Subject)

    def process(self, event: Any) -> list[WarningChange]:
        """One event, as `decoder` reads it; what it changes."""
        handler = self.handlers.get(event.kind)
        if handler is not None:
            handler(event)
        return self.take()

    def process_many(self, packed: bytes) -> list[WarningChange]:
        """A message: a JSON array of events on the wire; quickest in the order (time, source, id)."""
        handlers = self.handlers
        for event in self.decoder.decode(packed):
            handler = handlers.get(event.kind)
            if handler is not None:
                handler(event)
        return self.take()

    def advance(self, now: datetime | int) -> list[WarningChange]:
        """Time has come to `now`: every deadline and window up to it, in event time. Going back does nothing."""
        instant = now if isinstance(now, int) else (now - EPOCH) // MILLISECOND
        self.now = max(self.now, instant)
        timers = self._timers
        while timers and timers[0][0] <= self.now:
            due, number, _, _, s = heappop(timers)
            if s.queued != due or self._subjects[number].get(s.key) is not s:
                continue
            s.queued = FOREVER
            if s.due > self.now:
                self._queue(number)(s)
                continue
            if not s.dirty:
                s.dirty = True
                self._dirty[number].append(s)
            self._settles[number](s, self.now, len(s.times) - 1)
            if s.due < s.queued:
                self._queue(number)(s)
        self._sweep()
        return self.take()

    def next_due(self) -> int:
        """The next instant at which time alone may change something (`FOREVER`: never)."""
        return self._timers[0][0] if self._timers else FOREVER

    def last_due(self) -> int:
        """The last instant that is waited for at present (`FOREVER`: none)."""
        return max((due for due, *_ in self._timers), default=FOREVER)

    def readings(self) -> list[WarningReading]:
        """New facts of warnings whose level stayed, of the subjects touched since the last `snapshot`."""
        out = self.lives.take_amended()
        for layout, dirty in zip(self.layouts, self._dirty, strict=True):
            for s in dirty:
                if s.lives:
                    out += self.lives.readings(s, layout.rules)
        return out

    def snapshot(self) -> list[tuple[str, str, bytes]]:
        """(signature, key, state) of every subject touched since the last call. A forgotten one leaves its numbers."""
        encode = self._encoder.encode
        out = []
        for layout, dirty in zip(self.layouts, self._dirty, strict=True):
            for s in dirty:
                s.dirty = False
                flags = s.flags
                if len(layout.conditions) > _MOST_BITS:
                    s.flags = [f"{bits:x}" for bits in flags]
                out.append((layout.signature, s.key, encode(s)))
                s.flags = flags
            dirty.clear()
        for number, key in self._gone:
            if (numbers := self._forgotten[number].get(key)) is not None:
                out.append((self.layouts[number].signature, key, encode(Subject(key, [], [], numbers=numbers))))
        self._gone.clear()
        return out

    def resume(self, states: Iterable[tuple[str, str, bytes]], now: int) -> None:
        """Takes back what `snapshot` gave, and the time; states of other signatures are passed over."""
        number_of = {layout.signature: number for number, layout in enumerate(self.layouts)}
        self.now = self._swept = now
        for signature, key, state in states:
            if (number := number_of.get(signature)) is None:
                continue
            s = self._decoder.decode(state)
            if not s.heads:
                self._forgotten[number][key] = s.numbers
                continue
            self.adopt(number, s)

    def adopt(self, number: int, s: Subject) -> None:
        """Takes a subject in, as it was."""
        s.dirty, s.queued = False, FOREVER
        if len(self.layouts[number].conditions) > _MOST_BITS:
            s.flags = [int(bits, 16) if type(bits) is str else bits for bits in s.flags]
        for rule in self.layouts[number].rules:
            if rule.scope >= 0:
                column = s.columns[rule.scope]
                column[:] = [None if x is None else tuple(x) for x in column]
        self._subjects[number][s.key] = s
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
        """The subject's state will be in the next snapshot."""
        if not s.dirty:
            s.dirty = True
            self._dirty[number].append(s)

    def relevel(self, number: int, s: Subject) -> None:
        """Evaluates a subject's rules as of now: their thresholds may be others."""
        self.touch(number, s)
        self._steps[number](s, max(s.front, self.now), 0, len(s.times) - 1)

    def take(self) -> list[WarningChange]:
        """What was published since the last call."""
        out, self.lives.changes = self.lives.changes, []
        return out

    def _queue(self, number: int) -> Callable[[Subject], None]:
        def queue(s: Subject) -> None:
            if s.due < FOREVER:
                self._serial += 1
                s.queued = s.due
                heappush(self._timers, (s.due, number, s.key, self._serial, s))

        return queue

    def _born(self, number: int, key: str, t: int, ident: str) -> Subject | None:
        layout = self.layouts[number]
        numbers = self._forgotten[number].get(key)
        if numbers is not None:
            if t < self.now - self.plan.allowed_lateness:
                self._put_aside(ident)
                return None
            del self._forgotten[number][key]
        s = Subject(key, layout.initial.copy(), [[] for _ in range(layout.width)], numbers=dict(numbers or {}))
        self._subjects[number][key] = s
        return s

    def _put_aside(self, ident: str) -> None:
        self.counts["late"] += 1
        self.late.append(ident)

    def _checkpoint(self, number: int, s: Subject, t: int) -> int:
        history.take_checkpoint(s, self.layouts[number], t - self.plan.allowed_lateness)
        return len(s.times)

    def _revise(  # noqa: C901 - the order of the questions is the rule
        self, number: int, s: Subject, event: Any, t: int, ident: str, flags: int, row: tuple[Any, ...], data: Any
    ) -> None:
        """Everything but a new event in order: duplicates, equal instants, late ones, corrections, retractions."""
        known = s.revised.get(ident) if s.revised else None
        changes = event.revision > 0 or event.retracted
        old = history.find(s, t, ident)
        if old < 0 and (known or changes):
            old = history.find_anywhere(s, ident)
        if (known is not None and event.revision <= known[0]) or (known is None and not changes and old >= 0):
            self.counts["duplicate"] += 1
            return
        start = min(t, s.times[old]) if old >= 0 else t
        if start <= s.floor or (s.times and start < s.times[-1] - self.plan.allowed_lateness):
            self._put_aside(ident)
            return
        if changes:
            s.revised = {**(s.revised or {}), ident: (event.revision, t)}
        self.touch(number, s)
        joins = bool(flags) and not event.retracted
        if old >= 0:
            history.remove(s, old)
            self.lives.untell(s, ident)
        elif not joins:
            return
        if joins:
            i = history.place(s, t, ident)
            if i == len(s.times):
                s.latest = data
            in_order = old < 0 and i == len(s.times) and t >= s.front
            if in_order:
                if i >= s.mark:
                    i = self._checkpoint(number, s, t)
                self._settles[number](s, t, i - 1)
            history.insert(s, i, t, ident, flags, row)
            if in_order:
                self._steps[number](s, t, flags, i)
                return
        reason = "retraction" if event.retracted else "correction" if changes else "late_record"
        self._refold(number, s, start, t, reason)

    def _refold(self, number: int, s: Subject, start: int, at: int, reason: str) -> None:
        """Folds the subject again from the last checkpoint before `start`, and publishes what came out different."""
        self.counts[reason] += 1
        layout, front = self.layouts[number], max(s.front, start)
        while s.checkpoints and s.checkpoints[-1].at >= start:
            s.checkpoints.pop()
        since, count = -1, 0
        s.heads, s.due = layout.initial.copy(), FOREVER
        if s.checkpoints:
            point = s.checkpoints[-1]
            since, count, s.due, s.heads = point.at, point.count, point.due, point.heads.copy()
        lives = self.lives
        lives.folding = {
            rule.index: [Folded(s.heads[rule.opened], s.heads[rule.first], s.heads[rule.level], s.heads[rule.highest])]
            for rule in layout.rules
            if s.heads[rule.level]
        }
        settle, step = self._settles[number], self._steps[number]
        for i in range(count, len(s.times)):
            t = s.times[i]
            settle(s, t, i - 1)
            step(s, t, s.flags[i], i)
        settle(s, front, len(s.times) - 1)
        s.front, folded, lives.folding = front, lives.folding, None
        s.mark = max(s.mark, len(s.times) + 1)
        if s.due < s.queued:
            self._queue(number)(s)
        for rule in layout.rules:
            if s.lives.get(rule.rule.id) or folded.get(rule.index):
                lives.reconcile(s, rule, folded.get(rule.index, []), since, at, reason)

    def _sweep(self) -> None:
        """Now and then lets go of subjects with nothing open, nothing awaited and nothing young."""
        often = max(self.plan.allowed_lateness // 4, 1)
        if self.now // often <= self._swept // often:  # the same instants after a restart
            return
        self._swept = self.now
        for number, layout in enumerate(self.layouts):
            limit = self.now - layout.keep - self.plan.allowed_lateness
            subjects = self._subjects[number]
            gone = [
                key
                for key, s in subjects.items()
                if (last := _last(s)) < limit
                and layout.is_idle(s.heads)
                and (last < limit - NO_TIME_BOUND or not layout.came_early(s.heads))
            ]
            for key in gone:
                self._forgotten[number][key] = subjects.pop(key).numbers
                self._gone.append((number, key))


def _last(s: Subject) -> int:
    """The last instant that anything of the subject, a correction waiting for its original included, has."""
    return s.front if not s.revised else max(s.front, *(t for _, t in s.revised.values()))


def _scaled(number: float | None) -> int | None:
    """A number in millionths, half to even."""
    return None if number is None else round(number * SCALE)


def _joined(parts: tuple[str, ...]) -> str:
    """A subject's key of several values; a slash inside one of them is written %2F."""
    return "/".join([part.replace("/", "%2F") for part in parts])


class _Intern(dict[Any, Any]):
    """One object for equal tuples."""

    def __call__(self, key: Any) -> Any:
        return self.setdefault(key, key)
