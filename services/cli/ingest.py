"""`prewarn ingest`: files of events in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from services.app.embedded import Embedded
from services.cli import mapped, telling
from services.cli.interrupted import at_work
from services.cli.progress import progress_bar
from services.cli.run_outcome import tell_late, tell_run
from services.clock import wall_clock
from services.errors import ConfigurationError, ProblemsError, RuleError
from services.i18n import say
from services.ingest.files import BATCH, Summary, ingest_files
from services.ingest.intake import UNHEARD, Intake
from services.ingest.mappings.language import Known
from services.ingest.mappings.reading import College
from services.ingest.moments import read_moment, write_moment
from services.ingest.records.coverage import EXAMPLES, Coverage
from services.ingest.records.log import RecordLog
from services.ingest.records.runs import RunLog, run_of
from services.ingest.table import TableOptions
from services.log.kafka import REJECTED
from services.messages import Problem, Rejection
from services.rules.registry.files import FileRegistry
from services.settings import Settings

_SHOWN = 20
_ALONE = 30_000
"""Rows of one commit where no other process writes: about 2 KB of memory each."""
PATIENCE = 3.0
"""Seconds in which the process that evaluates may say what was late …"""
_CLUSTER_PATIENCE = 15.0
"""… and a cluster."""


class Given(NamedTuple):
    """What the command was called with."""

    files: list[Path]
    options: TableOptions
    covers: str | None
    exported: datetime
    past: bool = False
    mapping: Known | None = None
    dry_run: bool = False
    at_once: int = BATCH


class WayIn(Protocol):
    """Of one process, or of the cluster."""

    @property
    def intake(self) -> Intake:
        """What takes events in."""

    def dry_intake(self) -> Intake:
        """Checks all that a real one checks, and takes nothing in."""

    def college(self) -> College:
        """What a mapping reads files by."""

    def coverage(self, text: str) -> Coverage:
        """What files cover. Raises ConfigurationError."""

    @property
    def records(self) -> RecordLog:
        """What the intake writes to."""


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


def _zone(settings: Settings, name: str) -> ZoneInfo:
    """The zone of an option. Raises ConfigurationError."""
    if name == "college":
        return FileRegistry(settings).zone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(say("cli.no_such_zone", name=name)) from None


def _place(rejection: Rejection, reason: Problem) -> str:
    """File and row, unless the reason says the row itself."""
    own = reason.where.startswith(rejection.position)
    return f"{rejection.origin} " if own else f"{rejection.origin} {rejection.position}: "


def _take_back(run: RunLog, coverage: Coverage, exported: datetime) -> None:
    """What was refused may be among what is missing: nothing is taken back on a guess."""
    if coverage.unsure:
        telling.tell(Problem(where="--covers", what=say("ingest.nothing_is_taken_back")), err=True)
        return
    typer.echo(f"retracted 撤回 {run.retract_uncovered(coverage, exported)}")
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
        typer.Option("--dry-run", help="Only show what would become of them. 只显示结果，不导入"),
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
    """Take files of events in. Good rows go on, bad ones are kept with their reasons. 导入事件文件

    What was taken in is a run: `prewarn ingest runs` lists them, `prewarn ingest undo RUN` takes one back.
    每次导入为一个批次：用 prewarn ingest runs 列出，用 prewarn ingest undo 批次 撤销
    """
    settings: Settings = context.obj
    exported = _moment(exported_at) if exported_at else wall_clock()
    recorded = None if exported_at is None else write_moment(exported)
    zone = _zone(settings, time_zone) if time_zone else None
    options = TableOptions(kind=kind, source=source, recorded_at=recorded, time_zone=zone)
    known = mapped.named(settings, mapping) if mapping else None
    if known is None:
        mapped.refuse_workbooks(settings, files)
    given = Given(files, options, covers, exported, past, known, dry_run)
    how = (kind, source, time_zone, exported_at, covers, past)
    run = run_of(files, how, known.mapping.name if known is not None else "", wall_clock())
    at_work(context, run)
    if settings.brokers:
        from services.app.cluster.ingest import Ingest  # noqa: PLC0415 - kafka costs the others 0.1 s

        with Ingest(settings) as cluster:
            cluster.records.review()
            cluster.late.start(_CLUSTER_PATIENCE)
            importing, behind = RunLog(cluster.records, run), cluster.lateness(_CLUSTER_PATIENCE)
            summary = take(cluster, importing, given, f"{settings.topic_prefix}{REJECTED}")
            if run.id:
                importing.done(tell_late(behind))
    else:
        with Embedded(settings) as embedded:
            evaluating, lateness = evaluates(embedded), embedded.lateness(PATIENCE)
            importing = RunLog(embedded.records, run)
            given = given._replace(at_once=_ALONE) if evaluating else given
            summary = take(embedded, importing, given, "prewarn rejected list")
            if evaluating:
                embedded.put_in_order()
                embedded.catch_up()
            late = tell_late(lateness)
            if run.id:
                importing.done(late)
    if past and summary.accepted and not given.dry_run:
        telling.tell_past(settings.public_url)
    if run.id:
        tell_run(run)
    if known is None and summary.reasons.keys() & {"unknown_column", "missing_column"}:
        mapped.hint(settings, files)
    raise typer.Exit(1 if summary.rejected else 0)


def _take_mapped(way_in: WayIn, run: RunLog, given: Given, known: Known, kept: str) -> Summary:
    """All files together; each says itself when it was made and what it covers."""
    summary, taken, misfit = Summary(), list[mapped.Taken](), None
    try:
        mapped.take_in(way_in, _intake(way_in, run, given), known, given.files, given.covers, given.at_once, taken)
    except ProblemsError as error:
        misfit = error
    for one in taken:
        typer.echo(f"{one.path.name}:")
        _tell(one.summary, kept)
        mapped.merge(summary, one.summary)
    for path, coverage, made in mapped.covered(taken):
        if len(taken) > 1:
            typer.echo(f"{path.name}:")
        _take_back(run, coverage, made)
    if misfit is not None:
        raise misfit
    return summary


def _intake(way_in: WayIn, run: RunLog, given: Given) -> Intake:
    intake = way_in.intake.into(run, run.begun)
    return intake.of_the_past() if given.past else intake


def take(way_in: WayIn, run: RunLog, given: Given, kept: str) -> Summary:
    """Takes the files in as a run and says what became of them; `kept`: where all that was refused can be read."""
    if given.dry_run:
        summary = _dry_run(way_in, given)
        _tell(summary, kept)
        telling.tell(Problem(where="--dry-run", what=say("ingest.nothing_was_taken_in")))
        return summary
    if given.mapping is not None:
        summary = _take_mapped(way_in, run, given, given.mapping, kept)
    else:
        summary = _take_ours(way_in, run, given, kept)
    run.done()
    return summary


def _dry_run(way_in: WayIn, given: Given) -> Summary:
    if given.mapping is not None:
        return mapped.dry_run(way_in, given.mapping, given.files)
    tally = mapped.Tally()
    summary = ingest_files(given.files, way_in.dry_intake(), options=given.options, note=tally)
    tally.show()
    return summary


def _take_ours(way_in: WayIn, run: RunLog, given: Given, kept: str) -> Summary:
    coverage = way_in.coverage(given.covers) if given.covers else None
    total = sum(path.stat().st_size for path in given.files if path.exists())
    intake = _intake(way_in, run, given)
    with progress_bar() as bar:
        task = bar.add_task("bytes", total=total)
        told, note = (lambda n: bar.advance(task, n)), coverage or UNHEARD
        summary = ingest_files(given.files, intake, told, given.options, note, given.at_once)
    _tell(summary, kept)
    if coverage is not None:
        _take_back(run, coverage, given.exported)
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
