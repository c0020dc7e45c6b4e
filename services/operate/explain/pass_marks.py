"""The pass marks that teachers have set for their lesson tests: `standards show` names them beside the standards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime

from services.clock import wall_clock
from services.directory import Directory
from services.ingest.records.test_standards import began, standard_at
from services.log.journal import Journal
from services.log.journal_records import JournalRecords
from services.log.records import Records
from services.messages import FOREVER, CampusEvent
from services.notify.texts import Language
from services.operate.explain.answered import PassMark
from services.operate.explain.words import saying
from services.operate.reasons.sentences import number
from services.settings import Settings

_KIND = "test_standard"


def pass_marks(settings: Settings, asked: Mapping[str, str], directory: Directory, at: datetime) -> list[PassMark]:
    """Those of a teacher or a course, in force at `at` or later. Raises LogError.

    `asked`: what the question names. The home's records are read, or on Kafka those of ingest's database.
    """
    if asked.keys().isdisjoint(("teacher", "course")):
        return []
    with _records(settings) as records:
        said = [
            record.told.event
            for record in (records.between(_KIND, -1, FOREVER) if records is not None else ())
            if record.told is not None and record.told.counts and not record.told.event.retracted
        ]
    wanted = [one for one in said if all(one.data[name] == asked.get(name, one.data[name]) for name in _NAMED)]
    return [_plain(one, directory, at) for one in sorted(_still(wanted, at), key=_order)]


_NAMED = ("teacher", "course")


@contextmanager
def _records(settings: Settings) -> Iterator[Records | None]:
    path = settings.home / "prewarn.db"
    if settings.brokers:
        from services.log.postgres_records import address_of, reading  # noqa: PLC0415 - psycopg costs one process time

        with reading(address_of(settings.records_url), settings.topic_prefix) as shared:
            yield shared
    elif path.is_file():
        with closing(Journal(path, wall_clock)) as journal, JournalRecords(journal).reading() as records:
            yield records
    else:
        yield None


def _still(said: Iterable[CampusEvent], at: datetime) -> Iterator[CampusEvent]:
    """Of each teacher and course the one that holds at an instant, and those that begin behind it."""
    of: dict[tuple[str, ...], list[CampusEvent]] = {}
    for one in said:
        of.setdefault(_order(one)[:2], []).append(one)
    for (teacher, _), ones in of.items():
        holds = standard_at(ones, teacher, at)
        yield from (one for one in ones if one is holds or began(one) > at)


def _order(one: CampusEvent) -> tuple[str, str, datetime]:
    return one.data["teacher"], one.data["course"], began(one)


def _plain(one: CampusEvent, directory: Directory, at: datetime) -> PassMark:
    data = one.data
    return PassMark(
        teacher=data["teacher"],
        course=data["course"],
        names=directory.names({name: data[name] for name in _NAMED}),
        pass_score=data["pass_score"],
        max_score=data["max_score"],
        questions=data.get("questions", ""),
        begins=began(one).astimezone(at.tzinfo).isoformat(timespec="minutes"),
        in_force=began(one) <= at,
    )


def pass_mark_lines(found: Iterable[PassMark], language: Language) -> list[str]:
    """What a person reads; nothing of none."""
    say = saying(language)
    lines = [
        say(
            "operate.pass_mark",
            sign="✓" if one.in_force else "✗",
            teacher=one.names["teacher"],
            course=one.names[f"course_{language}"],
            passes=number(one.pass_score),
            most=number(one.max_score),
            begins=one.begins,
        )
        for one in found
    ]
    return ["", say("operate.pass_marks"), *lines] if lines else []
