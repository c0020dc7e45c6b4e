"""What the services say to each other. Plain data, no I/O.

Times are RFC 3339 on the wire and time-zone-aware `datetime` here; the engine counts in whole milliseconds since
1970-01-01T00:00Z (`to_ms`, `from_ms`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Literal

import msgspec

Json = dict[str, Any]
"""A JSON object whose fields a schema knows or nobody does: an event's data, a schema itself, what others answer."""
Level = Literal["praise", "yellow", "orange", "red"]
Change = Literal["opened", "raised", "lowered", "resolved", "withdrawn"]
Mode = Literal["live", "shadow", "warm-up", "replay", "past"]

ENDING = "ending"
"""Kind of the events, made by Prewarn alone, that end all subjects which name somebody."""

ENDS: tuple[Change, ...] = ("resolved", "withdrawn")
"""Changes behind which a warning is not open any more."""

LEVELS: tuple[Level, ...] = ("praise", "yellow", "orange", "red")
RANK: dict[Level, int] = {level: rank for rank, level in enumerate(LEVELS)}
"""The order of the levels, lowest first; notify's store holds these numbers."""
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are none of ours: a value that is nested thousands deep is one of them."""
FOREVER = 1 << 62
"""An instant that never comes, in milliseconds."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970-01-01T00:00Z of an aware datetime; finer digits are cut off."""
    return (moment - EPOCH) // MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The UTC datetime of whole milliseconds since 1970-01-01T00:00Z."""
    return EPOCH + timedelta(0, 0, milliseconds * 1000)


def key_part(value: str) -> str:
    """One of several values in a subject's key: a slash inside it is written %2F."""
    return value.replace("/", "%2F")


def key_value(part: str) -> str:
    """The value that `key_part` has written."""
    return part.replace("%2F", "/")


def joined_key(values: Iterable[str]) -> str:
    """The values of several names, joined by slashes."""
    return "/".join([key_part(value) for value in values])


def subject_key(values: Sequence[str]) -> str:
    """The key of a subject: the values of the rule's `by`. One value stands as it is; without any it is the college."""
    return joined_key(values) if len(values) > 1 else values[0] if values else "college"


def key_values(key: str) -> list[str]:
    """The values that `joined_key` has joined."""
    return [key_value(part) for part in key.split("/")]


def in_key(value: str | None, key: str) -> bool:
    """Whether it is one of the values of a subject's key: what the subject is, and not only what it has to do with."""
    return value is not None and (value == key or value in key_values(key))


OPTIONAL_PART = re.compile(r"\[([^\[\]{}]*\{[^\[\]]*)\]")
"""Of a rule's message: what is left out where a placeholder in it has no value. Brackets without one are text."""

_FOLLOWS: dict[str, tuple[str, ...]] = {
    "student": ("class",),
    "class": ("cohort", "major", "department"),
    "major": ("department",),
    "course": ("teaching_office",),
    "teacher": ("teacher_stage",),
    "lesson": ("course", "class", "teacher", "room"),
    "test": ("lesson", "course", "teacher"),
    "ticket": ("category", "priority", "location", "department", "responsible"),
    "task": ("department",),
    "subject": ("indicator", "period", "student", "class", "course", "teacher", "major", "department"),
    "warning": ("rule",),
}
"""Field → what it determines: each student is of one class."""


def determined(by: Iterable[str]) -> frozenset[str]:
    """The fields that are the same in all records of a subject with these names; the others are the newest record's."""
    found: set[str] = set()
    waiting = list(by)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _FOLLOWS.get(name, ())
        if {"course", "class"} <= found and "teacher" not in found:
            waiting.append("teacher")
    return frozenset(found)


def near_words(word: str, known: Iterable[str], most: int = 1, cutoff: float = 0.6) -> list[str]:
    """The known words that were probably meant, the nearest first."""
    return get_close_matches(word, list(known), most, cutoff)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant; empty if none is near."""
    return next(iter(near_words(word, known)), "")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A text for people: which one of the catalogue (services/i18n), what fills it, and how it reads in English.

    `i18n.say` makes one, `i18n.render` says it in a language.
    """

    id: str
    """`area.name`."""
    parameters: dict[str, Message | str]
    english: str

    def __str__(self) -> str:
        return self.english

    def __hash__(self) -> int:
        return hash(self.english)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with somebody's input: where, what, and what would be right.

    A str is what no catalogue has: a value, a name, words of a library, or what an older version wrote.
    """

    where: str
    """`file:line:col` for text, `file row 7, column score` for tables, `data.score` for a field of an event."""
    what: Message | str
    expected: Message | str = ""

    def in_english(self) -> Problem:
        """With plain texts, for JSON that others read."""
        return msgspec.structs.replace(self, what=str(self.what), expected=str(self.expected))

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" (expected: {self.expected})" if self.expected else "")


class CampusEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="specversion", tag="1.0"):
    """One event as it is in the log: a CloudEvents 1.0 JSON object whose `type` is Prewarn's kind.

    Identity is (`source`, `id`); of several revisions the highest counts, in whatever order they come.
    """

    source: str
    id: str
    kind: str = msgspec.field(name="type")
    time: datetime
    """When it occurred (occurred_at)."""
    revision: int = 0
    retracted: bool = False
    recordedat: datetime | None = None
    """When the source recorded it."""
    term: str | None = None
    past: datetime | None = None
    """It was handed in as history, at this instant: what follows from it is shown and nobody is told."""
    data: Json
    """Conforms to schemas/<kind>.v1.json; ingest adds department, major … from the directory as of `time`."""


class Rejection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An input that did not become an event, with every reason and its original bytes, so that nothing is lost."""

    received_at: datetime
    origin: str
    """File name, or `api`."""
    position: str
    """`row 17`, `line 3`, `event 2`: where in the origin."""
    reasons: list[Problem]
    raw: bytes
    source: str | None = None
    """The event's source where it could be read: rejects count against it."""

    def in_english(self) -> Rejection:
        """With plain texts, for JSON that others read."""
        return msgspec.structs.replace(self, reasons=[one.in_english() for one in self.reasons])


