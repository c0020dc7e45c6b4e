"""From a folder or a workbook to the rows of every table of the directory; cells are still texts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from services.directory.records import TABLES, Table
from services.errors import ProblemsError
from services.i18n import say
from services.messages import Json, Problem, nearest
from services.tabular.files import read_regular, readable_name, shown_name
from services.tabular.places import plain_node
from services.tabular.rows import Row, decoded, strict_rows
from services.tabular.sheets import read_sheets
from services.tabular.workbook import texts

SUFFIXES = (".csv", ".yaml")
_LOOK_ALIKE = {".csv", ".yaml", ".yml"}
LARGEST_TABLE = 64 << 20
"""Bytes of one file; fifty thousand students take ten million."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row whose cells were interpreted; blank and wrong ones are None."""

    row: Row
    values: Json


def read_folder(folder: Path, problems: list[Problem]) -> dict[str, list[Row] | None]:
    """The rows of every table; a missing file is an empty table, and None is one that cannot be read at all."""
    problems.extend(_strangers(folder))
    return {name: _read_table(folder, name, table, problems) for name, table in TABLES.items()}


def table_files(folder: Path) -> list[Path]:
    """The files of a folder that belong to a directory."""
    return [path for name in TABLES for path in _of_table(folder, name)]


def _of_table(folder: Path, name: str) -> list[Path]:
    """The files of a table, whatever they are: a pipe or a folder of that name is not nothing."""
    return [path for suffix in SUFFIXES if os.path.lexists(path := folder / f"{name}{suffix}")]


def nearest_of(word: str, words: list[str] | tuple[str, ...]) -> str:
    """The nearest of a few words, else all of them."""
    return nearest(word, words) or ", ".join(words)


def _strangers(folder: Path) -> Iterator[Problem]:
    known = [f"{name}{suffix}" for name in TABLES for suffix in SUFFIXES]
    for path in sorted(folder.iterdir()):
        if readable_name(path) is None and path.suffix in _LOOK_ALIKE:
            what, right = say("input.name_not_utf_8"), say("input.name_in_utf_8")
            yield Problem(where=shown_name(path), what=what, expected=right)
        elif path.suffix in _LOOK_ALIKE and not path.name.startswith((".", "~")) and path.name not in known:
            yield Problem(
                where=path.name,
                what=say("directory.no_file_directory"),
                expected=nearest(path.name, known) or ", ".join(TABLES),
            )


def _read_table(folder: Path, name: str, table: Table, problems: list[Problem]) -> list[Row] | None:
    paths = _of_table(folder, name)
    if not paths:
        return []
    if len(paths) > 1:
        what = say("directory.there_also_only_one_them", name=paths[1].name)
        problems.append(Problem(where=paths[0].name, what=what, expected=say("directory.one_file_for_each_table")))
        return None
    path = paths[0]
    text = _text(path, problems)
    if text is None:
        return None
    if path.suffix == ".yaml":
        return _yaml(path.name, text, table, problems)
    try:
        return rows_of(path.name, strict_rows(path.name, text), table, problems)
    except ProblemsError as error:
        problems.extend(error.problems)
        return None


def read_workbook(path: Path, problems: list[Problem]) -> dict[str, list[Row] | None]:
    """The rows of every table; a missing sheet is an empty table. Raises ProblemsError if it is no workbook."""
    tables: dict[str, list[Row] | None] = {name: [] for name in TABLES}
    for sheet in read_sheets(path):
        name = sheet.name.strip().lower()
        if name in TABLES:
            tables[name] = rows_of(sheet.place, texts(sheet, problems), TABLES[name], problems)
        elif sheet.rows or sheet.uncalculated:
            expected = nearest_of(name, tuple(TABLES))
            problems.append(Problem(where=sheet.place, what=say("directory.no_table_directory"), expected=expected))
    return tables


def _text(path: Path, problems: list[Problem]) -> str | None:
    try:
        raw = read_regular(path, LARGEST_TABLE)
    except OSError as error:
        what, right = say("input.cannot_be_read", reason=error.strerror), say("input.regular_file")
        problems.append(Problem(where=path.name, what=what, expected=right))
        return None
    return decoded(path.name, raw, problems)


