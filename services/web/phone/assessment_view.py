"""Of a month's assessment what its page shows: its name and how far it is, and a row for each student. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from services.ingest.phone.assessment import RATINGS, Assessed, Assessment, Mark, Month
from services.web.reader import Reader

PATH = "/assessments"
DIMENSIONS = ("overall", *RATINGS)


class Head(NamedTuple):
    """Which assessment it is, in front of people."""

    path: str
    """Of its page, as our routes have it, escaped."""
    month: str
    course: str
    class_: str
    due: str
    """The day by which it is due; empty where nothing says so."""
    is_late: bool
    done: int
    expected: int


class Row(NamedTuple):
    """A student on the page."""

    id: str
    path: str
    """As which they stand in an address, escaped."""
    name: str
    grades: Mapping[str, str]
    """overall, attitude, skill, classroom → what is chosen."""
    comment: str
    is_saved: bool
    last: str
    """Last month's, in words; empty: none."""
    last_grades: str
    """The same for the script: grades, one behind the other."""
    there: str
    """Since or until when they were of the class, where that is not all of the month."""
    exempt: str
    otherwise: str
    """What somebody else has said meanwhile, where that is another thing."""
    is_partly: bool
    """Something was typed, though not the grade that counts."""


def path_of(month: Month) -> str:
    """The address of the page of a month."""
    return "/".join([PATH, *map(_escaped, month)])


def head(found: Assessment, reader: Reader) -> Head:
    """What an assessment is called, how far it is and until when it has time."""
    month, due = found.month, found.facts.due
    # It is over at midnight: people call it by the day before.
    day = (due - timedelta(seconds=1)).astimezone(reader.zone) if due is not None else None
    return Head(
        path_of(month),
        _month(month, reader),
        reader.named("course", month.course),
        reader.named("class", month.class_),
        f"{day:%m-%d}" if day is not None else "",
        due is not None and due < reader.now,
        len(found.coming) - found.missing,
        len(found.coming),
    )


def digest(mark: Mark) -> str:
    """Of what a page shows; blanks in a comment do not matter, as fields change them."""
    plain = mark._replace(comment=" ".join(mark.comment.split()))
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()[:10]


def version_shown(one: Assessed) -> str:
    """What a page shows of a student, so that what nobody has touched is not sent, and nothing unseen overwritten."""
    return f"{one.version}.{digest(one.mark)}"


def row(one: Assessed, mine: Mark | None, reader: Reader, clash: bool) -> Row:
    """A student; `mine`: what was typed and is not saved, `clash`: though something else was said meanwhile."""
    mark = one.mark if mine is None else mine
    otherwise = clash and mine is not None and digest(mine) != digest(one.mark) and not one.mark.is_empty
    since = reader.word("assess_joined", day=f"{one.joined:%m-%d}") if one.joined is not None else ""
    is_partly = mine is not None and not mine.is_empty and not mine.overall
    until = reader.word("assess_left", day=f"{one.left:%m-%d}") if one.left is not None else ""
    return Row(
        one.student,
        _escaped(one.student),
        reader.person(one.student),
        dict(zip(DIMENSIONS, (mark.overall, *mark.ratings), strict=True)),
        mark.comment,
        not one.mark.is_empty,
        _words(one.last, reader),
        " ".join(grade or "-" for grade in (one.last.overall, *one.last.ratings)) if one.last.overall else "",
        " · ".join(filter(None, (since, until))),
        one.exempt,
        _words(one.mark, reader) if otherwise else "",
        is_partly,
    )


def _words(mark: Mark, reader: Reader) -> str:
    """`总体 好 · 技能 中 · “…”`."""
    grades = zip(DIMENSIONS, (mark.overall, *mark.ratings), strict=True)
    found = [f"{reader.word(f'assess_{name}')} {reader.term('value', grade)}" for name, grade in grades if grade]
    return " · ".join([*found, *([f"“{mark.comment}”"] if mark.comment else [])])


def _month(month: Month, reader: Reader) -> str:
    year, number = month.period.split("-")
    return reader.word("assess_month", y=year, m=int(number))


def _escaped(id_: str) -> str:
    """Twice, as a server undoes it once: ids may hold any characters, slashes too."""
    return quote(quote(id_, safe=""), safe="")
