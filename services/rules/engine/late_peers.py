"""What is late for peers that stand at the same place: kept once for all until the message is through, folded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from services.rules.engine import history
from services.rules.engine.refolds import Rewound
from services.rules.engine.segments import touched
from services.rules.engine.subject import IDENT, Entry, Shared, Subject, Waiting, waits_as
from services.rules.engine.together import Together, share, stands_as

if TYPE_CHECKING:
    from services.rules.engine.engine import Engine


class LateTogether:
    """Peers that have the same rows, and of which one waits for all with what changes their past."""

    def __init__(
        self, engine: Engine, number: int, leader: Subject, others: list[Subject], apart: list[Subject]
    ) -> None:
        self._engine, self._number, self._stride = engine, number, engine.layouts[number].stride
        self._leader, self._others, self._apart = leader, {s.key: s for s in others}, apart
        self._is_past = engine.transitions.past is not None

    def accepts(self, entry: Entry) -> bool:
        """Whether the record does with all of them the same: they wait for the end of the message."""
        leader, engine = self._leader, self._engine
        if entry.changes or not entry.flags or entry.ident in (leader.revised or ()):
            return False
        if leader.waiting is None and not _is_late(leader, entry, self._stride):
            return False
        is_past, newest = engine.transitions.past is not None, history.newest_record(leader, self._stride)
        if is_past != self._is_past:
            return False
        if leader.waiting is not None:
            if is_past != (leader.waiting.past is not None):
                return False
            newest = max(newest, leader.waiting.last[0])
        return entry.at > leader.horizon and entry.at >= engine.plan.held(newest)

    def take(self, key: str, entry: Entry) -> None:
        """The record, about the subject with this key."""
        leader, refolds, counts = self._leader, self._engine.refolds, self._engine.counts
        others_entry = entry._replace(data=None)
        rows, waiting = leader.rows, leader.waiting
        last = (rows[-self._stride], rows[IDENT - self._stride])
        if waiting is not None:
            last = max(last, waiting.last)
        before = {reason: counts[reason] for reason in _COUNTED}
        refolds.revise(self._number, leader, entry if leader.key == key else others_entry)
        known = counts["duplicate"] > before["duplicate"]
        for reason in _COUNTED:
            if times := counts[reason] - before[reason]:
                counts[reason] += times * len(self._others)
        own = self._others.get(key)
        if own is not None and not known and ((entry.at, entry.ident) > last or own.latest is None):
            own.latest = entry.data
        for s in self._apart:
            refolds.revise(self._number, s, entry if s.key == key else others_entry)

    def part(self) -> None:
        """Each waits by itself."""
        if (waiting := self._leader.waiting) is None:
            return
        waiting.new = Shared(waiting.new)
        for s in self._others.values():
            self._engine.refolds.adopt(self._number, s, msgspec.structs.replace(waiting))
            self._engine.touch(self._number, s)


_COUNTED = ("duplicate", "late_record")


def begin_late(engine: Engine, number: int, siblings: list[Subject], entry: Entry) -> LateTogether | None:
    """Those of the siblings that a late record finds with the same rows, if they are most."""
    if not siblings or not siblings[0].rows:
        return None
    leader = siblings[0]
    if leader.waiting is None and not _is_late(leader, entry, engine.layouts[number].stride):
        return None
    others = [s for s in siblings[1:] if _knows_as(s, leader)]
    if len(others) * 2 < len(siblings) - 1 or not others:
        return None
    together = {leader, *others}
    return LateTogether(engine, number, leader, others, [s for s in siblings if s not in together])


def _is_late(s: Subject, entry: Entry, stride: int) -> bool:
    return entry.at < s.watermark or (entry.at, entry.ident) <= (s.rows[-stride], s.rows[IDENT - stride])


def _knows_as(s: Subject, other: Subject) -> bool:
    return (
        s.watermark == other.watermark
        and s.horizon == other.horizon
        and (s.revised or None) == (other.revised or None)
        and _waits_as(s, other)
    )


def _waits_as(s: Subject, other: Subject) -> bool:
    """Whether both have the same rows, and wait for the same, if they do."""
    if not waits_as(s.waiting, other.waiting):
        return False
    return s.rows is other.rows or (s.rows[-_FEW:] == other.rows[-_FEW:] and s.rows == other.rows)


_FEW = 64
"""Places: most rows that are not the same end otherwise."""


def fold_together(engine: Engine, number: int, siblings: list[Subject], is_due: Callable[[Subject], bool]) -> None:
    """Those of the siblings that are due are folded again, together as far as they wait for the same."""
    due = [s for s in siblings if s.waiting is not None and is_due(s)]
    waits: dict[Subject, Waiting] = {}
    for leader in due[:2]:  # one that was let go or has ended may come first
        waits = {s: waiting for s in due if (waiting := s.waiting) is not None and _waits_as(s, leader)}
        if len(waits) > 1:
            break
    rewound = _folded(engine, number, next(iter(waits)), waits) if len(waits) > 1 else {}
    for s in due:
        if s in rewound:
            engine.refolds.finish_folded(s, rewound[s])
        else:
            engine.refolds.finish_one(s)


def _folded(engine: Engine, number: int, leader: Subject, waits: dict[Subject, Waiting]) -> dict[Subject, Rewound]:
    """All of these are folded again, with what the fold has found; empty: each has to be by itself."""
    refolds, transitions, layout, start = (
        engine.refolds,
        engine.transitions,
        engine.layouts[number],
        waits[leader].start,
    )
    begin = history.place(leader, layout.stride, start, "")
    refolds.join(leader)
    for s, waiting in waits.items():
        if s is not leader:
            touched(s, layout.stride, begin)
            s.rows, waiting.new = share(leader), {}
    rewound = {s: refolds.rewind(number, s, start) for s in waits}
    if any(one[:2] != rewound[leader][:2] or not stands_as(s, leader, layout) for s, one in rewound.items()):
        return {}
    others = [s for s in waits if s is not leader]
    folded = {s: one.folded for s, one in rewound.items()}
    meanwhile = transitions.past
    transitions.enter(waits[leader].past)
    try:
        Together(engine, number, leader, others, []).fold(rewound[leader].begin, rewound[leader].since, folded)
        for s, waiting in waits.items():
            transitions.folding = folded[s]
            refolds.settle(number, s, waiting)
    except Exception:  # noqa: BLE001 - each by itself, which tells of what has failed
        for s, one in rewound.items():
            s.watermark = one.known
        return {}
    finally:
        transitions.folding = None
        transitions.enter(meanwhile)
    return rewound
