"""Route on its own: how far it says time has come, also where it reads a source again."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from services.log.kafka import EVENTS, OBSERVATIONS, REJECTED
from services.rules.cluster.metrics import StreamMetrics
from services.rules.cluster.observations import LIVE, SWITCH, Router, bucket_of, decode_observations, partition_of
from services.rules.cluster.route import Route
from tests.harness import event, rule_set, wire
from tests.rule_files import folder, rule

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = 3_600_000
START = int(BEGIN.timestamp() * 1000)


class SentMessages:
    def __init__(self):
        self.metrics, self.sent = StreamMetrics(), []

    async def send(self, messages):
        self.sent += [decode_observations(one.value) for one in messages if one.topic.endswith(OBSERVATIONS)]


class OneRuleSetRevision:
    def __init__(self, plan):
        self.rules = plan

    def first(self):
        return 1

    newest = first

    def plan(self, _):
        return self.rules

    def switched(self, _):
        return []

    def refresh(self):
        pass


class Switched(OneRuleSetRevision):
    """A second one was published, and every source has switched to it at offset 2; or so it is written down."""

    def newest(self):
        return 2

    def switched(self, _):
        return [(2, 2)]


@pytest.fixture
def plan(tmp_path):
    return rule_set(folder(tmp_path, rule("a", levels="{at_least: {yellow: 1}}"))).plan


def messages(source=0, first=0, count=4, late_by=0):
    return [
        SimpleNamespace(
            message=SimpleNamespace(
                partition=source, offset=n, timestamp=0.0,
                value=wire([event("attendance", BEGIN + timedelta(hours=n - late_by), f"{source}-{n}", student="s")]),
            )
        )
        for n in range(first, first + count)
    ]  # fmt: skip


def clocks(sent, source=0):
    """(clock, ids of the events before it) of a source, in order."""
    return [clock for message in sent if message.source == source for clock, events in message.steps if events]


def route(plan, sources=1):
    way = SentMessages()
    return Route(way, OneRuleSetRevision(plan), "", {EVENTS: sources, OBSERVATIONS: 1}, past=True), way


@pytest.mark.parametrize("first", [2, 3], ids=["where it switched", "behind it"])
def test_whoever_takes_over_a_source_says_again_that_it_has_switched(plan, first):
    way = SentMessages()
    route = Route(way, Switched(plan), "", {EVENTS: 1, OBSERVATIONS: 1}, past=True)
    asyncio.run(route.step(messages(first=first, count=1)))
    assert [(one.revision, one.part) for one in way.sent] == [(2, SWITCH), (2, LIVE)]


def test_time_is_that_of_the_newest_event_so_far(plan):
    one, way = route(plan)
    asyncio.run(one.step([*messages(), *messages(first=4, count=1, late_by=3)]))
    assert clocks(way.sent) == [START, START + HOUR, START + 2 * HOUR, START + 3 * HOUR, START + 3 * HOUR]


def test_a_source_that_is_read_again_does_not_know_what_comes_behind(plan):
    one, way = route(plan)

    async def twice():
        await one.step(messages())
        one.forget()
        way.sent.clear()
        await one.step(messages(first=1, count=2))

    asyncio.run(twice())
    assert clocks(way.sent) == [START + HOUR, START + 2 * HOUR]


@pytest.mark.parametrize(
    "value",
    [b"[" * 3000 + b"]" * 3000, b'[{"data":' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}]", b"\xff\xfe", b"{}", b""],
    ids=["arrays nested", "objects nested", "no text", "an object", "nothing"],
)
def test_what_anybody_may_have_written_is_refused_and_the_rest_goes_on(plan, value):
    way, sent = route(plan)
    refused = []
    record = sent.send

    async def send(out):
        refused.extend(one for one in out if one.topic.endswith(REJECTED))
        await record(out)

    sent.send = send
    events = messages()
    events[1].message.value = value
    asyncio.run(way.step(events))
    assert len(refused) == 1
    assert clocks(sent.sent)[-1] == START + 3 * HOUR


def test_each_source_has_a_time_of_its_own(plan):
    one, way = route(plan, sources=2)
    asyncio.run(one.step([*messages(0, first=3, count=1), *messages(1, count=2)]))
    assert clocks(way.sent, 0) == [START + 3 * HOUR]
    assert clocks(way.sent, 1) == [START, START + HOUR]


def test_an_ending_goes_to_all_who_may_name_whom_it_ends(tmp_path):
    by = {"a": "[student]", "b": "[course, student]", "c": "[student, course]", "d": "[class]"}
    plan = rule_set(folder(tmp_path, *[rule(name, by=names) for name, names in by.items()])).plan

    def places(field, value):
        data = {"subject_field": field, "value": value, "reason": "left"}
        routed, unreadable = Router(plan, 4).route(wire([event("ending", BEGIN, "e", source="prewarn", **data)]))
        assert not unreadable
        return {(place, area) for place, areas in routed.items() for area in areas}

    mine = partition_of(bucket_of("s1"), 4)
    assert places("student", "s1") == {(mine, "student"), *((n, "course") for n in range(4))}
    assert places("class", "k") == {(partition_of(bucket_of("k"), 4), "class")}
    assert places("teacher", "t") == set()


def test_that_an_event_is_history_goes_along_with_it(plan):
    old = event("attendance", BEGIN, "1", student="s") | {"past": (BEGIN + timedelta(days=9)).isoformat()}
    routed, unreadable = Router(plan, 4).route(wire([old, event("attendance", BEGIN, "2", student="s")]))
    assert unreadable == []
    (events,) = [one for areas in routed.values() for slim in areas.values() for one in [slim]]
    assert [b'"past"' in one for one in events] == [True, False]
