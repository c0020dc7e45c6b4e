"""What is wrong, on the terminal: a line in English and one in Chinese below it."""

from __future__ import annotations

import sqlite3

import typer

from services.errors import PrewarnError, ProblemsError
from services.i18n import in_chinese, problem_in_chinese, say
from services.messages import Message, Problem


def tell(problem: Problem, before: str = "", *, err: bool = False) -> None:
    """A line in English, `before` in front of it, and one in Chinese without the place."""
    typer.echo(f"{before}{problem}", err=err)
    chinese = problem_in_chinese(problem)
    if chinese is not None:
        typer.echo(f"    {chinese}", err=err)


def tell_past(url: str) -> None:
    """Where the pages at `url` show what is open of history, of which nobody is told."""
    tell(Problem(where="past 历史", what=say("ingest.open_now_stands", url=f"{url}/reports/open")))


def of_system(error: OSError | sqlite3.Error) -> PrewarnError:
    """What the machine refuses: a file that is none or may not be read, a disk that is full, a damaged database."""
    if isinstance(error, OSError):
        path, reason = error.filename or type(error).__name__, error.strerror or error
        return PrewarnError(say("cli.not_done", path=path, reason=reason))
    return PrewarnError(say("cli.database_refuses", error=error))


def tell_error(error: PrewarnError) -> None:
    """All that is wrong, on stderr."""
    if isinstance(error, ProblemsError):
        for problem in error.problems:
            tell(problem, err=True)
        return
    for sentence in error.sentences:
        typer.echo(str(sentence), err=True)
        if isinstance(sentence, Message):
            typer.echo(f"    {in_chinese(sentence)}", err=True)
