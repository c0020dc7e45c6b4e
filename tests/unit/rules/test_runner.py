"""The loop around the engine: the unreadable is passed over, warnings come back, and what is put out is handed over."""

import msgspec
import pytest

from services.messages import to_ms
from services.rules.engine.engine import Engine
from services.rules.runner import EngineRunner, Output, read_singly
from tests.harness import rule_set, wire
from tests.journals import AT, DAY, ONE, absence
from tests.rule_files import folder, rule

OF_WARNINGS = rule("of", on="warning", by="[student]", where='rule == "r"', measure="{count: true}", levels=ONE)
OF_THOSE = rule("those", on="warning", by="[student]", where='rule == "of"', measure="{count: true}", levels=ONE)


@pytest.fixture
def runner(tmp_path):
    return lambda *rules: EngineRunner(Engine(rule_set(folder(tmp_path, *rules)).plan))


def told(changes):
    return [(change.rule, change.change) for change in changes]


def test_of_a_message_the_events_that_can_be_read_count_and_the_others_are_handed_over(runner):
    running = runner(rule(levels=ONE))
    changes = running.process(wire([absence("a"), {"type": "gossip"}, 7]))
    assert told(changes) == [("r", "opened")]
    output = running.drain(Output())
    assert [one.raw for one in output.unreadable] == [b'{"type":"gossip"}', b"7"]
    assert output.counts["unreadable"] == 2
    assert [line.partition(":")[0] for line in output.problems()] == [
        'b\'{"type"',
        "b'7' cannot be read and is passed over",
    ]
    assert running.drain(Output()) == Output()


@pytest.mark.parametrize("packed", [b"", b"{}", b"nonsense"])
def test_a_message_that_is_no_list_changes_nothing_and_is_handed_over_as_it_is(runner, packed):
    running = runner(rule(levels=ONE))
    assert running.step(packed, to_ms(AT)) == []
    assert running.engine.now == to_ms(AT)
    assert [one.raw for one in running.drain(Output()).unreadable] == [packed]


def test_warnings_are_handed_back_until_nothing_more_comes_of_it(runner):
    running = runner(rule(levels=ONE), OF_WARNINGS, OF_THOSE)
    changes = running.step(wire([absence("a")]), to_ms(AT))
    assert told(changes) == [("r", "opened")]
    assert told(running.hand_back(changes)) == [("r", "opened"), ("of", "opened"), ("those", "opened")]


def test_what_warms_an_engine_up_puts_nothing_out(runner):
    running = runner(rule(levels=ONE))
    running.warm(wire([absence("new"), absence("old", AT - 40 * DAY), 7]))
    output = running.drain(Output())
    assert (output.late, output.failed, output.unreadable) == ([], [], [])
    assert running.engine.subjects(0).keys() == {"s1"}


def test_late_events_and_readings_are_added_to_what_is_there(runner):
    running = runner(rule(levels=ONE))
    output = Output(late=["s before"])
    output.changes += running.process(wire([absence("new")]))
    output.changes += running.process(wire([absence("more", AT + DAY), absence("old", AT - 40 * DAY)]))
    assert running.drain(output).late == ["s before", "s old"]
    assert [reading.facts.value for reading in output.readings] == [2]


def test_each_item_of_a_list_is_read_by_itself():
    found, unreadable = read_singly(b'[1, "two", 3]', msgspec.json.Decoder(int).decode)
    assert (found, [one.raw for one in unreadable]) == ([1, 3], [b'"two"'])
