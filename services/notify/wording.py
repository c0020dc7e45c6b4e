"""The words of one warning: names for ids, durations for clocks, figures that differ where they differ. Pure.

`sentence` fills in a rule's message; the pages say their fields and figures by the same functions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.i18n import render, say, term, terms
from services.messages import GRADE, LEVELS, Evidence, Level, RuleCard, WarningFacts, determined, in_key, key_values
from services.notify import texts
from services.notify.ports import LessonTime, Ports
from services.notify.texts import Language

_MINUTE, _HOUR, _DAY = 1, 60, 24 * 60
_LISTED = 5
"""Names in one sentence."""
_DIGITS = 2
_MOST_DIGITS = 12
_YEAR, _MONTH = len("2026"), len("2026-11")
_MINUTES = frozenset({"minute", "minutes", "min", "分钟"})
_ASKS = re.compile(r"(?<=[。.])\s*(?:请(?!假)|[Pp]lease\b)|[，；,;]\s*(?:请(?!假)|please\b)")
_UNITS = frozenset({"department", "major", "teaching_office"})
"""Of the newest record, what names nobody."""
_OF_A_SUBJECT = ("department", "major", "teaching_office", "course", "class", "teacher", "student")
"""What the subject of an indicator can be."""


class Facts(NamedTuple):
    """What a store, or the engine, says of a warning."""

    subject: str
    level: Level
    value: float | None
    threshold: float | None
    context: Mapping[str, str]
    evidence: Sequence[Evidence] = ()
    """Oldest first."""
    opened_at: datetime | None = None
    rule_version: str = ""

    @classmethod
    def of(cls, subject: str, said: WarningFacts, rule_version: str = "") -> Facts:
        """As the engine says them."""
        shown = (said.level, said.value, said.threshold, said.context, said.evidence, said.opened_at)
        return cls(subject, *shown, rule_version)


class Listener(NamedTuple):
    """Whom words are for: language, the college's zone, the present instant, and who knows what things are called."""

    language: Language
    zone: ZoneInfo
    now: datetime
    ports: Ports


def sentence(card: RuleCard, facts: Facts, to: Listener) -> str:
    """A rule's message about one warning; without a value, as of one that is over when it is told, only whom."""
    if facts.value is None:
        return whom(card, facts, to)
    template = texts.of(card.message, to.language)
    return texts.fill(template, _fields(card, facts, to, texts.placeholders(template)))


def whom(card: RuleCard, facts: Facts, to: Listener) -> str:
    """Whom and what it is about, without what is said of them: for an end, which asks for nothing."""
    parts = _subject(card, facts, to)
    if "ticket" in parts:  # a number alone says nothing
        place = name("location", facts.context["location"], to, facts) if "location" in facts.context else ""
        number = parts["ticket"]
        said = say("notify.ticket_at", ticket=number, place=place) if place else say("notify.ticket", ticket=number)
        parts |= {"ticket": render(said, to.language)}
    found = dict.fromkeys(parts.values())
    nobody = render(say("notify.college"), to.language) if card.by == [] else facts.subject
    return " · ".join(found) or nobody


def context_of_subject(card: RuleCard | None, facts: Facts) -> dict[str, str]:
    """The context, without what is only of the newest record: the last student of a class is not what it is about."""
    by = card.by if card is not None else None
    if by is None:
        by = [name for name, value in facts.context.items() if in_key(value, facts.subject)]
    mine = determined(by)
    return {name: value for name, value in facts.context.items() if name in mine}


def names(card: RuleCard | None, facts: Facts, to: Listener) -> dict[str, str]:
    """What people call whom and what a warning is about."""
    mine = context_of_subject(card, facts)
    return {key: _part(key, value, facts, to) for key, value in mine.items()}


