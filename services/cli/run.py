"""`prewarn run` and `prewarn demo`."""

from __future__ import annotations

from typing import Annotated

import typer
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from services.app.demo.show import Show
from services.app.embedded import Embedded
from services.cli.data import progress_bar
from services.errors import ConfigurationError
from services.ingest.api import ingest_routes
from services.settings import MOST_PORT, Settings
from services.web.pages import Pages

_HERE = "all"


def run(
    context: typer.Context,
    service: Annotated[
        str,
        typer.Argument(
            help="all: everything in one process; ingest, route, evaluate, notify: of the cluster mode."
            " 运行全部服务，或集群模式的一项"
        ),
    ] = _HERE,
    port: Annotated[int | None, typer.Option(min=1, max=MOST_PORT, help="Port of pages and API. 端口")] = None,
) -> None:
    """Take events in, warn, and serve the pages until Ctrl-C. 运行服务"""
    settings: Settings = context.obj
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    if service != _HERE:
        raise typer.Exit(_run_of_the_cluster(service, settings))
    with Embedded(settings) as embedded:
        embedded.start()
        serve(embedded)


def _run_of_the_cluster(service: str, settings: Settings) -> int:
    """Each service imports what it needs only: Faust and Kafka cost every other command a second."""
    match service:
        case "ingest":
            from services.app.cluster.ingest import run_ingest as run_it  # noqa: PLC0415
        case "route":
            from services.app.cluster.rules import run_route as run_it  # noqa: PLC0415
        case "evaluate":
            from services.app.cluster.rules import run_evaluate as run_it  # noqa: PLC0415
        case "notify":
            from services.app.cluster.notify import run_notify as run_it  # noqa: PLC0415
        case _:
            raise ConfigurationError(
                f"prewarn run {service}: there are all, and of the cluster mode ingest, route, evaluate and notify"
            )
    return run_it(settings)


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
        serve(show.embedded)
    finally:
        show.stop()


def serve(embedded: Embedded) -> None:
    """Serves API and pages until a signal comes."""
    app, settings = application(embedded), embedded.settings
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False)


def application(embedded: Embedded) -> Starlette:
    """API and pages; /healthz also names edited files that are not used (200: a restart would not mend them)."""

    def health(_: Request) -> PlainTextResponse:
        reason, edits = embedded.notify.unwell(), embedded.refused_edits()
        said = [reason] if reason else ["degraded" if edits else "ok"]
        return PlainTextResponse("\n".join([*said, *edits]), 503 if reason else 200)

    return Starlette(
        routes=[*ingest_routes(embedded.intake), Route("/healthz", health), *Pages(embedded.notify).routes()]
    )
