"""Whether a home is sound: what `prewarn doctor` looks at, and mends when it is told to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from services.i18n import say
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
        wrong = _damage(path)
        sound.append(not wrong)
        yield Finding(not wrong, say("operate.file_damaged", path=path, error=wrong) if wrong else _well(path))
    if settings.database_url is None and all(sound):
        yield from _together(log, store)


def forget_state(settings: Settings) -> None:
    """Lets the rules evaluate the log anew at their next start: warnings keep their ids, so nobody is told twice."""
    with closing(sqlite3.connect(settings.home / "prewarn.db", isolation_level=None, timeout=30)) as db:
        db.execute("begin immediate")
        db.execute("delete from state")
        db.execute("delete from meta where name in ('rule_version', 'signatures', 'rules')")
        db.execute("commit")


def _well(path: Path) -> Message:
    return say("operate.file_sound", path=path)


def _damage(path: Path) -> str:
    """What SQLite says is wrong with a file; empty if nothing is."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as db:
            found = [str(row[0]) for row in db.execute("pragma quick_check(3)")]
    except sqlite3.Error as error:
        return str(error)
    return "" if found == ["ok"] else "; ".join(found)


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
