"""A student who is exempt from a rule: its warnings about them are shown, with the reason, and pushed to nobody."""

from datetime import date, timedelta

import msgspec
import pytest

from services.directory import Directory, Tables
from services.directory.records import Enrolment, Exemption, Person, Role, SchoolClass
from services.messages import EscalationStep
from services.notify.testing import CARD, MORNING, change, facts

CHAIN = msgspec.structs.replace(CARD, to=["class_tutor"], escalate=[EscalationStep(after=3600, to="class_tutor")])
AT = MORNING - timedelta(hours=1)
"""When the changes of these tests occur."""


@pytest.fixture
def notify(make, one_recipient):
    return make(cards=lambda *_: CHAIN)


@pytest.fixture
def exempt(college):
    """S1, from the rule, from when to before when."""

    def exempt(begin, end, rule=CARD.rule):
        college.exemptions["S1", rule] = (begin, end)

    return exempt


@pytest.fixture
def not_pushed(rows):
    return lambda notify: [
        row["not_pushed"] for row in rows(notify, "SELECT not_pushed FROM warning_change ORDER BY sequence")
    ]


def passes(clock, notify, **by):
    clock.advance(timedelta(**by))
    while notify.scheduler.step():
        pass


def test_it_is_shown_and_nobody_is_told_reminded_or_chased(notify, clock, exempt, not_pushed, deliveries, rows):
    exempt(AT, AT + timedelta(days=30))
    notify.take_in([change()], 1)
    passes(clock, notify, days=14)
    assert not_pushed(notify) == ["exempt"]
    assert deliveries(notify) == rows(notify, "SELECT * FROM escalation") == []
    (found,) = notify.warnings()
    assert (found["status"], found["deadline"], found["overdue_at"]) == ("open", None, None)
    assert [row["person"] for row in rows(notify, "SELECT person FROM recipient")] == ["T1"]


@pytest.mark.parametrize("end", ["resolved", "withdrawn"])
def test_of_its_end_nobody_hears_who_was_not_told_of_it(notify, exempt, deliveries, rows, end):
    exempt(AT, AT + timedelta(days=30))
    notify.take_in([change()], 1)
    notify.take_in([change(end, 2)], 2)
    assert deliveries(notify) == []
    assert [row["reason"] for row in rows(notify, "SELECT reason FROM decision")] == ["was_not_told"]


def test_who_was_told_before_the_exemption_hears_of_the_end(notify, exempt, deliveries):
    notify.take_in([msgspec.structs.replace(change(), at=AT - timedelta(days=1))], 1)
    exempt(AT, AT + timedelta(days=30))
    notify.take_in([change("raised", 2, level="red"), change("resolved", 3)], 2)
    assert [row["sequence"] for row in deliveries(notify) if row["status"] == "pending"] == [1, 3]


def test_when_it_is_over_the_next_rise_is_told(notify, exempt, not_pushed, deliveries):
    exempt(AT - timedelta(days=2), AT)
    notify.take_in([msgspec.structs.replace(change(), at=AT - timedelta(seconds=1))], 1)
    notify.take_in([change("raised", 2, level="red")], 2)
    assert not_pushed(notify) == ["exempt", ""]
    assert [row["sequence"] for row in deliveries(notify)] == [2]


def test_another_rule_is_told_as_before(notify, exempt, deliveries):
    exempt(AT, AT + timedelta(days=30), rule="low-grade")
    notify.take_in([change()], 1)
    assert len(deliveries(notify)) == 1


def test_a_chain_that_began_before_the_exemption_tells_nobody_while_it_lasts(notify, clock, exempt, deliveries, rows):
    notify.take_in([change()], 1)
    exempt(clock.now + timedelta(minutes=30), clock.now + timedelta(days=30))
    passes(clock, notify, hours=2)
    assert [row["news"] for row in deliveries(notify)] == [""]
    decided = rows(notify, "SELECT whom, stage, reason FROM decision")
    assert [tuple(row.values()) for row in decided] == [("T1", "exemption", "exempt")]


@pytest.mark.parametrize(
    ("language", "why"),
    [("en", "the student is exempt from this rule"), ("zh", "该学生已豁免此规则")],
)
def test_the_page_says_why_nobody_was_told(notify, exempt, browser_of, language, why):
    exempt(AT, AT + timedelta(days=30))
    notify.take_in([change()], 1)
    browser = browser_of(notify)
    assert why in browser.get(f"/warnings/{facts().warning_id}?person=T1&lang={language}").text


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        pytest.param(date(2026, 11, 23), None, [], id="from its first day on"),
        pytest.param(date(2026, 11, 1), date(2026, 11, 23), [], id="until the end of its last day"),
        pytest.param(date(2026, 11, 1), date(2026, 11, 22), ["anna"], id="not after it"),
        pytest.param(date(2026, 11, 24), None, ["anna"], id="not before it"),
    ],
)
def test_its_days_are_those_of_the_directory(make, deliveries, first, last, told):
    """The warning is of 08:00 of 23 November in China."""
    tables = Tables(
        people=(Person(id="anna", name="安娜", email="anna@college.test"),),
        classes=(SchoolClass(id="k1"),),
        students=(Enrolment(id="S1", class_id="k1"),),
        roles=(Role(role="class_tutor", person="anna", scope_kind="class", scope="k1"),),
        exemptions=(Exemption(student="S1", of=CARD.rule, from_day=first, to_day=last, why="竞赛"),),
    )
    notify = make(directory=lambda: Directory(tables), cards=lambda *_: CHAIN)
    notify.take_in([change()], 1)
    assert [row["recipient"] for row in deliveries(notify)] == told
