"""A subject's entries: finding, inserting, removing, checkpoints, and what may be let go. All in place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

from services.rules.engine.layout import Layout
from services.rules.engine.subject import Checkpoint, Subject

_BETWEEN_CHECKPOINTS = 64


def find(s: Subject, t: int, ident: str) -> int:
    """Index of the entry with this instant and ident, or -1."""
    i = place(s, t, ident)
    return i if i < len(s.times) and s.times[i] == t and s.idents[i] == ident else -1


def find_anywhere(s: Subject, ident: str) -> int:
    """Index of the entry with this ident at whatever instant, or -1: for corrections, which may move an event."""
    return s.idents.index(ident) if ident in s.idents else -1


def place(s: Subject, t: int, ident: str) -> int:
    """Where an entry belongs in the order (time, ident)."""
    low, high = bisect_left(s.times, t), bisect_right(s.times, t)
    return bisect_left(s.idents, ident, low, high)


def insert(s: Subject, i: int, t: int, ident: str, flags: int, row: tuple[Any, ...]) -> None:
    """Puts an entry at index `i`."""
    s.times.insert(i, t)
    s.idents.insert(i, ident)
    s.flags.insert(i, flags)
    for number, column in enumerate(s.columns):
        column.insert(i, row[number] if number < len(row) else None)


def columns_of(s: Subject) -> list[list[Any]]:
    """All the lists that have one element per entry."""
    return [s.times, s.idents, s.flags, *s.columns]


def remove(s: Subject, i: int) -> None:
    """Takes the entry at index `i` out."""
    for column in columns_of(s):
        del column[i]


def take_checkpoint(s: Subject, layout: Layout, horizon: int) -> None:
    """Remembers the fold as it stands; lets go of what only instants up to `horizon` could still have needed."""
    s.checkpoints.append(Checkpoint(s.front, len(s.times), s.due, s.heads.copy()))
    base = max((n for n, point in enumerate(s.checkpoints) if point.at < horizon), default=-1)
    if base >= 0:
        s.floor = s.checkpoints[base].at
        del s.checkpoints[:base]
        _trim(s, layout, s.checkpoints[0])
    s.mark = len(s.times) + _BETWEEN_CHECKPOINTS


def _trim(s: Subject, layout: Layout, base: Checkpoint) -> None:
    count = min([base.count, *(_first_needed(layout, base, rule) for rule in range(len(layout.rules)))])
    for rule, life in s.lives.items():
        s.lives[rule] = [e for e in life if e.closed_at < 0 or e.closed_at > base.at]
    if s.revised:
        s.revised = {ident: known for ident, known in s.revised.items() if known[1] > base.at} or None
    if count <= 0:
        return
    for column in columns_of(s):
        del column[:count]
    for heads in (s.heads, *(point.heads for point in s.checkpoints)):
        for position in layout.index_heads:
            heads[position] = max(heads[position] - count, -1 if layout.initial[position] == -1 else 0)
    for point in s.checkpoints:
        point.count -= count


def _first_needed(layout: Layout, base: Checkpoint, number: int) -> int:
    """The first entry that some gauge of the rule, standing at the checkpoint, can still look at."""
    needed = base.count
    for gauge in layout.rules[number].gauges:
        slots = {slot: base.heads[position] for slot, position in gauge.slots.items()}
        if gauge.gauge.window.kind != "all":
            needed = min(needed, slots["lo"])
        elif gauge.gauge.measure == "streak":
            needed = min(needed, slots["begin"] if slots["length"] else base.count)
        elif gauge.gauge.measure == "value":
            needed = min(needed, slots["newest"] if slots["newest"] >= 0 else base.count)
        else:
            needed = 0
    newest = base.heads[layout.rules[number].newest]
    return min(needed, newest) if newest >= 0 else needed
