"""Ctrl-C in an import: what is in stays, and one line says how to go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:  # commands are listed without it
    from services.log.records import Run

INTERRUPTED = 130
"""The exit code: 128 and the number of SIGINT."""
_RUN = "services.cli.interrupted.run"


def at_work(context: typer.Context, run: Run) -> None:
    """The command of this context brings this run from here on."""
    context.meta[_RUN] = run


@contextmanager
def going_on_later(context: typer.Context | None = None) -> Iterator[None]:
    """Ends the command when it is interrupted; a run that it has begun goes on when the same files are given again.

    Without a context: before the command was called.
    """
    try:
        yield
    except KeyboardInterrupt:
        from services.cli import telling  # noqa: PLC0415 - the catalogue takes longer than --help has
        from services.errors import PrewarnError  # noqa: PLC0415
        from services.i18n import say  # noqa: PLC0415

        run: Run | None = None if context is None else context.meta.get(_RUN)
        begun = 0 if run is None else run.id
        known = say("cli.import_interrupted", run=begun) if begun else say("cli.import_interrupted_at_once")
        telling.tell_error(PrewarnError(known))
        raise typer.Exit(INTERRUPTED) from None
