"""One suite of scenarios, two modes: the same messages at the same minutes, and the same warnings at the end.

On Kafka: test_scenarios_cluster.py.
"""

import pytest

from tests.acceptance.modes import Embedded
from tests.acceptance.timetable import SCENARIOS, named, read


@pytest.mark.parametrize("path", SCENARIOS, ids=named)
def test_in_one_process(path, tmp_path):
    with Embedded(read(path), tmp_path) as playing:
        playing.play()


def test_a_scenario_that_does_not_come_true_is_red(tmp_path):
    scenario = read(SCENARIOS[0])
    scenario["timetable"] = [step | {"told": "nobody"} for step in scenario["timetable"]]
    with Embedded(scenario, tmp_path) as playing, pytest.raises(AssertionError, match=r"expected \{\}"):
        playing.play()
