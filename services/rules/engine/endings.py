"""Endings: instants at which the subjects that name somebody end for a reason that is not in their records.

An ending is remembered beside the subjects, so that it reaches those that come into being later: a late record of a
student who left is folded as if the ending had come before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from services.messages import key_values
from services.rules.engine.segments import Written
from services.rules.engine.subject import FIRST, State, encode_state

SIGNATURE = "endings"
"""Instead of a layout's, of the states that hold endings."""


class Ending(NamedTuple):
    """What is known of one ending. Its identity is `ident`; of several revisions the highest counts."""

    ident: str
    field: str
    """Name in `by` …"""
    value: str
    """… and the value that a subject has there if this ends it."""
    reason: str
    at: int
    """The instant (ms): what comes at it, or later, begins anew."""
    revision: int
    retracted: bool

    @property
    def place(self) -> str:
        """Its ident in the rows of a subject."""
        return FIRST + self.ident


class Endings:
    """All endings that an engine knows; a few thousand a year."""

    def __init__(self) -> None:
        self._known: dict[str, Ending] = {}
        self._of: dict[tuple[str, str], dict[str, Ending]] = {}
        """(field, value) → those that count, by ident."""
        self._unwritten: list[str] = []

    def __iter__(self) -> Iterator[Ending]:
        return iter(list(self._known.values()))

    def take(self, ending: Ending) -> bool:
        """Whether it is news: unknown, or of a higher revision than what is known."""
        known = self._known.get(ending.ident)
        if known is not None and ending.revision <= known.revision:
            return False
        if known is not None and not known.retracted:
            del self._of[known.field, known.value][known.ident]
        self._known[ending.ident] = ending
        if not ending.retracted:
            self._of.setdefault((ending.field, ending.value), {})[ending.ident] = ending
        self._unwritten.append(ending.ident)
        return True

    def known(self, ident: str) -> Ending | None:
        """The newest revision of an ending."""
        return self._known.get(ident)

    def reason(self, place: str) -> str:
        """The named reason of the ending that stands in a subject's rows under this ident."""
        return self._known[place.removeprefix(FIRST)].reason

    def of(self, by: tuple[str, ...], key: str) -> list[Ending]:
        """Those that end a subject, in the order of time."""
        if not self._of or not by:
            return []
        values = key_values(key) if len(by) > 1 else [key]
        found = [
            ending for named in zip(by, values, strict=True) if named in self._of for ending in self._of[named].values()
        ]
        return sorted(found, key=lambda ending: (ending.at, ending.ident))

    def written(self) -> list[Written]:
        """What came since the last call, as states."""
        out: list[Written] = []
        for ident in dict.fromkeys(self._unwritten):
            row: list[Any] = [*self._known[ident][1:]]
            out.append((SIGNATURE, ident, encode_state(State(ident, {}, row))))
        self._unwritten.clear()
        return out

    def resume(self, state: State) -> None:
        """Takes back what was written."""
        self.take(Ending(state.key, *state.rows))
        self._unwritten.clear()
