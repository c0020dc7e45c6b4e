"""Serves pages and API over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from services.app.doors import IDLE, Door, most_connections
from services.app.hosts import KnownHosts
from services.settings import Settings
from services.web.failures import HANDLERS

_AT_ONCE = 8
"""asyncio takes as many new connections in one go as may wait, and only turns later one too many is turned away."""
_LEAVING = 10
"""Seconds for answers that are under way when a signal comes."""


def application(routes: Sequence[BaseRoute], settings: Settings) -> Starlette:
    """What is served: the routes behind what every one of them needs."""
    hosts = Middleware(KnownHosts, names=settings.host_names)
    return Starlette(routes=list(routes), middleware=[hosts], exception_handlers=HANDLERS)


def server(routes: Sequence[BaseRoute], settings: Settings) -> uvicorn.Server:
    """What serves them, on the loop that runs it."""
    Door.most = most_connections()
    # Its own handlers of logs would write past those of this process, which say the same once.
    config = uvicorn.Config(
        application(routes, settings), host=settings.host, port=settings.port, http=Door, ws="none", lifespan="off",
        log_config=None, log_level="warning", access_log=False, server_header=False, timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=_LEAVING, backlog=max(_AT_ONCE, Door.most // _AT_ONCE),
    )  # fmt: skip
    return uvicorn.Server(config)


def serve(routes: Sequence[BaseRoute], settings: Settings) -> None:
    """Until a signal comes."""
    with suppress(KeyboardInterrupt):  # it has left already, and tells whoever called it
        server(routes, settings).run()
