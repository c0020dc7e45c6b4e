"""The web pages: who has warnings, a person's inbox, one warning with its evidence; acknowledging and closing.

Rendered on the server, without scripts. There is no sign-in yet: a cookie says who is looking.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from services import bounds
from services.i18n import terms
from services.i18n.windows import window
from services.notify import texts
from services.notify.report import OPEN_BYS, asked_for
from services.notify.rows import WarningRow
from services.notify.store import views
from services.notify.store.acts import Refusal
from services.notify.store.views import Dossier
from services.web import report_forms, view_models, visitor
from services.web.view_models import Reader
from services.web.visitor import said

if TYPE_CHECKING:
    from services.notify.service import Notify

_HERE = Path(__file__).parent
_PER_PAGE = 50
_PEOPLE = 200
_SET_ASIDE = 200
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""Of every page."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_RANKS = ((3, "red"), (2, "orange"), (1, "yellow"), (0, "praise"))


def templates() -> Environment:
    """The pages' templates; whatever is put into them is escaped."""
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Pages:
    """The routes over one Notify."""

    def __init__(self, notify: Notify) -> None:
        self._notify, self._cards = notify, notify.ports.cards
        self._templates = templates()

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [
            Route("/", self.people),
            Route("/inbox/{person:path}", self.inbox),
            Route("/warnings/{id}", self.warning),
            Route("/warnings/{id}/acknowledge", self.acknowledge, methods=["POST"]),
            Route("/warnings/{id}/improve", self.improve, methods=["POST"]),
            Route("/warnings/{id}/close", self.close, methods=["POST"]),
            Route("/warnings/{id}/judge", self.judge, methods=["POST"]),
            Route("/reports/effectiveness", self.effectiveness),
            Route("/reports/effectiveness.xlsx", self.effectiveness),
            Route("/reports/open", self.open_now),
            *([Route("/set-aside", self.set_aside)] if self._notify.ports.set_aside else []),
            Route("/metrics", self.metrics),
            Route("/healthz", self.healthz),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ]

    def people(self, request: Request) -> Response:
        """Choose who you are: until the college's sign-in is connected."""
        reader = self._reader(request)
        with self._notify.database.reading() as connection:
            found = views.people(connection, _PEOPLE)
        people = [(id_, reader.person(id_), count) for id_, count in found]
        return self._page(
            request,
            reader,
            "people.html",
            people=people,
            next=visitor.came_for(request),
            limit=_PEOPLE,
            disabled=view_models.disabled_channels(self._notify.disabled_channels(), reader),
            set_aside=self._notify.ports.set_aside is not None,
        )

    def inbox(self, request: Request) -> Response:
        """One person's warnings, open or ended, worst first."""
        reader, person = self._reader(request), request.path_params["person"]
        which, page = request.query_params.get("show"), visitor.page_number(request)
        if bounds.of_id(person) is not None:
            return self._missing(request, reader, "person_not_found")
        with self._notify.database.reading() as connection:
            found = views.inbox(connection, person, is_open=which != "closed", page=page, size=_PER_PAGE)
        if not found.counts and self._notify.ports.directory().person(person) is None:
            return self._missing(request, reader, "person_not_found")
        if goal := visitor.came_for(request):
            return visitor.remember_person(visitor.remember_language(request, RedirectResponse(goal, 303)), person)
        lines = [view_models.line(row, self._cards(row.rule_version, row.rule), reader) for row in found.warnings]
        groups = [
            view_models.group(reader.group(level), found.counts[rank], lines)
            for rank, level in _RANKS
            if rank in found.counts
        ]
        shown = self._page(
            request,
            reader,
            "inbox.html",
            person=person,
            name=reader.person(person),
            groups=groups,
            needs=sum(count for rank, count in found.counts.items() if rank),
            which="closed" if which == "closed" else "open",
            total=sum(found.counts.values()),
            page=page,
            pages=max(1, -(-sum(found.counts.values()) // _PER_PAGE)),
        )
        return visitor.remember_person(shown, person)

    def warning(self, request: Request) -> Response:
        """One warning: what, why, who knows, what was done."""
        return self._warning(request, error=None, status=200)

    def _warning(self, request: Request, *, error: str | None, status: int) -> Response:
        reader, person = self._reader(request), visitor.person_of(request)
        id_ = request.path_params["id"]
        if bounds.of_id(id_) is not None:
            return self._missing(request, reader, "not_found_more")
        if person is None:
            return RedirectResponse(f"/?next=/warnings/{id_}", 303)
        with self._notify.database.reading() as connection:
            mine = views.may_see(connection, person, id_)
            found = views.dossier(connection, id_) if mine else None
            siblings = views.siblings(connection, found.warning, person) if found else []
        if found is None:
            return self._missing(request, reader, "not_found_more")
        return self._page(
            request,
            reader,
            "warning.html",
            status=status,
            person=person,
            error=error,
            **self._shown(found, siblings, reader, person),
        )

    def _shown(self, found: Dossier, siblings: list[WarningRow], reader: Reader, person: str) -> dict[str, Any]:
        row = found.warning
        card = self._cards(row.rule_version, row.rule)
        return {
            "warning": row,
            "level": reader.level(row.level, card),
            "siblings": [
                (one.id, view_models.line(one, self._cards(one.rule_version, one.rule), reader)) for one in siblings
            ],
            "title": view_models.title(row, card, reader),
            "message": view_models.sentence(row, card, reader),
            "about": view_models.about(row, card, reader),
            "figures": view_models.figures(row, card, reader),
            "facts": view_models.facts(row, card, reader),
            "records": view_models.records(row, reader),
            "found": found,
            "changed": lambda change: view_models.changed(change, card, reader),
            "relapse_of": found.predecessor,
            "escalations": view_models.escalations(found, reader),
            "my_verdict": view_models.verdict_of(found, person),
            "not_told": view_models.not_told(found, reader),
            "ended": texts.ENDED,
            "terms": terms,
            "window": window,
        }

    async def acknowledge(self, request: Request) -> Response:
        """The person takes the warning up."""
        return await self._act(request, lambda person, id_, _form: self._notify.acts.acknowledge(person, id_))

    async def improve(self, request: Request) -> Response:
        """The person names a measure and until when it shall have worked."""
        return await self._act(
            request,
            lambda person, id_, form: self._notify.acts.improve(person, id_, said(form, "measure"), said(form, "due")),
        )

    async def close(self, request: Request) -> Response:
        """The person closes the warning with a measure and a reason."""
        return await self._act(
            request,
            lambda person, id_, form: self._notify.acts.close(
                person, id_, said(form, "measure"), said(form, "reason") or "fixed"
            ),
        )

    async def judge(self, request: Request) -> Response:
        """One tap: useful, not useful, known already."""
        return await self._act(
            request, lambda person, id_, form: self._notify.acts.judge(person, id_, said(form, "verdict"))
        )

    async def _act(self, request: Request, act: Callable[[str, str, Any], Refusal | None]) -> Response:
        reader, person, id_ = self._reader(request), visitor.person_of(request), request.path_params["id"]
        token = request.cookies.get(visitor.TOKEN, "")
        form = await visitor.form_of(request) if token and person else {}  # a stranger's is not read at all
        if not token or not hmac.compare_digest(token.encode(), said(form, "token").encode()):
            return self._page(request, reader, "problem.html", status=403, head="expired", more="expired_more")
        if person is None or bounds.of_id(id_) is not None:
            return self._missing(request, reader, "not_found_more")
        refused = await run_in_threadpool(act, person, id_, form)
        match refused:
            case "not_found":
                return self._missing(request, reader, "not_found_more")
            case None | "same_verdict":
                return RedirectResponse(f"/warnings/{id_}", 303)
            case "not_open":
                return await run_in_threadpool(self._warning, request, error="not_open_more", status=409)
            case _:
                return await run_in_threadpool(self._warning, request, error=f"refused_{refused}", status=422)

    def effectiveness(self, request: Request) -> Response:
        """Whether the warnings work; `?from=…&to=…&by=…`, by default the last 30 days by rule. Without names.

        As a page, and by the path's end as XLSX.
        """
        reader = self._reader(request)
        today = self._notify.ports.clock().astimezone(self._notify.config.zone).date()
        asked = asked_for({name: request.query_params.get(name) for name in ("from", "to", "by")}, today)
        if asked is None:
            return self._page(
                request, reader, "problem.html", status=400, head="report_wrong", more="report_wrong_more"
            )
        found = self._notify.effectiveness(*asked)
        if request.url.path.endswith(".xlsx"):
            name = f"effectiveness-{asked[0].first}-{asked[0].last}.xlsx"
            headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(report_forms.workbook(found, self._cards, reader), media_type=_XLSX, headers=headers)
        frame = self._frame(request, reader)
        return self._respond(
            request, report_forms.html(self._templates, found, self._cards, reader, frame), frame["token"]
        )

    def open_now(self, request: Request) -> Response:
        """What is open at this moment; `?by=rule|department|class`. Without names of people."""
        reader = self._reader(request)
        by = request.query_params.get("by", "rule")
        if (known := next((one for one in OPEN_BYS if one == by), None)) is None:
            return self._page(request, reader, "problem.html", status=400, head="report_wrong", more="open_wrong_more")
        found = self._notify.open_now(known)
        lines = report_forms.open_lines(found, self._cards, reader)
        return self._page(request, reader, "open.html", found=found, lines=lines, bys=OPEN_BYS)

    def set_aside(self, request: Request) -> Response:
        """The changes of warnings that could not be taken in, and how to try them again. Without names of people."""
        ask = self._notify.ports.set_aside
        assert ask is not None
        reader = self._reader(request)
        lines = view_models.set_aside(ask(_SET_ASIDE), reader, self._cards)
        return self._page(request, reader, "set_aside.html", lines=lines, limit=_SET_ASIDE)

    def metrics(self, _request: Request) -> Response:
        """The figures of the service in Prometheus' text format."""
        return Response(self._notify.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    def healthz(self, _request: Request) -> Response:
        """200 while everything moves, else 503 with the reason. Channels that are stopped are named and no reason."""
        reason = self._notify.unwell()
        if reason:
            return PlainTextResponse(reason, 503)
        queues = sorted({one.queue for one in self._notify.disabled_channels()})
        return PlainTextResponse("\n".join(["ok", *(f"channel stopped: {queue}" for queue in queues)]))

    def _reader(self, request: Request) -> Reader:
        config, ports = self._notify.config, self._notify.ports
        return Reader(visitor.language(request), config.zone, ports.clock(), ports)

    def _missing(self, request: Request, reader: Reader, more: str) -> Response:
        return self._page(request, reader, "problem.html", status=404, head="not_found", more=more)

    def _page(self, request: Request, reader: Reader, template: str, *, status: int = 200, **shown: Any) -> Response:
        more = self._frame(request, reader)
        html = self._templates.get_template(template).render(w=reader.word, reader=reader, **more, **shown)
        return self._respond(request, html, more["token"], status)

    def _frame(self, request: Request, reader: Reader) -> dict[str, Any]:
        """What base.html shows around every page."""
        other = "zh" if reader.language == "en" else "en"
        here = request.url.include_query_params(lang=other)
        return {
            "token": request.cookies.get(visitor.TOKEN) or secrets.token_urlsafe(24),
            "other_language": other,
            "trial": self._notify.config.trial,
            "other_address": f"{visitor.page_of(request)}?{here.query}",
        }

    def _respond(self, request: Request, html: str, token: str, status: int = 200) -> Response:
        response = HTMLResponse(html, status, headers=HEADERS)
        response.set_cookie(visitor.TOKEN, token, httponly=True, samesite="strict")
        return visitor.remember_language(request, response)
