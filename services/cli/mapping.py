"""`prewarn mapping check | list | draft`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services import directory as directories
from services.cli import mapped, telling
from services.clock import wall_clock
from services.errors import ConfigurationError, PrewarnError
from services.i18n import say
from services.ingest.mappings.catalog import fitting, known_mappings
from services.ingest.mappings.days import Days
from services.ingest.mappings.draft import SheetGuess, guess_sheets
from services.ingest.mappings.draft_forms import FORMS
from services.ingest.mappings.draft_yaml import draft_mapping
from services.ingest.mappings.known import Known, rows_of
from services.ingest.mappings.language import Mapping
from services.messages import Problem
from services.rules.registry.files import FileRegistry
from services.settings import Settings
from services.tabular.sheets import read_sheets


def check(
    context: typer.Context,
    mapping: Annotated[str, typer.Argument(help="Name, or YAML file. 映射名称或 YAML 文件")],
) -> None:
    """Check a mapping: every error with file:line:col. 检查映射文件

    Exit code 0: it is right, 1: it is not. 退出码：0 正确，1 有错误
    """
    settings: Settings = context.obj
    try:
        known = mapped.named(settings, mapping)
    except PrewarnError as error:
        telling.tell_error(error)
        raise typer.Exit(1) from None
    found = known.mapping
    tables = ", ".join(one.to for one in found.tables)
    typer.echo(f"{_called(found)} → {tables}")


def list_(context: typer.Context) -> None:
    """The mappings that there are. 列出已有映射"""
    settings: Settings = context.obj
    for one in known_mappings(mapped.ours(), mapped.own(settings), mapped.all_targets()).values():
        tables = ", ".join(dict.fromkeys(table.to for table in one.mapping.tables))
        typer.echo(f"{_called(one.mapping)} → {tables}" + ("" if one.ours else f" [{one.path}]"))


def _called(mapping: Mapping) -> str:
    return " ".join(filter(None, (f"{mapping.name}:", mapping.title_zh, mapping.title_en)))


def draft(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Tables of another system. 其他系统导出的表")
    ],
    name: Annotated[str, typer.Option(help="Name of the mapping. 映射名称")] = "draft",
    to: Annotated[
        Path | None,
        typer.Option(
            help="File to write, of several kinds of files a folder; else it is shown. 输出文件，多种表时为文件夹"
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="What each column probably is, as JSON. 以 JSON 输出")] = False,
) -> None:
    """Look at unknown files and write a first mapping, with what is certain and what is not. 为未知文件起草映射"""
    settings: Settings = context.obj
    if to is not None and to.is_file():
        raise ConfigurationError(say("mapping.file_is_there", path=to))
    rules = FileRegistry(settings).current()
    tables = directories.load_installed(settings.directory_folder, rules.zone.key).tables
    days = Days(rules.zone, wall_clock().astimezone(rules.zone).date(), rules.plan.times.terms)
    known = Known(rows_of(tables))
    sheets = [one for path in files for one in guess_sheets(path.name, list(read_sheets(path)), known, days)]
    if json:
        typer.echo(msgspec.json.encode(sheets))
        return
    groups = _alike(sheets)
    several = len(groups) > 1
    if several and to is not None and to.suffix:
        raise ConfigurationError(say("mapping.several_kinds_of_files", number=len(groups), path=to))
    for number, group in enumerate(groups, 1):
        called = f"{name}-{number}" if several else name
        _write(draft_mapping(group, called), to / f"{called}.yaml" if several and to is not None else to)
    _say_how_certain(sheets)
    for path in files:
        _say_what_fits(settings, path, {one.kind for one in sheets if one.file == path.name} - {""})


def _say_what_fits(settings: Settings, path: Path, kinds: set[str]) -> None:
    """Who asks for a draft of a file that is known already need not write one. `kinds`: what its tables are."""
    targets = {form.to for kind in kinds for form in FORMS[kind]}
    every = known_mappings(mapped.ours(), mapped.own(settings), mapped.all_targets())
    known = {
        name: one
        for name, one in every.items()
        if not targets or any(table.to in targets for table in one.mapping.tables)
    }
    if names := fitting(path.name, list(read_sheets(path)), known):
        what = say("mapping.workbook_fits", names=", ".join(names))
        telling.tell(
            Problem(where=path.name, what=what, expected=say("mapping.with_mapping", names=names[0])), err=True
        )


def _alike(sheets: list[SheetGuess]) -> list[list[SheetGuess]]:
    """The sheets of files that have the same tables: a mapping reads files whole, so each kind has its own."""
    of_file: dict[str, list[SheetGuess]] = {}
    for one in sheets:
        of_file.setdefault(one.file, []).append(one)
    found: dict[frozenset[tuple[str, ...]], list[SheetGuess]] = {}
    for every in of_file.values():
        tables = frozenset((one.kind, *(each.header for each in one.columns)) for one in every if one.kind)
        found.setdefault(tables, []).extend(every)
    return [every for tables, every in found.items() if tables] or [sheets]


def _write(text: str, to: Path | None) -> None:
    if to is None:
        typer.echo(text, nl=False)
        return
    if to.exists():
        raise ConfigurationError(say("mapping.file_is_there", path=to))
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text, "utf-8")


def _say_how_certain(sheets: list[SheetGuess]) -> None:
    for one in sheets:
        place = f"{one.file} {one.sheet}".strip()
        counts = Counter(column.certainty for column in one.columns)
        told = ", ".join(f"{counts[each]} {each}" for each in ("certain", "likely", "guess", "unknown") if counts[each])
        typer.echo(f"{place}: {one.kind or '–'}; {told}", err=True)
