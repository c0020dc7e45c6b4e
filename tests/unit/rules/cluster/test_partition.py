"""Route and any number of partitioned engines are one engine: same warnings, same ids, same sequences."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.errors import ConfigurationError
from services.messages import to_ms
from services.rules.cluster import changelog
from services.rules.cluster.observations import BUCKETS, Observations, Router, bucket_of, bucket_of_subject, chunks
from services.rules.cluster.partition import META, Partition
from services.rules.engine.engine import Engine
from tests.harness import endings, event, packed, rule_set, school, wire
from tests.rule_files import folder, rule

RULES = Path(__file__).parents[1] / "engine" / "every_measure"
BEGIN = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
SPAN = timedelta(days=28)


@pytest.fixture(scope="module")
def plan():
    return rule_set(RULES).plan


def said(changes):
    return sorted((c.warning_id, c.sequence, c.change, c.reason, c.facts.level) for c in changes)


SHORT = 300
"""Bytes: most source messages take several messages then."""


def message(plan, areas, now, source=0, sources=1):
    return Observations(1, BUCKETS, source, sources, 0, [(to_ms(now), areas)])


def dated(key):
    return changelog.is_block(key) or key.startswith(META)


def left(engines):
    """The episodes that stand at the end, but for their numbers."""
    return sorted(
        (rule, s.key, e.level, e.highest, e.opened_at, e.closed_at, e.first_event or "")
        for engine in engines
        for number in range(len(engine.layouts))
        for s in engine.subjects(number).values()
        for rule, episodes in (s.episodes or {}).items()
        for e in episodes
    )


def timetable(packs):
    newest = BEGIN
    for pack in packs:
        newest = max([newest, *(datetime.fromisoformat(e["time"]) for e in pack)])
        yield pack, newest
    for days in (30, 45, 90):
        yield [], BEGIN + timedelta(days=days)


def together(plan, packs):
    engine, changes = Engine(plan), []
    for pack, now in timetable(packs):
        changes += engine.process_many(wire(pack))
        changes += engine.advance(now)
    assert not engine.failed
    return engine, changes


class Cluster:
    """Partitions that may die between any two messages; what they wrote is all that is left of them."""

    def __init__(self, plan, count, rng, *, limit=900_000):
        self.plan, self.rng, self.limit = plan, rng, limit
        self.router = Router(plan, count)
        self.logs = [[] for _ in range(count)]
        self.parts = [Partition(plan, n) for n in range(count)]
        self.kept = [{} for _ in range(count)]
        self.changes = []

    def send(self, pack, now):
        routed, unreadable = self.router.route(wire(pack))
        assert not unreadable
        for number, log in enumerate(self.logs):
            parts = list(chunks(routed.get(number, {}), self.limit)) or [{}]
            for part in parts[:-1]:
                log.append(Observations(1, BUCKETS, 0, 1, 0, [(-1, part)]))
            log.append(message(self.plan, parts[-1], now))

    def evaluate(self, *, kills=0.0):
        for number, log in enumerate(self.logs):
            offset = 0
            while offset < len(log):
                part = self.parts[number]
                size = self.rng.randint(1, 5)
                for at in range(offset, min(offset + size, len(log))):
                    part.process(at, log[at])
                self.changes += part.take_output().changes
                entries = part.entries()
                killed = self.rng.random() < kills
                for key, value in entries[: self.rng.randint(0, len(entries))] if killed else entries:
                    self.keep(number, key, value)
                if killed:
                    self.restart(number)
                    offset = self.rng.randint(max(0, offset - 3), offset)
                else:
                    offset += size

    def engines(self):
        return [engine for part in self.parts for engine in part.engines.values()]

    def keep(self, number, key, value):
        """As recovery does it: a block that is older than the one that it has is refused."""
        kept = self.kept[number]
        if value is None:
            kept.pop(key, None)
        elif not (dated(key) and key in kept and changelog.offset_of(value) < changelog.offset_of(kept[key])):
            kept[key] = value

    def restart(self, number):
        self.parts[number] = Partition(self.plan, number)
        for key in self.parts[number].resume(self.kept[number].items()):
            del self.kept[number][key]


def stream(rng, *, shuffled):
    events = school(rng, 150, BEGIN, SPAN) + endings(rng, 8, BEGIN, SPAN)
    if shuffled:
        rng.shuffle(events)
    else:
        events.sort(key=lambda e: (datetime.fromisoformat(e["time"]), e["source"], e["id"], e["revision"]))
    return packed(events, rng)


@pytest.mark.properties
@pytest.mark.parametrize("seed", range(6))
def test_routed_to_partitions_is_as_evaluated_by_one_engine(plan, seed):
    rng = random.Random(seed)
    packs = stream(rng, shuffled=seed % 2)
    cluster = Cluster(plan, rng.choice((1, 3, 4, 12)), rng, limit=900_000 if seed % 3 == 0 else SHORT)
    for pack, now in timetable(packs):
        cluster.send(pack, now)
    cluster.evaluate()
    if cluster.limit == SHORT:  # what arrived together is folded in parts, so other warnings come and go on the way
        assert left(cluster.engines()) == left([together(plan, packs)[0]])
    else:
        assert said(cluster.changes) == said(together(plan, packs)[1])


@pytest.mark.properties
@pytest.mark.parametrize("seed", range(5))
def test_partitions_that_die_after_any_part_of_what_they_write_say_nothing_else(plan, seed, monkeypatch):
    monkeypatch.setattr(changelog, "BLOCK_BYTES", 2_000)
    rng = random.Random(100 + seed)
    packs = stream(rng, shuffled=seed % 2)
    cluster = Cluster(plan, 3, rng)
    for pack, now in timetable(packs):
        cluster.send(pack, now)
    cluster.evaluate(kills=0.1)
    assert set(said(cluster.changes)) == set(said(together(plan, packs)[1]))


LEFT = {"subject_field": "student", "value": "s1", "reason": "left"}
TOLD = [event("attendance", BEGIN, f"{n}", student="s1", lesson="l", status="absent") for n in range(2)]


def written_up_to(plan, log, cut):
    """What one batch says, and a partition that resumes what stands in the changelog when its writer dies."""
    dies, kept = Partition(plan, 0), {}
    dies.process(0, log[0])
    kept |= dict(dies.entries())
    dies.take_output()
    for offset, one in enumerate(log[1:], 1):
        dies.process(offset, one)
    said_first, entries = said(dies.take_output().changes), dies.entries()
    kept |= dict(entries[:cut])
    resumed = Partition(plan, 0)
    resumed.resume(kept.items())
    for offset, one in enumerate(log):
        resumed.process(offset, one)
    return said_first, said(resumed.take_output().changes), len(entries)


@pytest.mark.parametrize("cut", range(3))
@pytest.mark.parametrize("known", [True, False], ids=["known before", "comes into being"])
def test_an_ending_that_was_partly_written_and_is_taken_back_in_the_same_batch_is_met_once(tmp_path, known, cut):
    plan = rule_set(folder(tmp_path, rule("count", by="[course, student]", levels="{at_least: {yellow: 2}}"))).plan
    records = wire([{**one, "data": {**one["data"], "course": "c"}} for one in TOLD])
    gone = wire([event("ending", BEGIN + timedelta(days=1), "e", source="prewarn", **LEFT)])
    back = wire([event("ending", BEGIN + timedelta(days=1), "e", source="prewarn", revision=1, retracted=True, **LEFT)])
    first, *rest = [records, gone, back] if known else [b"[]", records, gone, back]
    log = [message(plan, {"course": packed_events}, BEGIN) for packed_events in (first, *rest)]
    once, again, entries = written_up_to(plan, log, cut)
    assert entries == 3  # the block of the ending, that of the subject, the meta
    assert once
    assert set(again) <= set(once)
    assert again == (once if cut < 2 else [])


def test_time_is_the_least_of_the_sources_and_never_goes_back(plan):
    part = Partition(plan, 0)
    part.process(0, message(plan, {}, BEGIN + timedelta(hours=2), source=0, sources=2))
    assert part.now == -1
    part.process(1, message(plan, {}, BEGIN, source=1, sources=2))
    assert part.now == to_ms(BEGIN)
    part.process(2, message(plan, {}, BEGIN - timedelta(hours=1), source=1, sources=2))
    assert part.now == to_ms(BEGIN)


def test_an_revision_that_does_not_follow_and_other_buckets_are_refused(plan):
    part = Partition(plan, 0)
    with pytest.raises(ConfigurationError, match="rule set revision 3 does not follow 1"):
        part.process(0, Observations(3, BUCKETS, 0, 1, 0, []))
    with pytest.raises(ConfigurationError, match="made for 512 buckets, this worker has 1024"):
        part.process(0, Observations(1, 512, 0, 1, 0, []))


def test_a_subject_lives_in_the_bucket_that_its_events_are_routed_to():
    for first in ("s1", "a/b", "a%2Fb", "计算机"):
        assert bucket_of_subject(("student",), first) == bucket_of(first)
        assert bucket_of_subject(("student", "course"), first.replace("/", "%2F") + "/c") == bucket_of(first)


def test_what_cannot_be_read_harms_nothing_beside_it(plan):
    good = event("attendance", BEGIN, "1", student="s1", status="absent", hours=1)
    router = Router(plan, 4)
    whole, _ = router.route(wire([good]))
    mixed, unreadable = router.route(wire([good, {"type": "attendance"}, 7, {**good, "type": "unheard"}]))
    assert mixed == whole
    assert len(unreadable) == 3
    for rubbish in (b"", b"nonsense", b"{}", b"null"):
        routed, unreadable = router.route(rubbish)
        assert not routed
        assert [u.raw for u in unreadable] == [rubbish]
