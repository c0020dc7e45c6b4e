"""A measure is looked back at: the same figure before and after, whether it helped, relapses, and what is counted."""

import re
from datetime import timedelta

import msgspec
import pytest

from services.messages import WarningReading
from services.notify.deadlines import HELPED
from services.notify.report import Period
from services.notify.testing import CARD, change, facts

WARNING = facts().warning_id
PAGE = f"/warnings/{WARNING}"


@pytest.fixture
def measured(notify, clock):
    """A warning with a measure that has until tomorrow; its figure is 2 at first, 4 when the measure is named."""
    notify.take_in([change()], 1)
    reading(notify, 4.0, 2)
    due = (clock.now + timedelta(days=1)).date().isoformat()
    assert notify.acts.improve("T1", WARNING, "每天签到", due) is None
    return due


def reading(notify, value, offset):
    now = msgspec.structs.replace(facts(), value=value)
    one = change()
    notify.take_in([WarningReading(rule=one.rule, subject=one.subject, at=one.at, facts=now)], offset)


def page(browser, language="zh"):
    text = browser.get(f"{PAGE}?lang={language}").text
    found = re.search(r'<section class="look-back".*?</section>', text, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])) if found else ""


def news(rows, notify):
    return [one for one in every_news(rows, notify) if one[1] == "look_back"]


def every_news(rows, notify):
    found = rows(notify, "SELECT recipient, news FROM delivery ORDER BY id")
    return [(one["recipient"], one["news"].partition(" ")[0]) for one in found]


def helped(notify):
    """As the list of warnings says of the only one."""
    (one,) = notify.warnings()
    return one["helped"]


def late(clock):
    clock.now += timedelta(days=2)


def test_before_its_day_the_page_says_when_and_on_it_asks_with_the_same_figure_before_and_after(
    notify, browser, measured, clock
):
    assert f"{measured[5:]} 将询问措施是否有效" in page(browser)
    assert "措施有效吗" not in page(browser)
    reading(notify, 1.0, 3)
    late(clock)
    shown = page(browser)
    assert re.search(r"预警开始时 .*? 2 .*?确定措施时 .*? 4 .*?现在 .*? 1 ", shown), shown
    assert "措施有效吗？" in shown
    assert "Did the measure help?" in page(browser, "en")


def test_an_answer_stands_with_who_and_note_ends_being_overdue_and_can_be_changed_and_undone(
    notify, browser, measured, clock, rows
):
    late(clock)
    while notify.scheduler.step():
        pass
    assert rows(notify, "SELECT overdue_at FROM warning")[0]["overdue_at"] is not None
    token = browser.token(PAGE)
    answer = browser.post(f"{PAGE}/look-back", token=token, helped="partly", note="有进步")
    assert answer.status_code == 303
    assert re.search("王秀英.*部分有效.*有进步", page(browser))
    (row,) = rows(notify, "SELECT overdue_at, deadline FROM warning")
    assert row["overdue_at"] is None
    assert row["deadline"] > clock.now.timestamp() * 1000
    assert helped(notify) == "partly"
    clock.now += timedelta(seconds=61)
    browser.post(f"{PAGE}/look-back", token=token, helped="no", note="又缺勤")
    assert helped(notify) == "no"
    act = rows(notify, "SELECT max(id) AS id FROM act")[0]["id"]
    assert browser.post(f"{PAGE}/undo", token=token, act=str(act)).status_code == 303
    assert helped(notify) == "partly"


