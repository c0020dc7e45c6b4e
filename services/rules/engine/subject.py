"""The state of one subject: its entries in columns, the heads of its rules, and what was published. Plain data.

A subject is one combination of the values of `by`; all rules with the same `by` share it, and its entries.
"""

from __future__ import annotations

from typing import Any

import msgspec


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
    """Idents of its evidence."""


class Checkpoint(msgspec.Struct, array_like=True, eq=False):
    """The fold just before an entry: what a refold starts from."""

    at: int
    """Everything up to and including this instant is in it."""
    count: int
    """Entries that are in it."""
    due: int
    heads: list[Any]


class Subject(msgspec.Struct, array_like=True, eq=False):
    """State of one subject.

    Entries are sorted by (time, ident), ident being `source id`; `flags` holds one bit per condition of the
    group's rules, so that a refold needs no event; `columns` holds numbers and the fields shown as evidence.
    """

    key: str
    heads: list[Any]
    columns: list[list[Any]]
    times: list[int] = []
    idents: list[str] = []
    flags: list[Any] = []
    front: int = -1
    """The last instant that the fold has passed."""
    due: int = 1 << 62
    """The next instant at which time alone changes something."""
    mark: int = 64
    """Number of entries at which the next checkpoint is taken."""
    checkpoints: list[Checkpoint] = []
    revised: dict[str, tuple[int, int]] | None = None
    """Ident → (revision, time) of what was corrected or retracted."""
    lives: dict[str, list[Episode]] = {}
    """Rule → its episodes, oldest first; closed ones only as long as the past can still change."""
    numbers: dict[str, int] = {}
    """Rule → number of its last episode; survives closing."""
    floor: int = -1
    """Nothing up to this instant can change any more: entries were let go."""
    sealed: int = -1
    """Episodes closed up to this instant stay as they are (a rule set was switched)."""
    latest: Any = None
    """Data of the newest event: context of the warnings."""
    dirty: bool = False
    queued: int = 1 << 62
    """The earliest instant for which the engine's timer queue holds this subject."""
