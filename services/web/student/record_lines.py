"""What ingest's records say on a student's page: lines of the time line, and each course in figures. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from functools import partial
from typing import NamedTuple

from services.accounts.asked import Share
from services.directory.records import Exemption
from services.ingest.moments import read_moment
from services.ingest.phone.assessment import RATINGS
from services.ingest.phone.history import History, Tested
from services.messages import CampusEvent, joined_key
from services.notify import texts, wording
from services.web.appeals.view import path_of
from services.web.phone.lesson_words import day_of
from services.web.reader import Reader
from services.web.student.items import Item, Line

STATUSES = ("present", "late", "early_leave", "leave", "absent")
_GRADES = {"poor": "red", "fair": "yellow", "good": "praise"}
_MARKS = {"absent": "red", "late": "orange", "early_leave": "orange", "leave": ""}


class CourseFigures(NamedTuple):
    """A student in a course, over the time that is shown."""

    id: str
    name: str
    lessons: int
    """That something is recorded of."""
    here: int
    """Present, late or left early."""
    marks: Sequence[tuple[str, int]]
    """What was not just present, in words, and how often."""
    tests: int
    passed: int
    mean: str
    """Of the marked tests, in percent of the highest score; empty: none was marked."""


def counts(attendance: Sequence[CampusEvent], reader: Reader) -> list[tuple[str, int]]:
    """`出勤` 18, `旷课` 1 …: what there is of each."""
    found = Counter(one.data["status"] for one in attendance)
    return [(reader.term("value", one), found[one]) for one in STATUSES if found[one]]


def means(tests: Sequence[Tested]) -> dict[str, float]:
    """Course → the student's mean there in percent, of the tests that are marked."""
    of_courses: defaultdict[str, list[float]] = defaultdict(list)
    for one in tests:
        if one.percent is not None:
            of_courses[one.event.data.get("course", "")].append(one.percent)
    return {course: sum(found) / len(found) for course, found in of_courses.items()}


def seen(history: History, share: Share) -> History:
    """Without what is none of theirs: a teacher of one course sees no results of the others."""
    mine = share.courses
    if mine is None:
        return history
    return history._replace(
        tests=[one for one in history.tests if one.event.data.get("course") in mine],
        assessments=[one for one in history.assessments if one.data.get("course") in mine],
    )


def by_course(history: History, reader: Reader) -> list[CourseFigures]:
    """The courses that something is recorded of, by name."""
    attended: defaultdict[str, list[CampusEvent]] = defaultdict(list)
    tested: defaultdict[str, list[Tested]] = defaultdict(list)
    for event in history.attendance:
        attended[event.data.get("course", "")].append(event)
    for one in history.tests:
        tested[one.event.data.get("course", "")].append(one)
    known = means(history.tests)
    found = []
    for course in {*attended, *tested} - {""}:
        marks = Counter(one.data["status"] for one in attended[course])
        graded = [one for one in tested[course] if one.score is not None]
        found.append(
            CourseFigures(
                course,
                reader.named("course", course),
                marks.total(),
                marks["present"] + marks["late"] + marks["early_leave"],
                [(reader.term("value", one), marks[one]) for one in STATUSES[1:] if marks[one]],
                len(graded),
                sum(one.is_passed for one in graded),
                f"{texts.number(known[course], 0)} %" if course in known else "",
            )
        )
    return sorted(found, key=lambda one: one.name)


class _Context(NamedTuple):
    """What all lines are said with."""

    history: History
    share: Share
    means: dict[str, float]
    reader: Reader

    @property
    def is_staff(self) -> bool:
        """Notes and comments are for staff alone."""
        return self.share.why != "own"


def record_lines(history: History, share: Share, reader: Reader) -> Iterator[Line]:
    """Lines of all that is not just attendance. Notes and comments are for staff, reasons for who looks after them."""
    context = _Context(history, share, means(history.tests), reader)
    for event in history.attendance:
        if event.data["status"] != "present":
            yield Line(history.begins(event), event.data.get("course", ""), partial(_attendance, event, context))
    for one in history.tests:
        event = one.event
        yield Line(history.begins(event), event.data.get("course", ""), partial(_test, one, context))
    for event in history.assessments:
        yield Line(event.time, event.data.get("course", ""), partial(_assessment, event, context))
    for event in history.leaves:
        yield Line(read_moment(event.data["from"]) or event.time, "", partial(_leave, event, context))


def _attendance(event: CampusEvent, context: _Context) -> Item:
    reader, share, status = context.reader, context.share, event.data["status"]
    minutes = event.data.get("minutes_late") if status == "late" else None
    may_read = context.is_staff and (share.courses is None or event.data.get("course") in share.courses)
    return Item(
        kind="attendance",
        when=_when(event, context),
        head=f"{reader.term('value', status)}{_course(event, reader)}",
        mark=_MARKS.get(status, ""),
        more=reader.word("student_minutes", n=texts.number(minutes)) if minutes is not None else "",
        quote=event.data.get("note", "") if may_read else "",
        appeal=path_of("attendance", joined_key([event.data["lesson"], event.data["student"]])),
    )


