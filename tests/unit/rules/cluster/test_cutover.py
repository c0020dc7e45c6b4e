"""Rule set revisions follow one another in partitions that die: the embedded worker's warnings, one for one."""

import random

import pytest

from services.messages import to_ms
from services.rules.cluster.cutover import CutOver
from services.rules.cluster.observations import BUCKETS, HISTORY, LIVE, SWITCH, Observations, Router, chunks
from services.rules.cluster.partition import Partition, meta_of
from services.rules.worker import Worker
from tests.harness import rule_set, wire
from tests.journals import ONE, finish, journal, published, rows_of, write
from tests.rule_files import folder, rule

NOT_PRESENT = '{count: status != "present"}'
SETS = [
    [rule("a", levels=ONE), rule("b", by="[class]", window="{within: 3d}")],
    [rule("a", levels="{at_least: {yellow: 2, red: 3}}"), rule("b", by="[class]", window="{within: 3d}", levels=ONE)],
    [rule("a", levels=ONE, measure=NOT_PRESENT), rule("b", by="[class]", window="{within: 6d}")],
    [rule("b", by="[class]", window="{within: 3d}")],
    [rule("a", levels=ONE, by="[student, course]"), rule("c", window="{last: 5}", measure="{sum: hours}")],
    [rule("c", window="{calendar: week}"), rule("a", by="[class]", levels=ONE)],
    [rule("a", levels=ONE), rule("b", by="[class]", window="{within: 3d}"), rule("z", measure=NOT_PRESENT)],
]  # fmt: skip


class Cluster:
    """Route's output by hand, and the partitions, which keep only what they wrote."""

    def __init__(self, count, rng, sources=1):
        self.count, self.rng, self.sources = count, rng, sources
        self.plans, self.logs = {}, [[] for _ in range(count)]
        self.kept = [{} for _ in range(count)]
        self.changes = []
        self.events = []
        """(source, events, clock) so far."""

    def put(self, revision, source, steps, part):
        for number, log in enumerate(self.logs):
            mine = [(clock, areas.get(number, {})) for clock, areas in steps]
            log.append(Observations(revision, BUCKETS, source, self.sources, 0, mine, part))

    def route(self, revision, source, pack, clock, part=LIVE):
        routed, unreadable = Router(self.plans[revision], self.count).route(wire(pack))
        assert not unreadable
        areas = {number: next(chunks(events)) for number, events in routed.items()}
        self.put(revision, source, [(clock, areas)], part)

    def live(self, revision, source, pack, clock):
        self.events.append((source, pack, clock))
        self.route(revision, source, pack, clock)

    def switch(self, revision, plan, *, again=0.0):
        """History in whatever order, some of it twice; the sources switch one after another."""
        self.plans[revision] = plan
        self.rng.shuffle(past := [*self.events])
        for source, pack, clock in past:
            for _ in range(1 + (self.rng.random() < again)):
                self.route(revision, source, pack, clock, HISTORY)
        last = {source: clock for source, _, clock in self.events}
        for source in range(self.sources):
            self.put(revision, source, [(last.get(source, -1), {})], SWITCH)

    def evaluate(self, kills=0.0):
        for number, log in enumerate(self.logs):
            part, offset = self.start(number)
            while offset < len(log):
                message = log[offset]
                if message.revision == part.revision + 1 and part.cut_over is None:
                    part.cut_over = CutOver(self.plans[message.revision], message.revision, offset)
                part.process(offset, message)
                complete = part.cut_over is not None and part.cut_over.complete
                if complete or self.rng.random() < 0.4:
                    if not self.write(number, part, kills):
                        part, offset = self.start(number)
                        continue
                    if complete:
                        part = part.successor(list(self.kept[number].items()))
                        if not self.write(number, part, kills):
                            part, offset = self.start(number)
                            continue
                offset += 1
            self.write(number, part, 0.0)

    def start(self, number):
        kept = self.kept[number]
        meta = meta_of(kept.items())
        revision = 1 if meta is None else meta.revision
        part = Partition(self.plans[revision], number, revision=revision)
        for key in part.resume(kept.items()):
            del kept[key]
        return part, (0 if meta is None else meta.resumes_behind + 1)

    def write(self, number, part, kills):
        """Whether it lived through it."""
        self.changes += part.take_output().changes
        entries = part.entries()
        killed = self.rng.random() < kills
        for key, value in entries[: self.rng.randint(0, len(entries))] if killed else entries:
            if value is None:
                self.kept[number].pop(key, None)
            else:
                self.kept[number][key] = value
        return not killed


def said(changes):
    return {(c.warning_id, c.sequence, c.change, c.reason, c.mode, c.facts.level, c.facts.value) for c in changes}


@pytest.mark.properties
@pytest.mark.parametrize("kills", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(8))
def test_revisions_in_partitions_that_die_are_as_in_one_worker(tmp_path, seed, kills):
    rng = random.Random(seed)
    sets = [rule_set(folder(tmp_path / f"rules{n}", *entries)) for n, entries in enumerate(SETS)]
    cluster, book = Cluster(rng.choice((1, 3)), rng), journal(tmp_path / "one")
    cluster.plans[1] = sets[0].plan
    worker, revision = Worker(book, sets[0]), 1
    for events, clock in rows_of(seed):
        row = events, clock
        write(book, [row])
        cluster.live(revision, 0, events, to_ms(clock))
        if rng.random() < 0.2:
            finish(worker)
            following = rng.choice(sets)
            worker.use(following)
            revision += 1
            cluster.switch(revision, following.plan, again=0.2)
    finish(worker)
    cluster.evaluate(kills)
    assert revision > 2
    got, wanted = said(cluster.changes), said(published(book))
    assert sorted(got - wanted, key=str) == sorted(wanted - got, key=str)
