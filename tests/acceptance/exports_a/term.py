"""The term: which days have lessons, whose timetable a make-up day has, when a section begins; its calendar.yaml."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import yaml

from tests.acceptance.exports_a.cells import TERM_BEGINS, ZONE, clock, day, sheets, table

_WINTER = date(2026, 10, 1)
_LAST_DAY = date(2027, 1, 15)


@dataclass
class Term:
    """What 校历与作息 says."""

    off: dict = field(default_factory=dict)
    """Day → 放假, 停课 or 考试: there are no lessons."""
    follows: dict = field(default_factory=dict)
    """Make-up day → the day whose timetable it has."""
    hours: dict = field(default_factory=dict)
    """(section, winter) → (begin, end)."""

    def days(self):
        """(day, the day whose timetable is given) of all days with lessons, in order."""
        for number in range((_LAST_DAY - TERM_BEGINS).days + 1):
            one = TERM_BEGINS + timedelta(days=number)
            if one in self.follows or one not in self.off:
                yield one, self.follows.get(one, one)

    def span(self, on, first, last):
        """Begin and end of sections on a day."""
        begin, end = self.hours[first, on >= _WINTER][0], self.hours[last, on >= _WINTER][1]
        return datetime.combine(on, begin, ZONE), datetime.combine(on, end, ZONE)


def read(path):
    """The term of the file."""
    term, given = Term(), sheets(path)
    for row in table(given["放假与调休"], "开始日期"):
        first, last = day(row["开始日期"]), day(row["结束日期"])
        if row["类型"] == "补课":
            term.follows[first] = day(row["按哪天课表上课"])
        else:
            days = (first + timedelta(days=number) for number in range((last - first).days + 1))
            term.off |= dict.fromkeys(days, row["类型"])
    for row in given["作息时间"][3:]:
        section = int(row[1])
        term.hours[section, False] = clock(row[2]), clock(row[3])
        term.hours[section, True] = clock(row[4]), clock(row[5])
    return term


def week(on):
    """The teaching week of a day, from 1."""
    return (on - TERM_BEGINS).days // 7 + 1


def write(term, path):
    """calendar.yaml: what the college's own calendar closes; examinations are days without lessons, and not closed."""
    calendar = {
        "time_zone": ZONE.key,
        "school_year_starts": "09-01",
        "terms": [{"id": "2026-autumn", "from": TERM_BEGINS, "to": _LAST_DAY}],
        "holidays": "CN",
        "closed": sorted(one for one, why in term.off.items() if why != "考试"),
        "open": sorted(term.follows),
        "service_hours": {"mon-fri": ["08:00-12:00", "14:00-18:00"]},
    }
    path.write_text(yaml.safe_dump(calendar, allow_unicode=True, sort_keys=False), "utf-8")
