"""A subject's entries: finding, inserting, removing, checkpoints, and what may be let go. All in place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any

from services.rules.engine.layout import CHECKPOINT_EVERY, Layout
from services.rules.engine.placed import RuleLayout
from services.rules.engine.segments import touched
from services.rules.engine.subject import COLUMNS, IDENT, TIME, Checkpoint, Entry, SharedRows, Subject, is_ending

_MOVED_AT_MOST = 4
_FINENESS, _OF_LARGE = 8, 2
"""A fold begins at most a part of its length, of so many, before it would have to; large heads are written seldomer."""


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


def own(s: Subject) -> None:
    """The rows are the subject's own, to be changed."""
    if isinstance(s.rows, SharedRows):
        s.rows = [*s.rows]


def insert(s: Subject, stride: int, i: int, entry: Entry) -> None:
    """Puts an entry at index `i`."""
    own(s)
    touched(s, stride, i)
    s.rows[i:i] = row(entry, stride)


def row(entry: Entry, stride: int) -> list[Any]:
    """An entry as it stands among the rows."""
    missing = [None] * (stride - COLUMNS - len(entry.columns))
    return [entry.at, entry.ident, entry.flags, *entry.columns, *missing]


def join(s: Subject, stride: int, new: Iterable[list[Any]]) -> None:
    """Puts rows of entries where they belong; none of them is there."""
    own(s)
    ordered = sorted(new, key=lambda one: (one[TIME], one[IDENT]))
    places = [place(s, stride, one[TIME], one[IDENT]) for one in ordered]
    begin = done = places[0]
    touched(s, stride, begin)
    rows, tail = s.rows, s.rows[begin:]
    del rows[begin:]
    for i, one in zip(places, ordered, strict=True):
        rows += tail[done - begin : i - begin]
        rows += one
        done = i
    rows += tail[done - begin :]


def insert_ending(s: Subject, stride: int, t: int, ident: str) -> int:
    """Puts an ending where it belongs: an entry that satisfies no condition, which no record is. Its index."""
    i = place(s, stride, t, ident)
    insert(s, stride, i, Entry(t, ident, 0, (), None, 0, retracted=False))
    return i


def endings(s: Subject, stride: int) -> Iterator[int]:
    """The indices of the endings, oldest first."""
    return (i for i in range(0, len(s.rows), stride) if is_ending(s.rows, i))


def newest_record(s: Subject, stride: int) -> int:
    """The instant of the newest entry that is no ending, -1: there is none."""
    rows = s.rows
    return next((rows[i] for i in range(len(rows) - stride, -1, -stride) if not is_ending(rows, i)), -1)


def remove(s: Subject, stride: int, i: int) -> None:
    """Takes the entry at index `i` out."""
    own(s)
    touched(s, stride, i)
    del s.rows[i : i + stride]


def take_checkpoint(s: Subject, layout: Layout, horizon: int) -> None:
    """Remembers the fold as it stands; lets go of what only instants up to `horizon` could still have needed."""
    points = s.checkpoints = s.checkpoints or []
    points.append(Checkpoint(s.watermark, len(s.rows), s.due, layout.heads(s)))
    if points[0].at < horizon:
        base = 0
        while points[base + 1 : base + 2] and points[base + 1].at < horizon:
            base += 1
        s.horizon = points[base].at
        del points[:base]
        _trim(s, layout, points[0])
    thin(s, layout)
    s.next_checkpoint = len(s.rows) + apart(s, layout)


def apart(s: Subject, layout: Layout) -> int:
    """By how much the rows grow between two checkpoints: the larger the heads to be copied, the more."""
    return layout.stride * max(CHECKPOINT_EVERY, sum(len(getattr(s, head) or ()) for head in layout.dict_heads))


def thin(s: Subject, layout: Layout) -> None:
    """Far back checkpoints stand further apart: a fold from there is long, whichever it begins with."""
    points, fineness = s.checkpoints or [], _OF_LARGE if layout.dict_heads else _FINENESS
    kept = points[-1:]
    for before, point in zip(points[-3::-1], points[-2:0:-1], strict=False):
        if kept[-1].end - before.end > (len(s.rows) - kept[-1].end) // fineness:
            kept.append(point)
    if len(points) > 1:
        kept.append(points[0])
    points[:] = kept[::-1]


def _trim(s: Subject, layout: Layout, base: Checkpoint) -> None:
    for episodes in (s.episodes or {}).values():
        episodes[:] = [e for e in episodes if e.closed_at < 0 or e.closed_at > base.at]
    if s.revised:
        s.revised = {ident: known for ident, known in s.revised.items() if known.at > base.at} or None
    if s.base and base.end * 2 < len(s.rows):
        return  # hardly anything can have become superfluous since the last time
    heads = dict(zip(layout.initial, base.heads, strict=True))
    start, shown = base.end, set[int]()
    for rule in layout.rules:
        start = min(start, _window_start(s, rule, heads, base.end))
        shown |= _shown(s, rule, heads, base.end)
    kept = sorted(i for i in shown if i < start)
    removed = start - len(kept) * layout.stride
    if removed * _MOVED_AT_MOST >= len(s.rows):  # so that no row is moved more often on average
        _let_go(s, layout, start, kept)


def _window_start(s: Subject, rule: RuleLayout, heads: dict[str, Any], end: int) -> int:
    """From here on, some window of the rule, standing at the checkpoint, needs every entry."""
    starts = [end]
    for gauge in rule.gauges:
        slots = {slot: heads[head] for slot, head in gauge.slots.items()}
        if gauge.measure.needs:
            starts.append(gauge.measure.needs(s, slots, gauge, end))
        elif gauge.gauge.window.kind in ("within", "last"):
            starts.append(slots["lo"])
    return min(starts)


def _shown(s: Subject, rule: RuleLayout, heads: dict[str, Any], end: int) -> set[int]:
    """The entries that the rule, standing at the checkpoint, points to or may show as evidence."""
    shown = {heads[rule.newest]} if rule.newest else set()
    for gauge in rule.gauges:
        slots = {slot: heads[head] for slot, head in gauge.slots.items()}
        shown |= {slots[slot] for slot in gauge.measure.index_slots}
        shown.update(gauge.measure.evidence(s, slots, gauge, end))
    return {i for i in shown if i >= 0}


def _let_go(s: Subject, layout: Layout, start: int, kept: list[int]) -> None:
    """Of the rows before `start`, only those kept stay."""
    stride = layout.stride
    gone = start - len(kept) * stride
    own(s)
    s.rows[:start] = [place for i in kept for place in s.rows[i : i + stride]]
    s.base += gone // stride
    s.clean = min(s.clean, s.base)  # what was kept stands in other places now

    def moved(i: int) -> int:
        return i if i < 0 else i - gone if i >= start else bisect_left(kept, i) * stride

    layout.move(s, moved)
