"""`prewarn ingest A B`: what follows does not depend on which file came first."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from services.cli import app
from tests.rule_files import folder, rule

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.mark.parametrize("turned", [False, True])
def test_nothing_is_opened_because_another_file_comes_behind(tmp_path, turned):
    home = tmp_path / "home"
    streak = rule(measure='{streak: status == "absent"}', levels="{at_least: {yellow: 2}}")
    folder(home / "rules", streak)
    files = []
    for name, days in (("absent", (5, 3, 1)), ("present", (4, 2))):
        files.append(tmp_path / f"{name}.ndjson")
        events = [
            {"specversion": "1.0", "source": "app", "type": "attendance", "time": (NOW - timedelta(days=n)).isoformat(),
             "data": {"lesson": f"l{n}", "student": "s1", "status": name}}
            for n in days
        ]  # fmt: skip
        files[-1].write_text("\n".join(map(json.dumps, events)), "utf-8")
    given = [*map(str, reversed(files) if turned else files)]
    found = CliRunner().invoke(app, ["--home", str(home), "ingest", *given])
    assert found.exit_code == 0, found.output
    assert "accepted 接收 5" in found.output
    assert CliRunner().invoke(app, ["--home", str(home), "warnings", "--json"]).output == ""
