"""What a new directory changes, for a person or as JSON; and what is wrong with one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

import msgspec
import typer

from services import directory as directories
from services.cli import telling
from services.directory import Difference, Directory, Offer
from services.errors import DirectoryError, ProblemsError
from services.messages import Problem


@dataclass(frozen=True)
class Change:
    """From the directory in use to the one that is offered."""

    differences: list[Difference]
    left_out: list[Problem]
    suspicious: list[Problem]
    before: str
    """Version of the directory in use."""
    after: str

    @classmethod
    def between(cls, in_use: Directory, offer: Offer) -> Change:
        """What the offer changes."""
        new = offer.directory
        return cls(
            directories.difference(in_use, new),
            offer.left_out,
            directories.shrinkage(in_use, new),
            in_use.version,
            new.version,
        )

    def allow(self, *, removing: bool) -> None:
        """Raises DirectoryError if much would go and nobody said that it is meant."""
        if self.suspicious and not removing:
            raise DirectoryError(self.suspicious)

    def show(self, outcome: str, *, limit: int, json: bool) -> None:
        """Counts for each table and its lines, at most `limit` of them; as JSON all."""
        if json:
            by_table = groupby(self.differences, lambda one: one.table)
            tables = {table: Counter(one.change for one in lines) for table, lines in by_table}
            english = {
                "left_out": [one.in_english() for one in self.left_out],
                "suspicious": [one.in_english() for one in self.suspicious],
            }
            typer.echo(msgspec.json.encode({**vars(self), **english, "counts": tables, "outcome": outcome}))
            return
        for table, group in groupby(self.differences, lambda one: one.table):
            lines = list(group)
            counts = Counter(one.change for one in lines)
            typer.echo(f"{table}: " + ", ".join(f"{number} {change}" for change, number in sorted(counts.items())))
            for one in lines[:limit]:
                typer.echo(f"  {one}")
            _more(lines, limit)
        if self.left_out:
            typer.echo(f"{len(self.left_out)} rows of the source were not taken 行未采用")
            for problem in self.left_out[:limit]:
                telling.tell(problem, "  ")
            _more(self.left_out, limit)
        for problem in self.suspicious:
            telling.tell(problem)
        typer.echo(f"{len(self.differences)} differences 处不同; version {self.after} {outcome}")


@contextmanager
def refusals(*, json: bool) -> Iterator[None]:
    """With `json`, what is wrong is one object on stdout, and the exit code 1."""
    try:
        yield
    except ProblemsError as error:
        if not json:
            raise
        typer.echo(msgspec.json.encode({"problems": [one.in_english() for one in error.problems]}))
        raise typer.Exit(1) from None


def _more(lines: Sequence[object], limit: int) -> None:
    if len(lines) > limit > 0:
        typer.echo(f"  … and {len(lines) - limit} more 条未列出")
