from datetime import date, datetime

import openpyxl

from services.messages import Problem
from services.tabular.sheets import read_sheets
from services.tabular.workbook import letters, texts


def read(tmp_path, *rows):
    """The texts of a sheet with these rows, and what is wrong with its cells."""
    book = openpyxl.Workbook()
    book.active.title = "Marks"
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    problems: list[Problem] = []
    (sheet,) = read_sheets(tmp_path / "a.xlsx")
    return list(texts(sheet, problems)), [str(one) for one in problems]


def test_cells_are_the_texts_that_a_person_would_write(tmp_path):
    day = datetime(2026, 9, 1, 8, 30)  # noqa: DTZ001 - a spreadsheet knows no zone
    found = read(tmp_path, ["id", 7, 7.0, 7.5], [date(2026, 9, 1), day, None, True, None])
    assert found == ([["id", "7", "7", "7.5"], ["2026-09-01", "2026-09-01 08:30:00", "", "True"]], [])


def test_what_nobody_could_read_is_told_by_sheet_and_cell(tmp_path):
    _, problems = read(tmp_path, ["a", "=1+1"], [10**15, "#N/A"])
    assert [one.partition(" (")[0] for one in problems] == [
        "a.xlsx sheet Marks cell B1: holds a formula that was never calculated",
        "a.xlsx sheet Marks cell A2: is a number of more than 15 digits, of which the last are lost",
        "a.xlsx sheet Marks cell B2: holds an error",
    ]


def test_columns_have_the_letters_of_a_spreadsheet():
    assert [letters(one) for one in (1, 26, 27, 52, 703, 16_384)] == ["A", "Z", "AA", "AZ", "AAA", "XFD"]
