"""How the phone pages are sent: by a browser as a form, or by the queue of the page, which keeps what was typed.

The queue sends the same form and asks for JSON: `state` is saved, known (it was taken before), changed (somebody else
has said something meanwhile), refused, sign_in, or token (of another session); `page` is where to look.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.accounts import sessions
from services.accounts.asked import Taught
from services.i18n import render
from services.ingest.phone.saving import Saved, Typed, typed_at
from services.web import visitor
from services.web.frame import Frame, Visitor
from services.web.reader import Reader
from services.web.signing_in import SigningIn
from services.web.templating import HEADERS
from services.web.visitor import said

_LARGEST, _MOST = 1 << 20, 4_000
"""Bytes and fields of a form: a merged lecture has some hundred students."""
_STATUS = {"saved": 200, "known": 200, "changed": 409, "refused": 422}
Form = Mapping[str, str]


class Sent(NamedTuple):
    """What became of a form, and how it is answered."""

    saved: Saved
    goal: str
    """The page that shows it, as our routes have it, escaped."""
    words: str = ""
    """Why it was refused."""
    shown: Callable[[], Response] | None = None
    """For a browser, the page with what was typed and was not taken, or not yet."""
    told: str = "1"
    """What the page that shows it says above; empty: nothing."""


def wants_json(request: Request) -> bool:
    """Whether the queue of a page asks."""
    return "application/json" in request.headers.get("accept", "")


def json(state: str, status: int, **more: Any) -> Response:
    """An answer for the queue."""
    return JSONResponse({"state": state} | more, status, headers=HEADERS)


def why(saved: Saved, reader: Reader) -> str:
    """Why something was refused, in the reader's language."""
    return " ".join(dict.fromkeys(render(one.what, reader.language) for one in saved.problems))


class Sending:
    """Over one frame. `clock`: the log's."""

    def __init__(self, frame: Frame, signing_in: SigningIn, clock: Callable[[], datetime]) -> None:
        self._frame, self._signing_in, self._clock = frame, signing_in, clock

    def typed(self, form: Form, person: str) -> Typed:
        """With what a form was sent: submission, version, time and person."""
        at = typed_at(self._clock(), said(form, "elapsed"))
        return Typed(said(form, "submission"), said(form, "version"), at, person)

    def posted(
        self, act: Callable[[Request, Visitor, Form], Sent | Response]
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """A form of ours, of who is signed in; any other is refused."""

        async def posted(request: Request) -> Response:
            asks_json = wants_json(request)
            if visitor.SESSION not in request.cookies:
                return json("sign_in", 401) if asks_json else await self._signing_in.signed_out(request)
            form = await visitor.form_of(request, _LARGEST, _MOST)
            seen = await run_in_threadpool(self._frame.visitor, request)
            if seen is None:
                answer = self._signing_in.interrupted
                return json("sign_in", 401) if asks_json else await run_in_threadpool(answer, request, form)
            if not sessions.same(seen.form_token, said(form, "token")):
                stale = self._signing_in.stale
                return json("token", 403) if asks_json else await run_in_threadpool(stale, request, form)
            return await run_in_threadpool(self._answered, request, seen, form, act)

        return posted

    def _answered(
        self, request: Request, seen: Visitor, form: Form, act: Callable[[Request, Visitor, Form], Sent | Response]
    ) -> Response:
        sent = act(request, seen, form)
        if isinstance(sent, Response):
            return json("refused", sent.status_code) if wants_json(request) and sent.status_code >= 400 else sent  # noqa: PLR2004
        page = f"{visitor.root(request)}{sent.goal}"
        if wants_json(request):
            at = self._clock().astimezone(self._frame.notify.config.zone)
            return json(sent.saved.state, _STATUS[sent.saved.state], page=page, words=sent.words, at=f"{at:%H:%M}")
        if sent.saved.state in ("saved", "known") and sent.shown is None:
            told = f"{'&' if '?' in page else '?'}saved={sent.told}" if sent.told else ""
            return RedirectResponse(f"{page}{told}", 303)
        assert sent.shown is not None
        return sent.shown()

    def may_teach(self, request: Request, taught: Taught | None) -> Visitor | Response:
        """Who looks, if they teach it; else the answer that they get."""
        if taught is None:
            seen = self._frame.visitor(request)
            return self._frame.missing(request) if seen is not None else self._frame.to_sign_in(request)
        return self._frame.may(request, taught)

    def me(self, request: Request) -> Response:
        """Who is signed in, and what their forms carry; for the queue, which may have waited for a sign-in."""
        seen = self._frame.visitor(request)
        if seen is None:
            return json("sign_in", 401)
        return json("signed_in", 200, person=seen.person, token=seen.form_token)
