"""`prewarn mapping check | list | draft`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli import mapped, telling
from services.errors import PrewarnError
from services.ingest.mappings.catalog import known_mappings
from services.settings import Settings


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
    typer.echo(f"{found.name}: {found.title_zh} {found.title_en} → {tables}".replace(":  →", ": →"))


def list_(context: typer.Context) -> None:
    """The mappings that there are. 列出已有映射"""
    settings: Settings = context.obj
    for name, one in known_mappings(mapped.ours(), mapped.own(settings), mapped.all_targets()).items():
        tables = ", ".join(dict.fromkeys(table.to for table in one.mapping.tables))
        typer.echo(
            f"{name}: {one.mapping.title_zh} {one.mapping.title_en} → {tables}" + ("" if one.ours else f" [{one.path}]")
        )
