"""Several files that one `prewarn ingest --mapping` is given: they are taken in together, in the order of time."""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.errors import ProblemsError
from services.messages import to_ms
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands

MAPPING = """mapping: ours
source: app
exported_at: {title: '导出时间:(\\S+ \\S+)'}
covers: attendance of its lessons
tables:
- to: attendance
  time: 上课时间
  fields:
    student: 学号
    lesson: 课次
    status: {column: 结果, values: {旷课: absent, 正常: present}}
"""
FIRST = date(2026, 9, 7)
MADE = "2026-10-01 08:00"
DAYS = [("旷课", 3), ("正常", 1), ("旷课", 2)] * 3
"""What becomes of somebody, and for how many days."""


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    streak = rule("streak", measure='{streak: status == "absent"}', levels="{at_least: {yellow: 3, red: 5}}")
    folder(home / "rules", streak)
    (home / "mappings").mkdir()
    (home / "mappings" / "ours.yaml").write_text(MAPPING, "utf-8")
    (home / "directory").mkdir()
    (home / "directory" / "classes.csv").write_text("id\nk1\n", "utf-8")
    (home / "directory" / "students.csv").write_text("id,class\ns1,k1\ns2,k1\n", "utf-8")
    return home


def run(home, *arguments):
    return CliRunner().invoke(app, ["--home", str(home), *map(str, arguments)])


def ingested(home, *files):
    found = run(home, "ingest", *files, "--mapping", "ours", "--past")
    assert found.exit_code == 0, found.output
    return found.output


def export(path, rows, made=MADE):
    """`rows`: (student, lesson, result, day)."""
    lines = [f"考勤明细,导出时间：{made}", "学号,课次,结果,上课时间", *(f"{a},{b},{c},{d} 8:00" for a, b, c, d in rows)]
    path.write_text("\n".join(lines), "utf-8")
    return path


def attendance():
    """Row after row: absences that one that lies between them ends."""
    results = [result for result, days in DAYS for _ in range(days)]
    return [("s1", f"L{n:02}", result, FIRST + timedelta(days=n)) for n, result in enumerate(results)]


def warnings(home):
    """Status, begin, end and changes of each."""
    query = """select w.status, w.opened_at, w.closed_at, (select group_concat(c.change) from
        (select change from warning_change where warning = w.number order by sequence) c) from warning w order by 2"""
    with sqlite3.connect(home / "notify.db") as store:
        return store.execute(query).fetchall()


def eight(day):
    """Of the n-th day, in the college's zone; milliseconds."""
    return to_ms(datetime(FIRST.year, FIRST.month, FIRST.day + day, tzinfo=UTC))


def in_thirds(rows):
    """By every third row, so that each file has rows of before and behind those of the others."""
    return [rows[n::3] for n in range(3)]


@pytest.mark.parametrize("order", [*permutations(range(3))], ids=str)
def test_files_in_any_order_end_as_one_in_the_order_of_time_and_by_the_same_changes(home, tmp_path, order):
    parts = in_thirds(attendance())
    ingested(home, *(export(tmp_path / f"{n}.csv", parts[n]) for n in order))
    assert warnings(home) == [
        ("resolved", eight(2), eight(3), "opened,resolved"),
        ("resolved", eight(6), eight(9), "opened,raised,resolved"),
        ("resolved", eight(12), eight(15), "opened,raised,resolved"),
    ]


def test_what_stands_in_another_file_of_the_same_export_is_not_taken_back(home, tmp_path):
    rows = [(student, lesson, "旷课", FIRST) for student in ("s1", "s2") for lesson in ("L1", "L2")]
    first, second = export(tmp_path / "1.csv", rows[::2]), export(tmp_path / "2.csv", rows[1::2])
    assert "retracted 撤回 0" in ingested(home, first, second)
    later = export(tmp_path / "3.csv", rows[:2], made="2026-10-02 08:00")
    assert ingested(home, later).splitlines()[-2] == "retracted 撤回 2"


@pytest.mark.parametrize("newest_first", [False, True])
def test_of_two_exports_the_newer_one_counts_whichever_is_given_first(home, tmp_path, newest_first):
    older = export(tmp_path / "1.csv", [("s1", "L1", "旷课", FIRST), ("s2", "L1", "旷课", FIRST)])
    newer = export(tmp_path / "2.csv", [("s1", "L1", "旷课", FIRST)], made="2026-10-02 08:00")
    files = [newer, older] if newest_first else [older, newer]
    said = ingested(home, *files).splitlines()
    taken_back = [said[n + 1] for n, line in enumerate(said) if line in ("1.csv:", "2.csv:")][2:]
    assert taken_back == ["retracted 撤回 0", "retracted 撤回 1"]


def test_a_file_that_the_mapping_does_not_fit_is_refused_and_what_was_given_before_it_is_taken(home, tmp_path):
    good, wrong = export(tmp_path / "1.csv", attendance()), tmp_path / "2.csv"
    wrong.write_text("甲,乙\n1,2\n", "utf-8")
    found = run(home, "ingest", good, wrong, "--mapping", "ours")
    assert isinstance(found.exception, ProblemsError)
    assert "accepted 接收 18, duplicate 重复 0, rejected 拒收 0" in found.output
    assert "duplicate 重复 18" in run(home, "ingest", good, "--mapping", "ours").output
