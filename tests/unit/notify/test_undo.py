"""An act is taken back within a minute: everything is as it was, and the audit trail has both."""

from datetime import date, timedelta

import msgspec
import pytest

from services.directory import Person
from services.messages import EscalationStep
from services.notify.claims import Claim, Result
from services.notify.report import Period
from services.notify.store import outbox
from services.notify.store.acting import version
from services.notify.testing import CARD, change, facts

ID = facts().warning_id
CHAIN = msgspec.structs.replace(
    CARD, escalate=[EscalationStep(after=3600.0, to="department"), EscalationStep(after=7200.0, to="head")]
)
STATE = (
    "SELECT status, closed_at, closed_by, closed_reason, acknowledged_at, acknowledged_by, measure, due_at, done_at,"
    " deadline, overdue_at, handed_to FROM warning"
)
STEPS = "SELECT cause, step, due_at, status, reason, decided_at FROM escalation WHERE status = 'waiting' ORDER BY id"
OUT = (
    "SELECT recipient, status, next_try_at, last_error FROM delivery"
    " WHERE substr(news, 1, 6) <> 'handed' OR status <> 'cancelled' ORDER BY id"
)
SEEN = "SELECT person, is_open FROM recipient ORDER BY person"


@pytest.fixture
def published():
    return []


@pytest.fixture
def notify(make, published, college):
    notify = make(cards=lambda *_: CHAIN, publish=published.extend)
    notify.take_in([change()], 1)
    college.roles["on duty"] = [*college.roles["class_tutor"], TAKER]
    return notify


@pytest.fixture
def everything(notify, rows):
    return lambda: [rows(notify, query) for query in (STATE, STEPS, OUT, SEEN)]


@pytest.fixture
def newest(notify, rows):
    """The number of the newest line of the audit trail."""
    return lambda: rows(notify, "SELECT max(id) AS id FROM act")[0]["id"]


ACTS = {
    "acknowledge": lambda acts: acts.acknowledge("T1", ID),
    "measure": lambda acts: acts.improve("T1", ID, "谈话", "2026-12-01"),
    "measure that was taken": lambda acts: acts.improve("T1", ID, "谈话", "2026-11-20"),
    "close": lambda acts: acts.close("T1", ID, "谈话", "explained"),
    "judge": lambda acts: acts.judge("T1", ID, "not_useful"),
    "hand over": lambda acts: acts.hand_over("T1", ID, "T9", 1, "请跟进"),
}
TAKER = Person(id="T9", name="赵敏", channel="json://hooks.campus/z")
NEWS = "SELECT news, status FROM delivery WHERE recipient = 'T9' ORDER BY id"


def told_to_rules(notify, published):
    notify._hand_on()
    found = [(one.id, one.revision, one.retracted, one.data.get("verdict")) for one in published]
    published.clear()
    return found


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_everything_is_as_it_was_and_the_audit_trail_has_both(act, notify, everything, newest, rows, clock, published):
    before = everything()
    assert act(notify.acts) is None
    assert everything() != before or act is ACTS["judge"]
    done = rows(notify, "SELECT action FROM act ORDER BY id")
    said = told_to_rules(notify, published)
    clock.advance(timedelta(seconds=60))
    assert notify.acts.undo("T1", ID, newest()) is None
    assert everything() == before
    undone = rows(notify, "SELECT action, detail, person FROM act ORDER BY id")[len(done) :]
    assert [(one["action"], one["detail"], one["person"]) for one in undone] == [
        ("undone", one["action"], "T1") for one in reversed(done)
    ]
    assert told_to_rules(notify, published) == [(id_, revision + 1, True, said) for id_, revision, _, said in said]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_second_click_or_another_tab_changes_nothing_more(act, notify, everything, newest, rows):
    act(notify.acts)
    number = newest()
    notify.acts.undo("T1", ID, number)
    state, lines = everything(), rows(notify, "SELECT * FROM act")
    assert notify.acts.undo("T1", ID, number) is None
    assert (everything(), rows(notify, "SELECT * FROM act")) == (state, lines)


@pytest.mark.parametrize("name", ["measure", "measure that was taken", "close"])
def test_the_same_act_again_within_a_minute_is_a_double_click(name, notify, rows, clock):
    act = ACTS[name]
    act(notify.acts)
    lines = rows(notify, "SELECT * FROM act")
    clock.advance(timedelta(seconds=59))
    assert act(notify.acts) is None
    assert rows(notify, "SELECT * FROM act") == lines
    clock.advance(timedelta(seconds=1))
    assert act(notify.acts) == ("not_open" if name == "close" else None)


