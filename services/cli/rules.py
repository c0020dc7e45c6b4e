"""`prewarn rules check | list | schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services import directory as directories
from services.cli import telling
from services.cli.college import rules_in_use
from services.clock import wall_clock
from services.errors import DirectoryError
from services.messages import Json, Problem
from services.operate.rule_doubts import doubts
from services.rules.language.load import RuleSet, load
from services.rules.language.load import check as check_folder
from services.rules.language.schema import texts
from services.settings import Settings, resource


def check(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Doubts count as errors. 提示也算错误")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object. 输出 JSON")] = False,
) -> None:
    """Check rule files, standards and calendar: every error with file:line:col, then what is doubtful. 检查规则文件"""
    settings: Settings = context.obj
    folder = folder or rules_in_use(context)
    rule_set, problems = check_folder(folder, resource("schemas"))
    doubtful = [] if rule_set is None else _doubts(settings, folder, rule_set)
    if json:
        found = {
            "problems": [one.in_english() for one in problems],
            "doubts": [one.in_english() for one in doubtful],
            "rules": 0 if rule_set is None else len(rule_set.plan.rules),
        }
        typer.echo(msgspec.json.encode(found))
    else:
        for problem in problems:
            telling.tell(problem)
        for doubt in doubtful:
            telling.tell(doubt, "doubtful 存疑: ")
        if rule_set is not None:
            typer.echo(
                f"{folder}: {len(rule_set.plan.rules)} rules, {len(rule_set.standards)} standards, no error 无错误"
            )
    raise typer.Exit(0 if rule_set is not None and not (strict and doubtful) else 1)


def _doubts(settings: Settings, folder: Path, rules: RuleSet) -> list[Problem]:
    """With the people of the directory in use, if there is one."""
    people = settings.directory_folder
    try:
        known = directories.load_installed(people, rules.zone.key) if people.is_dir() else None
    except DirectoryError as error:
        return [*error.problems, *doubts(folder, rules, resource("schemas"))]
    return doubts(folder, rules, resource("schemas"), known, wall_clock())


def list_(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object. 输出 JSON")] = False,
) -> None:
    """List rules with the catalogue's row, levels, file and line. 列出规则"""
    listed = _listed(load(folder or rules_in_use(context), resource("schemas")))
    if json:
        typer.echo(msgspec.json.encode({"rules": listed}))
        return
    for one in listed:
        levels = " ".join(one["levels"])
        typer.echo(f"{one['row'] or '–':4} {one['id']:32} {levels:20} {one['file']}:{one['line']}  {one['title'].zh}")


def _listed(rules: RuleSet) -> list[Json]:
    return [
        {
            "id": placed.rule.id,
            "row": placed.rule.card.row,
            "title": placed.rule.card.title,
            "mode": placed.rule.card.mode,
            "levels": list(dict.fromkeys(rung.level for rung in reversed(placed.rule.rungs))),
            "standard": placed.rule.standard,
            "file": placed.place.file,
            "line": placed.place.line,
        }
        for placed in rules.placed
    ]


def schema(
    folder: Annotated[Path, typer.Argument(help="Where to write them. 写入的文件夹")] = Path("schemas"),
) -> None:
    """Write the JSON Schemas of rule files and standards, for editors. 生成规则文件的 JSON Schema，供编辑器使用"""
    for name, text in texts(resource("schemas")).items():
        (folder / name).write_text(text, "utf-8")
        typer.echo(str(folder / name))
