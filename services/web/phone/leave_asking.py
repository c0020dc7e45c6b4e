"""Leave is asked for on the phone, before or after, by the student or whoever looks after them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from types import MappingProxyType
from typing import NamedTuple
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services import bounds
from services.ingest.phone import leaves
from services.ingest.phone.leaves import CATEGORIES, LONGEST_TEXT, Asked, Leave
from services.ingest.phone.phone import Phone
from services.ingest.phone.saving import Saved, Typed
from services.web.frame import Frame, Visitor
from services.web.phone.leave_form import End, day_of, parts
from services.web.phone.leave_requests import PATH, LeaveRequests, path_of
from services.web.phone.sending import Form, Sending, Sent, why
from services.web.reader import Reader
from services.web.visitor import said

ASK_ROLES = ("class_tutor", "counsellor")
"""Who asks for the students whom they look after."""
_PAGE = f"{PATH}/new"


class Refused(NamedTuple):
    """A form that was not taken: why, and of what somebody is asked once more."""

    form: Form = MappingProxyType({})
    words: str = ""
    overlaps: tuple[Leave, ...] = ()
    sure: str = ""
    """Sent back, it says that this overlap was seen."""
    saved: Saved = Saved("refused")

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        if not self.words:
            return 200
        return 409 if self.saved.state == "changed" or self.overlaps else 422


class LeaveAsking:
    """The routes over one frame."""

    def __init__(self, frame: Frame, sending: Sending, phone: Phone, requests: LeaveRequests) -> None:
        self._frame, self._sending, self._phone, self._requests = frame, sending, phone, requests

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [Route(_PAGE, self.page), Route(_PAGE, self._sending.posted(self._ask), methods=["POST"])]

    def page(self, request: Request) -> Response:
        """The form; `?student=` chooses one of several, `?day=2026-11-27` the day, by default today."""
        seen = self._frame.visitor(request)
        if seen is None or not self._requests.students(seen.person, ASK_ROLES):
            allowed = self._frame.may(request, self._requests.asking(seen.person if seen is not None else ""))
            if not isinstance(allowed, Visitor):
                return allowed
            seen = allowed
        return self._page(request, seen, Refused())

    def choices(self, seen: Visitor, reader: Reader) -> list[tuple[str, str]]:
        """(id, name and class) of whom somebody may ask for; of several alike the id says which is which."""
        if self._requests.can(seen.who, self._requests.asking(seen.person)):
            return [(seen.person, reader.person(seen.person))]
        found = self._requests.students(seen.person, ASK_ROLES)
        named = [(class_, id_, reader.person(id_)) for id_, class_ in found.items()]
        alike = Counter((class_, name) for class_, _, name in named)
        return [
            (id_, f"{name} · {reader.named('class', class_)}" + (f" · {id_}" if alike[class_, name] > 1 else ""))
            for class_, id_, name in sorted(named)
        ]

    def _page(self, request: Request, seen: Visitor, refused: Refused) -> Response:
        reader, form = self._frame.reader(request), refused.form
        day = day_of(said(request.query_params, "day")) or self._phone.clock().astimezone(reader.zone).date()
        ends = [End.of(form, name) if form else End(day.isoformat()) for name in ("from", "to")]
        shown = zip(("from", "to"), ends, strict=True)
        return self._frame.page(
            request,
            "phone/leave_new.html",
            status=refused.status,
            error=refused.words,
            students=self.choices(seen, reader),
            is_own=self._requests.can(seen.who, self._requests.asking(seen.person)),
            form=form or {"student": said(request.query_params, "student")},
            ends=[(name, end, parts(reader, is_last=name == "to")) for name, end in shown],
            categories=[(one, reader.word(f"leave_{one}")) for one in CATEGORIES],
            overlaps=[self._requests.shown(one, reader) for one in refused.overlaps],
            sure=refused.sure,
            new_submission=said(form, "submission") or str(uuid4()),
            policy=self._frame.notify.config.leave,
        )

    def _ask(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        reader, student = self._frame.reader(request), said(form, "student") or seen.person
        if bounds.of_id(student) is not None:
            return self._frame.missing(request)
        typed = self._sending.typed(form, seen.person)
        found: Saved | Refused
        if student == seen.person and self._requests.students(student, ASK_ROLES):
            found = Refused(form, reader.word("leave_student_missing"))
        elif not isinstance(allowed := self._frame.may(request, self._requests.asking(student)), Visitor):
            return allowed
        else:
            found = self._sent(student, form, typed, reader)
        if isinstance(found, Saved):
            key = self._phone.keys.made(leaves.KIND, {"student": student, "leave": leaves.id_of_request(typed)})
            return Sent(found, path_of(key), told="asked")
        return Sent(found.saved, _PAGE, found.words, lambda: self._page(request, seen, found))

    def _sent(self, student: str, form: Form, typed: Typed, reader: Reader) -> Saved | Refused:
        """What became of it, taken now or before; else why not."""
        if not typed.is_right:
            return Refused(form, reader.word("leave_reload"))
        known = self._phone.leaves([student])
        if any(one.event.data.get("leave") == leaves.id_of_request(typed) for one in known):
            return Saved("known")
        asked = self._asked(student, form, reader)
        if isinstance(asked, str):
            return Refused(form, asked)
        seen = leaves.version_of(known)
        over = leaves.overlapping(known, asked.begins, asked.ends)
        sure = f"{seen} {asked.begins.isoformat()} {asked.ends.isoformat()}"
        if over and said(form, "sure") != sure:
            return Refused(form, reader.word("leave_overlaps"), tuple(over), sure)
        event = leaves.asked_for(asked, typed, reader.zone)
        saved = self._phone.ask_for_leave(event, typed._replace(seen=seen))
        if saved.state == "changed":
            over = leaves.overlapping(self._phone.leaves([student]), asked.begins, asked.ends)
            return Refused(form, reader.word("leave_new_changed"), tuple(over), saved=saved)
        return Refused(form, why(saved, reader), saved=saved) if saved.state == "refused" else saved

    def _asked(self, student: str, form: Form, reader: Reader) -> Asked | str:
        """What is asked for; else in words what is wrong with it."""
        begins, ends = (self._requests.moment(form, name, student, reader) for name in ("from", "to"))
        reason, category = said(form, "reason").strip(), said(form, "category")
        if isinstance(begins, str) or isinstance(ends, str):
            return begins if isinstance(begins, str) else str(ends)
        if category not in CATEGORIES:
            return reader.word("leave_reload")
        if not reason or len(reason) > LONGEST_TEXT:
            key = "leave_text_long" if reason else "leave_reason_missing"
            return reader.word(key, n=len(reason), limit=LONGEST_TEXT)
        asked, policy = Asked(student, begins, ends, category, reason), self._frame.notify.config.leave
        directory, terms = self._phone.directory, self._phone.terms()
        found = leaves.wrong(asked, directory, terms, policy, self._phone.clock(), reader.zone)
        return (
            asked if found is None else reader.word(f"leave_wrong_{found[0]}", day=_day(found[1]), n=policy.days_back)
        )


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
