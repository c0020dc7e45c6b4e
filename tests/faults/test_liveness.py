"""A thread of `prewarn run` that cannot go on: /healthz says so, the process ends, and comes up with what it had."""

import sqlite3
import time
from contextlib import suppress

import pytest

from services.log.heartbeat import REFUSED, STALLED
from tests.faults.running import free_port, running, serving, until
from tests.rule_files import folder, rule
from tests.what_counts import absence


@pytest.fixture
def home(tmp_path):
    folder(tmp_path / "home" / "rules", rule(levels="{at_least: {yellow: 1, red: 4}}"))
    return tmp_path / "home"


def warned(served):
    return {line for line in served.get("/metrics").text.splitlines() if line.startswith("prewarn_warnings_total")}


def set_meta(home, name, value):
    with sqlite3.connect(home / "prewarn.db", timeout=30) as db:
        before = db.execute("select value from meta where name = ?", (name,)).fetchone()[0]
        db.execute("update meta set value = ? where name = ?", (value, name))
    return before


def test_a_thread_that_cannot_go_on_is_told_ends_the_process_and_loses_nothing(home):
    with serving(home) as served:
        assert served.post([absence("s1", 0)]).status == 202
        until(lambda: warned(served), "the warning")
        kept = set_meta(home, "evaluated", "no figures")
        began, told = time.monotonic(), []
        while not served.process.ended:
            with suppress(OSError):
                answer = served.get("/healthz")
                if answer.status == 503:
                    told.append((time.monotonic() - began, answer.text))
            assert time.monotonic() - began < 30, "it goes on in silence"
            time.sleep(0.1)
        assert told, served.process.said()
        assert "rules fails: ValueError" in told[0][1]
        assert served.process.popen.wait() == STALLED
        assert "rules cannot go on" in served.process.said()
    set_meta(home, "evaluated", kept)
    with serving(home) as served:
        assert served.post([absence("s2", 0)]).status == 202
        until(lambda: warned(served), "the next warning")
        assert served.get("/healthz").text == "ok"


def test_what_is_damaged_ends_at_once_with_what_to_do(home):
    with serving(home) as served:
        assert served.post([absence("s1", 0)]).status == 202
        until(lambda: warned(served), "the warning")
    with sqlite3.connect(home / "prewarn.db", timeout=30) as db:
        assert db.execute("update state set value = x'c1'").rowcount
    with running(home, "run", "--port", str(free_port())) as process:
        until(lambda: process.ended, "it ends")
        assert process.popen.wait() == REFUSED
        assert "doctor --evaluate-anew" in process.said().splitlines()[-2]


def test_a_row_of_the_log_that_cannot_be_read_is_passed_over(home):
    with serving(home) as served:
        with sqlite3.connect(home / "prewarn.db", timeout=30) as db:
            db.execute("insert into log (clock, events, packed) values (1, 1, ?)", (b"\xc1" * 100,))
            deep = b'[{"specversion":"1.0","data":' + b"[" * 3000 + b"]" * 3000 + b"}]"
            db.execute("insert into log (clock, events, packed) values (2, 1, ?)", (deep,))
        assert served.post([absence("s1", 0)]).status == 202
        until(lambda: warned(served), "the warning")
        assert served.get("/healthz").text == "ok"
