"""Acknowledged, in improvement, overdue, escalated, closed, come again; and what the rules hear of it."""

import threading
from datetime import timedelta

import msgspec
import pytest

from services.directory import Person
from services.errors import DeliveryError, LogError
from services.messages import EscalationStep, to_ms
from services.notify.config import CHINA
from services.notify.grouping import Grouping
from services.notify.retry_policy import RetryPolicy
from services.notify.store import feedback
from services.notify.suppression import Quiet, Silence
from services.notify.testing import CARD, RecordingChannel, change, facts

STEPS = [EscalationStep(after=3600, to="counsellor"), EscalationStep(after=7200, to="department")]
CHAIN = msgspec.structs.replace(CARD, to=["class_tutor"], escalate=STEPS)
ID = facts().warning_id


@pytest.fixture
def heard(notify):
    """What the rules have heard since it was asked last."""

    def heard():
        events = []
        feedback.hand_on(notify.database, events.extend)
        return events

    return heard


@pytest.fixture(autouse=True)
def staff(college):
    college.roles.clear()
    college.roles.update(
        {
            "class_tutor": [Person(id="T1", name="王秀英", channel="json://hooks.campus/t1")],
            "counsellor": [Person(id="C1", name="李辅导", channel="json://hooks.campus/c1")],
        }
    )


@pytest.fixture
def notify(make):
    return make(cards=lambda *_: CHAIN)


@pytest.fixture
def told(rows):
    def told(notify):
        found = rows(notify, "SELECT recipient, news, sequence FROM delivery WHERE status <> 'cancelled' ORDER BY id")
        return [(row["recipient"], row["news"]) for row in found]

    return told


@pytest.fixture
def steps(rows):
    return lambda notify: [
        (row["cause"], row["role"], row["status"], row["reason"])
        for row in rows(notify, "SELECT * FROM escalation ORDER BY id")
    ]


def passes(clock, notify, **by):
    clock.advance(timedelta(**by))
    while notify.scheduler.step():
        pass


def one(notify):
    (found,) = notify.warnings()
    return found


def test_what_nobody_takes_up_goes_up_the_chain_step_by_step(notify, clock, told, steps, rows):
    notify.take_in([change()], 1)
    passes(clock, notify, minutes=59)
    assert told(notify) == [("T1", "")]
    passes(clock, notify, minutes=1)
    assert told(notify) == [("T1", ""), ("C1", "escalated 1")]
    passes(clock, notify, minutes=1)
    assert len(told(notify)) == 2
    passes(clock, notify, hours=1)
    assert told(notify)[2:] == []
    assert steps(notify) == [
        ("unacknowledged", "counsellor", "sent", "unacknowledged"),
        ("unacknowledged", "department", "vacant", "nobody_holds_role"),
    ]
    people = {(row["person"], row["role"]) for row in rows(notify, "SELECT * FROM recipient")}
    assert people == {("T1", "class_tutor"), ("C1", "counsellor")}


def test_who_has_no_address_where_there_is_mail_is_passed_over_at_once_and_not_called_told(
    make, clock, college, told, rows
):
    college.roles["counsellor"] = [Person(id="C1", name="Nobody")]
    college.roles["department"] = [Person(id="D1", name="Dean", email="dean@college.example")]
    notify = make(cards=lambda *_: CHAIN, mail="mailto://127.0.0.1:25?from=w@college.example")
    notify.take_in([change()], 1)
    passes(clock, notify, hours=1)
    assert told(notify)[-1] == ("D1", "escalated 2")
    decided = rows(notify, "SELECT whom, stage, reason FROM decision ORDER BY id")
    assert ("C1", "channel", "no_channel") in [tuple(one.values()) for one in decided]
    assert "C1" not in {whom for whom, _ in told(notify)}


@pytest.mark.parametrize("tutor", [[Person(id="T1", name="王")], []], ids=["no address", "nobody"])
def test_what_reaches_nobody_when_it_opens_goes_to_the_next_at_once(tutor, make, clock, college, told):
    college.roles["class_tutor"] = tutor
    college.roles["counsellor"] = [Person(id="C1", name="Li", email="li@college.example")]
    notify = make(cards=lambda *_: CHAIN, mail="mailto://127.0.0.1:25?from=w@college.example")
    notify.take_in([change()], 1)
    passes(clock, notify, minutes=0)
    assert told(notify) == [("C1", "escalated 1")]


