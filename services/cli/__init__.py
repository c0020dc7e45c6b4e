"""The `prewarn` command: every sub-command is a thin call into a service."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from services import __version__
from services.cli import (
    backtest,
    channels,
    cluster,
    data,
    explain,
    people,
    publish,
    report,
    retention,
    rules,
    run,
    silences,
    telling,
)
from services.cli.home import asks, college, college_to_check
from services.errors import PrewarnError
from services.settings import read_settings

app = typer.Typer(
    name="prewarn", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Events in, thresholds applied, the accountable person warned. 校园预警：事件进，阈值判，责任人知。",
)  # fmt: skip
app.command("run")(run.run)
app.command("demo")(run.demo)
app.command("ingest")(data.ingest)
app.command("warnings")(asks(people.warnings))
app.command("backtest")(backtest.run)
app.command("why")(asks(explain.why))
rules.app.command("explain")(explain.explain)
rules.app.command("copy")(publish.copy)
rules.app.command("publish")(publish.publish)
rules.app.command("roll-back")(publish.roll_back)
rules.app.command("editions")(asks(publish.editions))
app.add_typer(data.rejected, name="rejected", callback=college)
app.add_typer(data.imports, name="import")
app.add_typer(people.directory, name="directory", callback=college_to_check)
app.add_typer(rules.app, name="rules")
app.add_typer(explain.standards, name="standards", callback=college)
app.add_typer(channels.channels, name="channels")
app.add_typer(silences.app, name="silences", callback=college)
app.add_typer(report.app, name="report", callback=college)
app.add_typer(retention.app, name="retention", callback=college)
app.add_typer(cluster.topics, name="topics")


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
    context.obj = read_settings(home)


def main() -> None:
    """Entry point: errors of people are told as sentences, without a traceback; exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of it is raised as one sentence
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        app()
    except PrewarnError as error:
        telling.tell_error(error)
        sys.exit(1)
