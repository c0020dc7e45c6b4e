"""The pages of signing in: local accounts, one-time links, the demo's one tap; the seam for a college's own.

A provider (CAS, OIDC …) ends in a name, for which `SigningIn.sign_in` finds the person and begins a session. Whoever is
asked for a sign-in comes with `next`, the page that they wanted; a provider carries it to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services import bounds, shown_again
from services.accounts import attempts, passwords, permissions, sessions
from services.accounts.addresses import own_path
from services.accounts.asked import Page
from services.accounts.permissions import OPERATOR
from services.accounts.rows import SessionRow
from services.messages import to_ms
from services.notify.store import accounts
from services.web import visitor
from services.web.frame import Frame, Visitor
from services.web.visitor import said

_Form = dict[str, str]


Answered = Callable[[Request, str, _Form], Response]
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class Posted(NamedTuple):
    """A form that was sent from one of our pages by somebody who is signed in."""

    person: str
    form: _Form


class SigningIn:
    """The routes over one frame."""

    def __init__(self, frame: Frame) -> None:
        self._frame, self._notify = frame, frame.notify
        self.providers: list[tuple[str, str]] = []
        """Name and path of each of the college's own sign-ins, as buttons."""

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [
            Route("/sign-in", self.page),
            Route("/sign-in", self._posted(self._local), methods=["POST"]),
            *([Route("/sign-in/sample", self._posted(self._sample), methods=["POST"])] if self._frame.demo else []),
            Route("/sign-out", self._posted(self._sign_out), methods=["POST"]),
            Route("/link/{link}", self.link),
            Route("/link/{link}", self._posted(self._set_password), methods=["POST"]),
            Route("/password", self.password),
            Route("/password", self._posted(self._change_password), methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """Who is it? A proxy may have said so already."""
        if named := visitor.by_proxy(request):
            return self.sign_in(named, visitor.BY_PROXY, request, visitor.came_for(request))
        if self._frame.demo:  # nobody there has a password
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{visitor.root(request)}/{query}", 303)
        return self.sign_in_page(request, visitor.came_for(request))

    def sign_in(self, name: str, provider: str, request: Request, goal: str = "") -> Response:
        """A provider says that somebody is `name`: begins a session of that person, and leads to `goal`.

        Whom the directory does not know, or not any more, is told whom to ask. A session that the browser had ends.
        """
        at, reader = self._notify.ports.clock(), self._frame.reader(request)
        with self._notify.database.writing() as connection:
            # A name of a local account that the directory does not have is nobody's at a provider.
            local = provider == "local" and bounds.of_id(name) is None
            account = accounts.account(connection, name) if local else None
            operator = account is not None and bool(account.operator)
            if bounds.of_id(name) is not None or not (operator or self._notify.ports.directory().is_there(name, at)):
                error = reader.word("sign_in_unknown", name=name[: bounds.LONGEST_ID])
            else:
                error = None
                if before := request.cookies.get(visitor.SESSION):
                    accounts.sign_out(connection, sessions.digest_of(before))
                token, now = sessions.new_token(), to_ms(at)
                row = SessionRow(digest=sessions.digest_of(token), person=name, provider=provider, made=now, seen=now)
                accounts.sign_in(connection, row)
        if error is not None:
            return self.sign_in_page(request, goal, status=403, error=error)
        to = own_path(goal) if own_path(goal) not in ("", "/") else "/"
        response = RedirectResponse(f"{visitor.root(request)}{to}", 303)
        visitor.set_cookie(request, response, visitor.SESSION, token)
        visitor.forget_cookie(request, response, visitor.TOKEN)
        return response

    def pages_of(self, seen: Visitor) -> dict[str, bool]:
        """Which pages somebody has, beside the inbox."""
        directory, at = self._notify.ports.directory(), self._notify.ports.clock()
        with self._notify.database.reading() as connection:
            account = accounts.account(connection, seen.person)
        pages: tuple[Page, ...] = ("figures", "deliveries", "set_aside")
        found = {str(one): permissions.allowed(seen.who, one, directory, at).granted for one in pages}
        return found | {"password": account is not None and bool(account.password)}

    async def form_of(self, request: Request, largest: int = visitor.LARGEST_FORM) -> Posted | Response:
        """Who sends a form of theirs, of so many bytes at most, and what it says; else the answer that they get.

        A session may have ended while it was filled in: what was typed is shown, and the page comes back afterwards.
        """
        if visitor.SESSION not in request.cookies:
            return await self.signed_out(request)
        form = await visitor.form_of(request, largest)
        seen = await run_in_threadpool(self._frame.visitor, request)
        if seen is None:
            return await run_in_threadpool(self.interrupted, request, form)
        if not sessions.same(seen.form_token, said(form, "token")):
            return await run_in_threadpool(self.stale, request, form)
        return Posted(seen.person, form)

    def answering(self, answer: Answered, largest: int = visitor.LARGEST_FORM) -> Endpoint:
        """The route of a form of who is signed in: `answer` gets the request, who sent it, and what it says."""

        async def posted(request: Request) -> Response:
            found = await self.form_of(request, largest)
            if isinstance(found, Response):
                return found
            return await run_in_threadpool(answer, request, found.person, found.form)

        return posted

    async def signed_out(self, request: Request) -> Response:
        """What was typed on a page of ours before somebody signed out in this browser is shown; else nothing is read.

        Whose form it is nobody knows any more. That a page of ours has sent it is said by the browser, by a header that
        no page can set (Fetch Metadata, W3C).
        """
        form: _Form = {}
        if request.headers.get("sec-fetch-site") == "same-origin":
            with suppress(HTTPException):  # too large, or with a picture
                form = await visitor.form_of(request)
        answer = self.interrupted if form else self.stale
        return await run_in_threadpool(answer, request, form)

    def interrupted(self, request: Request, form: _Form) -> Response:
        """Signing in again, with what was typed."""
        goal = own_path(visitor.form_page(request))
        return self.sign_in_page(request, goal, status=403, notice="sign_in_over", form=form)

    def stale(self, request: Request, form: _Form) -> Response:
        """A form of another session, or of another site."""
        return self._frame.page(
            request, "problem.html", status=403, head="expired", more="expired_more", kept=visitor.kept(form)
        )

    def sign_in_page(
        self,
        request: Request,
        goal: str,
        *,
        status: int = 200,
        error: str | None = None,
        notice: str = "",
        typed: str = "",
        form: _Form | None = None,
        action: str = "/sign-in",
    ) -> Response:
        """Who is it? `error`, `typed`: what was wrong, and the name that was; `action`: where the form is sent to."""
        reader, ports = self._frame.reader(request), self._notify.ports
        ask = ", ".join(one.name for one in ports.directory().holders(OPERATOR, {}, ports.clock()))
        shown = {
            "notice": reader.word(notice) if notice else "",
            "kept": visitor.kept(form or {}),
            "ask": reader.word("sign_in_ask", names=ask) if ask else reader.word("sign_in_ask_nobody"),
        }
        return self._frame.page(
            request,
            "sign_in.html",
            status=status,
            next=goal,
            error=error,
            typed=typed,
            action=action,
            providers=[one for one in self.providers if one[1] != action],
            **shown,
        )

    def _local(self, request: Request, form: _Form) -> Response:
        name, goal = said(form, "name").strip(), own_path(said(form, "next"))
        if bounds.of_id(name) is not None:
            return self.is_wrong(request, goal)
        address = request.client.host if request.client else ""
        keys = attempts.key("account", name), attempts.key("address", address)
        now, database = to_ms(self._notify.ports.clock()), self._notify.database
        with database.writing() as connection:
            wait = accounts.count_try(connection, keys, now)
            account = accounts.account(connection, name)
        if wait:
            return self.has_to_wait(request, goal, wait, name)
        if not passwords.is_right(account.password if account else "", said(form, "password")):
            return self.is_wrong(request, goal, name)
        with database.writing() as connection:
            accounts.was_right(connection, *keys)
        return self.sign_in(name, "local", request, goal)

    def is_wrong(self, request: Request, goal: str, name: str = "", action: str = "/sign-in") -> Response:
        """Name or password is; which of both is not said."""
        error = self._frame.reader(request).word("sign_in_wrong")
        return self.sign_in_page(request, goal, status=403, error=error, typed=name, action=action)

    def has_to_wait(self, request: Request, goal: str, wait: int, name: str, action: str = "/sign-in") -> Response:
        """Whoever has tried too often. `wait`: milliseconds."""
        seconds = -(-wait // 1000)
        error = self._frame.reader(request).word("sign_in_wait", seconds=seconds)
        response = self.sign_in_page(request, goal, status=429, error=error, typed=name, action=action)
        response.headers["retry-after"] = str(seconds)
        return response

    def _sample(self, request: Request, form: _Form) -> Response:
        person = said(form, "person")
        return self.sign_in(person, "demo", request, own_path(said(form, "next")) or f"/inbox/{quote(person, safe='')}")

    def _sign_out(self, request: Request, form: _Form) -> Response:
        found = self._frame.visitor(request)
        if found is not None:
            with self._notify.database.writing() as connection:
                if said(form, "everywhere"):
                    accounts.sign_out_everywhere(connection, found.person)
                else:
                    accounts.sign_out(connection, found.digest)
        response: Response = RedirectResponse(f"{visitor.root(request)}{'/' if self._frame.demo else '/sign-in'}", 303)
        if visitor.by_proxy(request):  # the sign-in would sign in again at once
            request.scope.pop("prewarn.visitor", None)
            response = self._frame.page(request, "problem.html", head="signed_out", more="signed_out_more")
        visitor.forget_cookie(request, response, visitor.SESSION)
        return response

    def link(self, request: Request) -> Response:
        """Where somebody sets a password who has none yet, or has forgotten it."""
        digest, now = sessions.digest_of(request.path_params["link"]), to_ms(self._notify.ports.clock())
        with self._notify.database.reading() as connection:
            found = accounts.link(connection, digest, now)
        if found is None:
            return self._frame.page(request, "problem.html", status=404, head="link_over", more="link_over_more")
        return self._password_page(request, "password_first", found.person)

    def _set_password(self, request: Request, form: _Form) -> Response:
        digest, now = sessions.digest_of(request.path_params["link"]), to_ms(self._notify.ports.clock())
        with self._notify.database.reading() as connection:
            found = accounts.link(connection, digest, now)
        if found is None:
            return self._frame.page(request, "problem.html", status=404, head="link_over", more="link_over_more")
        if wrong := passwords.wrong(said(form, "password"), said(form, "again"), found.person):
            return self._password_page(request, "password_first", found.person, f"password_{wrong}")
        kept = passwords.hashed(said(form, "password"))
        with self._notify.database.writing() as connection:
            used = accounts.use_link(connection, digest, now)
            if used is not None:
                accounts.set_password(connection, used, kept)
        if used is None:
            return self._frame.page(request, "problem.html", status=404, head="link_over", more="link_over_more")
        return self.sign_in(used, "local", request)

    def password(self, request: Request) -> Response:
        """Where somebody changes the password of their account."""
        found = self._frame.may(request, "account")
        if not isinstance(found, Visitor):
            return found
        if not self.pages_of(found)["password"]:
            return self._frame.missing(request)
        return self._password_page(request, "password_change", found.person)

    def _change_password(self, request: Request, form: _Form) -> Response:
        found = self._frame.visitor(request)
        if found is None:
            return self._frame.to_sign_in(request)
        key, now = attempts.key("account", found.person), to_ms(self._notify.ports.clock())
        with self._notify.database.writing() as connection:
            account = accounts.account(connection, found.person)
            wait = accounts.count_try(connection, [key], now)
        if account is None or not account.password:
            return self._frame.missing(request)
        if wait:
            return self._password_page(
                request, "password_change", found.person, "sign_in_wait", seconds=-(-wait // 1000)
            )
        if not passwords.is_right(account.password, said(form, "present")):
            return self._password_page(request, "password_change", found.person, "password_not_present")
        if wrong := passwords.wrong(said(form, "password"), said(form, "again"), found.person):
            return self._password_page(request, "password_change", found.person, f"password_{wrong}")
        kept = passwords.hashed(said(form, "password"))
        with self._notify.database.writing() as connection:
            accounts.set_password(connection, found.person, kept)
            accounts.was_right(connection, key, "")
        return self.sign_in(found.person, "local", request)

    def _password_page(self, request: Request, head: str, name: str, error: str = "", **parts: Any) -> Response:
        said_of_it = self._frame.reader(request).word(error, **parts) if error else None
        status = 422 if error else 200
        return self._frame.page(request, "password.html", status=status, head=head, name=name, error=said_of_it)

    def _posted(self, act: Callable[[Request, _Form], Response]) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """A form of ours, of this browser; any other is refused."""

        async def posted(request: Request) -> Response:
            form = await self.own_form(request)
            return form if isinstance(form, Response) else await run_in_threadpool(act, request, form)

        return posted

    async def own_form(self, request: Request) -> _Form | Response:
        """What a form of ours says, of this browser, signed in or not; else the answer that it gets."""
        if visitor.SESSION not in request.cookies and visitor.TOKEN not in request.cookies:
            return await run_in_threadpool(self.stale, request, {})  # a stranger's is not read at all
        form = await visitor.form_of(request)
        named: _Form = {name: form[name] for name in ("token", "next", "name") if name in form}  # and no password
        visitor.show_again(request, named if "name" in form else None)
        seen = await run_in_threadpool(self._frame.visitor, request)
        mine = seen.form_token if seen is not None else request.cookies.get(visitor.TOKEN, "")
        if not sessions.same(mine, said(form, "token")):
            return await run_in_threadpool(self.stale, request, {})
        if shown_again.is_on() and "name" in form:
            goal, name, action = own_path(said(form, "next")), said(form, "name"), visitor.path_of(request)
            return await run_in_threadpool(self.sign_in_page, request, goal, typed=name, action=action)
        return form
