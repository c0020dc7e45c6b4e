"""The picture of a slip: added to an appeal that is open, and shown to who may see the appeal, and to nobody else."""

from __future__ import annotations

from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.accounts import sessions
from services.notify.appeals import AppealRow
from services.notify.store import appeals
from services.web import visitor
from services.web.appeals.pictures import MOST, Sent, TooLargeError, read_form, type_of
from services.web.frame import Frame
from services.web.signing_in import SigningIn
from services.web.templating import HEADERS

_CSP = "default-src 'none'; sandbox"


class Seen(Protocol):
    """Gives the appeal of an address, if who looks may see it; else the answer that they get."""

    def __call__(self, request: Request) -> AppealRow | Response:
        """The appeal whose picture is asked for, or the answer instead."""


class Slips:
    """The routes over one frame."""

    def __init__(self, frame: Frame, signing_in: SigningIn, seen: Seen) -> None:
        self._frame, self._signing_in, self._seen = frame, signing_in, seen

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [
            Route("/appeals/{id:int}/slip", self.picture),
            Route("/appeals/{id:int}/slip", self.add, methods=["POST"]),
        ]

    def picture(self, request: Request) -> Response:
        """The bytes as they came, under the type that they were read as, in no page of ours but as a picture."""
        row = self._seen(request)
        if isinstance(row, Response):
            return row
        assert row.id is not None
        with self._frame.notify.database.reading() as connection:
            found = appeals.slip(connection, row.id)
        if found is None:
            return self._frame.missing(request)
        name = f"slip-{row.id}.{found.type.removeprefix('image/')}"
        headers = {"Content-Security-Policy": _CSP, "Content-Disposition": f'inline; filename="{name}"'}
        return Response(found.picture, media_type=found.type, headers=HEADERS | headers)

    async def add(self, request: Request) -> Response:
        """A form of whoever appeals, with a picture that is looked at before it is kept."""
        if visitor.SESSION not in request.cookies:
            return await run_in_threadpool(self._signing_in.stale, request, {})
        row = await run_in_threadpool(self._seen, request)
        if isinstance(row, Response):
            return row
        try:
            sent = await read_form(request)
        except TooLargeError:
            return await run_in_threadpool(self._problem, request, 413, "slip_too_large")
        return await run_in_threadpool(self._added, request, row, sent)

    def _added(self, request: Request, row: AppealRow, sent: Sent) -> Response:
        seen = self._frame.visitor(request)
        if seen is None or not sessions.same(seen.form_token, sent.token):
            return self._signing_in.stale(request, {})
        notify = self._frame.notify
        if not notify.config.appeals.slips or seen.person not in (row.student, row.person):
            return self._frame.missing(request)
        kind = type_of(sent.picture)
        if kind is None:
            return self._problem(request, 422, "slip_is_none")
        if not notify.appeals.keep_slip(row, kind, sent.picture):
            return self._problem(request, 409, "slip_too_late")
        return RedirectResponse(f"{visitor.root(request)}/appeals/{row.id}?saved=slip", 303)

    def _problem(self, request: Request, status: int, word: str) -> Response:
        back = f"{visitor.root(request)}/appeals/{request.path_params['id']}"
        return self._frame.page(
            request, "appeals/slip_refused.html", status=status, word=word, back=back, most=MOST >> 20
        )
