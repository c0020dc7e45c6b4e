"""A file of SQLite that cannot be opened or written, and what SQLite does not say: its disk is full, or read-only."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.errors import LogError
from services.i18n import say
from services.messages import Message

LEAST_FREE = 8
"""MiB below which a disk counts as full: what is under way needs some, and SQLite as much again for a checkpoint."""


def full(folder: Path) -> Message | None:
    """That the disk of a folder is full, if it is. Raises OSError if the folder is not there."""
    free = shutil.disk_usage(folder).free >> 20
    return say("log.disk_full", free=free, folder=folder) if free < LEAST_FREE else None


def read_only(folder: Path) -> Message | None:
    """That the disk of a folder may only be read, if so: mounted like that, or turned so by the system after an error.

    Raises OSError if the folder is not there.
    """
    if not hasattr(os, "statvfs") or not os.statvfs(folder).f_flag & os.ST_RDONLY:  # Windows has none
        return None
    return say("log.disk_read_only", folder=folder)


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    """One commit of the database at `path`, or nothing of it. Raises LogError."""
    try:
        db.execute("begin immediate")
        try:
            yield db
            db.execute("commit")
        except BaseException:
            if db.in_transaction:  # a full disk has rolled back already
                db.execute("rollback")
            raise
    except sqlite3.Error as error:
        raise LogError(say("log.log_cannot_be_written", error=reason(path, error))) from error


def reason(path: Path, error: object) -> Message | str:
    """Why a database at `path` could not be opened, read or written: its disk, else what SQLite said."""
    try:
        found = read_only(path.parent) or full(path.parent)
    except OSError:
        found = None
    return found or (error if isinstance(error, Message) else str(error))
