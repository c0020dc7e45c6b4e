"""Ctrl-C in the middle of an import: what is in stays, and one line says how to go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from services.cli import telling
from services.errors import PrewarnError
from services.i18n import say
from services.log.records import Run

INTERRUPTED = 130
"""The exit code: 128 and the number of SIGINT."""


@contextmanager
def going_on_later(run: Run) -> Iterator[None]:
    """Ends the command when it is interrupted; the run goes on when the same files are given again."""
    try:
        yield
    except KeyboardInterrupt:
        known = say("cli.import_interrupted", run=run.id) if run.id else say("cli.import_interrupted_at_once")
        telling.tell_error(PrewarnError(known))
        raise typer.Exit(INTERRUPTED) from None
