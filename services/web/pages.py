"""The web pages: one warning with its evidence; acknowledging and closing; figures. The inbox: inbox_pages.py.

Rendered on the server, without scripts but that of signing out. Who may see what: accounts/permissions.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from services import bounds
from services.accounts import permissions
from services.accounts.providers import NONE, Providers
from services.i18n import terms
from services.i18n.windows import window
from services.ingest.phone.phone import Phone
from services.messages import to_ms
from services.notify import texts
from services.notify.report import OPEN_BYS, asked_for
from services.notify.rows import WarningRow
from services.notify.store import of_students, undo, views
from services.notify.store.acting import version
from services.notify.store.acts import Refusal
from services.notify.store.views import Dossier
from services.web import evidence, follow_up, live, report_forms, view_models, visitor
from services.web.appeals import on_warnings
from services.web.frame import HEADERS, Frame, Tour, Visitor
from services.web.improvement import looking_back
from services.web.inbox_pages import InboxPages
from services.web.live import LivePages
from services.web.my_channels import MyChannels
from services.web.notice_pages import NoticePages
from services.web.phone.leave_requests import LeaveRequests
from services.web.phone.missed import Missed, missed
from services.web.phone.routes import phone_routes
from services.web.provider_pages import ProviderPages
from services.web.referral_pages import ReferralPages
from services.web.signing_in import SigningIn
from services.web.student.pages import StudentPages
from services.web.talk_pages import TalkPages
from services.web.view_models import Reader
from services.web.visitor import said

if TYPE_CHECKING:
    from services.notify.service import Notify

_HERE = Path(__file__).parent
_PEOPLE = 200
_SET_ASIDE = 200
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_DIGITS = 16
_TYPED = ("measure", "due", "reason", "helped", "note")
"""Fields of the forms of a warning that a person fills in."""
_FIELDS = {
    "refused_needs_measure": "measure", "refused_measure_too_long": "measure", "refused_needs_due": "due",
    "refused_needs_helped": "helped", "refused_note_too_long": "note",
    "refused_due_too_far": "due", "refused_done_too_long_ago": "due", "refused_needs_reason": "reason",
}  # fmt: skip
"""What is refused → beside which field it is said."""


def _number(text: str) -> int:
    """The number of a line of the audit trail; 0, which is none, of what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else 0


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
        self._frame = Frame(notify, demo=demo, tour=tour)
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
            Route("/warnings/{id}", self.warning),
            Route("/warnings/{id}/acknowledge", self.acknowledge, methods=["POST"]),
            Route("/warnings/{id}/improve", self.improve, methods=["POST"]),
            Route("/warnings/{id}/close", self.close, methods=["POST"]),
            Route("/warnings/{id}/look-back", self.look_back, methods=["POST"]),
            Route("/warnings/{id}/judge", self.judge, methods=["POST"]),
            Route("/warnings/{id}/undo", self.undo, methods=["POST"]),
            Route("/reports/effectiveness", self.effectiveness),
            Route("/reports/effectiveness.xlsx", self.effectiveness),
            Route("/reports/open", self.open_now),
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
        studies = found is not None and self._phone is not None and self._studies(found.person)
        needs = 0
        if found is not None:
            with self._notify.database.reading() as connection:
                needs = views.needs(connection, found.person)
        return self._frame.page(
            request,
            "start.html",
            people=people,
            tour=self._frame.tour,
            teaches=self._phone is not None,
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

    def warning(self, request: Request) -> Response:
        """One warning: what, why, who knows, what was done."""
        return self._warning(request, error=None, status=200)

    def _warning(
        self, request: Request, *, error: str | None, status: int, typed: Mapping[str, str] = MappingProxyType({})
    ) -> Response:
        """`typed`: what a form said that was refused; it stands in the form again."""
        reader, seen, id_ = self._frame.reader(request), self._frame.visitor(request), request.path_params["id"]
        if bounds.of_id(id_) is not None:
            return self._frame.missing(request)
        if seen is None:
            return self._frame.to_sign_in(request)
        with self._notify.sight.reading(seen.who, id_) as (connection, row):
            found = views.dossier(connection, row.id) if row else None
            siblings = views.siblings(connection, found.warning, seen.person) if found else []
            mine = undo.open_of(connection, found.warning, seen.person, to_ms(reader.now)) if found else []
            seen_version = version(connection, found.warning) if found else ""
            beside = follow_up.shown(self._notify, connection, found.warning, seen.who, reader) if found else {}
            after_appeal = on_warnings.after_appeal(connection, found) if found else {}
        if found is None:
            return self._frame.missing(request)
        return self._frame.page(
            request,
            "warning.html",
            status=status,
            person=seen.person,
            error=reader.word(error) if error else "",
            field=_FIELDS.get(error or "", "form"),
            typed={name: said(typed, name) for name in _TYPED},
            form=request.url.path.rpartition("/")[2] if error else "",
            undoable=mine[:1],
            student=self._student(request, found.warning),
            version=seen_version,
            **beside,
            after_appeal=after_appeal,
            appealable=on_warnings.appealable(self._notify, self._phone, seen.who, found.warning),
            **self._shown(found, siblings, reader, seen.person),
            missed=self._missed(request, found.warning, reader, seen),
        )

    def _student(self, request: Request, row: WarningRow) -> str:
        """The student that it is about, if whoever looks may open their page; else empty."""
        student = of_students.student_of(row)
        return student if student and self._frame.may_open(request, student) else ""

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
            "records": view_models.records(row, card, reader),
            "found": found,
            "parts": [view_models.line(one, self._cards(one.rule_version, one.rule), reader) for one in found.parts],
            "strip": evidence.strip(row, reader),
            "score_line": evidence.score_line(row, reader),
            "changed": lambda change: view_models.changed(change, card, reader),
            "relapse_of": found.predecessor,
            "looking_back": looking_back(found, card, reader, self._notify.config.working),
            "escalations": view_models.escalations(found, reader),
            "my_verdict": view_models.verdict_of(found, person),
            "not_told": view_models.not_told(found, reader),
            "ended": texts.ENDED,
            "terms": terms,
            "details": {"verdict": "verdict", "undone": "action", "looked_back": "helped"},
            "window": window,
        }

    def _missed(self, request: Request, row: WarningRow, reader: Reader, seen: Visitor) -> list[Missed]:
        """Of a warning about a lesson, who was not there: as `missed`, with an id only where it leads to a page."""
        card = self._cards(row.rule_version, row.rule)
        about_lesson = card is not None and card.by == ["lesson"] and row.blanked_at is None
        if not about_lesson or self._phone is None:
            return []
        found = missed(
            self._phone, row.subject, reader, lambda one: on_warnings.may_appeal(self._notify, seen.who, one)
        )
        return [one._replace(id=one.id if self._frame.may_open(request, one.id) else "") for one in found]

    async def acknowledge(self, request: Request) -> Response:
        """The person takes the warning up."""
        return await self._act(request, lambda person, id_, _form: self._notify.acts.acknowledge(person, id_))

    async def improve(self, request: Request) -> Response:
        """The person names a measure and until when it shall have worked."""
        return await self._act(
            request,
            lambda person, id_, form: self._notify.acts.improve(
                person, id_, said(form, "measure"), said(form, "due"), said(form, "version")
            ),
        )

    async def close(self, request: Request) -> Response:
        """The person closes the warning with a measure and a reason."""
        return await self._act(
            request,
            lambda person, id_, form: self._notify.acts.close(
                person, id_, said(form, "measure"), said(form, "reason") or "fixed", said(form, "version")
            ),
        )

    async def look_back(self, request: Request) -> Response:
        """The person says whether the measure helped."""
        return await self._act(
            request,
            lambda person, id_, form: self._notify.acts.look_back(
                person, id_, said(form, "helped"), said(form, "note"), said(form, "version")
            ),
        )

    async def judge(self, request: Request) -> Response:
        """One tap: useful, not useful, known already."""
        return await self._act(
            request, lambda person, id_, form: self._notify.acts.judge(person, id_, said(form, "verdict"))
        )

    async def undo(self, request: Request) -> Response:
        """Within a minute, the person takes back what they did last."""
        return await self._act(
            request, lambda person, id_, form: self._notify.acts.undo(person, id_, _number(said(form, "act")))
        )

    async def _act(self, request: Request, act: Callable[[str, str, Any], Refusal | None]) -> Response:
        found = await self._signing_in.form_of(request)
        if isinstance(found, Response):
            return found
        return await run_in_threadpool(self._acted, request, found.form, lambda id_: act(found.person, id_, found.form))

    def _acted(self, request: Request, form: Mapping[str, str], act: Callable[[str], Refusal | None]) -> Response:
        id_ = request.path_params["id"]
        refused = "not_found" if bounds.of_id(id_) is not None else act(id_)
        match refused:
            case "not_found":
                return self._frame.missing(request)
            case None | "same_verdict":
                return RedirectResponse(f"{visitor.root(request)}/warnings/{id_}", 303)
            case "not_open":
                return self._warning(request, error="closed_meanwhile", status=409, typed=form)
            case "changed_meanwhile" | "withdrawn_meanwhile" | "undo_over" | "undo_changed":
                return self._warning(request, error=f"refused_{refused}", status=409, typed=form)
            case _:
                return self._warning(request, error=f"refused_{refused}", status=422, typed=form)

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
