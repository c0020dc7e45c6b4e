"""Standards: thresholds per indicator with scopes and dates, and which of them applies to whom and when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.rules.engine.calendar import midnight
from services.rules.engine.plan import FOREVER, OPERATORS, Compare, Resolve, Thresholds
from services.rules.language.reading import Place, Report, fields, items, number, word

SCOPES = ("department", "major", "course", "cohort", "class", "teacher_stage", "teacher", "student")
"""From least to most specific."""
_LEVELS = ("yellow", "orange", "red")
_STANDARD = {
    "id": True, "title": True, "compare": True, "unit": False, "basis": False, "set_by": False, "approved_on": False,
    "values": True,
}  # fmt: skip
_NONE: Thresholds = (None, None, None)


@dataclass(frozen=True)
class Value:
    """Thresholds that apply from a day on, within a scope."""

    begins: int
    """Instant (ms) of 00:00 of `from` in the college's zone."""
    scope: tuple[tuple[str, str], ...]
    thresholds: Thresholds
    target: float | None

    @property
    def specificity(self) -> tuple[int, ...]:
        """Ranks of the scope's names, most specific first: compared as a tuple, more names win a tie."""
        return tuple(sorted((SCOPES.index(name) for name, _ in self.scope), reverse=True))


@dataclass(frozen=True)
class Standard:
    """One indicator's standard."""

    id: str
    title: dict[str, str]
    compare: Compare
    values: tuple[Value, ...]
    place: Place
    notes: dict[str, str] = field(default_factory=dict)
    """unit, basis, set_by, approved_on."""

    @property
    def scope_fields(self) -> tuple[str, ...]:
        """Names that some value is scoped by."""
        used = {name for value in self.values for name, _ in value.scope}
        return tuple(name for name in SCOPES if name in used)

    def resolver(self) -> Resolve:
        """(scope values in the order of `scope_fields`, instant) → thresholds in force, and until when."""
        names = self.scope_fields
        edges = sorted({value.begins for value in self.values})
        known: dict[tuple[str | None, ...], tuple[int, int, Thresholds]] = {}

        def resolve(scope: tuple[str | None, ...], instant: int) -> tuple[Thresholds, int]:
            cached = known.get(scope)
            if cached is None or not cached[0] <= instant < cached[1]:
                begin = max((edge for edge in edges if edge <= instant), default=-FOREVER)
                end = min((edge for edge in edges if edge > instant), default=FOREVER)
                value = self.applying(dict(zip(names, scope, strict=False)), instant)
                cached = known[scope] = (begin, end, value.thresholds if value else _NONE)
            return cached[2], cached[1]

        return resolve

    def applying(self, scope: dict[str, str | None], instant: int) -> Value | None:
        """The value in force for somebody or something with this scope, the most specific and then the newest."""
        fitting = [
            value
            for value in self.values
            if value.begins <= instant and all(scope.get(name) == wanted for name, wanted in value.scope)
        ]
        return max(fitting, key=lambda value: (value.specificity, value.begins), default=None)


def read_standards(place: Place, zone: ZoneInfo, report: Report) -> list[Standard]:
    """The standards of one file."""
    top = fields(place, {"standards": True}, report, "a standards file")
    found = [_standard(item, zone, report) for item in items(top.get("standards"), report, "standards")]
    return [standard for standard in found if standard is not None]


def standard_ids(place: Place) -> set[str]:
    """Ids that a standards file speaks of, sound or not."""
    top = place.value.get("standards") if isinstance(place.value, dict) else None
    listed = top.value if top is not None and isinstance(top.value, list) else []
    ids = [item.value.get("id") for item in listed if isinstance(item.value, dict)]
    return {one.text for one in ids if one is not None}


