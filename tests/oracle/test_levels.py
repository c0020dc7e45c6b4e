"""Levels that stay by `clear`, steps of `again`, and praise: the slow evaluator against cases worked out by hand."""

from datetime import UTC, datetime

import pytest

from tests.oracle.evaluator import Change, Episode, evaluate


def episodes(levels: dict, *values: float | None, standard: dict | None = None) -> list[Episode]:
    """Of the measure `value`, one value a day, t1, t2, …, at 08:00 UTC from 1 September on."""
    events = [
        {"source": "s", "id": f"t{n}", "type": "test", "time": f"2026-09-{n:02}T08:00:00Z",
         "data": {"student": "s1", "score": value}}
        for n, value in enumerate(values, 1)
    ]  # fmt: skip
    standards = (
        [{"id": "std", "compare": "at_least", "values": [{"from": "2025-09-01"} | standard]}] if standard else []
    )
    rule = {"id": "r", "on": "test", "by": ["student"], "measure": {"value": "score"}, "levels": levels}
    return evaluate([rule], standards, {"time_zone": "UTC"}, events, datetime(2026, 12, 31, tzinfo=UTC))


def changes(levels: dict, *values: float | None, standard: dict | None = None) -> list[tuple]:
    """(change, level, value, threshold)"""
    return [change[:4] for episode in episodes(levels, *values, standard=standard) for change in episode.changes]


CLEAR = {"at_least": {"yellow": 2, "red": 5}, "clear": {"yellow": 1, "red": 4}}


def test_a_level_stays_while_the_value_compares_so_with_its_clear():
    assert changes(CLEAR, 1) == []
    assert changes(CLEAR, 2, 1, 0) == [("opened", "yellow", 2, 2), ("resolved", "yellow", 0, 2)]
    assert changes(CLEAR, 5, 4, 3, 4, 5) == [
        ("opened", "red", 5, 5), ("lowered", "yellow", 3, 2), ("raised", "red", 5, 5),
    ]  # fmt: skip
    assert changes(CLEAR, 2, None) == [("opened", "yellow", 2, 2), ("resolved", "yellow", None, 2)]


def test_the_value_of_a_level_that_stays_is_the_present_one_and_its_threshold_the_same():
    [episode] = episodes(CLEAR, 5, 4)
    assert (episode.level, episode.value, episode.threshold, episode.evidence) == ("red", 4, 5, ["s t2"])


def test_a_level_below_the_present_one_stays_too():
    assert changes(CLEAR, 5, 1) == [("opened", "red", 5, 5), ("lowered", "yellow", 1, 2)]


def test_clear_level_by_level_and_in_a_standard_and_downwards():
    assert changes({"yellow": {"at_least": 2, "clear": 1}}, 2, 1) == [("opened", "yellow", 2, 2)]
    of_standard = {"warning": {"yellow": 2}, "clear": {"yellow": 1}}
    assert changes({"standard": "std"}, 2, 1, standard=of_standard) == [("opened", "yellow", 2, 2)]
    down = {"below": {"yellow": 60}, "clear": {"yellow": 65}}
    assert changes(down, 59, 64, 65) == [("opened", "yellow", 59, 60), ("resolved", "yellow", 65, 60)]


AGAIN = {"at_least": {"yellow": 5, "red": 10}, "again": [20, 30]}


def test_each_step_of_again_is_raised_once_more_and_lowered_below_it():
    assert changes(AGAIN, 10, 25, 29, 35, 15, 5, 4) == [
        ("opened", "red", 10, 10), ("raised", "red", 25, 20), ("raised", "red", 35, 30), ("lowered", "red", 15, 10),
        ("lowered", "yellow", 5, 5), ("resolved", "yellow", 4, 5),
    ]  # fmt: skip


def test_a_jump_over_steps_is_one_change_with_the_threshold_of_the_last_step():
    assert changes(AGAIN, 35) == [("opened", "red", 35, 30)]
    assert changes(AGAIN, 5, 30, 5) == [
        ("opened", "yellow", 5, 5), ("raised", "red", 30, 30), ("lowered", "yellow", 5, 5),
    ]  # fmt: skip
    [episode] = episodes(AGAIN, 10, 20)
    assert episode.changes[1] == Change("raised", "red", 20, 20, datetime(2026, 9, 2, 8, tzinfo=UTC), again=True)


def test_again_level_by_level_and_in_a_standard():
    expected = [("opened", "red", 10, 10), ("raised", "red", 20, 20)]
    assert changes({"red": {"at_least": 10, "again": [20, 30]}}, 10, 20) == expected
    assert changes({"standard": "std"}, 10, 20, standard={"warning": {"red": 10}, "again": [20]}) == expected


@pytest.mark.parametrize(
    ("levels", "standard"),
    [
        ({"at_least": {"praise": 4}}, None),
        ({"praise": {"at_least": 4}}, None),
        ({"standard": "std"}, {"praise": 4}),
    ],
)
def test_praise_is_a_level_of_its_own(levels, standard):
    assert changes(levels, 3, 4, 3, standard=standard) == [("opened", "praise", 4, 4), ("resolved", "praise", 3, 4)]
