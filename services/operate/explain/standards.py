"""`prewarn standards show`: which standard applies to somebody, its values, and why this one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from services import directory as directories
from services.errors import ProblemsError
from services.i18n import render, say
from services.messages import Problem, to_ms
from services.notify.texts import Language, of
from services.operate.explain.answered import StandardAnswer, StandardsAnswer, ValueAnswer
from services.operate.explain.pass_marks import pass_mark_lines, pass_marks
from services.operate.explain.subjects import AskedAbout, find_rule, find_subject, instant, refuse_unknown
from services.operate.explain.words import level_word, numbers, saying
from services.operate.reasons.sentences import SIGNS, number
from services.operate.reasons.standards import Candidate, Judgement, judge
from services.rules.engine.plan import Compare
from services.rules.language.load import RuleSet, load
from services.rules.language.rules import Placed
from services.rules.language.standards import SCOPES, Standard
from services.settings import Settings, resource

_LEVEL_OF = {"student": "student", "teacher": "teacher", "course": "course", "major": "major"}


def show_standards(
    settings: Settings, said: str, at: str | None, rule: str | None, given: Mapping[str, str], now: dt.datetime
) -> StandardsAnswer:
    """Raises RuleError, DirectoryError, LogError and, for what is asked wrongly, ProblemsError."""
    rules = load(settings.rules_folder, resource("schemas"))
    directory = directories.load_installed(settings.directory_folder, rules.zone.key)
    if wrong := [name for name in given if name not in SCOPES]:
        raise ProblemsError(
            [
                Problem(
                    where="--with",
                    what=say("operate.unknown_scope", name=wrong[0]),
                    expected=say("rules.one_of", known=", ".join(SCOPES)),
                )
            ]
        )
    subject = find_subject(said, directory, rules)
    refuse_unknown(subject, directory)
    moment = instant(at, rules.zone, now)
    attributes = subject.attributes(directory, moment, given)
    scope = {name: attributes.get(name) for name in SCOPES}
    judged = [
        judgement_of(standard, using, scope, to_ms(moment), rules.zone)
        for standard, using in _chosen(rules, subject, attributes, rule)
    ]
    return StandardsAnswer(
        subject=subject.said,
        at=moment.isoformat(timespec="seconds"),
        rule_version=rules.version,
        attributes=attributes,
        names=directory.names(attributes),
        standards=judged,
        pass_marks=[] if rule is not None else pass_marks(settings, subject.fields, directory, moment),
    )


def _chosen(
    rules: RuleSet, subject: AskedAbout, attributes: Mapping[str, str], rule: str | None
) -> list[tuple[Standard, list[Placed]]]:
    """The standards that the question is about, with the rules that use them."""
    using: dict[str, list[Placed]] = {}
    for placed in rules.placed:
        if placed.rule.standard is not None:
            using.setdefault(placed.rule.standard, []).append(placed)
    if rule is not None:
        asked = find_rule(rule, rules)
        if asked.rule.standard is None:
            place = f"{asked.place.file}:{asked.place.line}"
            raise ProblemsError(
                [
                    Problem(
                        where=place,
                        what=say("operate.rule_has_no_standard", rule=rule),
                        expected=f"prewarn rules explain {rule}",
                    )
                ]
            )
        return [(rules.standards[asked.rule.standard], using[asked.rule.standard])]
    level = next((name for name in _LEVEL_OF if name in subject.fields), "college")
    own = {*subject.fields} or {"college"}
    return [
        (standard, using.get(id_, []))
        for id_, standard in rules.standards.items()
        if id_.partition(".")[0] == level
        or any(own & {*placed.rule.by} for placed in using.get(id_, []))
        or _scoped(standard, own, attributes)
    ]


def _scoped(standard: Standard, names: set[str], attributes: Mapping[str, str]) -> bool:
    """Whether a value of the standard is for exactly such a subject."""
    scopes = [one for value in standard.values for one in value.scope]
    return any(name in names and attributes.get(name) == wanted for name, wanted in scopes)


def judgement_of(
    standard: Standard, using: list[Placed], scope: Mapping[str, str | None], at: int, zone: ZoneInfo
) -> StandardAnswer:
    """One standard, the value that applies first."""
    judged: Judgement = judge(standard, scope, at, zone)
    return StandardAnswer(
        standard=standard.id,
        title=standard.title,
        compare=standard.compare,
        **standard.notes,
        file=standard.place.file,
        line=standard.place.line,
        rules=[placed.rule.id for placed in using],
        applies=None if judged.applies is None else _value(judged.applies),
        others=[_value(one) for one in judged.candidates if one is not judged.applies],
    )


def _value(one: Candidate) -> ValueAnswer:
    return ValueAnswer(
        file=one.file,
        line=one.line,
        scope=one.scope,
        begins=one.begins,
        target=one.target,
        warning=one.thresholds.reached.given(),
        clear=one.thresholds.clear.given(),
        again=[step for step in one.thresholds.again if step is not None],
        reason=one.reason,
        why=one.why,
    )


def standards_lines(found: StandardsAnswer, language: Language) -> list[str]:
    """All standards in the lines that a person reads."""
    known = "  ".join(f"{name}={value}" for name, value in found.attributes.items())
    head = say("operate.standards_of", subject=found.subject, at=found.at)
    lines = [render(head, language), f"  {known}"]
    if not found.standards:
        lines.append(render(say("operate.no_standard_about_it"), language))
    for one in found.standards:
        lines += ["", *standard_lines(one, language)]
    return lines + pass_mark_lines(found.pass_marks, language)


def standard_lines(one: StandardAnswer, language: Language) -> list[str]:
    """One standard in the lines that a person reads."""
    say = saying(language)
    unit = f" ({one.unit})" if one.unit else ""
    lines = [f"{one.standard}  {one.title[language]}{unit}  {one.file}:{one.line}"]
    applies = one.applies
    if applies is None:
        lines.append(say("operate.no_value_applies_at_this"))
    else:
        lines += [f"  ✓ {value_words(applies, one.compare, language)}", f"    {of(applies.why, language)}"]
    words = {"basis": "operate.basis", "set_by": "operate.set_by", "approved_on": "operate.approved_on"}
    noted = [f"{say(text)} {said}" for name, text in words.items() if (said := getattr(one, name))]
    lines += [f"    {'  '.join(noted)}"] if noted else []
    lines += [f"    {say('operate.used_by')} {', '.join(one.rules)}"] if one.rules else []
    for other in one.others:
        lines.append(f"  ✗ {value_words(other, one.compare, language)}")
        lines.append(f"    {of(other.why, language)}")
    return lines


def value_words(value: ValueAnswer, compare: Compare, language: Language) -> str:
    """`yellow ≥ 4, orange ≥ 8 …  standards/student.yaml:12`."""
    sign = SIGNS[compare]
    levels = ", ".join(f"{level_word(level, language)} {sign} {number(x)}" for level, x in value.warning.items())
    more = [levels]
    if value.target is not None:
        more.append(render(say("operate.target", target=number(value.target)), language))
    if value.clear:
        shown = ", ".join(f"{level_word(level, language)} {number(x)}" for level, x in value.clear.items())
        more.append(render(say("operate.clear", shown=shown), language))
    if value.again:
        more.append(render(say("operate.again_at", again=numbers(value.again)), language))
    return f"{'; '.join(more)}  {value.file}:{value.line}"
