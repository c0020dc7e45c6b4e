"""`prewarn report`: whether the warnings work."""

from __future__ import annotations

import csv as tables
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from services.clock import wall_clock
from services.embedded import Embedded
from services.errors import ConfigurationError
from services.notify.report import BYS, By, Period, grouping
from services.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Whether the warnings work. 实效性分析")


@app.callback()
def callback() -> None:
    """Reports. 报告"""


@app.command()
def effectiveness(
    context: typer.Context,
    first: Annotated[str | None, typer.Option("--from", help="First day; default: 30 days ago. 起始日期")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day; default: today. 截止日期")] = None,
    by: Annotated[str, typer.Option(help="rule, level, department or month. 分组")] = "rule",
    csv: Annotated[Path | None, typer.Option(help="Write the lines as a table. 输出 CSV 表格")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
) -> None:
    """What became of the warnings of a period, beside the one before and last year. 预警机制实效性分析报告"""
    settings: Settings = context.obj
    embedded = Embedded(settings)
    try:
        today = wall_clock().astimezone(embedded.notify.zone).date()
        end = _day("--to", last, today)
        period = Period(_day("--from", first, end - timedelta(days=29)), end)
        if period.last < period.first:
            raise ConfigurationError(f"--to {period.last} is before --from {period.first} (expected: a later day)")
        found = embedded.notify.effectiveness(period, _by(by))
        if csv is not None:
            with csv.open("w", encoding="utf-8-sig", newline="") as file:  # with a mark: spreadsheets take it as UTF-8
                writer = tables.writer(file)
                writer.writerow(found.total._fields)
                writer.writerows([*found.lines, found.total, found.before, found.year_before])
            typer.echo(str(csv))
        elif json:
            typer.echo(msgspec.json.encode(msgspec.to_builtins(_plain(found))))
        else:
            _tell(found)
    finally:
        embedded.stop()


def _by(word: str) -> By:
    if (found := grouping(word)) is None:
        raise ConfigurationError(f"--by {word} is no grouping (expected: one of {', '.join(BYS)})")
    return found


def _day(option: str, text: str | None, default: date) -> date:
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} {text} is no day (expected: such as 2026-09-01)") from None


def _plain(found: Any) -> Any:
    """Named tuples as objects."""
    if hasattr(found, "_asdict"):
        return {name: _plain(value) for name, value in found._asdict().items()}
    return [_plain(one) for one in found] if isinstance(found, list | tuple) else found


def _tell(found: Any) -> None:
    shown = "{:32} {:>6} {:>7} {:>7} {:>6} {:>6} {:>7} {:>7} {:>7} {:>8} {:>7}"
    typer.echo(f"{found.period.first} – {found.period.last}")
    heads = ("", "warned", "useful%", "judged", "ack", "h→ack", "h→meas", "h→end", "relapse", "overdue", "untold")
    typer.echo(shown.format(*heads))
    for one in [*found.lines, found.total, found.before, found.year_before]:
        figures = (
            one.warnings, one.useful_percent, one.judged, one.acknowledged, one.hours_to_acknowledge,
            one.hours_to_measure, one.hours_to_end, one.relapses, one.overdue, one.nobody_told,
        )  # fmt: skip
        typer.echo(shown.format(one.name[:32], *("–" if figure is None else f"{figure:g}"[:7] for figure in figures)))
    load = found.load
    typer.echo(
        f"{load.messages} messages to {load.people} people; most on one day: {load.most_a_day} ({load.most_whom})"
    )
    for reason, count in found.not_told:
        typer.echo(f"not told: {reason} {count}")
    for one in found.accidents:
        typer.echo(f"accident: {one['subject']} {one['highest_level']} {one['status']} {one['measure'] or ''}")
