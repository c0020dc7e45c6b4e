"""The addresses of the one-process mode."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route

from services.accounts.providers import NONE, Providers, configured
from services.app.doors import streams
from services.app.embedded import Embedded
from services.app.first_account import welcome
from services.app.private import keep_private
from services.app.serving import serve
from services.clock import wall_clock
from services.errors import PrewarnError
from services.ingest.api import ingest_routes
from services.settings import Settings
from services.web.frame import Tour
from services.web.pages import Pages


def embedded_routes(
    embedded: Embedded, *, demo: bool = False, tour: Tour | None = None, providers: Providers = NONE
) -> list[BaseRoute]:
    """API and pages; /healthz also names what a restart would not mend, with 200 (`Embedded.degraded`)."""

    def health(_: Request) -> PlainTextResponse:
        try:
            reason = embedded.unwell()
        except (PrewarnError, OSError) as error:
            reason = str(error)
        try:
            degraded = embedded.degraded()
        except Exception as error:  # noqa: BLE001 - what cannot be read must not hide what is wrong already
            degraded = [f"{type(error).__name__}: {error}"]
        said = [str(reason)] if reason else ["degraded" if degraded else "ok"]
        return PlainTextResponse("\n".join([*said, *degraded]), 503 if reason else 200)

    way_in = ingest_routes(embedded.intake, embedded.access, embedded.lateness)
    pages = Pages(embedded.notify, demo=demo, tour=tour, providers=providers, phone=embedded.phone, streams=streams())
    return [*way_in, Route("/healthz", health), *pages.routes()]


def run_all(settings: Settings) -> int:
    """Takes events in, warns, and serves the pages until a signal comes; the exit code."""
    found = configured.providers(settings)
    with Embedded(settings) as embedded:
        embedded.start()
        keep_private(settings.home)
        welcome(embedded.notify.database, settings, wall_clock())
        serve(embedded_routes(embedded, providers=found), settings)
    return 0
