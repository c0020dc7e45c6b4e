"""A directory in any form that a college has it in, made ready to be installed or published."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from services.directory import oneroster
from services.directory.loading import directory_of, load, present_folder
from services.directory.reading import read_workbook
from services.directory.snapshot import Directory
from services.directory.writing import write
from services.errors import DirectoryError
from services.i18n import say
from services.messages import Problem

_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".et", ".ods")


class Offer(NamedTuple):
    """A directory that is right in itself, and what was not taken of its source."""

    directory: Directory
    folder: Path
    """Its files, until the offer is closed."""
    left_out: list[Problem]


@contextmanager
def offered(source: Path, in_use: Directory, installed: Path | None) -> Iterator[Offer]:
    """Reads a folder of CSV or YAML files, a workbook, or a OneRoster export as a folder or .zip.

    `in_use` is the directory that an export of OneRoster is merged with, `installed` its folder, which remembers the
    last export; without one such an export is refused. Days are days in the time zone of `in_use`. Raises
    ProblemsError with everything that is wrong.
    """
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="prewarn-") as name:
        folder, left_out = Path(name), list[Problem]()
        if source.suffix.lower() in _WORKBOOKS:
            directory = directory_of(read_workbook(source, problems), problems, in_use.time_zone)
        elif source.suffix.lower() == ".zip" or (source / "manifest.csv").is_file():
            if installed is None:
                what = say("directory.oneroster_export_cluster_does_not")
                expected = say("directory.prewarn_home_folder_directory_import")
                raise DirectoryError([Problem(where=source.name, what=what, expected=expected)])
            before = oneroster.remembered(present_folder(installed) or installed)
            export = oneroster.read_export(source, before, problems)
            if problems:
                raise DirectoryError(problems)
            rows, left_out = oneroster.merged(before, export, in_use.tables)
            directory = directory_of({**rows}, problems, in_use.time_zone)
            oneroster.keep(export, folder)
        elif source.is_file():
            raise DirectoryError([_unknown(source)])
        else:
            yield Offer(load(source, in_use.time_zone), source, [])
            return
        write(directory.tables, folder)
        yield Offer(directory, folder, left_out)


def _unknown(source: Path) -> Problem:
    expected = say("directory.folder_csv_or_yaml_files")
    return Problem(where=source.name, what=say("directory.nothing_that_holds_directory"), expected=expected)
