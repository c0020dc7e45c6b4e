"""What stands in the cells of the exports, however it is written: rows, text, days, times, sections, weeks."""

import csv
import io
import re
import unicodedata
from datetime import date, datetime, time, timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

from python_calamine import CalamineWorkbook

ZONE = ZoneInfo("Asia/Shanghai")
TERM_BEGINS = date(2026, 8, 31)
_SERIAL_BEGINS = date(1899, 12, 30)
_DAY = re.compile(r"(?:(\d{4})\D)?(\d{1,2})\D(\d{1,2})日?")
_MOMENT = re.compile(r"(?P<day>\S+) ?(?P<half>[上下]午)?(?P<hour>\d{1,2}):(?P<minute>\d\d)(:\d\d)?")
_WEEKS = re.compile(r"第?([\d,-]+)周(?:\|([单双])周)?")
_HOURS_OF_A_HALF = 12


def sheets(path):
    """Name → rows, of a workbook."""
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def csv_rows(path, encoding):
    """Rows as dicts by header."""
    return list(csv.DictReader(io.StringIO(Path(path).read_bytes().decode(encoding), newline="")))


def html_rows(path):
    """Rows of the one table of a page; it says gb2312 and means the larger GB18030."""
    page = _Table()
    page.feed(Path(path).read_bytes().decode("gb18030"))
    return page.rows


class _Table(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self._inside = [], False

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "td"

    def handle_data(self, data):
        if self._inside:
            self.rows[-1][-1] += data


def table(rows, first):
    """Rows below the header whose first cell is `first`, as dicts by header."""
    top = next(place for place, row in enumerate(rows) if row[0] == first)
    return [dict(zip(rows[top], row, strict=True)) for row in rows[top + 1 :]]


def filled_down(rows, names):
    """Merged cells: what stands in the first row of them stands in all."""
    last = {}
    for row in rows:
        last = {name: row[name] or last.get(name, "") for name in names}
        yield row | last


def text(cell):
    """Half-width, without spaces around; whole numbers without a point."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return unicodedata.normalize("NFKC", str(cell)).strip()


def name(cell):
    """Of a person: two characters may be spread by a space."""
    return re.sub(r"\s", "", text(cell))


def number(cell):
    """The id of a student, as text, as number or behind an apostrophe."""
    return text(cell).removeprefix("'")


def day(cell):
    """A day as a date, as a serial number of Excel, or written in one of four ways; without a year of this term."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float):
        return _SERIAL_BEGINS + timedelta(days=int(cell))
    found = _DAY.fullmatch(text(cell).replace("年", "-"))
    assert found, f"not a day: {cell!r}"
    return date(int(found[1] or TERM_BEGINS.year), int(found[2]), int(found[3]))


def clock(cell):
    """A time of day: 8:55, 上午8:00, 下午2:30."""
    return cell if isinstance(cell, time) else moment(f"2026-08-31 {text(cell)}").time()


def moment(cell):
    """An instant: 2026/8/31 8:04, 2026-08-31 上午8:16, 8月31日 下午6:24."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=ZONE)
    found = _MOMENT.fullmatch(text(cell))
    assert found, f"not an instant: {cell!r}"
    hour = int(found["hour"])
    if found["half"] == "下午" and hour < _HOURS_OF_A_HALF:
        hour += _HOURS_OF_A_HALF
    if found["half"] == "上午" and hour == _HOURS_OF_A_HALF:
        hour = 0
    return datetime.combine(day(found["day"]), time(hour, int(found["minute"])), ZONE)


def sections(cell):
    """(first, last): 第3-4节, 第5,6节, full-width, or a date whose month and day Excel made of them."""
    if isinstance(cell, date):
        return cell.month, cell.day
    found = [int(one) for one in re.findall(r"\d+", text(cell))]
    assert found, f"no sections: {cell!r}"
    return found[0], found[-1]


def weeks(words):
    """The teaching weeks of `第2-4,6-9周` or `第1-15周|单周`."""
    found = _WEEKS.fullmatch(words)
    assert found, f"not weeks: {words!r}"
    spans = [one.partition("-") for one in found[1].split(",")]
    every = {week for first, _, last in spans for week in range(int(first), int(last or first) + 1)}
    return {week for week in every if found[2] is None or week % 2 == (found[2] == "单")}
