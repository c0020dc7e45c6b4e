"""`prewarn warnings` and `prewarn directory`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services import directory as directories
from services.clock import wall_clock
from services.embedded import Embedded
from services.rules.language.load import load
from services.settings import Settings, resource

directory = typer.Typer(no_args_is_help=True, help="People, roles, classes, courses. 人员、角色、班级、课程")


def warnings(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line. 每行一个 JSON 对象")] = False,
) -> None:
    """Every warning that there ever was. 全部预警"""
    settings: Settings = context.obj
    embedded = Embedded(settings)
    try:
        for found in embedded.notify.warnings():
            if json:
                typer.echo(msgspec.json.encode(found))
            else:
                state, level = found["status"], found["level"]
                typer.echo(f"{found['opened_at']}  {level:6} {state:9} {found['rule']:24} {found['subject']}")
    finally:
        embedded.stop()


def _zone(settings: Settings) -> str:
    return load(settings.rules_folder, resource("schemas")).zone.key


@directory.command("check")
def check(context: typer.Context) -> None:
    """Does every rule reach somebody with a working channel? 每条规则是否都有可送达的责任人"""
    settings: Settings = context.obj
    rule_set = load(settings.rules_folder, resource("schemas"))
    present = directories.load_installed(settings.directory_folder, rule_set.zone.key)
    problems = directories.check(present, rule_set.cards.values(), wall_clock())
    for problem in problems:
        typer.echo(str(problem))
    people = sum(1 for _ in present.people())
    typer.echo(f"{people} people, {len(rule_set.cards)} rules, {len(problems)} holes")
    raise typer.Exit(1 if problems else 0)


@directory.command("load")
def load_(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder of CSV or YAML files. CSV 或 YAML 文件夹")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference. 只显示差异")] = False,
    limit: Annotated[int | None, typer.Option(help="Show so many differences at most")] = 50,
) -> None:
    """Take a new directory into use, after showing what it changes. 启用新的人员目录，并显示差异"""
    settings: Settings = context.obj
    zone = _zone(settings)
    new = directories.load(folder, zone)
    found = directories.difference(directories.load_installed(settings.directory_folder, zone), new)
    for one in found[:limit]:
        typer.echo(str(one))
    if limit is not None and len(found) > limit:
        typer.echo(f"… and {len(found) - limit} more")
    typer.echo(f"{len(found)} differences")
    if not dry_run:
        directories.install(folder, settings.directory_folder)
        typer.echo(f"version {new.version} is in use")


@directory.command("publish")
def publish(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder of CSV or YAML files. CSV 或 YAML 文件夹")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference. 只显示差异")] = False,
    limit: Annotated[int, typer.Option(help="Show so many differences at most")] = 50,
) -> None:
    """Make a directory that of the cluster, after showing what it changes. 在集群中启用新的人员目录"""
    from services.cluster.known import publish_directory  # noqa: PLC0415 - Kafka costs every other command a second
    from services.cluster.rules import published_rules  # noqa: PLC0415

    settings: Settings = context.obj
    found = publish_directory(settings, folder, published_rules(settings).zone.key, dry_run=dry_run)
    for one in found[:limit]:
        typer.echo(str(one))
    if len(found) > limit:
        typer.echo(f"… and {len(found) - limit} more")
    typer.echo(f"{len(found)} differences; {'nothing was changed' if dry_run or not found else 'published'}")
