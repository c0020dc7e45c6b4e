"""New York City's daily school attendance as a campus: a school is a class, its day is a lesson.

Source: the city's Department of Education, 2013-14. The reading is in docs/real-data.md.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.directory.columns import day as read_day
from services.errors import ProblemsError
from services.i18n import say
from services.ingest.connectors.imported import Imported, instant, is_id, wrong_id
from services.messages import CampusEvent, Problem
from services.tabular.columns import Columns

_COLUMNS = ("school", "date", "attendance_pct", "district")
_ZONE = ZoneInfo("America/New_York")
_STARTS, _ENDS = time(8), time(15)
_NOT_SUBMITTED = "NS"
_PERCENTAGE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,9})?")
_EXPECTED = 10_000
"""Head count that every roll-call is given: percentages have two decimals, and a coarser count would change levels."""
_FIRST_DAY, _LAST_DAY = "2013-09-01", "2014-08-31"


class _Day(NamedTuple):
    """One calendar day: its ISO text, its instants in UTC, and those that events carry as texts."""

    text: str
    begins: datetime
    closes: datetime
    starts_at: str
    ends_at: str


class NycAttendance:
    """See `Imported`."""

    name = "nyc"
    time_zone = _ZONE.key
    rules = "examples/nyc"

    def __init__(self, sheet: Columns) -> None:
        self._sheet = sheet
        self.rows = 0
        self.problems: list[Problem] = []
        self._districts: dict[str, str] = {}
        """School → district; blank when no row names one."""
        for _, (school, _, _, district) in sheet.rows([]):
            self.rows += 1
            if not self._districts.get(school):
                self._districts[school] = district
        if not self.rows:
            raise ProblemsError(
                [
                    Problem(
                        where=sheet.path.name, what=say("ingest.has_no_rows"), expected=say("ingest.one_per_school_day")
                    )
                ]
            )

    def directory(self) -> dict[str, list[dict[str, str]]]:
        """Schools as classes, districts as departments, a class tutor and a department head for each."""
        schools = {school: district for school, district in self._districts.items() if is_id(school)}
        districts = sorted({district for district in schools.values() if is_id(district)})
        tutors = [("class_tutor", f"tutor-{school}", "class", school) for school in schools]
        heads = [("department_head", f"head-{district}", "department", _department(district)) for district in districts]
        titles = {"class_tutor": "Class tutor of", "department_head": "Head of"}
        return {
            "people": [{"id": id_, "name": f"{titles[role]} {scope}"} for role, id_, _, scope in tutors + heads],
            "departments": [
                {"id": _department(district), "name_zh": f"第 {district} 学区", "name_en": f"District {district}"}
                for district in districts
            ],
            "classes": [
                {"id": school, "name": school, "department": _department(district) if is_id(district) else ""}
                for school, district in schools.items()
            ],
            "roles": [
                {"role": role, "person": id_, "scope_kind": kind, "scope": scope, "from": _FIRST_DAY, "to": _LAST_DAY}
                for role, id_, kind, scope in tutors + heads
            ],
            "sources": [{"id": self.name, "expected_interval": "1d"}],
        }

    def events(self) -> Iterator[CampusEvent]:
        """Per row its lesson, and its roll-call unless the school had not submitted one; in the order of the file."""
        problems = self.problems
        problems.clear()
        # Schools, days and percentages come again and again: each is read once. None: it is wrong.
        schools: dict[str, str | None] = {}
        days: dict[str, _Day | None] = {}
        counts: dict[str, int | None] = {}
        for number, (school_cell, day_cell, percentage_cell, _) in self._sheet.rows(problems):
            try:
                school, day, present = schools[school_cell], days[day_cell], counts[percentage_cell]
            except KeyError:
                school = schools.setdefault(school_cell, _school(school_cell))
                day = days.setdefault(day_cell, _day(day_cell))
                present = counts.setdefault(percentage_cell, _present(percentage_cell))
            if school is None or day is None or present is None:
                problems += self._wrong(number, school_cell, day_cell, percentage_cell)
                continue
            text, begins, closes, starts_at, ends_at = day
            lesson = f"{school}-{text}"
            yield CampusEvent(
                source="nyc",
                id=f"lesson/{school}/{text}",
                kind="lesson",
                time=begins,
                data={"lesson": lesson, "class": school, "starts_at": starts_at, "ends_at": ends_at, "status": "held"},
            )
            if present >= 0:
                yield CampusEvent(
                    source="nyc",
                    id=f"rollcall/{school}/{text}",
                    kind="rollcall",
                    time=closes,
                    data={
                        "lesson": lesson,
                        "class": school,
                        "expected": _EXPECTED,
                        "present": present,
                        "late": 0,
                        "leave": 0,
                        "absent": _EXPECTED - present,
                    },
                )

    def _wrong(self, number: int, school: str, day: str, percentage: str) -> Iterator[Problem]:
        if _school(school) is None:
            yield wrong_id(self._sheet.place(number, "school"), school)
        if _day(day) is None:
            yield Problem(
                where=self._sheet.place(number, "date"),
                what=say("ingest.not_day", day=repr(day)),
                expected="2013-09-09",
            )
        if _present(percentage) is None:
            yield Problem(
                where=self._sheet.place(number, "attendance_pct"),
                what=say("ingest.not_percentage", percentage=repr(percentage)),
                expected=say("ingest.0_100_or_where_school", word=_NOT_SUBMITTED),
            )


def nyc(file: Path) -> Imported:
    """`school,district,borough,date,attendance_pct`, gzipped CSV.

    Raises ConfigurationError if there is no such file, ProblemsError if it is not of this kind.
    """
    return NycAttendance(Columns(file, _COLUMNS))


def _department(district: str) -> str:
    return f"district-{district}"


def _school(cell: str) -> str | None:
    return cell if is_id(cell) else None


def _day(cell: str) -> _Day | None:
    day = read_day(cell)
    if day is None:
        return None
    starts, ends = _instant(day, _STARTS), _instant(day, _ENDS)
    return _Day(day.isoformat(), _instant(day, time()), ends, instant(starts), instant(ends))


def _instant(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, _ZONE).astimezone(UTC)


def _present(cell: str) -> int | None:
    """Of `_EXPECTED`; −1 if the school had not submitted; None if it is not a percentage."""
    if cell == _NOT_SUBMITTED:
        return -1
    if _PERCENTAGE.fullmatch(cell) is None:
        return None
    present = round(Decimal(cell) * 100)
    return present if present <= _EXPECTED else None