def rows_of(file: str, grid: Iterator[list[str]], table: Table, problems: list[Problem]) -> list[Row] | None:
    """The rows below a header, each with its number; blank ones are nothing."""
    header = [name.strip() for name in next(grid, [])]
    wrong = list(_wrong_header(file, header, table))
    problems.extend(wrong)
    rows: list[Row] = []
    for number, cells in enumerate(grid, start=2):
        stripped = [cell.strip() for cell in cells]
        if not any(stripped):
            continue
        if any(stripped[len(header) :]):
            what = say("input.has_cells_but_header_has", cells=len(cells), header=len(header))
            expected = say("directory.comma_inside_cell_needs_quotes")
            problems.append(Problem(where=f"{file} row {number}", what=what, expected=expected))
            continue
        stripped += [""] * (len(header) - len(stripped))
        rows.append(Row(dict(zip(header, stripped, strict=False)), f"{file} row {number}"))
    return None if wrong else rows


def _wrong_header(file: str, header: list[str], table: Table) -> Iterator[Problem]:
    for name in header:
        if name and name not in table.columns:
            yield _no_such_column(f"{file} row 1, column {name}", name, table)
    for name in sorted({name for name in header if name and header.count(name) > 1}):
        yield Problem(where=f"{file} row 1, column {name}", what=say("directory.there_twice"))
    for name, column in table.columns.items():
        if column.required and name not in header:
            yield Problem(
                where=f"{file} row 1, column {name}", what=say("directory.missing"), expected=", ".join(table.columns)
            )


def _no_such_column(where: str, name: str, table: Table) -> Problem:
    return Problem(
        where=where, what=say("directory.there_no_such_column"), expected=nearest_of(name, tuple(table.columns))
    )


def _yaml(file: str, text: str, table: Table, problems: list[Problem]) -> list[Row] | None:
    # Nodes, not values: ids such as 007 or `no` stay what was written, and every cell knows its line.
    try:
        root = plain_node(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = _mark(file, mark) if mark else file
        problems.append(
            Problem(where=where, what=say("directory.not_yaml", error=getattr(error, "problem", None) or error))
        )
        return None
    if isinstance(root, tuple):
        mark, what, right = root
        problems.append(Problem(where=_mark(file, mark) if mark else file, what=what, expected=right))
        return None
    if root is None:
        return []
    if not isinstance(root, yaml.SequenceNode):
        what = say("directory.not_list_rows")
        problems.append(Problem(where=_mark(file, root.start_mark), what=what, expected="- {id: …, name: …}"))
        return None
    found = [_yaml_row(file, node, table, problems) for node in root.value]
    return [row for row in found if row is not None]


def _yaml_row(file: str, node: yaml.Node, table: Table, problems: list[Problem]) -> Row | None:
    place = _mark(file, node.start_mark)
    if not isinstance(node, yaml.MappingNode):
        problems.append(Problem(where=place, what=say("directory.not_row"), expected="- {id: …, name: …}"))
        return None
    cells: dict[str, str] = {}
    marks: dict[str, str] = {}
    for key, value in node.value:
        where = _mark(file, key.start_mark)
        name = str(key.value)
        if name not in table.columns:
            problems.append(_no_such_column(where, name, table))
        elif name in cells:
            problems.append(Problem(where=where, what=say("input.there_twice", name=name)))
        elif not isinstance(value, yaml.ScalarNode):
            problems.append(
                Problem(where=_mark(file, value.start_mark), what=say("directory.not_single_value", name=name))
            )
            cells[name] = ""
        else:
            cells[name] = "" if value.tag.endswith(":null") else value.value.strip()
            marks[name] = _mark(file, value.start_mark)
    return Row({name: cells.get(name, "") for name in table.columns}, place, marks)


def _mark(file: str, mark: yaml.Mark) -> str:
    return f"{file}:{mark.line + 1}:{mark.column + 1}"
