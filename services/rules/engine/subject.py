"""The state of one subject: its entries in rows, the heads of its rules, and what was published. Plain data.

A subject is one combination of the values of `by`; all rules with the same `by` share it, and its entries.

Why one flat list of rows: subjects are many and events come to them in no order, so what an event costs is mostly the
memory it touches for the first time. Why slots: a head is read and written with one instruction (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.messages import FOREVER

FIRST = "\0"
"""Begins the ident of an ending among the entries: of one instant it comes before the records."""
TIME, IDENT, FLAGS, COLUMNS = range(4)
"""Places in a row: instant, `source id`, bits of the conditions it satisfies, then the layout's columns."""


def is_ending(rows: list[Any], i: int) -> bool:
    """Whether the entry at index `i` is an ending. A record that no measure looks at has no bits either."""
    return not rows[i + FLAGS] and rows[i + IDENT].startswith(FIRST)


class Entry(NamedTuple):
    """A record on its way into the rows of a subject."""

    at: int
    ident: str
    flags: int
    """Bits of the conditions that it satisfies."""
    columns: tuple[Any, ...]
    data: Any
    """Context of the warnings; None: it is another subject's, a peer's."""
    revision: int
    retracted: bool

    @property
    def changes(self) -> bool:
        """Whether it says something else of what may be known already."""
        return self.revision > 0 or self.retracted


class Revision(NamedTuple):
    """What is known of a record that was corrected or retracted."""

    revision: int
    at: int


class Told(NamedTuple):
    """Value and threshold of a change."""

    value: float | None = None
    threshold: float | None = None


class Shared(dict[str, list[Any]]):
    """Held by several subjects: none changes it any more."""

    __slots__ = ()


class SharedRows(list[Any]):
    """Rows that several peers hold, which take in together what comes; for what is its own, each has its own."""

    __slots__ = ()


class Waiting(msgspec.Struct, array_like=True, eq=False):
    """What has changed the past of a subject that is not folded again yet."""

    start: int
    """From this instant on it is to be folded."""
    at: int
    """The newest instant of what changed its past."""
    reason: str
    past: datetime | None
    """When it was handed in as history; None: it was not."""
    front: int
    """Time has come at least to here."""
    until: int
    """Once time has come to here it waits no longer."""
    now: bool = False
    """Its rows are others than those that the heads stand for: it waits for the end of the message at most."""
    new: dict[str, list[Any]] = {}
    """Records that are not in the rows yet, as rows, by ident."""
    last: tuple[int, str] = (-1, "")
    """(instant, ident) of the newest of them."""
    ident: str = ""
    """Of the record that came last."""


def waits_as(one: Waiting | None, two: Waiting | None) -> bool:
    """Whether both wait for the same; with what came last it only says whom to blame for an error."""
    if one is None or two is None or one is two:
        return one is two
    return all(getattr(one, x) == getattr(two, x) for x in _SAME) and (one.new is two.new or one.new == two.new)


_SAME = ("start", "at", "reason", "past", "front", "until", "now", "last")


class Episode(msgspec.Struct, array_like=True, eq=False):
    """One warning as it was last published. Instants in milliseconds; `closed_at` is -1 while it is open."""

    number: int
    sequence: int
    opened_at: int
    first_event: str | None
    level: int
    highest: int
    closed_at: int = -1
    value: float | None = None
    threshold: float | None = None
    behind: tuple[str, ...] = ()
    """Idents of the entries that are its evidence."""
    said: Told = Told()
    """Of its last change: what a withdrawal takes back, whatever was read of it in between."""
    said_at: int = -1
    """Event time of its last change: a change is never dated before the one it follows."""


class Checkpoint(msgspec.Struct, array_like=True, eq=False):
    """The fold just before an entry: what a refold starts from."""

    at: int
    """Everything up to and including this instant is in it."""
    end: int
    """Where the rows end that are in it."""
    due: int
    heads: tuple[Any, ...]


