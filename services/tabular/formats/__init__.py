"""The formats that tables come in, a module for each: a file as its `Table`s, row by row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.messages import Problem
from services.tabular.sheets import Cell, Merged


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet while it is read; the lists may be filled only while its rows are."""

    name: str
    file: str
    rows: Iterable[Iterable[Cell]]
    hidden: bool = False
    merged: list[Merged] = field(default_factory=list)
    uncalculated: list[tuple[int, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
