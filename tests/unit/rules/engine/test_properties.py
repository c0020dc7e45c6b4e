"""Small streams that hypothesis makes and shrinks, under a few rules at a time, against the slow evaluator.

`PREWARN_EXAMPLES=5000` looks for so many streams in each test instead of a few.
"""

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.rules.engine.engine import Engine
from services.rules.engine.refolds import IMPATIENT, Patience
from tests.harness import Reader, event, left, once, rule_set, wire
from tests.oracle import evaluator

pytestmark = pytest.mark.properties

RULES = Path(__file__).parent / "every_measure"
BEGIN = datetime(2026, 3, 3, 22, tzinfo=UTC)
"""An hour before the first term begins (Europe/Berlin)."""
SPAN = timedelta(days=28)
NOW = BEGIN + timedelta(days=70)
HOUR, MS = timedelta(hours=1), timedelta(milliseconds=1)
KINDS = ("attendance", "test", "lesson", "rollcall", "ticket", "warning")

MANY = os.environ.get("PREWARN_EXAMPLES")
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def quick(examples):
    return settings(
        max_examples=int(MANY or examples), deadline=None, derandomize=not MANY, database=None,
        suppress_health_check=SLOW_IS_FINE,
    )  # fmt: skip


# ---- rules


@cache
def everything():
    rules, standards, calendar = evaluator.load(RULES)
    return rule_set(RULES).plan, {entry["id"]: entry for entry in rules}, standards, calendar


def kinds_of(ident):
    entry = everything()[1][ident]
    of_levels = [level.get("measure", {}) for level in entry["levels"].values() if isinstance(level, dict)]
    measures = [entry["measure"], *of_levels]
    awaited = {measure.get("missing") or measure.get("none") for measure in measures}
    return {entry.get("on") or entry[True]} | awaited - {None}


def plan_of(idents):
    plan = everything()[0]
    return msgspec.structs.replace(plan, rules=tuple(rule for rule in plan.rules if rule.id in idents))


def slow(idents, events, now=NOW):
    _, rules, standards, calendar = everything()
    found = evaluator.evaluate([rules[ident] for ident in sorted(idents)], standards, calendar, events, now)
    return sorted(
        (
            (
                e.rule, e.subject, e.level, e.highest_level, e.status, e.value, e.threshold, e.opened_at, e.closed_at,
                e.first_event, tuple(e.evidence),
            )
            for e in found
        ),
        key=lambda w: (w[0], w[1], w[7], w[4]),
    )  # fmt: skip


rule_names = st.lists(
    st.deferred(lambda: st.sampled_from(sorted(everything()[1].keys()))), min_size=1, max_size=4, unique=True
).map(frozenset)


# ---- streams

DAYS = timedelta(days=1)
EDGES = [BEGIN + HOUR, BEGIN + 17 * DAYS + HOUR, BEGIN + 24 * DAYS + HOUR, BEGIN + 25 * DAYS + 3 * HOUR]
"""The begin and end of a term, the begin of the next, the change to summer time."""
instants = st.builds(
    lambda base, days, off: min(max(base + days * DAYS + off, BEGIN), BEGIN + SPAN),
    st.sampled_from([BEGIN + 10 * HOUR, BEGIN + HOUR, BEGIN + 25 * HOUR / 2, *EDGES]),
    st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 21]),
    st.sampled_from([timedelta(0)] * 6 + [MS, -MS, HOUR, timedelta(minutes=30), timedelta(microseconds=999)]),
)
numbers = st.sampled_from(
    [0, -0.0, 1, 0.1, 49.5, 50, 61, 77.123456, 1e-6, 4e-7, 1e9, 1e9 + 1, 1e15, 1e16, -1e15, 1e308]
)
few = st.sampled_from
MAYBE = st.none() | numbers


