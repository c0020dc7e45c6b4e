"""Measures whose thresholds are deadlines: something expected that is missing, and the stages of a limit."""

from __future__ import annotations

from services.i18n import say
from services.messages import nearest
from services.rules.engine.plan import Gauge, Limit
from services.rules.language.measures.base import Form, Measured
from services.rules.language.reading import Place, fields, items, word
from services.rules.language.thresholds import duration

_MINUTE = 60_000
_SERVICE_DAY = 8 * 60
"""Minutes of a day of service."""
_LIMIT = {"limit": True, "hours": False}


def _missing(given: dict[str, Place], m: Measured) -> Gauge:
    awaited = word(given["missing"], m.report, say("rules.event_kind"), m.kinds)
    after = _after(given["after"], m)
    return Gauge(
        measure="missing",
        kind=m.kind,
        member=m.record,
        number=f"instant(f_{after})" if after else "None",
        awaited_kind=awaited or m.kind,
        awaited=m.condition(given.get("where"), awaited) if awaited else "True",
    )


def _after(place: Place, m: Measured) -> str:
    """The date-time field that the threshold counts from."""
    known, name = _moments(m), place.text
    if isinstance(place.value, str) and name not in known and not nearest(name, known):
        listed = ", ".join(sorted(known))
        right = say("rules.after_needs_date_time", known=listed) if known else say("rules.after_has_no_date_time")
        m.report.add(place, say("rules.unknown", what=say("rules.date_time_field"), value=name), right)
        return ""
    return word(place, m.report, say("rules.date_time_field"), known)


def _moments(m: Measured) -> list[str]:
    return [name for name, field in m.kinds[m.kind].items() if field.type == "date-time"]


def _elapsed(given: dict[str, Place], m: Measured) -> Gauge:
    restart = given.get("restart")
    anew = restart.value if restart is not None else False
    if restart is not None and not isinstance(anew, bool):
        m.report.add(restart, say("rules.restart_must_be_true_or"), say("rules.true_each_such_record_starts"))
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
            say("rules.elapsed_needs_either_limit_or"),
            say("rules.limit_4h_or_limits_with"),
        )
        return ()
    if listed is None:
        return (_limit({name: place for name, place in given.items() if name in _LIMIT}, m),)
    found = [
        fields(item, {"where": False, **_LIMIT}, m.report, say("rules.limit"))
        for item in items(listed, m.report, "limits")
    ]
    if not found and isinstance(listed.value, list):
        m.report.add(listed, say("rules.limits_has_no_limit"), say("rules.such_as_limit_4h"))
    for before, item in zip(found, listed.value[1:] if len(found) > 1 else [], strict=False):
        if before and "where" not in before:
            m.report.add(item, say("rules.this_limit_never_reached"), say("rules.where_in_each_limit_but"))
    return tuple(_limit(limit, m) for limit in found if "limit" in limit)


def _limit(given: dict[str, Place], m: Measured) -> Limit:
    service = (
        "hours" in given and word(given["hours"], m.report, say("rules.noun_hours"), ("clock", "service")) == "service"
    )
    return Limit(where=m.condition(given.get("where")), minutes=_minutes(given["limit"], m, service), service=service)


def _minutes(place: Place, m: Measured, service: bool) -> str:
    """Source of the limit in minutes."""
    if isinstance(place.value, dict):
        given = fields(place, {"minutes": True}, m.report, say("rules.limit"))
        return m.number(given["minutes"])[0] if given else "None"
    milliseconds = duration(place.text) or 0
    unit = place.text.strip()[-1:]
    if milliseconds and service and unit in ("d", "w"):
        if unit == "w":
            m.report.add(place, say("rules.week_has_no_service_hours"), say("rules.days_service_such_as_5d"))
        return str(milliseconds // (24 * 60 * _MINUTE) * _SERVICE_DAY)
    if not milliseconds:
        m.report.add(place, say("rules.not_limit", text=place.text or "this"), say("rules.such_as_30m_4h_2d"))
    minutes, rest = divmod(milliseconds, _MINUTE)
    return str(milliseconds / _MINUTE if rest else minutes)


MEASURES = {
    "missing": Form(_missing, {"where": False, "after": True}, window="none"),
    "elapsed": Form(
        _elapsed, {"until": True, "limit": False, "hours": False, "limits": False, "restart": False}, window="none"
    ),
}
