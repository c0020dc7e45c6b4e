"""Peers fold what comes in order once for all of them: what each holds and says is as if each had folded it alone."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.rules.engine import peers
from services.rules.engine.about import context
from services.rules.engine.engine import Engine
from services.rules.engine.refolds import IMPATIENT, Patience
from services.rules.engine.segments import Alike, written
from tests.harness import Reader, event, rule_set, wire
from tests.rule_files import folder, rule

pytestmark = pytest.mark.properties

BEGIN = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
STUDENTS = [f"s{n:02d}" for n in range(14)] + ["s/3"]
CALENDAR = """time_zone: Europe/Berlin
terms:
  - {id: spring, from: 2026-03-04, to: 2026-03-20}
  - {id: summer, from: 2026-03-27, to: 2026-07-01}
"""
STANDARDS = """
- id: student.rank
  title: {zh: 位次, en: Rank}
  compare: at_most
  values:
    - {from: 2020-01-01, warning: {yellow: 40, orange: 25, red: 10}, clear: {yellow: 55}}
    - {from: 2026-03-15, warning: {yellow: 30, orange: 20, red: 5}}
    - {from: 2026-03-10, scope: {class: k2}, warning: {orange: 35, red: 30}}
    - {from: 2026-03-10, scope: {class: k2, student: s03}, warning: {red: 28}}