def name(field: str, value: str, to: Listener, facts: Facts | None = None) -> str:
    """What people call a value of a field; the value where it has no name."""
    version = facts.rule_version if facts else ""
    if field == "rule" and (card := to.ports.cards(version, value)) is not None:
        return texts.of(card.title, to.language)
    if field == "lesson" and (known := to.ports.lesson(value)) is not None:
        return day_and_sections(known, to)
    if field == "period":
        return _period(value, to)
    called = to.ports.directory().names({field: value})
    found = called.get(f"{field}_{to.language}") or called.get(field) or value
    return texts.of(term("value", value), to.language) if found == value and value in terms("value") else found


def day_and_time(at: datetime, to: Listener) -> str:
    """`11-27 周五 14:00`, in the college's zone."""
    return f"{day(at, to)} {at.astimezone(to.zone):%H:%M}"


def day_and_sections(lesson: LessonTime, to: Listener) -> str:
    """`11-27 周五 5–6 节`; the time where the timetable knows no sections."""
    first, _, last = lesson.sections.partition("-")
    if not first:
        return day_and_time(lesson.begins, to)
    said = say("notify.section", n=first) if last in ("", first) else say("notify.sections", first=first, last=last)
    return f"{day(lesson.begins, to)} {render(said, to.language)}"


def day(at: datetime, to: Listener) -> str:
    """`11-27 周五`, with the year where it is not this one."""
    there = at.astimezone(to.zone)
    weekday = texts.of(term("weekday", str(there.isoweekday())), to.language)
    this_year = there.year == to.now.astimezone(to.zone).year
    shown = there.strftime("%m-%d" if this_year else "%Y-%m-%d")
    return f"{weekday} {shown}" if to.language == "en" else f"{shown} {weekday}"


