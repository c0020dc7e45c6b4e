"""A rule as a sentence in both languages: what is looked at, of whom, how it is measured, and when it is told. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from services.i18n import both, say
from services.messages import Text
from services.rules.engine.plan import Compare, Gauge
from services.rules.language.reading import Place

SIGNS: dict[Compare, str] = {"at_least": "≥", "above": ">", "at_most": "≤", "below": "<"}
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_OPTION = re.compile(r"\{(\w+)\}")
_Said = Callable[[str, dict[str, object]], Text]


def _text(zh: str, en: str) -> _Said:
    def said(of: str, beside: dict[str, object]) -> Text:
        gaps = _Gaps({"of": of} | {name: plain(value) for name, value in beside.items()})
        return Text(_filled(zh, gaps), _filled(en, gaps))

    return said


def _filled(template: str, given: dict[str, str]) -> str:
    """`[…]` is left out where an option in it is at its default."""

    def kept(match: re.Match[str]) -> str:
        return match[1] if {*_OPTION.findall(match[1])} <= {*given} else ""

    return _OPTIONAL.sub(kept, template).format_map(given)


class _Gaps(dict[str, str]):
    """Options that a rule leaves at their default."""

    def __missing__(self, key: str) -> str:
        return "…"


_MEASURES: dict[str, _Said] = {
    "value": _text("最新一条记录的 {of}[（须满足 {given}）]", "{of} of the newest record[ (if it has {given})]"),
    "count": _text("满足 {of} 的记录数", "the number of records with {of}"),
    "sum": _text("{of} 之和", "the sum of {of}"),
    "mean": _text("{of} 的平均值", "the mean of {of}"),
    "min": _text("{of} 的最小值", "the least {of}"),
    "max": _text("{of} 的最大值", "the greatest {of}"),
    "share": _text("满足 {of} 的记录所占百分比", "the per cent of records with {of}"),
    "streak": _text("连续满足 {of} 的记录数[（跳过 {skip}）]", "how many in a row have {of}[ (skipping {skip})]"),
    "ratio": _text(
        "{of} 之和占 {to} 的百分比[（{to} 至少 {min_to}）]",
        "the sum of {of} in per cent of {to}[ (of {min_to} or more)]",
    ),
    "difference": _text("{of} 之和减去 {to}", "the sum of {of} minus {to}"),
    "distinct": _text("不同 {of} 的个数", "how many different {of} there are"),
    "change": _text("最近的 {of} 与此前平均值之差", "the newest {of} against its own mean before"),
    "trend": _text("{of} 每 {per} 的变化趋势", "the slope of {of} per {per}"),
    "forecast": _text("按目前进度到期末 {of} 的预测值", "{of} by the end of the period, at the pace so far"),
    "period_over_period": _text("{of} 较上期的百分比变化", "the per cent by which {of} is off the period before"),
    "rank": _text("{of} 在同类中的百分位", "the per cent of peers whose {of} is not above its own"),
    "none": _text("连续多少个时期没有 {of}", "how many periods in a row had no {of}"),
    "nested": _text("按 {per} 分组后达到条件的组数（{of}）", "how many values of {per} reach the bound ({of})"),
    "open": _text("待处理预警中满足 {of} 的数量或百分比", "the number or per cent of open warnings with {of}"),
    "composite": _text("满足 {of} 的各部分等级合起来的级别", "the level that the grades of all parts with {of} make"),
    "missing": _text("{after} 之后仍未收到 {of}", "no {of} came, counted from {after}"),
    "running": _text("自 {of} 起未到 {until}（1 为是）", "whether it runs (1), from {of} to {until}"),
    "elapsed": _text("从 {of} 到 {until} 已用去时限的百分比", "the per cent of the limit used, {of} to {until}"),
}
_WINDOWS: dict[str, Text] = {
    "all": Text("全部记录", "all records"),
    "calendar day": Text("当天", "of the day"),
    "calendar week": Text("本周", "of the week"),
    "calendar month": Text("本月", "of the month"),
    "calendar term": Text("本学期", "of the term"),
    "calendar year": Text("本学年", "of the school year"),
}


def plain(place: object) -> str:
    """A YAML value as it is written."""
    value = place.value if isinstance(place, Place) else place
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(plain(one) for one in value)
    return place.text if isinstance(place, Place) else str(value)


def measure_words(place: Place) -> Text:
    """The measure of a rule, from its YAML."""
    given = dict(place.value)
    name = next(one for one in given if one in _MEASURES)
    return _MEASURES[name](plain(given.pop(name)), given)


def window_words(gauge: Gauge) -> Text:
    """The window of a measure."""
    shown = str(gauge.window)
    if shown in _WINDOWS:
        return _WINDOWS[shown]
    if gauge.window.in_weeks:
        return both(say("operate.last_teaching_weeks", weeks=gauge.window.size))
    kind, _, size = shown.partition(" ")
    return both(say("operate.last_records", size=size)) if kind == "last" else both(say("operate.last", size=size))


def condition_words(place: Place | None) -> Text:
    """The rule's `where` in words; empty where it has none."""
    if place is None:
        return Text("", "")
    return both(say("operate.only_where", strip=place.text.strip()))


def levels_words(levels: list[tuple[str, Compare, float | None]], names: Callable[[str], Text]) -> Text:
    """`yellow ≥ 2, orange ≥ 3`, from the lowest level up."""
    zh = "，".join(f"{names(level).zh} {SIGNS[compare]} {number(bound)}" for level, compare, bound in levels)
    en = ", ".join(f"{names(level).en.lower()} {SIGNS[compare]} {number(bound)}" for level, compare, bound in levels)
    return Text(zh, en)


def number(value: float | None) -> str:
    """A figure as a person writes it, to four decimals at most."""
    return "—" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")
