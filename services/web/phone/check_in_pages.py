"""The code of a lesson on its teacher's phone, as digits and as a picture to be scanned; and where students type it."""

from __future__ import annotations

import io
import secrets
from datetime import datetime

import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.accounts.check_in import DIGITS, MINUTES
from services.ingest.phone.phone import Phone
from services.ingest.phone.roll_call import RollCall
from services.ingest.phone.saving import Saved
from services.web import visitor
from services.web.frame import Frame, Visitor
from services.web.phone.check_ins import CheckIns, Refused, Shown
from services.web.phone.lesson_words import path_of, shown
from services.web.phone.sending import Form, Sending, Sent, json
from services.web.reader import Reader
from services.web.templating import HEADERS
from services.web.visitor import said

PATH = "/check-in"
DEVICE = "prewarn_device"
"""The cookie by which a phone is known; it says nothing of whose it is."""
_YEAR = 365 * 24 * 3600
_LONGEST = 20


class CheckInPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, sending: Sending, phone: Phone) -> None:
        self._frame, self._sending, self._phone = frame, sending, phone
        self.check_ins = CheckIns(frame.notify.database, phone, frame.notify.ports.clock)

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        posted = self._sending.posted
        return [
            Route("/lessons/{lesson:path}/check-in", self.page),
            Route("/lessons/{lesson:path}/check-in.json", self.state),
            Route("/lessons/{lesson:path}/check-in.svg", self.picture),
            Route("/lessons/{lesson:path}/check-in/open", posted(self._open), methods=["POST"]),
            Route("/lessons/{lesson:path}/check-in/close", posted(self._close), methods=["POST"]),
            Route(PATH, self.form),
            Route(PATH, posted(self._enter), methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """The code, large enough for a projector; names stand on the roll-call alone."""
        found = self._found(request)
        return self._page(request, found) if isinstance(found, RollCall) else found

    def _page(self, request: Request, found: RollCall, error: str = "", status: int = 200) -> Response:
        reader = self._frame.reader(request)
        return self._frame.page(
            request,
            "phone/check_in_code.html",
            status=status,
            lesson=shown(found.lesson, reader),
            window=self.check_ins.shown(found.lesson),
            minutes=MINUTES if self.check_ins.may_open(found.lesson) else (),
            n=len(came(found, reader)),
            expected=sum(not one.exempt for one in found.students),
            address=f"{self._frame.notify.config.base_url}{PATH}",
            error=error,
        )

    def state(self, request: Request) -> Response:
        """For the script of the pages: the code as it is, and who has checked in."""
        found = self._found(request)
        if not isinstance(found, RollCall):
            return found
        reader, window = self._frame.reader(request), self.check_ins.shown(found.lesson)
        return json(
            "open" if window is not None and window.is_open else "over",
            200,
            code=window.code if window is not None else "",
            changes_in=window.changes_in if window is not None else 0,
            left=window.left if window is not None else 0,
            came=came(found, reader),
            refused=refused(window, reader),
        )

    def picture(self, request: Request) -> Response:
        """The address with the code, as a QR code; 404 where no window is open."""
        found = self._found(request)
        if not isinstance(found, RollCall):
            return found
        window = self.check_ins.shown(found.lesson)
        if window is None or not window.is_open:
            return self._frame.missing(request)
        drawn = io.BytesIO()
        address = f"{self._frame.notify.config.base_url}{PATH}?code={window.code}"
        segno.make(address, error="m", micro=False).save(
            drawn, kind="svg", scale=8, border=3, dark="black", light="white", xmldecl=False, omitsize=True
        )
        return Response(drawn.getvalue(), media_type="image/svg+xml", headers=HEADERS)

    def _found(self, request: Request) -> RollCall | Response:
        """The roll-call of a lesson, if who looks teaches it; else the answer that they get."""
        found = self._phone.roll_call(request.path_params["lesson"])
        seen = self._sending.may_teach(request, found.lesson.taught if found else None)
        if isinstance(seen, Visitor) and found is not None:
            return found
        assert isinstance(seen, Response)
        return seen

    def _open(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        found = self._found(request)
        if not isinstance(found, RollCall):
            return found
        minutes = next((one for one in MINUTES if str(one) == said(form, "minutes")), 0)
        goal = f"{path_of(found.lesson.id)}{PATH}"
        if self.check_ins.open(found.lesson, minutes, seen.person):
            return Sent(Saved("saved"), goal)
        words = self._frame.reader(request).word("check_in_not_now")
        return Sent(Saved("refused"), goal, words, lambda: self._page(request, found, words, 422))

    def _close(self, request: Request, _seen: Visitor, _form: Form) -> Sent | Response:
        found = self._found(request)
        if not isinstance(found, RollCall):
            return found
        self.check_ins.close(found.lesson)
        return Sent(Saved("saved"), f"{path_of(found.lesson.id)}/roll-call", told="")

    def form(self, request: Request) -> Response:
        """Where a student types the code, or comes with it by the picture."""
        seen = self._frame.may(request, "check_in")
        return self._form(request, seen) if isinstance(seen, Visitor) else seen

    def _form(
        self, request: Request, seen: Visitor, error: str = "", status: int = 200, typed: str | None = None
    ) -> Response:
        reader = self._frame.reader(request)
        code = said(request.query_params, "code") if typed is None else typed
        done = [(shown(lesson, reader), reader.time(at)) for lesson, at in self.check_ins.recent(seen.person)]
        response = self._frame.page(
            request, "phone/check_in.html", status=status, code=code[:_LONGEST], digits=DIGITS, error=error, done=done
        )
        if not request.cookies.get(DEVICE):
            visitor.set_cookie(request, response, DEVICE, secrets.token_urlsafe(24), max_age=_YEAR)
        return response

    def _enter(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        typed = said(form, "code")[:_LONGEST]
        found = self.check_ins.enter(seen.person, typed, request.cookies.get(DEVICE, ""))
        if not isinstance(found, Refused):
            return Sent(Saved("saved"), PATH)
        words = self._frame.reader(request).word(f"check_in_{found.why}", seconds=found.seconds)
        status = 429 if found.why == "wait" else 422
        return Sent(Saved("refused"), PATH, words, lambda: self._form(request, seen, words, status, typed))


def came(found: RollCall, reader: Reader) -> dict[str, str]:
    """Student → at what time they have checked in."""
    return {one.student: clock_time(one.came, reader) for one in found.students if one.came is not None}


def clock_time(at: datetime, reader: Reader) -> str:
    """`08:03`, by the college's clock."""
    return f"{at.astimezone(reader.zone):%H:%M}"


def refused(window: Shown | None, reader: Reader) -> list[str]:
    """Of each who came by a phone that had checked in somebody else, a sentence."""
    if window is None:
        return []
    names = [tuple(map(reader.person, one)) for one in window.refused]
    return [reader.word("check_in_same_phone", who=who, other=other) for who, other in names]


def around(check_ins: CheckIns, found: RollCall, reader: Reader) -> dict[str, object]:
    """What the roll-call shows of it."""
    window = check_ins.shown(found.lesson)
    return {
        "check_in": window,
        "check_in_refused": refused(window, reader),
        "check_in_came": len(came(found, reader)),
        "check_in_minutes": MINUTES if check_ins.may_open(found.lesson) else (),
    }
