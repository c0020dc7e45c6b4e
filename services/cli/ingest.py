"""`prewarn ingest`: files of events in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

import typer

from services.app.embedded import Embedded
from services.cli import telling
from services.cli.progress import progress_bar
from services.clock import wall_clock
from services.errors import ConfigurationError, RuleError
from services.i18n import say
from services.ingest.files import Summary, ingest_files
from services.ingest.intake import UNHEARD, Intake
from services.ingest.moments import read_moment, write_moment
from services.ingest.records.coverage import EXAMPLES, Coverage
from services.ingest.table import TableOptions
from services.log.kafka import REJECTED
from services.messages import Problem, Rejection
from services.settings import Settings

_SHOWN = 20


class Given(NamedTuple):
    """What the command was called with."""

    files: list[Path]
    options: TableOptions
    covers: str | None
    exported: datetime
    past: bool = False


class WayIn(Protocol):
    """Of one process, or of the cluster."""

    @property
    def intake(self) -> Intake:
        """Takes events."""

    def coverage(self, text: str) -> Coverage:
        """What files cover. Raises ConfigurationError."""

    def retract_uncovered(self, coverage: Coverage, recorded_at: datetime) -> int:
        """See `RecordLog.retract_uncovered`."""


def evaluates(embedded: Embedded) -> bool:
    """Whether this process evaluates what it takes in; rules with errors keep nobody from handing in."""
    try:
        return embedded.try_evaluating()
    except RuleError as error:
        telling.tell_error(error)
        typer.echo(
            "the events are kept; they are evaluated once the rules are mended 事件已保存，规则修正后即判断", err=True
        )
        return False


def _moment(text: str) -> datetime:
    """The instant of an option. Raises ConfigurationError."""
    found = read_moment(text)
    if found is None:
        raise ConfigurationError(say("ingest.not_moment_of_export", text=text))
    if found > wall_clock():
        raise ConfigurationError(say("ingest.exported_in_the_future", text=text))
    return found


def _place(rejection: Rejection, reason: Problem) -> str:
    """File and row, unless the reason says the row itself."""
    own = reason.where.startswith(rejection.position)
    return f"{rejection.origin} " if own else f"{rejection.origin} {rejection.position}: "


def _take_back(way_in: WayIn, coverage: Coverage, exported: datetime) -> None:
    """What was refused may be among what is missing: nothing is taken back on a guess."""
    if coverage.unsure:
        telling.tell(Problem(where="--covers", what=say("ingest.nothing_is_taken_back")), err=True)
        return
    typer.echo(f"retracted 撤回 {way_in.retract_uncovered(coverage, exported)}")
    if coverage.spared:
        places = [*sorted(coverage.spared)[:_SHOWN], *["…"] * (len(coverage.spared) > _SHOWN)]
        what = say("ingest.not_taken_back_of", places=", ".join(places))
        telling.tell(Problem(where="--covers", what=what), err=True)


def ingest(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, help="NDJSON or CSV, gzip'd or not. NDJSON 或 CSV，可为 gzip"),
    ],
    kind: Annotated[str | None, typer.Option(help="Event kind of CSV rows. CSV 行的事件类型")] = None,
    source: Annotated[str | None, typer.Option(help="Source of CSV rows. CSV 行的数据来源")] = None,
    exported_at: Annotated[
        str | None, typer.Option(help="When the files were exported, RFC 3339 with zone. 文件的导出时间，含时区")
    ] = None,
    covers: Annotated[
        str | None,
        typer.Option(
            help=f"What the files say all of, such as {EXAMPLES}: what they no longer say is taken back. "
            "文件完整包含的范围；其中不再出现的记录将撤回"
        ),
    ] = None,
    past: Annotated[
        bool,
        typer.Option(help="They are history: what follows is shown, nobody is told. 历史数据：只显示，不通知任何人"),
    ] = False,
) -> None:
    """Take files of events in. Good rows go on, bad ones are kept with their reasons. 导入事件文件"""
    settings: Settings = context.obj
    exported = _moment(exported_at) if exported_at else wall_clock()
    recorded = None if exported_at is None else write_moment(exported)
    given = Given(files, TableOptions(kind=kind, source=source, recorded_at=recorded), covers, exported, past)
    if settings.brokers:
        from services.app.cluster.ingest import Ingest  # noqa: PLC0415 - kafka costs the others 0.1 s

        with Ingest(settings) as cluster:
            cluster.records.review()
            summary = take(cluster, given, f"{settings.topic_prefix}{REJECTED}")
    else:
        with Embedded(settings) as embedded:
            evaluating = evaluates(embedded)
            summary = take(embedded, given, "prewarn rejected list")
            if evaluating:
                embedded.catch_up()
    raise typer.Exit(1 if summary.rejected else 0)


def take(way_in: WayIn, given: Given, kept: str) -> Summary:
    """Takes the files in and says what became of them; `kept`: where all that was refused can be read."""
    coverage = way_in.coverage(given.covers) if given.covers else None
    total = sum(path.stat().st_size for path in given.files if path.exists())
    intake = way_in.intake.of_the_past() if given.past else way_in.intake
    with progress_bar() as bar:
        task = bar.add_task("bytes", total=total)
        summary = ingest_files(given.files, intake, lambda n: bar.advance(task, n), given.options, coverage or UNHEARD)
    for rejection in summary.rejections[:_SHOWN]:
        for reason in rejection.reasons:
            telling.tell(reason, _place(rejection, reason), err=True)
    if summary.rejected > _SHOWN:
        typer.echo(f"… and {summary.rejected - _SHOWN} more 条未列出: {kept}", err=True)
    typer.echo(
        f"accepted 接收 {summary.accepted}, duplicate 重复 {summary.duplicate}, rejected 拒收 {summary.rejected}"
    )
    if coverage is not None:
        _take_back(way_in, coverage, given.exported)
    return summary
