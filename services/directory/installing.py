"""A checked folder takes the place of the one in use, as a whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from services.directory.loading import PREVIOUS, load
from services.directory.oneroster.files import STATE
from services.directory.reading import table_files


def install(source: Path, home_directory: Path) -> None:
    """Check the folder `source` and copy its files to `home_directory`, the folder that the embedded mode loads.

    The copy is complete and on disk before it is renamed into place. A folder cannot be renamed over another, so for an
    instant only `<name>.previous` exists; `load` then reads that one, also after a crash in between. The previous
    folder stays until the next installation of something else. Raises DirectoryError and changes nothing when `source`
    is not right.
    """
    load(source)
    home_directory.parent.mkdir(parents=True, exist_ok=True)
    previous = home_directory.with_name(home_directory.name + PREVIOUS)
    fresh = Path(tempfile.mkdtemp(prefix=f".{home_directory.name}-", dir=home_directory.parent))
    try:
        for path in table_files(source):
            _copy(path, fresh / path.name)
        _remember(source if (source / STATE).is_dir() else home_directory, fresh)
        load(fresh)  # what was copied, not what was there a moment before
        if home_directory.is_dir() and _files(fresh) == _files(home_directory):
            return
        _sync(fresh)
        if home_directory.exists():
            if previous.exists():
                shutil.rmtree(previous)
            home_directory.rename(previous)
        fresh.rename(home_directory)
        _sync(home_directory.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _remember(folder: Path, fresh: Path) -> None:
    """What OneRoster has told stays beside the tables, so that the next delta finds it."""
    if (folder / STATE).is_dir():
        (fresh / STATE).mkdir()
        for path in sorted((folder / STATE).glob("*.csv")):
            _copy(path, fresh / STATE / path.name)
        _sync(fresh / STATE)


def _files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _copy(path: Path, target: Path) -> None:
    shutil.copyfile(path, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
