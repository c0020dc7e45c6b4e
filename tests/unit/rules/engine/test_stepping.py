"""How a step is written: what is decided beforehand, and names that no slot can take."""

import re

import pytest

from services.rules.engine.measures import MEASURES
from services.rules.engine.measures.base import GIVEN, Measure, members
from services.rules.engine.plan import PerLevel, Rung, Thresholds, level_of
from services.rules.engine.stepping import When

LINES = ["if f & 1:", "    a = 1", "else:", "    a = 2", "if f & 2 and b:", "    c = f & 4", "d = 1"]


@pytest.mark.parametrize(
    ("when", "left"),
    [
        pytest.param(When(), LINES, id="any bits"),
        pytest.param(When(here=1), ["if f & 1:", "    a = 1", "else:", "    a = 2", "d = 1"], id="one that some have"),
        pytest.param(When(here=2), ["a = 2", "if f & 2 and b:", "    c = f & 4", "d = 1"], id="one that none has"),
        pytest.param(When(here=7, always=3), ["a = 1", "if b:", "    c = f & 4", "d = 1"], id="two that all have"),
    ],
)
def test_a_test_of_bits_is_decided_where_it_can_be(when, left):
    assert when.decided(LINES) == left


def test_nested_and_constant_tests_are_decided_too():
    lines = ["if x:", "    if False:", "        a = 1", "    else:", "        if True: a = 2"]
    assert When().decided(lines) == ["if x:", "    a = 2"]
    assert When(here=1).decided(["if f & 2: n += 1", "if f & 1: n += 1"]) == ["if f & 1: n += 1"]


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_no_slot_can_have_the_name_of_something_given(name):
    with pytest.raises(ValueError, match=name):
        Measure(name="m", slots={name: 0}, add="pass", evidence=members)


def test_every_name_in_a_measures_source_is_a_slot_or_given():
    names = r"(?<!\{)\{(\w+)"
    for measure in MEASURES.values():
        source = f"{measure.before} {measure.add} {measure.drop} {measure.ready} {measure.value} {measure.waiting}"
        assert {*re.findall(names, source)} <= {*measure.slots} | GIVEN, measure.name


def test_levels_and_their_numbers_are_each_others_inverse():
    rungs = [
        Rung(level=level, gauge=0, compare="above", threshold=1) for level in ("praise", "yellow", "orange", "red")
    ]
    assert [rung.number for rung in rungs] == [-1, 1, 2, 3]
    assert [level_of(rung.number) for rung in rungs] == [rung.level for rung in rungs]
    assert level_of(Rung(level="red", gauge=0, compare="above", threshold=9, step=2).number) == "red"


def test_thresholds_are_found_by_level_and_step():
    thresholds = Thresholds(PerLevel(yellow=2, red=5), PerLevel(red=4), (10, None))
    assert [thresholds.of(level) for level in ("praise", "yellow", "orange", "red")] == [None, 2, None, 5]
    assert (thresholds.of("red", 1), thresholds.of("red", 2)) == (10, None)
    assert thresholds.reached.given() == {"yellow": 2, "red": 5}
