"""`prewarn timetable`: the lessons of a term from the files of its plan, and those of a class in a week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer

from services.app.embedded import Embedded
from services.cli import mapped, telling
from services.cli.ingest import WayIn, evaluates
from services.cli.interrupted import at_work
from services.cli.run_outcome import tell_run
from services.clock import wall_clock
from services.directory import Directory
from services.errors import ConfigurationError, ProblemsError
from services.i18n import say
from services.ingest.files import BATCH, Summary
from services.ingest.intake import Placed
from services.ingest.mappings.catalog import fitting, known_mappings
from services.ingest.mappings.known import Known, rows_of
from services.ingest.mappings.language import Known as KnownMapping
from services.ingest.mappings.reading import College, MappedFile, is_plan, open_mapped
from services.ingest.mappings.tables import Found, find_tables
from services.ingest.mappings.targets import TIMETABLE
from services.ingest.records.runs import RunLog, run_of
from services.ingest.timetable.grid import is_grid
from services.ingest.timetable.lessons import events
from services.ingest.timetable.model import Term
from services.ingest.timetable.reading import is_part, read
from services.log.records import Said
from services.messages import Problem, from_ms, nearest, to_ms
from services.rules.engine.calendar import Calendar
from services.settings import Settings
from services.tabular.sheets import Sheet, read_sheets

_SHOWN = 20
_BEFORE = timedelta(days=30)
_WEEKDAYS = "一二三四五六日"


class OfTimetable(NamedTuple):
    """Where the lessons go, and by what they are read."""

    way_in: WayIn
    zone: ZoneInfo
    directory: Directory
    times: Calendar


@contextmanager
def _place(settings: Settings, *, evaluate: bool) -> Iterator[OfTimetable]:
    """The home, or the cluster. `evaluate`: in a home, what was taken in, if no other process does."""
    if settings.brokers:
        from services.app.cluster.ingest import Ingest  # noqa: PLC0415 - kafka costs the others 0.1 s

        with Ingest(settings) as cluster:
            cluster.records.review()
            yield OfTimetable(cluster, cluster.zone, cluster.bounds.present_directory(), cluster.bounds.times())
        return
    with Embedded(settings) as embedded:
        evaluating = evaluate and evaluates(embedded)
        files = embedded.files
        yield OfTimetable(embedded, ZoneInfo(files.zone), files.present_directory(), files.rule_set().plan.times)
        if evaluating:
            embedded.catch_up()


def import_(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="All of them: plans, tasks, calendar, section times, changes. 课表、教学任务、校历与作息、调停课",
        ),
    ],
    mapping: Annotated[
        list[str] | None,
        typer.Option(help="How lists of other systems are read: names, or YAML files. 映射：名称或 YAML 文件"),
    ] = None,
    source: Annotated[str, typer.Option(help="Source of the lessons. 课次的数据来源")] = "timetable",
    on: Annotated[str | None, typer.Option(help="A day of the term, else today. 学期中的一天，默认今天")] = None,
    past: Annotated[
        bool,
        typer.Option(
            help="Nobody is told of lessons that are over, such as of a missing roll-call. 已上完的课次：只显示，不通知"
        ),
    ] = False,
) -> None:
    """Publish the lessons of a term; of a term that was published before, what is another one now. 导入课表"""
    settings: Settings = context.obj
    now = wall_clock()
    problems: list[Problem] = []
    with _place(settings, evaluate=True) as place:
        zone, way_in = place.zone, place.way_in
        term = _term(place.times, _day(on, now, zone))
        tables = rows_of(place.directory.tables)
        sheets, lists = _opened(settings, files, mapping or [], way_in.college(), problems)
        found = read(sheets, term, Known(tables), problems, lists)
        # The same in every import of the term, so that nothing changes by being said again.
        published = min(now, datetime.combine(term.first, datetime.min.time(), zone) - _BEFORE)
        made = events(found.standing.values(), found.bells, published, zone, source, problems)
        if not made:
            problems.append(Problem(where=", ".join(path.name for path in files), what=say("cli.no_lessons")))
        if problems:  # a lesson that could not be read would be taken back as one that is no more
            raise ProblemsError(problems)
        how = (term.first, term.last, source, mapping)
        run = RunLog(way_in.records, run_of(files, how, ", ".join(mapping or []), now))
        at_work(context, run.run)
        intake = (way_in.intake.of_the_past() if past else way_in.intake).into(run, now)
        coverage = way_in.coverage(f"lesson of {term.first} to {term.last}")
        summary = Summary()
        for begin in range(0, len(made), BATCH):
            some = [Placed(event, event["data"]["lesson"]) for event in made[begin : begin + BATCH]]
            summary.add(intake.take_values(some, "timetable", coverage))
        for rejection in summary.rejections[:_SHOWN]:
            for reason in rejection.reasons:
                telling.tell(reason, f"{rejection.position} ", err=True)
        gone = 0 if coverage.unsure else run.retract_uncovered(coverage, now)
        run.done()
        typer.echo(
            f"lessons 课次 {len(made)}: accepted 接收 {summary.accepted}, unchanged 未变 {summary.duplicate}, "
            f"retracted 撤回 {gone}, rejected 拒收 {summary.rejected}"
        )
        tell_run(run.run)
    if past:
        telling.tell_past(settings.public_url)
    raise typer.Exit(1 if summary.rejected else 0)


def show(
    context: typer.Context,
    class_: Annotated[str, typer.Argument(metavar="CLASS", help="Id or name. 班级编号或名称")],
    week: Annotated[int | None, typer.Option(help="Teaching week, else the present one. 教学周，默认本周")] = None,
    on: Annotated[str | None, typer.Option(help="A day of the term, else today. 学期中的一天，默认今天")] = None,
) -> None:
    """The lessons of a class in a week, also those that were cancelled or moved. 一个班一周的课"""
    settings: Settings = context.obj
    with _place(settings, evaluate=False) as place:
        zone, directory = place.zone, place.directory
        day = _day(on, wall_clock(), zone)
        term = _term(place.times, day)
        wanted = _class(directory, class_)
        week = term.week(day) if week is None else week
        first = term.day(week, 1)
        courses = {one.id: one.name_zh or one.name_en or one.id for one in directory.tables.courses}
        people = {one.id: one.name for one in directory.tables.people}
        begin = datetime.combine(first, datetime.min.time(), zone)
        end = to_ms(begin + timedelta(days=7)) - 1
        found = place.way_in.records.lessons_between(to_ms(begin), end)
        typer.echo(f"{wanted} week 第 {week} 周 {first} … {first + timedelta(days=6)}")
        for record in sorted(found, key=lambda one: one.at):
            counts = record.told is not None and record.told.counts
            event = record.told.event if record.told and counts else max(record.said, key=_recorded).event
            data = event.data
            if event.retracted or data.get("class") != wanted or (not counts and data["status"] == "planned"):
                continue
            starts = from_ms(record.at).astimezone(zone)
            ends = datetime.fromisoformat(data["ends_at"]).astimezone(zone)
            course, teacher = data.get("course", ""), data.get("teacher", "")
            typer.echo(
                f"{starts:%m-%d} 周{_WEEKDAYS[starts.weekday()]} {starts:%H:%M}-{ends:%H:%M}  "
                f"{courses.get(course, course)}  {people.get(teacher, teacher)}  {data.get('room', '')}"
                + ("" if data["status"] == "planned" else f"  {data['status']} {data.get('moved_to', '')}")
            )


def _opened(
    settings: Settings, files: list[Path], names: list[str], college: College, problems: list[Problem]
) -> tuple[list[Sheet], list[MappedFile]]:
    """The sheets that are read as they are, and the files that a mapping reads; a file that is neither is a problem."""
    known = {one.mapping.name: one for one in (mapped.named(settings, name) for name in names)}
    every = known or known_mappings(mapped.ours(), mapped.own(settings), mapped.all_targets())
    as_they_are: list[Sheet] = []
    lists: list[MappedFile] = []
    for path in files:
        sheets = list(read_sheets(path))
        plain = [one for one in sheets if is_part(one)]
        # What is read as it is gives way to what the college says of it: by name, or by a mapping of its own.
        said = every if known or not plain else {name: one for name, one in every.items() if not one.ours}
        chosen = _each_part_once(fitting(path.name, sheets, said, is_plan), every)
        if plain and not chosen:  # a plan as a list may stand beside the times of the sections
            rest = [one for one in sheets if not is_part(one)]
            fit = [] if any(map(is_grid, plain)) else fitting(path.name, rest, every, is_plan)
            chosen = [name for name in fit if any(one.to == TIMETABLE for one in every[name].mapping.tables)][:1]
            as_they_are += plain if chosen else sheets
            sheets = rest
        elif chosen:
            by_mapping = _read_by(path.name, sheets, [every[name] for name in chosen])
            as_they_are += [one for one in plain if not any(one is each for each in by_mapping)]
        else:
            what = say("cli.no_part_of_a_timetable")
            problems.append(Problem(where=path.name, what=what, expected=say("cli.draft_of", file=path)))
        lists += [
            open_mapped(path, every[name].mapping, mapped.all_targets(), college, is_plan, sheets) for name in chosen
        ]
    return as_they_are, lists


def _read_by(file: str, sheets: list[Sheet], chosen: list[KnownMapping]) -> list[Sheet]:
    tables = [table for one in chosen for table in one.mapping.tables if is_plan(table)]
    found = [one for table in tables for one in find_tables(file, sheets, table)]
    return [one.sheet for one in found if isinstance(one, Found)]


def _each_part_once(fit: list[str], every: Mapping[str, KnownMapping]) -> list[str]:
    """Of the mappings that fit those that read different parts: plan, times and days may be sheets of one workbook."""
    chosen, taken = [], set[str]()
    for name in fit:
        parts = {table.to for table in every[name].mapping.tables if is_plan(table)}
        if not parts & taken:
            chosen.append(name)
            taken |= parts
    return chosen


def _recorded(said: Said) -> int:
    return said.recorded


def _term(times: Calendar, day: date) -> Term:
    """The term of a day, or the next one, with the days on which the college is closed. Raises ConfigurationError."""
    first, last = next((term for term in times.terms if day <= term[1]), (None, None))
    if first is None or last is None:
        raise ConfigurationError(say("cli.no_term", day=day))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return Term(first, last, frozenset(day for day in days if times.day_off(day)))


def _day(text: str | None, now: datetime, zone: ZoneInfo) -> date:
    try:
        return now.astimezone(zone).date() if text is None else date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(say("cli.not_a_day", text=text)) from None


def _class(directory: Directory, text: str) -> str:
    classes = Known(rows_of(directory.tables)).tables["classes"]
    found = classes.known(text)
    if found is None:
        near = nearest(text, [name for id_ in classes.ids for name in (id_, classes.label(id_))])
        raise ConfigurationError(
            say("cli.no_such_class", text=text, near=near or ", ".join(classes.called(text)) or "-")
        )
    return found
