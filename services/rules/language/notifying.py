"""`notify:` of a rule: who is told of its warnings, who next, and what keeps its messages back or lets them pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.directory import ALIASES, ROLES
from services.i18n import say
from services.messages import EscalationStep, Json, nearest
from services.rules.language.reading import Place, Report, fields, items, word
from services.rules.language.thresholds import WARNING, duration

_ROLES = (*ROLES, *ALIASES)
NOTIFY = {
    "to": True,
    "escalate": False,
    "always": False,
    "from": False,
    "mutes": False,
    "outcome": False,
    "max_age": False,
    "settle": False,
    "summary": False,
}
"""Field of `notify` → whether it is required."""
STEP = {"after": True, "to": True, "clock": False}
"""Field of a step of `escalate` → whether it is required."""
_WORKING_DAYS = {"d": 1, "w": 5}
"""Unit of a wait → how many working days it is."""
_LONGEST_STEP = 366 * 86_400_000
"""Milliseconds: what nobody takes up in a year, no further step mends."""
_LONGEST_SUMMARY = 7 * 86_400_000
"""Milliseconds; later, results are no news."""


def read_notify(place: Place | None, evidence: Collection[str], report: Report) -> Json:
    """The fields of a RuleCard that `notify` gives; `evidence`: the fields that the rule's evidence shows."""
    if place is not None and place.value in _ROLES:
        report.add(place, say("rules.must_be_mapping", what="notify"), f"{{to: {place.value}}}")
        place = None
    given = fields(place, NOTIFY, report, "notify") if place is not None else {}
    steps = [_step(item, report) for item in items(given.get("escalate"), report, "notify.escalate")]
    return {
        "to": [_role(item, report) for item in items(given.get("to"), report, "notify.to")],
        "escalate": [step for step in steps if step],
        "always": "always" in given and _truth(given["always"], report, "notify.always"),
        "tell_from": word(given["from"], report, "notify.from", WARNING) if "from" in given else None,
        "outcome": word(given["outcome"], report, "notify.outcome", evidence) if "outcome" in given else None,
        "mutes": [word(item, report, "row") for item in items(given.get("mutes"), report, "notify.mutes")],
        "max_age": _age(given["max_age"], report) if "max_age" in given else None,
        "settle": _quiet("settle", given, report),
        "summary": _quiet("summary", given, report),
    }


def _role(place: Place | None, report: Report) -> str:
    """A role word; whoever writes what people call the role is told the word."""
    if place is None or not isinstance(place.value, str) or place.value in _ROLES:
        return word(place, report, say("rules.noun_role"))
    titles = {title: name for name, role in ROLES.items() for title in (role.title.zh, role.title.en)}
    near = titles.get(place.value) or nearest(place.value, [*_ROLES, *titles])
    known = ", ".join(f"{name} {role.title.zh}" for name, role in ROLES.items())
    report.add(
        place, say("rules.unknown_role", value=place.value), titles.get(near, near) or say("rules.one_of", known=known)
    )
    return ""


def _truth(place: Place, report: Report, what: str) -> bool:
    if not isinstance(place.value, bool):
        report.add(place, say("rules.not_true_or_false", what=what, text=place.text), say("input.true_or_false"))
    return place.value is True


def _step(place: Place, report: Report) -> EscalationStep | None:
    given = fields(place, STEP, report, say("rules.escalation"))
    role = _role(given.get("to"), report)
    clock = "clock" in given and _truth(given["clock"], report, "escalate.clock")
    wait = _wait(given["after"], report) if "after" in given else None
    if wait is not None and wait > _LONGEST_STEP:
        report.add(
            given["after"], say("rules.step_after_none", text=given["after"].text), say("rules.such_as_1d_at_most")
        )
        return None
    if wait is None:
        return None
    unit = str(given["after"].value).strip()[-1]
    if clock:
        return EscalationStep(after=wait / 1000, to=role)
    if unit not in _WORKING_DAYS:
        return EscalationStep(service=wait / 1000, to=role)
    return EscalationStep(days=int(str(given["after"].value).strip()[:-1]) * _WORKING_DAYS[unit], to=role)


def _age(place: Place, report: Report) -> float | None:
    wait = _wait(place, report)
    return None if wait is None else wait / 1000


def _quiet(name: str, given: Mapping[str, Place], report: Report) -> float | None:
    """Seconds for which nothing more may come before somebody is told."""
    if name not in given:
        return None
    place = given[name]
    wait = _wait(place, report)
    if wait is not None and wait > _LONGEST_SUMMARY:
        report.add(place, say("rules.told_after_none", name=name, text=place.text), say("rules.such_as_10m_24h_at"))
    return None if wait is None else wait / 1000


def _wait(place: Place, report: Report) -> int | None:
    wait = duration(str(place.value))
    if wait is None:
        report.add(place, say("rules.not_duration", text=place.text), say("rules.such_as_30m_24h_3d"))
    return wait