def test_two_tabs_the_same_counts_once_another_is_not_lost_and_overwrites_nothing(
    notify, browser, measured, clock, rows
):
    late(clock)
    token = browser.token(PAGE)
    version = re.search(r'name="version" value="([^"]+)"', browser.get(PAGE).text)[1]
    form = {"token": token, "version": version, "helped": "yes", "note": "好"}
    assert browser.post(f"{PAGE}/look-back", **form).status_code == 303
    assert browser.post(f"{PAGE}/look-back", **form).status_code == 303
    second = browser.post(f"{PAGE}/look-back", **(form | {"helped": "no", "note": "我看不行"}))
    assert second.status_code == 409
    assert "我看不行" in second.text
    assert helped(notify) == "yes"
    assert len(rows(notify, "SELECT id FROM act WHERE action = 'looked_back'")) == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"helped": ""}, "请选择措施是否有效"),
        ({"helped": "x"}, "请选择"),
        ({"helped": "yes", "note": "长" * 2001}, "2000"),
    ],
)
def test_an_answer_that_is_none_is_said_beside_its_field_and_what_was_typed_stays(browser, measured, clock, form, said):
    late(clock)
    answer = browser.post(f"{PAGE}/look-back", token=browser.token(PAGE), **({"note": "写了很久"} | form))
    assert answer.status_code == 422
    assert said in re.search(r'<p class="error".*?</p>', answer.text)[0]
    assert form.get("note", "写了很久") in answer.text


def test_without_a_measure_there_is_nothing_to_look_back_at(notify, browser):
    notify.take_in([change()], 1)
    assert page(browser) == ""
    answer = browser.post(f"{PAGE}/look-back", token=browser.token(PAGE), helped="yes")
    assert answer.status_code == 422
    assert "没有确定过措施" in answer.text


def test_of_a_warning_that_was_taken_back_nothing_is_asked_and_what_was_typed_is_shown(
    notify, browser, measured, clock, rows
):
    token = browser.token(PAGE)
    notify.take_in([change("withdrawn", 2)], 3)
    late(clock)
    assert page(browser) == ""
    answer = browser.post(f"{PAGE}/look-back", token=token, helped="yes", note="已谈话")
    assert answer.status_code == 409
    assert re.search("不再询问.*已谈话", answer.text, re.DOTALL)
    while notify.scheduler.step():
        pass
    assert news(rows, notify) == []


def test_who_has_it_in_hand_is_asked_on_the_day_of_what_has_ended_and_once(notify, measured, clock, rows):
    notify.take_in([change("resolved", 2)], 3)
    while notify.scheduler.step():
        pass
    assert news(rows, notify) == []
    late(clock)
    while notify.scheduler.step():
        pass
    assert news(rows, notify) == [("T1", "look_back")]
    late(clock)
    while notify.scheduler.step():
        pass
    assert len(news(rows, notify)) == 1


def test_who_has_answered_before_the_day_is_not_asked(notify, measured, clock, rows):
    notify.take_in([change("resolved", 2)], 3)
    assert notify.acts.look_back("T1", WARNING, "yes") is None
    late(clock)
    while notify.scheduler.step():
        pass
    assert news(rows, notify) == []


def test_of_what_is_open_the_deadline_tells_and_nobody_is_told_twice(notify, measured, clock, rows):
    late(clock)
    while notify.scheduler.step():
        pass
    assert news(rows, notify) == []
    assert ("T1", "overdue") in every_news(rows, notify)


def test_of_an_owner_who_has_left_the_others_who_may_see_it_are_asked(notify, college, measured, clock, rows):
    notify.take_in([change("resolved", 2)], 3)
    college.roles["class_tutor"] = []
    late(clock)
    while notify.scheduler.step():
        pass
    assert news(rows, notify) == [("T2", "look_back")]


def test_a_day_in_the_holidays_is_asked_about_when_people_work_again(make, clock, rows):
    class Holidays:
        back = clock.now + timedelta(days=10)

        def after(self, t, milliseconds):
            return max(t, int(self.back.timestamp() * 1000)) + milliseconds

        def working_days_after(self, t, days):
            return t + days * 86_400_000

        def working_day(self, day):
            return day

    notify = make(working=Holidays())
    notify.take_in([change()], 1)
    notify.acts.improve("T1", WARNING, "每天签到", (clock.now + timedelta(days=1)).date().isoformat())
    notify.take_in([change("resolved", 2)], 2)
    late(clock)
    while notify.scheduler.step():
        pass
    assert news(rows, notify) == []
    clock.now += timedelta(days=9)
    while notify.scheduler.step():
        pass
    assert news(rows, notify) == [("T1", "look_back")]