def duration(minutes: float, language: Language) -> str:
    """How long, in one or two units that fit: 30 minutes, 3 hours 20 minutes, 3 days 4 hours, 14 days."""
    whole = int(minutes)
    if whole < _MINUTE:
        return render(say("notify.moment"), language)
    first, second = ((_DAY, _HOUR), (_HOUR, _MINUTE))[whole < _DAY] if whole >= _HOUR else (_MINUTE, 0)
    parts = [(first, whole // first), (second, whole % first // second if second else 0)]
    if first == _DAY and whole >= 14 * _DAY:
        parts = parts[:1]
    return " ".join(_count(unit, n, language) for unit, n in parts if n)


def _count(unit: int, n: int, language: Language) -> str:
    if n == 1:
        words = {_DAY: say("notify.day"), _HOUR: say("notify.hour"), _MINUTE: say("notify.minute")}
    else:
        words = {_DAY: say("notify.days", n=n), _HOUR: say("notify.hours", n=n), _MINUTE: say("notify.minutes", n=n)}
    return render(words[unit], language)


def figures(value: float | None, threshold: float | None, *, estimated: bool = False) -> tuple[str, str]:
    """Value and threshold with as many digits as it takes to tell them apart where they are not the same.

    An `estimated` value begins with whole numbers, and is never rounded to the threshold or to its other side.
    """
    least = 0 if estimated else _DIGITS
    if value is None or threshold is None or value == threshold:
        return texts.number(value, least), texts.number(threshold)
    for digits in range(least, _MOST_DIGITS):
        shown = texts.number(value, digits), texts.number(threshold, max(digits, _DIGITS))
        if shown[0] != shown[1] and (float(shown[0]) < float(shown[1])) == (value < threshold):
            return shown
    return texts.number(value), texts.number(threshold)


def figures_with_unit(card: RuleCard | None, facts: Facts, to: Listener) -> tuple[str, str]:
    """Value and threshold as a page shows them: 6 hours, 77.4 %, and of a clock what has passed."""
    value, threshold = figures(facts.value, facts.threshold, estimated=card is not None and card.estimated)
    if card is None:
        return value, threshold
    bound = _bound(threshold, card, facts, to)
    if facts.value is None:
        return value, bound
    passed = _passed(card, facts, to)
    if passed is not None:
        return _due(passed, to.language) if is_due(card) else duration(abs(passed), to.language), bound
    if card.unit in _MINUTES:
        return duration(abs(facts.value), to.language), bound
    return _with_unit(value, card, facts.value, to), bound


def _bound(threshold: str, card: RuleCard, facts: Facts, to: Listener) -> str:
    """The threshold; of a clock how long after its beginning, or which share of the time that was agreed."""
    if card.unit in _MINUTES:
        limit = facts.threshold or 0
        if not limit and is_due(card):
            return render(say("notify.when_due"), to.language)
        shown = duration(abs(limit), to.language) if limit else "0"
        before = "notify.before_due" if limit < 0 else "notify.after"
        return shown if card.since is None else render(say(before, duration=shown), to.language)
    if card.since is not None and facts.threshold is not None:
        return render(say("notify.of_the_limit", share=threshold), to.language)
    return _with_unit(threshold, card, facts.threshold, to)


def _with_unit(figure: str, card: RuleCard, number: float | None, to: Listener) -> str:
    unit = card.unit
    if not unit or number is None:
        return figure
    if unit == GRADE:
        grade = LEVELS[int(number)] if number in range(len(LEVELS)) else None
        return texts.of(texts.LEVEL_WORDS[grade], to.language) if grade else figure
    word = texts.of(term("unit", unit), to.language)
    if to.language == "en" and number == 1 and unit in terms("unit"):
        word = texts.of(term("one", unit), to.language)
    return f"{figure}{word}" if unit == "%" else f"{figure} {word}"


def is_due(card: RuleCard) -> bool:
    """Whether the clock of a rule says how long before or after something is due, and not how long it has run."""
    return bool(card.since) and card.unit in _MINUTES and card.since not in _OF_A_LESSON


def clock_began(card: RuleCard, facts: Facts) -> datetime | None:
    """When the clock of a rule began to run, or something is due; None without a clock, or where nobody says."""
    if card.since is None or not facts.evidence:
        return None
    if not card.since:
        return facts.evidence[0].at
    said = (one.fields.get(card.since) for one in reversed(facts.evidence))
    return next((at for one in said if (at := _instant(one)) is not None), None)


def _passed(card: RuleCard, facts: Facts, to: Listener) -> float | None:
    """Minutes since the clock of a rule began to run, negative before; None without a clock."""
    began = clock_began(card, facts)
    return None if began is None else (to.now - began) / timedelta(minutes=1)


_OF_A_LESSON = frozenset({"starts_at", "ends_at"})
"""A clock that runs from then says how long ago that was: nothing was due at it."""


def _due(passed: float, language: Language) -> str:
    """Due in 6 days, due, 14 days overdue."""
    if abs(passed) < _MINUTE:
        return render(say("notify.due_now"), language)
    text = "notify.due_in" if passed < 0 else "notify.overdue_for"
    return render(say(text, duration=duration(abs(passed), language)), language)


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _period(value: str, to: Listener) -> str:
    """A month or term as people say it."""
    year, _, rest = value.partition("-")
    if len(value) == _MONTH and rest.isdigit():
        return render(say("notify.month", year=year, month=texts.of(term("month", rest), to.language)), to.language)
    if rest in terms("season"):
        return render(say("notify.term", year=year, season=texts.of(term("season", rest), to.language)), to.language)
    return render(say("notify.year", year=value), to.language) if len(value) == _YEAR and value.isdigit() else value


def _fields(card: RuleCard, facts: Facts, to: Listener, wanted: Collection[str]) -> dict[str, str]:
    """What fills the placeholders: the subject before the evidence, the evidence before the newest record."""
    found = {key: name(key, value, to, facts) for key, value in facts.context.items() if key in wanted}
    mine = determined(card.by or ())
    listed = {key: _listed(key, facts, to) for one in facts.evidence[:1] for key in one.fields if key in wanted}
    if card.by is not None:
        found = {key: value for key, value in found.items() if key in mine or (key in _UNITS and key not in listed)}
    found |= {key: value for key, value in listed.items() if value and not (key in mine and key in found)}
    found |= _subject(card, facts, to)
    value, threshold = figures(facts.value, facts.threshold, estimated=card.estimated)
    found |= {
        "value": value,
        "threshold": threshold,
        "amount": texts.number(None if facts.value is None else abs(facts.value)),
        "level": texts.of(texts.LEVEL_WORDS[facts.level], to.language).lower(),
    }
    if "subject" not in (card.by or ()):
        found["subject"] = whom(card, facts, to)
    passed = _passed(card, facts, to)
    if passed is None and card.since is None and card.unit in _MINUTES:
        passed = facts.value
    if passed is not None:
        found["duration"] = duration(abs(passed), to.language)
        found["due"] = _due(passed, to.language)
    return found


def _subject(card: RuleCard, facts: Facts, to: Listener) -> dict[str, str]:
    """The names of what the rule is by."""
    by = card.by
    if by is None:
        return {key: name(key, value, to, facts) for key, value in context_of_subject(card, facts).items()}
    values = [facts.subject] if len(by) == 1 else key_values(facts.subject)
    return {key: _part(key, value, facts, to) for key, value in zip(by, values, strict=False)}


def _part(key: str, value: str, facts: Facts, to: Listener) -> str:
    """One of the names of a subject; a lesson or test by its day, course and class, as it has no name of its own."""
    if key in ("lesson", "test"):
        return lesson(key, value, facts, to)
    if key == "subject":
        if value == "college":
            return render(say("notify.college"), to.language)
        called = (name(one, value, to, facts) for one in _OF_A_SUBJECT)
        return next((one for one in called if one != value), value)
    return name(key, value, to, facts)


def lesson(key: str, value: str, facts: Facts, to: Listener) -> str:
    """`11-27 周五 5–6 节 内科护理 护理2601`; of a test without the class, which several may take."""
    id_ = value if key == "lesson" else facts.context.get("lesson", "")
    known = to.ports.lesson(id_) if id_ else None
    if known is None and key == "lesson":
        said = (_instant(one.fields.get("starts_at")) for one in facts.evidence)
        known = next((LessonTime(at) for at in said if at is not None), None)
    about = [facts.evidence[-1].at] if facts.evidence else []
    at = next((one for one in (*about, facts.opened_at) if one is not None), None)
    if known is None and at is None:
        return value
    when = day_and_sections(known, to) if known is not None else day(at, to) if at is not None else ""
    further = ("course", "class") if key == "lesson" else ("course",)
    names = [name(one, facts.context[one], to, facts) for one in further if one in facts.context]
    return " ".join([when, *names])


def _listed(key: str, facts: Facts, to: Listener) -> str:
    """The different values of a field of the evidence."""
    said = [one.fields.get(key) for one in facts.evidence]
    found = list(dict.fromkeys(word for one in said if one is not None and (word := value_words(key, one, to, facts))))
    comma = ", " if to.language == "en" else "、"
    more = render(say("notify.and_more", n=len(found)), to.language) if len(found) > _LISTED else ""
    return comma.join(found[:_LISTED]) + more


def value_words(key: str, value: Any, to: Listener, facts: Facts | None = None) -> str:
    """A value of a record's field; of what is only so or not, the field's name where it is so."""
    if isinstance(value, bool):
        return texts.of(term("field", key), to.language) if value else ""
    if isinstance(value, int | float):
        return texts.number(value) if math.isfinite(value) else ""
    if isinstance(value, str) and key.endswith("_at") and (at := _instant(value)) is not None:
        return day_and_time(at, to)
    return name(key, str(value), to, facts)


def without_asks(sentence: str) -> str:
    """What a rule says of somebody, without what it asks of staff: that begins with 请 or please, and ends it."""
    return _ASKS.split(sentence, maxsplit=1)[0].rstrip("，；,; ") or sentence
