"""A warning is referred to an office: who is told, who sees it, and what becomes of the question."""

from datetime import date, timedelta

import msgspec
import pytest

from services.accounts.asked import Who
from services.directory import Person
from services.errors import SettingError
from services.notify.referring import read_offices
from services.notify.report import Period
from services.notify.store.erasure import held
from services.notify.testing import change, facts

ID = facts().warning_id
AFFAIRS = [Person(id="A1", name="赵处", channel="json://hooks.campus/a1"), Person(id="A2", name="钱干事")]
MIND = Person(id="M1", name="孙老师", channel="json://hooks.campus/m1")
HEAD = Person(id="H1", name="李主任", channel="json://hooks.campus/h1")
DEAD_END = Person(id="F1", name="周会计", channel="no address")
STATE = "SELECT person, office, state, taken_by, note, answer FROM referral ORDER BY id"
NEWS = "SELECT recipient, news, status FROM delivery WHERE news <> '' ORDER BY id"
ACTS = "SELECT person, action, text, detail FROM act ORDER BY id"


@pytest.fixture
def notify(make, college):
    college.roles |= {"student_affairs": AFFAIRS, "mental_health": [MIND], "department_head": [HEAD]}
    notify = make()
    notify.take_in([change()], 1)
    return notify


@pytest.fixture
def sees(notify):
    """Whether somebody sees the warning."""

    def sees(person):
        with notify.sight.reading(Who(person), ID) as (_, row):
            return row is not None

    return sees


def refer(notify, office="student_affairs", question="请核实困难情况", person="T1"):
    return notify.referrals.refer(person, ID, office, question)


def test_the_office_is_told_and_sees_that_warning_which_stays_whose_it_was(notify, rows, sees):
    notify.acts.acknowledge("T1", ID)
    before = rows(notify, "SELECT * FROM warning")
    assert [sees(one) for one in ("A1", "A2", "M1")] == [False, False, False]
    assert refer(notify) is None
    assert [sees(one) for one in ("A1", "A2", "M1")] == [True, True, False]
    assert rows(notify, "SELECT * FROM warning") == before
    assert rows(notify, NEWS) == [{"recipient": one, "news": "referred 1", "status": "pending"} for one in ("A1", "A2")]
    assert rows(notify, ACTS)[-1] == {
        "person": "T1", "action": "referred", "text": "请核实困难情况", "detail": "student_affairs",
    }  # fmt: skip


def test_whoever_sees_it_by_a_referral_alone_answers_and_does_nothing_else(notify):
    refer(notify)
    acts = notify.acts
    tried = (
        acts.acknowledge("A1", ID), acts.improve("A1", ID, "x", "2026-12-01"), acts.close("A1", ID, "x", "fixed"),
        acts.judge("A1", ID, "useful"), acts.hand_over("A1", ID, "T1", 1), acts.undo("A1", ID, 1),
        refer(notify, "mental_health", person="A1"),
    )  # fmt: skip
    assert set(tried) == {"only_referred"}
    assert notify.acts.hand_over("T1", ID, "A1", 1) == "taker_not_allowed"


def test_a_referral_is_accepted_and_answered_and_whoever_asked_is_told(notify, rows, sees):
    refer(notify)
    assert notify.referrals.accept("A1", ID, 1) is None
    assert notify.referrals.accept("A1", ID, 1) is None
    assert notify.referrals.accept("A2", ID, 1) == "referral_taken"
    assert notify.referrals.answer("A1", ID, 1, "") == "needs_answer"
    assert notify.referrals.answer("A1", ID, 1, "已发放补助") is None
    assert notify.referrals.answer("A1", ID, 1, "已发放补助") is None
    assert notify.referrals.answer("A1", ID, 1, "别的") == "referral_over"
    assert rows(notify, NEWS)[-1] == {"recipient": "T1", "news": "referral_answered 1", "status": "pending"}
    assert [one["action"] for one in rows(notify, ACTS)] == ["referred", "referral_accepted", "referral_answered"]
    assert [sees(one) for one in ("A1", "A2")] == [True, False]  # what they wrote themselves they can read


