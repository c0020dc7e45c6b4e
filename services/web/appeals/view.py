"""What pages show of a record, and of an appeal against it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from services.ingest.phone.appealed import OneRecord
from services.ingest.phone.saving import CHECK_IN, SOURCE
from services.messages import from_ms
from services.notify.appeals import AppealRow
from services.notify.texts import number
from services.web.phone.lesson_words import day_of
from services.web.reader import Reader


class RecordShown(NamedTuple):
    """A record in front of people."""

    path: str
    """Of the page on which it is appealed against, as our routes have it, escaped."""
    course: str
    day: str
    what: str
    """`旷课`, `52 / 100`."""
    by: str
    """Who says so."""


class AppealShown(NamedTuple):
    """An appeal in a list."""

    id: int
    student: str
    course: str
    day: str
    what: str
    claim: str
    state: str
    until: str
    """When it goes up; empty: it does not."""


def path_of(kind: str, key: str) -> str:
    """The page on which a record is appealed against."""
    return f"/records/{kind}/{quote(key, safe='/')}/appeal"


def record_shown(one: OneRecord, reader: Reader) -> RecordShown:
    """As a student knows it."""
    day = day_of(one.lesson, reader) if one.lesson is not None else reader.instant(one.at)
    course = one.about("course")
    named = reader.named("course", course) if course else reader.word("lesson_without_course")
    return RecordShown(path_of(one.kind, one.key), named, day, word_of(one, reader), says(one, reader))


def word_of(one: OneRecord, reader: Reader) -> str:
    """What the record says, in words."""
    if one.event is None:
        return reader.word("appeal_nothing")
    if one.kind == "test":
        return f"{one.was} / {number(one.highest)}" if one.was else reader.term("value", one.about("status"))
    minutes = one.data.get("minutes_late")
    more = f" ({reader.word('appeal_minutes', n=number(minutes))})" if minutes is not None else ""
    return reader.term("value", one.was) + more


def says(one: OneRecord, reader: Reader) -> str:
    """Who says so: whoever took it, else the source."""
    by = one.about("taken_by")
    if by:
        return reader.word("appeal_by", who=reader.person(by))
    return "" if one.event is None else reader.word("appeal_by", who=source(one.event.source, reader))


def source(name: str, reader: Reader) -> str:
    """What people call a source."""
    if name in (SOURCE, CHECK_IN):
        return reader.word(f"appeal_source_{name.replace('-', '_')}")
    return reader.named("source_name", name)


def value(kind: str, what: str, reader: Reader) -> str:
    """What a record said, or says now, as an appeal keeps it."""
    return what if kind == "test" else reader.term("value", what)


def appeal_shown(row: AppealRow, reader: Reader) -> AppealShown:
    """An appeal as a line of a list."""
    assert row.id is not None
    return AppealShown(
        row.id,
        reader.named("student", row.student),
        reader.named("course", row.course) if row.course else reader.word("lesson_without_course"),
        reader.instant(from_ms(row.record_at)),
        value(row.kind, row.was, reader),
        reader.word(f"appeal_claim_{row.claim}"),
        row.state,
        reader.time(row.due_at) if row.due_at is not None else "",
    )
