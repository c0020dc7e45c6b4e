"""`prewarn run`: the services, until a signal comes."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Annotated

import typer

from services.cli import telling
from services.errors import ConfigurationError, ProblemsError
from services.log.heartbeat import REFUSED
from services.settings import MOST_PORT, Settings

_SERVICES = {
    "all": "services.app.embedded_routes:run_all",
    "ingest": "services.app.cluster.ingest:run_ingest",
    "route": "services.app.cluster.rules:run_route",
    "evaluate": "services.app.cluster.rules:run_evaluate",
    "notify": "services.app.cluster.notify:run_notify",
}
"""Each imports what it needs: Faust and Kafka cost every other command a second."""


def run(
    context: typer.Context,
    service: Annotated[
        str,
        typer.Argument(
            help="all: everything in one process; ingest, route, evaluate, notify: of the cluster mode."
            " 运行全部服务，或集群模式的一项"
        ),
    ] = "all",
    port: Annotated[int | None, typer.Option(min=1, max=MOST_PORT, help="Port of pages and API. 端口")] = None,
) -> None:
    """Take events in, warn, and serve the pages until Ctrl-C. 运行服务"""
    settings: Settings = context.obj
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    if service not in _SERVICES:
        raise ConfigurationError(
            f"prewarn run {service}: there are all, and of the cluster mode ingest, route, evaluate and notify"
        )
    try:
        code = resolve_name(_SERVICES[service])(settings)
    except ProblemsError as error:  # to start anew cannot mend the files
        telling.tell_error(error)
        code = REFUSED
    raise typer.Exit(code)
