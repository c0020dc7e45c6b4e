"""What does not come in order: duplicates, late records, corrections, retractions; folded again once for a message.

A subject whose past has changed waits until the message is through, so that what arrived together costs one fold of the
subject and not one for each record. Where the fold is long and records only came to it, it waits on, with the engine's
patience: until as many have come as it has to go through, so that what all of them cost is linear in their number, or
time has come on, or a message without events says that nothing follows. What waits is part of the state, so that all of
this depends on the log alone. Whoever needs a subject's rows or heads before says so (`join`, `finish`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from services.messages import FOREVER
from services.rules.engine import history
from services.rules.engine.endings import fold_ending
from services.rules.engine.folded import Folded, folded_now
from services.rules.engine.subject import FLAGS, IDENT, Checkpoint, Entry, Revision, Shared, Subject, Waiting, is_ending

if TYPE_CHECKING:
    from services.rules.engine.engine import Engine

_WEIGHT = {"late_record": 0, "correction": 1, "retraction": 2}
_ENDED = 3
"""Of several reasons for one fold the weightiest is told; that of an ending stands above all."""


class Patience(NamedTuple):
    """How long what changes the past of a subject may wait for more of it."""

    time: int
    """Milliseconds; 0: to the end of its message."""
    least: int
    """Entries: a fold over fewer waits for nothing."""


class Rewound(NamedTuple):
    """A subject that is to be folded again."""

    since: int
    """Behind this instant, -1: from the first on …"""
    begin: int
    """… which is this entry of its rows."""
    known: int
    """Time had come to here."""
    folded: dict[int, list[Folded]]
    """Rule, by its index → its episodes as the fold finds them."""


IMPATIENT, LIVE = Patience(0, 0), Patience(10_000, 2_048)


class Refolds:
    """The subjects of one engine whose past has changed."""

    def __init__(self, engine: Engine, patience: Patience) -> None:
        self._engine, self._patience = engine, patience
        self._waiting: dict[Subject, int] = {}
        """Subjects that wait, and the number of their layout."""

    def __bool__(self) -> bool:
        """Whether a subject waits."""
        return bool(self._waiting)

    def revise(self, number: int, s: Subject, entry: Entry) -> None:  # noqa: C901, PLR0912 - the order of the questions is the rule
        """Takes a record in that is not simply the next one."""
        engine, waiting = self._engine, s.waiting
        t, ident, changes = entry.at, entry.ident, entry.changes
        if waiting is not None and (waiting.past is None) != (engine.transitions.past is None):
            self.finish_one(s)  # what comes of history is told to nobody, what is no history is
            waiting = None
        if waiting is not None and ident in waiting.new and not changes:
            engine.counts["duplicate"] += 1
            return
        if waiting is not None and changes:
            self.join(s)
        known = s.revised.get(ident) if s.revised else None
        stride = engine.layouts[number].stride
        old = history.find(s, stride, t, ident)
        if old < 0 and (known or changes):
            old = history.find_anywhere(s, stride, ident)
        if (known is not None and entry.revision <= known.revision) or (known is None and not changes and old >= 0):
            engine.counts["duplicate"] += 1
            return
        start = min(t, s.rows[old]) if old >= 0 else t
        newest = max(history.newest_record(s, stride), -1 if waiting is None else waiting.last[0])
        if start <= s.horizon or start < engine.plan.held(newest):
            engine.put_aside(ident)
            return
        if changes:
            s.revised = s.revised or {}
            s.revised[ident] = Revision(entry.revision, t)
        engine.touch(number, s)
        joins = bool(entry.flags) and not entry.retracted
        if old >= 0:
            history.remove(s, stride, old)
            engine.transitions.mark_stale(s, ident)
        elif not joins:
            return
        in_order = False
        if joins:
            is_newest = (t, ident) > max(_last(s.rows, stride), (-1, "") if waiting is None else waiting.last)
            if is_newest and entry.data is not None:
                s.latest = entry.data
            in_order = is_newest and old < 0 and t >= (s.watermark if waiting is None else waiting.front)
            if in_order and waiting is None:
                self._in_order(number, s, entry)
                return
        if s.latest is None:
            s.latest = entry.data
        if waiting is None or not in_order:
            reason = "retraction" if entry.retracted else "correction" if changes else "late_record"
            waiting = self.put_off(number, s, start, t, reason, now=changes)
        waiting.ident = ident
        if joins:
            if isinstance(waiting.new, Shared):
                waiting.new = dict(waiting.new)
            waiting.new[ident] = history.row(entry, stride)
            waiting.last, waiting.front = max(waiting.last, (t, ident)), max(waiting.front, t)

    def _in_order(self, number: int, s: Subject, entry: Entry) -> None:
        """The next record, of a subject that has corrections, or of the instant that time has come to."""
        engine, i = self._engine, len(s.rows)
        stride = engine.layouts[number].stride
        if i >= s.next_checkpoint:
            i = engine.checkpoint(number, s, entry.at)
        engine.settles[number](s, entry.at, i - stride)
        history.insert(s, stride, i, entry)
        engine.steps[number](s, entry.at, entry.flags, i)

    def put_off(self, number: int, s: Subject, start: int, at: int, reason: str, *, now: bool = True) -> Waiting:
        """It will be folded again from `start` on; `at`, `reason`: what did it; `now`: as soon as the message ends."""
        engine = self._engine
        engine.counts[reason] += 1
        if (waiting := s.waiting) is None:
            past, until = engine.transitions.past, engine.now + self._patience.time
            waiting = Waiting(start, at, reason, past, s.watermark, until, now)
            self.adopt(number, s, waiting)
            return waiting
        waiting.start, waiting.at = min(waiting.start, start), max(waiting.at, at)
        waiting.reason = max(waiting.reason, reason, key=lambda one: _WEIGHT.get(one, _ENDED))
        waiting.now = waiting.now or now
        return waiting

    def adopt(self, number: int, s: Subject, waiting: Waiting) -> None:
        """The subject waits."""
        s.waiting, self._waiting[s] = waiting, number
        s.revised = s.revised or {}  # not None: what comes next for the subject comes to `revise`

    def begin_as(self, number: int, s: Subject, other: Subject, at: int) -> None:
        """A new subject that has the rows of another is folded as far as that one is, or waits as it does."""
        self.put_off(number, s, 0, at, "late_record").front = other.watermark
        if other.waiting is None:
            self.finish_one(s)

    def join(self, s: Subject) -> None:
        """The subject's rows are complete."""
        if (waiting := s.waiting) is not None and waiting.new:
            history.join(s, self._engine.layouts[self._waiting[s]].stride, waiting.new.values())
            waiting.new, waiting.last, waiting.now = {}, (-1, ""), True

    def finish(self) -> None:
        """No subject waits any more."""
        for s in self._in_turn():
            self._finish(s, lambda _: True)

    def end_message(self) -> None:
        """A message is through."""
        for s in self._in_turn():
            self._finish(s, lambda one: not self._may_wait(one, one.waiting))

    def finish_due(self) -> None:
        """Time has come on."""
        for s in self._in_turn():
            self._finish(s, lambda one: one.waiting is not None and one.waiting.until <= self._engine.now)

    def next_due(self) -> int:
        """The next instant by which some subject is to be folded (`FOREVER`: none)."""
        return min((s.waiting.until for s in self._waiting if s.waiting is not None), default=FOREVER)

    def _in_turn(self) -> list[Subject]:
        """Those that wait, in one order, also after a restart."""
        return sorted(self._waiting, key=lambda s: (self._waiting[s], s.key))

    def _may_wait(self, s: Subject, waiting: Waiting | None) -> bool:
        if waiting is None or waiting.now or self._engine.now >= waiting.until:
            return False
        stride = self._engine.layouts[self._waiting[s]].stride
        behind = (len(s.rows) - history.place(s, stride, waiting.start, "")) // stride
        return behind >= self._patience.least and len(waiting.new) < behind

    def _finish(self, s: Subject, is_due: Callable[[Subject], bool]) -> None:
        """The subject, and with it the peers that wait as it does, wait no more if they need not."""
        if s.waiting is None or not is_due(s):
            return
        number = self._waiting[s]
        if not self._engine.layouts[number].peers or not self._engine.groups.finish(number, s, is_due):
            self.finish_one(s)

    def finish_one(self, s: Subject) -> None:
        """The subject does not wait any more."""
        if s.waiting is not None:
            self.join(s)
            self._fold(s, None)

    def finish_folded(self, s: Subject, rewound: Rewound) -> None:
        """The same of one that was folded with its peers."""
        self._fold(s, rewound)

    def _fold(self, s: Subject, rewound: Rewound | None) -> None:
        """Folds the subject again, unless it was, and publishes what came out different."""
        number, waiting, engine = self._waiting.pop(s), s.waiting, self._engine
        assert waiting is not None
        s.waiting, s.revised = None, s.revised or None
        engine.touch(number, s)
        meanwhile = engine.transitions.past
        engine.transitions.enter(waiting.past)
        try:
            self._conclude(number, s, waiting, rewound or self._folded(number, s, waiting))
        except Exception as error:  # noqa: BLE001 - as in `Engine.process_many`
            engine.fail(waiting.ident or s.key, error)
        engine.transitions.enter(meanwhile)

    def _folded(self, number: int, s: Subject, waiting: Waiting) -> Rewound:
        """The subject, folded again from the last checkpoint before `start`."""
        rewound, transitions = self.rewind(number, s, waiting.start), self._engine.transitions
        transitions.folding = rewound.folded
        try:
            self._fold_rows(number, s, rewound.begin)
            self.settle(number, s, waiting)
        finally:
            transitions.folding = None
        return rewound

    def rewind(self, number: int, s: Subject, start: int) -> Rewound:
        """The subject as it was at the last checkpoint before an instant."""
        layout, points, known = self._engine.layouts[number], s.checkpoints or [], s.watermark
        while points and points[-1].at >= start:
            points.pop()
        since, begin = -1, 0
        if points:
            point = points[-1]
            since, begin, s.due = point.at, point.end, point.due
            layout.restore(s, point.heads)
        else:
            s.due = FOREVER
            layout.reset(s)
        folded = {rule.index: [opened] for rule in layout.rules if (opened := folded_now(s, rule))}
        return Rewound(since, begin, known, folded)

    def settle(self, number: int, s: Subject, waiting: Waiting) -> None:
        """Its rows are folded: what time alone does until it has come as far as it had."""
        stride = self._engine.layouts[number].stride
        front = max(waiting.front, waiting.start, _last(s.rows, stride)[0])
        self._engine.settles[number](s, front, len(s.rows) - stride)
        s.watermark = front

    def _conclude(self, number: int, s: Subject, waiting: Waiting, rewound: Rewound) -> None:
        """Publishes what came out different."""
        engine, layout, folded = self._engine, self._engine.layouts[number], rewound.folded
        engine.await_due(number, s)
        for rule in layout.rules:
            if (s.episodes and s.episodes.get(rule.rule.id)) or folded.get(rule.index):
                found = folded.get(rule.index, [])
                engine.transitions.reconcile(s, rule, found, rewound.since, waiting.at, waiting.reason, rewound.known)
        if len(s.rows) >= s.next_checkpoint:  # what comes in order behind it may never take one
            engine.checkpoint(number, s, history.newest_record(s, layout.stride))

    def _fold_rows(self, number: int, s: Subject, begin: int) -> None:
        """The rows from an index on, with checkpoints on the way, so that what comes next need not go back as far."""
        engine, rows, layout = self._engine, s.rows, self._engine.layouts[number]
        settle, step, stride = engine.settles[number], engine.steps[number], layout.stride
        following = begin + history.apart(s, layout)
        for i in range(begin, len(rows), stride):
            t = rows[i]
            if i >= following and rows[i - stride] < t:
                s.checkpoints = s.checkpoints or []
                s.checkpoints.append(Checkpoint(rows[i - stride], i, s.due, layout.heads(s)))
                history.thin(s, layout)
                following = i + history.apart(s, layout)
            if is_ending(rows, i):
                fold_ending(engine, number, s, i)
            else:
                settle(s, t, i - stride)
                step(s, t, rows[i + FLAGS], i)


def _last(rows: list[object], stride: int) -> tuple[int, str]:
    """(instant, ident) of the newest entry."""
    return (rows[-stride], rows[IDENT - stride]) if rows else (-1, "")  # type: ignore[return-value]
