"""A subject's entries: finding, inserting, removing, checkpoints, and what may be let go. All in place."""

from __future__ import annotations

from typing import Any

from services.rules.engine.layout import CHECKPOINT_EVERY, Layout, RuleLayout
from services.rules.engine.segments import touched
from services.rules.engine.subject import COLUMNS, IDENT, Checkpoint, Subject


def find(s: Subject, stride: int, t: int, ident: str) -> int:
    """Index of the entry with this instant and ident, or -1."""
    i = place(s, stride, t, ident)
    return i if i < len(s.rows) and s.rows[i] == t and s.rows[i + IDENT] == ident else -1


def find_anywhere(s: Subject, stride: int, ident: str) -> int:
    """Index of the entry with this ident at whatever instant, or -1: for corrections, which may move an event."""
    idents = s.rows[IDENT::stride]
    return idents.index(ident) * stride if ident in idents else -1


def place(s: Subject, stride: int, t: int, ident: str) -> int:
    """Where an entry belongs in the order (time, ident)."""
    rows = s.rows
    low, high = 0, len(rows) // stride
    while low < high:
        middle = (low + high) // 2
        i = middle * stride
        if rows[i] < t or (rows[i] == t and rows[i + IDENT] < ident):
            low = middle + 1
        else:
            high = middle
    return low * stride


def insert(s: Subject, stride: int, i: int, t: int, ident: str, flags: int, row: tuple[Any, ...]) -> None:
    """Puts an entry at index `i`."""
    touched(s, stride, i)
    s.rows[i:i] = [t, ident, flags, *row, *[None] * (stride - COLUMNS - len(row))]


def remove(s: Subject, stride: int, i: int) -> None:
    """Takes the entry at index `i` out."""
    touched(s, stride, i)
    del s.rows[i : i + stride]


def take_checkpoint(s: Subject, layout: Layout, horizon: int) -> None:
    """Remembers the fold as it stands; lets go of what only instants up to `horizon` could still have needed."""
    points = s.checkpoints = s.checkpoints or []
    points.append(Checkpoint(s.front, len(s.rows), s.due, layout.heads(s)))
    if points[0].at < horizon:
        base = 0
        while points[base + 1 : base + 2] and points[base + 1].at < horizon:
            base += 1
        s.floor = points[base].at
        del points[:base]
        _trim(s, layout, points[0])
    s.mark = len(s.rows) + CHECKPOINT_EVERY * layout.stride


def _trim(s: Subject, layout: Layout, base: Checkpoint) -> None:
    for life in (s.lives or {}).values():
        life[:] = [e for e in life if e.closed_at < 0 or e.closed_at > base.at]
    if s.revised:
        s.revised = {ident: known for ident, known in s.revised.items() if known[1] > base.at} or None
    if 2 * base.end < len(s.rows):
        return  # so that each row is moved once on average
    heads = dict(zip(layout.initial, base.heads, strict=True))
    end = min([base.end, *(_first_needed(s, rule, heads, base.end) for rule in layout.rules)])
    if end > 0:
        del s.rows[:end]
        s.base += end // layout.stride
        layout.shift(s, end)


def _first_needed(s: Subject, rule: RuleLayout, heads: dict[str, Any], end: int) -> int:
    """The first entry that some gauge of the rule, standing at the checkpoint, can still look at."""
    needed = end
    for gauge in rule.gauges:
        slots = {slot: heads[head] for slot, head in gauge.slots.items()}
        if gauge.measure.needs:
            first = gauge.measure.needs(s, slots, gauge, end)
        elif gauge.gauge.window.kind in ("within", "last"):
            first = slots["lo"]
        else:  # nothing leaves one by one: only what is shown is looked at again
            first = min(gauge.measure.evidence(s, slots, gauge, end), default=end)
        pointed = [slots[slot] for slot in gauge.measure.index_slots if slots[slot] >= 0]
        needed = min([needed, first, *pointed])
    newest = heads[rule.newest] if rule.newest else -1
    return min(needed, newest) if newest >= 0 else needed
