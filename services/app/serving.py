"""Serves pages and API over HTTP."""

from __future__ import annotations

from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from services.settings import Settings


def serve(routes: Sequence[BaseRoute], settings: Settings) -> None:
    """Until a signal comes."""
    application = Starlette(routes=list(routes))
    # Its own handlers would write past those of this process, which say the same once.
    uvicorn.run(
        application, host=settings.host, port=settings.port, log_config=None, log_level="warning", access_log=False
    )
