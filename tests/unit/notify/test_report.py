"""The effectiveness report, held against a story whose figures can be counted by hand."""

import io
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from openpyxl import load_workbook

from services.directory import Person
from services.messages import to_ms
from services.notify.open_now import open_now
from services.notify.report import Counted, Period, group, line, load
from services.notify.suppression import Silence
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
    notify.acts.acknowledge("T1", facts("S1/MATH").warning_id)
    clock.advance(timedelta(hours=4))
    notify.acts.improve("T1", facts("S2/MATH").warning_id, "talk", "2026-12-01")
    notify.acts.judge("T1", facts("S1/MATH").warning_id, "useful")
    notify.acts.judge("T1", facts("S2/MATH").warning_id, "useful")
    notify.acts.judge("T1", facts("S2/MATH").warning_id, "not_useful")
    notify.acts.close("T1", facts("S1/MATH").warning_id, "done", "explained")
    return notify


@pytest.fixture
def office(notify, college, browser_of):
    """The browser of somebody of the quality office."""
    college.roles["quality_office"] = [Person(id="Q1", name="质量办")]
    return browser_of(notify, "Q1")


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
    one = Counted("r", "red", "", 0, None, None, None, relapse=True, overdue=True, verdicts=(), told=0, not_told=("x",))
    (only,) = group([one], "department", ZONE)
    assert (only.name, only.relapses, only.overdue, only.nobody_told) == ("—", 1, 1, 1)


def test_the_page_shows_it_in_both_languages_without_names(notify, office):
    page = office.get("/reports/effectiveness?from=2026-11-01&to=2026-11-30&by=level")
    assert page.status_code == 200
    assert "预警机制实效性分析报告" in page.text
    english = office.get("/reports/effectiveness?from=2026-11-01&to=2026-11-30&by=month&lang=en")
    assert "How well the warnings work" in english.text
    assert "张伟" not in page.text


@pytest.mark.parametrize(
    "asked", ["from=x", "by=z", "from=0001-01-01", "to=9999-12-31", "from=2026-12-01&to=2026-11-01"]
)
def test_what_cannot_be_asked_is_refused_with_what_can_be(asked, notify, office):
    page = office.get(f"/reports/effectiveness?{asked}")
    assert page.status_code == 400
    assert "2026-09-01" in page.text


def test_the_page_gives_the_workbook_too_and_is_found_from_the_first_one(notify, office):
    assert 'href="/reports/effectiveness"' in office.get("/").text
    given = office.get("/reports/effectiveness.xlsx?from=2026-11-01&to=2026-11-30&by=level")
    book = load_workbook(io.BytesIO(given.content))
    assert [row[:2] for row in book["预警"].values][1:4] == [("黄色", 2), ("红色", 1), ("合计", 3)]
    assert list(book["未送达原因"].values)[1:] == [("已撤回", 1), ("历史数据回放", 1)]


def test_what_a_person_has_closed_ended_then_and_not_when_the_rules_saw_it(notify, clock):
    clock.advance(timedelta(hours=40))
    notify.take_in([warning("S1/MATH", kind="resolved", sequence=2)], 3)
    assert notify.effectiveness(ALL, "rule").total.hours_to_end == 8.0


def test_a_warning_is_as_it_opened_whatever_changes_it_later(notify):
    notify.take_in([change("raised", 2, subject="S3/MATH", level="red", mode="replay")], 3)
    notify.take_in([change("raised", 2, subject="S9/MATH", level="red", mode="live")], 4)
    found = notify.effectiveness(ALL, "rule")
    assert (found.total.warnings, found.left_out) == (3, [("withdrawn", 1), ("replay", 1)])


def test_who_was_told_late_was_told_and_who_was_not_has_a_reason(notify, clock, eventually):
    end = to_ms(clock() + timedelta(hours=2))
    notify.silence(Silence(0, None, "S4", None, to_ms(clock()), end, "Anna", "known"))
    notify.silence(Silence(0, None, "S5", None, to_ms(clock()), end, "Anna", "known"))
    notify.take_in([warning("S4/MATH", at=clock()), warning("S5/MATH", at=clock())], 3)
    notify.take_in([warning("S6/MATH", at=clock(), mode="warm-up")], 4)
    notify.take_in([change("resolved", 2, subject="S5/MATH")], 5)
    clock.advance(timedelta(hours=2))
    notify.outbox.wake({"sink://"})
    eventually(lambda: notify.waiting() == 0)
    found = notify.effectiveness(ALL, "rule")
    assert found.not_told == [("overtaken_while_held", 2), ("was_not_told", 2), ("mode_warm_up", 1)]
    assert (found.total.warnings, found.total.nobody_told) == (6, 2)
    assert found.held == [("silenced", 4)]


