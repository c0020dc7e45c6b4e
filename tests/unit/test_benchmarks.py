"""The engine's benchmark counts only what is right: its warnings are the oracle's. No time is looked at."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[1] / "benchmarks" / "engine.py"


def benchmark(bench: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARK), "--bench", str(bench), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_standard_workload_gives_the_warnings_of_the_oracle(shared_data):
    # At 0.02 classes and events have warnings (R4, R5: 127); at 0.001 there is a single one.
    done = benchmark(shared_data.parent / "bench", "--scale", "0.02", "--rounds", "1", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"ratio_to_handwritten", "events_per_cpu_second", "equal_to_oracle", "peak_rss_mb"}
    assert found["equal_to_oracle"] is True


def test_without_the_workload_it_says_so(tmp_path):
    done = benchmark(tmp_path)
    assert done.returncode == 2
    assert f"no workload: {tmp_path}" in done.stderr
