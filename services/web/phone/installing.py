"""What makes the phone pages installable: manifest, service worker, and the page that is shown without network."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from services.web.frame import Frame
from services.web.templating import HEADERS

_WORKER = Path(__file__).parents[1] / "static" / "phone" / "worker.js"
_GROUND, _BRAND = "#f5f4f0", "#2f5d62"
"""Of static/prewarn.css."""


class Installing:
    """The routes over one frame; nobody needs to be signed in for them."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [
            Route("/sw.js", self.worker),
            Route("/manifest.webmanifest", self.manifest),
            Route("/offline", self.offline),
        ]

    def worker(self, _: Request) -> Response:
        """At the root of all pages, as it may serve none that are above it."""
        return FileResponse(_WORKER, media_type="text/javascript", headers=HEADERS)

    def manifest(self, request: Request) -> Response:
        """https://www.w3.org/TR/appmanifest/; addresses are relative to its own, whatever sub-path that has."""
        reader = self._frame.reader(request)
        icons = [
            {"src": "static/icon.svg", "sizes": "any", "type": "image/svg+xml"},
            {"src": "static/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any"},
        ]
        said = {
            "id": "day",
            "start_url": "day",
            "scope": "./",
            "display": "standalone",
            "name": f"{reader.word('brand')} · {reader.word('day_title')}",
            "short_name": reader.word("brand"),
            "lang": "zh-CN" if reader.language == "zh" else "en",
            "background_color": _GROUND,
            "theme_color": _BRAND,
            "icons": icons,
        }
        return JSONResponse(said, media_type="application/manifest+json", headers=HEADERS)

    def offline(self, request: Request) -> Response:
        """Without anything about anybody: the service worker keeps it."""
        return self._frame.page(request, "phone/offline.html")
