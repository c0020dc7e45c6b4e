"""`prewarn backtest`: the old rules beside the new ones, before they are put to use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services.cli.college import college
from services.operate import backtest
from services.operate.backtest import Backtest, FoundEpisode
from services.settings import Settings

_REFUSED = 5
"""Refused events that are shown."""


def run(
    context: typer.Context,
    new: Annotated[Path, typer.Argument(help="Rule folder to try. 要试算的规则文件夹", show_default=False)],
    old: Annotated[Path | None, typer.Option(help="Default: the rules in use. 默认：正在使用的规则")] = None,
    events: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="NDJSON or CSV instead of the log. 用事件文件代替日志"),
    ] = None,
    shown: Annotated[int, typer.Option(min=0, help="Differences of each sort. 每类差异显示条数")] = 10,
    json: Annotated[bool, typer.Option("--json", help="One JSON object. 输出 JSON")] = False,
) -> None:
    """Compare two rule folders over the log, or over files of events. 用日志或文件试算新旧规则的差异"""
    settings: Settings = context.obj
    if not (old and events):
        college(context)
    found = backtest.backtest(settings, old or settings.rules_folder, new, events or (), shown)
    if json and found.rejected:
        found.rejected.rejections = [one.in_english() for one in found.rejected.rejections]
    typer.echo(msgspec.json.encode(found) if json else "\n".join(_lines(found)))


def _lines(found: Backtest) -> list[str]:
    lines = []
    if found.rejected is not None and found.rejected.rejected:
        lines.append(f"not read 未能读取: {found.rejected.rejected} events 条")
        lines += [f"    {one.origin} {one.position}: {one.reasons[0]}" for one in found.rejected.rejections[:_REFUSED]]
        lines += _more(found.rejected.rejected, _REFUSED)
    lines.append(f"events 事件: {found.events}; warnings 预警: old 旧 {found.old}, new 新 {found.new}")
    if found.counts:
        lines.append(f"{'rule 规则':34} {'level 级别':10} {'week 周':12} {'old 旧':>6} {'new 新':>6}")
        lines += [f"{c.rule:36} {c.level:12} {c.week:12} {c.old:>6} {c.new:>6}" for c in found.counts]
    else:
        lines.append("no difference 没有差异")
    for title, some, count in (
        ("only old 仅旧规则", found.gone, found.gone_count),
        ("only new 仅新规则", found.added, found.added_count),
    ):
        if count:
            lines.append(f"{title}: {count}")
            lines += [f"    {_shown(one)}" for one in some]
            lines += _more(count, len(some))
    if found.changed_count:
        lines.append(f"other level or begin 级别或起点不同: {found.changed_count}")
        pairs = [(pair.old, pair.new) for pair in found.changed]
        lines += [f"    {_shown(old)} → {new.level}, {new.opened_at:%Y-%m-%d %H:%M} UTC" for old, new in pairs]
        lines += _more(found.changed_count, len(pairs))
    return lines


def _more(count: int, shown: int) -> list[str]:
    return [f"    … and {count - shown} more 另有 {count - shown} 条 (--shown N)"] if count > shown else []


def _shown(one: FoundEpisode) -> str:
    evidence = ", ".join(f"{each.source} {each.id}" for each in one.evidence[-3:])
    more = "… " if len(one.evidence) > 3 else ""  # noqa: PLR2004 - as above
    return (
        f"{one.opened_at:%Y-%m-%d %H:%M} UTC {one.rule} {one.subject}: {one.level}, "
        f"value 值 {_number(one.value)}, threshold 阈值 {_number(one.threshold)}, evidence 依据 {more}{evidence or '–'}"
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"
