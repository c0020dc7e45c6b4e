"""`prewarn report`: whether the warnings work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from services.app.embedded import Embedded
from services.clock import wall_clock
from services.errors import ConfigurationError
from services.i18n import say
from services.notify.ports import Cards
from services.notify.report import BYS, By, Period, Report, grouping, read_day
from services.notify.texts import number
from services.settings import Settings
from services.web import report_forms
from services.web.reader import Reader
from services.web.templating import templates


class Languages(StrEnum):
    """In which language a person reads the report."""

    zh = "zh"
    en = "en"


def effectiveness(
    context: typer.Context,
    first: Annotated[str | None, typer.Option("--from", help="First day; default: 30 days ago. 起始日期")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day; default: today. 截止日期")] = None,
    by: Annotated[str, typer.Option(help="rule, level, department or month. 分组")] = "rule",
    xlsx: Annotated[Path | None, typer.Option(help="Write the whole report as a workbook. 输出 XLSX")] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as a page to print. 输出可打印网页")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the lines as a table. 输出 CSV 表格")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object. 输出 JSON")] = False,
    language: Annotated[Languages, typer.Option(help="Of the text and the files. 语言")] = Languages.zh,
) -> None:
    """What became of the warnings of a period, beside the one before and last year. 预警机制实效性分析报告"""
    settings: Settings = context.obj
    with Embedded(settings) as embedded:
        notify = embedded.notify
        end = _day("--to", last, wall_clock().astimezone(notify.config.zone).date())
        period = Period(_day("--from", first, end - timedelta(days=29)), end)
        if period.last < period.first:
            raise ConfigurationError(say("cli.before_from", last=period.last, first=period.first))
        found = notify.effectiveness(period, _by(by))
        reader = Reader(language.value, notify.config.zone, wall_clock(), notify.ports)
        forms: tuple[tuple[str, Path | None, Callable[[], bytes]], ...] = (
            ("--xlsx", xlsx, lambda: report_forms.workbook(found, notify.ports.cards, reader)),
            ("--html", html, lambda: report_forms.html(templates(), found, notify.ports.cards, reader).encode()),
            ("--csv", csv, lambda: report_forms.table(found, notify.ports.cards, reader).encode()),
        )
        wanted = [(option, path, made) for option, path, made in forms if path is not None]
        for option, path, made in wanted:
            _write(option, path, made())
            typer.echo(str(path))
        if json:
            typer.echo(msgspec.json.encode(_plain(found)))
        elif not wanted:
            _tell(found, notify.ports.cards, reader)


def _write(option: str, path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(say("cli.file_not_written", option=option, path=path, error=error.strerror)) from error


def _by(word: str) -> By:
    if (found := grouping(word)) is None:
        raise ConfigurationError(say("cli.by_no_grouping", word=word, bys=", ".join(BYS)))
    return found


def _day(option: str, text: str | None, default: date) -> date:
    if text is None:
        return default
    if (found := read_day(text)) is None:
        raise ConfigurationError(say("cli.no_day", option=option, text=text))
    return found


def _plain(found: Any) -> Any:
    """What JSON can say: named tuples become objects."""
    if hasattr(found, "_asdict"):
        return {name: _plain(value) for name, value in found._asdict().items()}
    return [_plain(one) for one in found] if isinstance(found, list | tuple) else found


def _tell(found: Report, cards: Cards, reader: Reader) -> None:
    typer.echo(reader.word("report_period", first=found.period.first, last=found.period.last))
    for name, figures in report_forms.lines(found, cards, reader):
        told = zip(report_forms.FIGURES, figures, strict=True)
        shown = (f"{reader.word(f'report_{key}')} {number(figure)}" for key, figure in told if figure is not None)
        typer.echo(f"{name}: {', '.join(shown)}")
    load = found.load
    sent = {"messages": load.messages, "people": load.people, "most": load.most_a_day}
    burden = reader.word("report_load_is", median=number(load.median_a_day), **sent)
    typer.echo(burden if load.messages else reader.word("report_load_none"))
    typer.echo(reader.word("report_follow_up_is", **found.follow_up._asdict()))
    parts = {"not_told": found.not_told, "report_held": found.held, "report_left_out": _left_out(found)}
    for head, counts in parts.items():
        if counts:
            typer.echo(f"{reader.word(head)}")
        for name, count in counts:
            typer.echo(f"  {report_forms.reason(name, reader)} {count}")
    if found.improvement.measures:
        typer.echo(reader.word("report_after"))
        for name, count in report_forms.improvement(found, reader):
            typer.echo(f"  {name} {count}")
    for one in report_forms.accidents(found, reader):
        typer.echo(f"{reader.word('report_sheet_accidents')}: {' · '.join(one)}")


def _left_out(found: Report) -> list[tuple[str, int]]:
    return [(f"left_out_{name}", count) for name, count in found.left_out]
