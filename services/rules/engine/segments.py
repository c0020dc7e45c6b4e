"""How a subject is written: a head that changes with each record, and sealed segments of its older entries.

A head holds the heads of the rules and the newest entries; every `SEGMENT` entries make a segment, which is written
once and again only if a late record, a correction or a retraction touches it. So what a record costs to keep does not
grow with the records of its subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from services.rules.engine.layout import SEGMENT, Layout
from services.rules.engine.subject import Segment, State, Subject, decode_segment, decode_state, encode_state

_MARK = "\x1f"
"""Between a subject's key and the number of a segment; no name that a person gives holds it."""

Written = tuple[str, str, bytes | None]
"""(signature, key, state); None: the state is to be deleted."""


def touched(s: Subject, stride: int, i: int) -> None:
    """The entries from index `i` on are others than those that were written."""
    s.clean = min(s.clean, s.base + i // stride)


Alike = dict[int, tuple[int, list[Any], bytes]]
"""Number of a segment → the first entry, the rows and the bytes of the one that was written last."""


def written(s: Subject, layout: Layout, alike: Alike | None = None) -> Iterator[Written]:
    """What of the subject must be written, given what was. `alike`: segments of peers, which are mostly the same."""
    stride, rows, signature = layout.stride, s.rows, layout.signature
    if len(rows) < SEGMENT * stride and not s.base:  # most subjects have few entries
        s.clean = 0
        yield signature, s.key, encode_state(layout.state(s, rows))
        return
    sealed = (s.base + len(rows) // stride) // SEGMENT * SEGMENT
    for number in range(s.first, s.base // SEGMENT):
        yield signature, f"{s.key}{_MARK}{number}", None
    s.first = max(s.first, s.base // SEGMENT)
    for number in range(max(s.clean // SEGMENT, s.first), sealed // SEGMENT):
        begin = max(number * SEGMENT, s.base)
        part = rows[(begin - s.base) * stride : ((number + 1) * SEGMENT - s.base) * stride]
        packed = encode_state(Segment(begin, part)) if alike is None else _encoded(number, begin, part, alike)
        yield signature, f"{s.key}{_MARK}{number}", packed
    s.clean = sealed
    yield signature, s.key, encode_state(layout.state(s, rows[max(sealed - s.base, 0) * stride :]))


def _encoded(number: int, begin: int, part: list[Any], alike: Alike) -> bytes:
    known = alike.get(number)
    if known is not None and known[0] == begin and known[1] == part:
        return known[2]
    packed = encode_state(Segment(begin, part))
    alike[number] = begin, part, packed
    return packed


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