def _test(one: Tested, context: _Context) -> Item:
    data = one.event.data
    return Item(
        kind="test",
        when=_when(one.event, context),
        head=f"{context.reader.word('student_test')}{_course(one.event, context.reader)}",
        mark="" if one.score is None else "praise" if one.is_passed else "red",
        text=_result(one, context.means, context.reader),
        appeal=path_of("test", joined_key([data["test"], data["student"], str(int(data.get("attempt") or 1))])),
        is_routine=_is_routine(one),
    )


def _assessment(event: CampusEvent, context: _Context) -> Item:
    reader, overall = context.reader, event.data["overall"]
    ratings = event.data.get("ratings") or {}
    said = [f"{reader.word('assess_overall')} {reader.term('value', overall)}"]
    said += [
        f"{reader.word(f'assess_{one}')} {reader.term('value', ratings[one])}" for one in RATINGS if one in ratings
    ]
    month = reader.named("period", event.data["period"])
    return Item(
        kind="assessment",
        when=_when(event, context),
        head=f"{reader.word('student_assessment', month=month)}{_course(event, reader)}",
        mark=_GRADES.get(overall, ""),
        text=" · ".join(said),
        quote=event.data.get("comment", "") if context.is_staff else "",
    )


def exemption_lines(rows: Sequence[Exemption], share: Share, reader: Reader) -> Iterator[Line]:
    """From the day on which each begins; one without a first day has always been so, and is at the top alone."""
    for one in rows:
        if one.from_day is not None:
            noon = datetime.combine(one.from_day, time(12), reader.zone)
            why = one.why if share.courses is None else ""
            item = Item(kind="exemption", when=wording.day(noon, reader.listener), head=exempt(one, reader), text=why)
            yield Line(noon, "", partial(_itself, item))


def _itself(item: Item) -> Item:
    return item


def exempt(one: Exemption, reader: Reader) -> str:
    """What somebody is exempt from, and until when: `免：考勤，至 2027-01-15`."""
    kinds = {
        "attendance": "student_kind_attendance",
        "test": "student_kind_test",
        "assessment": "student_kind_assessment",
    }
    of = reader.word(kinds[one.of]) if one.of in kinds else reader.named("rule", one.of)
    until = reader.word("student_until", day=one.to_day.isoformat()) if one.to_day is not None else ""
    return reader.word("student_exempt", of=of) + until


def _when(event: CampusEvent, context: _Context) -> str:
    """`11-27 周五 5–6 节`, of what is of no lesson that is known the day alone."""
    lesson = context.history.lessons.get(event.data.get("lesson", ""))
    return day_of(lesson, context.reader) if lesson is not None else wording.day(event.time, context.reader.listener)


def _course(event: CampusEvent, reader: Reader) -> str:
    course = event.data.get("course")
    return f" · {reader.named('course', course)}" if course else ""


def _is_routine(one: Tested) -> bool:
    """Passed at the first time."""
    return one.is_passed and not one.earlier


def _result(one: Tested, known: dict[str, float], reader: Reader) -> str:
    """`45 / 100 · 未合格 · 第 2 次（此前 30） · 本课程平均 61 %`."""
    data = one.event.data
    if one.score is None:
        said = [reader.term("value", data["status"])]
    else:
        highest = f" / {texts.number(data['max_score'])}" if data.get("max_score") else ""
        said = [f"{texts.number(one.score)}{highest}"]
        said.append(reader.word("student_passed" if one.is_passed else "student_not_passed"))
    attempt = int(data.get("attempt", 1))
    if attempt > 1:
        before = ", ".join(texts.number(score) for score in one.earlier)
        said.append(
            reader.word("student_attempt", n=attempt) + (reader.word("student_before", scores=before) if before else "")
        )
    mean = known.get(data.get("course", ""))
    if mean is not None and not _is_routine(one):
        said.append(reader.word("student_mean", mean=texts.number(mean, 0)))
    return " · ".join(said)


def _leave(event: CampusEvent, context: _Context) -> Item:
    """What kind of leave, and what for, is for who looks after the student, and for themselves."""
    data, reader, tells = event.data, context.reader, context.share.courses is None
    begin, end = read_moment(data["from"]) or event.time, read_moment(data["to"]) or event.time
    kind = reader.term("leave", data.get("category") or "other") if tells else ""
    return Item(
        kind="leave",
        when=wording.day(begin, reader.listener),
        head=" · ".join(filter(None, [reader.word("student_leave"), kind, reader.term("leave", data["status"])])),
        text=reader.word("student_span", begin=reader.instant(begin), end=reader.instant(end)),
        quote=data.get("reason", "") if tells else "",
    )
