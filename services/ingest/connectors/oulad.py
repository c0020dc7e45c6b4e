"""The Open University Learning Analytics Dataset, presentation 2013J, as a campus: an assessment is a lesson test.

Source: Kuzilek, Hlosta, Zdrahal, "Open University Learning Analytics dataset", Scientific Data 4, 2017 (CC BY 4.0).
The reading is in docs/real-data.md. Days are counted from day 0 of the presentation.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.directory.nearest import Nearest
from services.errors import ConfigurationError, ProblemsError
from services.i18n import say
from services.ingest.connectors.imported import Imported, instant, is_id, wrong_id
from services.messages import CampusEvent, Json, Problem
from services.tabular.columns import Columns

_ZONE = ZoneInfo("Europe/London")
_PRESENTATION = "2013J"
_DAY_0 = date(2013, 10, 1)
_NOON = time(12)
_MAX_SCORE, _PASS_SCORE = 100, 40
_FILES = {
    "assessments": ("code_module", "code_presentation", "id_assessment", "date"),
    "studentAssessment": ("id_assessment", "id_student", "date_submitted", "score"),
    "studentRegistration": (
        "code_module",
        "code_presentation",
        "id_student",
        "date_registration",
        "date_unregistration",
    ),
}
_WHOLE = re.compile(r"-?[0-9]{1,4}")
_SCORE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,9})?")
_FIRST_DAY, _LAST_DAY = "2013-01-01", "2014-12-31"
"""Of the roles: wide enough for what is handed in before day 0."""


class _Assessment(NamedTuple):
    id: str
    course: str
    due: int


class _Registration(NamedTuple):
    """One student in one course: from a day (None: always) to before another (None: to the end)."""

    student: str
    course: str
    begins: int | None
    ends: int | None

    def holds(self, day: int) -> bool:
        return (self.begins is None or self.begins <= day) and (self.ends is None or day < self.ends)


class OuladPresentation:
    """See `Imported`."""

    name = "oulad"
    time_zone = _ZONE.key
    rules = "examples/oulad"

    def __init__(self, sheets: dict[str, Columns]) -> None:
        self._sheets = sheets
        self.rows = sum(1 for sheet in sheets.values() for _ in sheet.rows([]))
        self.problems: list[Problem] = []

    def directory(self) -> dict[str, list[dict[str, str]]]:
        """Each module as a course and a class with a teacher; one counsellor; students, whose names nobody knows."""
        registrations = self._registrations([])
        courses = sorted({row.course for row in registrations} | {row.course for row in self._assessments([]).values()})
        dates = {"from": _FIRST_DAY, "to": _LAST_DAY}
        return {
            "people": [
                *({"id": f"teacher-{course}", "name": f"Course teacher of {course}"} for course in courses),
                {"id": "counsellor", "name": "Counsellor"},
            ],
            "classes": [{"id": course, "name": course} for course in courses],
            "courses": [{"id": course, "name_zh": course, "name_en": course, "class": course} for course in courses],
            "roles": [
                *(
                    {"role": "course_teacher", "person": f"teacher-{course}", "scope_kind": "course", "scope": course}
                    | dates
                    for course in courses
                ),
                {"role": "counsellor", "person": "counsellor", "scope_kind": "", "scope": ""} | dates,
            ],
            "students": _enrolments(registrations),
            "sources": [{"id": self.name, "expected_interval": "1d"}],
        }

    def events(self) -> Iterator[CampusEvent]:
        """Give the tests as they are set and as they are handed in, by (time, source, id)."""
        problems = self.problems
        problems.clear()
        assessments = self._assessments(problems)
        found = [*_set(assessments, self._registrations(problems)), *self._submissions(assessments, problems)]
        found.sort(key=attrgetter("time", "source", "id"))
        yield from found

    def _assessments(self, problems: list[Problem]) -> dict[str, _Assessment]:
        sheet = self._sheets["assessments"]
        found: dict[str, _Assessment] = {}
        for number, (module, presentation, id_, due) in sheet.rows(problems):
            wrong = [
                *_wrong_course(sheet, number, module, presentation),
                *_wrong_id(sheet, number, "id_assessment", id_),
                *_wrong_day(sheet, number, "date", due),
            ]
            if id_ in found:
                wrong.append(
                    Problem(where=sheet.place(number, "id_assessment"), what=say("input.there_twice", name=id_))
                )
            if wrong:
                problems += wrong
            else:
                found[id_] = _Assessment(id_, f"{module}-{presentation}", int(due))
        return found

    def _registrations(self, problems: list[Problem]) -> list[_Registration]:
        sheet = self._sheets["studentRegistration"]
        found: dict[tuple[str, str], _Registration] = {}
        for number, (module, presentation, student, begins, ends) in sheet.rows(problems):
            wrong = [
                *_wrong_course(sheet, number, module, presentation),
                *_wrong_id(sheet, number, "id_student", student),
                *(_wrong_day(sheet, number, "date_registration", begins) if begins else ()),
                *(_wrong_day(sheet, number, "date_unregistration", ends) if ends else ()),
            ]
            key = (student, module)
            if key in found:
                what = say("ingest.already_registered_for", student=student, module=module)
                wrong.append(
                    Problem(where=sheet.place(number, "id_student"), what=what, expected=say("ingest.one_row_for_each"))
                )
            if wrong:
                problems += wrong
            else:
                found[key] = _Registration(student, f"{module}-{presentation}", _whole(begins), _whole(ends))
        return list(found.values())

    def _submissions(self, assessments: dict[str, _Assessment], problems: list[Problem]) -> Iterator[CampusEvent]:
        sheet = self._sheets["studentAssessment"]
        nearest = Nearest(assessments)
        for number, (id_, student, submitted, score) in sheet.rows(problems):
            assessment = assessments.get(id_)
            wrong = [
                *_wrong_id(sheet, number, "id_student", student),
                *_wrong_day(sheet, number, "date_submitted", submitted),
                *(_wrong_score(sheet, number, score) if score else ()),
            ]
            if assessment is None:
                where, what = sheet.place(number, "id_assessment"), say("ingest.not_in_assessments", id=repr(id_))
                wrong.append(Problem(where=where, what=what, expected=nearest(id_)))
            if wrong or assessment is None:
                problems += wrong
                continue
            moment = _instant(int(submitted), _NOON)
            result: Json = {"status": "graded", "score": _number(score)} if score else {"status": "pending"}
            yield CampusEvent(
                source="oulad",
                id=f"submission/{id_}/{student}",
                kind="test",
                time=moment,
                data={**_test(assessment, student), **result, "submitted_at": instant(moment)},
            )


def oulad(folder: Path) -> Imported:
    """`assessments`, `studentAssessment` and `studentRegistration`, each `.csv.gz` or `.csv`.

    Raises ConfigurationError if one is not there, ProblemsError with everything that is wrong with their headers.
    """
    sheets: dict[str, Columns] = {}
    problems: list[Problem] = []
    for stem, columns in _FILES.items():
        try:
            sheets[stem] = Columns(_file(folder, stem), columns)
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise ProblemsError(problems)
    return OuladPresentation(sheets)


def _file(folder: Path, stem: str) -> Path:
    for suffix in (".csv.gz", ".csv"):
        if (path := folder / f"{stem}{suffix}").is_file():
            return path
    raise ConfigurationError(say("ingest.there_no_file_csv_gz", stem=stem, folder=folder))


def _set(assessments: dict[str, _Assessment], registrations: list[_Registration]) -> Iterator[CampusEvent]:
    """Expect each test of everybody who is registered on its due day, by the end of that day."""
    for assessment in assessments.values():
        due_at = instant(_instant(assessment.due + 1, time()))
        for registration in registrations:
            if registration.course == assessment.course and registration.holds(assessment.due):
                yield CampusEvent(
                    source="oulad",
                    id=f"set/{assessment.id}/{registration.student}",
                    kind="test",
                    time=_instant(max(0, registration.begins or 0), time()),
                    data={**_test(assessment, registration.student), "status": "pending", "due_at": due_at},
                )


def _enrolments(registrations: list[_Registration]) -> list[dict[str, str]]:
    # The directory knows one class of a student that begins on a day; a second one is named by its events alone.
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for student, course, begins, ends in registrations:
        if begins is None or ends is None or begins < ends:
            row = {"id": student, "class": course, "from": _iso(begins), "to": _iso(ends, before=1)}
            rows.setdefault((student, row["from"]), row)
    return list(rows.values())


def _test(assessment: _Assessment, student: str) -> Json:
    return {
        "test": assessment.id,
        "course": assessment.course,
        "class": assessment.course,
        "student": student,
        "max_score": _MAX_SCORE,
        "pass_score": _PASS_SCORE,
    }


def _wrong_course(sheet: Columns, number: int, module: str, presentation: str) -> Iterator[Problem]:
    yield from _wrong_id(sheet, number, "code_module", module)
    if presentation != _PRESENTATION:
        what = say("ingest.another_presentation_whose_day_0", presentation=repr(presentation))
        yield Problem(where=sheet.place(number, "code_presentation"), what=what, expected=_PRESENTATION)


def _wrong_id(sheet: Columns, number: int, column: str, cell: str) -> Iterator[Problem]:
    if not is_id(cell):
        yield wrong_id(sheet.place(number, column), cell)


def _wrong_day(sheet: Columns, number: int, column: str, cell: str) -> Iterator[Problem]:
    if _WHOLE.fullmatch(cell) is None:
        what = say("ingest.not_number_days", cell=repr(cell))
        yield Problem(where=sheet.place(number, column), what=what, expected=say("ingest.whole_number_such_as_12"))


def _wrong_score(sheet: Columns, number: int, cell: str) -> Iterator[Problem]:
    if _SCORE.fullmatch(cell) is None or float(cell) > _MAX_SCORE:
        yield Problem(
            where=sheet.place(number, "score"),
            what=say("ingest.not_score", cell=repr(cell)),
            expected=say("ingest.0_100_or_blank"),
        )


def _whole(cell: str) -> int | None:
    return int(cell) if cell else None


def _number(cell: str) -> int | float:
    score = float(cell)
    return int(score) if score.is_integer() else score


def _iso(day: int | None, before: int = 0) -> str:
    return "" if day is None else (_DAY_0 + timedelta(days=day - before)).isoformat()


@cache
def _instant(day: int, clock: time) -> datetime:
    return datetime.combine(_DAY_0 + timedelta(days=day), clock, _ZONE).astimezone(UTC)
