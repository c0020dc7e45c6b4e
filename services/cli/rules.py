"""`prewarn rules`: the operator's tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services.rules.language.load import check as check_folder
from services.settings import Settings, resource

app = typer.Typer(no_args_is_help=True, help="Check and list rules. 检查与列出规则")


@app.command()
def check(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
) -> None:
    """Check rule files, standards and calendar: every error with file:line:col. 检查规则文件"""
    settings: Settings = context.obj
    folder = folder or settings.rules_folder
    rule_set, problems = check_folder(folder, resource("schemas"))
    if json:
        found = {"problems": problems, "rules": 0 if rule_set is None else len(rule_set.plan.rules)}
        typer.echo(msgspec.json.encode(found))
    else:
        for problem in problems:
            typer.echo(str(problem))
        if rule_set is not None:
            typer.echo(f"{folder}: {len(rule_set.plan.rules)} rules, {len(rule_set.standards)} standards, no error")
    raise typer.Exit(0 if rule_set is not None else 1)
