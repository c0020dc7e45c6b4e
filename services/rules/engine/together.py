"""Peers that stand at the same place take in together what comes: one leads, the others follow.

The leader takes each record in; of the others only those whose level it may change look at it. They are found where a
threshold cuts the sorted numbers (`cuts.py`). What the others lack they are given when something else asks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.rules.engine import history
from services.rules.engine.cuts import Cuts
from services.rules.engine.endings import fold_ending
from services.rules.engine.folded import Folded
from services.rules.engine.layout import Layout
from services.rules.engine.measures.rank import Peers
from services.rules.engine.placed import GaugeLayout, RuleLayout
from services.rules.engine.subject import COLUMNS, FLAGS, IDENT, Checkpoint, Entry, SharedRows, Subject, is_ending

if TYPE_CHECKING:
    from services.rules.engine.engine import Engine


def key_of(s: Subject) -> str:
    """What the subjects of a group are sorted by."""
    return s.key


def group_of(key: str) -> str:
    """The group of a subject with this key: all names but the last."""
    return key.rpartition("/")[0]


class Together:
    """Peers that stand at the same place."""

    def __init__(
        self, engine: Engine, number: int, leader: Subject, others: list[Subject], apart: list[Subject]
    ) -> None:
        """`apart`: those of the group that stand elsewhere; they take each record in by themselves."""
        layout = engine.layouts[number]
        self._engine, self._number, self._layout, self._stride = engine, number, layout, layout.stride
        for s in others:
            _share_alike(leader, s)
        held = {id(s.rows) for s in (leader, *others)}
        for s in apart:
            if id(s.rows) in held:
                history.own(s)
        self._leader, self._rows, self._begin = leader, leader.rows, len(leader.rows)
        self._shift = {s: len(s.rows) - self._begin for s in others}
        """How much further behind an entry lies with another than with the leader: they may have let go of others."""
        self._apart = apart
        self._group = group_of(leader.key) + "/"
        every = [leader, *others]
        self._least = max(max(s.watermark, s.horizon + 1) for s in every)
        self._full = min(s.next_checkpoint - len(s.rows) for s in every) + self._begin
        self._revised = [s.revised for s in every if s.revised]
        self._stand(leader.watermark)
        self._peers = [gauge.slots["peers"] for gauge in layout.gauges]
        self._newest = [rule.newest for rule in layout.rules if rule.newest]
        own = [gauge.slots["own"] for gauge in layout.gauges]
        own += [head for rule in layout.rules for head in (rule.level, rule.episode, rule.threshold, rule.due) if head]
        self._own = {head: layout.initial[head] for head in own}
        """What each has of its own, as it is in the beginning."""
        self._ended: bool | None = None
        """Whether the leader has endings of its own, once somebody has asked."""

    def _stand(self, t: int) -> None:
        """As they stand at an instant."""
        leader, rules = self._leader, self._layout.rules
        self._until = min(s.due for s in (leader, *self._shift))
        self._ends = [(rule.mask, end) for rule in rules for end in _ends(rule, leader)]
        self._cuts = [Cuts(self._engine, rule, gauge, leader, t) for rule in rules for gauge in rule.gauges]

    @property
    def is_full(self) -> bool:
        """Whether a checkpoint is to be taken before the next record."""
        return len(self._rows) >= self._full

    def accepts(self, entry: Entry) -> bool:
        """Whether the record is simply the next one for all of them."""
        t, ident, rows, stride = entry.at, entry.ident, self._rows, self._stride
        return (
            entry.flags > 0
            and not entry.changes
            and self._least <= t
            and (t, ident) > (rows[-stride], rows[IDENT - stride])
            and not self._time_does(t, entry.flags)
            and not any(ident in revised for revised in self._revised)
        )

    def _time_does(self, t: int, f: int) -> bool:
        """Whether a period ends, or something else is due, before an entry."""
        return t >= self._until or any(t >= end and f & mask for mask, end in self._ends)

    def can_join(self, key: str) -> bool:
        """Whether a new subject begins where the leader stands. What is said by the first of two is said first."""
        engine, by = self._engine, self._layout.by
        if key < self._leader.key or engine.endings.of(by, key):
            return False
        if self._ended is None:
            self._ended = any(True for _ in history.endings(self._leader, self._stride))
        return not self._ended

    def join(self, s: Subject) -> None:
        """A new subject has what its peers have, but for a number of its own."""
        leader, layout, engine = self._leader, self._layout, self._engine
        engine.counts["late_record"] += 1
        self._rows = s.rows = share(leader)
        s.horizon, s.watermark = leader.horizon, leader.watermark
        s.next_checkpoint, s.revised = leader.next_checkpoint, dict(leader.revised or {}) or None
        s.checkpoints = [
            Checkpoint(point.at, point.end, point.due, self._without_own(point.heads))
            for point in leader.checkpoints or ()
        ]
        layout.restore(s, self._without_own(layout.read_heads(leader)))
        self._shift[s] = 0
        if s.revised:
            self._revised.append(s.revised)
        engine.looks[self._number](s, s.watermark, 0, len(s.rows) - self._stride)
        self._until = min(self._until, s.due)
        engine.touch(self._number, s)

    def _without_own(self, heads: tuple[Any, ...]) -> tuple[Any, ...]:
        own = self._own
        return tuple([own.get(head, x) for head, x in zip(self._layout.initial, heads, strict=True)])

    def take(self, key: str, entry: Entry) -> None:
        """The next record, about the subject with this key."""
        engine, number, leader, i = self._engine, self._number, self._leader, len(self._rows)
        others_entry = entry._replace(data=None)
        for s in self._apart:
            if s.key < leader.key:
                engine.refolds.revise(number, s, entry if s.key == key else others_entry)
        self._rows += history.row(entry, self._stride)
        own = engine.subjects(number)[key]
        if own is leader or own in self._shift:
            own.latest = entry.data
        looking = self._step(entry.at, entry.flags, i)
        later = [one for one in self._apart if one.key > leader.key]
        for s in sorted([*looking, *later], key=key_of):
            if s in self._shift:
                self._look(s, entry.at, entry.flags, i)
            else:
                engine.refolds.revise(number, s, entry if s.key == key else others_entry)

    def _step(self, t: int, f: int, i: int) -> list[Subject]:
        """The leader's step, and the others whose level it may change."""
        self._engine.steps[self._number](self._leader, t, f, i)
        self._until = min(self._until, self._leader.due)
        moved = [cuts.moved(t, f, i) for cuts in self._cuts]
        if None in moved:
            return [*self._shift]
        subjects = self._engine.subjects(self._number)
        names = {self._group + name for found in moved for name in found or ()}
        return [s for name in names if (s := subjects.get(name)) is not None and s in self._shift]

    def _look(self, s: Subject, t: int, f: int, i: int) -> None:
        self._catch_up(s)
        i += self._shift[s]
        for cuts in self._cuts:
            if cuts.joined and s.key == self._group + cuts.joined:
                setattr(s, cuts.own, i)
        self._engine.looks[self._number](s, t, f, i)
        self._until = min(self._until, s.due)

    def _catch_up(self, s: Subject) -> None:
        shift, leader = self._shift[s], self._leader
        if s.rows is not self._rows:
            s.rows += self._rows[len(s.rows) - shift :]
        for head in self._peers:
            setattr(s, head, getattr(leader, head))
        for head in self._newest:
            if (newest := getattr(leader, head)) >= self._begin:
                setattr(s, head, newest + shift)
        s.watermark = leader.watermark

    def part(self) -> None:
        """All stand by themselves again."""
        if len(self._rows) > self._begin:
            self._all_catch_up()
            for s in (self._leader, *self._shift):
                self._engine.touch(self._number, s)

    def _all_catch_up(self) -> None:
        for head in self._peers:
            if isinstance(peers := getattr(self._leader, head), Peers):
                peers.shared = True
        for s in self._shift:
            self._catch_up(s)

    def checkpoint(self, t: int) -> None:
        """Remembers the fold of each before an entry at t."""
        for s in (self._leader, *self._shift):
            self._engine.checkpoint(self._number, s, t)
        if self._leader.rows is not self._rows:  # it has let go of some
            for s in self._shift:
                _share_alike(self._leader, s)

    def fold(self, begin: int, since: int, folded: dict[Subject, dict[int, list[Folded]]]) -> None:
        """The rows, which all have, from an index on, before which all stand as they stood at `since`."""
        rows, stride, layout, transitions = self._rows, self._stride, self._layout, self._engine.transitions
        every, self._begin = (self._leader, *self._shift), begin
        self._stand(since)
        following = begin + history.apart(self._leader, layout)
        for i in range(begin, len(rows), stride):
            t, f = rows[i], rows[i + FLAGS]
            if i >= following and rows[i - stride] < t:
                self._all_catch_up()
                for s in every:
                    s.checkpoints = s.checkpoints or []
                    s.checkpoints.append(Checkpoint(rows[i - stride], i, s.due, layout.heads(s)))
                    history.thin(s, layout)
                following = i + history.apart(self._leader, layout)
            if is_ending(rows, i) or self._time_does(t, f):
                self._all_catch_up()
                for s in every:
                    transitions.folding = folded[s]
                    self._fold_alone(s, t, f, i)
                self._stand(t)
                continue
            transitions.folding = folded[self._leader]
            for s in self._step(t, f, i):
                transitions.folding = folded[s]
                self._look(s, t, f, i)
        self._all_catch_up()

    def _fold_alone(self, s: Subject, t: int, f: int, i: int) -> None:
        engine, number = self._engine, self._number
        if is_ending(self._rows, i):
            fold_ending(engine, number, s, i)
        else:
            engine.settles[number](s, t, i - self._stride)
            engine.steps[number](s, t, f, i)
        engine.steps[number](s, t, 0, i)  # what was due to one has moved all windows of that one


