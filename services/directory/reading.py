"""From a folder to rows of text cells, each of which knows where it stood; nothing is interpreted here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from services.directory.columns import TABLES, Table
from services.i18n import say
from services.messages import Problem

SUFFIXES = (".csv", ".yaml")
_LOOK_ALIKE = {".csv", ".yaml", ".yml"}


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row; a column that is absent or blank is an empty text."""

    cells: dict[str, str]
    place: str
    """`people.csv row 7` or `people.yaml:7:3`."""
    marks: dict[str, str] = field(default_factory=dict)
    """Where a cell stands, if it has a place of its own (YAML)."""

    def at(self, column: str) -> str:
        """Where a cell stands, for a person who has the file open."""
        return self.marks.get(column) or f"{self.place}, column {column}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row whose cells were interpreted; blank and wrong ones are None."""

    row: Row
    values: dict[str, Any]


def read_folder(folder: Path, problems: list[Problem]) -> dict[str, list[Row] | None]:
    """The rows of every table; a missing file is an empty table, and None is one that cannot be read at all."""
    problems.extend(_strangers(folder))
    return {name: _read_table(folder, name, table, problems) for name, table in TABLES.items()}


def table_files(folder: Path) -> list[Path]:
    """The files of a folder that belong to a directory."""
    return [path for name in TABLES for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]


def nearest_of(word: str, words: list[str] | tuple[str, ...]) -> str:
    """The nearest of a few words, else all of them."""
    return next(iter(get_close_matches(word, words, n=1)), "") or ", ".join(words)


def _strangers(folder: Path) -> Iterator[Problem]:
    known = [f"{name}{suffix}" for name in TABLES for suffix in SUFFIXES]
    for path in sorted(folder.iterdir()):
        if path.suffix in _LOOK_ALIKE and not path.name.startswith((".", "~")) and path.name not in known:
            right = get_close_matches(path.name, known, n=1) or [", ".join(TABLES)]
            yield Problem(where=path.name, what=say("directory.no_file_directory"), expected=right[0])


def _read_table(folder: Path, name: str, table: Table, problems: list[Problem]) -> list[Row] | None:
    paths = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]
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
    return (_csv if path.suffix == ".csv" else _yaml)(path.name, text, table, problems)


def _text(path: Path, problems: list[Problem]) -> str | None:
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.append(Problem(where=path.name, what=say("input.cannot_be_read", reason=error.strerror)))
        return None
    return decoded(path.name, raw, problems)


def decoded(file: str, raw: bytes, problems: list[Problem]) -> str | None:
    """The text of a file in UTF-8 or GB18030; what is neither is a problem."""
    # Chinese Windows writes GB18030; hardly any text in it is valid UTF-8 by chance.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    problems.append(Problem(where=file, what=say("directory.neither_utf_8_nor_gb18030"), expected="UTF-8"))
    return None


def _csv(file: str, text: str, table: Table, problems: list[Problem]) -> list[Row] | None:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0

    def counted() -> Iterator[list[str]]:
        nonlocal number
        for number, cells in enumerate(reader, start=1):  # noqa: B007 - told when the next one cannot be read
            yield cells

    try:
        return rows_of(file, counted(), table, problems)
    except csv.Error as error:
        problems.append(Problem(where=f"{file} row {number + 1}", what=say("directory.not_csv", error=error)))
        return None


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
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = _mark(file, mark) if mark else file
        problems.append(
            Problem(where=where, what=say("directory.not_yaml", error=getattr(error, "problem", None) or error))
        )
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
