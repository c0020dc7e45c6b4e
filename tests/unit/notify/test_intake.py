from datetime import timedelta

import msgspec
import pytest

from services.directory import Person
from services.messages import EscalationStep, to_ms
from services.notify.testing import CARD, MORNING, change, facts, reading


def one(notify):
    (found,) = notify.warnings()
    return found


def tables(rows, notify):
    names = ("warning", "warning_change", "recipient", "delivery", "decision")
    return {name: rows(notify, f"SELECT * FROM {name}") for name in names}


LIFE = [
    change(),
    change("raised", 2, level="orange", value=3),
    reading(level="orange", value=4),
    change("resolved", 3, level="orange", value=1, closed_at=MORNING),
]


def test_a_warning_is_stored_with_its_facts_and_evidence(notify):
    notify.take_in([change()], 1)
    found = one(notify)
    assert found["rule"] == "absence-streak"
    assert (found["row"], found["subject"], found["standard"]) == ("S2", "S1/MATH", "student.absence_streak")
    assert (found["level"], found["highest_level"], found["status"]) == ("yellow", "yellow", "open")
    assert (found["value"], found["threshold"]) == (2, 2)
    assert (found["opened_at"], found["closed_at"]) == ("2026-11-23T00:00:00Z", None)
    assert found["evidence"] == [
        {
            "source": "rollcall", "id": "S1/MATH-1", "at": "2026-11-22T01:00:00Z",
            "fields": {"status": "absent", "lesson": "L1"},
        }
    ]  # fmt: skip


@pytest.mark.parametrize("offset", [1, 2], ids=["same offset", "sent again further on"])
def test_changes_that_were_taken_in_already_change_nothing(offset, notify, rows):
    notify.take_in([item for item in LIFE if item is not LIFE[2]], 1)
    before = tables(rows, notify)
    notify.take_in([item for item in LIFE if item is not LIFE[2]], offset)
    assert tables(rows, notify) == before


def test_a_chunk_with_readings_that_comes_again_changes_nothing(notify, rows):
    notify.take_in(LIFE, 1)
    before = tables(rows, notify)
    notify.take_in(LIFE, 1)
    assert tables(rows, notify) == before


@pytest.mark.parametrize("size", [1, 2, 3, 4], ids=lambda size: f"{size} at a time")
def test_a_life_ends_the_same_however_it_is_cut_into_chunks(size, notify):
    for start in range(0, len(LIFE), size):
        notify.take_in(LIFE[start : start + size], start + 1)
    found = one(notify)
    assert (found["status"], found["level"], found["value"]) == ("resolved", "orange", 1)
    assert found["closed_at"] == "2026-11-23T01:00:00Z"


def test_a_change_that_was_overtaken_is_history_only(notify, rows):
    notify.take_in([change("raised", 2, level="red", value=5)], 1)
    notify.take_in([change()], 2)
    assert one(notify)["level"] == "red"
    kept = rows(notify, "SELECT sequence, not_pushed FROM warning_change ORDER BY sequence")
    assert kept == [{"sequence": 1, "not_pushed": "overtaken"}, {"sequence": 2, "not_pushed": ""}]


def test_a_reading_overwrites_what_is_shown_and_nothing_else(notify, rows):
    notify.take_in([change()], 1)
    opened = MORNING - timedelta(hours=3)
    notify.take_in([reading(value=7, highest_level="orange", opened_at=opened)], 2)
    found = one(notify)
    assert (found["value"], found["highest_level"], found["opened_at"]) == (7, "orange", "2026-11-22T22:00:00Z")
    assert (found["status"], found["reason"]) == ("open", "threshold_reached")
    assert {row["opened_at"] for row in rows(notify, "SELECT opened_at FROM recipient")} == {to_ms(opened)}


def test_a_reading_of_a_warning_that_nobody_knows_is_left_out(notify):
    notify.take_in([reading()], 1)
    assert list(notify.warnings()) == []


def test_a_reading_does_not_revive_a_warning_that_was_taken_back(notify):
    notify.take_in([change(), change("withdrawn", 2)], 1)
    notify.take_in([reading(value=9)], 2)
    assert (one(notify)["status"], one(notify)["value"]) == ("withdrawn", 2)


def test_a_late_record_in_an_ended_warning_moves_its_end(notify):
    notify.take_in([change(), change("resolved", 2, closed_at=MORNING)], 1)
    notify.take_in([reading(value=9, closed_at=MORNING + timedelta(minutes=5))], 2)
    assert (one(notify)["status"], one(notify)["closed_at"]) == ("resolved", "2026-11-23T01:05:00Z")


def test_a_warning_that_opens_again_is_open(notify):
    notify.take_in([change(), change("resolved", 2, closed_at=MORNING), change("opened", 3)], 1)
    assert (one(notify)["status"], one(notify)["closed_at"]) == ("open", None)


def test_a_warning_that_was_taken_back_keeps_what_it_had_rested_on(notify):
    notify.take_in([change()], 1)
    notify.take_in([change("withdrawn", 2, evidence=[], reason="correction")], 2)
    found = one(notify)
    assert (found["status"], found["reason"]) == ("withdrawn", "correction")
    assert found["evidence"] != []


def test_a_rise_opens_what_a_person_had_closed_at_the_lower_level(notify):
    notify.take_in([change()], 1)
    notify.acts.acknowledge("T1", facts().warning_id)
    notify.acts.close("T1", facts().warning_id, "谈话", "fixed")
    notify.take_in([change("raised", 2, level="red", value=5)], 2)
    found = one(notify)
    assert (found["status"], found["closed_at"], found["acknowledged_at"]) == ("open", None, None)


