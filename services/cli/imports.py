"""`prewarn import`: data sets whose time is past."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.app.replay import run_import
from services.cli import telling
from services.cli.progress import progress_bar
from services.ingest.connectors import nyc, oulad
from services.ingest.connectors.imported import Imported
from services.settings import Settings

_SHOWN = 20


def _run(context: typer.Context, imported: Imported, path: Path, push: str | None) -> None:
    settings: Settings = context.obj
    with progress_bar() as bar:
        task = bar.add_task(f"events of {imported.rows:,} rows", total=None)
        result = run_import(settings, imported, path, push, lambda count: bar.advance(task, count))
    for problem in imported.problems[:_SHOWN]:
        telling.tell(problem, err=True)
    typer.echo(
        f"{imported.rows:,} rows 行, {result.events:,} events 事件, {result.warnings:,} warnings 预警, "
        f"{result.seconds:.1f} s ({imported.rows / result.seconds:,.0f} rows/s)"
    )
    raise typer.Exit(1 if imported.problems else 0)


_PUSH = typer.Option(help="Send the warnings to this Apprise URL. 把预警推送到此地址")


def nyc_(context: typer.Context, file: Path, push: Annotated[str | None, _PUSH] = None) -> None:
    """New York City's daily attendance. 纽约市每日到校率"""
    _run(context, nyc(file), file, push)


def oulad_(context: typer.Context, folder: Path, push: Annotated[str | None, _PUSH] = None) -> None:
    """Open University Learning Analytics Dataset. 英国开放大学学习分析数据集"""
    _run(context, oulad(folder), folder, push)
