"""How a subject is written: a head that changes with each record, and sealed segments of its older entries.

A head holds the heads of the rules and the newest entries; every `SEGMENT` entries make a segment, which is written
once and again only if a late record, a correction or a retraction touches it. So what a record costs to keep does not
grow with the records of its subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from services.rules.engine.layout import SEGMENT, Layout
from services.rules.engine.subject import (
    Checkpoint,
    Segment,
    State,
    Subject,
    Waiting,
    decode_segment,
    decode_state,
    encode_part,
    encode_state,
    waits_as,
)

_MARK = "\x1f"
"""Between a subject's key and the number of a segment; no name that a person gives holds it."""

Written = tuple[str, str, bytes | None]
"""(signature, key, state); None: the state is to be deleted."""


def touched(s: Subject, stride: int, i: int) -> None:
    """The entries from index `i` on are others than those that were written."""
    s.clean = min(s.clean, s.base + i // stride)


class Alike:
    """What was written last of peers, which are mostly the same, with its bytes."""

    def __init__(self) -> None:
        self._begin, self._rows, self._segments = -1, list[Any](), dict[int, bytes]()
        self._waiting: tuple[Waiting | None, Any] = None, None
        self._dicts: dict[int, tuple[dict[str, Any], Any]] = {}

    def segments(self, begin: int, rows: list[Any]) -> dict[int, bytes]:
        """Number → bytes, of those that these rows, from this entry on, are written in."""
        if begin != self._begin or rows != self._rows:
            self._begin, self._rows, self._segments = begin, rows, {}
        return self._segments

    def encode(self, state: State) -> bytes:
        """The bytes of a state. What it waits for may be thousands of records, and its heads may hold all peers."""
        if state.waiting is not None:
            if not waits_as(state.waiting, self._waiting[0]):
                self._waiting = state.waiting, encode_part(state.waiting)
            state.waiting = self._waiting[1]
        state.heads = self._heads(state.heads)
        state.checkpoints = [
            Checkpoint(point.at, point.end, point.due, self._heads(point.heads)) for point in state.checkpoints
        ]
        return encode_state(state)

    def _heads(self, heads: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple([self._dict(x) if isinstance(x, dict) and getattr(x, "shared", False) else x for x in heads])

    def _dict(self, x: dict[str, Any]) -> Any:
        if (known := self._dicts.get(id(x))) is None:
            known = self._dicts[id(x)] = x, encode_part(x)
        return known[1]


def written(s: Subject, layout: Layout, alike: Alike | None = None) -> Iterator[Written]:
    """What of the subject must be written, given what was. `alike`: of a layout of peers."""
    stride, rows, signature = layout.stride, s.rows, layout.signature
    if len(rows) < SEGMENT * stride and not s.base:  # most subjects have few entries
        s.clean = 0
        yield signature, s.key, _encoded(s, layout, rows, alike)
        return
    sealed = (s.base + len(rows) // stride) // SEGMENT * SEGMENT
    for number in range(s.first, s.base // SEGMENT):
        yield signature, f"{s.key}{_MARK}{number}", None
    s.first = max(s.first, s.base // SEGMENT)
    numbers = range(max(s.clean // SEGMENT, s.first), sealed // SEGMENT)
    known: dict[int, bytes] = {}
    if alike is not None:
        begin = max(numbers.start * SEGMENT, s.base)
        known = alike.segments(begin, rows[(begin - s.base) * stride :])
    for number in numbers:
        if (packed := known.get(number)) is None:
            begin = max(number * SEGMENT, s.base)
            part = rows[(begin - s.base) * stride : ((number + 1) * SEGMENT - s.base) * stride]
            packed = known[number] = encode_state(Segment(begin, part))
        yield signature, f"{s.key}{_MARK}{number}", packed
    s.clean = sealed
    yield signature, s.key, _encoded(s, layout, rows[max(sealed - s.base, 0) * stride :], alike)


def _encoded(s: Subject, layout: Layout, rows: list[Any], alike: Alike | None) -> bytes:
    state = layout.state(s, rows)
    return encode_state(state) if alike is None else alike.encode(state)


def erased(s: Subject, layout: Layout) -> list[Written]:
    """The segments of a subject that is let go."""
    numbers = range(s.first, s.clean // SEGMENT)
    return [(layout.signature, f"{s.key}{_MARK}{number}", None) for number in numbers]


def read(states: Iterable[tuple[str, str, bytes]]) -> Iterator[tuple[str, State]]:
    """(signature, state with all its rows) of what was written, in whatever order it comes."""
    parts: dict[tuple[str, str], dict[int, bytes]] = {}
    waiting: list[tuple[str, State]] = []
    for signature, key, packed in states:
        subject, mark, number = key.rpartition(_MARK)
        if mark:
            parts.setdefault((signature, subject), {})[int(number)] = packed
            continue
        state = decode_state(packed)
        if state.sealed_at // SEGMENT > state.base // SEGMENT:
            waiting.append((signature, state))
        else:
            yield signature, state
    for signature, state in waiting:
        _join(state, parts.pop((signature, state.key)))
        yield signature, state


def heads(states: Iterable[tuple[str, str, bytes]]) -> Iterator[State]:
    """The heads alone: what was published, and the numbers."""
    return (decode_state(packed) for _, key, packed in states if _MARK not in key)


def _join(state: State, parts: dict[int, bytes]) -> None:
    older: list[Any] = []
    for number in range(state.base // SEGMENT, state.sealed_at // SEGMENT):
        segment = decode_segment(parts.pop(number))
        let_go = max(state.base - segment.begin, 0)
        older += segment.rows[let_go * len(segment.rows) // (SEGMENT - segment.begin % SEGMENT) :]
    state.rows = older + state.rows
