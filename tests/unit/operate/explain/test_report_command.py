"""`prewarn report effectiveness`: its three forms say the same as the list of all warnings."""

import csv
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from services.errors import ConfigurationError
from services.messages import Text
from services.notify import report
from services.notify.deadlines import AROUND_THE_CLOCK
from services.notify.report import Period, Report
from services.rules.language.load import load
from services.web import report_forms
from services.web.reader import Reader

pytestmark = pytest.mark.commands

ZONE = ZoneInfo("Asia/Shanghai")
ROOT = Path(__file__).parents[4]
CARDS = load(ROOT / "rules", ROOT / "schemas").cards

REPORT = ("report", "effectiveness", "--from", "2026-11-01", "--to", "2026-11-30")


def titled(counted, language):
    """(title, count) of rules; those of conftest.py have one title."""
    titles = ((CARDS[rule].title if rule in CARDS else Text("一", "one"), n) for rule, n in counted.items())
    return sorted((getattr(title, language), n) for title, n in titles)


@pytest.fixture
def counted(ask):
    """Warnings of November by rule, from the list of all of them; without trials, praise and what was taken back."""
    every = [line.split() for line in ask("warnings").splitlines()]
    return Counter(
        rule for opened, level, status, rule, _ in every
        if opened >= "2026-10-31T16:00" and status != "withdrawn" and rule != "on-trial" and level != "praise"
    )  # fmt: skip


def test_each_form_counts_the_same_warnings(ask, counted, tmp_path):
    assert len(counted) > 1
    found = ask(*REPORT, "--json")
    assert {one["name"]: one["warnings"] for one in found["lines"]} == counted
    assert found["total"]["warnings"] == counted.total()
    assert (found["period"], found["load"]["messages"]) == ({"first": "2026-11-01", "last": "2026-11-30"}, 0)

    path = tmp_path / "report.csv"
    ask(*REPORT, "--csv", str(path))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted((row["规则"], int(row["预警数"])) for row in rows[:-3]) == titled(counted, "zh")
    assert [row["规则"] for row in rows[-3:]] == ["合计", "上一时期", "去年同期"]

    shown = [line.split(": Warnings ") for line in ask(*REPORT, "--language", "en").splitlines() if ": Warn" in line]
    assert sorted((name, int(rest.split(",")[0])) for name, rest in shown[: len(counted)]) == titled(counted, "en")


def test_the_workbook_and_the_page_to_print_hold_the_same(ask, counted, tmp_path):
    path, page = tmp_path / "report.xlsx", tmp_path / "report.html"
    ask(*REPORT, "--xlsx", str(path), "--html", str(page))
    book = load_workbook(path)
    assert book.sheetnames == ["预警", "推送负担", "未送达原因", "谈话与转介", "措施之后", "质量事故"]
    head, *rows = book["预警"].values
    assert head[:2] == ("规则", "预警数")
    assert sorted(row[:2] for row in rows[:-3]) == titled(counted, "zh")
    said = page.read_text("utf-8")
    assert all(
        f'<td>{title}</td><td data-label="预警数">{count}</td>' in said for title, count in titled(counted, "zh")
    )
    assert "href=" not in said
    assert "@page" in said


def test_a_name_that_looks_like_a_formula_is_none(tmp_path):
    line = report.line("=1+1", [])
    found = Report(
        period=Period(date(2026, 11, 1), date(2026, 11, 30)), by="rule", total=line, before=line, year_before=line,
        lines=[line], versions={}, not_told=[], held=[], load=report.load([], ZONE), left_out=[], accidents=[],
        improvement=report.improvement([]), follow_up=report.FollowUp(*[0] * len(report.FollowUp._fields)),
        appeals=report.appeals([], AROUND_THE_CLOCK),
    )  # fmt: skip
    reader = Reader("zh", ZONE, datetime(2026, 11, 30, tzinfo=ZONE), None)
    assert report_forms.table(found, lambda *_: None, reader).splitlines()[1].startswith("'=1+1,")
    (tmp_path / "report.xlsx").write_bytes(report_forms.workbook(found, lambda *_: None, reader))
    assert load_workbook(tmp_path / "report.xlsx")["预警"]["A2"].value == "'=1+1"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--from", "yesterday"), r"--from yesterday is no day \(expected: such as 2026-09-01\)"),
        (("--to", "9999-12-31"), r"--to 9999-12-31 is no day"),
        (("--from", "2026-12-01"), r"--to 2026-11-30 is before --from 2026-12-01"),
        (("--by", "colour"), r"--by colour is no grouping \(expected: one of rule, level, department, month\)"),
        (("--csv", "/nowhere/report.csv"), r"--csv /nowhere/report.csv: No such file or directory"),
    ],
)
def test_what_is_asked_wrongly_is_told_with_what_would_be_right(ask, more, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        ask(*REPORT, *more)
