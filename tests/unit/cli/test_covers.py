"""`prewarn ingest --covers`: what the command takes back, and what it says where rows were refused."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.errors import ConfigurationError
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands

NOW = datetime.now(UTC).replace(microsecond=0)
LESSON, MADE = NOW - timedelta(hours=5), NOW - timedelta(hours=1)
COVERS = ("--covers", "attendance of its lessons", "--exported-at", MADE.isoformat())


@pytest.fixture
def ingest(tmp_path):
    home = tmp_path / "home"
    folder(home / "rules", rule("r"))
    (home / "directory").mkdir()
    (home / "directory" / "classes.csv").write_text("id\nk1\n", "utf-8")
    (home / "directory" / "students.csv").write_text("id,class\ns1,k1\ns2,k1\n", "utf-8")

    def run(*lines, options=()):
        file = tmp_path / "events.ndjson"
        file.write_text("\n".join(lines), "utf-8")
        found = CliRunner().invoke(app, ["--home", str(home), "ingest", str(file), *options])
        return found.exit_code, found.output

    return run


def absent(student, lesson, made=MADE):
    data = {"lesson": lesson, "student": student, "status": "absent"}
    told = {"specversion": "1.0", "source": "app", "type": "attendance", "time": LESSON.isoformat(), "data": data}
    return json.dumps(told | {"recordedat": made.isoformat()})


@pytest.fixture
def before(ingest):
    """An export of an hour before."""
    rows = [absent(student, lesson, MADE - timedelta(hours=1)) for student in ("s1", "s2") for lesson in ("L1", "L2")]
    assert ingest(*rows)[0] == 0


def test_what_the_file_no_longer_says_is_taken_back(ingest, before):
    code, said = ingest(absent("s1", "L1"), absent("s1", "L2"), options=COVERS)
    assert (code, said.splitlines()[-2]) == (0, "retracted 撤回 2")


def test_of_a_lesson_with_a_row_about_nobody_nothing_is_and_the_command_says_so(ingest, before):
    code, said = ingest(absent("s1", "L1"), absent("s1", "L2"), absent("s9", "L2"), options=COVERS)
    assert code == 1
    assert "retracted 撤回 1" in said.splitlines()
    assert "rows about L2 were refused, so nothing of that is taken back" in said
    assert "涉及 L2 的行被拒收" in said


def test_with_a_row_that_cannot_be_read_nothing_is_taken_back(ingest, before):
    code, said = ingest(absent("s1", "L1"), absent("s1", "L2"), "{", options=COVERS)
    assert (code, "retracted 撤回 0, unchanged 未变 2, refused 拒收 1" in said) == (1, True)
    assert "rows were refused, so nothing is taken back" in said


def test_files_are_not_exported_in_the_future(tmp_path):
    file = tmp_path / "events.ndjson"
    file.write_text(absent("s1", "l1"), "utf-8")
    ahead = (NOW + timedelta(days=1)).isoformat()
    found = CliRunner().invoke(app, ["--home", str(tmp_path), "ingest", str(file), "--exported-at", ahead])
    assert isinstance(found.exception, ConfigurationError)
    assert "is in the future" in str(found.exception)
