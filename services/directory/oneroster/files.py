"""The files of an export, checked cell by cell, and put together with what was imported before."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.directory.columns import day
from services.directory.nearest import Nearest
from services.directory.oneroster.columns import FILES, SPANS, STATUSES, Field
from services.directory.reading import nearest_of
from services.errors import ProblemsError
from services.i18n import say
from services.messages import Problem
from services.tabular.archives import members
from services.tabular.rows import decoded, strict_rows, write_csv

STATE = "oneroster"
"""Folder beside the directory's tables with what was imported, so that a delta can be added to it."""
MODES = ("bulk", "delta", "absent")
_MANIFEST = "manifest.csv"


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file of OneRoster."""

    values: dict[str, str]
    place: str
    """`users.csv row 7`, or that it was imported before."""
    fresh: bool = True

    def at(self, column: str) -> str:
        """Where a cell stands, for a person who has the file open."""
        return f"{self.place}, column {column}"

    def each(self, column: str) -> list[str]:
        """The ids of a cell that may hold several."""
        return [id_ for part in self.values[column].split(",") if (id_ := part.strip())]


Records = dict[str, Record]


@dataclass(frozen=True, slots=True)
class Export:
    """What is known of a college by OneRoster: file → sourcedId → row; a file that never came is not in it."""

    files: dict[str, Records] = field(default_factory=dict)

    def __getitem__(self, file: str) -> Records:
        return self.files.get(file, {})


def remembered(directory: Path) -> Export:
    """What was imported into an installed directory; nothing if OneRoster never was."""
    found = Export()
    for name, fields in FILES.items():
        path = directory / STATE / f"{name}.csv"
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                found.files[name] = {
                    row["sourcedId"]: Record(
                        {column: row.get(column) or "" for column in fields},
                        f"{name}.csv (imported before) {row['sourcedId']}",
                        fresh=False,
                    )
                    for row in csv.DictReader(file)
                }
    return found


def keep(export: Export, directory: Path) -> None:
    """Writes the rows of an export, for `remembered` to read before the next one."""
    for name, records in export.files.items():
        (directory / STATE).mkdir(exist_ok=True)
        rows = (record.values for record in records.values())
        write_csv(directory / STATE / f"{name}.csv", list(FILES[name]), rows)


def read_export(source: Path, before: Export, problems: list[Problem]) -> Export:
    """The export in a folder or .zip, on top of what was imported before; what is wrong with it goes to `problems`."""
    raw = members(source, problems)
    if _MANIFEST not in raw:
        expected = say("directory.files_oneroster_1_1_export", manifest=_MANIFEST)
        problems.append(
            Problem(where=source.name, what=say("directory.holds_no", manifest=_MANIFEST), expected=expected)
        )
        return before
    modes = _modes(raw, problems)
    files = {name: dict(records) for name, records in before.files.items()}
    gone: dict[str, set[str]] = {name: set() for name in FILES}
    for name, fields in FILES.items():
        mode = modes.get(name, "absent")
        if mode == "delta" and name not in before.files:
            what = say("directory.delta_no_bulk_export_was")
            problems.append(
                Problem(where=f"{_MANIFEST}, file.{name}", what=what, expected=say("directory.bulk_export_first"))
            )
        elif mode != "absent":
            found = _records(name, fields, raw[f"{name}.csv"], gone[name], problems)
            if found is None:  # told once, and not for every reference to it
                files.pop(name, None)
                continue
            files[name] = found if mode == "bulk" else files[name] | found
            for id_ in gone[name]:
                files[name].pop(id_, None)
            gone[name].update(before[name].keys() - files[name].keys())
    export = Export(files)
    _let_go(export, gone)
    problems.extend(_dangling(export))
    problems.extend(_ends_before_begins(export))
    return export


def _modes(raw: Mapping[str, bytes], problems: list[Problem]) -> dict[str, str]:
    """File → whether it is whole (bulk) or says what has changed (delta)."""
    said = {key: (number, value) for number, key, value in _manifest(raw[_MANIFEST], problems)}
    number, version = said.get("oneroster.version", (1, ""))
    if version != "1.1":
        where, what = f"{_MANIFEST} row {number}", say("directory.oneroster_version", version=version or "missing")
        problems.append(Problem(where=where, what=what, expected="1.1"))
    modes: dict[str, str] = {}
    for name in FILES:
        number, mode = said.get(f"file.{name}", (0, "absent"))
        where = f"{_MANIFEST} row {number}, file.{name}" if number else f"{_MANIFEST}, file.{name}"
        there = f"{name}.csv" in raw
        if mode.lower() not in MODES:
            expected = nearest_of(mode.lower(), MODES)
            problems.append(
                Problem(where=where, what=say("directory.there_no_mode", mode=repr(mode)), expected=expected)
            )
        elif mode.lower() == "absent":
            if there:
                problems.append(
                    Problem(
                        where=where,
                        what=say("directory.absent_but_csv_there", name=name),
                        expected=say("directory.bulk_or_delta"),
                    )
                )
        elif there:
            modes[name] = mode.lower()
        else:
            problems.append(
                Problem(
                    where=where,
                    what=say("directory.there_no_csv", name=name),
                    expected=say("directory.csv_or_absent", name=name),
                )
            )
    return modes


def _manifest(raw: bytes, problems: list[Problem]) -> Iterator[tuple[int, str, str]]:
    text = decoded(_MANIFEST, raw, problems) or ""
    for number, cells in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
        if len(cells) > 1 and number > 1:
            yield number, cells[0].strip(), cells[1].strip()


def _records(
    name: str, fields: Mapping[str, Field], raw: bytes, gone: set[str], problems: list[Problem]
) -> Records | None:
    """The rows of one file, None if it cannot be read at all; the ids of those to be deleted go to `gone`."""
    file = f"{name}.csv"
    text = decoded(file, raw, problems)
    if text is None:
        return None
    grid = (cells for cells in strict_rows(file, text, counts_lines=True) if cells)
    try:
        header = [column.strip() for column in next(grid, [])]
        missing = [column for column, field_ in fields.items() if field_.required and column not in header]
        for column in missing:
            where, near = f"{file} row 1, column {column}", nearest_of(column, tuple(header))
            expected = say("directory.instead", column=column, near=near)
            problems.append(Problem(where=where, what=say("directory.missing"), expected=expected))
        rows = (dict(zip(header, cells, strict=False)) for cells in grid)
        return None if missing else dict(_sound(name, fields, rows, gone, problems))
    except ProblemsError as error:
        problems.extend(error.problems)
        return None


def _sound(
    name: str, fields: Mapping[str, Field], rows: Iterable[dict[str, str]], gone: set[str], problems: list[Problem]
) -> Iterator[tuple[str, Record]]:
    seen: dict[str, str] = {}
    for number, cells in enumerate(rows, start=2):
        record = Record({column: cells.get(column, "").strip() for column in fields}, f"{name}.csv row {number}")
        id_ = record.values["sourcedId"]
        first = seen.setdefault(id_, record.place) if id_ else record.place
        if first != record.place:
            what = say("directory.already_in", key=id_, place=first)
            problems.append(Problem(where=record.at("sourcedId"), what=what))
        elif _deleted(record, cells.get("status", ""), problems):
            gone.add(id_)
        else:
            problems.extend(_wrong_cells(record, fields))
            yield id_, record


def _deleted(record: Record, status: str, problems: list[Problem]) -> bool:
    word = status.strip().lower()
    if word and word not in STATUSES:
        what = say("directory.there_no_status", status=repr(status))
        problems.append(Problem(where=record.at("status"), what=what, expected=nearest_of(word, STATUSES)))
    return word == "tobedeleted"


def _wrong_cells(record: Record, fields: Mapping[str, Field]) -> Iterator[Problem]:
    for column, field_ in fields.items():
        cell = record.values[column]
        if not cell:
            if field_.required:
                yield Problem(
                    where=record.at(column),
                    what=say("directory.empty"),
                    expected=" or ".join(field_.words) or say("input.text"),
                )
        elif field_.words:
            record.values[column] = cell.lower()
            if cell.lower() not in field_.words:
                expected = nearest_of(cell.lower(), field_.words)
                yield Problem(
                    where=record.at(column),
                    what=say("directory.there_no", column=column, cell=repr(cell)),
                    expected=expected,
                )
        elif field_.reads and field_.reads(cell) is None:
            yield Problem(
                where=record.at(column), what=say("directory.wrong", cell=repr(cell)), expected=field_.example
            )


def _ends_before_begins(export: Export) -> Iterator[Problem]:
    """An enrollment may hold on no day at all, a term may not: what is of it would have no end."""
    for name, (first, end) in SPANS.items():
        for record in export[name].values():
            begins, ends = day(record.values[first]), day(record.values[end])
            if begins and ends and (ends < begins or (ends == begins and name == "academicSessions")):
                what = say("directory.not_after", last=record.values[end], first=record.values[first])
                yield Problem(where=record.at(end), what=what, expected=say("directory.day_after_the_last"))


def _let_go(export: Export, gone: Mapping[str, set[str]]) -> None:
    """What was imported before and needs something that is deleted now goes with it."""
    for name, fields in FILES.items():
        for column, field_ in fields.items():
            if field_.required and field_.refers:
                lost = {
                    id_
                    for id_, record in export[name].items()
                    if not record.fresh and record.values[column] in gone[field_.refers]
                }
                gone[name].update(lost)
                for id_ in lost:
                    del export.files[name][id_]


def _dangling(export: Export) -> Iterator[Problem]:
    """References of new rows to what nobody has ever told of; to a file that never came anything is allowed."""
    for name, fields in FILES.items():
        for column, field_ in fields.items():
            if field_.refers not in export.files:
                continue
            ids, nearest = export[field_.refers], None
            for record in export[name].values():
                for id_ in record.each(column) if record.fresh else ():
                    if id_ not in ids:
                        nearest = nearest or Nearest(ids)
                        what = say("directory.not_in_csv", id=repr(id_), table=field_.refers)
                        yield Problem(where=record.at(column), what=what, expected=nearest(id_))