"""
BY = "[class, student]"
RULES = [
    rule("all", on="test", by=BY, measure="{rank: score, min_peers: 3}", where='status == "graded"',
         levels="{at_most: {yellow: 40, orange: 20, red: 10}, clear: {yellow: 60, red: 15}}"),
    rule("best", on="test", by=BY, measure="{rank: score, min_peers: 9}", levels="{at_least: {praise: 90}}"),
    rule("told", on="test", by=BY, measure="{rank: max_score, min_peers: 4}", levels="{standard: student.rank}"),
    rule("week", on="test", by=BY, measure="{rank: score, min_peers: 2}", window="{calendar: week}",
         levels="{below: {yellow: 50, red: 25, }}"),
    rule("term", on="attendance", by=BY, measure="{rank: hours, min_peers: 2}", term="ends",
         levels="{above: {yellow: 30, red: 70, }}"),
    rule("within", on="test", by="[course, student]", measure="{rank: score, min_peers: 2}", window="{within: 3d}",
         levels="{at_most: {red: 30}}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return rule_set(folder(tmp_path_factory.mktemp("rules"), *RULES, standards=STANDARDS, calendar=CALENDAR)).plan


def stream(rng, count):
    """In order, of one instant here and there; some come twice, late or corrected, or end somebody."""
    found, hours = [], sorted(rng.uniform(0, 40 * 24) for _ in range(count))
    seldom = rng.choice((0, 0.01, 0.05))
    few = rng.choice((3, 1000))
    for n, hour in enumerate(hours):
        at = BEGIN + timedelta(hours=round(hour) if rng.random() < 0.2 else hour)
        kind = rng.choice(("test", "test", "attendance"))
        who = {"class": rng.choice(("k1", "k1", "k2")), "course": "c", "student": rng.choice(STUDENTS), "lesson": "l"}
        said = {"status": "present", "hours": rng.randrange(few)}
        if kind == "test":
            said = {"test": "t", "status": rng.choice(("graded", "graded", "pending")), "max_score": rng.randrange(few)}
            said |= {"score": rng.randrange(few)} if rng.random() < 0.9 else {}
        found.append(event(kind, at, f"{n:04d}", **who, **said))
        if rng.random() < seldom:
            found.append(rng.choice(found))
        if rng.random() < seldom:
            late = found.pop(rng.randrange(len(found)))
            found.append(late)
        if rng.random() < seldom:
            one = rng.choice(found)
            if one["type"] != "ending":
                found.append({**one, "revision": one["revision"] + 1, "retracted": rng.random() < 0.5})
        if rng.random() < seldom / 2:
            left = {"subject_field": "student", "value": rng.choice(STUDENTS), "reason": "left"}
            found.append(event("ending", at, f"end-{n}", source="prewarn", **left))
    return found


def standing(engine, *, lets_go):
    """What is known of each subject. What it no longer holds and where windows begin hangs on where checkpoints are."""
    found = {}
    for number, layout in enumerate(engine.layouts):
        for key, s in engine.subjects(number).items():
            heads = {name: getattr(s, name) for name in layout.initial if name not in layout.index_heads}
            pointed = {
                name: s.rows[i] if (i := getattr(s, name)) >= 0 else None
                for name in layout.index_heads
                if not name.endswith("lo")
            }
            said = {
                rule: [[getattr(e, f) for f in e.__struct_fields__] for e in es]
                for rule, es in (s.episodes or {}).items()
            }
            held = None if lets_go else (s.rows, said, s.revised)
            found[number, key] = (heads, pointed, held, s.watermark, s.due, s.numbers, context(s.latest))
    return found


def follow(plan, packs, *, restart=None, patience=IMPATIENT):
    engine, reader = Engine(plan, patience=patience), Reader()
    states = {}
    for pack in packs:
        reader.take(engine, engine.process_many(wire(pack)))
        reader.take(engine, engine.advance(max(datetime.fromisoformat(e["time"]) for e in pack)))
        if restart is not None and restart.random() < 0.2:
            states.update({(signature, key): state for signature, key, state in engine.snapshot()})
            kept, now = [(*place, state) for place, state in states.items() if state is not None], engine.now
            engine = Engine(plan, patience=patience)
            engine.resume(kept, now)
    reader.take(engine, engine.process_many(b"[]"))
    assert not engine.failed, engine.failed
    return reader, engine


def packs_of(rng, events, largest):
    found, rest = [], events
    while rest:
        size = rng.randint(1, largest)
        found.append(rest[:size])
        rest = rest[size:]
    return found


def both(plan, packs, monkeypatch, *, restart=None, patience=IMPATIENT):
    """What is said and known if peers fold together, and if each folds alone."""
    rngs = [None if restart is None else random.Random(restart) for _ in range(2)]
    together = follow(plan, packs, restart=rngs[0], patience=patience)
    monkeypatch.setattr(peers, "_can_share", lambda _: False)
    return together, follow(plan, packs, restart=rngs[1], patience=patience)


def counted(monkeypatch):
    """The keys of the records that are folded once for all."""
    found, take = [], peers.Together.take
    monkeypatch.setattr(peers.Together, "take", lambda self, key, entry: (found.append(key), take(self, key, entry)))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_what_is_folded_once_for_all_is_as_if_each_had_folded_it(plan, seed, monkeypatch):
    rng = random.Random(seed)
    packs = packs_of(rng, stream(rng, 500), (1, 9, 60, 300)[seed % 4])
    lets_go = seed < 4
    plan = msgspec.structs.replace(plan, allowed_lateness=(4 if lets_go else 400) * 86_400_000)
    taken = counted(monkeypatch)
    patience = (IMPATIENT, Patience(7 * 86_400_000, 40))[seed // 2 % 2]
    (reader, engine), (alone, slow) = both(plan, packs, monkeypatch, patience=patience)
    assert reader.changes == alone.changes
    assert reader.facts == alone.facts
    for counts in (engine.counts, slow.counts) if lets_go else ():  # one that comes again may have been let go
        counts["late"] += counts.pop("duplicate", 0)
    assert engine.counts == slow.counts
    assert standing(engine, lets_go=lets_go) == standing(slow, lets_go=lets_go)
    assert len(alone.changes) > 100
    assert len(taken) > 5


@pytest.mark.parametrize("seed", range(4))
def test_a_restart_changes_nothing_of_what_peers_say(plan, seed, monkeypatch):
    rng = random.Random(50 + seed)
    packs = packs_of(rng, stream(rng, 400), 40)
    (reader, engine), (alone, slow) = both(
        plan, packs, monkeypatch, restart=seed, patience=(IMPATIENT, Patience(7 * 86_400_000, 40))[seed % 2]
    )
    assert reader.changes == alone.changes
    assert reader.facts == alone.facts
    assert standing(engine, lets_go=True) == standing(slow, lets_go=True)


def test_in_order_nearly_every_record_is_folded_once_for_all(plan, monkeypatch):
    taken = counted(monkeypatch)
    who = [f"n{n:03d}" for n in range(200)]
    events = [
        event("test", BEGIN + timedelta(minutes=n), f"{n:04d}", **{"class": "k", "student": who[n % 200]}, score=n % 97)
        for n in range(1000)
    ]
    (reader, _), (alone, _) = both(plan, [events], monkeypatch)
    assert reader.changes == alone.changes
    assert len(alone.changes) > 100
    assert len(taken) > 980


def test_peers_who_come_with_one_record_each_begin_where_the_others_stand(plan, monkeypatch):
    taken = counted(monkeypatch)
    rng, who = random.Random(1), [f"n{n:03d}" for n in range(300)]
    rng.shuffle(who)
    events = [
        event("test", BEGIN + timedelta(minutes=n), f"{n:04d}", **{"class": "k", "student": one}, score=n % 97)
        for n, one in enumerate(who)
    ]
    (reader, engine), (alone, slow) = both(plan, packs_of(rng, events, 50), monkeypatch)
    assert reader.changes == alone.changes
    assert standing(engine, lets_go=False) == standing(slow, lets_go=False)
    assert len(taken) > 280


def test_a_record_that_was_taken_back_before_it_came_is_none_for_any_peer(plan, monkeypatch):
    who = [f"n{n}" for n in range(12)]
    events = [
        event("test", BEGIN + timedelta(minutes=n), f"{n:04d}", **{"class": "k", "student": who[n % 12]}, score=n)
        for n in range(60)
    ]
    gone = {**events[50], "revision": 1, "retracted": True}
    (reader, engine), (alone, slow) = both(plan, [events[:40], [*events[40:45], gone], events[45:]], monkeypatch)
    assert engine.counts == slow.counts
    assert reader.changes == alone.changes
    assert standing(engine, lets_go=False) == standing(slow, lets_go=False)


def scores(count, more=0):
    """A test a minute, of one of twenty students after the other."""
    return [
        event("test", BEGIN + timedelta(minutes=n), f"{n:04d}", **about(f"n{n % 20:02d}"), score=n % 97 + more)
        for n in range(count)
    ]


def about(student):
    return {"class": "k", "student": student}


def rows_of(engine):
    """The lists that hold the rows of the peers of class k."""
    found = [s for number in range(len(engine.layouts)) for s in engine.subjects(number).values()]
    return {id(s.rows): s.rows for s in found if s.key.startswith("k/")}


def test_peers_hold_their_rows_once_in_whatever_order_they_came_and_after_a_restart(plan):
    plan = msgspec.structs.replace(plan, allowed_lateness=400 * 86_400_000)
    old, late, events = scores(100), scores(200)[100:], scores(300)[200:]
    for packs in ([old, late, events], [old, events, late], [late, events, old], [[*old, *late], events]):
        _, engine = follow(plan, packs)
        assert [len(rows) // engine.layouts[0].stride for rows in rows_of(engine).values()] == [300]
        again = Engine(plan)
        again.resume([one for one in engine.snapshot() if one[2] is not None], engine.now)
        again.process_many(wire(scores(301)[300:]))
        assert [len(rows) // engine.layouts[0].stride for rows in rows_of(again).values()] == [301]


def test_what_one_peer_has_of_its_own_is_in_no_others_rows(plan):
    plan = msgspec.structs.replace(plan, allowed_lateness=400 * 86_400_000)
    left = {"subject_field": "student", "value": "n03", "reason": "left"}
    ending = event("ending", BEGIN + timedelta(minutes=150, seconds=30), "end", source="prewarn", **left)
    events = scores(300)
    _, engine = follow(plan, [events[:200], [ending], events[200:250], events[250:]])
    stride = engine.layouts[0].stride
    assert sorted(len(rows) // stride for rows in rows_of(engine).values()) == [300, 301]


@pytest.mark.parametrize("patience", [IMPATIENT, Patience(7 * 86_400_000, 40)], ids=["impatient", "patient"])
def test_of_peers_the_same_is_written_as_of_each_by_itself(plan, patience):
    engine = Engine(msgspec.structs.replace(plan, allowed_lateness=400 * 86_400_000), patience=patience)
    events, waited = scores(300, 2**70), 0
    for pack in (events[:40], events[140:], events[40:140]):
        engine.process_many(wire(pack))
        alike = Alike()
        for number, layout in enumerate(engine.layouts):
            for s in engine.subjects(number).values():
                clean = s.clean
                alone = [*written(s, layout)]
                s.clean = clean
                assert [*written(s, layout, alike)] == alone
                waited += s.waiting is not None
        engine.snapshot()
    assert bool(waited) is (patience is not IMPATIENT)