def test_after_a_minute_it_stands(notify, everything, newest, clock):
    notify.acts.close("T1", ID, "谈话", "fixed")
    state = everything()
    clock.advance(timedelta(seconds=60, milliseconds=1))
    assert notify.acts.undo("T1", ID, newest()) == "undo_over"
    assert everything() == state


def test_what_was_before_is_forgotten_when_it_cannot_come_back(notify, newest, clock, rows):
    notify.acts.close("T1", ID, "谈话", "fixed")
    clock.advance(timedelta(minutes=3))  # clocks of several processes may differ by two
    notify.scheduler.step()
    assert len(rows(notify, "SELECT * FROM undo")) == 1
    assert notify.acts.undo("T1", ID, newest()) == "undo_over"
    clock.advance(timedelta(milliseconds=1))
    notify.scheduler.step()
    assert rows(notify, "SELECT * FROM undo") == []
    assert notify.acts.undo("T1", ID, newest()) == "undo_over"


def test_nobody_undoes_what_somebody_else_did(notify, newest, everything):
    notify.acts.close("T1", ID, "谈话", "fixed")
    state = everything()
    assert notify.acts.undo("T2", ID, newest()) == "undo_over"
    assert notify.acts.undo("T3", ID, newest()) == "not_found"
    assert everything() == state


def test_what_has_changed_since_is_not_thrown_over(notify, newest, rows, everything):
    notify.acts.acknowledge("T1", ID)
    mine = newest()
    notify.acts.improve("T2", ID, "call", "2026-12-01")
    state = everything()
    assert notify.acts.undo("T1", ID, mine) == "undo_changed"
    theirs = newest()
    notify.take_in([change("raised", 2, level="red")], 2)
    assert notify.acts.undo("T2", ID, theirs) == "undo_changed"
    assert everything() != state, "the raise"


def test_a_verdict_of_somebody_else_is_in_nobodys_way(notify, newest, everything):
    before = everything()
    notify.acts.acknowledge("T1", ID)
    mine = newest()
    notify.acts.judge("T2", ID, "useful")
    assert notify.acts.undo("T1", ID, mine) is None
    assert everything() == before


def test_the_former_verdict_stands_again(notify, newest, published, rows, clock):
    notify.acts.judge("T1", ID, "useful")
    notify.acts.judge("T1", ID, "known")
    assert notify.acts.undo("T1", ID, newest()) is None
    told = told_to_rules(notify, published)
    assert [(revision, retracted, verdict) for _, revision, retracted, verdict in told] == [
        (0, False, "useful"), (1, False, "known"), (2, False, "useful"),
    ]  # fmt: skip
    assert notify.acts.judge("T1", ID, "useful") == "same_verdict"
    assert notify.acts.judge("T1", ID, "known") is None
    assert [one[1] for one in told_to_rules(notify, published)] == [3]


def test_what_was_overdue_is_overdue_again_and_the_rules_hear_of_it(notify, newest, clock, published, rows, everything):
    clock.advance(timedelta(hours=1, minutes=30))
    while notify.scheduler.step():
        pass
    assert rows(notify, STATE)[0]["overdue_at"] is not None
    before = everything()
    told_to_rules(notify, published)
    notify.acts.acknowledge("T1", ID)
    notify.acts.undo("T1", ID, newest())
    assert everything() == before
    notify._hand_on()
    assert [one.data["overdue"] for one in published if one.kind == "warning"] == [False, True]


def test_escalation_goes_on_as_if_nothing_had_been(notify, newest, clock, rows, college):
    notify.acts.acknowledge("T1", ID)
    notify.acts.undo("T1", ID, newest())
    clock.advance(timedelta(hours=1, minutes=30))
    while notify.scheduler.step():
        pass
    taken = rows(notify, "SELECT step, status FROM escalation WHERE cause = 'unacknowledged' ORDER BY step")
    assert taken[0] == {"step": 1, "status": "vacant"}


def test_nobody_is_told_of_an_outcome_that_may_still_be_undone(make, rows, clock):
    notify = make(cards=lambda *_: msgspec.structs.replace(CHAIN, outcome="lesson"))
    notify.take_in([change()], 1)
    notify.acts.close("T1", ID, "谈话", "fixed")
    clock.advance(timedelta(seconds=59))
    assert notify.scheduler.step() == 0
    clock.advance(timedelta(seconds=1))
    assert notify.scheduler.step() == 1


def test_of_two_who_close_one_the_second_is_told_and_overwrites_nothing(notify, rows):
    with notify.database.reading() as connection:
        (row,) = connection.exec_driver_sql("SELECT number, sequence FROM warning").all()
        seen = version(connection, row)
    assert notify.acts.close("T1", ID, "谈话", "fixed", seen) is None
    assert notify.acts.close("T2", ID, "call", "fixed", seen) == "not_open"
    assert rows(notify, STATE)[0]["measure"] == "谈话"