def test_what_is_refused_goes_back_and_the_office_sees_it_no_more(notify, rows, sees):
    refer(notify)
    assert notify.referrals.refuse("A1", ID, 1, " ") == "needs_why"
    assert notify.referrals.refuse("A1", ID, 1, "属于心理中心") is None
    assert rows(notify, NEWS)[-1]["news"] == "referral_refused 1"
    assert [sees(one) for one in ("A1", "A2", "T1")] == [False, False, True]
    assert refer(notify, "mental_health") is None


def test_twice_is_once_and_another_question_to_the_same_office_waits_for_the_answer(notify, rows):
    assert (refer(notify), refer(notify)) == (None, None)
    assert refer(notify, question="另一个问题") == "referred_already"
    assert len(rows(notify, STATE)) == 1
    assert len(rows(notify, NEWS)) == 2


@pytest.mark.parametrize(
    ("office", "question", "why"),
    [
        ("", "?", "office_not_chosen"), ("class_tutor", "?", "office_not_offered"), ("hr_office", "?", "office_vacant"),
        ("finance_office", "?", "office_unreachable"), ("student_affairs", "", "needs_question"),
        ("student_affairs", "字" * 20_000, "note_too_long"), ("student_affairs", "\0", "needs_question"),
    ],
)  # fmt: skip
def test_what_reaches_nobody_or_asks_nothing_is_refused(notify, college, rows, office, question, why):
    college.roles["finance_office"] = [DEAD_END]
    assert refer(notify, office, question) == why
    assert rows(notify, STATE) == []


def test_an_office_that_only_the_asker_or_the_one_it_is_about_holds_is_vacant(notify, college):
    college.roles |= {"student_affairs": [college.person("T1")], "mental_health": [Person(id="S1", name="张伟")]}
    assert (refer(notify), refer(notify, "mental_health")) == ("office_vacant", "office_vacant")


def test_what_is_over_is_referred_no_more_and_a_stranger_refers_nothing(notify):
    assert refer(notify, person="A1") == "not_found"
    notify.acts.close("T1", ID, "x", "fixed")
    assert refer(notify) == "not_open"


def test_what_nobody_accepts_in_two_working_days_goes_up_and_to_whoever_asked(notify, rows, clock, sees):
    refer(notify)
    notify.acts.acknowledge("T1", ID)  # what this ends is another chain
    clock.advance(timedelta(days=2))
    while notify.scheduler.step():
        pass
    told = [one["recipient"] for one in rows(notify, NEWS) if one["news"] == "referral_unattended 1"]
    assert told == ["T1", "H1"]
    assert sees("H1")
    assert rows(notify, ACTS)[-1] == {
        "person": "", "action": "referral_unattended", "text": "student_affairs", "detail": "",
    }  # fmt: skip
    assert notify.referrals.accept("A2", ID, 1) is None


@pytest.mark.parametrize("end", ["accept", "answer", "refuse", "close"])
def test_what_was_accepted_or_is_over_does_not_go_up(notify, rows, clock, end):
    refer(notify)
    if end == "close":
        notify.acts.close("T1", ID, "x", "fixed")
    elif end == "accept":
        notify.referrals.accept("A1", ID, 1)
    else:
        getattr(notify.referrals, end)("A1", ID, 1, "x")
    clock.advance(timedelta(days=9))
    while notify.scheduler.step():
        pass
    assert not [one for one in rows(notify, NEWS) if one["news"].startswith("referral_unattended")]


def test_where_there_is_no_head_the_college_office_is_next(notify, college, rows, clock):
    college.roles |= {"department_head": [], "college_office": [Person(id="O1", name="院办")]}
    refer(notify)
    clock.advance(timedelta(days=2))
    notify.scheduler.step()
    assert [one["recipient"] for one in rows(notify, NEWS) if one["news"] == "referral_unattended 1"] == ["T1", "O1"]


