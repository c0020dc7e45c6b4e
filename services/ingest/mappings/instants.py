"""Days among instants: what a spreadsheet keeps of an instant at exactly midnight is its day."""

from __future__ import annotations

from datetime import date, datetime, time

from services.ingest.mappings.cells import written
from services.ingest.mappings.days import SERIAL_WITH_TIME, SERIALS, Days, day
from services.tabular.sheets import Cell

_SERIAL_DIGITS = 5


def says_a_time(cell: Cell) -> bool:
    """Whether it is an instant of a spreadsheet that is not at midnight: a real one, or a serial number with a part."""
    if isinstance(cell, datetime):
        return True
    return isinstance(cell, str | float) and SERIAL_WITH_TIME.fullmatch(written(cell)) is not None


def is_a_day(cell: Cell) -> bool:
    """Whether it is a day of a spreadsheet: a real one, or a whole serial number."""
    if isinstance(cell, date):
        return not isinstance(cell, datetime)
    text = written(cell)
    return len(text) == _SERIAL_DIGITS and text.isdecimal() and int(text) in SERIALS


def at_midnight(cell: Cell, days: Days) -> Cell:
    """The instant that a day of a spreadsheet is among instants; what is no day of one stays as it is."""
    return datetime.combine(day(cell, days), time(), days.zone) if is_a_day(cell) else cell