@pytest.mark.parametrize("act", ["acknowledge", "close", "improve", "resolved", "withdrawn"])
def test_who_takes_it_up_or_ends_it_stops_the_chain(act, notify, clock, told):
    notify.take_in([change()], 1)
    match act:
        case "acknowledge":
            assert notify.acts.acknowledge("T1", ID) is None
        case "close":
            assert notify.acts.close("T1", ID, "done", "fixed") is None
        case "improve":
            assert notify.acts.improve("T1", ID, "talk", "2026-12-01") is None
        case _:
            notify.take_in([change(act, 2)], 2)
    passes(clock, notify, hours=5)
    assert [one for one in told(notify) if one[1].startswith("escalated")] == []


def test_a_rise_begins_the_chain_anew_as_the_rule_is_then(notify, clock, told, steps):
    notify.take_in([change()], 1)
    clock.advance(timedelta(minutes=30))
    notify.take_in([change("raised", 2, level="red")], 2)
    passes(clock, notify, minutes=45)
    assert told(notify) == [("T1", ""), ("T1", "")]
    passes(clock, notify, minutes=15)
    assert told(notify)[2:] == [("C1", "escalated 1")]
    assert [step[2:] for step in steps(notify)][:2] == [("stopped", "overtaken")] * 2


def test_a_chain_is_told_once_however_often_its_change_comes(notify, clock, told):
    notify.take_in([change()], 1)
    passes(clock, notify, hours=1)
    notify.take_in([change()], 1)
    notify.take_in([change()], 7)
    passes(clock, notify, hours=1)
    assert told(notify) == [("T1", ""), ("C1", "escalated 1")]


def test_past_its_deadline_it_is_overdue_once_and_the_rules_hear_of_it(notify, clock, heard):
    notify.take_in([change()], 1)
    assert one(notify)["deadline"] is not None
    passes(clock, notify, hours=1, seconds=1)
    assert one(notify)["overdue_at"] is not None
    passes(clock, notify, hours=9)
    said = [(event.kind, event.data.get("action"), event.data.get("overdue")) for event in heard()]
    assert said == [("feedback", "overdue", None), ("warning", None, True)]
    assert notify.acts.acknowledge("T1", ID) is None
    assert one(notify)["overdue_at"] is None
    assert [(event.kind, event.data.get("overdue")) for event in heard()] == [("feedback", None), ("warning", False)]


def test_an_end_by_the_rules_takes_overdue_back(notify, clock, heard):
    notify.take_in([change()], 1)
    passes(clock, notify, hours=2)
    heard()
    notify.take_in([change("resolved", 2)], 2)
    (event,) = heard()
    assert (event.data["overdue"], event.data["open"], event.data["change"]) == (False, False, "deadline")
    assert event.time == clock()


def test_an_end_is_told_again_also_when_it_was_overdue_long_ago(notify, clock, heard):
    notify.take_in([change()], 1)
    passes(clock, notify, hours=2)
    assert notify.acts.acknowledge("T1", ID) is None
    told = [event for event in heard() if event.kind == "warning"]
    notify.take_in([change("resolved", 2)], 2)
    told += heard()
    assert [(event.data["overdue"], event.data["open"]) for event in told] == [
        (True, True), (False, True), (False, False),
    ]  # fmt: skip
    assert sorted(told, key=lambda one: (one.time, one.id)) == told
    assert len({event.id for event in told}) == 3


def test_what_is_overdue_stays_so_on_a_lower_level_and_is_said_once(notify, clock, heard, rows):
    notify.take_in([change(level="red")], 1)
    passes(clock, notify, hours=2)
    heard()
    notify.take_in([change("lowered", 2, level="orange")], 2)
    (event,) = heard()
    assert (event.data["overdue"], event.data["level"]) == (True, "orange")
    passes(clock, notify, hours=1)
    assert [row["action"] for row in rows(notify, "SELECT action FROM act")].count("overdue") == 1


@pytest.mark.parametrize(("act", "left"), [("acknowledge", ["T1"]), ("close", [])])
def test_what_is_still_being_tried_is_not_sent_when_somebody_has_acted(act, left, make, clock, told, eventually, rows):
    def refuse(message):
        raise DeliveryError("busy", permanent=False)

    notify = make(cards=lambda *_: CHAIN, send=RecordingChannel(refuse))
    notify.start()
    notify.take_in([change()], 1)
    passes(clock, notify, hours=1)
    failed = "SELECT id FROM delivery WHERE status = 'failed'"
    eventually(lambda: len(rows(notify, failed)) == 2)
    acts = notify.acts
    assert (acts.acknowledge("T1", ID) if act == "acknowledge" else acts.close("T1", ID, "done", "fixed")) is None
    assert [person for person, _ in told(notify)] == left


