"""The web pages: one list of all routes; the start page, what was set aside, metrics and /healthz.

Rendered on the server; scripts: that of signing out, and static/live.js. Who may see what: accounts/permissions.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from services.accounts.providers import NONE, Providers
from services.ingest.phone.phone import Phone
from services.notify.store import views
from services.web import live, view_models, visitor
from services.web.figure_pages import FigurePages
from services.web.frame import Frame, Tour, Visitor
from services.web.inbox_pages import InboxPages
from services.web.live import LivePages
from services.web.my_channels import MyChannels
from services.web.notice_pages import NoticePages
from services.web.phone.leave_requests import LeaveRequests
from services.web.phone.routes import phone_routes
from services.web.provider_pages import ProviderPages
from services.web.referral_pages import ReferralPages
from services.web.signing_in import SigningIn
from services.web.student.pages import StudentPages
from services.web.talk_pages import TalkPages
from services.web.warning_pages import WarningPages

if TYPE_CHECKING:
    from services.notify.service import Notify

_HERE = Path(__file__).parent
_PEOPLE = 200
_SET_ASIDE = 200


class Pages:
    """The routes over one Notify."""

    def __init__(
        self,
        notify: Notify,
        *,
        demo: bool = False,
        tour: Tour | None = None,
        providers: Providers = NONE,
        phone: Phone | None = None,
        streams: int = live.MOST,
    ) -> None:
        """`demo`: whoever comes signs in as a person of their choice. `providers`: the college's own sign-in.

        `tour`: what the demo leads to first. `phone`: the way in for what teachers type; without it it has no pages.
        `streams`: how many pages may listen at once.
        """
        self._notify, self._cards = notify, notify.ports.cards
        log_clock = phone.clock if demo and phone is not None else None
        self._frame = Frame(notify, demo=demo, tour=tour, log_clock=log_clock)
        self._signing_in = SigningIn(self._frame)
        self._my_channels = MyChannels(self._frame, self._signing_in)
        self._leave = LeaveRequests(self._frame, phone) if phone is not None else None
        self._inbox = InboxPages(self._frame, self._signing_in, notify, self._leave)
        self._live = LivePages(self._frame, streams)
        self._students = StudentPages(self._frame, phone)
        self._phone, self._phone_routes = phone, []
        if phone is not None and self._leave is not None:
            self._phone_routes = phone_routes(self._frame, self._signing_in, phone, self._leave)
        self._providers = ProviderPages(self._frame, self._signing_in, providers, notify.config.base_url)

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [
            Route("/", self.start),
            *self._signing_in.routes(),
            *self._providers.routes(),
            *self._my_channels.routes(),
            *self._inbox.routes(),
            *ReferralPages(self._frame, self._signing_in).routes(),
            *TalkPages(self._frame, self._signing_in).routes(),
            *NoticePages(self._frame).routes(),
            *self._live.routes(),
            *self._phone_routes,
            *self._students.routes(),
            *WarningPages(self._frame, self._signing_in, self._phone).routes(),
            *FigurePages(self._frame).routes(),
            *([Route("/set-aside", self.set_aside)] if self._notify.ports.set_aside else []),
            Route("/metrics", self.metrics),
            Route("/healthz", self.healthz),
            Mount("/static", GZipMiddleware(StaticFiles(directory=_HERE / "static"))),  # nothing secret, unlike pages
        ]

    def start(self, request: Request) -> Response:
        """Where somebody goes from; in the demo, as whom to look."""
        found = self._frame.visitor(request)
        if found is None and not self._frame.demo:
            return self._frame.to_sign_in(request)
        reader, people = self._frame.reader(request), []
        if self._frame.demo:
            with self._notify.database.reading() as connection:
                people = [(id_, reader.person(id_), n) for id_, n in views.people(connection, _PEOPLE)]
        mine = {} if found is None else self._signing_in.pages_of(found)
        is_student = found is not None and self._studies(found.person)
        studies = is_student and self._phone is not None
        needs = 0
        if found is not None:
            with self._notify.database.reading() as connection:
                needs = views.needs(connection, found.person)
        return self._frame.page(
            request,
            "start.html",
            people=people,
            tour=self._frame.tour,
            teaches=self._phone is not None and not is_student,
            is_student=is_student,
            is_told=not is_student or self._notify.config.students,
            studies=studies,
            my_records=studies and self._notify.config.appeals.is_on,
            appeals_wait=0 if found is None else len(self._notify.appeals.waiting_for(found.person)),
            has_classes=found is not None and self._frame.has_classes(found),
            own_page=found is not None and self._frame.may_open(request, found.person),
            leave=self._leave.link(found.person) if found is not None and self._leave is not None else None,
            next=visitor.came_for(request),
            limit=_PEOPLE,
            needs=needs,
            mine=mine,
            name=None if found is None else reader.person(found.person),
            disabled=view_models.disabled_channels(self._notify.disabled_channels(), reader)
            if mine.get("deliveries")
            else [],
            set_aside=self._notify.ports.set_aside is not None,
        )

    def _studies(self, person: str) -> bool:
        ports = self._notify.ports
        return bool(ports.directory().holders("student", {"student": person}, ports.clock()))

    def set_aside(self, request: Request) -> Response:
        """The changes of warnings that could not be taken in, and how to try them again. Without names of people."""
        ask = self._notify.ports.set_aside
        assert ask is not None
        if not isinstance(seen := self._frame.may(request, "set_aside"), Visitor):
            return seen
        reader = self._frame.reader(request)
        lines = view_models.set_aside(ask(_SET_ASIDE), reader, self._cards)
        return self._frame.page(request, "set_aside.html", lines=lines, limit=_SET_ASIDE)

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
