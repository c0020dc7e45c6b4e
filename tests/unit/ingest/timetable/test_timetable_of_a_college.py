"""The timetable of shared/exports/a, by its own sheets and the names of its directory alone."""

import json
from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.ingest.mappings.known import Known
from services.ingest.timetable.lessons import events
from services.ingest.timetable.model import Term
from services.ingest.timetable.reading import read
from services.tabular.sheets import read_sheets
from tests.acceptance.exports_a import college

pytestmark = pytest.mark.shared

FILES = ("调停课信息.xls", "班级课表.xlsx", "校历与作息.xlsx", "教学任务.xlsx")
TERM = Term(date(2026, 8, 31), date(2027, 1, 15))
ZONE = ZoneInfo("Asia/Shanghai")

AT = datetime(2026, 8, 1, tzinfo=ZONE)


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data.parent / "exports" / "a"


@pytest.fixture(scope="module")
def truth(folder):
    return json.loads((folder / "truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def timetable(folder):
    tables = college.read(folder).tables
    known = Known({name: tables[name] for name in ("classes", "people")})
    problems = []
    sheets = [sheet for name in FILES for sheet in read_sheets(folder / name)]
    found = read(sheets, TERM, known, problems)
    assert [str(one) for one in problems] == []
    return found


def test_as_many_lessons_take_place_as_the_college_counts(timetable, truth):
    wanted = truth["counts"]["lessons"]
    given = [one for one in timetable.standing.values() if one.status == "planned"]
    assert len(given) == wanted["take_place"]
    by_week = Counter(str(TERM.week(one.on)) for one in given)
    assert {week: by_week[week] for week in wanted["by_week"]} == wanted["by_week"]
    so_far = [one for one in given if one.on <= date(2026, 11, 27)]
    assert len(so_far) == wanted["until_2026-11-27"]
    assert sum(one.last - one.first + 1 for one in so_far) == wanted["hours_until_2026-11-27"]
    states = Counter(one.status for one in timetable.standing.values())
    assert (states["cancelled"], states["moved"]) == (wanted["cancelled"], wanted["moved_to_another_time"])


def test_every_fact_about_lessons_holds(timetable, truth):
    problems = []
    made = events(timetable.standing.values(), timetable.bells, AT, ZONE, "timetable", problems)
    assert problems == []
    data = {one["data"]["lesson"]: one["data"] for one in made}
    given = {id_ for id_, one in data.items() if one["status"] == "planned"}
    looked_at = 0
    for fact in truth["facts"]:
        if "lesson" not in fact["about"] and fact["about"] != "times":
            continue
        looked_at += 1
        lessons = fact.get("lessons", [fact["lesson"]] if "lesson" in fact else [])
        absent = fact.get("absent_lessons", [fact["absent_lesson"]] if "absent_lesson" in fact else [])
        assert set(lessons) <= set(data), fact["text"]
        assert not set(absent) & given, fact["text"]
        for name in ("room", "status"):
            assert fact.get(name) in (None, data[lessons[0]][name] if lessons else None), fact["text"]
        starts = fact.get("starts_at", [])
        for lesson, at in zip(lessons, starts if isinstance(starts, list) else [starts], strict=False):
            assert data[lesson]["starts_at"] == at, fact["text"]
    assert looked_at >= 7


def test_the_same_sheets_are_the_same_events_and_a_change_is_one_more(timetable):
    def made(lessons):
        return {one["data"]["lesson"]: one for one in events(lessons, timetable.bells, AT, ZONE, "t", [])}

    before, after = made(timetable.published.values()), made(timetable.standing.values())
    assert made(timetable.published.values()) == before
    changed = {id_ for id_, one in after.items() if before.get(id_) != one}
    # Eight rows, of which one is of two classes; where the time is another one, both lessons are said anew.
    assert len(changed) == 9 + 4