def test_nobody_waits_for_a_log_that_is_away_and_it_hears_all_when_it_is_back(make, clock, eventually):
    heard, back = [], threading.Event()

    def publish(events):
        if not back.wait(30):
            raise AssertionError("the log never came back")
        if not heard:
            heard.append(None)
            raise LogError("the log is away")
        heard.extend(events)

    notify = make(cards=lambda *_: CHAIN, publish=publish)
    notify.start()
    notify.take_in([change()], 1)
    assert notify.acts.acknowledge("T1", ID) is None
    assert notify.acts.close("T1", ID, "done", "fixed") is None
    back.set()
    eventually(lambda: len(heard) == 3)


def test_time_that_stands_still_is_not_well(make, eventually):
    notify = make(retry=RetryPolicy(stalled=timedelta(seconds=1)))
    notify.start()
    eventually(lambda: "scheduler" in notify.health.lags())
    notify.scheduler.ports = notify.ports._replace(clock=None)
    assert "scheduler" in eventually(notify.unwell)


def test_who_took_it_up_is_reminded_a_day_before_and_told_when_it_is_overdue(notify, clock, told):
    notify.take_in([change()], 1)
    assert notify.acts.improve("T1", ID, "talk", "2026-12-01") is None
    passes(clock, notify, days=7)
    assert told(notify) == [("T1", "")]
    passes(clock, notify, days=1)
    assert told(notify)[1:] == [("T1", "reminder 1796140799999")]
    passes(clock, notify, days=2)
    assert told(notify)[2:] == [("T1", "overdue 1796140799999")]


def test_each_deadline_has_a_reminder_of_its_own_and_can_be_missed(notify, clock, rows):
    notify.take_in([change()], 1)
    for last in ("2026-12-01", "2026-12-09"):
        assert notify.acts.improve("T1", ID, "talk", last) is None
        passes(clock, notify, days=9)
    made = rows(notify, "SELECT news FROM delivery ORDER BY id")
    assert [row["news"].partition(" ")[0] for row in made[1:]] == ["reminder", "overdue"] * 2


def test_nobody_is_pressed_in_the_morning_for_what_was_taken_up_in_the_night(make, clock, told):
    begin = clock().astimezone(CHINA)
    quiet = Quiet((begin + timedelta(hours=1)).time(), (begin + timedelta(hours=9)).time())
    notify = make(cards=lambda *_: CHAIN, quiet=quiet)
    notify.take_in([change()], 1)
    passes(clock, notify, hours=1)
    assert told(notify)[1:] == [("C1", "escalated 1")]
    assert notify.acts.acknowledge("T1", ID) is None
    assert told(notify) == [("T1", "")]


def test_what_was_closed_while_its_message_was_held_is_not_told(make, clock, told):
    notify = make(cards=lambda *_: CHAIN, quiet=Quiet(days=frozenset(range(6))))
    notify.take_in([change()], 1)
    assert told(notify) == [("T1", "")]
    assert notify.acts.close("T1", ID, "done", "fixed") is None
    assert told(notify) == []


def test_why_a_step_waits_or_cannot_be_sent_is_written_down(make, clock, college, rows):
    college.roles["counsellor"] += [Person(id="C2", name="Nobody", channel="json://")]
    notify = make(cards=lambda *_: CHAIN)
    notify.take_in([change()], 1)
    end = to_ms(clock() + timedelta(hours=5))
    notify.silence(Silence(0, "absence-streak", None, None, to_ms(clock()), end, "Anna", "a known case"))
    passes(clock, notify, hours=1)
    decided = rows(notify, "SELECT whom, stage, reason FROM decision ORDER BY id")
    assert [tuple(one.values()) for one in decided] == [("C1", "silence", "silenced"), ("C2", "channel", "no_channel")]


@pytest.mark.parametrize("together", [False, True], ids=["a chunk each", "one chunk"])
def test_the_same_trouble_again_is_linked_to_what_was_before(notify, together):
    shown = msgspec.structs.replace(facts(), warning_id="again")
    again = msgspec.structs.replace(change(), warning_id="again", facts=shown)
    if together:
        notify.take_in([change(), change("resolved", 2), again], 1)
    else:
        notify.take_in([change(), change("resolved", 2)], 1)
        notify.take_in([again], 2)
    assert {found["id"]: found["relapse_of"] for found in notify.warnings()} == {ID: None, "again": ID}


