"""Subjects that are ranked: each knows the records of all its peers, so that its fold is one like any other.

What comes is folded once for all peers that stand at the same place (`together.py`), in order as it comes, and what
was late once the message is through. Each is given what it lacks before anything else looks at it, at the end of the
message at the latest: what is kept, written and published is the same as if each had folded all of it alone.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.rules.engine import history
from services.rules.engine.late_peers import LateTogether, begin_late, fold_together
from services.rules.engine.layout import Layout
from services.rules.engine.subject import IDENT, Entry, Subject
from services.rules.engine.together import Together, group_of, key_of, stands_as

if TYPE_CHECKING:
    from services.rules.engine.engine import Engine


FEWEST = 4
"""Subjects: a group of fewer does not gain by it."""


class Groups:
    """The groups of peers of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._members: list[dict[str, list[Subject]]] = [{} for _ in engine.layouts]
        """Of layouts that rank peers: group → its subjects, by key, so that what is published has one order."""
        self._shared = [_can_share(layout) for layout in engine.layouts]
        self._together: dict[tuple[int, str], Together] = {}
        """Groups that take in together what comes in order …"""
        self._late: dict[tuple[int, str], LateTogether] = {}
        """… or wait together for the end of the message."""
        self._parted: set[tuple[int, str]] = set()
        """Groups that do neither until the end of the message: to find out whether they can again takes too long."""

    def add(self, number: int, s: Subject) -> None:
        """A subject has come into being."""
        insort(self._members[number].setdefault(group_of(s.key), []), s, key=key_of)

    def remove(self, number: int, s: Subject) -> None:
        """A subject was let go."""
        self._members[number][group_of(s.key)].remove(s)

    def take(self, number: int, group: str, key: str, entry: Entry) -> None:
        """An event that counts for all subjects of a group."""
        engine, known = self._engine, key in self._engine.subjects(number)
        if self._can_share(number, group) and (
            self._take_together(number, group, key, entry, known=known)
            or (known and self._put_off_together(number, group, key, entry))
        ):
            return
        if self._together or self._late:
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
            insort(siblings, s, key=key_of)
        for s in siblings:
            engine.refolds.revise(number, s, entry if s.key == key else entry._replace(data=None))

    def part(self) -> None:
        """Every subject has what it needs to be looked at by itself."""
        for together in self._together.values():
            together.part()
        for late in self._late.values():
            late.part()
        self._together.clear()
        self._late.clear()
        self._parted.clear()

    def _part(self, number: int, group: str) -> None:
        for known in (self._together, self._late):
            if (together := known.pop((number, group), None)) is not None:
                together.part()

    def _take_together(self, number: int, group: str, key: str, entry: Entry, *, known: bool) -> bool:
        """Whether the record was taken in by all at once, as it came in order."""
        if (number, group) in self._late or (number, group) in self._parted:
            return False
        siblings = self._members[number].get(group, [])
        together = self._together.get((number, group))
        if together is not None and together.is_full:
            self._part(number, group)
            together.checkpoint(entry.at)
            together = None
        if together is None:
            together = _begin(self._engine, number, siblings)
            if together is None:
                if siblings and siblings[0].waiting is None:
                    self._parted.add((number, group))
                return False
            self._together[number, group] = together
        if not together.accepts(entry) or not (known or together.can_join(key)):
            return False
        if not known:
            s = self._engine.create(number, key, entry)
            if s is None:
                return True
            together.join(s)
            insort(siblings, s, key=key_of)
        try:
            together.take(key, entry)
        except Exception:
            self._part(number, group)
            raise
        return True

    def _put_off_together(self, number: int, group: str, key: str, entry: Entry) -> bool:
        """Whether all of them wait with the record for the end of the message."""
        late = self._late.get((number, group))
        if late is None:
            if (number, group) in self._parted:
                return False
            self._part(number, group)
            siblings = self._members[number].get(group, [])
            late = begin_late(self._engine, number, siblings, entry)
            if late is None:
                if siblings and siblings[0].waiting is not None:
                    self._parted.add((number, group))
                return False
            self._late[number, group] = late
        if not late.accepts(entry):
            self._parted.add((number, group))
            return False
        late.take(key, entry)
        return True

    def finish(self, number: int, s: Subject, is_due: Callable[[Subject], bool]) -> bool:
        """Whether the subject was folded again, as all of its peers that are due."""
        group = group_of(s.key)
        if not self._can_share(number, group):
            return False
        fold_together(self._engine, number, self._members[number][group], is_due)
        return True

    def _can_share(self, number: int, group: str) -> bool:
        return self._shared[number] and len(self._members[number].get(group, ())) >= FEWEST


def _can_share(layout: Layout) -> bool:
    """Whether time alone does nothing with what the rules count but end it for all peers at once."""
    return layout.peers and all(
        gauge.measure.name == "rank" and gauge.guard < 0 and gauge.gauge.window.kind in ("all", "calendar")
        for gauge in layout.gauges
    )


def _begin(engine: Engine, number: int, siblings: list[Subject]) -> Together | None:
    """Those of the siblings that stand at the same place, if they are most."""
    layout, left = engine.layouts[number], siblings
    for _ in range(2):  # one that was let go or has ended may come first
        if not left or not _is_calm(left[0]):
            return None
        leader = left[0]
        others = [s for s in left[1:] if _is_calm(s) and _ends_as(s, leader, layout)]
        if len(others) * 2 >= len(siblings) - 1:
            together = {leader, *others}
            return Together(engine, number, leader, others, [s for s in siblings if s not in together])
        left = [s for s in left[1:] if s not in {*others}]
    return None


def _is_calm(s: Subject) -> bool:
    return s.waiting is None and bool(s.rows)


def _ends_as(s: Subject, leader: Subject, layout: Layout) -> bool:
    stride = layout.stride
    return s.rows[-stride : IDENT + 1 - stride] == leader.rows[-stride : IDENT + 1 - stride] and stands_as(
        s, leader, layout
    )
