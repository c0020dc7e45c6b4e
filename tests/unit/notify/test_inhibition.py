"""Cases that mute their parts, levels that are only shown, summaries that settle."""

from datetime import timedelta

import msgspec
import pytest

from services.directory import Person
from services.messages import EscalationStep, to_ms
from services.notify.grouping import Grouping
from services.notify.suppression import UNTIL_THE_CASE_IS_OVER, Silence
from services.notify.testing import CARD, change, facts, reading

CASE = msgspec.structs.replace(CARD, rule="student-case", row="S9", mutes=["S1", "S2"])
SHY = msgspec.structs.replace(CARD, tell_from="orange", escalate=[EscalationStep(after=3600, to="class_tutor")])
SUMMARY = msgspec.structs.replace(CARD, summary=600.0)
SETTLING = msgspec.structs.replace(CARD, settle=600.0)


def case(kind="opened", sequence=1, *, level="red", subject="S1"):
    one = change(kind, sequence, level=level, subject=subject)
    return msgspec.structs.replace(one, rule="student-case", row="S9")


@pytest.fixture
def notify(make, one_recipient):
    return make(cards=lambda _version, rule: CASE if rule == "student-case" else CARD)


@pytest.fixture
def waiting(rows, clock):
    """Of each message about a part that is not cancelled: for how many minutes it still waits; None: until the end."""
    query = (
        "SELECT next_try_at FROM delivery JOIN warning ON number = warning"
        " WHERE rule = 'absence-streak' AND delivery.status = 'pending' ORDER BY delivery.id"
    )

    def waiting(notify):
        due = [row["next_try_at"] for row in rows(notify, query)]
        left = [None if at == UNTIL_THE_CASE_IS_OVER else (at - to_ms(clock())) / 60_000 for at in due]
        return [one if one is None else max(one, 0) for one in left]

    return waiting


def test_a_case_mutes_its_lesser_parts_until_it_is_over(notify, waiting, rows):
    notify.take_in([case()], 1)
    notify.take_in([change(level="orange")], 2)
    assert waiting(notify) == [None]
    decided = rows(notify, "SELECT stage, reason FROM decision WHERE stage <> 'routing'")
    assert [tuple(one.values()) for one in decided] == [("inhibit", "part_of_case")]
    notify.take_in([case("resolved", 2)], 3)
    assert waiting(notify) == [0]


@pytest.mark.parametrize(
    "part",
    [
        change(level="red"),
        change(subject="S2/MATH"),
        change(subject="S11/MATH"),
        msgspec.structs.replace(change(), row="K1"),
    ],
    ids=["as grave", "another student", "an id that begins alike", "no part"],
)
def test_a_case_mutes_nothing_else(part, notify, waiting):
    notify.take_in([case()], 1)
    notify.take_in([part], 2)
    assert waiting(notify) == [0]


def test_a_case_that_comes_while_its_parts_still_wait_mutes_them(make, waiting, one_recipient):
    cards = lambda _version, rule: CASE if rule == "student-case" else CARD  # noqa: E731
    notify = make(cards=cards, grouping=Grouping(wait=timedelta(minutes=1)))
    notify.take_in([change()], 1)
    assert waiting(notify) == [1]
    notify.take_in([case(level="orange")], 2)
    assert waiting(notify) == [None]
    notify.take_in([case("lowered", 2, level="yellow")], 3)
    assert waiting(notify) == [1]


def test_a_case_that_somebody_closes_mutes_no_more(notify, waiting):
    notify.take_in([case(), change()], 1)
    notify.take_in([change(subject="S1/PHYS")], 2)
    assert waiting(notify) == [0, None]
    assert notify.acts.close("T1", case().warning_id, "talked", "fixed") is None
    assert waiting(notify) == [0, 0]


def test_what_is_asked_of_a_person_about_a_part_waits_for_no_case(make, college, deliveries, one_recipient):
    cards = lambda _version, rule: CASE if rule == "student-case" else CARD  # noqa: E731
    notify = make(cards=cards, grouping=Grouping(wait=timedelta(minutes=1)))
    college.roles["student_affairs"] = [Person(id="A1", name="赵处", channel="json://hooks.campus/a1")]
    notify.take_in([change()], 1)
    notify.take_in([case(level="orange")], 2)
    assert notify.referrals.refer("T1", facts().warning_id, "student_affairs", "请核实困难情况") is None
    notify.take_in([case("raised", 2, level="red")], 3)  # what is held is looked at anew
    (asked,) = [row for row in deliveries(notify) if row["news"]]
    assert (asked["recipient"], asked["next_try_at"] - asked["created_at"]) == ("A1", 60_000)


