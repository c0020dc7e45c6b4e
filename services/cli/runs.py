"""`prewarn ingest runs` and `prewarn ingest undo`: what was imported, and how it is taken back."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from services.app.embedded import Embedded
from services.cli import telling
from services.cli.ingest import PATIENCE, evaluates
from services.cli.run_outcome import counts_of, tell_late
from services.clock import wall_clock
from services.i18n import say
from services.ingest.records.runs import Undone, state_of
from services.log.records import Run
from services.messages import Problem, from_ms, to_ms
from services.settings import Settings

_STATES = {"running": "进行中", "interrupted": "中断", "done": "完成", "undoing": "撤销中断", "undone": "已撤销"}


def list_(context: typer.Context) -> None:
    """Every import, and what it brought. 全部导入批次"""
    settings: Settings = context.obj
    if settings.brokers:
        from services.app.cluster.ingest import Ingest  # noqa: PLC0415 - kafka costs the others 0.1 s

        with Ingest(settings) as cluster:
            _show(cluster.records.runs(), cluster.zone)
    else:
        with Embedded(settings) as embedded:
            _show(embedded.records.runs(), ZoneInfo(embedded.files.zone))


def _show(runs: list[Run], zone: ZoneInfo) -> None:
    now = to_ms(wall_clock())
    for run in runs:
        state, begun = state_of(run, now), from_ms(run.begun).astimezone(zone)
        typer.echo(f"{run.id}  {begun:%Y-%m-%d %H:%M}  {state} {_STATES[state]}  {', '.join(run.files)}")
        how = [f"source 来源 {', '.join(run.sources) or '-'}"]
        how += [f"mapping 映射 {run.mapping}"] if run.mapping else []
        typer.echo(f"    {'; '.join(how)}")
        typer.echo(f"    {counts_of(run)}")


def undo(
    context: typer.Context,
    run: Annotated[
        int, typer.Argument(metavar="RUN", help="Its number in prewarn ingest runs. prewarn ingest runs 中的编号")
    ],
) -> None:
    """Take back what a run brought; what others have said of it stands. 撤销一个导入批次"""
    settings: Settings = context.obj
    if settings.brokers:
        from services.app.cluster.ingest import Ingest  # noqa: PLC0415 - kafka costs the others 0.1 s

        with Ingest(settings) as cluster:
            cluster.records.review()
            _tell(run, cluster.records.undo(run))
        return
    with Embedded(settings) as embedded:
        evaluating, lateness = evaluates(embedded), embedded.lateness(PATIENCE)
        _tell(run, embedded.records.undo(run))
        if evaluating:
            embedded.put_in_order()
            embedded.catch_up()
        tell_late(lateness)


def _tell(run: int, undone: Undone) -> None:
    typer.echo(
        f"run 批次 {run} undone 已撤销: taken back 撤回 {undone.taken_back}, given back 恢复 {undone.given_back}, "
        f"standing 保留 {undone.standing}"
    )
    if undone.standing:
        telling.tell(Problem(where=f"standing 保留 {undone.standing}", what=say("ingest.stands_after_undo")))
