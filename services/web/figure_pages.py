"""The figures: whether the warnings work, and what is open now. Without names of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.accounts import permissions
from services.notify.open_now import OPEN_BYS
from services.notify.report import asked_for
from services.web import report_forms
from services.web.frame import Frame, Visitor
from services.web.templating import HEADERS

if TYPE_CHECKING:
    from services.notify.service import Notify

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FigurePages:
    """The routes over one Notify."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._notify: Notify = frame.notify
        self._cards = frame.notify.ports.cards

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [
            Route("/reports/effectiveness", self.effectiveness),
            Route("/reports/effectiveness.xlsx", self.effectiveness),
            Route("/reports/open", self.open_now),
        ]

    def effectiveness(self, request: Request) -> Response:
        """Whether the warnings work; `?from=…&to=…&by=…`, by default the last 30 days by rule. Without names.

        As a page, and by the path's end as XLSX.
        """
        if not isinstance(seen := self._frame.may(request, "figures"), Visitor):
            return seen
        reader = self._frame.reader(request)
        today = self._notify.ports.clock().astimezone(self._notify.config.zone).date()
        asked = asked_for({name: request.query_params.get(name) for name in ("from", "to", "by")}, today)
        if asked is None:
            return self._frame.page(request, "problem.html", status=400, head="report_wrong", more="report_wrong_more")
        departments = self._departments(seen)
        found = self._notify.effectiveness(*asked, departments)
        if request.url.path.endswith(".xlsx"):
            name = f"effectiveness-{asked[0].first}-{asked[0].last}.xlsx"
            headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(report_forms.workbook(found, self._cards, reader), media_type=_XLSX, headers=headers)
        around = self._frame.around(request, reader) | {"of": report_forms.of_departments(departments, reader)}
        html = report_forms.html(self._frame.templates, found, self._cards, reader, around)
        return self._frame.respond(request, html)

    def _departments(self, seen: Visitor) -> frozenset[str] | None:
        """Whose figures they see; None: those of all."""
        ports = self._notify.ports
        return permissions.departments_of(seen.who, ports.directory(), ports.clock())

    def open_now(self, request: Request) -> Response:
        """What is open at this moment; `?by=rule|department|class`. Without names of people."""
        if not isinstance(seen := self._frame.may(request, "figures"), Visitor):
            return seen
        reader = self._frame.reader(request)
        by = request.query_params.get("by", "rule")
        if (known := next((one for one in OPEN_BYS if one == by), None)) is None:
            return self._frame.page(request, "problem.html", status=400, head="report_wrong", more="open_wrong_more")
        departments = self._departments(seen)
        found = self._notify.open_now(known, departments)
        lines, of = (
            report_forms.open_lines(found, self._cards, reader),
            report_forms.of_departments(departments, reader),
        )
        return self._frame.page(request, "open.html", found=found, lines=lines, bys=OPEN_BYS, of=of)
