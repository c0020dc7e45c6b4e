"""What ends a subject for a reason that is not in its records: told at once, late, twice, taken back, kept."""

from datetime import UTC, datetime, timedelta

import pytest

from services.messages import from_ms
from services.rules.engine.endings import learn
from services.rules.engine.engine import Engine
from tests.harness import Reader, event, rule_set, wire
from tests.rule_files import folder, rule

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY_COURSE = rule(
    "streak", by="[course, student]", measure='{streak: status == "absent"}', levels="{at_least: {yellow: 2}}"
)
RULES = [rule("count", levels="{at_least: {yellow: 2}}"), BY_COURSE]


def absence(n, when, student="s1", **more):
    return event("attendance", when, f"a{n}", student=student, course="c", lesson="l", status="absent", **more)


def ending(when, value="s1", field="student", reason="left", ident="e1", **more):
    data = {"subject_field": field, "value": value, "reason": reason}
    return event("ending", when, ident, source="prewarn", **data, **more)


@pytest.fixture
def engine(tmp_path):
    return Engine(rule_set(folder(tmp_path, *RULES)).plan)


def told(engine, *events):
    changes = engine.process_many(wire(list(events)))
    assert not engine.failed
    return [(c.rule, c.change, c.reason) for c in changes]


TWO = [absence(1, BEGIN), absence(2, BEGIN + HOUR)]
LEFT = [("streak", "resolved", "left"), ("count", "resolved", "left")]


def test_who_leaves_ends_their_warnings_with_the_facts_of_just_before(engine):
    told(engine, *TWO, absence(9, BEGIN, student="s2"), absence(10, BEGIN + HOUR, student="s2"))
    changes = engine.process_many(wire([ending(BEGIN + DAY)]))
    assert sorted((c.rule, c.change, c.reason) for c in changes) == sorted(LEFT)
    assert {c.facts.value for c in changes} == {2}
    assert {c.at for c in changes} == {BEGIN + DAY}
    assert all([e.id for e in c.facts.evidence] == ["a1", "a2"] for c in changes)
    assert all(c.facts.closed_at == BEGIN + DAY for c in changes)


def test_counting_begins_anew_behind_it(engine):
    told(engine, *TWO, ending(BEGIN + DAY))
    assert told(engine, absence(3, BEGIN + DAY)) == []
    assert sorted(told(engine, absence(4, BEGIN + 2 * DAY))) == [
        ("count", "opened", "threshold_reached"),
        ("streak", "opened", "threshold_reached"),
    ]


def test_one_that_comes_late_withdraws_what_was_counted_across_it(engine):
    told(engine, absence(1, BEGIN), absence(2, BEGIN + 2 * DAY))
    assert sorted(told(engine, ending(BEGIN + DAY))) == [
        ("count", "withdrawn", "left"),
        ("streak", "withdrawn", "left"),
    ]


def test_one_that_comes_late_names_its_reason(engine):
    told(engine, *TWO, absence(3, BEGIN + 2 * DAY))
    assert sorted(told(engine, ending(BEGIN + DAY))) == sorted(LEFT)


def test_a_known_one_changes_nothing_and_a_retraction_takes_it_back(engine):
    told(engine, *TWO, ending(BEGIN + DAY))
    assert told(engine, ending(BEGIN + DAY)) == []
    assert engine.counts["duplicate"] == 1
    assert sorted(told(engine, ending(BEGIN + DAY, revision=1, retracted=True))) == [
        ("count", "opened", "retraction"),
        ("streak", "opened", "retraction"),
    ]
    assert told(engine, ending(BEGIN + DAY)) == []


def test_a_revision_may_name_somebody_else(engine):
    told(engine, *TWO, ending(BEGIN + DAY))
    other = [absence(9, BEGIN, student="s2"), absence(10, BEGIN + HOUR, student="s2")]
    told(engine, *other)
    assert sorted(told(engine, ending(BEGIN + DAY, value="s2", revision=1))) == [
        ("count", "opened", "retraction"),
        ("count", "resolved", "left"),
        ("streak", "opened", "retraction"),
        ("streak", "resolved", "left"),
    ]


