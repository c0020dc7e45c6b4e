"""Thresholds: numbers per level, the number that keeps a level, and the further steps above red."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import cast

from services.i18n import say
from services.messages import Level, Message
from services.rules.engine.plan import OPERATORS, Compare, PerLevel, Thresholds
from services.rules.language import slips
from services.rules.language.reading import Place, Report, fields, items, number

WARNING: tuple[Level, ...] = ("yellow", "orange", "red")
LEVELS: tuple[Level, ...] = ("praise", *WARNING)
NO_LEVEL = "none"
"""Instead of a number in a standard's value: nobody is warned at this level there, and that is meant."""
Found = dict[str, float | None]
"""Level → its number, None where that has a problem; a level that is not given is not in it."""


def read_thresholds(
    given: Mapping[str, Place], main: str, compare: str, plain: Message | None, report: Report
) -> tuple[Thresholds, bool]:
    """What `main` (a mapping of levels), `clear` and `again` beside it say, and whether it is praise.

    `plain`: see `threshold`.
    """
    allowed = LEVELS if main in OPERATORS else WARNING
    levels = per_level(given[main], allowed, plain, report, main) if main in given else {}
    praised = given.get("praise", levels and given[main].value.get("praise"))
    if praised and len({*levels, "praise"}) > 1:
        report.add(praised, say("rules.praise_cannot_stand_beside_warning"), say("rules.rule_or_standard_its_own"))
    if "praise" in given:
        levels["praise"] = threshold(given["praise"], report, "praise", plain)
    _growing(given.get(main), levels, compare, report)
    kept = per_level(given["clear"], LEVELS, plain, report, "clear") if "clear" in given else {}
    for name, value in kept.items():
        check_clear(given["clear"].value[name], name, levels, value, compare, report)
    steps = read_again(given["again"], levels, compare, plain, report) if "again" in given else ()
    return Thresholds(PerLevel(**levels), PerLevel(**kept), steps), bool(praised)


def per_level(place: Place, allowed: tuple[Level, ...], plain: Message | None, report: Report, what: str) -> Found:
    """The numbers of a mapping of levels, from the lowest up."""
    if isinstance(place.value, (int, float)):
        report.add(place, say("rules.must_be_mapping", what=what), f"{{{WARNING[0]}: {place.text}}}")
        return {}
    given = fields(place, dict.fromkeys(allowed, False), report, what)
    if not given and isinstance(place.value, dict):
        report.add(place, say("rules.has_no_level", what=what), say("rules.yellow_orange_or_red"))
    there = [name for name in allowed if name in given and not (what == "warning" and given[name].value == NO_LEVEL)]
    return {name: threshold(given[name], report, name, plain) for name in there}


def _growing(place: Place | None, levels: Found, compare: str, report: Report) -> None:
    present = [(name, levels[name]) for name in WARNING if levels.get(name) is not None]
    for (lower, a), (higher, b) in pairwise(cast("list[tuple[str, float]]", present)):
        if place is not None and not sharper(b, a, compare):
            report.add(
                place.value[higher],
                say("rules.can_never_be_told_from", level=higher, value=f"{b:g}", lower=lower, other=f"{a:g}"),
                _beyond(compare, a),
            )


def check_clear(place: Place, level: str, levels: Found, clear: float | None, compare: str, report: Report) -> None:
    """`clear` needs its level and is not sharper than its threshold."""
    threshold = levels.get(level)
    if level not in levels:
        report.add(place, say("rules.clear_which_has_no_threshold", level=level), say("rules.level_that_has_one"))
    elif threshold is not None and clear is not None and sharper(clear, threshold, compare):
        right = "rules.or_above" if falls(compare) else "rules.or_below"
        report.add(
            place,
            say("rules.clear_sharper_than", clear=f"{clear:g}", level=level, threshold=f"{threshold:g}"),
            say(right, number=f"{threshold:g}"),
        )


def read_again(place: Place, levels: Found, compare: str, plain: Message | None, report: Report) -> tuple[float, ...]:
    """The further steps above red, each sharper than the one before."""
    found: list[float] = []
    before = levels.get("red")
    listed = items(place, report, "again")
    if "red" not in levels:
        report.add(place, say("rules.again_needs_red_threshold"), say("rules.red_beside_it"))
    elif isinstance(place.value, list) and not listed:
        report.add(place, say("rules.again_has_no_step"), say("rules.such_as_20_30"))
    for item in listed:
        value = threshold(item, report, "again", plain)
        if value is None:
            continue
        if before is not None and not sharper(value, before, compare):
            report.add(
                item,
                say("rules.again_can_never_be_told", value=f"{value:g}", before=f"{before:g}"),
                _beyond(compare, before),
            )
        before = value
        found.append(value)
    return tuple(found)


def comparison(given: Mapping[str, Place], place: Place, what: str, report: Report) -> Compare | None:
    """The only comparison that is given."""
    chosen = [name for name in OPERATORS if name in given]
    if len(chosen) == 1:
        return chosen[0]
    if isinstance(place.value, dict) and not chosen and any(slips.of_comparison(name) for name in place.value):
        return None  # it was said already what the sign is called
    report.add(place, say("rules.needs_one_comparison", what=what), say("rules.one_of", known=", ".join(OPERATORS)))
    return None


def falls(compare: str) -> bool:
    """Whether smaller numbers are the sharper ones."""
    return compare in ("below", "at_most")


def sharper(a: float, b: float, compare: str) -> bool:
    """Whether a is passed by fewer values than b."""
    return a < b if falls(compare) else a > b


def _beyond(compare: str, number: float) -> Message:
    return say("rules.number_below" if falls(compare) else "rules.number_above", number=f"{number:g}")


MINUTES = frozenset({"minutes", "minute", "min", "分钟", "分"})
"""Units of standards whose thresholds may be durations."""


def threshold(place: Place, report: Report, what: str, plain: Message | None = None) -> float | None:
    """A number, or a duration in minutes. `plain`: what it is instead, where a duration would be another unit."""
    if isinstance(place.value, str) and (milliseconds := duration(place.value)) is not None:
        if plain is None:
            return milliseconds / 60_000
        expected = say("rules.number_durations_for_missing_for")
        report.add(place, say("rules.duration", text=place.text, what=what, plain=plain), expected)
        return None
    return number(place, report, what)


_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


def duration(text: str) -> int | None:
    """Milliseconds of `30m`, `24h`, `14d`; None if it is not a duration."""
    text = text.strip()
    if not 2 <= len(text) <= 10 or text[-1] not in _UNITS or not text[:-1].isdecimal():  # noqa: PLR2004
        return None
    return int(text[:-1]) * _UNITS[text[-1]]
