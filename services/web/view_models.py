"""From stored rows to what a page shows: names, figures and times as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from services.i18n import render
from services.messages import ENDS, Evidence, RuleCard, from_ms
from services.notify import texts, wording
from services.notify.disabled_channels import DisabledChannel
from services.notify.ports import Cards, SetAside
from services.notify.rows import ChangeRow, DecisionRow, WarningRow, decode_context
from services.notify.store import undo
from services.notify.store.views import Dossier
from services.notify.wording import Facts
from services.web.reader import Level, Reader

_ABOUT = (
    "student",
    "class",
    "course",
    "lesson",
    "test",
    "teacher",
    "ticket",
    "location",
    "room",
    "task",
    "period",
    "teaching_office",
    "major",
    "department",
    "source_name",
    "responsible",
)
"""The names of a context that are shown, in this order."""
_OF_A_LESSON = ("course", "class", "lesson")
"""Fields of a record that say which lesson or test it is about."""
_IN_LISTS = 4
_LONGEST_REASON = 300
"""Characters, of what a library says."""
_EVIDENCE = msgspec.json.Decoder(list[Evidence])


class Records(NamedTuple):
    """The records that a warning rests on, as a table."""

    columns: list[str]
    rows: list[tuple[str, list[str], str, tuple[str, str]]]
    """When, the fields, which record, and the same as (source, id)."""


class Line(NamedTuple):
    """A warning in a list."""

    id: str
    level: Level
    title: str
    message: str
    about: str
    age: str
    status: str
    acknowledged: bool


def facts_of(row: WarningRow) -> Facts:
    """What the store has of a warning, as its words want it."""
    return Facts(
        row.subject,
        row.level,
        row.value,
        row.threshold,
        decode_context(row.context),
        _EVIDENCE.decode(row.evidence),
        from_ms(row.opened_at),
        row.rule_version,
    )


def line(row: WarningRow, card: RuleCard | None, reader: Reader) -> Line:
    """One warning of an inbox."""
    said = sentence(row, card, reader)
    found: list[str] = []
    for _, value in about(row, card, reader):
        if not any(value in one for one in (said, *found)):
            found.append(value)
    return Line(
        row.id,
        reader.level(row.level, card),
        title(row, card, reader),
        said,
        " · ".join(found[:_IN_LISTS]),
        reader.age(row.opened_at),
        reader.term("status", row.status),
        row.acknowledged_at is not None,
    )


def name_of(row: WarningRow, card: RuleCard, reader: Reader, field: str) -> str:
    """What people call one of the things that a warning is about; empty if it is about none."""
    return wording.names(card, facts_of(row), reader.listener).get(field, "")


def whom(row: WarningRow, card: RuleCard, reader: Reader) -> str:
    """Whom and what a warning is about, in one line."""
    return wording.whom(card, facts_of(row), reader.listener)


def title(row: WarningRow, card: RuleCard | None, reader: Reader) -> str:
    """The kind of warning: its rule's title."""
    return reader.of(card.title) if card else row.rule


def sentence(row: WarningRow, card: RuleCard | None, reader: Reader) -> str:
    """The rule's sentence about this subject, with names and figures; of what is over, that it is."""
    if card is None or row.blanked_at is not None:
        return row.subject
    if row.status not in ENDS:
        return wording.sentence(card, facts_of(row), reader.listener)
    colon = ": " if reader.language == "en" else "："
    over = texts.of_end(row.status, row.reason, reader.language, card if row.level == "praise" else None)
    return f"{wording.whom(card, facts_of(row), reader.listener)}{colon}{over}"


def about(row: WarningRow, card: RuleCard | None, reader: Reader) -> list[tuple[str, str]]:
    """Whom and what a warning is about: what it is, its name. Nobody whom only its newest record concerns."""
    found = facts_of(row)
    mine = wording.names(card, found, reader.listener)
    if "lesson" in mine:  # a test of a lesson is known by the same words
        mine.pop("test", None)
    return [(reader.term("field", key), mine[key]) for key in _ABOUT if key in mine]


def figures(row: WarningRow, card: RuleCard | None, reader: Reader) -> tuple[str, str]:
    """Value and threshold, in their unit; of what is over, as they were at its end."""
    end = None if row.closed_at is None else from_ms(row.closed_at)
    return wording.figures_with_unit(card, facts_of(row), reader.listener._replace(now=end or reader.now))


def facts(row: WarningRow, card: RuleCard | None, reader: Reader) -> list[tuple[str, str]]:
    """The figures and where they come from."""
    is_open = row.status in ("open", "closed")
    found: list[tuple[str, str | None]] = [
        ("opened_at", reader.time(row.opened_at)),
        ("ended_at", reader.time(row.closed_at) if row.closed_at is not None and not is_open else None),
        ("highest", reader.level(row.highest_level).word if row.highest_level != row.level else None),
        ("deadline", reader.time(row.deadline) if row.deadline is not None and row.status == "open" else None),
        ("due_at", reader.time(row.due_at) if row.due_at is not None else None),
        ("done_at", reader.day(row.done_at) if row.done_at is not None else None),
        ("rule", f"{row.row} {row.rule}" if row.row else row.rule),
        ("standard", row.standard),
        ("source", card.source if card else None),
    ]
    return [(reader.word(key), value) for key, value in found if value]