def _standard(place: Place, zone: ZoneInfo, report: Report) -> Standard | None:
    before = len(report)
    given = fields(place, _STANDARD, report, "a standard")
    compare = word(given.get("compare"), report, "comparison", OPERATORS)
    title = texts(given.get("title"), report, "title")
    values = [_value(item, compare, zone, report) for item in items(given.get("values"), report, "values")]
    sound = [value for value in values if value is not None]
    for i, value in enumerate(sound):
        for other in sound[:i]:
            if _tie(value, other):
                report.add(
                    given["values"].value[i], "overlaps a value of the same specificity and date", "another from"
                )
    if len(report) > before or compare not in OPERATORS:
        return None
    notes = {name: str(given[name].value) for name in ("unit", "basis", "set_by", "approved_on") if name in given}
    return Standard(word(given["id"], report, "id"), title, compare, tuple(sound), place, notes)  # type: ignore[arg-type]


def _tie(a: Value, b: Value) -> bool:
    if a.begins != b.begins or a.specificity != b.specificity:
        return False
    other = dict(b.scope)
    return all(other.get(name, wanted) == wanted for name, wanted in a.scope)


def _value(place: Place, compare: str, zone: ZoneInfo, report: Report) -> Value | None:
    before = len(report)
    given = fields(place, {"from": True, "scope": False, "target": False, "warning": True}, report, "a value")
    begins = day(given.get("from"), report)
    scope = given.get("scope")
    chosen = fields(scope, dict.fromkeys(SCOPES, False), report, "a scope") if scope else {}
    thresholds = read_thresholds(given.get("warning"), compare, report)
    target = number(given["target"], report, "target") if "target" in given else None
    if len(report) > before or begins is None:
        return None
    scoped = tuple((name, word(chosen[name], report, name)) for name in SCOPES if name in chosen)
    return Value(midnight(begins, zone), scoped, thresholds, target)


def read_thresholds(place: Place | None, compare: str, report: Report, what: str = "warning") -> Thresholds:
    """yellow, orange, red of a mapping; they must grow sharper in the direction of the comparison."""
    if place is None:
        return _NONE
    given = fields(place, dict.fromkeys(_LEVELS, False), report, what)
    found = [threshold(given[name], report, name) if name in given else None for name in _LEVELS]
    if not given and isinstance(place.value, dict):
        report.add(place, f"{what} has no level", "yellow, orange or red")
    present = [(name, value) for name, value in zip(_LEVELS, found, strict=True) if value is not None]
    falling = compare in ("below", "at_most")
    for (lower, a), (higher, b) in pairwise(present):
        if (b >= a) if falling else (b <= a):
            side = "below" if falling else "above"
            report.add(given[higher], f"{higher} {b:g} can never be told from {lower} {a:g}", f"a number {side} {a:g}")
    return found[0], found[1], found[2]


def threshold(place: Place, report: Report, what: str) -> float | None:
    """A number, or a duration in minutes."""
    if isinstance(place.value, str) and (milliseconds := duration(place.value)) is not None:
        return milliseconds / 60_000
    return number(place, report, what)


_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


def duration(text: str) -> int | None:
    """Milliseconds of `30m`, `24h`, `14d`; None if it is not a duration."""
    text = text.strip()
    if not 2 <= len(text) <= 10 or text[-1] not in _UNITS or not text[:-1].isdecimal():  # noqa: PLR2004
        return None
    return int(text[:-1]) * _UNITS[text[-1]]


def day(place: Place | None, report: Report) -> dt.date | None:
    """A calendar day."""
    if place is None:
        return None
    if type(place.value) is dt.date and 1900 <= place.value.year < 3000:  # noqa: PLR2004
        return place.value
    report.add(place, f"{place.name or 'date'} must be a day, not {place.text}", "such as 2026-09-01 (1900 to 2999)")
    return None


def texts(place: Place | None, report: Report, what: str) -> dict[str, str]:
    """A text in both languages."""
    if place is None:
        return {"zh": "", "en": ""}
    given = fields(place, {"zh": True, "en": True}, report, what)
    return {language: word(given.get(language), report, f"{what}.{language}") for language in ("zh", "en")}
