"""What is kept of one source's words: no more than can count again."""

from datetime import timedelta

import pytest

from services.ingest.records.words import with_word, without
from services.log.records import Said
from services.messages import to_ms
from tests.unit.ingest.records.conftest import MONDAY, absent

HOURS = [MONDAY + timedelta(hours=n) for n in range(6)]


def word(hour, run, status="absent"):
    at = to_ms(HOURS[hour])
    return Said(absent(status=status, _recordedat=HOURS[hour]), at, dated=True, by=[(run, at)] if run else [])


def kept(*said):
    """(status, runs) of what is left of words that came in this order."""
    words = []
    for one in said:
        words = with_word(words, one)
    return [(one.event.data["status"], [run for run, _ in one.by]) for one in words]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        pytest.param([word(0, 1), word(1, 1, "late")], [("late", [1])], id="a run's own older word is let go"),
        pytest.param([word(1, 1, "late"), word(0, 1)], [("late", [1])], id="whatever their order"),
        pytest.param([word(0, 1), word(1, 2)], [("absent", [1, 2])], id="the same is kept once"),
        pytest.param(
            [word(0, 0), word(1, 1, "late"), word(2, 2)], [("absent", [0, 2]), ("late", [1])], id="also of what stands"
        ),
        pytest.param([word(0, 1), word(1, 0, "late")], [("late", [])], id="older than what nobody can undo: let go"),
        pytest.param([word(1, 0, "late"), word(0, 1)], [("late", [])], id="or not taken up"),
        pytest.param(
            [word(0, 0), word(1, 1, "late")], [("late", [1]), ("absent", [])], id="what nobody can undo is kept"
        ),
    ],
)
def test_what_cannot_count_again_is_let_go(said, left):
    assert kept(*said) == left


def test_what_stands_is_as_old_as_those_who_are_left_said_it():
    words = with_word(with_word([word(0, 1)], word(3, 2)), word(1, 3, "late"))
    assert [one.recorded for one in words] == [to_ms(HOURS[3]), to_ms(HOURS[1])]
    left = without(words, 2)
    assert [(one.event.data["status"], one.recorded) for one in left] == [
        ("late", to_ms(HOURS[1])), ("absent", to_ms(HOURS[0])),
    ]  # fmt: skip
