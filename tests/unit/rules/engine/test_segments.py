"""How a subject is written: the head with each record, a segment once and again only when it is touched."""

import random
from datetime import timedelta

import pytest

from services.rules.engine.engine import Engine
from services.rules.engine.layout import SEGMENT
from services.rules.engine.segments import heads, read
from services.rules.engine.subject import State, decode_state, encode_state
from tests.harness import event, rule_set, wire
from tests.rule_files import folder, rule
from tests.unit.rules.engine.test_engine_edges import AT

HOUR = timedelta(hours=1)


@pytest.fixture
def engine(tmp_path):
    return Engine(rule_set(folder(tmp_path, rule(window="{within: 200d}"))).plan)


def take(engine, *numbers, **more):
    for n in numbers:
        engine.process_many(
            wire([event("attendance", AT + n * HOUR, f"{n:04}", student="s1", lesson="l", status="absent", **more)])
        )
    return {key: packed for _, key, packed in engine.snapshot()}


def test_few_entries_are_one_state(engine):
    assert [*take(engine, *range(SEGMENT - 1))] == ["s1"]


def test_every_full_segment_is_written_once_and_the_head_with_each_record(engine):
    written = take(engine, *range(2 * SEGMENT + 1))
    assert sorted(written) == ["s1", "s1\x1f0", "s1\x1f1"]
    assert [*take(engine, 2 * SEGMENT + 1)] == ["s1"]


def test_a_correction_writes_its_segment_and_those_behind_it_again(engine):
    take(engine, *range(3 * SEGMENT))
    assert sorted(take(engine, SEGMENT + 3, revision=1)) == ["s1", "s1\x1f1", "s1\x1f2"]


def test_the_parts_make_the_state_again_in_whatever_order_they_come(engine):
    parts = take(engine, *range(3 * SEGMENT + 5))
    states = [(engine.layouts[0].signature, key, packed) for key, packed in parts.items()]
    random.Random(1).shuffle(states)
    ((_, state),) = read(states)
    (s,) = engine.subjects(0).values()
    assert state.rows == s.rows
    assert [head.key for head in heads(states)] == ["s1"]


def test_numbers_beyond_64_bits_come_back_as_they_were():
    state = State("s1", {"r": 1}, [1 << 80, "s a", -(1 << 90)], (1 << 70, {"x": (1, 1 << 65)}))
    again = decode_state(encode_state(state))
    assert (again.rows, again.heads[0]) == ([1 << 80, "s a", -(1 << 90)], 1 << 70)