def test_what_somebody_has_named_meanwhile_is_not_overwritten_from_a_stale_page(notify, rows):
    def seen():
        with notify.database.reading() as connection:
            return version(connection, connection.exec_driver_sql("SELECT number, sequence FROM warning").one())

    stale = seen()
    assert notify.acts.improve("T1", ID, "谈话", "2026-12-01", stale) is None
    assert notify.acts.improve("T2", ID, "call", "2026-12-02", stale) == "changed_meanwhile"
    assert notify.acts.close("T2", ID, "call", "fixed", stale) == "changed_meanwhile"
    assert rows(notify, STATE)[0]["measure"] == "谈话"
    notify.acts.judge("T2", ID, "useful")  # a verdict makes no other version
    assert notify.acts.improve("T2", ID, "call", "2026-12-02", seen()) is None


def test_an_undone_act_counts_in_no_report(notify, newest, clock):
    period = Period(date(2026, 11, 1), date(2026, 11, 30))
    before = notify.effectiveness(period, "rule")
    for act in ACTS.values():
        act(notify.acts)
        assert act is ACTS["hand over"] or notify.effectiveness(period, "rule") != before
        notify.acts.undo("T1", ID, newest())
        assert notify.effectiveness(period, "rule") == before


def test_who_was_handed_it_is_not_told_and_sees_it_no_more_but_has_it_when_it_is_handed_over_again(
    notify, newest, rows, deliveries, published
):
    ACTS["hand over"](notify.acts)
    assert rows(notify, NEWS) == [{"news": "handed_over 1", "status": "pending"}]
    notify.acts.undo("T1", ID, newest())
    assert rows(notify, NEWS) == [{"news": "handed_over 1", "status": "cancelled"}]
    assert deliveries(notify)[-1]["last_error"] == "handed_back"
    assert notify.acts.acknowledge("T9", ID) == "not_found"
    ACTS["hand over"](notify.acts)
    assert rows(notify, NEWS)[1:] == [{"news": "handed_over 2", "status": "pending"}]
    assert notify.acts.acknowledge("T9", ID) is None
    assert notify.acts.undo("T1", ID, newest() - 1) == "undo_changed"


def test_who_was_told_already_is_told_that_it_was_taken_back_without_a_link(notify, newest, rows, channel, eventually):
    ACTS["hand over"](notify.acts)
    notify.start()
    eventually(lambda: [one for one in rows(notify, NEWS) if one["status"] == "sent"])
    notify.acts.undo("T1", ID, newest())
    notify.acts.undo("T1", ID, newest() - 1)
    eventually(lambda: [one["status"] for one in rows(notify, NEWS)] == ["sent", "sent"])
    message = channel.sent[-1][2]
    assert message.title == "移交已撤销：黄色预警：连续旷课"
    assert message.body == "同事撤销了对您的移交，这条预警不再由您负责，无需处理。"
    assert "http" not in f"{message.body}{message.extras}"
    assert notify.acts.acknowledge("T9", ID) == "not_found"


def test_what_is_under_way_is_not_tried_again_and_is_taken_back(notify, newest, rows, deliveries):
    ACTS["hand over"](notify.acts)
    with notify.database.writing() as connection:
        now = notify.outbox.now()
        connection.exec_driver_sql(
            "UPDATE delivery SET status = 'sending', attempts = 1, lease_owner = 'other',"
            f" lease_until = {now + 9000}, next_try_at = {now + 9000} WHERE recipient = 'T9'"
        )
    notify.acts.undo("T1", ID, newest())
    assert [(one["news"], one["status"]) for one in rows(notify, NEWS)] == [
        ("handed_over 1", "unknown"), ("handed_back 1", "pending"),
    ]  # fmt: skip
    claim = Claim((deliveries(notify)[-2]["id"],), 1, "T9", "json://hooks.campus", 0, (), None)
    with notify.database.writing() as connection:
        assert not outbox.finish(connection, claim, "other", Result(status="failed", next_try_at=now), now)


def test_while_pushing_is_off_nobody_is_told_of_either(make, college, rows):
    notify = make(cards=lambda *_: CHAIN, push=False)
    notify.take_in([change()], 1)
    college.roles["on duty"] = [*college.roles["class_tutor"], TAKER]
    ACTS["hand over"](notify.acts)
    with notify.database.reading() as connection:
        (act,) = connection.exec_driver_sql("SELECT max(id) FROM act").one()
    assert notify.acts.undo("T1", ID, act) is None
    assert rows(notify, NEWS) == []
