"""`prewarn directory check | import | publish`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services import directory as directories
from services.cli import telling
from services.cli.directory_changes import Change, refusals
from services.clock import wall_clock
from services.directory import Hole
from services.errors import PrewarnError
from services.i18n import in_chinese, say
from services.ingest.schemas import load_schemas
from services.messages import Problem
from services.operate import directory_check
from services.operate.persons.erasing import erased_in, known_again
from services.rules.language.load import load
from services.rules.registry.files import FileRegistry
from services.settings import Settings, resource


def check(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object. 以 JSON 输出")] = False,
) -> None:
    """Does every rule reach somebody with a working channel? 每条规则是否都有可送达的责任人

    Exit code 0: yes; 1: there are holes, or exemptions of what there is not; 2: rules or directory cannot be read.
    退出码：0 无缺口；1 有缺口，或豁免的事项不存在；2 无法检查
    """
    settings: Settings = context.obj
    try:
        rules = load(settings.rules_folder, resource("schemas"))
        present = directories.load_installed(settings.directory_folder, rules.zone.key)
        mail = settings.mail_server is not None
        now, kinds = wall_clock(), load_schemas(resource("schemas")).by_kind
        found = directory_check.check(rules, present, now, mail=mail, students=settings.students)
        problems = list(directory_check.exemptions_of_nothing(rules, kinds, present, now))
        remarks = list(directory_check.sources_of_one_rank(present))
    except PrewarnError as error:
        telling.tell_error(error)
        raise typer.Exit(2) from None
    empty = directories.empty_roles(present, found.holes, now)
    holes = [one for one in found.holes if one.unheard or one not in empty]
    if json:
        english = {"problems": problems, "remarks": remarks}
        told = {name: [one.in_english() for one in ones] for name, ones in english.items()}
        typer.echo(msgspec.json.encode({**msgspec.to_builtins(found), **told}))
    else:
        for hole in found.holes:
            if hole not in empty:
                typer.echo(str(hole))
        _show_empty(empty)
        for problem in (*problems, *remarks):
            telling.tell(problem)
        typer.echo(
            f"{len(present.tables.people)} people, {len(rules.cards)} rules; {found.reached} of {found.pairs} "
            f"rule × subject pairs reach somebody at once; {len(holes)} holes 处缺口"
            + (f"; {len(problems)} problems 处错误" if problems else "")
        )
    raise typer.Exit(1 if holes or problems else 0)


def _show_empty(empty: Sequence[Hole]) -> None:
    """Roles that nobody holds at all, a short line each; those whose rules tell others, too, on one line."""
    for hole in empty:
        if hole.unheard:
            typer.echo(
                f"{hole.who}: {hole.cause.zh} {hole.cause.en}; nobody hears of 无人收到: {', '.join(hole.unheard)}"
            )
    if others := [hole.who for hole in empty if not hole.unheard]:
        typer.echo(f"may stay empty, others are told 可以空缺，另有人收到: {', '.join(others)}")
    if empty:
        hint = say("directory.roles_that_may_stay_empty")
        typer.echo(f"{hint}\n    {in_chinese(hint)}")


_Source = Annotated[
    Path,
    typer.Argument(
        help="Folder of CSV or YAML files, workbook (.xlsx), or OneRoster 1.1 (folder or .zip). "
        "CSV、YAML 文件夹，XLSX 工作簿，或 OneRoster 1.1 导出",
        show_default=False,
    ),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the difference. 只显示差异，不写入")]
_Limit = Annotated[int, typer.Option(help="Show so many lines of a table at most. 每张表最多显示的行数")]
_Remove = Annotated[
    bool, typer.Option("--yes-remove", help="It is meant that more than a fifth of a table goes. 确认大量删除")
]
_Again = Annotated[
    bool, typer.Option("--yes-erased", help="Who was erased comes back, as somebody new. 已抹去者重新入校，作为新人")
]
_Json = Annotated[bool, typer.Option("--json", help="Everything as one JSON object. 以 JSON 输出")]


def import_(
    context: typer.Context,
    source: _Source,
    dry_run: _DryRun = False,
    yes_remove: _Remove = False,
    yes_erased: _Again = False,
    limit: _Limit = 20,
    json: _Json = False,
) -> None:
    """Take a new directory into use, after showing what it changes. 导入并启用新的人员目录，先显示差异"""
    settings: Settings = context.obj
    folder = settings.directory_folder
    in_use = directories.load_installed(folder, FileRegistry(settings).zone().key)
    with refusals(json=json), directories.offered(source, in_use, folder) as offer:
        change = Change.between(in_use, offer, settings)
        if not dry_run:
            change.allow(removing=yes_remove, erased=() if yes_erased else erased_in(settings, offer.directory))
            if yes_erased:
                known_again(settings, offer.directory)
            directories.install(offer.folder, folder)
        change.show("is not in use" if dry_run else "is in use", limit=limit, json=json)


def publish(
    context: typer.Context,
    source: _Source,
    dry_run: _DryRun = False,
    yes_remove: _Remove = False,
    yes_erased: _Again = False,
    limit: _Limit = 20,
    json: _Json = False,
) -> None:
    """Make a directory that of the cluster, after showing what it changes. 在集群中启用新的人员目录，先显示差异"""
    from services.app.cluster.directory import publish_directory, published_directory  # noqa: PLC0415 - kafka costs the others 0.1 s
    from services.rules.registry.kafka import KafkaRegistry  # noqa: PLC0415

    settings: Settings = context.obj
    in_use = published_directory(settings, KafkaRegistry(settings).current().zone.key).value()
    with refusals(json=json), directories.offered(source, in_use, None) as offer:
        change = Change.between(in_use, offer, settings)
        if not dry_run:
            known = bool(settings.database_url)  # who was erased is known there
            if not known:
                telling.tell(Problem(where="PREWARN_DATABASE_URL", what=say("operate.erased_not_looked_for")), err=True)
            change.allow(
                removing=yes_remove,
                erased=erased_in(settings, offer.directory) if known and not yes_erased else (),
            )
            if yes_erased:
                known_again(settings, offer.directory)
            if change.differences:
                publish_directory(settings, offer.directory)
        change.show("is not in use" if dry_run else "is published", limit=limit, json=json)