def data_of(kind, who):
    """A strategy for the fields beside those of the subject."""
    due = instants.map(datetime.isoformat)
    fields = {
        "attendance": {"status": few(["absent", "present", "late", "leave"]), "hours": MAYBE},
        "test": {
            "status": few(["graded", "pending", "not_submitted"]), "score": MAYBE, "max_score": MAYBE,
            "pass_score": st.none() | st.just(50), "due_at": st.none() | due, "submitted_at": st.none() | due,
        },
        "lesson": {"status": few(["planned", "held", "cancelled"]), "starts_at": due, "ends_at": due},
        "rollcall": {
            "expected": few([0, 8, 10, 20]), "present": few([0, 1, 8, 10]), "late": st.none() | few([0, 2, 30]),
            "leave": st.none() | few([0, 2, 10]),
        },
        "ticket": {
            "category": st.just("repair"), "action": few(["created", "responded", "resolved", "reopened", "rated"]),
            "rating": st.none() | few([1, 5]), "priority": st.none() | few(["urgent", "normal"]),
        },
        "warning": {
            "rule": few(["r", "q"]), "subject": st.just("x"), "level": few(["yellow", "orange", "red"]),
            "change": few(["opened", "raised", "lowered", "resolved"]), "open": st.booleans(),
            "student": st.none() | few(["s1", "s2", "s/3"]), "planned_hours": MAYBE,
        },
    }[kind]  # fmt: skip
    return st.fixed_dictionaries(fields).map(
        lambda data: {name: value for name, value in {**who, **data}.items() if value is not None}
    )


def subjects_of(kind):
    if kind == "ticket":
        return st.fixed_dictionaries({"ticket": few(["k1", "k2"]), "department": st.none() | few(["e", "f"])})
    if kind == "warning":
        fields = {"warning": few(["w1", "w2", "w3"]), "major": few(["m", "n"]), "department": st.none() | few("ef")}
        return st.fixed_dictionaries(fields)
    fields = {"course": st.none() | few("cd"), "class": few(["k1", "k2"]), "lesson": few(["l1", "l2"])}
    if kind in ("attendance", "test"):
        fields["student"] = few(["s1", "s2", "s/3"])
    if kind == "test":
        fields["test"] = few(["t1", "t2"])
    return st.fixed_dictionaries(fields)


@st.composite
def one_event(draw, kinds, number):
    """All revisions of one event."""
    kind = draw(few(sorted(kinds)))
    source, who = draw(few(["s", "s", "t", "s/a"])), draw(subjects_of(kind))
    out, at = [], draw(instants)
    last = draw(few([0, 0, 0, 1, 2]))
    for revision in sorted(draw(st.sets(few(range(last + 1)), min_size=1))):
        at = draw(instants) if revision and draw(st.booleans()) else at
        data, gone = draw(data_of(kind, who)), revision > 0 and draw(few([False, False, True]))
        out.append(event(kind, at, f"{kind}-{number}", source=source, revision=revision, retracted=gone, **data))
    return out


@st.composite
def streams(draw, least=3, most=25):
    """Rules, and events in order of time."""
    idents = draw(rule_names)
    kinds = frozenset().union(*(kinds_of(ident) for ident in idents))
    count = draw(st.integers(least, most))
    events = [one for number in range(count) for one in draw(one_event(kinds, number))]
    events.sort(key=lambda e: (datetime.fromisoformat(e["time"]), e["source"], e["id"], e["revision"]))
    return idents, events


@st.composite
def disordered(draw):
    idents, events = draw(streams())
    twice = draw(st.lists(few(events), max_size=5))
    return idents, draw(st.permutations(events + twice))


def cut(events, sizes):
    packs, rest = [], list(events)
    for size in sizes:
        packs.append(rest[:size])
        rest = rest[size:]
    return [pack for pack in [*packs, rest] if pack]


sizes = st.lists(st.integers(1, 9), max_size=8)
patiences = few([IMPATIENT, Patience(3_600_000, 1), Patience(30 * 86_400_000, 2)])


def follow(plan, packs, *, ticks=True, resumed=(), steps=(NOW,), patience=IMPATIENT):
    """What a reader knows after these packs, where each of `resumed` is a pack after which the engine is restarted."""
    engine, reader = Engine(plan, patience=patience), Reader()
    states = {}
    newest = datetime(1970, 1, 1, tzinfo=UTC)
    for number, pack in enumerate(packs):
        reader.take(engine, engine.process_many(wire(pack)))
        if ticks:
            newest = max([newest, *(datetime.fromisoformat(e["time"]) for e in pack)])
            reader.take(engine, engine.advance(newest))
        if number in resumed:
            for signature, key, state in engine.snapshot():
                states[signature, key] = state
            reached, late = engine.now, engine.late
            engine = Engine(plan, patience=patience)
            engine.resume([(*place, state) for place, state in states.items() if state is not None], reached)
            engine.late = late
    for step in steps:
        reader.take(engine, engine.advance(step))
    assert not engine.late
    assert not engine.failed, engine.failed
    return reader


