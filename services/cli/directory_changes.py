"""What a new directory changes, for a person or as JSON; and what is wrong with one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

import msgspec
import typer

from services import directory as directories
from services.cli import telling
from services.clock import wall_clock
from services.directory import Difference, Directory, Ending, Offer
from services.errors import DirectoryError, ProblemsError
from services.i18n import in_chinese, say
from services.messages import Message, Problem
from services.operate import ending_warnings
from services.settings import Settings

_ENDS = {
    "student": "directory.ends_student",
    "person": "directory.ends_person",
    "role": "directory.ends_role",
    "class": "directory.ends_class",
    "course": "directory.ends_course",
}


@dataclass(frozen=True)
class Change:
    """From the directory in use to the one that is offered."""

    differences: list[Difference]
    left_out: list[Problem]
    suspicious: list[Problem]
    ends: list[Ending]
    open_warnings: int | None
    """How many are about what ends; None if that is not known."""
    before: str
    """Version of the directory in use."""
    after: str

    @classmethod
    def between(cls, in_use: Directory, offer: Offer, settings: Settings) -> Change:
        """What the offer changes, and ends as of today."""
        new = offer.directory
        ends = directories.endings(in_use, new, wall_clock().astimezone(ZoneInfo(in_use.time_zone)).date())
        return cls(
            directories.difference(in_use, new),
            offer.left_out,
            directories.shrinkage(in_use, new),
            ends,
            ending_warnings.open_warnings(settings, ends) if ends else None,
            in_use.version,
            new.version,
        )

    def allow(self, *, removing: bool, erased: Sequence[Problem]) -> None:
        """Raises DirectoryError if much would go and nobody said that it is meant, or for who was `erased`."""
        if wrong := [*([] if removing else self.suspicious), *erased]:
            raise DirectoryError(wrong)

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
        self._show_ends(limit)
        if self.left_out:
            typer.echo(f"{len(self.left_out)} rows of the source were not taken 行未采用")
            for problem in self.left_out[:limit]:
                telling.tell(problem, "  ")
            _more(self.left_out, limit)
        for problem in self.suspicious:
            telling.tell(problem)
        typer.echo(f"{len(self.differences)} differences 处不同; version {self.after} {outcome}")

    def _show_ends(self, limit: int) -> None:
        for what, group in groupby(self.ends, lambda one: one.what):
            ends = list(group)
            _both(say(_ENDS[what], count=len(ends)))
            for one in ends[:limit]:
                name = f" ({one.name})" if one.name != one.id else ""
                typer.echo(f"  {one.id}{name} → {one.last or '–'}")
            _more(ends, limit)
        if self.open_warnings is not None:
            _both(say("directory.open_warnings_about_what_ends", count=self.open_warnings))


def _both(text: Message) -> None:
    typer.echo(str(text))
    typer.echo(f"    {in_chinese(text)}")


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
