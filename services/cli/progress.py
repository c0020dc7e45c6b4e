"""How far a command has come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


def progress_bar() -> Progress:
    """A bar on a terminal, nothing elsewhere; it steers the terminal, and shows no text but our own."""
    console = Console(file=sys.__stdout__)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        transient=True,
        console=console,
        disable=not console.is_terminal,
    )


class Rows:
    """The rows of a file: how many have come out of it, then how many were taken in, and of how many."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task

    def come(self, more: int) -> None:
        """So many more have been read from the file; nobody knows how many there are."""
        self._bar.advance(self._task, more)

    def taken(self, read: int, rows: int) -> None:
        """So many of all have been taken in."""
        self._bar.update(self._task, completed=read, total=rows)


@contextmanager
def rows_of(name: str) -> Iterator[Rows]:
    """A bar for a file."""
    with progress_bar() as bar:
        yield Rows(bar, bar.add_task(name, total=None))
