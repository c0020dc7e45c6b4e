"""Acknowledged, in improvement, overdue, escalated, closed, come again; and what the rules hear of it."""

from datetime import timedelta

import msgspec
import pytest

from services.messages import EscalationStep
from services.notify.testing import CARD, Somebody, change, facts

STEPS = [EscalationStep(after=3600, to="counsellor"), EscalationStep(after=7200, to="department")]
CHAIN = msgspec.structs.replace(CARD, to=["class_tutor"], escalate=STEPS)
ID = facts().warning_id


@pytest.fixture
def heard():
    return []


@pytest.fixture
def notify(make, college, heard):
    college.roles.clear()
    college.roles.update(
        {
            "class_tutor": [Somebody(id="T1", name="王秀英", channel="json://hooks.campus/t1")],
            "counsellor": [Somebody(id="C1", name="李辅导", channel="json://hooks.campus/c1")],
        }
    )
    return make(cards=lambda *_: CHAIN, publish=heard.extend)


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
    while notify.passing.step():
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


@pytest.mark.parametrize("act", ["acknowledge", "close", "improve", "resolved", "withdrawn"])
def test_who_takes_it_up_or_ends_it_stops_the_chain(act, notify, clock, told):
    notify.take_in([change()], 1)
    match act:
        case "acknowledge":
            assert notify.acknowledge("T1", ID) is None
        case "close":
            assert notify.close("T1", ID, "done") is None
        case "improve":
            assert notify.improve("T1", ID, "talk", "2026-12-01") is None
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
    said = [(event.kind, event.data.get("action"), event.data.get("overdue")) for event in heard]
    assert said == [("feedback", "overdue", None), ("warning", None, True)]
    assert notify.acknowledge("T1", ID) is None
    assert one(notify)["overdue_at"] is None
    assert [(event.kind, event.data.get("overdue")) for event in heard[2:]] == [("warning", False), ("feedback", None)]


def test_an_end_by_the_rules_takes_overdue_back(notify, clock, heard):
    notify.take_in([change()], 1)
    passes(clock, notify, hours=2)
    heard.clear()
    notify.take_in([change("resolved", 2)], 2)
    notify.hand_on()
    (event,) = heard
    assert (event.data["overdue"], event.data["open"], event.data["change"]) == (False, False, "resolved")
    assert event.time == clock()


def test_who_took_it_up_is_reminded_a_day_before_and_told_when_it_is_overdue(notify, clock, told):
    notify.take_in([change()], 1)
    assert notify.improve("T1", ID, "talk", "2026-12-01") is None
    passes(clock, notify, days=7)
    assert told(notify) == [("T1", "")]
    passes(clock, notify, days=1)
    assert told(notify)[1:] == [("T1", "reminder")]
    passes(clock, notify, days=2)
    assert told(notify)[2:] == [("T1", "overdue")]


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
    assert [notify.judge("T1", ID, verdict) for verdict in ("useful", "useful", "known")] == [
        None,
        "same_verdict",
        None,
    ]
    assert notify.judge("C1", ID, "useful") == "not_found"
    assert len({(event.source, event.id) for event in heard}) == 1
    assert [(event.revision, event.data["verdict"]) for event in heard] == [(0, "useful"), (1, "known")]
    assert all("T1" not in msgspec.json.encode(event).decode() for event in heard)


@pytest.mark.parametrize(("push", "mode"), [(False, "live"), (True, "replay"), (True, "shadow"), (True, "warm-up")])
def test_replays_imports_and_trials_have_no_deadlines(push, mode, make, clock):
    notify = make(push=push, cards=lambda *_: CHAIN)
    notify.take_in([change(mode=mode)], 1)
    assert one(notify)["deadline"] is None
    clock.advance(timedelta(days=3))
    assert notify.passing.step() == 0
