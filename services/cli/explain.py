"""`prewarn standards show`, `prewarn rules explain`, `prewarn why`: the operator's questions."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Annotated, TypeVar

import msgspec
import typer

from services.cli.college import rules_in_use
from services.clock import wall_clock
from services.errors import ProblemsError
from services.i18n import say
from services.messages import Problem
from services.notify.texts import Language
from services.operate.explain import explain_rule, rule_lines, show_standards, standards_lines, why_lines
from services.operate.explain import why as why_warned

T = TypeVar("T")


class Languages(str, Enum):  # noqa: UP042 - typer reads enums of strings, StrEnum is shown otherwise
    """In which language a person reads the answer."""

    both = "both"
    zh = "zh"
    en = "en"


Subject = Annotated[
    str, typer.Argument(help="Such as s1, s1/algebra, teacher:dai, college. 学生、课程、教师等编号", show_default=False)
]
At = Annotated[str | None, typer.Option(help="2026-10-01 (its end) or '2026-10-01 08:00'; default: now. 时间")]
Rule = Annotated[str | None, typer.Option(help="Of this rule only. 只看这条规则")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object. 输出 JSON")]
Chosen = Annotated[Languages, typer.Option("--language", help="Of the text. 文字的语言")]


def _tell(found: T, json: bool, language: Languages, lines: Callable[[T, Language], list[str]]) -> None:
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    chosen: tuple[Language, ...] = ("zh", "en") if language is Languages.both else (language.value,)
    typer.echo("\n\n".join("\n".join(lines(found, one)) for one in chosen))


def show(
    context: typer.Context,
    subject: Subject,
    at: At = None,
    rule: Rule = None,
    given: Annotated[
        list[str] | None, typer.Option("--with", help="NAME=VALUE that the directory does not know. 目录中没有的属性")
    ] = None,
    json: AsJson = False,
    language: Chosen = Languages.both,
) -> None:
    """Which standard applies to somebody, its values, and why this one. 对象适用的标准及原因"""
    pairs = dict(_pair(one) for one in given or ())
    found = show_standards(context.obj, subject, at, rule, pairs, wall_clock())
    _tell(found, json, language, standards_lines)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise ProblemsError(
            [Problem(where="--with", what=say("cli.with_not_pair", text=text), expected="teacher_stage=new")]
        )
    return name, value


def explain(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(help="Id of the rule. 规则编号")],
    subject: Annotated[str | None, typer.Option(help="For whom: thresholds and people. 针对谁")] = None,
    at: At = None,
    json: AsJson = False,
    language: Chosen = Languages.both,
) -> None:
    """A rule as a sentence, its thresholds, who is told, and its tests. 用一句话解释规则"""
    rules_in_use(context)
    _tell(explain_rule(context.obj, rule, subject, at, wall_clock()), json, language, rule_lines)


def why(
    context: typer.Context,
    subject: Subject,
    rule: Rule = None,
    at: At = None,
    json: AsJson = False,
    language: Chosen = Languages.both,
) -> None:
    """Why somebody has, or does not have, a warning, and who was told. 为什么有（没有）预警"""
    _tell(why_warned(context.obj, subject, rule, at, wall_clock()), json, language, why_lines)