def test_whoever_is_still_to_be_told_is_not_counted_as_not_reached(notify, clock):
    end = to_ms(clock() + timedelta(hours=2))
    notify.silence(Silence(0, None, "S4", None, to_ms(clock()), end, "Anna", "known"))
    before = notify.effectiveness(ALL, "rule").total
    notify.take_in([warning("S4/MATH", at=clock())], 3)
    found = notify.effectiveness(ALL, "rule")
    assert (found.total.warnings, found.total.nobody_told) == (before.warnings + 1, before.nobody_told)
    assert ("pending", 2) in found.not_told


def test_accidents_of_replays_are_not_counted(notify):
    def accident(subject, mode):
        return msgspec.structs.replace(warning(subject, mode=mode), row="Q1")

    notify.take_in([accident("A1", "live"), accident("A2", "replay")], 4)
    (only,) = notify.effectiveness(ALL, "rule").accidents
    assert (only.department, only.level, only.status, only.hours_to_end) == ("tech", "yellow", "open", None)


@pytest.fixture
def with_history(notify):
    """Beside the story: a warning of history, one on trial, praise."""
    notify.take_in([warning("S4/MATH", mode="past", at=MORNING - timedelta(days=40))], 4)
    notify.take_in([warning("S5/MATH", mode="shadow"), warning("S6/MATH", level="praise")], 5)
    return notify


def test_what_is_open_now_with_what_came_of_history(with_history):
    found = with_history.open_now("department")
    assert [(one.name, one.red, one.orange, one.yellow, one.past) for one in found.lines] == [
        ("tech", 1, 0, 1, 1),  # S1 is closed by a person, S9 is a replay
        ("care", 0, 0, 1, 0),
    ]
    assert found.total == ("total", 1, 0, 2, 1, 2, 0, to_ms(MORNING - timedelta(days=40)))
    assert [one.name for one in with_history.open_now("rule").lines] == [CARD.rule]


def test_the_page_of_what_is_open_is_found_from_the_first_one_and_has_no_names(with_history, office):
    assert 'href="/reports/open"' in office.get("/").text
    page = office.get("/reports/open?by=department")
    assert (page.status_code, "当前未结束的预警" in page.text, "张伟" in page.text) == (200, True, False)
    assert "2026-10-14" in page.text
    english = office.get("/reports/open?lang=en")
    assert f"<td>{CARD.title.en}</td>" in english.text
    refused = office.get("/reports/open?by=student")
    assert refused.status_code == 400
    assert "rule" in refused.text


def test_where_nothing_is_open_there_is_no_oldest():
    assert open_now([], "rule", {}).total == ("total", 0, 0, 0, 0, 0, 0, None)


def test_a_head_sees_the_figures_of_their_department_alone(notify, college, browser_of):
    college.roles["department_head"] = [Person(id="H1", name="系主任")]
    college.heads["H1"] = {"care"}
    found = notify.effectiveness(ALL, "department", {"care"})
    assert [(one.name, one.warnings) for one in found.lines] == [("care", 1)]
    assert found.total.judged == 0
    assert (found.load.people, found.load.messages) == (2, 2)
    assert sum(count for _, count in found.left_out) == 0
    assert notify.open_now("department", {"care"}).total.yellow == 1
    assert notify.open_now("department").total.red == 1
    head = browser_of(notify, "H1")
    for page in ("/reports/open?by=department", "/reports/effectiveness?from=2026-11-01&to=2026-11-30&by=department"):
        shown = head.get(page, headers={"accept-language": "en"}).text
        assert "of care alone" in shown
        assert "tech" not in shown
    book = load_workbook(io.BytesIO(head.get("/reports/effectiveness.xlsx?by=department").content))
    assert "tech" not in str([[cell.value for cell in row] for sheet in book for row in sheet])
    assert "/reports/open" in head.get("/").text


def test_nobody_heads_no_department_and_sees_no_figures(notify, college):
    assert notify.effectiveness(ALL, "department", frozenset()).total.warnings == 0
