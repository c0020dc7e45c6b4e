"""`prewarn retention`: what is deleted when its time is over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.in_use import directory_in_use
from services.clock import wall_clock
from services.messages import from_ms
from services.notify.store.engine import Store
from services.notify.store.retention import history
from services.operate.retention import apply as apply_policy
from services.operate.retention import read_policy
from services.settings import Settings

File = Annotated[Path | None, typer.Option(help="Default: retention.yaml in home. 保存期限文件")]


def apply(
    context: typer.Context,
    policy: File = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count. 只统计，不删除")] = False,
) -> None:
    """Delete what is older than the policy says; also while the service runs. 删除超过保存期限的内容"""
    settings: Settings = context.obj
    rules, directory = read_policy(policy or settings.retention_file), directory_in_use(settings)[0]
    found = apply_policy(settings, rules, directory, wall_clock(), dry_run=dry_run)
    for kind, count in found.deleted.items():
        typer.echo(f"{kind:9} {count:>9}")
    typer.echo("nothing was deleted / 未删除" if dry_run else "deleted / 已删除")


def show(context: typer.Context, policy: File = None) -> None:
    """The policy in force, and when it was applied. 现行保存期限与执行记录"""
    settings: Settings = context.obj
    for kind, days in read_policy(policy or settings.retention_file).items():
        typer.echo(f"{kind:9} {'keep' if days is None else days:>6}")
    if settings.has_store:
        database = Store(settings.store_url)
        with database.reading() as connection:
            for one in history(connection):
                counts = ", ".join(f"{kind} {count}" for kind, count in one.deleted.items())
                typer.echo(f"{from_ms(one.at):%Y-%m-%d %H:%M} UTC  {counts}")
        database.close()
