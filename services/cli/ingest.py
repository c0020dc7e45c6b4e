"""`prewarn ingest`: files of events in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from services.app.embedded import Embedded
from services.app.lateness import LatenessBehind
from services.cli import mapped, telling
from services.cli.progress import progress_bar
from services.clock import wall_clock
from services.errors import ConfigurationError, RuleError
from services.i18n import say
from services.ingest.files import Summary, ingest_files
from services.ingest.intake import UNHEARD, Intake
from services.ingest.mappings.language import Known
from services.ingest.mappings.reading import College
from services.ingest.moments import read_moment, write_moment
from services.ingest.records.coverage import EXAMPLES, Coverage
from services.ingest.table import TableOptions
from services.log.kafka import REJECTED
from services.messages import Problem, Rejection
from services.rules.registry.files import FileRegistry
from services.settings import Settings

_SHOWN = 20
PATIENCE = 3.0
"""Seconds in which the process that evaluates may say what was late."""


class Given(NamedTuple):
    """What the command was called with."""

    files: list[Path]
    options: TableOptions
    covers: str | None
    exported: datetime
    past: bool = False
    mapping: Known | None = None
    dry_run: bool = False


class WayIn(Protocol):
    """Of one process, or of the cluster."""

    @property
    def intake(self) -> Intake:
        """Takes events."""

    def dry_intake(self) -> Intake:
        """Takes nothing in."""

    def college(self) -> College:
        """What a mapping reads files by."""

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


def tell_late(lateness: LatenessBehind) -> None:
    """What was taken in and is about a time that the rules do not hold any more, if that is known."""
    if late := lateness.count():
        telling.tell(Problem(where=f"late 迟到 {late}", what=say("ingest.put_aside_as_late")))


def _moment(text: str) -> datetime:
    """The instant of an option. Raises ConfigurationError."""
    found = read_moment(text)
    if found is None:
        raise ConfigurationError(say("ingest.not_moment_of_export", text=text))
    if found > wall_clock():
        raise ConfigurationError(say("ingest.exported_in_the_future", text=text))
    return found


def _zone(settings: Settings, name: str) -> ZoneInfo:
    """The zone of an option. Raises ConfigurationError."""
    if name == "college":
        return FileRegistry(settings).current().zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(say("cli.no_such_zone", name=name)) from None


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
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="NDJSON or CSV, gzip'd or not; with --mapping, tables of other systems. "
            "NDJSON 或 CSV，可为 gzip；用 --mapping 时为其他系统导出的表",
        ),
    ],
    mapping: Annotated[
        str | None,
        typer.Option(help="How the files of another system are read: a name, or a YAML file. 映射：名称或 YAML 文件"),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="With --mapping: only show what would become of them. 只显示结果，不导入"),
    ] = False,
    kind: Annotated[str | None, typer.Option(help="Event kind of CSV rows. CSV 行的事件类型")] = None,
    source: Annotated[str | None, typer.Option(help="Source of CSV rows. CSV 行的数据来源")] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            help="Zone of times that are written without one: Asia/Shanghai, or `college` for that of the calendar. "
            "未写时区的时间所属时区；college 为校历的时区"
        ),
    ] = None,
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
    zone = _zone(settings, time_zone) if time_zone else None
    options = TableOptions(kind=kind, source=source, recorded_at=recorded, time_zone=zone)
    known = mapped.named(settings, mapping) if mapping else None
    if known is None:
        mapped.refuse_workbooks(settings, files)
    given = Given(files, options, covers, exported, past, known, dry_run and known is not None)
    if settings.brokers:
        from services.app.cluster.ingest import Ingest  # noqa: PLC0415 - kafka costs the others 0.1 s

        with Ingest(settings) as cluster:
            cluster.records.review()
            summary = take(cluster, given, f"{settings.topic_prefix}{REJECTED}")
    else:
        with Embedded(settings) as embedded:
            evaluating, lateness = evaluates(embedded), embedded.lateness(PATIENCE)
            summary = take(embedded, given, "prewarn rejected list")
            if evaluating:
                embedded.put_in_order()
                embedded.catch_up()
            tell_late(lateness)
    if past and summary.accepted and not given.dry_run:
        telling.tell(
            Problem(where="past 历史", what=say("ingest.open_now_stands", url=f"{settings.public_url}/reports/open"))
        )
    if known is None and summary.reasons.keys() & {"unknown_column", "missing_column"}:
        mapped.hint(settings, files)
    raise typer.Exit(1 if summary.rejected else 0)


def _take_mapped(way_in: WayIn, given: Given, known: Known, kept: str) -> Summary:
    """File by file, since each says itself when it was made and what it covers."""
    if given.dry_run:
        summary = mapped.dry_run(way_in, known, given.files)
        _tell(summary, kept)
        return summary
    summary = Summary()
    for path in given.files:
        found, coverage, made = mapped.take_in(way_in, known, path, given.covers, past=given.past)
        typer.echo(f"{path.name}:")
        _tell(found, kept)
        if coverage is not None:
            _take_back(way_in, coverage, made or given.exported)
        mapped.merge(summary, found)
    return summary


def take(way_in: WayIn, given: Given, kept: str) -> Summary:
    """Takes the files in and says what became of them; `kept`: where all that was refused can be read."""
    if given.mapping is not None:
        return _take_mapped(way_in, given, given.mapping, kept)
    coverage = way_in.coverage(given.covers) if given.covers else None
    total = sum(path.stat().st_size for path in given.files if path.exists())
    intake = way_in.intake.of_the_past() if given.past else way_in.intake
    with progress_bar() as bar:
        task = bar.add_task("bytes", total=total)
        summary = ingest_files(given.files, intake, lambda n: bar.advance(task, n), given.options, coverage or UNHEARD)
    _tell(summary, kept)
    if coverage is not None:
        _take_back(way_in, coverage, given.exported)
    return summary


def _tell(summary: Summary, kept: str) -> None:
    for rejection in summary.rejections[:_SHOWN]:
        for reason in rejection.reasons:
            telling.tell(reason, _place(rejection, reason), err=True)
    if summary.rejected > _SHOWN:
        typer.echo(f"… and {summary.rejected - _SHOWN} more 条未列出: {kept}", err=True)
    typer.echo(
        f"accepted 接收 {summary.accepted}, duplicate 重复 {summary.duplicate}, rejected 拒收 {summary.rejected}"
    )
