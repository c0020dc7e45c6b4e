"""The engine where it could go wrong: equal times, long silence, long lives, corrections at edges, absent fields."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from services.rules.engine.engine import Engine
from tests.harness import Reader, event, packed, rule_set, run, school, wire
from tests.oracle import evaluator
from tests.rule_files import folder, rule

EVERY_MEASURE = Path(__file__).parent / "every_measure"
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WITHIN = "{within: 2d}"


def plan_of(path, *rules, **more):
    return rule_set(folder(path, *(rules or [rule(**more)]))).plan


def absence(ident, at=AT, status="absent", student="s1", **more):
    return event("attendance", at, str(ident), student=student, lesson="l", status=status, **more)


def told(reader):
    return [(change.change, change.facts.level, change.reason) for change in reader.changes]


def slow(path, events, now):
    found = evaluator.evaluate(*evaluator.load(path), events, now)
    return sorted(
        [(e.rule, e.subject, e.level, e.status, e.value, e.opened_at, e.closed_at, tuple(e.evidence)) for e in found],
        key=str,
    )


def shown(reader):
    return sorted([(w[0], w[1], w[2], w[4], w[5], w[7], w[8], w[10]) for w in reader.warnings()], key=str)


@pytest.fixture(scope="module")
def every_measure():
    return rule_set(EVERY_MEASURE).plan


# ---- times


@pytest.mark.properties
@pytest.mark.parametrize("seed", range(4))
def test_records_of_one_instant_are_taken_in_the_order_of_their_names(every_measure, seed):
    rng = random.Random(seed)
    events = [{**e, "time": AT.isoformat()} for e in school(rng, 40, AT, DAY) if e["revision"] == 0]
    rng.shuffle(events)
    reader, _ = run(every_measure, packed(events, rng), AT + DAY)
    assert shown(reader) == slow(EVERY_MEASURE, events, AT + DAY)


@pytest.mark.parametrize("kind", ["attendance", "test", "lesson", "rollcall"])
def test_a_single_record_is_evaluated(every_measure, kind):
    only = next(e for e in school(random.Random(3), 50, AT, DAY) if e["type"] == kind)
    reader, _ = run(every_measure, [[only]], AT + 40 * DAY)
    assert shown(reader) == slow(EVERY_MEASURE, [only], AT + 40 * DAY)


@pytest.mark.properties
def test_ten_years_between_two_records_are_bridged(every_measure):
    early = [e for e in school(random.Random(4), 60, AT - 3650 * DAY, 3 * DAY) if e["revision"] == 0]
    late = [{**e, "id": e["id"] + "-again"} for e in school(random.Random(5), 60, AT, 3 * DAY) if e["revision"] == 0]
    reader, _ = run(every_measure, [early, late], AT + 4 * DAY, ticks=False)
    assert shown(reader) == slow(EVERY_MEASURE, early + late, AT + 4 * DAY)


def test_time_that_goes_back_changes_nothing(every_measure):
    events = school(random.Random(6), 60, AT, 3 * DAY)
    engine, reader = Engine(every_measure), Reader()
    reader.take(engine, engine.process_many(wire(events)))
    reader.take(engine, engine.advance(AT + 3 * DAY))
    engine.snapshot()
    before = engine.now, list(reader.changes)
    for back in (AT + 3 * DAY, AT + 2 * DAY, AT - 900 * DAY, datetime(1970, 1, 1, tzinfo=UTC)):
        assert engine.advance(back) == []
    assert engine.advance(-1) == []
    assert (engine.now, reader.changes) == before
    assert engine.snapshot() == []


def test_a_record_leaves_its_window_to_the_millisecond(tmp_path):
    engine = Engine(plan_of(tmp_path, window=WITHIN, levels="{at_least: {yellow: 1}}"))
    engine.process_many(wire([absence(1)]))
    assert engine.advance(AT + 2 * DAY - timedelta(milliseconds=1)) == []
    (closed,) = engine.advance(AT + 2 * DAY)
    assert (closed.change, closed.at) == ("resolved", AT + 2 * DAY)


# ---- many


def in_order(count, step=timedelta(minutes=1)):
    events = [absence(f"{n:06}", AT + n * step, "absent" if n % 3 else "present") for n in range(count)]
    return [events[start : start + 1000] for start in range(0, count, 1000)]


@pytest.mark.properties
@pytest.mark.parametrize("corrected", [False, True], ids=["as they are", "with one correction early on"])
def test_a_hundred_thousand_records_of_one_subject_are_taken_and_the_old_ones_let_go(tmp_path, corrected):
    plan = msgspec.structs.replace(plan_of(tmp_path, window=WITHIN, by="[]"), allowed_lateness=86_400_000)
    packs = in_order(100_000)
    if corrected:
        packs[0][500] = {**packs[0][500], "revision": 1}
    engine = Engine(plan)
    for pack in packs:
        engine.process_many(wire(pack))
        engine.snapshot()
    engine.readings()
    (subject,) = engine.subjects(0).values()
    assert len(subject.rows) < 6_000 * engine.layouts[0].stride
    assert subject.episodes["r"][-1].level == 3
    engine.process_many(wire([absence("x", AT + 100_000 * timedelta(minutes=1))]))
    (reading,) = engine.readings()
    assert reading.facts.value == 1 + sum(n % 3 > 0 for n in range(100_000 - 2 * 24 * 60 + 1, 100_000))


def test_ten_thousand_records_of_one_instant_are_taken(tmp_path):
    engine = Engine(plan_of(tmp_path, by="[]"))
    for pack in in_order(10_000, timedelta(0)):
        engine.process_many(wire(pack))
        engine.process_many(wire(pack))
    (reading,) = engine.readings()
    assert reading.facts.value == sum(n % 3 > 0 for n in range(10_000))
    assert [e.id for e in reading.facts.evidence][-2:] == ["009997", "009998"]


def test_evidence_is_the_newest_fifty(tmp_path):
    plan = plan_of(tmp_path)
    events = [absence(f"{n:03}", AT + n * HOUR) for n in range(120)]
    random.Random(7).shuffle(events)
    reader, _ = run(plan, packed(events, random.Random(7)), AT + 30 * DAY)
    ((_, _, facts, _),) = reader.facts.values()
    assert [e.id for e in facts.evidence] == [f"{n:03}" for n in range(70, 120)]
    assert facts.value == 120


def test_more_conditions_than_a_machine_word_has_bits_can_be_kept(tmp_path):
    rules = [rule(f"r{n}", measure=f"{{count: hours > {n}}}", levels="{at_least: {yellow: 1}}") for n in range(100)]
    plan = plan_of(tmp_path, *rules)
    events = [absence(n, AT + n * HOUR, hours=20 * n) for n in range(5)]
    straight, _ = run(plan, [[e] for e in events], AT + DAY)
    resumed, engine = run(plan, [[e] for e in events], AT + DAY, resumed=random.Random(2))
    assert len(engine.snapshot()) == 1
    assert resumed.changes == straight.changes
    assert len(straight.changes) == 80


# ---- corrections and retractions


def test_the_retraction_of_the_record_that_opened_withdraws(tmp_path):
    plan = plan_of(tmp_path, levels="{at_least: {yellow: 1}}")
    reader, _ = run(plan, [[absence(1)], [absence(1) | {"revision": 1, "retracted": True}]], AT + DAY)
    assert told(reader) == [("opened", "yellow", "threshold_reached"), ("withdrawn", "yellow", "retraction")]
    assert [change.sequence for change in reader.changes] == [1, 2]
    assert reader.warnings() == []


def test_another_record_keeps_open_what_the_retracted_one_had_opened(tmp_path):
    plan = plan_of(tmp_path, levels="{at_least: {yellow: 1}}")
    events = [absence(1), absence(2, AT + HOUR), absence(1) | {"revision": 1, "retracted": True}]
    reader, _ = run(plan, [[e] for e in events], AT + DAY)
    assert [change.change for change in reader.changes] == ["opened"]
    assert shown(reader) == slow(tmp_path, events, AT + DAY) != []


MOVES = {
    "out of the window": (AT + 40 * HOUR, AT), "into the window": (AT, AT + 40 * HOUR),
    "to the window's edge, which is outside": (AT + 40 * HOUR, AT + 32 * HOUR),
    "to before the first": (AT + HOUR, AT - 30 * HOUR), "to after the last": (AT, AT + 49 * HOUR),
    "by nothing": (AT, AT),
}  # fmt: skip


@pytest.mark.parametrize(("begin", "end"), MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 2, 1), (2, 1, 0)], ids=str)
def test_a_correction_may_move_a_record_across_the_edge_of_a_window(tmp_path, begin, end, order):
    events = [absence("moved", begin), absence("stays", AT + 46 * HOUR), absence("moved", end) | {"revision": 1}]
    now = AT + 80 * HOUR
    reader, engine = run(plan_of(tmp_path, window=WITHIN), [[events[i]] for i in order], now)
    assert not engine.late
    assert shown(reader) == slow(tmp_path, events, now)


def test_a_correction_that_moves_a_record_to_before_the_lateness_is_put_aside(tmp_path):
    moved = [absence("moved"), absence("stays", AT + 46 * HOUR), absence("moved", AT - 29 * DAY) | {"revision": 1}]
    reader, engine = run(plan_of(tmp_path, window=WITHIN), [[e] for e in moved], AT + 47 * HOUR)
    assert engine.late == ["s moved"]
    assert [w[5] for w in reader.warnings()] == [2]


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_a_correction_of_what_is_only_shown_is_told(tmp_path, closed):
    plan = plan_of(tmp_path, levels="{at_least: {yellow: 1}}", window=WITHIN, evidence="[hours]")
    events = [absence(1, hours=1), absence(2, AT + HOUR, hours=1), absence(1, hours=2) | {"revision": 1}]
    engine, reader = Engine(plan), Reader()
    for e in events[:2]:
        reader.take(engine, engine.process_many(wire([e])))
    reader.take(engine, engine.advance(AT + (3 * DAY if closed else DAY)))
    reader.take(engine, engine.process_many(wire(events[2:])))
    ((_, _, facts, _),) = reader.facts.values()
    assert [e.fields for e in facts.evidence] == ([] if closed else [{"hours": 2.0}, {"hours": 1.0}])
    assert [c.change for c in reader.changes] == ["opened", "resolved"][: 1 + closed]


def test_a_correction_before_its_original_is_what_counts(tmp_path):
    plan = plan_of(tmp_path, levels="{at_least: {yellow: 1}}")
    corrected = absence(1, status="present") | {"revision": 2}
    reader, engine = run(plan, [[corrected], [absence(1)], [absence(1, status="late") | {"revision": 1}]], AT + DAY)
    assert reader.changes == []
    assert engine.counts["duplicate"] == 2


def test_a_retraction_before_its_original_keeps_it_out(tmp_path):
    plan = plan_of(tmp_path, levels="{at_least: {yellow: 1}}")
    reader, engine = run(plan, [[absence(1) | {"revision": 1, "retracted": True}], [absence(1)]], AT + DAY)
    assert reader.changes == []
    assert engine.counts["duplicate"] == 1


def test_a_retracted_record_can_come_back_with_a_higher_revision(tmp_path):
    plan = plan_of(tmp_path, levels="{at_least: {yellow: 1}}")
    revisions = [absence(1), absence(1) | {"revision": 1, "retracted": True}, absence(1) | {"revision": 2}]
    reader, _ = run(plan, [[e] for e in revisions], AT + DAY)
    assert [change.change for change in reader.changes] == ["opened", "withdrawn", "opened"]
    assert len({(change.warning_id, change.sequence) for change in reader.changes}) == 3


# ---- what is not there, what is late


def test_an_event_without_a_field_of_by_belongs_to_nobody(tmp_path):
    plan = plan_of(tmp_path, by="[student, course]", levels="{at_least: {yellow: 1}}")
    events = [absence(1), absence(2, course=None), absence(3, course="c"), absence(1) | {"revision": 1}]
    reader, engine = run(plan, [events], AT + DAY)
    assert [(w[1], w[5]) for w in reader.warnings()] == [("s1/c", 1)]
    assert not engine.late


def test_an_event_of_a_kind_that_no_rule_looks_at_is_nothing(tmp_path):
    reader, engine = run(plan_of(tmp_path), [[event("ticket", AT, "1", ticket="t")]], AT + DAY)
    assert reader.changes == []
    assert engine.snapshot() == []


def test_a_pack_with_an_unknown_kind_is_refused_whole_and_leaves_no_trace(tmp_path):
    engine = Engine(plan_of(tmp_path, levels="{at_least: {yellow: 1}}"))
    with pytest.raises(msgspec.ValidationError):
        engine.process_many(wire([absence(1), event("gossip", AT, "2")]))
    assert engine.take() == []
    assert engine.snapshot() == []


def test_an_event_older_than_the_lateness_is_put_aside_and_a_late_duplicate_is_not(tmp_path):
    plan = plan_of(tmp_path)
    edge = AT - 30 * DAY
    late = absence("late", edge - timedelta(milliseconds=1))
    events = [absence("edge", edge), absence("new"), absence("edge", edge), late]
    reader, engine = run(plan, [[e] for e in events], AT + HOUR)
    assert engine.late == ["s late"]
    assert dict(engine.counts) == {"duplicate": 1, "late": 1}
    assert [w[5] for w in reader.warnings()] == [2]


def test_what_still_comes_for_a_forgotten_subject_is_late_by_now_and_numbers_go_on(tmp_path):
    plan = plan_of(tmp_path, window=WITHIN, levels="{at_least: {yellow: 1}}")
    engine, reader = Engine(plan), Reader()
    for day in range(0, 200, 5):
        if day == 0:
            reader.take(engine, engine.process_many(wire([absence(1)])))
        reader.take(engine, engine.advance(AT + day * DAY))
    assert not engine.subjects(0)
    reader.take(engine, engine.process_many(wire([absence("late", AT + 100 * DAY)])))
    assert engine.late == ["s late"]
    reader.take(engine, engine.process_many(wire([absence("new", AT + 190 * DAY)])))
    assert [(c.change, c.sequence) for c in reader.changes] == [("opened", 1), ("resolved", 2), ("opened", 1)]
    assert len({c.warning_id for c in reader.changes}) == 2


@pytest.mark.parametrize("restarted", [False, True], ids=["straight on", "restarted"])
def test_a_restart_forgets_no_subject_earlier(tmp_path, restarted):
    """What is late must depend on the log alone."""
    engine = Engine(plan_of(tmp_path, window=WITHIN, levels="{at_least: {yellow: 1}}"))
    engine.process_many(wire([absence(1)]))
    for day in (0, 10, 20, 30):
        engine.advance(AT + day * DAY)
    if restarted:
        states = engine.snapshot()
        engine = Engine(engine.plan)
        engine.resume(states, (AT + 30 * DAY - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    engine.advance(AT + 35 * DAY)
    engine.process_many(wire([absence(2, AT + DAY)]))
    assert not engine.late


# ---- how far back something still counts

TERMS = """time_zone: UTC
terms:
  - {id: a, from: 2026-03-02, to: 2026-07-12}
  - {id: b, from: 2026-09-01, to: 2027-01-17}
"""


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [
        (datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 8, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC), False),
        (datetime(2026, 8, 20, tzinfo=UTC), datetime(2026, 9, 10, tzinfo=UTC), True),
        (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC), False),
    ],
    ids=["in the term", "between two terms", "in the term before", "within the lateness", "before every term"],
)
@pytest.mark.parametrize("corrected", [False, True], ids=["a record", "a correction"])
def test_what_is_about_the_running_term_counts_however_late_it_comes(tmp_path, first, last, counts, corrected):
    path = folder(tmp_path, rule(window=WITHIN), calendar=TERMS)
    engine = Engine(rule_set(path).plan)
    step = (last - first) / 300
    engine.process_many(wire([absence(f"{n:04}", first + n * step) for n in range(301)]))
    engine.process_many(wire([absence("0000" if corrected else "x", first, revision=1 if corrected else 0)]))
    assert (engine.counts["late"] == 0) is counts
    assert engine.late == ([] if counts else ["s 0000" if corrected else "s x"])
