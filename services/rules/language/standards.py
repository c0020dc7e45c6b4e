"""Standards: thresholds per indicator with scopes and dates, and which of them applies to whom and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from zoneinfo import ZoneInfo

from services import bounds
from services.i18n import say
from services.messages import FOREVER, Message
from services.rules.engine.calendar import midnight
from services.rules.engine.plan import OPERATORS, Compare, PerLevel, Resolve, Thresholds
from services.rules.language import slips
from services.rules.language.reading import Place, Report, fields, items, number, word
from services.rules.language.thresholds import MINUTES, read_thresholds

SCOPES = ("department", "major", "course", "cohort", "class", "teacher_stage", "teacher", "student")
"""From least to most specific."""
FIELDS = {
    "id": True,
    "title": True,
    "compare": True,
    "unit": False,
    "basis": False,
    "set_by": False,
    "approved_on": False,
    "indicator": False,
    "values": True,
}
INDICATOR_FIELDS = {"name": True, "level": True, "notify": True}
VALUE_FIELDS = {
    "from": True,
    "scope": False,
    "target": False,
    "warning": False,
    "praise": False,
    "clear": False,
    "again": False,
}


@dataclass(frozen=True)
class Value:
    """Thresholds that apply from a day on, within a scope."""

    begins: int
    """Instant (ms) of 00:00 of `from` in the college's zone."""
    scope: tuple[tuple[str, str], ...]
    thresholds: Thresholds
    praise: bool
    target: float | None

    @property
    def specificity(self) -> tuple[int, ...]:
        """Ranks of the scope's names, most specific first: compared as a tuple, more names win a tie."""
        return tuple(sorted((SCOPES.index(name) for name, _ in self.scope), reverse=True))


@dataclass(frozen=True)
class Standard:
    """The thresholds of one indicator, for everybody and for some, with the days from which they hold."""

    id: str
    title: dict[str, str]
    compare: Compare
    values: tuple[Value, ...]
    place: Place
    notes: dict[str, str] = field(default_factory=dict)
    """unit, basis, set_by, approved_on."""
    indicator: Place | None = None
    """What `indicator` says: name, level and notify of figures that are warned on without a rule."""

    @property
    def praise(self) -> bool:
        """Whether it praises instead of warning."""
        return any(value.praise for value in self.values)

    @property
    def used(self) -> Thresholds:
        """A number for each level, clear and step of `again` that some value has one for."""
        given = [value.thresholds for value in self.values]
        return Thresholds(
            PerLevel(*_some(one.reached for one in given)),
            PerLevel(*_some(one.clear for one in given)),
            _some(one.again for one in given),
        )

    @property
    def scope_fields(self) -> tuple[str, ...]:
        """Names that some value is scoped by."""
        used = {name for value in self.values for name, _ in value.scope}
        return tuple(name for name in SCOPES if name in used)

    @property
    def signature(self) -> str:
        """Content hash of what the thresholds are, for whom and from when."""
        values = sorted(self.values, key=lambda value: (value.begins, value.scope))
        said = [(value.begins, value.scope, value.thresholds) for value in values]
        return sha256(repr((self.compare, said)).encode()).hexdigest()[:16]

    def resolver(self) -> Resolve:
        """(scope values in the order of `scope_fields`, instant) → thresholds in force, and until when."""
        names = self.scope_fields
        edges = sorted({value.begins for value in self.values})
        none = Thresholds(again=(None,) * len(self.values[0].thresholds.again) if self.values else ())
        known: dict[tuple[str | None, ...], tuple[int, int, Thresholds]] = {}

        def resolve(scope: tuple[str | None, ...], instant: int) -> tuple[Thresholds, int]:
            cached = known.get(scope)
            if cached is None or not cached[0] <= instant < cached[1]:
                begin = max((edge for edge in edges if edge <= instant), default=-FOREVER)
                end = min((edge for edge in edges if edge > instant), default=FOREVER)
                value = self.applying(dict(zip(names, scope, strict=False)), instant)
                cached = known[scope] = (begin, end, value.thresholds if value else none)
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
    top = fields(place, {"standards": True}, report, say("rules.standards_file"))
    found = [_standard(item, zone, report) for item in items(top.get("standards"), report, "standards")]
    return [standard for standard in found if standard is not None]


def standard_ids(place: Place) -> set[str] | None:
    """Ids that a standards file speaks of, sound or not; None if it has some that cannot be told."""
    top = place.value.get("standards") if isinstance(place.value, dict) else None
    if top is None or not isinstance(top.value, list):
        return None
    ids = [item.value.get("id") if isinstance(item.value, dict) else None for item in top.value]
    return None if None in ids else {one.text for one in ids if one is not None}