def test_verdicts_are_one_event_whose_newest_revision_counts(notify, heard):
    notify.take_in([change()], 1)
    assert [notify.acts.judge("T1", ID, verdict) for verdict in ("useful", "useful", "known")] == [
        None,
        "same_verdict",
        None,
    ]
    assert notify.acts.judge("X1", ID, "useful") == "not_found"
    events = heard()
    assert len({(event.source, event.id) for event in events}) == 1
    assert [(event.revision, event.data["verdict"]) for event in events] == [(0, "useful"), (1, "known")]
    assert all("T1" not in msgspec.json.encode(event).decode() for event in events)


@pytest.mark.parametrize(("push", "mode"), [(False, "live"), (True, "replay"), (True, "shadow"), (True, "warm-up")])
def test_replays_imports_and_trials_have_no_deadlines(push, mode, make, clock):
    notify = make(push=push, cards=lambda *_: CHAIN)
    notify.take_in([change(mode=mode)], 1)
    assert one(notify)["deadline"] is None
    clock.advance(timedelta(days=3))
    assert notify.scheduler.step() == 0


RAISED = Person(id="p-7f3a", name="刘同学", channel="json://hooks.campus/p")


@pytest.fixture
def ticketed(make, college):
    """Takes in a warning whose evidence names who had raised it."""
    college.roles["reporter"] = [RAISED]
    card = msgspec.structs.replace(CHAIN, outcome="reporter")
    notify = make(cards=lambda *_: card)
    seen = msgspec.structs.replace(facts().evidence[0], fields={"reporter": "p-7f3a"})
    one = msgspec.structs.replace(facts(), evidence=[seen])

    def take(kind, sequence):
        notify.take_in([msgspec.structs.replace(change(kind, sequence), facts=one)], sequence)
        return notify

    return take


@pytest.mark.parametrize("end", ["resolved", "closed", "both"])
def test_who_had_raised_it_hears_once_that_it_is_over(end, ticketed, clock, told):
    notify = ticketed("opened", 1)
    passes(clock, notify, minutes=1)
    assert told(notify) == [("T1", "")]
    if end != "resolved":
        assert notify.acts.close("T1", ID, "repaired", "fixed") is None
        passes(clock, notify, minutes=1)
    if end != "closed":
        ticketed("resolved", 2)
        passes(clock, notify, minutes=1)
    assert [one for one in told(notify) if one[0] == "p-7f3a"] == [("p-7f3a", "outcome")]


def test_the_message_to_who_had_raised_it_names_the_matter_and_leads_nowhere(ticketed, clock, channel, eventually):
    notify = ticketed("opened", 1)
    notify.start()
    ticketed("resolved", 2)
    passes(clock, notify, seconds=1)
    message = eventually(lambda: next((said for address, _, said in channel.sent if address.endswith("/p")), None))
    assert (message.title, message.body) == ("处理结果：S1/MATH", "您反映的事项已处理完毕。")
    assert "link" not in message.extras


def test_nobody_hears_of_a_ticket_that_was_withdrawn_or_of_a_stranger(ticketed, clock, college, told):
    ticketed("opened", 1)
    passes(clock, ticketed("withdrawn", 2), minutes=1)
    college.roles.pop("reporter")
    notify = ticketed("opened", 3)
    passes(clock, ticketed("resolved", 4), minutes=1)
    assert {person for person, _ in told(notify)} <= {"T1"}


def test_what_nobody_takes_up_is_told_again_until_somebody_does(make, clock, told):
    card = msgspec.structs.replace(CHAIN, escalate=[])
    notify = make(cards=lambda *_: card, grouping=Grouping(repeat=timedelta(hours=24)))
    notify.take_in([change()], 1)
    for _ in range(3):
        passes(clock, notify, hours=24)
    assert told(notify) == [("T1", ""), ("T1", "repeated 1"), ("T1", "repeated 2"), ("T1", "repeated 3")]
    assert notify.acts.acknowledge("T1", ID) is None
    passes(clock, notify, hours=72)
    assert [news for _, news in told(notify) if news == "repeated 4"] == []


def test_who_stands_in_is_reminded_and_may_see_it(notify, clock, college, told, rows):
    notify.take_in([change()], 1)
    assert notify.acts.improve("T1", ID, "talk", "2026-12-01") is None
    college.away["T1"] = [Person(id="T5", name="替", channel="json://hooks.campus/t5")]
    passes(clock, notify, days=8)
    assert told(notify)[1:] == [("T5", "reminder 1796140799999")]
    seen = {(row["person"], row["role"]) for row in rows(notify, "SELECT * FROM recipient")}
    assert seen == {("T1", "class_tutor"), ("T5", "class_tutor")}
