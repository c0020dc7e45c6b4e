"""What the rows of one table are read by, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.ingest.mappings.days import Days
from services.ingest.mappings.known import Known
from services.ingest.mappings.lessons import Lessons
from services.ingest.mappings.tables import Found
from services.ingest.mappings.targets import Target
from services.ingest.mappings.values import Values
from services.messages import Json, Problem
from services.tabular.sheets import Cell, Sheet

Placed = tuple[Cell, int | None]
"""A cell, and its column if it has one."""


@dataclass(frozen=True)
class World:
    """What records are read by."""

    known: Known
    days: Days
    lessons: Lessons
    file: str
    made: datetime
    """When the file was made, else now."""
    sheets: Sequence[Sheet] = ()


@dataclass
class Record:
    """What one row (or one cell of a wide one) says."""

    data: Json
    position: str
    columns: dict[str, str]
    """Field → column, for what is said of it later."""
    time: datetime | None = None
    recorded: datetime | None = None
    retracted: bool = False
    problems: list[Problem] = field(default_factory=list)
    original: dict[str, str] = field(default_factory=dict)


class Context:
    """One table where it was found, what its rows become, and what they are read by."""

    def __init__(self, found: Found, target: Target, world: World) -> None:
        self.found, self.target, self.world = found, target, world
        self.values = Values(target.name, world.known, world.days)
        self._places: dict[tuple[str, ...], list[int]] = {}

    def places(self, words: tuple[str, ...]) -> list[int]:
        """The columns of words of the header."""
        if words not in self._places:
            self._places[words] = self.found.header.find(words)
        return self._places[words]