def test_of_who_has_left_a_colleague_takes_it_over(notify, college, rows):
    refer(notify)
    notify.referrals.accept("A1", ID, 1)
    college.gone.add("A1")
    college.roles["student_affairs"] = [AFFAIRS[1]]
    assert notify.referrals.accept("A2", ID, 1) is None
    assert rows(notify, STATE)[0]["taken_by"] == "A2"


def test_what_was_accepted_by_who_has_left_goes_up_once(notify, college, rows, clock):
    refer(notify)
    notify.referrals.accept("A1", ID, 1)
    for gone in (set(), set(), {"A1"}, {"A1"}):
        college.gone |= gone
        clock.advance(timedelta(days=2))
        while notify.scheduler.step():
            pass
        told = [one["recipient"] for one in rows(notify, NEWS) if one["news"] == "referral_unattended 1"]
        assert told == (["T1", "H1"] if gone else [])


def test_while_the_asker_is_away_who_stands_in_hears_the_answer(notify, college, rows, sees):
    college.roles |= {"department_head": [], "on duty": [HEAD]}
    college.away["T1"] = [HEAD]
    refer(notify)
    assert not sees("H1")
    notify.referrals.answer("A1", ID, 1, "已处理")
    assert rows(notify, NEWS)[-1] == {"recipient": "H1", "news": "referral_answered 1", "status": "pending"}
    assert sees("H1")


def test_a_referral_of_a_case_does_not_open_its_parts(notify, rows, sees):
    with notify.database.writing() as connection:
        connection.exec_driver_sql("UPDATE warning SET \"row\" = 'S2'")
    case = change(subject="S1", context={"student": "S1"})
    notify.take_in([msgspec.structs.replace(case, row="S9")], 2)
    with notify.database.writing() as connection:
        connection.exec_driver_sql("UPDATE warning SET mutes = 'S2' WHERE subject = 'S1'")
    assert notify.referrals.refer("T1", case.warning_id, "student_affairs", "?") is None
    with notify.sight.reading(Who("A1"), case.warning_id) as (_, row):
        assert row is not None
    assert not sees("A1")


def test_acting_on_the_warning_takes_no_referral_out_of_the_outbox(notify, rows):
    refer(notify)
    notify.acts.acknowledge("T1", ID)
    assert {one["status"] for one in rows(notify, NEWS)} == {"pending"}


def test_on_trial_nobody_is_sent_a_referral(make, college, rows):
    college.roles |= {"student_affairs": AFFAIRS}
    notify = make(on_trial=lambda _rule: True)
    notify.take_in([change()], 1)
    assert refer(notify) is None
    assert rows(notify, NEWS) == []
    assert {one["reason"] for one in rows(notify, "SELECT reason FROM decision")} == {"mode_shadow"}


def test_what_nobody_has_heard_of_yet_is_taken_back_and_told_to_nobody(notify, rows, sees):
    refer(notify)
    assert notify.referrals.take_back("T1", ID, 1, " ") == "needs_why_back"
    assert notify.referrals.take_back("T1", ID, 1, "字" * 20_000) == "answer_too_long"
    assert sees("A1")
    assert notify.referrals.take_back("T1", ID, 1, "已自行核实") is None
    assert rows(notify, NEWS) == [
        {"recipient": one, "news": "referred 1", "status": "cancelled"} for one in ("A1", "A2")
    ]
    reasons = rows(notify, "SELECT DISTINCT last_error FROM delivery WHERE news <> ''")
    assert reasons == [{"last_error": "referral_taken_back"}]
    assert [sees(one) for one in ("A1", "A2", "T1")] == [False, False, True]
    assert rows(notify, ACTS)[-1] == {
        "person": "T1", "action": "referral_taken_back", "text": "已自行核实", "detail": "student_affairs",
    }  # fmt: skip
    assert notify.referrals.answer("A1", ID, 1, "太晚") == "not_found"
    assert refer(notify, question="还是请核实") is None


