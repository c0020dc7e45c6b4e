"""`prewarn ingest`, `prewarn rejected`, `prewarn import`: files in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich import get_console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.app.embedded import Embedded
from services.app.replay import run_import
from services.cli import telling
from services.errors import RuleError
from services.ingest.connectors import nyc, oulad
from services.ingest.connectors.sheet import Imported
from services.ingest.files import ingest_files
from services.ingest.rejected import retry
from services.ingest.table import TableOptions
from services.messages import Problem, Rejection
from services.settings import Settings

rejected = typer.Typer(no_args_is_help=True, help="What was refused, and why. 被拒收的数据及原因")
imports = typer.Typer(no_args_is_help=True, help="Real data sets, replayed. 真实数据集回放")
_SHOWN = 20


def progress_bar() -> Progress:
    """A bar on a terminal, nothing elsewhere."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        transient=True, disable=not get_console().is_terminal,
    )  # fmt: skip


def _evaluates(embedded: Embedded) -> bool:
    """Whether this process evaluates what it takes in; rules with errors keep nobody from handing in."""
    try:
        return embedded.try_evaluating()
    except RuleError as error:
        telling.tell_error(error)
        typer.echo(
            "the events are kept; they are evaluated once the rules are mended 事件已保存，规则修正后即判断", err=True
        )
        return False


def _place(rejection: Rejection, reason: Problem) -> str:
    """File and row, unless the reason says the row itself."""
    own = reason.where.startswith(rejection.position)
    return f"{rejection.origin} " if own else f"{rejection.origin} {rejection.position}: "


def ingest(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, help="NDJSON or CSV, gzip'd or not. NDJSON 或 CSV，可为 gzip"),
    ],
    kind: Annotated[str | None, typer.Option(help="Event kind of CSV rows. CSV 行的事件类型")] = None,
    source: Annotated[str | None, typer.Option(help="Source of CSV rows. CSV 行的数据来源")] = None,
) -> None:
    """Take files of events in. Good rows go on, bad ones are kept with their reasons. 导入事件文件"""
    settings: Settings = context.obj
    with Embedded(settings) as embedded:
        evaluating = _evaluates(embedded)
        options = TableOptions(kind=kind, source=source)
        total = sum(path.stat().st_size for path in files if path.exists())
        with progress_bar() as bar:
            task = bar.add_task("bytes", total=total)
            summary = ingest_files(files, embedded.intake, lambda n: bar.advance(task, n), options)
        for rejection in summary.rejections[:_SHOWN]:
            for reason in rejection.reasons:
                telling.tell(reason, _place(rejection, reason), err=True)
        if summary.rejected > _SHOWN:
            typer.echo(f"… and {summary.rejected - _SHOWN} more 条未列出: prewarn rejected list", err=True)
        typer.echo(
            f"accepted 接收 {summary.accepted}, duplicate 重复 {summary.duplicate}, rejected 拒收 {summary.rejected}"
        )
        if evaluating:
            embedded.catch_up()
    raise typer.Exit(1 if summary.rejected else 0)


@rejected.command("list")
def list_(context: typer.Context) -> None:
    """What waits. 列出"""
    with Embedded(context.obj) as embedded:
        for number, rejection in embedded.journal.list():
            reasons = "; ".join(str(reason) for reason in rejection.reasons)
            typer.echo(
                f"{number}  {rejection.received_at:%Y-%m-%d %H:%M}  {rejection.origin} {rejection.position}: {reasons}"
            )


@rejected.command()
def show(context: typer.Context, number: int) -> None:
    """One reject, with its bytes. 显示一条及其原始字节"""
    with Embedded(context.obj) as embedded:
        rejection = embedded.journal.get(number)
        if rejection is None:
            typer.echo(f"no reject has number {number} 没有此编号; see prewarn rejected list", err=True)
            raise typer.Exit(1)
        typer.echo(f"{rejection.origin} {rejection.position}, {rejection.received_at.isoformat()}")
        for reason in rejection.reasons:
            telling.tell(reason, "  ")
        typer.echo(rejection.raw)


@rejected.command("retry")
def retry_(context: typer.Context, numbers: Annotated[list[int] | None, typer.Argument()] = None) -> None:
    """Try again, after the directory or a schema was mended. 重新导入"""
    with Embedded(context.obj) as embedded:
        evaluating = _evaluates(embedded)
        result = retry(embedded.journal, embedded.intake, numbers or None)
        for number, reasons in result.failed.items():
            typer.echo(f"{number}: " + "; ".join(str(reason) for reason in reasons), err=True)
        typer.echo(f"accepted 接收 {len(result.passed)}, still rejected 仍拒收 {len(result.failed)}")
        if evaluating:
            embedded.catch_up()
    raise typer.Exit(1 if result.failed else 0)


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


@imports.command("nyc")
def nyc_(context: typer.Context, file: Path, push: Annotated[str | None, _PUSH] = None) -> None:
    """New York City's daily attendance. 纽约市每日到校率"""
    _run(context, nyc(file), file, push)


@imports.command("oulad")
def oulad_(context: typer.Context, folder: Path, push: Annotated[str | None, _PUSH] = None) -> None:
    """Open University Learning Analytics Dataset. 英国开放大学学习分析数据集"""
    _run(context, oulad(folder), folder, push)
