"""The scenarios of test_scenarios.py by a process for each service, on Kafka."""

import pytest

from tests.acceptance.modes import OnKafka
from tests.acceptance.timetable import SCENARIOS, named, read


@pytest.mark.parametrize("path", SCENARIOS, ids=named)
def test_on_kafka(path, tmp_path, broker, postgres):
    with OnKafka(read(path), tmp_path, broker, f"scenario-{path.stem}.", postgres.database()) as playing:
        playing.play()
