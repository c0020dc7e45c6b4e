"""What comes in one message with something late, corrected or retracted: told as what it is, and let go in time."""

from datetime import UTC, datetime

import msgspec
import pytest

from services.rules.engine.engine import Engine
from tests.harness import rule_set, wire
from tests.rule_files import folder, rule
from tests.unit.rules.engine.test_engine_edges import AT, DAY, HOUR, absence

THREE = "{at_least: {yellow: 3, red: 5}}"


def engine_of(path, **more):
    return Engine(rule_set(folder(path, rule(**more))).plan)


def told(changes):
    return [(one.change, one.facts.level, one.reason) for one in changes]


def test_what_comes_in_order_behind_a_late_record_has_its_own_reason(tmp_path):
    engine = engine_of(tmp_path, levels="{at_least: {yellow: 3, red: 6}}")
    engine.process_many(wire([absence(1, AT + DAY)]))
    found = engine.process_many(wire([absence(0), absence(2, AT + 2 * DAY), absence(3, AT + 3 * DAY)]))
    assert told(found) == [("opened", "yellow", "threshold_reached")]
    found = engine.process_many(wire([absence(9, AT + HOUR), absence(4, AT + 4 * DAY)]))
    assert told(found) == [("raised", "red", "threshold_reached")]
    assert engine.counts == {"late_record": 2}


def test_what_a_late_record_did_is_told_as_that_whatever_comes_in_order_behind_it(tmp_path):
    engine = engine_of(tmp_path, levels=THREE)
    engine.process_many(wire([absence(1, AT + DAY), absence(2, AT + 2 * DAY)]))
    found = engine.process_many(wire([absence(0), absence(3, AT + 3 * DAY)]))
    assert told(found) == [("opened", "yellow", "late_record")]


def test_a_rise_that_a_late_record_makes_is_of_when_the_threshold_was_reached(tmp_path):
    """Not of how far the subject has come: what is long over would be pushed as news."""
    path = folder(
        tmp_path, rule(levels=THREE), rule("daily", window="{calendar: day}", levels="{at_least: {yellow: 1}}")
    )
    engine = Engine(rule_set(path).plan)
    engine.process_many(wire([absence(n, AT + n * DAY) for n in range(1, 5)]))
    engine.advance(AT + 40 * DAY)
    late = next(one for one in engine.process_many(wire([absence(0)])) if one.rule == "r")
    assert (late.change, late.facts.level, late.reason) == ("raised", "red", "late_record")
    assert late.at == AT + 4 * DAY


def test_what_ended_before_the_next_record_in_order_ends_and_another_warning_begins(tmp_path):
    engine = engine_of(tmp_path, window="{within: 2d}", levels="{at_least: {yellow: 1}}")
    (first,) = engine.process_many(wire([absence(1, AT + HOUR)]))
    found = engine.process_many(wire([absence(0), absence(2, AT + 9 * DAY)]))
    assert told(found) == [("resolved", "yellow", "time_passed"), ("opened", "yellow", "threshold_reached")]
    assert [one.warning_id == first.warning_id for one in found] == [True, False]


def test_history_and_what_is_none_are_told_apart_within_a_message(tmp_path):
    engine = engine_of(tmp_path, levels="{at_least: {yellow: 2, red: 3}}")
    engine.process_many(wire([absence(9, AT + 9 * DAY)]))
    found = engine.process_many(wire([absence(1) | {"past": (AT + 9 * DAY).isoformat()}, absence(2, AT + DAY)]))
    assert [(one.change, one.facts.level, one.mode) for one in found] == [
        ("opened", "yellow", "past"),
        ("raised", "red", "live"),
    ]


def test_a_correction_within_its_message_says_whom_the_warning_is_about(tmp_path):
    engine = engine_of(tmp_path, levels=THREE)
    engine.process_many(wire([absence(1, AT + DAY)]))
    newest = absence(2, AT + 2 * DAY, **{"class": "k1"})
    corrected = absence(2, AT + 2 * DAY, **{"class": "k2"}) | {"revision": 1}
    (opened,) = engine.process_many(wire([absence(0), newest, corrected]))
    assert opened.facts.context["class"] == "k2"


def test_a_warning_that_a_retraction_opens_says_whom_it_is_about(tmp_path):
    engine = engine_of(tmp_path, measure='{streak: status == "absent"}')
    between = absence(2, AT + HOUR, "present")
    engine.process_many(wire([absence(1), between, absence(3, AT + DAY)]))
    (opened,) = engine.process_many(wire([between | {"revision": 1, "retracted": True}]))
    assert (opened.reason, opened.facts.context) == ("retraction", {"student": "s1", "lesson": "l"})


def test_the_fold_begins_before_the_oldest_of_what_is_late_in_a_message(tmp_path):
    engine = engine_of(tmp_path, window="{within: 90m}", levels="{at_least: {yellow: 3}}")
    engine.process_many(wire([absence(n, AT + n * HOUR) for n in range(400)]))
    found = engine.process_many(wire([absence("a", AT + 390.5 * HOUR), absence("b", AT + 10.5 * HOUR)]))
    assert [(one.change, one.facts.opened_at - AT) for one in found] == [
        (change, n * HOUR) for n in (11, 391) for change in ("opened", "resolved")
    ]


@pytest.mark.parametrize("first", [0, 1], ids=["in order", "one is late"])
def test_what_no_window_needs_is_let_go_also_where_something_is_late_in_each_message(tmp_path, first):
    path = folder(tmp_path, rule(window="{within: 2d}", levels="{at_least: {yellow: 2000}}"))
    engine = Engine(msgspec.structs.replace(rule_set(path).plan, allowed_lateness=86_400_000))
    begin, most = datetime(2026, 3, 2, tzinfo=UTC), 0
    for message in range(100):
        at = [begin + message * DAY + n * HOUR / 4 for n in range(96)]
        at[0] -= first * 3 * HOUR / 8  # before the last one of the message before
        engine.process_many(wire([absence(f"{message}-{n}", time) for n, time in enumerate(at)]))
        (subject,) = engine.subjects(0).values()
        most = max(most, len(subject.rows) // engine.layouts[0].stride)
    assert not engine.late
    assert most < 96 * 10
