"""From a folder of CSV or YAML files to a checked directory, or to everything that is wrong with it."""

from __future__ import annotations

from datetime import MAXYEAR
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from services import bounds
from services.directory.columns import DAY, Column
from services.directory.consistency import inconsistencies
from services.directory.reading import Entry, read_folder
from services.directory.records import TABLES, Tables
from services.directory.snapshot import TIME_ZONE, Directory
from services.errors import ConfigurationError, DirectoryError
from services.i18n import say
from services.messages import Json, Problem
from services.tabular.rows import Row

PREVIOUS = ".previous"
"""What `install` calls the folder that it is about to replace."""


def load(folder: Path, time_zone: str = TIME_ZONE) -> Directory:
    """The directory that the files of a folder describe; their days are days in `time_zone` (an IANA name).

    Raises DirectoryError with everything that is wrong, not only the first; ConfigurationError for an unknown zone.
    A file that does not exist is an empty table; a folder that does not exist is an error.
    """
    problems: list[Problem] = []
    return directory_of(_read_whole(folder, problems), problems, time_zone)


def directory_of(tables: dict[str, list[Row] | None], problems: list[Problem], time_zone: str = TIME_ZONE) -> Directory:
    """The directory that rows of text cells describe. Raises as `load`, with `problems` first."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(say("directory.not_time_zone", name=repr(time_zone), example=TIME_ZONE)) from error
    entries = {
        name: None if found is None else [_entry(name, row, problems) for row in found]
        for name, found in tables.items()
    }
    problems.extend(inconsistencies(entries))
    if problems:
        raise DirectoryError(problems)
    rows = {
        name: [{column: cell for column, cell in entry.values.items() if cell is not None} for entry in found or ()]
        for name, found in entries.items()
    }
    return Directory(msgspec.convert(rows, Tables), time_zone)


def load_installed(folder: Path, time_zone: str = TIME_ZONE) -> Directory:
    """As `load`; where none was ever installed, the empty directory, which knows nobody and checks nobody."""
    previous = folder.with_name(folder.name + PREVIOUS)
    if not folder.exists() and not previous.exists() and not folder.exists():  # twice: an install may pass between
        return Directory(time_zone=time_zone)
    return load(folder, time_zone)


def _read_whole(folder: Path, problems: list[Problem]) -> dict[str, list[Row] | None]:
    # When `install` replaces the folder while its files are read one by one, they are read again.
    while True:
        found: list[Problem] = []
        try:
            before = _identity(folder)
            rows = read_folder(before[0], found)
            if _identity(folder) == before:
                problems.extend(found)
                return rows
        except FileNotFoundError:
            continue
        except OSError as error:
            what, right = say("input.cannot_be_read", reason=error.strerror), say("directory.folder_with_people_csv")
            raise DirectoryError([Problem(where=str(folder), what=what, expected=right)]) from error


def _identity(folder: Path) -> tuple[Path, int, int, int]:
    place = present_folder(folder)
    if place is None:
        raise DirectoryError(
            [
                Problem(
                    where=str(folder),
                    what=say("directory.there_no_such_folder"),
                    expected=say("directory.folder_with_people_csv"),
                )
            ]
        )
    state = place.stat()
    return place, state.st_dev, state.st_ino, state.st_mtime_ns


def present_folder(folder: Path) -> Path | None:
    """Where the files of an installed directory are at this moment."""
    # Between its two renames, or after a crash there, `install` leaves only the previous folder.
    candidates = (folder, folder.with_name(folder.name + PREVIOUS))
    return next((candidate for candidate in candidates if candidate.is_dir()), None)


def _entry(name: str, row: Row, problems: list[Problem]) -> Entry:
    values: Json = dict.fromkeys(TABLES[name].columns)
    for key, column in TABLES[name].columns.items():
        cell = row.cells.get(key, "")
        if cell and (wrong := _unfit(cell, column)) is not None:
            problems.append(Problem(where=row.at(key), what=wrong[0], expected=wrong[1]))
        elif cell:
            values[key] = column.read(cell)
            if values[key] is None:
                problems.append(_wrong(row.at(key), cell, column))
        elif column.required:
            problems.append(Problem(where=row.at(key), what=say("directory.empty"), expected=say(column.noun)))
    return Entry(row, values)


def _unfit(cell: str, column: Column) -> bounds.Wrong | None:
    """Why nothing behind the directory could hold it, whatever the column takes."""
    ask = bounds.of_address if column.secret else bounds.of_id if column.names else bounds.of_text
    if (wrong := ask(cell)) is not None:
        return wrong
    day = column.read(cell) if column.noun == DAY.noun else None
    return None if day is None or day.year == MAXYEAR else bounds.of_day(day)  # that one is written for no end


def _wrong(where: str, cell: str, column: Column) -> Problem:
    shown = say("directory.text") if column.secret else repr(cell)
    expected = say(column.forms) if column.forms else column.example
    return Problem(where=where, what=say("directory.not", shown=shown, noun=say(column.noun)), expected=expected)