def test_who_was_told_of_a_referral_hears_once_and_without_a_link_that_it_was_taken_back(
    notify, rows, channel, eventually
):
    refer(notify)
    notify.referrals.accept("A2", ID, 1)
    notify.start()
    eventually(lambda: {one["status"] for one in rows(notify, NEWS)} == {"sent"})
    for _ in range(2):
        assert notify.referrals.take_back("T1", ID, 1, "已自行核实") is None
    told = [one for one in rows(notify, NEWS) if one["news"] == "referral_taken_back 1"]
    assert [one["recipient"] for one in told] == ["A1", "A2"]
    eventually(lambda: {one["status"] for one in rows(notify, NEWS)} == {"sent"})
    title, body = next((one.title, one.body) for _, _, one in channel.sent if "已撤回" in one.title)
    assert title.startswith("转介已撤回：")
    assert body == "同事撤回了向您所在部门的转介，无需再处理。"
    assert len([one for one in rows(notify, ACTS) if one["action"] == "referral_taken_back"]) == 1


@pytest.mark.parametrize("end", ["answer", "refuse"])
def test_what_was_answered_or_refused_is_taken_back_no_more(notify, rows, end):
    refer(notify)
    getattr(notify.referrals, end)("A1", ID, 1, "已处理")
    before = rows(notify, STATE)
    assert notify.referrals.take_back("T1", ID, 1, "不用了") == "referral_over"
    assert notify.referrals.take_back("T1", ID, 2, "不用了") == "referral_not_asked"
    assert rows(notify, STATE) == before


def test_only_who_asked_or_stands_in_for_them_takes_a_referral_back(notify, college, rows):
    college.roles["class_tutor"] = [*college.roles["class_tutor"], HEAD]
    refer(notify)
    assert notify.referrals.take_back("T2", ID, 1, "不用了") == "referral_not_asked"
    assert notify.referrals.take_back("A1", ID, 1, "不用了") == "only_referred"
    assert notify.referrals.take_back("H1", ID, 1, "不用了") == "referral_not_asked"
    college.away["T1"] = [HEAD]
    assert notify.referrals.take_back("H1", ID, 1, "不用了") is None
    assert rows(notify, STATE)[0]["state"] == "taken_back"


def test_what_was_taken_back_does_not_go_up(notify, rows, clock):
    refer(notify)
    notify.referrals.take_back("T1", ID, 1, "不用了")
    clock.advance(timedelta(days=9))
    while notify.scheduler.step():
        pass
    assert not [one for one in rows(notify, NEWS) if one["news"].startswith("referral_unattended")]


def test_the_report_counts_what_was_referred(notify):
    refer(notify)
    refer(notify, "mental_health")
    notify.referrals.refuse("M1", ID, 2, "x")
    notify.referrals.accept("A1", ID, 1)
    refer(notify, "mental_health", "再次请核实")
    notify.referrals.take_back("T1", ID, 3, "已自行核实")
    notify.talks.not_reached("T1", ID)
    found = notify.effectiveness(Period(date(2026, 11, 1), date(2026, 11, 30)), "rule").follow_up
    assert found._asdict() == {
        "talks": 0, "not_reached": 1, "referrals": 3, "accepted": 1, "answered": 0, "refused": 1, "taken_back": 1,
        "open": 1,
    }  # fmt: skip


def test_a_person_is_handed_out_what_was_asked_about_them_and_what_they_answered(notify):
    refer(notify)
    notify.referrals.answer("A1", ID, 1, "已处理")
    with notify.database.reading() as connection:
        for person in ("S1", "T1", "A1"):
            (one,) = held(connection, person)["referral"]
            assert (one["note"], one["answer"]) == ("请核实困难情况", "已处理"), person
        assert "referral" not in held(connection, "A2")


def test_the_college_names_the_roles_that_can_be_referred_to():
    assert read_offices(" mental_health , counsellor,") == ("mental_health", "counsellor")
    assert "student_affairs" in read_offices("")
    with pytest.raises(SettingError, match=r"mental_helth is no role \(expected: mental_health\)"):
        read_offices("mental_helth")
