"""Whatever stands in a cell is read or is a WrongCell, and any sheet is guessed at: nothing else comes of them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.mappings import cells, day_formats, days, sections
from services.ingest.mappings.cells import WrongCell
from services.ingest.mappings.days import Days
from services.ingest.mappings.draft import guess_sheets
from services.ingest.mappings.draft_yaml import draft_mapping
from services.ingest.mappings.known import Known, class_shape
from services.tabular.sheets import Sheet
from tests.unit.ingest.mappings.conftest import TABLES

pytestmark = pytest.mark.properties

DAYS = Days(ZoneInfo("Asia/Shanghai"), date(2026, 11, 27), [(date(2026, 8, 31), date(2027, 1, 15))])
KNOWN = Known(TABLES)
HALVES = {"上午": time(8), "": time(0)}
SIGNS = st.text("0123456789年月日第节周单双上下午:：/.-,、()（）'\t 　一二十大班级软件李娜%分", max_size=14)
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), SIGNS, st.dates(), st.datetimes(),
    st.times(), st.timedeltas(timedelta(0), timedelta(days=2)), st.datetimes().map(datetime.isoformat),
)  # fmt: skip
READERS = [
    cells.ident,
    cells.number,
    cells.integer,
    lambda cell: days.day(cell, DAYS),
    days.clock,
    lambda cell: days.moment(cell, DAYS),
    lambda cell: days.moment(cell, DAYS, HALVES),
    lambda cell: days.month(cell, DAYS),
    lambda cell: day_formats.by_format(cell, "%d/%m/%Y", DAYS),
    sections.sections,
    sections.weeks,
    *(table.find for table in KNOWN.tables.values()),
]


@given(CELLS)
def test_a_cell_is_read_or_wrong(cell):
    class_shape(cells.plain(cell))
    for reader in READERS:
        try:
            reader(cell)
        except WrongCell as wrong:
            assert str(wrong)  # noqa: PT017 - that it can be told


@given(
    st.lists(
        st.lists(st.one_of(CELLS, st.sampled_from(["学号", "班级", "成绩", "日期", "节次", "9月"])), max_size=6),
        max_size=6,
    )
)
def test_a_sheet_is_guessed_at(rows):
    draft_mapping(guess_sheets("f.xlsx", [Sheet("s", False, rows, [])], KNOWN, DAYS))
