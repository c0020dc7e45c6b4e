"""What was probably meant where a condition, a window, a measure or a comparison is not one of the language.

Many of those who write rules know other languages, or none: the hint names what would be right, or the nearest thing
that can be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from services.i18n import say
from services.messages import Message, nearest
from services.rules.engine.plan import OPERATORS, Compare
from services.tabular.scalars import misread

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_DATE = (re.compile(r"\b(?:19|20)\d\d(?:-\d\d?-\d\d?|/\d\d?/\d\d?)\b"), "rules.conditions_know_no_dates")
_SLIPS: tuple[tuple[re.Pattern[str], str], ...] = (
    _DATE,
    (re.compile(r"===|＝+"), "=="),
    (re.compile(r"=>|≥|≧|大于等于|不小于|不低于|不少于"), ">="),
    (re.compile(r"=<|≤|≦|小于等于|不大于|不高于|不超过"), "<="),
    (re.compile(r"<>|≠|不等于"), "!="),
    (re.compile(r"(?<![=!<>])=(?!=)|等于"), "=="),
    (re.compile(r"＞|大于|高于|超过"), ">"),
    (re.compile(r"＜|小于|低于"), "<"),
    (re.compile(r"&&?|\bAND\b|并且|而且|且"), "and"),
    (re.compile(r"\|\|?|\bOR\b|或者|或"), "or"),
    (re.compile(r"!(?!=)|！|\bNOT\b|不是|非"), "not"),
    (re.compile(r"[“”]"), '"'),
    (re.compile(r"[‘’]"), "'"),
    (re.compile(r"（"), "("),
    (re.compile(r"）"), ")"),
    (re.compile(r"，|、"), ","),
    (re.compile(r"(?<=\d)\s*[%％](?=\s*(?:$|[)\],]|and\b|or\b|else\b))"), "rules.percent_in_condition"),
    (re.compile(r"\bbetween\b|介于"), "rules.both_bounds"),
    (re.compile(r"\b(?:like|contains|startswith|matches|LIKE)\b|包含"), "rules.whole_words_only"),
    (re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:[smhdw]|min|天|小时|分钟|分)\b"), "rules.numbers_have_no_unit"),
)
"""What is never right in a condition → the sign or word that is meant, or the text that says so."""
_NUMBER = re.compile(r"(?<![\w.])\d[\w.]*")
AGGREGATES = frozenset({"count", "sum", "mean", "avg", "average", "median", "share", "streak", "distinct", "len"})
"""What other languages have as functions over many records."""
NOTHING = frozenset({"null", "none", "nil", "nan", "na", "空"})
_TIMES = frozenset(
    {"weekday", "day", "date", "week", "month", "year", "term", "hour", "minute", "time", "today", "now", "occurred_at"}
    | {"created_at", "timestamp", "星期", "日期", "时间"}
)
_TEACHING_DAYS = ("teaching_day", "teaching_days", "is_teaching_day", "school_day", "workday", "working_day", "教学日")
_SIGNS: dict[str, Compare] = (
    {sign: name for name, sign in OPERATORS.items()}
    | dict.fromkeys(("≥", "=>", "gte", "ge", "min", "from"), "at_least")
    | dict.fromkeys(("≤", "=<", "lte", "le", "max", "up_to"), "at_most")
    | dict.fromkeys(("＞", "gt", "over", "more_than", "greater_than"), "above")
    | dict.fromkeys(("＜", "lt", "under", "less_than", "fewer_than"), "below")
)
_MEASURES: dict[str, str] = (
    dict.fromkeys(("median", "percentile", "quantile", "mode"), "rules.instead_of_median")
    | dict.fromkeys(("stddev", "variance", "spread"), "rules.instead_of_spread")
    | dict.fromkeys(("average", "avg", "平均"), "mean")
    | dict.fromkeys(("percent", "percentage", "rate", "proportion", "fraction"), "share")
    | dict.fromkeys(("consecutive", "in_a_row", "run"), "streak")
    | dict.fromkeys(("unique", "count_distinct", "different"), "distinct")
    | dict.fromkeys(("latest", "newest", "last", "first"), "value")
    | dict.fromkeys(("total", "add"), "sum")
    | dict.fromkeys(("no", "without", "not_received"), "missing")
    | dict.fromkeys(("deadline", "duration", "timeout"), "elapsed")
    | dict.fromkeys(("group", "group_by", "per"), "nested")
    | dict.fromkeys(("slope", "regression"), "trend")
    | dict.fromkeys(("ranking", "position", "top", "bottom"), "rank")
)
"""What is no measure → the measure that is meant, or the text that names the nearest."""
_PERIODS = {
    "semester": "term",
    "学期": "term",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "school_year": "year",
}
_SPANS = {"day": "d", "days": "d", "hour": "h", "hours": "h", "week": "w", "weeks": "w", "minutes": "m"}
_WEEKS = re.compile(r"([1-9]\d?)\s*(?:(?:teaching|school)[_ -]?weeks?|教学周)")
_DAYS = {"month": 31, "months": 31, "year": 366, "years": 366}


Slip = tuple[int, str, Message | str]
"""Where it begins, what stands there, what would be right."""


def misread_in(text: str) -> Slip | None:
    """The first thing in a condition that Python takes for something else: a date for a sum, 0x10 for 16."""
    return _first(text, (_DATE,))


def of_expression(text: str) -> Slip | None:
    """The first slip in a condition that is none; None without one."""
    return _first(text, _SLIPS)


def _first(text: str, slips: Iterable[tuple[re.Pattern[str], str]]) -> Slip | None:
    plain = _QUOTED.sub(lambda found: " " * len(found[0]), text)
    found = [
        (hit.start(), number, hit[0].strip(), right)
        for number, (slip, right) in enumerate(slips)
        if (hit := slip.search(plain))
    ]
    found += [
        (hit.start(), -1, hit[0], decimal)
        for hit in _NUMBER.finditer(plain)
        if (decimal := _decimal(hit[0])) is not None
    ]
    if not found:
        return None
    start, _, sign, right = min(found)
    return start, sign, say(right) if right.startswith("rules.") else right


def _decimal(text: str) -> str | None:
    """The decimal instead of a number that is written otherwise, such as 010, 1_000 or 0x10."""
    if (decimal := misread(text)) is not None:
        return decimal
    return str(int(text, 16)) if re.fullmatch("0x[0-9a-fA-F]{1,15}", text) else None


def of_field(name: str, known: Iterable[str]) -> Message | str | None:
    """What would be right instead of a field that there is not, where a slip explains it."""
    if name.lower() in NOTHING:
        return "has(…)"
    if name.lower() in _TIMES and f"{name}s" not in known:
        return say("rules.conditions_know_no_dates")
    return "teaching_day" if nearest(name.lower(), _TEACHING_DAYS) else None


def of_word(name: str, values: Iterable[str]) -> Message | str:
    """A word without quotes that is compared with a field: in quotes, the nearest of those that the field can hold."""
    values = sorted(values)
    meant = nearest(name, values) or (name if not values or name in values else "")
    return say("rules.word_in_quotes", word=f'"{meant}"') if meant else _in_quotes(values)


def _in_quotes(values: Iterable[str]) -> Message:
    return say("rules.one_of", known=", ".join(f'"{value}"' for value in values))


def of_comparison(name: str) -> Compare | None:
    """The comparison that a sign, or a word of another language, stands for."""
    return _SIGNS.get(name.strip().lower())


def of_level(text: str) -> str | None:
    """A level with its comparison, of a number with a sign or without, such as `>= 2`."""
    found = re.fullmatch(r"\s*([<>=≥≤]*)\s*(-?\d+(?:\.\d+)?)\s*", text)
    return f"{{{_SIGNS.get(found[1], 'at_least')}: {found[2]}}}" if found else None


def of_measure(name: str) -> Message | str | None:
    """The measure that is meant, or the nearest thing that can be said."""
    right = _MEASURES.get(name.lower())
    return say(right) if right and right.startswith("rules.") else right


def of_window(name: str, size: str, periods: Iterable[str]) -> str | None:
    """The window that `name: size`, or a bare `size` without a name, was probably meant to be."""
    period = _PERIODS.get(size, size)
    if period in periods:
        return f"{{calendar: {period}}}"
    if name in _SPANS and size.isdecimal():
        return f"{{within: {size}{_SPANS[name]}}}"
    if name in _DAYS and size.isdecimal():
        return f"{{within: {int(size) * _DAYS[name]}d}}, or {{calendar: {name.removesuffix('s')}}}"
    if name in ("teaching_days", "school_days", "workdays", "working_days") and size.isdecimal():
        return f"{{within: {-(-int(size) // 5) * 7}d}}, or {{calendar: week}}"
    weeks = _WEEKS.fullmatch(f"{size} {name}" if size.isdecimal() else size)
    if (found := weeks or re.fullmatch(r"(\d+)\s*([mhdw])", size)) is not None:
        return f"{{within: {found[1]}{' teaching_weeks' if weeks else found[2]}}}"
    return f"{{last: {size}}}" if size.isdecimal() and name != "last" else None


def of_day(text: str) -> str | None:
    """A day as it is written here: 2026-09-01."""
    found = re.fullmatch(r"\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*|(\d{4})(\d\d)(\d\d)", text)
    if found is None:
        return None
    year, month, day = (part for part in found.groups() if part is not None)
    return f"{year}-{int(month):02}-{int(day):02}"