def test_a_part_that_ends_under_its_case_tells_nobody(notify, waiting, deliveries):
    notify.take_in([case()], 1)
    notify.take_in([change()], 2)
    notify.take_in([change("resolved", 2)], 3)
    notify.take_in([case("resolved", 2)], 4)
    assert waiting(notify) == []


def test_a_silence_goes_on_when_the_case_is_over(notify, waiting, clock):
    end = to_ms(clock() + timedelta(hours=2))
    notify.silence(Silence(0, "absence-streak", None, None, to_ms(clock()), end, "Anna", "a known case"))
    notify.take_in([case()], 1)
    notify.take_in([change()], 2)
    notify.take_in([case("withdrawn", 2)], 3)
    assert waiting(notify) == [120]


def test_below_the_level_that_is_told_it_is_only_shown_and_has_no_deadline(make, waiting, rows, one_recipient):
    notify = make(cards=lambda *_: SHY)
    notify.take_in([change()], 1)
    assert waiting(notify) == []
    (shown,) = notify.warnings()
    assert (shown["status"], shown["deadline"]) == ("open", None)
    assert rows(notify, "SELECT not_pushed FROM warning_change") == [{"not_pushed": "only_shown_at_this_level"}]
    assert rows(notify, "SELECT * FROM escalation") == []
    notify.take_in([change("raised", 2, level="orange")], 2)
    assert waiting(notify) == [0]
    assert len(rows(notify, "SELECT * FROM escalation")) == 1


def test_who_was_told_of_orange_hears_of_the_end_at_yellow(make, deliveries, one_recipient):
    notify = make(cards=lambda *_: SHY)
    notify.take_in([change(level="orange")], 1)
    notify.take_in([change("lowered", 2, level="yellow")], 2)
    notify.take_in([change("resolved", 3, level="yellow")], 3)
    assert [row["sequence"] for row in deliveries(notify)] == [1, 3]


@pytest.mark.parametrize("together", [True, False], ids=["one chunk", "a chunk each"])
def test_a_summary_waits_until_nothing_more_comes(together, make, waiting, clock, one_recipient):
    notify = make(cards=lambda *_: SUMMARY)
    first = [change(level="praise"), reading(level="praise", value=3)]
    for offset, part in enumerate([first] if together else [[one] for one in first], start=1):
        notify.take_in(part, offset)
        clock.advance(timedelta(minutes=4))
    assert waiting(notify) == [6]
    notify.take_in([reading(level="praise", value=4)], 9)
    assert waiting(notify) == [10]


def test_a_summary_does_not_wait_for_ever(make, waiting, clock, one_recipient):
    notify = make(cards=lambda *_: SUMMARY)
    notify.take_in([change(level="praise")], 1)
    for minute in range(2, 100):
        clock.advance(timedelta(minutes=1))
        notify.take_in([reading(level="praise", value=minute)], minute)
    assert waiting(notify) == [0]


def test_a_red_figure_settles_and_says_nothing_if_it_is_taken_back_meanwhile(make, waiting, clock, one_recipient):
    notify = make(cards=lambda *_: SETTLING)
    notify.take_in([change(level="red")], 1)
    clock.advance(timedelta(seconds=17))
    notify.take_in([change("withdrawn", 2, level="red")], 2)
    assert waiting(notify) == []


def test_what_settled_is_told_as_it_stands_then(make, clock, channel, one_recipient, eventually):
    notify = make(cards=lambda *_: SETTLING)
    notify.take_in([change(level="red", value=9)], 1)
    clock.advance(timedelta(minutes=9))
    notify.take_in([change("lowered", 2, level="yellow", value=3), reading(level="yellow", value=2)], 2)
    clock.advance(timedelta(minutes=9))
    notify.start()
    assert channel.sent == []
    clock.advance(timedelta(minutes=2))
    eventually(lambda: len(channel.sent) == 1)
    ((_, _, message),) = channel.sent
    assert message.title.startswith("黄色预警")


def test_a_case_that_was_told_to_nobody_holds_none_of_its_parts_back(make, waiting, clock, one_recipient):
    notify = make(cards=lambda _version, rule: CASE if rule == "student-case" else CARD, max_age=timedelta(days=3))
    notify.take_in([msgspec.structs.replace(case(), at=clock() - timedelta(days=9))], 1)
    notify.take_in([change()], 2)
    assert waiting(notify) == [0]


def test_a_rise_that_is_too_old_ends_no_chain_of_a_lower_level(make, clock, rows, one_recipient):
    chain = msgspec.structs.replace(CARD, escalate=[EscalationStep(after=3600, to="class_tutor")])
    notify = make(cards=lambda *_: chain, max_age=timedelta(days=3))
    notify.take_in([change()], 1)
    notify.take_in([msgspec.structs.replace(change("raised", 2, level="red"), at=clock() - timedelta(days=9))], 2)
    assert rows(notify, "SELECT status FROM escalation") == [{"status": "waiting"}]
