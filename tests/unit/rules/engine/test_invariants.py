"""Duplicates do not matter, order does not matter for the end; against the slow evaluator, every measure × window."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from services.rules.engine.refolds import IMPATIENT, Patience
from tests.harness import endings, event, left, numbered, once, packed, rule_set, run, school
from tests.oracle import evaluator

pytestmark = pytest.mark.properties

RULES = Path(__file__).parent / "every_measure"
BEGIN = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""Its four weeks hold a change to summer time (Europe/Berlin, 29 March), two terms and the gap between them."""

PATIENCES = [IMPATIENT, Patience(3_600_000, 1), Patience(7 * 86_400_000, 2)]


@pytest.fixture(scope="module")
def plan():
    return rule_set(RULES).plan


def expected(events, now, only=None):
    rules, standards, calendar = evaluator.load(RULES)
    rules = [rule for rule in rules if only is None or rule["id"] in only]
    found = evaluator.evaluate(rules, standards, calendar, events, now)
    return sorted(
        (
            (
                e.rule,
                e.subject,
                e.level,
                e.highest_level,
                e.status,
                e.value,
                e.threshold,
                e.opened_at,
                e.closed_at,
                e.first_event,
                tuple(e.evidence),
            )
            for e in found
        ),
        key=lambda w: (w[0], w[1], w[7], w[4]),
    )


def in_order(*streams):
    events = [event for stream in streams for event in stream]
    return sorted(events, key=lambda e: (datetime.fromisoformat(e["time"]), e["source"], e["id"], e["revision"]))


def differences(found, wanted):
    missing, extra = set(wanted) - set(found), set(found) - set(wanted)
    shown = [f"missing {w}" for w in sorted(missing, key=str)[:4]] + [
        f"extra   {w}" for w in sorted(extra, key=str)[:4]
    ]
    return "\n".join(shown)


@pytest.mark.parametrize("seed", range(12))
def test_the_engine_in_order_equals_the_slow_evaluator(plan, seed):
    rng = random.Random(seed)
    events = in_order(school(rng, 150, BEGIN, timedelta(days=28)), endings(rng, seed % 4, BEGIN, timedelta(days=28)))
    now = BEGIN + timedelta(days=rng.choice((28, 29, 45)))
    reader, _ = run(plan, packed(events, rng), now)
    assert not differences(reader.warnings(), expected(events, now))


@pytest.mark.parametrize("seed", range(12))
def test_shuffled_and_repeated_events_end_the_same(plan, seed):
    rng = random.Random(1000 + seed)
    events = school(rng, 120, BEGIN, timedelta(days=28)) + endings(rng, seed % 5, BEGIN, timedelta(days=28))
    now = BEGIN + timedelta(days=40)
    repeated = [event for event in events for _ in range(rng.randint(1, 5))]
    rng.shuffle(repeated)
    reader, engine = run(plan, packed(repeated, rng), now, ticks=rng.random() < 0.5, patience=PATIENCES[seed % 3])
    assert not engine.late
    assert not differences(reader.warnings(), expected(events, now))


@pytest.mark.parametrize("seed", range(8))
def test_facts_without_a_transition_are_the_same_however_seldom_somebody_asks_for_them(plan, seed):
    """As a worker does, that evaluates thousands of events before it says what changed."""
    rng = random.Random(7000 + seed)
    events = school(rng, 150, BEGIN, timedelta(days=28)) + endings(rng, seed % 3, BEGIN, timedelta(days=28))
    rng.shuffle(events)
    now = BEGIN + timedelta(days=40)
    packs = packed(events, rng)
    wanted = expected(events, now)
    for seldom in (random.Random(seed), random.Random(100 + seed)):
        reader, _ = run(plan, packs, now, ticks=rng.random() < 0.5, seldom=seldom, patience=PATIENCES[seed % 3])
        assert not differences(reader.warnings(), wanted)


@pytest.mark.parametrize("seed", range(6))
def test_snapshot_and_resume_at_any_point_change_nothing(plan, seed):
    rng = random.Random(2000 + seed)
    events = school(rng, 120, BEGIN, timedelta(days=28)) + endings(rng, 3, BEGIN, timedelta(days=28))
    rng.shuffle(events)
    packs = packed(events, rng)
    now = BEGIN + timedelta(days=40)
    straight, _ = run(plan, packs, now, patience=PATIENCES[seed % 3])
    resumed, _ = run(plan, packs, now, resumed=random.Random(seed), patience=PATIENCES[seed % 3])
    assert resumed.changes == straight.changes


