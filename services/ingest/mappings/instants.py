"""Days among instants: what a spreadsheet keeps of an instant at exactly midnight is its day."""

from __future__ import annotations

from datetime import date, datetime, time

from services.ingest.mappings.cells import written
from services.ingest.mappings.days import SERIAL_WITH_TIME, SERIALS, Days, day
from services.tabular.sheets import Cell


def says_a_time(cell: Cell) -> bool:
    """Whether it is an instant of a spreadsheet that is not at midnight: a real one, or a serial number with a part."""
    if isinstance(cell, datetime):
        return True
    return isinstance(cell, str | float) and SERIAL_WITH_TIME.fullmatch(written(cell)) is not None


def at_midnight(cell: Cell, days: Days) -> Cell:
    """The instant that a day of a spreadsheet is among instants; what is no day of one stays as it is."""
    text = written(cell)
    a_day = isinstance(cell, date) or (text.isdecimal() and int(text) in SERIALS)
    return datetime.combine(day(cell, days), time(), days.zone) if a_day and not isinstance(cell, datetime) else cell