Verdict = Literal["accepted", "duplicate", "conflict", "other_key", "erased"]
"""What the log says of an event: new; known with the same content; known with other content at the same revision;
known, but about something else; about somebody who was erased."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record behind a warning."""

    source: str
    id: str
    at: datetime
    fields: Json = {}


class WarningFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of a warning at one moment. For a closed one: at the instant at which it closed."""

    warning_id: str
    """uuid5 of (rule, subject, number of the episode)."""
    level: Level
    """The present level; of a closed warning the last one it had."""
    highest_level: Level
    value: float | None
    threshold: float | None
    window: str
    evidence: list[Evidence]
    """Newest last, at most 50; a function of the present window alone."""
    opened_at: datetime
    closed_at: datetime | None = None
    first_event: str | None
    """`source id` of the event that opened it; none if time alone did."""
    context: dict[str, str]
    """Who and what it is about: student, class, course, teacher, lesson, department, major … as of the newest event."""


class WarningChange(msgspec.Struct, frozen=True, kw_only=True):
    """One transition of one warning. (`warning_id`, `sequence`) is the idempotency key down to the outbox."""

    warning_id: str
    sequence: int
    change: Change
    rule: str
    rule_version: str
    """Content hash of the rule set that decided."""
    row: str | None
    standard: str | None
    subject: str
    """Values of the rule's `by`, joined by `/`."""
    reason: str
    """Named reason: threshold_reached, time_passed, late_record, correction, retraction, rule_changed …"""
    at: datetime
    """Event time of the transition; of one that a correction makes afterwards, not before that of the change before."""
    mode: Mode
    facts: WarningFacts


class WarningReading(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a warning that changed without a transition (a value, a late record in a closed one): overwrite them."""

    rule: str
    subject: str
    at: datetime
    facts: WarningFacts


class Changes(msgspec.Struct, frozen=True):
    """What one evaluation step publishes: a message on `campus.warnings`, a row of the embedded log."""

    changes: list[WarningChange]
    readings: list[WarningReading]


class Text(msgspec.Struct, frozen=True):
    """One text for people, in both languages."""

    zh: str
    en: str


class EscalationStep(msgspec.Struct, frozen=True, kw_only=True):
    """After so long without anybody taking it up, `to` is told as well."""

    after: float = 0
    """Seconds of the clock."""
    service: float = 0
    """Seconds of service hours instead."""
    days: int = 0
    """Working days instead: at the same time of day on the last of them."""
    to: str


GRADE = "grade"
"""The unit of what is a level itself: what a case adds up to."""


class RuleCard(msgspec.Struct, frozen=True, kw_only=True):
    """What notify must know of a rule: published with each rule set, found by (rule_version, rule)."""

    rule: str
    row: str | None
    title: Text
    message: Text
    """With {placeholders}: the names in the facts' context, and value, threshold, level, subject."""
    source: str
    """The passage of the plan that asks for the rule."""
    to: list[str]
    """Roles that are told."""
    escalate: list[EscalationStep] = []
    always: bool = False
    """Never silenced, nor held over night: safety."""
    outcome: str | None = None
    """Field of the evidence that names who hears how it ended: the one who had raised it."""
    tell_from: Level | None = None
    """Below this level it is shown and in summaries, and nobody is sent anything."""
    mutes: list[str] = []
    """Rows whose warnings about the same subject, or a part of it, are part of this one: while it is open, messages
    about those of lower levels wait."""
    max_age: float | None = None
    """Seconds instead of the college's: openings and rises over what was known longer ago are shown and not told."""
    settle: float | None = None
    """Its figure is made of many records: an opening or a rise is told when for so many seconds nothing more came."""
    by_absence: bool = False
    """It is about what did not come: after an outage it waits for the sources."""
    summary: float | None = None
    """It sums up results instead of warning: sent when for so many seconds nothing more came."""
    by: list[str] | None = None
    """The names of its subject; None: its card is of a release that did not say."""
    since: str | None = None
    """Whence a clock runs: a field of the evidence; empty: the time of the record; None: there is no clock."""
    unit: str = ""
    """In which unit value and threshold are, as the standard or the measure says; empty: unknown."""
    estimated: bool = False
    """The value is a forecast: told in whole numbers, where that tells it from the threshold."""
    mode: Mode = "live"
