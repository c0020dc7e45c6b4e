"""`prewarn rules copy | publish | roll-back | revisions`: rules are put into use, with who, when and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.college import rules_in_use
from services.cli.rules_test import tell_inapplicable
from services.clock import wall_clock
from services.errors import ConfigurationError
from services.i18n import say
from services.operate.rule_tests import suite
from services.rules.registry import RuleSetRevision, open_registry
from services.rules.registry.files import copy as copy_rules
from services.settings import Settings, resource

AUTHOR = Annotated[
    str,
    typer.Option(
        help="Who answers for it; default: the user of this computer. 由谁负责", envvar=["PREWARN_AUTHOR", "USER"]
    ),
]
REASON = Annotated[str, typer.Option(help="Why, for the record. 原因，供存档")]
_KEPT = (
    "open warnings keep their deadline and escalation until their level changes, and going back restores neither"
    " 已开启的预警在级别变化之前保留原有期限和升级安排，回退也不会恢复"
)


def copy(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A new folder. 新文件夹", show_default=False)],
) -> None:
    """Copy the rules in use, with their tests, to work on. 复制正在使用的规则，以便修改"""
    in_use = rules_in_use(context)
    copy_rules(in_use, folder)
    typer.echo(f"{in_use} → {folder}")


def publish(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    author: AUTHOR = "",
    reason: REASON = "",
    untested: Annotated[
        bool, typer.Option("--untested", help="Even if its rule tests fail. 规则测试未通过也发布")
    ] = False,
) -> None:
    """Put a folder into use, as the next rule set revision: in this home, or with brokers in the cluster. 发布规则"""
    settings: Settings = context.obj
    folder = folder or settings.rules_folder
    answered_for(author, reason, needs_reason=True)
    if not untested:
        tell_inapplicable(suite.hold(folder, resource("schemas"), resource("rules")))
    began = wall_clock()
    revision = open_registry(settings).publish(folder, author=author, reason=reason)
    _tell(revision, new=revision.at >= began)


def roll_back(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="REVISION", help="Its number, see rules revisions. 版次编号")],
    author: AUTHOR = "",
    reason: REASON = "",
) -> None:
    """Put the rules of an earlier rule set revision into use again, as the next one. 回退到以前的版次"""
    answered_for(author, reason, needs_reason=False)
    began = wall_clock()
    revision = open_registry(context.obj).roll_back(number, author=author, reason=reason)
    _tell(revision, new=revision.at >= began)


def revisions(context: typer.Context) -> None:
    """The rule sets of this home or cluster: who published which, when and why. 规则版次及来历"""
    registry = open_registry(context.obj)
    for revision in registry.revisions():
        _show(revision)
    if at := list(registry.evaluated().values()):
        shares = ", ".join(f"{at.count(one)} by rule set revision {one}" for one in sorted(set(at)) if one)
        waiting = f"; {at.count(0)} not yet 尚未开始" if 0 in at else ""
        typer.echo(f"partitions evaluated 已评估分区: {shares or 'none 无'}{waiting}")


def answered_for(author: str, reason: str, *, needs_reason: bool) -> None:
    """Raises ConfigurationError: what is published is on record with who and why."""
    if not author.strip():
        raise ConfigurationError(say("cli.no_author"))
    if needs_reason and not reason.strip():
        raise ConfigurationError(say("cli.no_reason"))


def _tell(revision: RuleSetRevision, *, new: bool) -> None:
    if not new:
        typer.echo(
            "nothing is published: these rules are in use already 规则未变，未发布新版次:"
            f" rule set revision {revision.number}"
        )
        return
    _show(revision)
    if revision.number > 1:
        typer.echo(_KEPT)


def _show(revision: RuleSetRevision) -> None:
    who = f" by {revision.author}" if revision.author else ""
    why = f": {revision.reason}" if revision.reason else ""
    typer.echo(f"rule set revision {revision.number} ({revision.version}), {revision.at:%Y-%m-%d %H:%M} UTC{who}{why}")
    for line in revision.changed:
        typer.echo(f"    {line}")
