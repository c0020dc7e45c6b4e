"""`prewarn rules test`: whether rules do what their tests say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services.cli import telling
from services.cli.college import rules_in_use
from services.operate.rule_tests import Coverage, suite
from services.settings import resource

_SHOWN = 20


def run_tests(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object. 输出 JSON")] = False,
) -> None:
    """Run FOLDER/tests/*.test.yaml: what fails, with file:line:col, and what the tests cover. 运行规则测试"""
    folder = folder or rules_in_use(context)
    result = suite.run(folder, resource("schemas"), resource("rules"))
    if json:
        found = replace(
            result,
            problems=[one.in_english() for one in result.problems],
            inapplicable=[one.in_english() for one in result.inapplicable],
        )
        typer.echo(msgspec.json.encode(found))
    else:
        for problem in result.problems:
            telling.tell(problem)
        tell_inapplicable(result)
        typer.echo(f"{folder}: {result.summary}")
        _tell(result.coverage)
    raise typer.Exit(1 if result.problems or not result.tests else 0)


def tell_inapplicable(result: suite.Result) -> None:
    """Which of the tests that come with Prewarn say nothing of the college's rules."""
    for problem in result.inapplicable[:_SHOWN]:
        telling.tell(problem, "not applicable 不适用: ")
    if len(result.inapplicable) > _SHOWN:
        typer.echo(f"… and {len(result.inapplicable) - _SHOWN} more 条未列出: prewarn rules test --json")


def _tell(covered: Coverage) -> None:
    typer.echo(
        f"rules tested 已测规则: {covered.tested} of {covered.rules}; "
        f"levels 级别: {covered.reached} of {covered.levels}; withdrawn 撤回: {covered.withdrawn} of {covered.rules}"
    )
    typer.echo("silent 不预警: " + ", ".join(f"{reason} {count}" for reason, count in covered.silences.items()))
    for what, names in (
        ("not tested 未测", covered.untested),
        ("level never reached 从未达到的级别", covered.unreached),
        ("never withdrawn 从未撤回", covered.never_withdrawn),
    ):
        if names:
            typer.echo(f"{what}: {', '.join(names)}")
