"""Rule files: from checked YAML to the engine's `Rule`s."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from services import bounds
from services.i18n import say
from services.messages import GRADE, RuleCard, Text
from services.rules.engine.plan import Gauge, Rule
from services.rules.language.fields import Field
from services.rules.language.levels import read_levels
from services.rules.language.measures import read_measure
from services.rules.language.measures.base import Measured
from services.rules.language.messages import Named, read_message
from services.rules.language.notifying import read_notify
from services.rules.language.reading import Place, Report, fields, items, known_words, word
from services.rules.language.standards import Standard, texts
from services.rules.language.term import read_term
from services.rules.language.thresholds import MINUTES
from services.rules.language.units import is_percent

FIELDS = {
    "id": True,
    "row": False,
    "title": True,
    "source": False,
    "on": True,
    "by": True,
    "where": False,
    "measure": True,
    "window": False,
    "levels": True,
    "evidence": False,
    "notify": True,
    "message": True,
    "mode": False,
    "term": False,
}
"""Field of a rule → whether it is required."""


@dataclass(frozen=True)
class Known:
    """What a rule may speak of."""

    kinds: dict[str, dict[str, Field]]
    standards: dict[str, Standard]
    named: frozenset[str] | None
    """Ids of standards, those with errors included; None: not all of them are known."""
    messages: Report = field(default_factory=Report)
    """Gathers what is wrong with messages and was let pass by older releases."""


@dataclass(frozen=True)
class Placed:
    """A rule with its file and line."""

    rule: Rule
    place: Place


def read_rules(place: Place, known: Known, report: Report) -> list[Placed]:
    """The rules of one file; those with a problem are left out (the report says which)."""
    top = fields(place, {"rules": True}, report, say("rules.rule_file"))
    found = []
    for item in items(top.get("rules"), report, "rules"):
        before = len(report)
        rule = _rule(item, known, report)
        if rule is not None and len(report) == before:
            found.append(Placed(rule, item))
    return found


def _rule(place: Place, known: Known, report: Report) -> Rule | None:
    given = fields(place, FIELDS, report, say("rules.rule"))
    kind = word(given.get("on"), report, say("rules.event_kind"), known.kinds)
    name = word(given.get("id"), report, "id")
    if name and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        report.add(given["id"], say("input.not_id", text=name), say("rules.lower_case_words_joined_by"))
    elif (wrong := bounds.of_id(name)) is not None:
        report.add(given["id"], *wrong)
    known_fields = known.kinds.get(kind, {})
    by = _by(given.get("by"), known_fields, kind, report)
    card = _card(given, name, report)
    if not kind or "measure" not in given or "levels" not in given:
        return None
    measured = Measured(kind, by, given.get("where"), known.kinds, report)
    own = read_measure(given["measure"], given.get("window"), measured)
    gauges, rungs, standard = read_levels(given, own, measured, known.standards, known.named)
    if card and card.summary is not None and any(rung.level != "praise" for rung in rungs):
        report.add(given["levels"], say("rules.summary_warns_nothing"), "levels: {at_least: {praise: 0}}")
    awaited = own.awaited_kind if own else None
    evidence = _evidence(given.get("evidence"), [kind, *([awaited] if awaited else [])], known, report)
    if own is None or card is None:
        return None
    since, unit = _since(given["measure"], own), _unit(standard, own)
    estimated = own.measure == "forecast"
    card = msgspec.structs.replace(card, by=list(by), since=since, unit=unit, estimated=estimated)
    named = Named(by, known_fields, evidence, since, minutes=since is None and unit in MINUTES)
    read_message(given.get("message"), named, report, known.messages)
    ends_with_term = read_term(given.get("term"), [own, *gauges], report)
    return Rule(
        card=card,
        by=by,
        gauges=(own, *gauges),
        rungs=tuple(rungs),
        standard=standard.id if standard else None,
        scope_fields=standard.scope_fields if standard else (),
        record=measured.record if standard else "True",
        evidence=evidence,
        ends_with_term=ends_with_term,
    )


def _by(place: Place | None, known: dict[str, Field], kind: str, report: Report) -> tuple[str, ...]:
    names = []
    for item in items(place, report, "by"):
        name = word(item, report, "field")
        if known and name and name not in known and name != "event":
            listed = [one.strip(" []'\"") for one in name.split(",")]
            right = f"[{', '.join(listed)}]" if listed != [name] else known_words(name, [*known, "event"])
            report.add(item, say("rules.has_no_field", kind=kind, name=name), right)
        elif name in known and known[name].type != "string":
            report.add(
                item, say("rules.is_a_2", name=name, type=known[name].type), say("rules.field_that_names_something")
            )
        names.append(name)
    return tuple(names)


def _evidence(place: Place | None, kinds: list[str], known: Known, report: Report) -> tuple[str, ...]:
    allowed = {name for kind in kinds for name in known.kinds.get(kind, ())}
    return tuple(word(item, report, say("rules.evidence_field"), allowed) for item in items(place, report, "evidence"))


def _since(measure: Place, own: Gauge) -> str | None:
    """Whence the clock of a measure runs, as of RuleCard."""
    if own.measure == "missing":
        return str(measure.value["after"].text)
    return "" if own.measure == "elapsed" else None


def _unit(standard: Standard | None, own: Gauge) -> str:
    """The unit of value and threshold, as far as it is known."""
    named = standard.notes.get("unit", "") if standard else ""
    if named:
        return named
    if own.measure == "composite":
        return GRADE
    return "minutes" if own.measure == "missing" else "%" if is_percent(own) else ""


def _card(given: dict[str, Place], name: str, report: Report) -> RuleCard | None:
    title, message = texts(given.get("title"), report, "title"), texts(given.get("message"), report, "message")
    shown = [item.text for item in items(given.get("evidence"), report, "evidence")]
    mode = word(given["mode"], report, say("rules.noun_mode"), ("live", "shadow")) if "mode" in given else "live"
    return RuleCard(
        rule=name,
        row=word(given["row"], report, "row") if "row" in given else None,
        title=Text(**title),
        message=Text(**message),
        source=word(given["source"], report, "source") if "source" in given else "",
        mode="shadow" if mode == "shadow" else "live",
        **read_notify(given.get("notify"), shown, report),
    )
