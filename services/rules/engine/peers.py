"""Subjects that are ranked: each keeps the records of all its peers, so that its fold is one like any other.

What comes in order is folded once for all peers that stand at the same place, as they do but for what was late: one of
them, the leader, takes the record in, and of the others only those whose level it may change look at it. These are
found where a threshold cuts the sorted numbers. What the others lack they are given when something else asks for them,
at the end of the message at the latest: what is kept, written and published is the same as if each had folded it.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, Any

from services.rules.engine import history
from services.rules.engine.cuts import Cuts
from services.rules.engine.layout import GaugeLayout, Layout, RuleLayout
from services.rules.engine.measures.rank import Peers
from services.rules.engine.subject import COLUMNS, IDENT, Checkpoint, Entry, Subject

if TYPE_CHECKING:
    from services.rules.engine.engine import Engine


class Groups:
    """The groups of peers of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._members: list[dict[str, list[Subject]]] = [{} for _ in engine.layouts]
        """Of layouts that rank peers: group → its subjects, by key, so that what is published has one order."""
        self._shared = [_can_share(layout) for layout in engine.layouts]
        self._together: dict[tuple[int, str], _Together] = {}

    def add(self, number: int, s: Subject) -> None:
        """A subject has come into being."""
        insort(self._members[number].setdefault(_group(s.key), []), s, key=_key)

    def remove(self, number: int, s: Subject) -> None:
        """A subject was let go."""
        self._members[number][_group(s.key)].remove(s)

    def take(self, number: int, group: str, key: str, entry: Entry) -> None:
        """An event that counts for all subjects of a group."""
        engine, known = self._engine, key in self._engine.subjects(number)
        if self._shared[number] and self._take_together(number, group, key, entry, known=known):
            return
        self._part(number, group)
        siblings = self._members[number].setdefault(group, [])
        if not known:
            s = engine.create(number, key, entry)
            if s is None:
                return
            if siblings:
                other, stride = siblings[0], engine.layouts[number].stride
                engine.refolds.join(other)
                s.rows, s.horizon, s.revised = other.rows.copy(), other.horizon, dict(other.revised or {}) or None
                for i in [*history.endings(other, stride)][::-1]:  # they may be the other's alone
                    del s.rows[i : i + stride]
                for ending in engine.endings.of(engine.layouts[number].by, key):
                    history.insert_ending(s, stride, max(ending.at, s.horizon + 1), ending.place)
                engine.refolds.begin_as(number, s, other, entry.at)
            insort(siblings, s, key=_key)
        for s in siblings:
            engine.refolds.revise(number, s, entry if s.key == key else entry._replace(data=None))

    def part(self) -> None:
        """Every subject has what it needs to be looked at by itself."""
        for together in self._together.values():
            together.part()
        self._together.clear()

    def _part(self, number: int, group: str) -> None:
        if (together := self._together.pop((number, group), None)) is not None:
            together.part()

    def _take_together(self, number: int, group: str, key: str, entry: Entry, *, known: bool) -> bool:
        """Whether the record was taken in by all at once."""
        siblings = self._members[number].get(group, [])
        together = self._together.get((number, group))
        if together is not None and together.is_full:
            self._part(number, group)
            together.checkpoint(entry.at)
            together = None
        if together is None:
            together = _begin(self._engine, number, siblings)
            if together is None:
                return False
            self._together[number, group] = together
        if not together.accepts(entry) or not (known or together.can_join(key)):
            return False
        if not known:
            s = self._engine.create(number, key, entry)
            if s is None:
                return True
            together.join(s)
            insort(siblings, s, key=_key)
        try:
            together.take(key, entry)
        except Exception:
            self._part(number, group)
            raise
        return True