@pytest.mark.parametrize("seed", range(2))
def test_long_lives_with_short_lateness_are_trimmed_and_still_right(plan, seed):
    """Checkpoints are taken and entries let go; disorder stays within the lateness."""
    rng = random.Random(3000 + seed)
    short = msgspec.structs.replace(plan, allowed_lateness=4 * 86_400_000)
    span = timedelta(days=70)
    events = [e for e in school(rng, 700, BEGIN, span) + endings(rng, 4, BEGIN, span) if e["revision"] == 0]
    jitter = {id(e): datetime.fromisoformat(e["time"]) + timedelta(hours=rng.uniform(0, 90)) for e in events}
    events.sort(key=lambda e: jitter[id(e)])
    now = BEGIN + timedelta(days=71)
    reader, engine = run(short, packed(events, rng), now, patience=PATIENCES[seed + 1])
    assert not engine.late
    ours = [w for w in reader.warnings() if not forgets(w)]
    assert not differences(ours, [w for w in expected(events, now) if not forgets(w)])


def forgets(warning):
    """With a lateness of four days, a lesson, test or ticket that was quiet for longer is rightly forgotten."""
    return warning[0] in ("no-rollcall", "no-test", "value-rollcall", "answer", "solve", "runs")


STEPS = ("created", "resolved", "reopened", "responded", "rated")
NEAR = (0, 0, 5, 60, 299, 300, 301, 7200)
"""Seconds between one step of a ticket and the next: ties, clocks that differ, and later rounds."""


@pytest.mark.parametrize("seed", range(5))
def test_steps_of_a_ticket_at_one_instant_or_by_clocks_that_differ_end_the_same_in_every_order(plan, seed):
    rng, now = random.Random(6000 + seed), BEGIN + timedelta(days=28)
    clocks = msgspec.structs.replace(
        plan, rules=tuple(r for r in plan.rules if r.gauges[0].measure in ("elapsed", "running"))
    )
    for _ in range(40):
        events, at = [], BEGIN
        for _ in range(rng.randint(2, 6)):
            at += timedelta(seconds=rng.choice(NEAR))
            about = {"ticket": "k", "department": "e", "rating": 1, "priority": rng.choice(("normal", "urgent"))}
            step = rng.choice(STEPS[: rng.choice((3, 5))])
            events.append(event("ticket", at, f"{rng.random()}", action=step, **about))
        wanted = expected(events, now, {rule.id for rule in clocks.rules})
        for _ in range(2):
            rng.shuffle(events)
            reader, _ = run(clocks, [[one] for one in events], now, ticks=False)
            assert not differences(reader.warnings(), wanted)


@pytest.mark.parametrize("order", ["in order", "shuffled"])
@pytest.mark.parametrize("seed", range(4))
def test_batch_boundaries_change_nothing_of_the_end(plan, seed, order):
    """What one message opens and withdraws on the way, many may not: ids, sequences and the context told may differ."""
    rng = random.Random(4000 + seed)
    events = in_order(school(rng, 150, BEGIN, timedelta(days=28)), endings(rng, 3, BEGIN, timedelta(days=28)))
    if order == "shuffled":
        rng.shuffle(events)
    now = BEGIN + timedelta(days=40)
    one, alone = run(plan, packed(events, random.Random(seed), 1), now, ticks=False)
    many, together = run(plan, packed(events, random.Random(seed), 60), now, ticks=False)
    assert left(many) == left(one)
    assert together.counts == alone.counts
    assert len(many.changes) < len(one.changes)
    assert numbered(many) == {ident: [*range(1, len(found) + 1)] for ident, found in numbered(many).items()}


@pytest.mark.parametrize("seed", range(4))
def test_batch_boundaries_change_no_change_where_all_comes_in_order(plan, seed):
    rng = random.Random(4000 + seed)
    events = school(rng, 300, BEGIN, timedelta(days=28)) + endings(rng, 3, BEGIN, timedelta(days=28))
    events, now = once(in_order(events)), BEGIN + timedelta(days=40)
    one, _ = run(plan, packed(events, random.Random(seed), 1), now, ticks=False)
    many, _ = run(plan, packed(events, random.Random(seed), 60), now, ticks=False)
    assert many.changes == one.changes


@pytest.mark.parametrize("seed", range(4))
def test_one_big_advance_fires_what_many_small_ones_do(plan, seed):
    rng = random.Random(5000 + seed)
    events = school(rng, 100, BEGIN, timedelta(days=10))
    now = BEGIN + timedelta(days=60)
    big, _ = run(plan, [events], now)
    small, stepping = run(plan, [events], BEGIN + timedelta(days=10))
    at = BEGIN + timedelta(days=10)
    while at < now:
        at += timedelta(hours=7)
        small.take(stepping, stepping.advance(min(at, now)))
    key = lambda c: (c.at, c.facts.warning_id, c.sequence)  # noqa: E731
    assert sorted(small.changes, key=key) == sorted(big.changes, key=key)
