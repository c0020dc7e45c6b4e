"""Rows of a large sheet are the same on the disk as in memory."""

from datetime import date, datetime, time, timedelta

import pytest

from services.tabular import reading
from services.tabular.sheets import CellError, read_sheets
from services.tabular.spool import Spooled
from tests.unit.tabular.made import book

CELLS = ["字", 7, 1.5, True, None, date(2026, 9, 8), datetime(2026, 9, 8, 8, 30), time(8, 55), timedelta(hours=30)]  # noqa: DTZ001 - a spreadsheet knows no zone
ROWS = [[n, *CELLS, CellError("#N/A")] if n % 7 else [] for n in range(2_500)]


@pytest.fixture
def spooled():
    rows = Spooled()
    for begin in range(0, len(ROWS), 700):
        rows.extend(ROWS[begin : begin + 700])
    return rows


def test_they_come_back_in_their_order(spooled):
    assert (len(spooled), list(spooled)) == (len(ROWS), ROWS)
    assert [list(map(type, row)) for row in spooled] == [list(map(type, row)) for row in ROWS]


@pytest.mark.parametrize("index", [0, 999, 1000, 2_499, -1, slice(3), slice(-8, None), slice(998, 1_003)], ids=str)
def test_any_of_them_can_be_asked_for(spooled, index):
    assert spooled[index] == ROWS[index]


@pytest.mark.parametrize("index", [2_500, -2_501])
def test_there_is_nothing_behind_them(spooled, index):
    with pytest.raises(IndexError):
        spooled[index]


def test_a_sheet_with_many_cells_lies_on_the_disk_and_says_the_same(tmp_path, monkeypatch):
    path = tmp_path / "a.xlsx"
    path.write_bytes(book(*([n, f"s{n}"] for n in range(3_000))))
    heard = []
    (in_memory,) = read_sheets(path, heard=heard.append)
    assert (sum(heard), len(heard) > 1) == (3_000, True)
    monkeypatch.setattr(reading, "IN_MEMORY", 100)
    (on_disk,) = read_sheets(path)
    assert (type(in_memory.rows), type(on_disk.rows)) == (list, Spooled)
    assert list(on_disk.rows) == in_memory.rows
    assert (on_disk.width, on_disk.cell(2_001, 2), on_disk.filled()) == (2, "s2000", in_memory.filled())
