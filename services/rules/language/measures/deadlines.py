"""Measures whose thresholds are deadlines: something expected that is missing, and the stages of a limit."""

from __future__ import annotations

from services.rules.engine.plan import Gauge, Limit
from services.rules.language.measures.base import Form, Measured
from services.rules.language.reading import Place, fields, items, word
from services.rules.language.thresholds import duration

_MINUTE = 60_000
_SERVICE_DAY = 8 * 60
"""Minutes of a day of service."""
_LIMIT = {"limit": True, "hours": False}


def _missing(given: dict[str, Place], m: Measured) -> Gauge:
    awaited = word(given["missing"], m.report, "event kind", m.kinds)
    after = word(given["after"], m.report, "date-time field", _moments(m))
    return Gauge(
        measure="missing",
        kind=m.kind,
        member=m.record,
        number=f"instant(f_{after})" if after else "None",
        awaited_kind=awaited or m.kind,
        awaited=m.condition(given.get("where"), awaited) if awaited else "True",
    )


def _moments(m: Measured) -> list[str]:
    return [name for name, field in m.kinds[m.kind].items() if field.type == "date-time"]


def _elapsed(given: dict[str, Place], m: Measured) -> Gauge:
    restart = given.get("restart")
    anew = restart.value if restart is not None else False
    if restart is not None and not isinstance(anew, bool):
        m.report.add(restart, "restart must be true or false", "true: each such record starts the clock anew")
    return Gauge(
        measure="elapsed",
        kind=m.kind,
        member=m.record,
        hit=m.condition(given["elapsed"]),
        until=m.condition(given["until"]),
        limits=_limits(given, m),
        restart=bool(anew),
    )


def _limits(given: dict[str, Place], m: Measured) -> tuple[Limit, ...]:
    listed = given.get("limits")
    if (listed is None) == ("limit" not in given) or (listed is not None and "hours" in given):
        m.report.add(
            listed or given["elapsed"],
            "elapsed needs either limit or limits",
            "limit: 4h, or limits with their own hours",
        )
        return ()
    if listed is None:
        return (_limit({name: place for name, place in given.items() if name in _LIMIT}, m),)
    found = [
        fields(item, {"where": False, **_LIMIT}, m.report, "a limit") for item in items(listed, m.report, "limits")
    ]
    if not found and isinstance(listed.value, list):
        m.report.add(listed, "limits has no limit", "such as [{limit: 4h}]")
    for before, item in zip(found, listed.value[1:] if len(found) > 1 else [], strict=False):
        if before and "where" not in before:
            m.report.add(item, "this limit is never reached", "where: … in each limit but the last")
    return tuple(_limit(limit, m) for limit in found if "limit" in limit)


def _limit(given: dict[str, Place], m: Measured) -> Limit:
    service = "hours" in given and word(given["hours"], m.report, "hours", ("clock", "service")) == "service"
    return Limit(where=m.condition(given.get("where")), minutes=_minutes(given["limit"], m, service), service=service)


def _minutes(place: Place, m: Measured, service: bool) -> str:
    """Source of the limit in minutes."""
    if isinstance(place.value, dict):
        given = fields(place, {"minutes": True}, m.report, "a limit")
        return m.number(given["minutes"])[0] if given else "None"
    milliseconds = duration(place.text) or 0
    unit = place.text.strip()[-1:]
    if milliseconds and service and unit in ("d", "w"):
        if unit == "w":
            m.report.add(place, "a week has no service hours of its own", "days of service, such as 5d")
        return str(milliseconds // (24 * 60 * _MINUTE) * _SERVICE_DAY)
    if not milliseconds:
        m.report.add(place, f"{place.text or 'this'} is not a limit", "such as 30m, 4h, 2d or {minutes: …}")
    minutes, rest = divmod(milliseconds, _MINUTE)
    return str(milliseconds / _MINUTE if rest else minutes)


MEASURES = {
    "missing": Form(_missing, {"where": False, "after": True}, window="none"),
    "elapsed": Form(
        _elapsed, {"until": True, "limit": False, "hours": False, "limits": False, "restart": False}, window="none"
    ),
}