def records(row: WarningRow, card: RuleCard | None, reader: Reader) -> Records:
    """The records behind a warning, newest first; a lesson or test with its date, course and teacher."""
    found = facts_of(row)
    mine = wording.context_of_subject(card, found)
    shown = [_record(item, found, mine, reader) for item in found.evidence[::-1]]
    said = dict.fromkeys(name for each in shown for name in each)
    columns = [name for name in said if name not in ("teacher", "warning")]  # a warning's id says nothing to people
    if any(each.get("teacher") for each in shown):
        columns.append("teacher")
    return Records(
        [reader.term("field", name) for name in columns],
        [
            (
                reader.instant(item.at),
                [each.get(name, "—") for name in columns],
                f"{item.source} · {item.id}",
                (item.source, item.id),
            )
            for item, each in zip(found.evidence[::-1], shown, strict=True)
        ],
    )


def _record(item: Evidence, found: Facts, mine: Mapping[str, str], reader: Reader) -> dict[str, str]:
    """Its fields in words, in their order."""
    words = {name: reader.named(name, value, found) for name, value in item.fields.items()}
    if "about" in words:  # the subject of another warning: what is known of its parts
        parts = {value: reader.named(name, value, found) for name, value in found.context.items()}
        words["about"] = " · ".join(parts.get(one, one) for one in words["about"].split("/"))
    about = dict(mine) | {name: str(item.fields[name]) for name in _OF_A_LESSON if item.fields.get(name)}
    place = next((name for name in ("lesson", "test") if item.fields.get(name)), None)
    if place is None:
        return words
    facts = found._replace(context=about, evidence=[item])
    words[place] = wording.lesson(place, str(item.fields[place]), facts, reader.listener)
    words.pop("course", None)  # it is said with the lesson, and so is the class
    words.pop("class", None)
    if "course" in about and "class" in about and "teacher" not in words:
        context = {"course": about["course"], "class": about["class"]}
        teachers = reader.directory.holders("course_teacher", context, item.at)
        words["teacher"] = (", " if reader.language == "en" else "、").join(one.name for one in teachers)
    return words


def changed(change: ChangeRow, card: RuleCard | None, reader: Reader) -> str:
    """Value and threshold of one change; of a clock the threshold, which is what had passed then."""
    facts = Facts("", change.level, change.value, change.threshold, {})
    value, threshold = wording.figures_with_unit(card, facts, reader.listener)
    return threshold if card is not None and card.since is not None else f"{value} / {threshold}"


class DisabledLine(NamedTuple):
    """A channel that is not sent to any more."""

    queue: str
    since: str
    reason: str
    people: str


def disabled_channels(found: Sequence[DisabledChannel], reader: Reader) -> list[DisabledLine]:
    """The channels that are disabled, the longest first, each with the people whom it does not reach."""
    by_key: dict[str, list[DisabledChannel]] = {}
    for one in found:
        by_key.setdefault(one.key, []).append(one)
    lines = []
    for first, *others in by_key.values():
        people = [reader.person(one.person) for one in (first, *others)][:_IN_LISTS]
        more = "" if len(others) < _IN_LISTS else " …"
        since, reason = reader.time(first.since), reader.term("reason", first.reason)
        lines.append(DisabledLine(first.queue, since, reason, " · ".join(people) + more))
    return lines


class SetAsideLine(NamedTuple):
    """A change that could not be taken in."""

    number: int
    what: str
    since: str
    tries: int
    why: str


def set_aside(found: Sequence[SetAside], reader: Reader, cards: Cards) -> list[SetAsideLine]:
    """What could not be taken in, by the titles of rules: of whom it is, `prewarn rejected show` says."""
    lines = []
    for one in found:
        card = cards(*one.rule) if one.rule else None
        what = (
            reader.word("set_aside_unreadable") if one.rule is None else reader.of(card.title) if card else one.rule[1]
        )
        # What libraries say behind their first line quotes the values.
        why = render(one.why, reader.language).partition("\n")[0]
        why = why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]} …"
        lines.append(SetAsideLine(one.number, what, reader.instant(one.since), one.tries, why))
    return lines


def verdict_of(found: Dossier, person: str) -> str | None:
    """What the person has said of it last."""
    mine = (act for act in undo.standing(found.acts)[::-1] if (act.person, act.action) == (person, "verdict"))
    return next((act.detail for act in mine), None)


def escalations(found: Dossier, reader: Reader) -> list[tuple[str, str, str]]:
    """Whom a chain tells, when, and what became of it; reminders are not among them."""
    return [
        (reader.role(row.role), reader.time(row.decided_at or row.due_at), reader.term("step", row.status))
        for row in found.escalations
        if row.cause == "unacknowledged" and row.reason != "overtaken"
    ]


def not_told(found: Dossier, reader: Reader) -> list[tuple[str, str, str]]:
    """Who was not told of which change, and why."""
    changes = {change.sequence: reader.term("change", change.change) for change in found.changes}

    def whom(row: DecisionRow) -> str:
        return reader.role(row.whom) if row.stage == "routing" else reader.person(row.whom)

    return [(whom(row), changes.get(row.sequence, ""), reader.term("reason", row.reason)) for row in found.decisions]
