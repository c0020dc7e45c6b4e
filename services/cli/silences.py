"""`prewarn silences`: messages that somebody wants to wait."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated

import msgspec
import typer

from services.app.embedded import Embedded
from services.clock import wall_clock
from services.errors import ConfigurationError
from services.i18n import say
from services.messages import from_ms, to_ms
from services.notify.suppression import Silence
from services.operate.silence_check import check_end, check_matchers
from services.settings import Settings


def add(
    context: typer.Context,
    author: Annotated[str, typer.Option(help="Who wants it. 设置人")],
    comment: Annotated[str, typer.Option(help="Why. 原因")],
    until: Annotated[str, typer.Option(help="2026-12-01 (to the end of that day) or 2026-12-01T08:00. 截止")],
    rule: Annotated[str | None, typer.Option(help="Id of a rule. 规则")] = None,
    subject: Annotated[str | None, typer.Option(help="Such as a student, or student/course. 对象")] = None,
    department: Annotated[str | None, typer.Option(help="Id of a department. 部门")] = None,
    long: Annotated[bool, typer.Option("--long", help="For more than 180 days. 超过 180 天")] = False,
) -> None:
    """Messages about matching warnings wait until then; warnings are shown as before. 设置静默"""
    if not (rule or subject or department):
        raise ConfigurationError(say("cli.silence_of_everything"))
    if not author.strip() or not comment.strip():
        raise ConfigurationError(say("cli.silence_without_reason"))
    with Embedded(context.obj) as embedded:
        now, end = wall_clock(), _instant(until, embedded)
        files = embedded.files
        check_matchers(
            None if files.rules is None else files.rules.value,
            files.present_directory(),
            embedded.journal,
            rule=rule,
            subject=subject,
            department=department,
        )
        check_end(until, now, end, long=long)
        number = embedded.notify.silence(
            Silence(0, rule, subject, department, to_ms(now), to_ms(end), author.strip(), comment.strip())
        )
        typer.echo(f"silence {number} is in force until 静默生效至 {_local(to_ms(end), embedded)}")


def list_(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line. 每行一个 JSON 对象")] = False,
) -> None:
    """All silences that there ever were. 全部静默"""
    settings: Settings = context.obj
    with Embedded(settings) as embedded:
        now = to_ms(wall_clock())
        for one in embedded.notify.silences():
            if json:
                times = {"begins": from_ms(one.begins).isoformat(), "ends": from_ms(one.ends).isoformat()}
                said = {"number": one.id, **one._asdict(), **times, "in_force": one.ends > now}
                del said["id"]
                typer.echo(msgspec.json.encode(said))
                continue
            about = " ".join(
                f"{name}={value}"
                for name, value in (("rule", one.rule), ("subject", one.subject), ("department", one.department))
                if value
            )
            state = "in force 生效" if one.ends > now else "ended 已结束"
            typer.echo(f"{one.id:4}  {state}  {_local(one.ends, embedded)}  {about}  {one.author}: {one.comment}")


def end(context: typer.Context, number: Annotated[int, typer.Argument(help="Of prewarn silences list. 编号")]) -> None:
    """End a silence now: what it has held goes out. 立即结束静默"""
    with Embedded(context.obj) as embedded:
        if not embedded.notify.end_silence(number):
            raise ConfigurationError(say("cli.silence_not_in_force", number=number))
        typer.echo(f"silence {number} has ended 静默已结束")


def _instant(text: str, embedded: Embedded) -> datetime:
    """In the college's time zone unless it names one."""
    zone = embedded.notify.config.zone
    try:
        found = datetime.combine(date.fromisoformat(text), time.max)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise ConfigurationError(say("cli.until_no_moment", text=text)) from None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # before the first year, or behind the last one
        return found.replace(tzinfo=UTC)


def _local(milliseconds: int, embedded: Embedded) -> str:
    return f"{from_ms(milliseconds).astimezone(embedded.notify.config.zone):%Y-%m-%d %H:%M}"
