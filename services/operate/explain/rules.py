"""`prewarn rules explain`: a rule as a sentence, its thresholds, who is told, and its tests."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from services import directory as directories
from services.directory import Directory
from services.i18n import both, say, term
from services.messages import Json, Text, to_ms
from services.notify.recipients import route
from services.notify.texts import LEVEL_WORDS, Language, example, of
from services.operate.explain.answered import StandardAnswer
from services.operate.explain.standards import judgement_of, standard_lines
from services.operate.explain.subjects import AskedAbout, find_rule, find_subject, instant, refuse_unknown
from services.operate.explain.words import role_title, saying, step_words
from services.operate.reasons.sentences import condition_words, levels_words, measure_words, plain, window_words
from services.operate.rule_tests import RuleTest, read_rule_tests
from services.rules.language.dependencies import dependencies
from services.rules.language.fields import read_fields
from services.rules.language.load import RuleSet, load
from services.rules.language.reading import Report
from services.rules.language.rules import Placed
from services.rules.language.standards import SCOPES
from services.settings import Settings, resource

_FIELD = re.compile(r"\bf_(\w+)")


def explain_rule(settings: Settings, name: str, said: str | None, at: str | None, now: dt.datetime) -> Json:
    """As plain data. Raises RuleError, DirectoryError and, for what is asked wrongly, ProblemsError."""
    rules = load(settings.rules_folder, resource("schemas"))
    directory = directories.load_installed(settings.directory_folder, rules.zone.key)
    placed = find_rule(name, rules)
    moment = instant(at, rules.zone, now)
    subject = None
    if said is not None:
        subject = find_subject(said, directory, rules)
        refuse_unknown(subject, directory)
    cases = read_rule_tests(settings.rules_folder, rules, read_fields(resource("schemas")), Report())
    return describe(rules, placed, directory, subject, moment, cases)


def describe(
    rules: RuleSet,
    placed: Placed,
    directory: Directory,
    subject: AskedAbout | None,
    at: dt.datetime,
    cases: Sequence[RuleTest],
) -> Json:
    """One rule as plain data; `cases`: the tests of the rule set."""
    rule, card, given = placed.rule, placed.rule.card, placed.place.value
    attributes = subject.attributes(directory, at, {}) if subject else {}
    scope = {name: attributes.get(name) for name in SCOPES}
    standard = rules.standards[rule.standard] if rule.standard else None
    judged = None if standard is None else judgement_of(standard, [placed], scope, to_ms(at), rules.zone)
    levels = _levels(placed, judged)
    measure, window, where = (
        measure_words(given["measure"]),
        window_words(rule.gauges[0]),
        condition_words(given.get("where")),
    )
    if rule.ends_with_term:
        window = Text(f"本学期{window.zh}", f"{window.en}, of the term alone")
    said = levels_words(levels, lambda level: LEVEL_WORDS[level])
    kind = rule.gauges[0].kind
    by, named = _by_words(rule.by), _kind_words(kind)
    sentence = Text(
        f"{card.title.zh}：对每个{by.zh}，看{named.zh}（{kind}）记录{where.zh}，"
        f"取{window.zh}中{measure.zh}；{said.zh} 时提醒。",
        f"{card.title.en}: for each {by.en}, of the records of {named.en} ({kind}){where.en}, "
        f"{measure.en} ({window.en}); told at {said.en}.",
    )
    told = route(card, attributes, directory, at) if subject else None
    names = directory.names(attributes)
    first = next((level for level, _, bound in levels if bound is not None), "yellow")
    bound = next((bound for _, _, bound in levels if bound is not None), None)
    facts = {"value": bound, "threshold": bound, "amount": None if bound is None else abs(bound)}
    told_at = (facts, first, {"subject": subject.said if subject else "…"} | names)
    return {
        "rule": rule.id,
        "row": card.row,
        "title": card.title,
        "mode": card.mode,
        "sentence": sentence,
        "source": card.source,
        "file": placed.place.file,
        "line": placed.place.line,
        "rule_version": rules.version,
        "kind": kind,
        "awaits": rule.gauges[0].awaited_kind,
        "by": list(rule.by),
        "fields": _fields(placed),
        "where": given["where"].text.strip() if "where" in given else None,
        "measure": plain(given["measure"]),
        "window": str(rule.gauges[0].window),
        "term": "ends" if rule.ends_with_term or rule.gauges[0].window.period == "term" else "continues",
        "evidence": list(rule.evidence),
        "levels": [{"level": level, "compare": compare, "threshold": x} for level, compare, x in levels],
        "standard": judged,
        "subject": subject.said if subject else None,
        "attributes": attributes,
        "told": [{"role": role, "title": role_title(role), "after": None} for role in card.to],
        "escalates": [
            {"role": step.to, "title": role_title(step.to), "after": step_words(step)} for step in card.escalate
        ],
        "people": [{"id": one.id, "name": one.name, "role": role} for one, role in told.people] if told else None,
        "vacant": None if told is None else told.vacant,
        "message": {"zh": example(card.message, *told_at, "zh"), "en": example(card.message, *told_at, "en")},
        "looks_at": list(dependencies(rules.plan.rules).get(rule.id, ())),
        "tests": [
            {"name": case.name, "file": case.place.file, "line": case.place.line}
            for case in cases
            if case.rule == rule.id
        ],
    }


def _by_words(by: Sequence[str]) -> Text:
    words = [term("field", name) for name in by] or [both(say("operate.college"))]
    return Text("、".join(word.zh for word in words), ", ".join(word.en.lower() for word in words))


def _kind_words(kind: str) -> Text:
    """What the schema calls the kind."""
    title = json.loads((resource("schemas") / f"{kind}.v1.json").read_text("utf-8"))["x-title"]
    return Text(title["zh"], title["en"].lower())


def _levels(placed: Placed, judged: StandardAnswer | None) -> list[tuple[str, Any, float | None]]:
    """(level, comparison, threshold in force) from the lowest up; the steps of `again` are left to the standard."""
    applies = judged.applies.warning if judged is not None and judged.applies is not None else {}
    return [
        (rung.level, rung.compare, rung.threshold if judged is None else applies.get(rung.level))
        for rung in reversed(placed.rule.rungs)
        if not rung.step
    ]


def _fields(placed: Placed) -> list[str]:
    """The fields of events that the rule reads."""
    rule = placed.rule
    source = " ".join([rule.record, *(str(msgspec.structs.asdict(gauge)) for gauge in rule.gauges)])
    return sorted({*_FIELD.findall(source), *rule.by, *rule.scope_fields, *rule.evidence})


def rule_lines(found: Mapping[str, Any], language: Language) -> list[str]:
    """A rule in the lines that a person reads."""
    say = saying(language)
    row = f"  {found['row']}" if found["row"] else ""
    shadow = say("operate.on_trial_nothing_sent") if found["mode"] == "shadow" else ""
    lines = [
        f"{found['rule']}{row}  {found['file']}:{found['line']}{shadow}",
        f"  {of(found['sentence'], language)}",
        f"  {say('operate.asked_for_by')} {found['source'] or '–'}",
        f"  {say('operate.reads')} {found['kind']}"
        + (f" → {found['awaits']}" if found["awaits"] else "")
        + f"  ({', '.join(found['fields'])})",
        f"  {say('operate.measure')} {found['measure']}  {say('operate.window')} {found['window']}"
        + ("  term: ends" if found["term"] == "ends" else ""),
    ]
    if found["looks_at"]:
        lines.append(f"  {say('operate.looks_at_rules')} {', '.join(found['looks_at'])}")
    if found["standard"] is not None:
        lines.append(f"  {say('operate.standard')}")
        lines += [f"    {line}" for line in standard_lines(found["standard"], language)]
    told = ", ".join(of(one["title"], language) for one in found["told"]) or "–"
    steps = "".join(f" → {one['after']}: {of(one['title'], language)}" for one in found["escalates"])
    lines.append(f"  {say('operate.told')} {told}{steps}")
    if found["people"] is not None:
        people = ", ".join(f"{one['name']} ({one['id']})" for one in found["people"])
        lines.append(f"    {found['subject']}: {people or say('operate.nobody')}")
        for role in found["vacant"]:
            lines.append(f"    {say('operate.nobody_holds')} {of(role_title(role), language)}")
    lines.append(f"  {say('operate.message_for_example')} {found['message'][language]}")
    tests = found["tests"]
    lines.append(f"  {say('operate.tests')} {len(tests)}" + ("" if tests else say("operate.none_write_one")))
    lines += [f"    {one['file']}:{one['line']}  {one['name']}" for one in tests]
    return lines
