"""`prewarn backup` and `prewarn restore`: a copy of a home, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.clock import wall_clock
from services.operate import backup as copies
from services.settings import Settings


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet. 新文件夹")],
) -> None:
    """Copy a home whole and consistent, also while it runs. 备份（可在运行中进行）"""
    settings: Settings = context.obj
    manifest = copies.back_up(settings, folder, wall_clock())
    typer.echo(f"copied to {folder} 已备份")
    if not manifest.store:
        typer.echo(
            "notify's store is a server's: copy it with its own tools before this 预警库在服务器上，请先自行备份"
        )


def restore(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="What prewarn backup has made. 备份文件夹")],
) -> None:
    """Put a copy into a home that is empty or not there. 恢复备份到空的数据文件夹"""
    settings: Settings = context.obj
    manifest = copies.restore(settings, folder)
    typer.echo(f"restored to {settings.home}, as of {manifest.made_at:%Y-%m-%d %H:%M} UTC 已恢复")
