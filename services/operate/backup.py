"""A copy of a home that can be put back, made while the process runs, and the way back.

Notify's store is copied before the event log: what it has taken in, the log then has, too, and what it lacks it takes
in from the log after the restore. Each database is copied in one read transaction of SQLite. Rules, directory and all
other files are copied as they lie there; a pipe or a socket among them is none.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from services import __version__
from services.errors import ConfigurationError, LogError
from services.i18n import say
from services.log import disk
from services.operate.doctor import look
from services.settings import Settings

DATABASES = ("notify.db", "prewarn.db")
"""In the order in which they are copied."""
_MANIFEST = "backup.json"
_PARTIAL = ".partial"


class Manifest(msgspec.Struct, kw_only=True):
    """What stands beside the copies."""

    version: str
    """Of Prewarn."""
    made_at: datetime
    store: bool
    """Whether notify's store is in it; else it is a server's, and its own tools copy it."""


def back_up(settings: Settings, target: Path, now: datetime) -> Manifest:
    """Copies the home to a new folder, which is there whole or not at all.

    Raises ConfigurationError if the folder is there, or lies in the home; LogError if something cannot be copied.
    """
    home = settings.home
    if target.exists():
        raise ConfigurationError(say("operate.backup_exists", folder=target))
    if target.resolve().is_relative_to(home.resolve()):
        raise ConfigurationError(say("operate.backup_inside", folder=target, home=home))
    manifest = Manifest(version=__version__, made_at=now, store=settings.database_url is None)
    partial = target.with_name(target.name + _PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True, mode=0o700)
        for name in DATABASES:
            if (home / name).exists() and (manifest.store or name != "notify.db"):
                _copy_database(home / name, partial / name)
        _copy_files(home, partial)
        (partial / _MANIFEST).write_bytes(msgspec.json.encode(manifest))
        _sync(partial)
        partial.rename(target)
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(partial, ignore_errors=True)
        why = disk.reason(target, disk.reason(home / DATABASES[0], error))
        raise LogError(say("operate.not_copied", folder=target, error=why)) from error
    return manifest


def restore(settings: Settings, source: Path) -> Manifest:
    """Puts a copy into a home that is empty, or not there.

    Raises ConfigurationError if it is no copy, a damaged one, or the home holds something; LogError as `back_up`.
    """
    home = settings.home
    try:
        manifest = msgspec.json.decode((source / _MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigurationError(say("operate.no_backup", folder=source, error=error)) from error
    if home.exists() and any(home.iterdir()):
        raise ConfigurationError(say("operate.home_not_empty", home=home))
    if manifest.store and (wrong := [one.what for one in look(Settings(home=source)) if not one.well]):
        raise ConfigurationError(*wrong)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in DATABASES:
            if (source / name).exists():
                _copy_database(source / name, home / name)
        _copy_files(source, home)
        _sync(home)
    except (OSError, sqlite3.Error) as error:
        raise LogError(say("operate.not_copied", folder=home, error=disk.reason(home / DATABASES[0], error))) from error
    return manifest


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source, timeout=30)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _copy_files(source: Path, target: Path) -> None:
    for path in sorted(source.iterdir()):
        if path.name == _MANIFEST or path.name.startswith(DATABASES) or path.suffix in (".lock", _PARTIAL):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, target / path.name, symlinks=True, ignore=_no_files)
        elif _is_file(path):
            shutil.copy2(path, target / path.name, follow_symlinks=False)


def _no_files(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not (_is_file(Path(folder, name)) or Path(folder, name).is_dir())]


def _is_file(path: Path) -> bool:
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def _sync(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            continue
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