class Subject:
    """State of one subject; each layout has a subclass with a slot for each head (`Layout.subject_type`).

    `rows` holds the entries sorted by (time, ident), one behind the other, `Layout.stride` places each; an index of an
    entry is the place at which its row begins.
    """

    __slots__ = (
        "base",
        "checkpoints",
        "clean",
        "dirty",
        "due",
        "episodes",
        "first",
        "horizon",
        "key",
        "latest",
        "next_checkpoint",
        "numbers",
        "queued",
        "revised",
        "rows",
        "sealed",
        "waiting",
        "watermark",
    )

    key: str
    rows: list[Any]
    watermark: int
    """The last instant that the fold has passed."""
    due: int
    """The next instant at which time alone changes something."""
    next_checkpoint: int
    """Length of the rows at which the next checkpoint is taken."""
    checkpoints: list[Checkpoint] | None
    revised: dict[str, Revision] | None
    """Ident → what was corrected or retracted."""
    episodes: dict[str, list[Episode]] | None
    """Rule → its episodes, oldest first; closed ones only as long as the past can still change."""
    numbers: dict[str, int] | None
    """Rule → number of its last episode; survives closing."""
    horizon: int
    """Nothing up to this instant can change any more: entries were let go."""
    sealed: dict[str, int] | None
    """Rule → the instant up to which what had ended stays as it was: something else decided it then."""
    latest: Any
    """Data of the newest event: context of the warnings."""
    base: int
    """Number of entries that were let go."""
    clean: int
    """Entries before this one, counted with those let go, are written in segments as they are."""
    first: int
    """Number of the first segment that is written."""
    waiting: Waiting | None
    """Why it must be folded again, if it must."""
    dirty: bool
    queued: int
    """The earliest instant for which the engine's timer queue holds this subject."""


class State(msgspec.Struct, array_like=True):
    """A subject as it is written: one that was let go has only its key and numbers."""

    key: str
    numbers: dict[str, int]
    rows: list[Any] = []
    heads: tuple[Any, ...] = ()
    watermark: int = -1
    due: int = FOREVER
    next_checkpoint: int = 0
    checkpoints: list[Checkpoint] = []
    revised: dict[str, Revision] | None = None
    episodes: dict[str, list[Episode]] = {}
    horizon: int = -1
    sealed: dict[str, int] | int | None = None
    """A number, as it was written once: of all rules; -1: of none."""
    latest: Any = None
    base: int = 0
    sealed_at: int = 0
    """Entries up to this one, counted with those let go, lie in segments."""
    waiting: Waiting | None = None


def seals(state: State, rules: Iterable[str]) -> dict[str, int] | None:
    """By rule, up to which instant what had ended stays as it was."""
    if isinstance(state.sealed, int):
        return None if state.sealed < 0 else dict.fromkeys(rules, state.sealed)
    return state.sealed


class Segment(msgspec.Struct, array_like=True):
    """Some entries of a subject that are not the newest."""

    begin: int
    """Number of the first one, counted with those let go."""
    rows: list[Any]


_BIGGEST = 1 << 63
_BIG = 1
"""Code of a whole number beyond 64 bits in what is written."""
_encode = msgspec.msgpack.Encoder().encode


def _unpacked(code: int, digits: memoryview) -> int:
    assert code == _BIG
    return int.from_bytes(digits, "big", signed=True)


decode_state = msgspec.msgpack.Decoder(State, ext_hook=_unpacked).decode
"""A state from its bytes; raises `msgspec.MsgspecError`."""
decode_segment = msgspec.msgpack.Decoder(Segment, ext_hook=_unpacked).decode
"""A segment from its bytes; raises `msgspec.MsgspecError`."""


def encode_part(part: Any) -> Any:
    """What can stand in a state instead of one of its parts, when it is encoded."""
    try:
        return msgspec.Raw(_encode(part))
    except OverflowError:
        return msgspec.Raw(_encode(_packed(part)))


def encode_state(state: State | Segment) -> bytes:
    """Bytes of a state or segment. Sums and flags may have more than the 64 bits of MessagePack's own numbers."""
    try:
        return _encode(state)
    except OverflowError:
        state.rows = [_packed(x) for x in state.rows]
        if isinstance(state, State):
            state.heads = _packed(state.heads)
            state.checkpoints = [
                Checkpoint(point.at, point.end, point.due, _packed(point.heads)) for point in state.checkpoints
            ]
            state.waiting = _packed(state.waiting)
        return _encode(state)


def _packed(x: Any) -> Any:
    if type(x) is int and not -_BIGGEST <= x < _BIGGEST:
        return msgspec.msgpack.Ext(_BIG, x.to_bytes(x.bit_length() // 8 + 1, "big", signed=True))
    if isinstance(x, dict):
        return {name: _packed(value) for name, value in x.items()}
    if isinstance(x, Waiting):
        return msgspec.structs.replace(x, new=_packed(x.new))
    return tuple([_packed(one) for one in x]) if type(x) in (list, tuple) else x
