"""Somebody is erased: in log, records, store, files and directory they are a pseudonym from then on.

Each step is one commit, and the directory, which knows the names, comes last: cut short anywhere, the same call does
the rest, under the same pseudonym.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from services import directory as directories
from services.directory import Directory
from services.directory.loading import PREVIOUS
from services.directory.oneroster.files import STATE
from services.directory.renaming import last_days, means_something_else, renamed, rows_of
from services.errors import ConfigurationError
from services.i18n import say
from services.log import erasure as journal_erasure
from services.log.erased import Erased
from services.messages import Message, Problem, to_ms
from services.notify.lock import HomeLock
from services.notify.rows import ErasureRow
from services.notify.store import erasure as store_erasure
from services.notify.store.engine import Store
from services.operate.persons import files
from services.operate.persons.naming import Names, names_of, new_warning_ids, rule_texts
from services.settings import Settings

if TYPE_CHECKING:
    from services.log.postgres_erasure import SharedRecords

Publish = Callable[[Directory], None]


class Erasure(NamedTuple):
    """What an erasure would do."""

    id: str
    pseudonym: str
    names: Names
    erased: Erased
    counts: dict[str, int]
    """Table or file → rows or lines that are written anew."""
    refused: list[Message]
    """Why it cannot be done now."""
    left: list[Path]
    """Files of somebody else in the home, which stay as they are."""


def plan(settings: Settings, directory: Directory, id_: str, now: datetime) -> Erasure:
    """Looks at everything and changes nothing. Raises ConfigurationError if nothing is held; LogError."""
    erased = erased_of(settings)
    pseudonym = erased.add(id_)
    names = names_of(directory, settings, id_, pseudonym)
    with _store(settings) as database:
        names = names._replace(ids=names.ids | _warning_ids(settings, database, id_, names))
        renaming = names.renaming
        counts: dict[str, int] = {}
        if database is not None:
            with database.reading() as connection:
                counts |= store_erasure.mentions(connection, renaming)
                still_open = store_erasure.open_about(connection, id_)
        else:
            still_open = 0
    counts |= _kept_of_log(settings, names)
    counts |= {f"directory/{name}": len(rows) for name, rows in rows_of(directory.tables, id_).items()}
    counts |= {str(path.relative_to(settings.home)): 1 for path in files.ours(settings.home, renaming)}
    if not counts:
        raise ConfigurationError(say("operate.nothing_held", id=id_))
    refused = list(_refusals(settings, directory, id_, names, now))
    if still_open:
        refused.append(say("operate.person_has_open", id=id_, count=still_open))
    return Erasure(id_, pseudonym, names, erased, counts, refused, files.theirs(settings.home, renaming))


def erase(
    settings: Settings,
    directory: Directory,
    found: Erasure,
    now: datetime,
    *,
    author: str,
    reason: str,
    publish: Publish | None,
) -> dict[str, int]:
    """Does it, and writes a line of the audit trail; returns how many rows or lines by table or file.

    `publish`: of a cluster, what makes a directory the one in use. Raises ConfigurationError if the plan was refused,
    the reason names them, or another process works in the home; LogError.
    """
    renaming = found.names.renaming
    if found.refused:
        raise ConfigurationError(*found.refused)
    if renaming.text(reason) != reason or renaming.text(author) != author:
        raise ConfigurationError(say("operate.reason_names_them"))
    kept = found.erased.written()
    with _alone(settings), _store(settings) as database:
        counts: dict[str, int] = {}
        if settings.brokers:
            counts |= _shared(settings).rename(renaming, kept)
        elif (journal := _journal(settings)).is_file():
            counts |= journal_erasure.rename(journal, renaming, kept)
        if database is not None:
            with database.writing() as connection:
                counts |= store_erasure.rename(connection, found.id, renaming)
        for path in files.ours(settings.home, renaming):
            files.rewrite(path, renaming)
            counts[str(path.relative_to(settings.home))] = 1
        if rows := rows_of(directory.tables, found.id):
            counts |= {f"directory/{name}": len(ones) for name, ones in rows.items()}
            new = renamed(directory.tables, found.id, found.pseudonym, renaming.text)
            if publish is not None:
                publish(Directory(new, directory.time_zone))
            else:
                _install(settings, Directory(new, directory.time_zone))
        shutil.rmtree(settings.home / f"directory{PREVIOUS}", ignore_errors=True)
        if database is not None:
            line = ErasureRow(
                at=to_ms(now),
                pseudonym=found.pseudonym,
                author=author,
                reason=reason,
                counts=msgspec.json.encode(counts).decode(),
            )
            with database.writing() as connection:
                store_erasure.record(connection, line)
            store_erasure.clean(database)
    return counts


def erased_of(settings: Settings) -> Erased:
    """Who was erased of this home or topic prefix so far. Raises LogError."""
    if settings.brokers:
        return Erased.read(_shared(settings).kept())
    journal = _journal(settings)
    return Erased.read(journal_erasure.kept_in(journal) if journal.is_file() else "")


def erased_in(settings: Settings, directory: Directory) -> list[Problem]:
    """Who is named in a directory and was erased. Raises LogError."""
    erased = erased_of(settings)
    rows = [("people", one.id) for one in directory.tables.people]
    rows += [("students", one.id) for one in directory.tables.students]
    return [
        Problem(
            where=table,
            what=say("directory.erased_again", id=id_, pseudonym=pseudonym),
            expected=say("directory.erased_again_right"),
        )
        for table, id_ in dict.fromkeys(rows)
        if (pseudonym := erased.pseudonym(id_)) is not None
    ]


def known_again(settings: Settings, directory: Directory) -> None:
    """Who is named in a directory counts as erased no more. Raises LogError."""
    erased = erased_of(settings)
    if not erased.people:
        return
    for id_ in [one.id for one in directory.tables.people] + [one.id for one in directory.tables.students]:
        erased.forget(id_)
    if settings.brokers:
        _shared(settings).keep(erased.written())
    elif (journal := _journal(settings)).is_file():
        journal_erasure.keep(journal, erased.written())


def _refusals(settings: Settings, directory: Directory, id_: str, names: Names, now: datetime) -> Iterator[Message]:
    if kind := means_something_else(directory.tables, id_):
        yield say("operate.id_means_more", id=id_, kind=kind)
    today = now.date()
    ends = last_days(directory.tables, id_)
    if any(one is None or one >= today for one in ends):
        yield say("operate.person_still_there", id=id_)
    for path in rule_texts(settings):
        raw = path.read_bytes()
        if names._replace(doubtful={}).renaming.raw(raw) != raw:
            yield say("operate.rules_name_them", path=path, id=id_)


def _kept_of_log(settings: Settings, names: Names) -> dict[str, int]:
    if settings.brokers:
        return _shared(settings).mentions(names.renaming)
    journal = _journal(settings)
    return journal_erasure.mentions(journal, names.renaming) if journal.is_file() else {}


def _warning_ids(settings: Settings, database: Store | None, id_: str, names: Names) -> dict[str, str]:
    journal = _journal(settings)
    said = journal_erasure.warnings_of(journal) if journal.is_file() and not settings.brokers else []
    known: list[store_erasure.Named] = []
    if database is not None:
        with database.reading() as connection:
            known = store_erasure.warnings_about(connection, id_)
    return new_warning_ids(said, known, names.renaming)


def _install(settings: Settings, new: Directory) -> None:
    with tempfile.TemporaryDirectory(dir=settings.home, prefix=".directory-") as name:
        folder = Path(name)
        directories.write(new.tables, folder)
        state = settings.directory_folder / STATE
        if state.is_dir():
            shutil.copytree(state, folder / STATE)
        directories.install(folder, settings.directory_folder)


def _journal(settings: Settings) -> Path:
    return settings.home / "prewarn.db"


def _shared(settings: Settings) -> SharedRecords:
    from services.log.postgres_erasure import SharedRecords  # noqa: PLC0415 - psycopg costs one process time
    from services.log.postgres_records import address_of  # noqa: PLC0415 - as above

    return SharedRecords(address_of(settings.records_url), settings.topic_prefix)


@contextmanager
def _store(settings: Settings) -> Iterator[Store | None]:
    if not settings.has_store:
        yield None
        return
    with closing(Store(settings.store_url)) as database:
        yield database


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Nobody else evaluates or tells in this home. Raises ConfigurationError."""
    if settings.brokers:
        yield
        return
    lock = HomeLock(settings.home)
    with ExitStack() as held:
        evaluator = held.enter_context((settings.home / "evaluator.lock").open("w"))
        try:
            fcntl.flock(evaluator, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(say("operate.stop_first", home=settings.home)) from None
        if lock.take() is None:
            raise ConfigurationError(say("operate.stop_first", home=settings.home))
        held.callback(lock.give)
        yield