# ---- properties


@quick(30)
@given(disordered(), sizes, st.booleans(), patiences)
def test_any_order_with_repetitions_ends_as_the_slow_evaluator_says(stream, sizes, ticks, patience):
    idents, events = stream
    found = follow(plan_of(idents), cut(events, sizes), ticks=ticks, patience=patience)
    assert found.warnings() == slow(idents, events)


@quick(30)
@given(streams(), sizes)
def test_in_order_it_ends_as_the_slow_evaluator_says(stream, sizes):
    idents, events = stream
    assert follow(plan_of(idents), cut(events, sizes)).warnings() == slow(idents, events)


@quick(12)
@given(disordered(), st.sets(st.integers(0, 8), min_size=1), sizes, patiences)
def test_a_restart_anywhere_changes_nothing(stream, resumed, sizes, patience):
    idents, events = stream
    plan, packs = plan_of(idents), cut(events, sizes)
    straight = follow(plan, packs, patience=patience)
    again = follow(plan, packs, resumed=resumed, patience=patience)
    assert again.changes == straight.changes
    assert again.facts == straight.facts


@quick(12)
@given(disordered(), sizes)
def test_batch_boundaries_change_nothing_of_the_end(stream, sizes):
    """What one message opens and withdraws on the way, many may not."""
    idents, events = stream
    plan = plan_of(idents)
    one, many = (follow(plan, packs, ticks=False) for packs in (cut(events, [1] * len(events)), cut(events, sizes)))
    assert left(one) == left(many)


@quick(12)
@given(streams(), sizes)
def test_batch_boundaries_change_no_change_where_all_comes_in_order(stream, sizes):
    idents, events = stream
    plan, events = plan_of(idents), once(events)
    one, many = (follow(plan, packs, ticks=False) for packs in (cut(events, [1] * len(events)), cut(events, sizes)))
    assert one.changes == many.changes


@quick(12)
@given(streams(), st.lists(st.integers(0, 70 * 24 * 3_600_000), max_size=30), st.booleans())
def test_time_in_one_step_or_many_fires_the_same(stream, steps, ticks):
    idents, events = stream
    plan = plan_of(idents)
    big = follow(plan, [events], ticks=ticks)
    small = follow(plan, [events], ticks=ticks, steps=[*(BEGIN + ms * MS for ms in sorted(steps)), NOW])
    key = lambda c: (c.at, c.facts.warning_id, c.sequence)  # noqa: E731
    assert sorted(small.changes, key=key) == sorted(big.changes, key=key)
    assert small.warnings() == big.warnings()


@quick(12)
@given(disordered(), st.integers(2, 3), sizes)
def test_split_by_the_first_name_of_by_it_is_the_same(stream, workers, sizes):
    """One rule at a time, as rules of another `by` are of another topic; of each message a part, as it is routed."""
    idents, events = stream
    for ident in idents:
        plan, by = plan_of({ident}), everything()[1][ident]["by"]
        if not by:
            continue
        packs = cut(events, sizes)
        parts = [[[] for _ in packs] for _ in range(workers)]
        for number, pack in enumerate(packs):
            for e in pack:
                name = e["id"] if by[0] == "event" else e["data"].get(by[0])
                if name is not None:
                    parts[sum(map(ord, name)) % workers][number].append(e)
        whole = follow(plan, packs, ticks=False)
        split = [follow(plan, part, ticks=False) for part in parts]
        key = lambda c: (c.facts.warning_id, c.sequence)  # noqa: E731
        assert sorted((c for part in split for c in part.changes), key=key) == sorted(whole.changes, key=key)
        assert sorted((w for part in split for w in part.warnings()), key=str) == sorted(whole.warnings(), key=str)
