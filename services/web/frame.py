"""What every page has: who looks, the language, and the frame around it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services import shown_again
from services.accounts import permissions, sessions
from services.accounts.asked import Asked, OfStudent, Who
from services.messages import to_ms
from services.notify import wording
from services.notify.ports import Clock
from services.notify.store import accounts, own
from services.web import visitor
from services.web.reader import Reader
from services.web.templating import HEADERS, templates

if TYPE_CHECKING:
    from services.notify.service import Notify


class Visitor(NamedTuple):
    """Somebody who is signed in."""

    who: Who
    digest: str
    """Of the session."""
    form_token: str
    language: str | None = None
    """That they have set for themselves."""

    @property
    def person(self) -> str:
        """Their id in the directory."""
        return self.who.person


class Tour(NamedTuple):
    """In the demo, from a roll-call to its warning, to what a student of the class reads and an office is asked."""

    teacher: str
    lesson: str
    tutor: str
    student: str
    referred_to: str
    """Who holds an office's role to which warnings can be referred."""


class Frame:
    """Pages over one Notify. `demo`: whoever comes may choose as whom to look."""

    def __init__(
        self, notify: Notify, *, demo: bool = False, tour: Tour | None = None, log_clock: Clock | None = None
    ) -> None:
        """`log_clock`: of the demo, whose records are of a day that is over."""
        self.notify, self.demo, self.tour, self.templates = notify, demo, tour, templates()
        self._log_clock = log_clock

    def visitor(self, request: Request) -> Visitor | None:
        """Who is signed in; the page gets their version. A session that has ended, or whose person has left, is none.

        It is looked up once a request; it asks the store, so not on the loop.
        """
        if "prewarn.visitor" not in request.scope:
            request.scope["prewarn.visitor"] = seen = self._visitor(request)
            if seen is not None:  # before anything is read that it shows
                request.scope["prewarn.version"] = self.notify.live.version(seen.person)
        found: Visitor | None = request.scope["prewarn.visitor"]
        return found

    def _visitor(self, request: Request) -> Visitor | None:
        token = request.cookies.get(visitor.SESSION, "")
        if not token:
            return None
        digest, ports = sessions.digest_of(token), self.notify.ports
        at = ports.clock()
        now = to_ms(at)
        with self.notify.database.reading() as connection:
            row = accounts.session(connection, digest, now)
            account = accounts.account(connection, row.person) if row else None
            language = own.language(connection, row.person) if row else None
        if row is None:
            return None
        named = visitor.by_proxy(request)
        if (named and named != row.person) or (row.provider == visitor.BY_PROXY and not named):
            return None  # the proxy has somebody else, or nobody any more
        operator = account is not None and bool(account.operator)
        if not operator and not ports.directory().is_there(row.person, at):
            with self.notify.database.writing() as connection:
                accounts.sign_out_everywhere(connection, row.person)
            return None
        if sessions.is_to_be_noted(row, now) and not visitor.by_itself(request) and not shown_again.is_on():
            with self.notify.database.writing() as connection:
                accounts.seen(connection, digest, now)
        return Visitor(Who(row.person, operator), digest, sessions.form_token(token), language)

    def token(self, request: Request) -> str:
        """What the forms of a page carry: of the session, or of a browser that is not signed in."""
        found = self.visitor(request)
        if found is not None:
            return found.form_token
        return request.cookies.get(visitor.TOKEN) or request.scope.setdefault(
            "prewarn.token", secrets.token_urlsafe(24)
        )

    def may(self, request: Request, what: Asked) -> Visitor | Response:
        """Who looks, if they may see the page; else the answer that they get."""
        found = self.visitor(request)
        if found is None:
            return self.to_sign_in(request)
        return found if self.notify.sight.may(found.who, what) else self.missing(request)

    def of_student(self, student: str) -> OfStudent:
        """What is of a student, as this college shows it."""
        return OfStudent(student, themself=self.notify.config.student_pages)

    def may_open(self, request: Request, student: str) -> bool:
        """Whether whoever looks may open a student's page, so that a name leads there."""
        found = self.visitor(request)
        return found is not None and self.notify.sight.share(found.who, self.of_student(student)) is not None

    def has_classes(self, found: Visitor) -> bool:
        """Whether somebody looks after a class or teaches one."""
        ports = self.notify.ports
        return bool(permissions.classes_of(found.person, ports.directory(), ports.clock()))

    def to_sign_in(self, request: Request) -> Response:
        """Leads through sign-in back to the page that was asked for."""
        return RedirectResponse(visitor.signing_in(request), 303)

    def reader(self, request: Request) -> Reader:
        """Whom the page is for."""
        config, ports = self.notify.config, self.notify.ports
        found = self.visitor(request)
        language = visitor.language(request, found.language if found is not None else None)
        return Reader(language, config.zone, ports.clock(), ports)

    def missing(self, request: Request, more: str = "not_found_more") -> Response:
        """There is none, or it is not yours: which of both is not said. What was typed is still there, to be copied.

        Somebody may have taken it back, or handed it over, while a form was filled in.
        """
        kept = visitor.kept(visitor.form_read(request) or {})
        return self.page(request, "problem.html", status=404, head="not_found", more=more, kept=kept)

    def page(self, request: Request, template: str, *, status: int = 200, **shown: Any) -> Response:
        """A page in its frame."""
        reader = self.reader(request)
        around = self.around(request, reader)
        html = self.templates.get_template(template).render(w=reader.word, reader=reader, **around, **shown)
        return self.respond(request, html, status)

    def around(self, request: Request, reader: Reader) -> dict[str, object]:
        """What base.html shows around every page."""
        other = "zh" if reader.language == "en" else "en"
        found = self.visitor(request)
        return {
            "root": visitor.root(request),
            "token": self.token(request),
            "me": None if found is None else found.person,
            "demo": self.demo,
            "demo_days": self._demo_days(reader),
            "version_seen": request.scope.get("prewarn.version", "") if request.method == "GET" else "",
            "trial": self.notify.config.trial,
            **visitor.other_language(request, other),
        }

    def _demo_days(self, reader: Reader) -> tuple[str, str] | None:
        """The day of the demo's college and today, where they are not the same."""
        if self._log_clock is None:
            return None
        days = tuple(wording.day(one, reader.listener) for one in (self._log_clock(), reader.now))
        return (days[0], days[1]) if days[0] != days[1] else None

    def respond(self, request: Request, html: str, status: int = 200) -> Response:
        """With the headers of every page, and the cookies that it needs."""
        response = HTMLResponse(html, status, headers=HEADERS)
        if self.visitor(request) is None:
            visitor.set_cookie(request, response, visitor.TOKEN, self.token(request), same_site="strict")
        return visitor.remember_language(request, response)