@pytest.mark.parametrize("resumed", [False, True])
def test_it_reaches_a_subject_that_comes_into_being_later(engine, resumed):
    told(engine, ending(BEGIN + DAY))
    if resumed:
        states = [(signature, key, state) for signature, key, state in engine.snapshot()]
        plan, now = engine.plan, engine.now
        engine = Engine(plan)
        engine.resume(states, now)
        assert engine.snapshot() == []
    assert told(engine, absence(1, BEGIN), absence(3, BEGIN + DAY)) == []
    late = told(engine, absence(2, BEGIN + HOUR))
    assert sorted(late) == [
        ("count", "opened", "late_record"), ("count", "resolved", "left"),
        ("streak", "opened", "late_record"), ("streak", "resolved", "left"),
    ]  # fmt: skip


def test_it_is_no_newest_record_that_makes_others_late(engine):
    told(engine, absence(1, BEGIN), ending(BEGIN + 60 * DAY))
    told(engine, absence(2, BEGIN + HOUR))
    assert not engine.late


def test_one_about_a_time_that_is_let_go_counts_from_what_is_held(tmp_path):
    engine, reader = Engine(rule_set(folder(tmp_path, rule("count", window="{last: 3}"))).plan), Reader()
    for n in range(400):
        reader.take(engine, engine.process_many(wire([absence(n, BEGIN + n * DAY)])))
    (s,) = engine.subjects(0).values()
    assert s.horizon > 0
    first = from_ms(s.horizon + 1)
    changes = engine.process_many(wire([ending(BEGIN)]))
    assert not engine.late
    assert [(c.at, c.reason) for c in changes if c.change == "resolved"] == [(first, "left")]
    reader.take(engine, changes)
    assert [w[7] for w in reader.warnings() if w[4] == "open"] > [first]


def test_it_comes_before_all_else_of_its_instant(tmp_path):
    engine = Engine(rule_set(folder(tmp_path, rule("w", window="{within: 1d}", levels="{at_least: {yellow: 1}}"))).plan)
    told(engine, absence(1, BEGIN))
    assert told(engine, ending(BEGIN + DAY)) == [("w", "resolved", "left")]
    assert told(engine, absence(2, BEGIN + DAY)) == [("w", "opened", "threshold_reached")]


def test_a_deadline_is_dropped_with_what_expected_it(tmp_path):
    missing = rule(
        "m",
        on="lesson",
        by="[course]",
        measure="{missing: rollcall, after: ends_at}",
        levels="{at_least: {yellow: 30m}}",
    )
    engine = Engine(rule_set(folder(tmp_path, missing)).plan)
    lesson = event(
        "lesson",
        BEGIN,
        "l",
        lesson="l",
        course="c",
        starts_at=BEGIN.isoformat(),
        ends_at=(BEGIN + DAY).isoformat(),
        status="planned",
        **{"class": "k"},
    )
    told(engine, lesson, ending(BEGIN + HOUR, value="c", field="course"))
    assert engine.advance(BEGIN + 9 * DAY) == []


@pytest.mark.parametrize(("field", "ended"), [("course", True), ("class", False)])
def test_it_ends_only_those_whose_subject_names_the_field(engine, field, ended):
    told(engine, *TWO)
    assert told(engine, ending(BEGIN + DAY, value="c", field=field)) == (
        [("streak", "resolved", "left")] if ended else []
    )


TERM = "time_zone: UTC\nterms:\n  - {id: spring, from: 2026-03-01, to: 2026-03-31}\n"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("window", "until", "reason"),
    [
        ("{calendar: term}", datetime(2026, 4, 1, tzinfo=UTC), "term_ended"),
        ("{calendar: month}", datetime(2026, 4, 1, tzinfo=UTC), "time_passed"),
        ("{within: 3d}", BEGIN + 3 * DAY, "time_passed"),
    ],
)
def test_what_looks_at_the_term_ends_with_it(tmp_path, window, until, reason, late):
    plan = rule_set(folder(tmp_path, rule("count", window=window), calendar=TERM)).plan
    engine = Engine(plan)
    if late:
        engine.advance(BEGIN + 40 * DAY)
    opened, *closed = engine.process_many(wire(TWO)) + engine.advance(BEGIN + 60 * DAY)
    assert opened.change == "opened"
    assert [(c.change, c.at, c.reason) for c in closed] == [("resolved", until, reason)]


def test_an_engine_learns_what_another_one_knows_and_its_log_does_not_hold(engine):
    other = Engine(engine.plan)
    told(other, ending(BEGIN + DAY))
    told(engine, *TWO)
    learn(engine, other.endings)
    assert sorted((c.rule, c.change, c.reason) for c in engine.take()) == sorted(LEFT)
    learn(engine, other.endings)
    assert engine.counts["duplicate"] == 0
