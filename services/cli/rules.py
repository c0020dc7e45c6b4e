"""`prewarn rules`: the operator's tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from services import directory as directories
from services import publishing, rule_tests
from services.clock import wall_clock
from services.errors import DirectoryError
from services.messages import Problem
from services.rules.editions import Edition
from services.rules.language.load import RuleSet, load
from services.rules.language.load import check as check_folder
from services.rules.language.schema import texts
from services.rules.testing import Coverage
from services.settings import Settings, resource

app = typer.Typer(no_args_is_help=True, help="Check and list rules. 检查与列出规则")


@app.command()
def check(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Doubts count as errors. 提示也算错误")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
) -> None:
    """Check rule files, standards and calendar: every error with file:line:col, then what is doubtful. 检查规则文件"""
    settings: Settings = context.obj
    folder = folder or settings.rules_folder
    rule_set, problems = check_folder(folder, resource("schemas"))
    doubts = [] if rule_set is None else _doubts(settings, folder, rule_set)
    if json:
        found = {"problems": problems, "doubts": doubts, "rules": 0 if rule_set is None else len(rule_set.plan.rules)}
        typer.echo(msgspec.json.encode(found))
    else:
        for problem in problems:
            typer.echo(str(problem))
        for doubt in doubts:
            typer.echo(f"doubtful 存疑: {doubt}")
        if rule_set is not None:
            typer.echo(f"{folder}: {len(rule_set.plan.rules)} rules, {len(rule_set.standards)} standards, no error")
    raise typer.Exit(0 if rule_set is not None and not (strict and doubts) else 1)


def _doubts(settings: Settings, folder: Path, rules: RuleSet) -> list[Problem]:
    """With the people of the directory in use, if there is one."""
    people = settings.directory_folder
    try:
        known = directories.load_installed(people, rules.zone.key) if people.is_dir() else None
    except DirectoryError as error:
        return [*error.problems, *rule_tests.doubts(folder, rules, resource("schemas"))]
    return rule_tests.doubts(folder, rules, resource("schemas"), known, wall_clock())


@app.command("list")
def list_(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
) -> None:
    """List rules with the catalogue's row, levels, file and line. 列出规则"""
    settings: Settings = context.obj
    listed = _listed(load(folder or settings.rules_folder, resource("schemas")))
    if json:
        typer.echo(msgspec.json.encode({"rules": listed}))
        return
    for one in listed:
        levels = " ".join(one["levels"])
        typer.echo(f"{one['row'] or '–':4} {one['id']:32} {levels:20} {one['file']}:{one['line']}  {one['title'].zh}")


def _listed(rules: RuleSet) -> list[dict[str, Any]]:
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


@app.command("test")
def run_tests(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
) -> None:
    """Run FOLDER/tests/*.test.yaml: what fails, with file:line:col, and what the tests cover. 运行规则测试"""
    settings: Settings = context.obj
    folder = folder or settings.rules_folder
    result = rule_tests.run(folder, resource("schemas"))
    if json:
        typer.echo(msgspec.json.encode(result))
    else:
        for problem in result.problems:
            typer.echo(str(problem))
        typer.echo(f"{folder}: {result.tests} tests, {result.failed} failed")
        _tell(result.coverage)
    raise typer.Exit(1 if result.problems or not result.tests else 0)


def _tell(covered: Coverage) -> None:
    typer.echo(
        f"rules tested: {covered.tested} of {covered.rules}; levels: {covered.reached} of {covered.levels}; "
        f"withdrawn: {covered.withdrawn} of {covered.rules}"
    )
    typer.echo("silent: " + ", ".join(f"{reason} {count}" for reason, count in covered.silences.items()))
    for what, names in (
        ("not tested", covered.untested), ("level never reached", covered.unreached),
        ("never withdrawn", covered.never_withdrawn),
    ):  # fmt: skip
        if names:
            typer.echo(f"{what}: {', '.join(names)}")


@app.command()
def schema(
    folder: Annotated[Path, typer.Argument(help="Where to write them. 写入的文件夹")] = Path("schemas"),
) -> None:
    """Write the JSON Schemas of rule files and standards, for editors. 生成规则文件的 JSON Schema，供编辑器使用"""
    for name, text in texts(resource("schemas")).items():
        (folder / name).write_text(text, "utf-8")
        typer.echo(str(folder / name))


_AUTHOR = Annotated[str, typer.Option(help="Who answers for it. 由谁负责", envvar=["PREWARN_AUTHOR", "USER"])]
_REASON = Annotated[str, typer.Option(help="Why, for the record. 原因，供存档")]


@app.command()
def publish(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    author: _AUTHOR = "",
    reason: _REASON = "",
) -> None:
    """Put a folder into use, as the next edition: in this home, or with brokers in the cluster. 发布规则"""
    settings: Settings = context.obj
    folder = folder or settings.rules_folder
    if settings.brokers is None:
        _show_edition(publishing.publish(settings, folder, author=author, reason=reason))
        return
    from services.cluster.rules import publish_rules  # noqa: PLC0415 - Faust and Kafka cost every command a second

    _show_edition(publish_rules(settings, folder, author=author, reason=reason))


@app.command("roll-back")
def roll_back(
    context: typer.Context,
    edition: Annotated[int, typer.Argument(help="Its number, see editions. 版次编号")],
    author: _AUTHOR = "",
    reason: _REASON = "",
) -> None:
    """Put the rules of an earlier edition into use again, as the next one. 回退到以前的版次"""
    settings: Settings = context.obj
    if settings.brokers is None:
        _show_edition(publishing.roll_back(settings, edition, author=author, reason=reason))
        return
    from services.cluster import rules  # noqa: PLC0415 - as above

    _show_edition(rules.roll_back(settings, edition, author=author, reason=reason))


@app.command()
def editions(context: typer.Context) -> None:
    """The rule sets of this home or cluster: who published which, when and why. 规则版次及来历"""
    settings: Settings = context.obj
    if settings.brokers is None:
        for edition in publishing.editions(settings):
            _show_edition(edition)
        return
    from services.cluster import rules  # noqa: PLC0415 - as above

    for edition in rules.editions(context.obj):
        _show_edition(edition)
    at = list(rules.evaluated(context.obj).values())
    shares = ", ".join(f"{at.count(number)} by edition {number}" for number in sorted(set(at)) if number)
    waiting = f"; {at.count(0)} not yet 尚未开始" if 0 in at else ""
    typer.echo(f"partitions evaluated 已评估分区: {shares or 'none 无'}{waiting}")


def _show_edition(edition: Edition) -> None:
    who = f" by {edition.author}" if edition.author else ""
    why = f": {edition.reason}" if edition.reason else ""
    typer.echo(f"edition {edition.number} (rule set {edition.version}), {edition.at:%Y-%m-%d %H:%M} UTC{who}{why}")
    for line in edition.changed:
        typer.echo(f"    {line}")