class _Together:
    """Peers that stand at the same place."""

    def __init__(
        self, engine: Engine, number: int, leader: Subject, others: list[Subject], apart: list[Subject]
    ) -> None:
        """`apart`: those of the group that stand elsewhere; they take each record in by themselves."""
        layout = engine.layouts[number]
        self._engine, self._number, self._layout, self._stride = engine, number, layout, layout.stride
        self._leader, self._rows, self._begin = leader, leader.rows, len(leader.rows)
        self._shift = {s: len(s.rows) - self._begin for s in others}
        """How much further behind an entry lies with another than with the leader: they may have let go of others."""
        self._apart = apart
        self._group = _group(leader.key) + "/"
        every = [leader, *others]
        self._least = max(max(s.watermark, s.horizon + 1) for s in every)
        self._until = min(s.due for s in every)
        self._ends = [(rule.mask, end) for rule in layout.rules for end in _ends(rule, leader)]
        self._full = min(s.next_checkpoint - len(s.rows) for s in every) + self._begin
        self._revised = [s.revised for s in every if s.revised]
        self._cuts = [
            Cuts(engine, rule, gauge, leader, leader.watermark) for rule in layout.rules for gauge in rule.gauges
        ]
        self._peers = [gauge.slots["peers"] for gauge in layout.gauges]
        self._newest = [rule.newest for rule in layout.rules if rule.newest]
        own = [gauge.slots["own"] for gauge in layout.gauges]
        own += [head for rule in layout.rules for head in (rule.level, rule.episode, rule.threshold, rule.due) if head]
        self._own = {head: layout.initial[head] for head in own}
        """What each has of its own, as it is in the beginning."""
        self._ended: bool | None = None
        """Whether the leader has endings of its own, once somebody has asked."""

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
            and self._least <= t < self._until
            and (t, ident) > (rows[-stride], rows[IDENT - stride])
            and not any(t >= end and entry.flags & mask for mask, end in self._ends)
            and not any(ident in revised for revised in self._revised)
        )

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
        s.rows, s.horizon, s.watermark = self._rows.copy(), leader.horizon, leader.watermark
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
        for s in sorted([*looking, *later], key=_key):
            if s in self._shift:
                self._look(s, entry.at, entry.flags, i)
            else:
                engine.refolds.revise(number, s, entry if s.key == key else others_entry)

    def _step(self, t: int, f: int, i: int) -> list[Subject]:
        """The leader's step, and the others whose level it may change."""
        self._engine.steps[self._number](self._leader, t, f, i)
        self._until = min(self._until, self._leader.due)
        names = {self._group + name for cuts in self._cuts for name in cuts.moved(t, f, i)}
        subjects = self._engine.subjects(self._number)
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
        s.rows += self._rows[len(s.rows) - shift :]
        for head in self._peers:
            setattr(s, head, getattr(leader, head))
        for head in self._newest:
            if (newest := getattr(leader, head)) >= self._begin:
                setattr(s, head, newest + shift)
        s.watermark = leader.watermark

    def part(self) -> None:
        """All stand by themselves again."""
        if len(self._rows) == self._begin:
            return
        for head in self._peers:
            if isinstance(peers := getattr(self._leader, head), Peers):
                peers.shared = True
        self._engine.touch(self._number, self._leader)
        for s in self._shift:
            self._catch_up(s)
            self._engine.touch(self._number, s)

    def checkpoint(self, t: int) -> None:
        """Remembers the fold of each before an entry at t."""
        for s in (self._leader, *self._shift):
            self._engine.checkpoint(self._number, s, t)


def _can_share(layout: Layout) -> bool:
    """Whether time alone does nothing with what the rules count but end it for all peers at once."""
    return layout.peers and all(
        gauge.measure.name == "rank" and gauge.guard < 0 and gauge.gauge.window.kind in ("all", "calendar")
        for gauge in layout.gauges
    )


def _begin(engine: Engine, number: int, siblings: list[Subject]) -> _Together | None:
    """Those of the siblings that stand at the same place, if they are most."""
    layout, left = engine.layouts[number], siblings
    for _ in range(2):  # one that was let go or has ended may come first
        if not left or not _is_calm(left[0]):
            return None
        leader = left[0]
        others = [s for s in left[1:] if _is_calm(s) and _stands_as(s, leader, layout)]
        if len(others) * 2 >= len(siblings) - 1:
            together = {leader, *others}
            return _Together(engine, number, leader, others, [s for s in siblings if s not in together])
        left = [s for s in left[1:] if s not in {*others}]
    return None


def _is_calm(s: Subject) -> bool:
    return s.waiting is None and bool(s.rows)


def _stands_as(s: Subject, leader: Subject, layout: Layout) -> bool:
    """Whether the next record does with both the same."""
    stride = layout.stride
    if s.rows[-stride : 2 - stride] != leader.rows[-stride : 2 - stride]:
        return False
    return all(
        (not rule.term or getattr(s, rule.term) == getattr(leader, rule.term))
        and (rule.scope < 0 or _scope(s, rule) == _scope(leader, rule))
        and all(_counts_as(s, leader, gauge) for gauge in rule.gauges)
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


def _key(s: Subject) -> str:
    return s.key


def _group(key: str) -> str:
    return key.rpartition("/")[0]
