"""Whether a home is sound: what `prewarn doctor` looks at, and mends when it is told to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from services.i18n import say
from services.log import disk
from services.messages import Message
from services.settings import Settings

_POSITIONS = "select consumer, position from position where consumer in ('log', 'warnings')"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    well: bool
    what: Message


def look(settings: Settings) -> Iterator[Finding]:
    """What is well and what is not. Changes nothing, and reads past what is damaged."""
    log, store = settings.home / "prewarn.db", settings.home / "notify.db"
    places = [log] if settings.database_url else [log, store]
    sound = []
    for path in places:
        found = _of_file(path)
        sound.append(found.well)
        yield found
    if settings.database_url is None and all(sound):
        yield from _together(log, store)


def forget_state(settings: Settings) -> None:
    """Lets the rules evaluate the log anew at their next start: warnings keep their ids, so nobody is told twice."""
    with closing(sqlite3.connect(settings.home / "prewarn.db", isolation_level=None, timeout=30)) as db:
        db.execute("begin immediate")
        db.execute("delete from state")
        db.execute("delete from meta where name in ('rule_version', 'signatures', 'rules')")
        db.execute("commit")


def _of_file(path: Path) -> Finding:
    """Damaged is what SQLite has read and found so: a full disk, or one that may only be read, damages nothing."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as db:
            found = [str(row[0]) for row in db.execute("pragma quick_check(3)")]
    except sqlite3.OperationalError as error:
        return Finding(False, say("operate.file_not_read", path=path, why=disk.reason(path, error)))
    except sqlite3.Error as error:
        found = [str(error)]
    if found == ["ok"]:
        return Finding(True, say("operate.file_sound", path=path))
    return Finding(False, say("operate.file_damaged", path=path, error="; ".join(found)))


def _together(log: Path, store: Path) -> Iterator[Finding]:
    with closing(sqlite3.connect(log)) as journal, closing(sqlite3.connect(store)) as notify:
        meta = dict(journal.execute("select name, value from meta where name in ('identity', 'taken_in')"))
        last = journal.execute("select coalesce(max(offset), 0) from change").fetchone()[0]
        at = dict(notify.execute(_POSITIONS))
    known, taken = at.get("log"), at.get("warnings", 0)
    well = (known is None and "taken_in" not in meta) or str(known) == meta.get("identity")
    yield Finding(
        well and taken <= last,
        say("operate.stores_together", taken=taken, last=last)
        if well and taken <= last
        else say("operate.stores_apart", taken=taken, last=last),
    )
