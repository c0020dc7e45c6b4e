"""What unknown columns probably are: on a college's files right in most, and never wrong where it is certain."""

import random
from dataclasses import replace

import pytest

from services.ingest.mappings.draft import guess_sheets
from services.ingest.mappings.draft_words import UNIMPORTANT
from services.ingest.mappings.draft_yaml import draft_mapping
from services.ingest.mappings.known import Known
from services.tabular.sheets import read_sheets
from tests.acceptance.exports_a import college as script
from tests.unit.ingest.mappings.draft_truth import NEVER_CERTAIN, TRUTH

ENOUGH = 0.8
RENAMED = {
    "学号": "学生号码",
    "考勤结果": "出勤",
    "班级": "行政班级名",
    "节次": "第几节",
    "课程名称": "所上课程",
    "工单号": "单据编号",
}


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data.parent / "exports" / "a"


@pytest.fixture(scope="module")
def files(folder):
    return {name: list(read_sheets(folder / name)) for name in dict.fromkeys(name for name, _ in TRUTH)}


@pytest.fixture(scope="module")
def people(folder):
    """The directory of the same college."""
    return Known(script.read(folder).tables)


@pytest.fixture
def days(college):
    return college.days


def judged(files, known, days, renamed=None):
    """(how many are right, of how many, what is wrong and certain)."""
    right, total, wrong = 0, 0, []
    for name, sheets in files.items():
        for guess in guess_sheets(name, sheets, known, days):
            kind, truth = TRUTH.get((name, guess.sheet), ("", {}))
            if not truth:
                continue
            truth = {(renamed or {}).get(header, header): meanings for header, meanings in truth.items()}
            for column in guess.columns:
                meant = truth.get(column.header)
                if meant is not None:
                    total += 1
                    right += column.meaning in meant
                if column.certainty == "certain" and column.meaning not in UNIMPORTANT:
                    bad = column.meaning not in meant if meant is not None else column.header in NEVER_CERTAIN
                    wrong += [(name, column.header, column.meaning)] * bad
            right += guess.kind == kind
            total += 1
    return right, total, wrong


@pytest.mark.shared
@pytest.mark.parametrize("empty", [True, False], ids=["before there is a directory", "with the directory"])
def test_most_columns_that_matter_are_right_and_none_is_wrong_for_certain(files, people, days, empty):
    right, total, wrong = judged(files, Known({}) if empty else people, days)
    assert total > 110
    assert wrong == []
    assert right >= ENOUGH * total, f"{right} of {total}"


@pytest.mark.shared
@pytest.mark.parametrize("seed", range(3))
def test_so_it_is_with_renamed_and_reordered_columns(files, people, days, seed):
    changed = {
        name: [reordered(renamed(sheet), seed) for sheet in sheets]
        for name, sheets in files.items()
        if "雨课堂" not in name
    }
    right, total, wrong = judged(changed, people, days, RENAMED)
    assert wrong == []
    assert right >= ENOUGH * total, f"{right} of {total}"


def renamed(sheet):
    rows = [[RENAMED.get(cell, cell) if isinstance(cell, str) else cell for cell in row] for row in sheet.rows]
    return replace(sheet, rows=rows)


def reordered(sheet, seed):
    """In another order; merged cells come apart, as they do in a CSV."""
    width = max(map(len, sheet.rows), default=0)
    order = random.Random(seed).sample(range(width), width)
    rows = [[row[at] if at < len(row) else None for at in order] for row in sheet.rows]
    return replace(sheet, rows=rows, merged=[])


def test_a_draft_is_a_right_mapping_and_says_what_is_not_certain(book, mapping, college):
    path = book(
        表=[
            ["姓名", "学号", "行政班", "上课日期", "节次", "考勤结果"],
            *[["李娜", "s1", "软件2601", "2026-09-08", "1-2节", "旷课"]] * 5,
        ]
    )
    text = draft_mapping(guess_sheets("考勤_20260908.xlsx", path[1], Known(college.tables), college.days))
    (table,) = mapping(text).tables
    assert table.to == "attendance"
    assert {*table.base.fields} == {"class", "day", "sections", "student", "status", "lesson"}
    assert 'files: ["*考勤*.xlsx"]' in text
    assert "status: 考勤结果  # certain: 旷课" in text


def test_what_nobody_knows_is_drafted_as_nothing(book, mapping, college):
    path = book(表=[["甲", "乙", "丙"], ["x", "y", "z"]])
    found = guess_sheets("f.xlsx", path[1], Known(college.tables), college.days)
    assert all(not one.kind for one in found)
    assert "tables: []" in draft_mapping(found)
