"""`prewarn timetable`: the lessons of a term from the files of its plan, and those of a class in a week."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from services.app.embedded import Embedded
from services.cli import telling
from services.cli.ingest import evaluates
from services.clock import wall_clock
from services.directory import Directory
from services.errors import ConfigurationError, ProblemsError
from services.i18n import say
from services.ingest.files import BATCH, Summary
from services.ingest.intake import Placed
from services.ingest.timetable.lessons import events
from services.ingest.timetable.model import Term
from services.ingest.timetable.reading import Known, read
from services.log.journal_records import JournalRecords
from services.log.records import Said
from services.messages import Problem, from_ms, nearest, to_ms
from services.settings import Settings
from services.tabular.sheets import read_sheets

_SHOWN = 20
_BEFORE = timedelta(days=30)
_WEEKDAYS = "一二三四五六日"


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
    source: Annotated[str, typer.Option(help="Source of the lessons. 课次的数据来源")] = "timetable",
    on: Annotated[str | None, typer.Option(help="A day of the term, else today. 学期中的一天，默认今天")] = None,
) -> None:
    """Publish the lessons of a term; of a term that was published before, what is another one now. 导入课表"""
    settings: Settings = context.obj
    if settings.brokers:
        raise ConfigurationError(say("cli.timetable_in_a_home"))
    now = wall_clock()
    problems: list[Problem] = []
    with Embedded(settings) as embedded:
        evaluating = evaluates(embedded)
        zone = ZoneInfo(embedded.files.zone)
        term = _term(embedded, _day(on, now, zone))
        sheets = [sheet for path in files for sheet in read_sheets(path)]
        found = read(sheets, term, _known(embedded.files.present_directory()), problems)
        # The same in every import of the term, so that nothing changes by being said again.
        published = min(now, datetime.combine(term.first, datetime.min.time(), zone) - _BEFORE)
        made = events(found.standing.values(), found.bells, published, zone, source, problems)
        if not made:
            problems.append(Problem(where=", ".join(path.name for path in files), what=say("cli.no_lessons")))
        if problems:  # a lesson that could not be read would be taken back as one that is no more
            raise ProblemsError(problems)
        coverage = embedded.coverage(f"lesson of {term.first} to {term.last}")
        summary = Summary()
        for begin in range(0, len(made), BATCH):
            some = [Placed(event, event["data"]["lesson"]) for event in made[begin : begin + BATCH]]
            summary.add(embedded.intake.take_values(some, "timetable", coverage))
        for rejection in summary.rejections[:_SHOWN]:
            for reason in rejection.reasons:
                telling.tell(reason, f"{rejection.position} ", err=True)
        gone = 0 if coverage.unsure else embedded.retract_uncovered(coverage, now)
        typer.echo(
            f"lessons 课次 {len(made)}: accepted 接收 {summary.accepted}, unchanged 未变 {summary.duplicate}, "
            f"retracted 撤回 {gone}, rejected 拒收 {summary.rejected}"
        )
        if evaluating:
            embedded.catch_up()
    raise typer.Exit(1 if summary.rejected else 0)


def show(
    context: typer.Context,
    class_: Annotated[str, typer.Argument(metavar="CLASS", help="Id or name. 班级编号或名称")],
    week: Annotated[int | None, typer.Option(help="Teaching week, else the present one. 教学周，默认本周")] = None,
    on: Annotated[str | None, typer.Option(help="A day of the term, else today. 学期中的一天，默认今天")] = None,
) -> None:
    """The lessons of a class in a week, also those that were cancelled or moved. 一个班一周的课"""
    settings: Settings = context.obj
    with Embedded(settings) as embedded:
        zone = ZoneInfo(embedded.files.zone)
        day = _day(on, wall_clock(), zone)
        term = _term(embedded, day)
        directory = embedded.files.present_directory()
        wanted = _class(directory, class_)
        week = term.week(day) if week is None else week
        first = term.day(week, 1)
        courses = {one.id: one.name_zh or one.name_en or one.id for one in directory.tables.courses}
        people = {one.id: one.name for one in directory.tables.people}
        begin = datetime.combine(first, datetime.min.time(), zone)
        end = to_ms(begin + timedelta(days=7)) - 1
        with JournalRecords(embedded.journal).reading() as records:
            found = [one for one in records.between("lesson", to_ms(begin), end) if one.said]
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


def _recorded(said: Said) -> int:
    return said.recorded


def _term(embedded: Embedded, day: date) -> Term:
    """The term of a day, or the next one, with the days on which the college is closed. Raises ConfigurationError."""
    terms = embedded.files.rule_set().plan.times.terms
    first, last = next((term for term in terms if day <= term[1]), (None, None))
    if first is None or last is None:
        raise ConfigurationError(say("cli.no_term", day=day))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return Term(first, last, frozenset(day for day in days if embedded.files.day_off(day)))


def _day(text: str | None, now: datetime, zone: ZoneInfo) -> date:
    try:
        return now.astimezone(zone).date() if text is None else date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(say("cli.not_a_day", text=text)) from None


def _known(directory: Directory) -> Known:
    tables = directory.tables
    classes: dict[str, set[str]] = {}
    courses: dict[str, set[str]] = {}
    people: dict[str, set[str]] = {}
    for class_ in tables.classes:
        for name in filter(None, (class_.id, class_.name)):
            classes.setdefault(name, set()).add(class_.id)
    for course in tables.courses:
        for name in filter(None, (course.id, course.name_zh, course.name_en)):
            courses.setdefault(name, set()).add(course.id)
    for person in tables.people:
        people.setdefault("".join(person.name.split()), set()).add(person.id)
    return Known(classes, courses, people)


def _class(directory: Directory, text: str) -> str:
    known = _known(directory).classes
    found = known.get(text, set())
    if len(found) != 1:
        raise ConfigurationError(
            say("cli.no_such_class", text=text, near=nearest(text, known) or ", ".join(sorted(found)) or "-")
        )
    return next(iter(found))
