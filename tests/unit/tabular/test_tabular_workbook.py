from datetime import date, datetime

import openpyxl
import pytest

from services.errors import ProblemsError
from services.messages import Problem
from services.tabular.workbook import workbook


@pytest.fixture
def saved(tmp_path):
    """A workbook of one sheet with these rows."""

    def saved(*rows):
        book = openpyxl.Workbook()
        book.active.title = "Marks"
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / "a.xlsx")
        return tmp_path / "a.xlsx"

    return saved


def read(path):
    """The rows of its first sheet, and what is wrong with its cells."""
    problems: list[Problem] = []
    with workbook(path) as sheets:
        return list(sheets[0].rows(problems)), [str(one) for one in problems]


def test_cells_are_the_texts_that_a_person_would_write(saved):
    day = datetime(2026, 9, 1, 8, 30)  # noqa: DTZ001 - a spreadsheet knows no zone
    path = saved(["id", 7, 7.0, 7.5], [date(2026, 9, 1), day, None, True, None])
    assert read(path) == ([["id", "7", "7", "7.5"], ["2026-09-01", "2026-09-01 08:30:00", "", "True"]], [])


def test_what_nobody_could_read_is_told_by_sheet_and_cell(saved):
    _, problems = read(saved(["a", "=1+1"], [10**15, "#N/A"]))
    assert [one.partition(" (")[0] for one in problems] == [
        "a.xlsx sheet Marks cell B1: holds a formula that was never calculated",
        "a.xlsx sheet Marks cell A2: is a number of more than 15 digits, of which the last are lost",
        "a.xlsx sheet Marks cell B2: holds an error",
    ]


def test_a_sheet_knows_whether_it_is_blank(saved):
    with workbook(saved()) as sheets:
        assert [(one.title, one.place, one.is_blank()) for one in sheets] == [("Marks", "a.xlsx sheet Marks", True)]
    with workbook(saved([None], [None, 1])) as sheets:
        assert not sheets[0].is_blank()


def test_a_file_that_is_no_workbook_is_refused(tmp_path):
    (tmp_path / "a.xlsx").write_text("a,b")
    with pytest.raises(ProblemsError, match=r"a\.xlsx: is damaged, or no \.zip or \.xlsx file"):
        read(tmp_path / "a.xlsx")
