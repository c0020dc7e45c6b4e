"""What belongs to the term ends with it: in time and late, at the boundary itself, and nothing else does."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.rules.engine.engine import Engine
from services.rules.engine.generate import step_source
from tests.harness import event, rule_set, wire
from tests.rule_files import folder, rule

HOUR, DAY, MS = timedelta(hours=1), timedelta(days=1), timedelta(milliseconds=1)
SPRING_ENDS = datetime(2026, 4, 1, tzinfo=UTC)
CALENDAR = """time_zone: UTC
terms:
  - {id: spring, from: 2026-03-01, to: 2026-03-31}
  - {id: summer, from: 2026-04-10, to: 2026-06-30}
"""
STREAK = {"measure": '{streak: status == "absent"}', "levels": "{at_least: {yellow: 2, red: 4}}"}


def absence(n, when, **more):
    said = {"student": "s1", "course": "c", "lesson": "l", "status": "absent"} | more
    revision = said.pop("revision", 0)
    return event("attendance", when, f"a{n}", revision=revision, **said)


@pytest.fixture
def engine(tmp_path):
    rules = [rule("course", by="[student, course]", term="ends", **STREAK), rule("student", by="[student]", **STREAK)]
    return Engine(rule_set(folder(tmp_path, *rules, calendar=CALENDAR)).plan)


def told(engine, events=(), now=None):
    changes = engine.process_many(wire(list(events)))
    assert not engine.failed
    changes += [] if now is None else engine.advance(now)
    return [(c.rule, c.change, c.reason, c.at) for c in changes]


BEFORE = [absence(1, SPRING_ENDS - DAY), absence(2, SPRING_ENDS - MS)]
OVER = ("course", "resolved", "term_ended", SPRING_ENDS)


def test_what_is_about_a_course_ends_and_what_follows_the_student_stays(engine):
    told(engine, BEFORE)
    assert told(engine, now=SPRING_ENDS - MS) == []
    assert told(engine, now=SPRING_ENDS) == [OVER]
    assert told(engine, now=SPRING_ENDS + 90 * DAY) == []


@pytest.mark.parametrize("when", [SPRING_ENDS, SPRING_ENDS + HOUR, SPRING_ENDS + 9 * DAY, SPRING_ENDS + 20 * DAY])
def test_the_next_stretch_counts_from_nothing_from_that_very_instant_on(engine, when):
    assert OVER in told(engine, [*BEFORE, absence(3, when)])
    found = told(engine, [absence(4, when + HOUR)])
    assert ("course", "opened", "threshold_reached", when + HOUR) in found
    assert ("student", "raised", "threshold_reached", when + HOUR) in found


def test_a_run_below_the_threshold_is_over_too(engine):
    assert told(engine, [BEFORE[0], absence(3, SPRING_ENDS)]) == [
        ("student", "opened", "threshold_reached", SPRING_ENDS)
    ]


def test_a_late_record_of_the_old_term_counts_for_the_old_one(engine):
    told(engine, [BEFORE[0], absence(3, SPRING_ENDS + DAY)], SPRING_ENDS + 2 * DAY)
    of_course = [one for one in told(engine, [BEFORE[1]]) if one[0] == "course"]
    assert of_course == [("course", "opened", "late_record", SPRING_ENDS - MS), OVER]


def test_a_record_that_moves_over_the_end_of_the_term_takes_its_warning_along(engine):
    told(engine, BEFORE, SPRING_ENDS + 2 * DAY)
    moved = absence(2, SPRING_ENDS + HOUR, revision=1)
    assert [one[:3] for one in told(engine, [moved]) if one[0] == "course"] == [("course", "withdrawn", "correction")]


def test_a_term_that_is_closed_says_so_with_nothing_left_to_show(engine):
    engine.process_many(wire(BEFORE))
    (closed,) = engine.advance(SPRING_ENDS)
    assert (closed.facts.value, closed.facts.threshold, closed.facts.evidence) == (None, 2, [])


def test_it_is_known_again_after_a_restart_between_two_terms(engine):
    told(engine, BEFORE)
    states = [(signature, key, state) for signature, key, state in engine.snapshot() if state is not None]
    again = Engine(engine.plan)
    again.resume(states, engine.now)
    assert told(again, now=SPRING_ENDS + DAY) == [OVER]
    assert told(again, [absence(3, SPRING_ENDS + DAY)]) == []


def test_without_terms_nothing_ends(tmp_path):
    one = rule("course", by="[student, course]", term="ends", **STREAK)
    engine = Engine(rule_set(folder(tmp_path, one, calendar="time_zone: UTC\n")).plan)
    assert [change for _, change, *_ in told(engine, BEFORE, SPRING_ENDS + 400 * DAY)] == ["opened"]


def test_what_does_not_end_with_the_term_has_the_state_and_the_steps_that_it_had(tmp_path):
    found = {}
    for name, calendar in (("a", CALENDAR), ("b", CALENDAR.replace("2026-03-31", "2026-03-30"))):
        plan = rule_set(
            folder(tmp_path / name, rule("r", by="[student, course]", term="ends", **STREAK), calendar=calendar)
        ).plan
        going_on = tuple(msgspec.structs.replace(one, ends_with_term=False) for one in plan.rules)
        for ends, rules in ((True, plan.rules), (False, going_on)):
            (layout,) = Engine(msgspec.structs.replace(plan, rules=rules)).layouts
            found[name, ends] = layout.signature, "term_end" in step_source(layout)
    assert found["a", False] == found["b", False]
    assert len({found["a", True][0], found["b", True][0], found["a", False][0]}) == 3
    assert {key[1]: used for key, (_, used) in found.items()} == {True: True, False: False}
