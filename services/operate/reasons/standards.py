"""Which value of a standard applies to somebody at an instant, and why each of the others does not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.i18n import both, say
from services.messages import Text, from_ms
from services.rules.engine.plan import Thresholds
from services.rules.language.reading import Report, items
from services.rules.language.standards import SCOPES, Standard, Value


@dataclass(frozen=True)
class Candidate:
    """One value of a standard, and whether it applies."""

    file: str
    line: int
    scope: dict[str, str]
    """Empty: everybody."""
    begins: str
    """The day from which it holds."""
    target: float | None
    thresholds: Thresholds
    reason: str
    """applies, not_in_force_yet, another_scope, scope_unknown, less_specific, replaced_by_newer."""
    why: Text


@dataclass(frozen=True)
class Judgement:
    """The values of one standard, the one that applies first."""

    standard: Standard
    candidates: tuple[Candidate, ...]
    applies: Candidate | None


def judge(standard: Standard, scope: Mapping[str, str | None], instant: int, zone: ZoneInfo) -> Judgement:
    """As the engine chooses (`Standard.applying`), with the reason for each value. `instant` in milliseconds."""
    chosen = standard.applying(dict(scope), instant)
    places = items(standard.place.value["values"], Report(), "values")
    found = []
    for value, place in zip(standard.values, places, strict=True):
        reason, why = _reason(value, chosen, scope, instant, zone)
        found.append(
            Candidate(
                file=place.file,
                line=place.line,
                scope=dict(value.scope),
                begins=str(_day(value.begins, zone)),
                target=value.target,
                thresholds=value.thresholds,
                reason=reason,
                why=why,
            )
        )
    found.sort(key=lambda one: one.reason != "applies")
    return Judgement(standard, tuple(found), found[0] if chosen is not None else None)


def _reason(
    value: Value, chosen: Value | None, scope: Mapping[str, str | None], instant: int, zone: ZoneInfo
) -> tuple[str, Text]:
    if value is chosen:
        return "applies", _applies(value, zone)
    if value.begins > instant:
        day = _day(value.begins, zone)
        return "not_in_force_yet", both(say("operate.in_force_from_only", day=day))
    for name, wanted in value.scope:
        if (mine := scope.get(name)) is None:
            return "scope_unknown", both(say("operate.only_for_there_no_here", name=name, wanted=wanted))
        if mine != wanted:
            return "another_scope", both(say("operate.only_for_here_it", name=name, wanted=wanted, mine=mine))
    assert chosen is not None
    if value.specificity != chosen.specificity:
        better = scope_words(chosen.scope)
        return "less_specific", Text(f"适用范围不如 {better.zh} 具体", f"less specific than {better.en}")
    day = _day(chosen.begins, zone)
    return "replaced_by_newer", both(say("operate.replaced_by_one_from", day=day))


def _applies(value: Value, zone: ZoneInfo) -> Text:
    day = _day(value.begins, zone)
    whom = scope_words(value.scope)
    return Text(
        f"适用于 {whom.zh}，自 {day} 起生效，是符合条件中最具体、最新的",
        f"for {whom.en}, in force since {day}: the most specific that fits, and the newest of those",
    )


def scope_words(scope: tuple[tuple[str, str], ...]) -> Text:
    """For whom a value is: `major=nursing`, or everybody."""
    if not scope:
        return both(say("operate.everybody"))
    shown = ", ".join(f"{name}={wanted}" for name, wanted in sorted(scope, key=lambda one: SCOPES.index(one[0])))
    return Text(shown, shown)


def _day(instant: int, zone: ZoneInfo) -> str:
    moment: datetime = from_ms(instant).astimezone(zone)
    return moment.date().isoformat()
