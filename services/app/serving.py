"""Serves pages, API and figures over HTTP: every port of a service has the same door."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from services.app.doors import IDLE, Door, most_connections
from services.app.hosts import KnownHosts
from services.app.proxies import NamedProxies
from services.settings import Settings
from services.web.failures import HANDLERS

_AT_ONCE = 8
"""asyncio takes as many new connections in one go as may wait, and only turns later one too many is turned away."""
_LEAVING = 10
"""Seconds for answers that are under way when a signal comes."""


def application(routes: Sequence[BaseRoute], settings: Settings) -> Starlette:
    """What is served: the routes behind what every one of them needs."""
    proxies = Middleware(
        NamedProxies,
        networks=settings.proxy_networks,
        user_header=settings.proxy_user.lower(),
        root_path=settings.root_path,
    )
    hosts = Middleware(KnownHosts, names=settings.host_names)
    return Starlette(routes=list(routes), middleware=[proxies, hosts], exception_handlers=HANDLERS)


def figures(registry: CollectorRegistry, unwell: Callable[[], object]) -> list[Route]:
    """/metrics; and /healthz, which is 503 with what `unwell` says, if it says something."""

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def health(_: Request) -> Response:
        trouble = unwell()
        return PlainTextResponse(str(trouble or "ok"), 503 if trouble else 200)

    return [Route("/metrics", metrics), Route("/healthz", health)]


def server(routes: Sequence[BaseRoute], settings: Settings, port: int | None = None) -> uvicorn.Server:
    """What serves them, on the loop that runs it. `port`: another one than that of pages and API."""
    Door.most = most_connections()
    # Its own handlers of logs would write past those of this process, which say the same once.
    config = uvicorn.Config(
        application(routes, settings),
        host=settings.host,
        port=settings.port if port is None else port,
        http=Door,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whom we believe, proxies.py says
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=_LEAVING,
        backlog=max(_AT_ONCE, Door.most // _AT_ONCE),
    )
    return uvicorn.Server(config)


def serve(routes: Sequence[BaseRoute], settings: Settings) -> None:
    """Serves these routes until a signal comes."""
    with suppress(KeyboardInterrupt):  # it has left already, and tells whoever called it
        server(routes, settings).run()


def serve_beside(routes: Sequence[BaseRoute], settings: Settings, port: int) -> uvicorn.Server:
    """Beside what the process does, on a thread and a loop of its own, as long as the process lives.

    Raises OSError if the port is taken: on the thread that would end nothing but the thread.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    taken = socket.create_server((settings.host, port), family=family)
    served = server(routes, settings, port)
    threading.Thread(target=served.run, args=([taken],), name="metrics", daemon=True).start()
    return served