def _standard(place: Place, zone: ZoneInfo, report: Report) -> Standard | None:
    before = len(report)
    given = fields(place, FIELDS, report, say("rules.standard"))
    compare = word(given.get("compare"), report, say("rules.noun_comparison"), OPERATORS)
    title = texts(given.get("title"), report, "title")
    listed = items(given.get("values"), report, "values")
    indicator = given.get("indicator")
    if indicator is not None:
        named = fields(indicator, INDICATOR_FIELDS, report, "indicator")
        for part in {"name", "level"} & named.keys():
            word(named[part], report, part)
    placed = [
        (value, item) for item in listed if (value := _value(item, compare, _plain(given), zone, report)) is not None
    ]
    _agree(placed, report)
    if len(report) > before or compare not in OPERATORS:
        return None
    if placed and not any(_has_level(value.thresholds) for value, _ in placed):
        report.add(place, say("rules.no_value_standard_has_level"), say("rules.yellow_number_in_one_them"))
        return None
    values = _alike([value for value, _ in placed])
    notes = {name: str(given[name].value) for name in ("unit", "basis", "set_by", "approved_on") if name in given}
    name = word(given["id"], report, "id")
    return Standard(name, title, compare, values, place, notes, indicator)  # type: ignore[arg-type]


def _plain(given: dict[str, Place]) -> Message | None:
    """What a threshold is instead of a duration; None: minutes, so that it may be one."""
    unit = given["unit"].text if "unit" in given else ""
    if unit in MINUTES:
        return None
    return say("rules.number", unit=unit) if unit else say("rules.number_without_unit")


def _agree(placed: list[tuple[Value, Place]], report: Report) -> None:
    """Reports values that cannot stand beside those before them."""
    for i, (value, place) in enumerate(placed):
        if value.praise != placed[0][0].praise:
            report.add(place, say("rules.praise_cannot_stand_beside_warning"), say("rules.standard_its_own"))
        if any(_tie(value, other) for other, _ in placed[:i]):
            report.add(place, say("rules.overlaps_value_same_specificity_date"), say("rules.another_from"))


def _alike(values: list[Value]) -> tuple[Value, ...]:
    """With equally many steps of `again`."""
    longest = max((len(value.thresholds.again) for value in values), default=0)
    return tuple(replace(value, thresholds=_padded(value.thresholds, longest)) for value in values)


def _padded(thresholds: Thresholds, steps: int) -> Thresholds:
    again = thresholds.again
    return thresholds._replace(again=(*again, *[None] * (steps - len(again))))


def _has_level(thresholds: Thresholds) -> bool:
    return any(number is not None for number in (*thresholds.reached, *thresholds.clear, *thresholds.again))


def _some(rows: Iterable[tuple[float | None, ...]]) -> tuple[float | None, ...]:
    """Of each column the first number that there is."""
    columns = zip(*rows, strict=True)
    return tuple(next((number for number in column if number is not None), None) for column in columns)


def _tie(a: Value, b: Value) -> bool:
    if a.begins != b.begins or a.specificity != b.specificity:
        return False
    other = dict(b.scope)
    return all(other.get(name, wanted) == wanted for name, wanted in a.scope)


def _value(place: Place, compare: str, plain: Message | None, zone: ZoneInfo, report: Report) -> Value | None:
    before = len(report)
    given = fields(place, VALUE_FIELDS, report, say("input.value"))
    begins = day(given.get("from"), report)
    scope = given.get("scope")
    chosen = fields(scope, dict.fromkeys(SCOPES, False), report, say("rules.scope")) if scope else {}
    thresholds, praise = read_thresholds(given, "warning", compare, plain, report)
    if isinstance(place.value, dict) and not {"warning", "praise"} & {*given}:
        report.add(place, say("rules.value_has_neither_warning_nor"), say("rules.warning_yellow_or_praise"))
    target = number(given["target"], report, "target") if "target" in given else None
    if len(report) > before or begins is None:
        return None
    scoped = tuple((name, word(chosen[name], report, name)) for name in SCOPES if name in chosen)
    return Value(midnight(begins, zone), scoped, thresholds, praise, target)


def day(place: Place | None, report: Report) -> dt.date | None:
    """A calendar day within the bounds of all days."""
    if place is None:
        return None
    if type(place.value) is dt.date:
        if (wrong := bounds.of_day(place.value)) is None:
            return place.value
        report.add(place, *wrong)
        return None
    meant = slips.of_day(place.text)
    right = say("rules.without_quotes", plain=meant) if meant and place.quoted else meant
    name = place.name or "date"
    report.add(
        place,
        say("rules.must_be_day_not", name=name, text=place.text),
        right or say("rules.such_as_2026_09_01", first=bounds.FIRST_YEAR, last=bounds.LAST_YEAR),
    )
    return None


def texts(place: Place | None, report: Report, what: str) -> dict[str, str]:
    """A text in both languages."""
    if place is None:
        return {"zh": "", "en": ""}
    given = fields(place, {"zh": True, "en": True}, report, what)
    return {language: word(given.get(language), report, f"{what}.{language}") for language in ("zh", "en")}
