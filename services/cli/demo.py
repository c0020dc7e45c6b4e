"""`prewarn demo`: the sample college, played in this process."""

from __future__ import annotations

from typing import Annotated

import typer

from services.app.demo.show import Show
from services.app.embedded_routes import embedded_routes
from services.app.serving import serve
from services.cli.progress import progress_bar
from services.settings import MOST_PORT, Settings


def demo(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=1, max=MOST_PORT, help="Port of the pages. 端口")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="How long the day takes. 一天压缩为多少秒")] = 180,
) -> None:
    """A sample college: the term so far, then today's events at a visible pace. 示例学校"""
    settings: Settings = context.obj
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    show = Show(settings, seconds)
    try:
        with progress_bar() as bar:
            task = bar.add_task("history 历史数据", total=show.history_events)
            show.tell_history(lambda count: bar.advance(task, count))
        typer.echo(f"The sample college on {show.college.day}; its ground truth: {show.truth}")
        typer.echo(f"示例学校 {show.college.day}；预设问题清单：{show.truth}")
        show.start_day(typer.echo)
        typer.echo(
            f"Pages 页面: {settings.public_url}/   (Ctrl-C stops; a second start goes on. 按 Ctrl-C 停止，可续演)"
        )
        serve(embedded_routes(show.embedded, demo=True, tour=show.tour()), settings)
    finally:
        show.stop()