def share(s: Subject) -> list[Any]:
    """The subject's rows, to be held by another one of its group, too."""
    if not isinstance(s.rows, SharedRows):
        s.rows = SharedRows(s.rows)
    return s.rows


def _share_alike(s: Subject, other: Subject) -> None:
    """Of two that have the same rows one holds the other's."""
    if other.rows is not s.rows and other.rows == s.rows:
        other.rows = share(s)


def stands_as(s: Subject, other: Subject, layout: Layout) -> bool:
    """Whether the same record does with both the same, as their heads stand."""
    return all(
        (not rule.term or getattr(s, rule.term) == getattr(other, rule.term))
        and (rule.scope < 0 or _scope(s, rule) == _scope(other, rule))
        and all(_counts_as(s, other, gauge) for gauge in rule.gauges)
        for rule in layout.rules
    )


def _counts_as(s: Subject, leader: Subject, gauge: GaugeLayout) -> bool:
    slots = gauge.slots
    if any(name in slots and getattr(s, slots[name]) != getattr(leader, slots[name]) for name in _CALENDAR):
        return False
    peers, others = getattr(s, slots["peers"]), getattr(leader, slots["peers"])
    if peers is not others and peers != others:
        return False
    own, known = getattr(s, slots["own"]), (peers or {}).get(s.key.rpartition("/")[2])
    return s.rows[own + COLUMNS + gauge.x] == known[1] if known is not None and own >= 0 else known is None and own < 0


_CALENDAR = ("end", "inside")


def _scope(s: Subject, rule: RuleLayout) -> Any:
    """What chooses the thresholds."""
    newest = getattr(s, rule.newest)
    return s.rows[newest + COLUMNS + rule.scope] if newest >= 0 else None


def _ends(rule: RuleLayout, leader: Subject) -> list[int]:
    """When the periods end in which the leader stands; -1: it stands in none yet."""
    heads = [gauge.slots["end"] for gauge in rule.gauges if "end" in gauge.slots] + [rule.term] * bool(rule.term)
    return [getattr(leader, head) for head in heads]
