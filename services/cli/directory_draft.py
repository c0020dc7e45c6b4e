"""`prewarn directory draft`: a directory out of the files of other systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services import directory as directories
from services.cli import mapped, telling
from services.clock import wall_clock
from services.directory.loading import directory_of
from services.directory.writing import write
from services.errors import ConfigurationError, ProblemsError
from services.i18n import say
from services.ingest.mappings.catalog import fitting, known_mappings, nearly_fitting, unread_columns
from services.ingest.mappings.drafting_directory import Drafted, Given, draft_directory
from services.ingest.mappings.language import Known
from services.ingest.mappings.reading import College, is_directory
from services.messages import Problem
from services.rules.registry.files import FileRegistry
from services.settings import Settings
from services.tabular.sheets import read_sheets

_SHOWN = 20


def draft(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Tables of other systems. 其他系统导出的表")
    ],
    to: Annotated[Path, typer.Option(help="Folder to write, for `prewarn directory import`. 输出文件夹")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(help="Names or YAML files; else all that are known and fit. 映射名称或文件；默认用所有相符的"),
    ] = None,
) -> None:
    """Make a directory of the files of other systems, to look at and to import. 由其他系统导出的文件生成目录

    Exit code 0: it is written; 1: something is wrong, all of which is told, and nothing is written.
    退出码：0 已写入；1 有错误，全部列出，未写入
    """
    settings: Settings = context.obj
    if to.exists() and any(to.iterdir()):
        raise ConfigurationError(say("mapping.folder_not_empty", folder=to))
    known = _known(settings, mapping)
    rules = FileRegistry(settings).current()
    in_use = directories.load_installed(settings.directory_folder, rules.zone.key)
    college = College.at(wall_clock(), rules.zone, in_use.tables, rules.plan.times.terms, ())
    given: list[Given] = []
    unread: list[Problem] = []
    for path in files:
        try:
            given.append(_given(path, known))
        except ProblemsError as error:
            unread += error.problems
    if unread:  # a directory without what they say would take it away
        raise ProblemsError(unread)
    drafted = draft_directory(given, mapped.all_targets(), college)
    problems = list(drafted.problems)
    try:
        directory = directory_of({**drafted.rows}, problems, in_use.time_zone)
    except ProblemsError as error:
        for problem in error.problems[:_SHOWN]:
            telling.tell(problem, err=True)
        if len(error.problems) > _SHOWN:
            typer.echo(f"… and {len(error.problems) - _SHOWN} more 条未列出", err=True)
        raise typer.Exit(1) from None
    to.mkdir(parents=True, exist_ok=True)
    write(directory.tables, to)
    _tell(drafted, to)


def _known(settings: Settings, names: list[str] | None) -> dict[str, Known]:
    if not names:
        return known_mappings(mapped.ours(), mapped.own(settings), mapped.all_targets())
    found = [mapped.named(settings, name) for name in names]
    return {one.mapping.name: one for one in found}


def _given(path: Path, known: dict[str, Known]) -> Given:
    """The file with the mapping that fits it. Raises ProblemsError with what the nearest lacks."""
    sheets = list(read_sheets(path))
    # A file of events may say something of its source; an export of attendance has the columns of a roll as well.
    takes = {name: one for name, one in known.items() if one.mapping.source.lists or _is_of_directory(one)}
    names = fitting(path.name, sheets, takes)
    if not names:
        name, lacking = nearly_fitting(path.name, sheets, known, is_directory)
        what = say("mapping.none_fits", name=name) if name else say("mapping.neither_fits")
        raise ProblemsError(
            [Problem(where=path.name, what=what, expected=say("mapping.draft_one", file=path)), *lacking]
        )
    typer.echo(f"{path.name}: {names[0]}")
    one = known[names[0]]
    mapping = one.mapping
    if _is_of_directory(one) and (unread := unread_columns(path.name, sheets, mapping.tables)):
        typer.echo(f"    columns that it does not read 未读取的列: {', '.join(dict.fromkeys(unread))}")
    return Given(path, mapping, sheets)


def _is_of_directory(one: Known) -> bool:
    return any(map(is_directory, one.mapping.tables))


def _tell(drafted: Drafted, to: Path) -> None:
    for name, number in drafted.counts.items():
        typer.echo(f"{name}: {number}")
    if drafted.kept:
        typer.echo(f"as they are 保持不变: {', '.join(drafted.kept)}")
    typer.echo(f"{to}: prewarn directory import {to}")
