"""The benchmarks count only what is right: warnings are the oracle's, each is told or has a reason. No time counts."""

import json
import os
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


def test_in_a_term_every_warning_reaches_somebody_or_has_a_reason_and_digests_are_fewer():
    done = subprocess.run(
        [sys.executable, str(BENCHMARK.with_name("load.py")), "--json"], check=False, capture_output=True, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PREWARN_GROUP")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    alone, grouped = json.loads(done.stdout).values()
    assert alone["sent_to_a_person"] + alone["told_in_results"] >= 0.99 * alone["warnings"]
    for found in (alone, grouped):
        told = found["sent_to_a_person"] + found["told_in_results"]
        assert told + sum(found["not_sent"].values()) == found["warnings"]
        assert "" not in found["not_sent"]
        assert found["shown_to_nobody"] == 0
    assert grouped["most_to_one_person_in_a_day"] < alone["most_to_one_person_in_a_day"]
    assert grouped["messages"] < alone["messages"]


def test_an_import_at_a_terminal_shows_a_bar_takes_every_row_and_is_undone():
    command = [sys.executable, str(BENCHMARK.with_name("imported.py")), "--rows", "5000"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line.partition("; ")[2] for line in done.stdout.splitlines()]
    assert "accepted 接收 5000," in said[0]
    assert "unchanged 未变 5000," in said[1]
    assert said[2:] == [
        "run 批次 2 undone 已撤销: taken back 撤回 0, given back 恢复 0, standing 保留 5000",
        "run 批次 1 undone 已撤销: taken back 撤回 5000, given back 恢复 0, standing 保留 0",
    ]


def test_an_inbox_answers_every_request_with_a_page_of_bounded_size():
    command = [sys.executable, str(BENCHMARK.with_name("inbox.py")), "--students", "150", "--seconds", "2", "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["requests"], found["open_warnings"]) == (20, 601)
    assert 40 < found["largest_page_kb"] < 300


def test_a_students_page_and_a_class_are_of_bounded_size_however_much_is_recorded():
    command = [sys.executable, str(BENCHMARK.with_name("student_page.py")), "--json", "--repeat", "1"]
    done = subprocess.run([*command, "--records", "4000", "--class", "40"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert 10_000 < found["page"]["bytes"] < 200_000
    assert 20_000 < found["classes"]["bytes"] < 100_000
