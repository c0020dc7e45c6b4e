"""The burst's counts, in small: nothing lost, nothing twice, repeats after a kill marked. No time is looked at."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[1] / "benchmarks" / "burst.py"


def test_a_dead_channel_and_a_kill_lose_nothing_and_repeat_only_what_is_marked():
    command = [sys.executable, str(BENCHMARK), "--warnings", "300", "--answer-ms", "5,10,15,20", "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert (found["warnings"], found["stored"], found["arrived"], found["repeats"]) == (300, 300, 240, 0)
    assert found["arrived_after_kill"] == 240
    assert found["repeats_after_kill"] <= found["in_flight_at_most"]