def test_what_a_person_closed_stays_closed_when_it_becomes_less_bad(notify, rows):
    notify.take_in([change(level="red")], 1)
    notify.acts.close("T1", facts().warning_id, "谈话", "fixed")
    notify.take_in([change("lowered", 2, level="orange")], 2)
    assert one(notify)["status"] == "closed"
    assert {row["is_open"] for row in rows(notify, "SELECT is_open FROM recipient")} == {0}


def test_the_offset_is_stored_with_the_changes_and_never_goes_back(notify, make):
    assert notify.offset() == 0
    notify.take_in([change()], 7)
    notify.take_in([], 3)
    assert notify.offset() == 7
    assert make().offset() == 7


def test_a_chunk_that_cannot_be_written_leaves_nothing_behind(make):
    def no_cards(_version, _rule):
        raise OSError("gone")

    notify = make(cards=no_cards)
    with pytest.raises(OSError, match="gone"):
        notify.take_in([change()], 1)
    assert (notify.offset(), notify.count()) == (0, 0)


def test_someone_who_becomes_accountable_later_sees_the_warning_too(notify, college, rows):
    notify.take_in([change()], 1)
    college.roles["class_tutor"] = [Person(id="T9", name="新班主任")]
    notify.take_in([change("raised", 2, level="red")], 2)
    seen = rows(notify, "SELECT person, role, rank FROM recipient ORDER BY person")
    assert [row["person"] for row in seen] == ["T1", "T2", "T9"]
    assert {row["rank"] for row in seen} == {3}


def test_warnings_come_out_by_opening(notify):
    early, late = MORNING - timedelta(days=3), MORNING - timedelta(days=2)
    notify.take_in([change(subject="B/X", opened_at=late), change(subject="A/X", opened_at=early)], 1)
    assert [found["subject"] for found in notify.warnings()] == ["A/X", "B/X"]


def test_without_push_nothing_is_sent_and_people_still_see_the_warning(make, rows):
    notify = make(push=False)
    notify.take_in(LIFE, 1)
    assert rows(notify, "SELECT * FROM delivery") == []
    assert len(rows(notify, "SELECT * FROM recipient")) == 2
    assert {row["not_pushed"] for row in rows(notify, "SELECT not_pushed FROM warning_change")} == {"push_off"}


def test_a_role_that_nobody_holds_is_written_down(notify, college, rows):
    college.roles["class_tutor"] = []
    notify.take_in([change()], 1)
    assert rows(notify, "SELECT whom, stage, reason FROM decision") == [
        {"whom": "class_tutor", "stage": "routing", "reason": "nobody_holds_role"}
    ]


def test_a_rule_without_a_card_is_stored_and_said_to_be_unknown(make, rows):
    notify = make(cards=lambda _version, _rule: None)
    notify.take_in([change()], 1)
    assert notify.count() == 1
    assert [row["reason"] for row in rows(notify, "SELECT reason FROM decision")] == ["rule_unknown"]


def told(rows, notify):
    found = rows(notify, "SELECT sequence, recipient, status FROM delivery ORDER BY id")
    return [(row["sequence"], row["recipient"], row["status"]) for row in found]


def test_the_end_is_told_to_those_who_were_told_of_the_beginning(notify, college, rows):
    college.roles["course_teacher"] = []
    notify.take_in([change()], 1)
    notify.take_in([change("resolved", 2, closed_at=MORNING)], 2)
    assert [(sequence, person) for sequence, person, _ in told(rows, notify)] == [(1, "T1"), (2, "T1")]


@pytest.mark.parametrize("together", [True, False], ids=["one chunk", "two chunks"])
def test_a_warning_taken_back_before_it_was_sent_is_not_told_at_all(together, notify, rows):
    life = [change(), change("withdrawn", 2, reason="correction")]
    for offset, chunk in enumerate([life] if together else [[one] for one in life], start=1):
        notify.take_in(chunk, offset)
    assert told(rows, notify) == [(1, "T1", "cancelled"), (1, "T2", "cancelled")]


def test_a_warning_taken_back_after_it_was_sent_is_told(notify, rows, eventually):
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: {status for *_, status in told(rows, notify)} == {"sent"})
    notify.take_in([change("withdrawn", 2, reason="correction")], 2)
    eventually(lambda: [row for row in told(rows, notify) if row[0] == 2 and row[2] == "sent"])


def test_what_is_too_old_has_no_chain_and_no_deadline_and_its_rise_over_something_new_is_told(make, clock, rows):
    chain = msgspec.structs.replace(CARD, escalate=[EscalationStep(after=3600, to="class_tutor")])
    notify = make(cards=lambda *_: chain, max_age=timedelta(days=3))
    old = msgspec.structs.replace(change(), at=clock() - timedelta(days=20))
    notify.take_in([old], 1)
    assert (one(notify)["deadline"], rows(notify, "SELECT * FROM escalation")) == (None, [])
    assert rows(notify, "SELECT not_pushed FROM warning_change") == [{"not_pushed": "too_old"}]
    notify.take_in([change("raised", 2, level="red")], 2)
    assert [row["sequence"] for row in rows(notify, "SELECT sequence FROM delivery")] == [2] * 2
    assert one(notify)["deadline"] is not None
