"""The `prewarn` command: every sub-command is a thin call into a service, imported when it is called."""

from __future__ import annotations

import gc
import logging
import os
import sqlite3
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from services import __version__
from services.app.private import UMASK, keep_private
from services.cli.commands import COMMANDS
from services.cli.lazy import lazy_commands
from services.cli.repeated import Repeated
from services.cli.terminal import guard
from services.errors import ConfigurationError, PrewarnError, SettingError


class _Commands(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands.update(lazy_commands(COMMANDS))


app = typer.Typer(
    name="prewarn",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its colours are control characters, too
    help="Events in, thresholds applied, the accountable person warned. 校园预警：事件进，阈值判，责任人知。",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"prewarn {__version__}")
        raise typer.Exit


@app.callback()
def _settings(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Folder of the embedded mode (PREWARN_HOME). 单机模式的数据文件夹")
    ] = None,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    from services.settings import read_settings, unknown_names  # noqa: PLC0415 - pydantic takes longer than --help has

    settings = context.obj = read_settings(home)
    if strange := unknown_names(os.environ):
        from services.cli import telling  # noqa: PLC0415 - as in main

        telling.tell_error(ConfigurationError(*strange))
    keep_private(settings.home)
    context.call_on_close(partial(keep_private, settings.home))  # what root has created is its owner's, too


def main() -> None:
    """Entry point: errors of people are told as sentences, without a traceback; exit code 1, of a wrong setting 78."""
    # State, as modules, is small objects that live long and hold no cycles: collecting as often as Python would
    # doubles the cost of an event (docs/performance.md) and slows every start.
    gc.set_threshold(100_000, 20, 100)
    os.umask(UMASK)
    guard()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Repeated())
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of it is raised as one sentence
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        app()
    except (PrewarnError, OSError, sqlite3.Error) as error:
        from services.cli import telling  # noqa: PLC0415 - only errors need the catalogue
        from services.log.heartbeat import REFUSED  # noqa: PLC0415

        telling.tell_error(error if isinstance(error, PrewarnError) else telling.of_system(error))
        sys.exit(REFUSED if isinstance(error, SettingError) else 1)
