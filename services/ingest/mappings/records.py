"""From the rows of a table to records: the fields of an event or of a row of the directory, or what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from services.ingest.mappings.cells import WrongCell, is_blank
from services.ingest.mappings.context import Context, Placed, Record, World
from services.ingest.mappings.language import Field, RowSpec
from services.ingest.mappings.rows import Row
from services.ingest.mappings.tables import Found, Line
from services.ingest.mappings.targets import Target
from services.messages import Problem


class Reader:
    """Reads one table where it was found."""

    def __init__(self, found: Found, target: Target, world: World) -> None:
        self.found = found
        self._context = Context(found, target, world)

    def records(self) -> Iterator[Record]:
        """All records, in the order of the rows."""
        table = self.found.table
        for line in self.found.lines():
            for parts in self._parts(line):
                for spec in table.rows or (table.base,):
                    record = Row(self._context, line, parts, spec).record()
                    if record is not None:
                        yield record

    def above(self, ways: Field, default: str) -> tuple[Any, list[Problem]]:
        """What the file says outside of its rows (None: nothing), and what is wrong with it."""
        row = Row(self._context, Line(0, ()), {}, RowSpec())
        value = row.value_of(ways, default)
        place = self.found.place
        return value, [Problem(where=place, what=one.what, expected=one.expected) for one in row.problems]

    def _parts(self, line: Line) -> Iterator[dict[str, Placed | WrongCell]]:
        """What the row stands for: each group of wide columns, and of it each piece of what a cell holds several of."""
        groups: list[dict[str, Placed | WrongCell]] = [{}]
        if self.found.table.wide is not None:
            groups = [one for group in self.found.groups if (one := _wide(group.columns, group.said, line)) is not None]
        for group in groups:
            row = Row(self._context, line, group, self.found.table.base)
            split = [list(row.finding.pieces(name)) for name in self.found.table.parts]
            for each in product(*split):
                merged = dict(group)
                for one in each:
                    merged |= one
                yield merged


def _wide(columns: Mapping[str, int], said: Mapping[str, str], line: Line) -> dict[str, Placed | WrongCell] | None:
    found: dict[str, Placed | WrongCell] = {}
    for name, place in columns.items():
        found[name] = (line.cells[place] if place < len(line.cells) else None), place
    first = next(iter(columns.values()))
    if first >= len(line.cells) or is_blank(line.cells[first]):
        return None
    for name, text in said.items():
        found[name] = text, first
    return found