def test_a_relapse_is_linked_on_both_pages(notify, browser, measured):
    notify.take_in([change("resolved", 2)], 3)
    again = change()
    again = msgspec.structs.replace(
        again, warning_id="again", facts=msgspec.structs.replace(again.facts, warning_id="again")
    )
    notify.take_in([again], 4)
    assert 'href="/warnings/again"' in browser.get(PAGE).text
    assert f'href="{PAGE}"' in browser.get("/warnings/again").text


def test_the_report_counts_what_came_after_measures_as_the_list_of_warnings_does(notify, browser, clock):
    """Four warnings with a measure: ended, ended and back, closed by a person, open; and one without."""
    due = (clock.now + timedelta(days=1)).date().isoformat()

    def one(name, subject, *changes):
        given = change(subject=subject)
        shown = msgspec.structs.replace(given.facts, warning_id=name)
        return [
            msgspec.structs.replace(change(kind, n, subject=subject), warning_id=name, facts=shown)
            for n, kind in enumerate(changes, start=1)
        ]

    names = ("ended", "back", "closed", "open")
    for offset, name in enumerate((*names, "without"), start=1):
        notify.take_in(one(name, name, "opened"), offset)
    for name in names:
        assert notify.acts.improve("T1", name, "谈话", due) is None
    for offset, name in enumerate(("ended", "back"), start=6):
        notify.take_in(one(name, name, "opened", "resolved")[1:], offset)
    notify.take_in(one("relapse", "back", "opened"), 8)
    assert notify.acts.close("T1", "closed", "", "explained") is None
    for name, helped in zip(names, HELPED, strict=False):
        assert notify.acts.look_back("T1", name, helped) is None
    day = clock.now.date()
    found = notify.effectiveness(Period(day - timedelta(days=30), day + timedelta(days=1)), "rule").improvement
    listed = [one for one in notify.warnings() if one["measure_at"]]
    back = {one["relapse_of"] for one in notify.warnings()}
    assert found._asdict() == {
        "measures": 4, "ended": 2, "closed": 1, "still_open": 1, "relapsed": 1, "yes": 1, "partly": 1, "no": 1,
        "unanswered": 1,
    }  # fmt: skip
    counted = {
        "measures": len(listed),
        "ended": sum(one["status"] == "resolved" for one in listed),
        "closed": sum(one["status"] == "closed" for one in listed),
        "still_open": sum(one["status"] == "open" for one in listed),
        "relapsed": sum(one["status"] == "resolved" and one["id"] in back for one in listed),
        **{answer: sum(one["helped"] == answer for one in listed) for answer in HELPED},
        "unanswered": sum(one["helped"] is None for one in listed),
    }
    assert found._asdict() == counted


CLOCK = msgspec.structs.replace(CARD, since="", unit="%")
"""Whose clock runs from the record on: 40 hours before the measure was named."""


@pytest.fixture
def ticking(make, clock):
    """A warning about something that has not been settled since yesterday, with a measure until tomorrow."""
    notify = make("ticking", cards=lambda *_: CLOCK)
    notify.take_in([change(value=120, threshold=100)], 1)
    due = (clock.now + timedelta(days=1)).date().isoformat()
    assert notify.acts.improve("T1", WARNING, "催办", due) is None
    return notify


def test_of_a_clock_the_page_says_how_long_it_had_run_and_that_this_tells_nothing_of_the_measure(
    ticking, browser_of, clock
):
    late(clock)
    shown = page(browser_of(ticking))
    assert re.search(r"预警开始时 .*? 23 小时 .*?确定措施时 .*? 1 天 .*?现在 .*? 3 天 ", shown), shown
    assert "不能说明措施是否有效" in shown
    assert "grows whatever is done" in page(browser_of(ticking), "en")


def test_where_nobody_says_when_a_clock_began_there_is_no_figure_but_the_sentence(ticking, browser_of, clock):
    bare, one = facts(value=130, threshold=100, evidence=[]), change()
    ticking.take_in([WarningReading(rule=one.rule, subject=one.subject, at=one.at, facts=bare)], 2)
    shown = page(browser_of(ticking))
    assert "预警开始时" not in shown
    assert "不能说明措施是否有效" in shown
