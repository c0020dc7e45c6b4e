"""The effectiveness report, held against a story whose figures can be counted by hand."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.notify.report import Case, Period, group, line, load
from services.notify.testing import CARD, MORNING, change, facts

ZONE = ZoneInfo("Asia/Shanghai")
ALL = Period(date(2026, 11, 1), date(2026, 11, 30))


def warning(subject, at=MORNING, level="yellow", **more):
    shown = facts(subject, level=level)
    shown = msgspec.structs.replace(shown, opened_at=at, context=shown.context | {"department": more.pop("of", "tech")})
    return msgspec.structs.replace(change(subject=subject, level=level, **more), at=at, facts=shown)


@pytest.fixture
def notify(make, clock, eventually):
    notify = make(zone=ZONE, cards=lambda *_: CARD)
    notify.start()
    notify.take_in([warning("S1/MATH"), warning("S2/MATH", level="red"), warning("S3/MATH", of="care")], 1)
    notify.take_in([warning("S9/MATH", mode="replay"), warning("S8/MATH", kind="opened")], 2)
    notify.take_in([change("withdrawn", 2, subject="S8/MATH")], 3)
    eventually(lambda: notify.waiting() == 0)
    clock.advance(timedelta(hours=4))
    notify.acknowledge("T1", facts("S1/MATH").warning_id)
    clock.advance(timedelta(hours=4))
    notify.improve("T1", facts("S2/MATH").warning_id, "talk", "2026-12-01")
    notify.judge("T1", facts("S1/MATH").warning_id, "useful")
    notify.judge("T1", facts("S2/MATH").warning_id, "useful")
    notify.judge("T1", facts("S2/MATH").warning_id, "not_useful")
    notify.close("T1", facts("S1/MATH").warning_id, "done", "explained")
    return notify


def test_the_figures_are_those_that_one_counts_by_hand(notify):
    found = notify.effectiveness(ALL, "level")
    total = found.total
    assert (total.warnings, total.judged, total.useful_percent, total.known) == (3, 2, 50.0, 0)
    assert (total.acknowledged, total.hours_to_acknowledge, total.hours_to_measure) == (2, 6.0, 8.0)
    assert (total.hours_to_end, total.overdue, total.relapses, total.nobody_told) == (8.0, 0, 0, 0)
    assert [(one.name, one.warnings) for one in found.lines] == [("yellow", 2), ("red", 1)]
    assert [(one.name, one.warnings) for one in notify.effectiveness(ALL, "department").lines] == [
        ("tech", 2),
        ("care", 1),
    ]
    assert [one.name for one in notify.effectiveness(ALL, "month").lines] == ["2026-11"]
    assert (found.before.warnings, found.year_before.warnings) == (0, 0)


def test_a_period_ends_with_the_last_minute_of_its_last_day_in_the_colleges_zone(notify):
    assert notify.effectiveness(Period(date(2026, 11, 23), date(2026, 11, 23)), "rule").total.warnings == 3
    later = notify.effectiveness(Period(date(2026, 11, 24), date(2026, 11, 24)), "rule")
    assert (later.total.warnings, later.before.warnings) == (0, 3)
    assert Period(date(2024, 2, 29), date(2024, 3, 1)).year_before().first == date(2023, 2, 28)


def test_load_is_by_person_and_day():
    day = 86_400_000
    found = load([("a", 0), ("a", 1), ("a", day), ("b", 0)], ZoneInfo("UTC"))
    assert (found.people, found.messages, found.median_a_day) == (2, 4, 1)
    assert (found.most_a_day, found.most_whom, found.most_day) == (2, "a", "1970-01-01")
    assert load([], ZoneInfo("UTC")).median_a_day is None


def test_nothing_is_counted_where_there_is_nothing():
    empty = line("x", [])
    assert (empty.warnings, empty.useful_percent, empty.hours_to_end) == (0, None, None)
    one = Case("r", "red", "", 0, None, None, None, relapse=True, overdue=True, verdicts=(), told=0, not_told=("x",))
    (only,) = group([one], "department", ZONE)
    assert (only.name, only.relapses, only.overdue, only.nobody_told) == ("—", 1, 1, 1)


def test_the_page_shows_it_in_both_languages_without_names(notify, browser):
    page = browser.get("/reports/effectiveness?from=2026-11-01&to=2026-11-30&by=level")
    assert page.status_code == 200
    assert "预警机制实效性分析报告" in page.text
    english = browser.get("/reports/effectiveness?from=2026-11-01&to=2026-11-30&by=month&lang=en")
    assert "How well the warnings work" in english.text
    assert browser.get("/reports/effectiveness?from=x&to=y&by=z").status_code == 200
    assert "张伟" not in page.text
