"""A log that a wrong clock has taken years ahead is set back: the college is as if the clock had always been right."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from services.app.embedded import Embedded
from services.cli import app
from services.clock import wall_clock
from services.messages import to_ms
from services.settings import Settings
from tests.rule_files import folder, rule

DAY, YEARS = timedelta(days=1), timedelta(days=4 * 365)
ABSENT = rule("absent", by="[student]", window="{within: 30d}", levels="{at_least: {yellow: 2}}")
UNCALLED = rule(
    "uncalled", "lesson", "[lesson]", "{missing: rollcall, after: ends_at}", "{at_least: {yellow: 30m}}"
)  # fmt: skip
SEVERAL = rule("several", "warning", measure="{open: open}", levels="{at_least: {yellow: 1}}", where='rule == "absent"')


@pytest.fixture
def now():
    return wall_clock()


def event(kind, ident, at, **data):
    said = {"specversion": "1.0", "source": "s", "id": ident, "type": kind, "time": at.isoformat(), "data": data}
    return json.dumps(said).encode()


def absence(n, at):
    lesson = {"lesson": f"l{n}", "course": "c1", "class": "m1"}
    return event("attendance", f"a{n}", at, student="s1", status="absent", **lesson)


def lesson(at):
    times = {"starts_at": at.isoformat(), "ends_at": (at + timedelta(minutes=90)).isoformat()}
    return event(
        "lesson", "next", at - 9 * DAY, lesson="next", course="c1", **{"class": "m1"}, status="planned", **times
    )


def hear(home, clock, *events):
    """Takes events in while the clock says so, and lets time come to it; the warnings, oldest first."""
    with Embedded(Settings(home=home), clock=lambda: clock) as college:
        assert college.try_evaluating()
        for one in events:
            assert college.intake.take(one, "test").accepted == 1
        college.catch_up()
        for _ in range(3):  # warnings that come back may change others
            college.worker.tick(to_ms(clock))
            college.catch_up()
        return college.worker.engine.now, sorted(
            (one["rule"], one["subject"], one["status"], one["level"], str(one["opened_at"]))
            for one in college.notify.warnings()
            if one["status"] != "withdrawn"
        )


@pytest.fixture
def homes(tmp_path):
    return [folder(tmp_path / name / "rules", ABSENT, UNCALLED, SEVERAL).parent for name in ("wrong", "right")]


def set_back(home):
    return CliRunner().invoke(app, ["--home", str(home), "doctor", "--set-back"])


def test_after_it_everything_is_as_if_the_clock_had_been_right(homes, now):
    wrong, right = homes
    before = [absence(1, now - 3 * DAY), absence(2, now - 2 * DAY), lesson(now + 3 * DAY)]
    hear(right, now - DAY, *before)
    hear(wrong, now - DAY, *before)
    come, found = hear(wrong, now + YEARS, absence(3, now - DAY))
    assert come == to_ms(now + YEARS)
    assert {(rule, status) for rule, _, status, *_ in found} >= {("absent", "resolved"), ("uncalled", "open")}
    done = set_back(wrong)
    assert done.exit_code == 0, done.output
    assert "set back to now" in done.output
    hear(right, now, absence(3, now - DAY))
    later = now + timedelta(minutes=5)
    assert hear(wrong, later, absence(4, now)) == hear(right, later, absence(4, now))
    after = now + 4 * DAY
    come, found = hear(wrong, after)
    assert (come, found) == hear(right, after)
    assert ("uncalled", "open") in {(rule, status) for rule, _, status, *_ in found}


def test_a_log_that_is_not_ahead_stays_as_it_is(homes, now):
    home = homes[0]
    found = hear(home, now, absence(1, now - 3 * DAY), absence(2, now - 2 * DAY))
    done = set_back(home)
    assert done.exit_code == 0
    assert "0 rows" in done.output
    assert hear(home, now) == found


def test_it_is_refused_while_another_process_runs(homes, now):
    with Embedded(Settings(home=homes[0]), clock=lambda: now) as college:
        assert college.try_evaluating()
        done = set_back(homes[0])
    assert done.exit_code != 0
    assert "another process" in str(done.exception or done.output)
