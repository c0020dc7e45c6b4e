"""Leave on the phone: the list, one of them, and what is decided on it: granted, refused, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services import bounds
from services.ingest.phone import leaves
from services.ingest.phone.leaves import LONGEST_TEXT, Leave
from services.ingest.phone.phone import Phone
from services.ingest.phone.saving import Saved
from services.web.frame import Frame, Visitor
from services.web.phone.leave_asking import LeaveAsking
from services.web.phone.leave_form import End, parts
from services.web.phone.leave_requests import PATH, Act, LeaveRequests, joined, path_of, state, when
from services.web.phone.sending import Form, Sending, Sent, why
from services.web.reader import Reader
from services.web.visitor import said

_DONE = ("grant", "refuse", "cancel", "shorten")
_LATELY = timedelta(days=30)
"""So long the list shows what is over."""
_MOST = 100
"""Lines of a part of the list."""
_MOMENT = timedelta(milliseconds=1)


class Refused(NamedTuple):
    """A form that was not taken, and why."""

    form: Form = MappingProxyType({})
    words: str = ""
    status: int = 200


class Decided(NamedTuple):
    """A form about a leave, from somebody who may send it."""

    seen: Visitor
    leave: Leave
    form: Form
    did: str
    """grant, refuse, cancel, shorten; or what else it says."""


class LeavePages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, sending: Sending, phone: Phone, requests: LeaveRequests) -> None:
        self._frame, self._sending, self._phone, self._requests = frame, sending, phone, requests
        self._asking = LeaveAsking(frame, sending, phone, requests)

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        posted = self._sending.posted
        return [
            Route(PATH, self.index),
            *self._asking.routes(),
            Route(f"{PATH}/{{key:path}}/decide", posted(self._decide), methods=["POST"]),
            Route(f"{PATH}/{{key:path}}/end", posted(self._end), methods=["POST"]),
            Route(f"{PATH}/{{key:path}}", self.page),
        ]

    def index(self, request: Request) -> Response:
        """What waits for whoever looks, what waits for others, what stands, and what was decided lately."""
        seen = self._frame.may(request, "leaves")
        if not isinstance(seen, Visitor):
            return seen
        reader, now, asked = self._frame.reader(request), self._phone.clock(), self._requests
        groups: dict[str, list[Leave]] = {"mine": [], "others": [], "standing": [], "over": []}
        for one in asked.seen_by(seen.who):
            if one.status == "pending":
                groups["mine" if seen.person in asked.deciders(one) else "others"].append(one)
            elif one.status == "granted" and one.ends > now:
                groups["standing"].append(one)
            elif max(one.ends, one.said) > now - _LATELY:
                groups["over"].append(one)
        shown = {name: [asked.shown(one, reader) for one in some[:_MOST]] for name, some in groups.items()}
        return self._frame.page(
            request,
            "phone/leaves.html",
            groups=[(name, len(groups[name]), some) for name, some in shown.items()],
            may_ask=bool(self._asking.choices(seen, reader)),
            limit=_MOST,
        )

    def page(self, request: Request) -> Response:
        """One of them, with what the roll-calls under it say, and what whoever looks can do with it."""
        found = self._found(request, "see")
        return self._page(request, *found, Refused()) if isinstance(found, tuple) else found

    def _found(self, request: Request, act: Act) -> tuple[Visitor, Leave] | Response:
        """A leave, if who looks may do that with it; else the answer that they get."""
        key = request.path_params["key"]
        found = self._phone.leave(key) if bounds.of_line(key) is None else None
        if found is None:
            seen = self._frame.visitor(request)
            return self._frame.missing(request) if seen is not None else self._frame.to_sign_in(request)
        # Whoever may decide on a part of it may decide: grant less, or learn who grants the whole.
        least = found.begins + _MOMENT if act == "decide" else None
        allowed = self._frame.may(request, self._requests.of(act, found, least))
        return (allowed, found) if isinstance(allowed, Visitor) else allowed

    def _page(self, request: Request, seen: Visitor, leave: Leave, refused: Refused) -> Response:
        reader, asked, form = self._frame.reader(request), self._requests, refused.form
        is_pending, who = leave.status == "pending", seen.who
        least = asked.of("decide", leave, leave.begins + _MOMENT)
        same_time = leaves.overlapping(self._phone.leaves([leave.student]), leave.begins, leave.ends)
        end = End.at(leave.ends.astimezone(reader.zone), is_last=True)
        return self._frame.page(
            request,
            "phone/leave.html",
            status=refused.status,
            error=refused.words,
            leave=asked.shown(leave, reader),
            marks=asked.marks(leave, reader),
            others=[asked.shown(one, reader) for one in same_time if one.key != leave.key],
            may_decide=is_pending and asked.can(who, least),
            may_grant_all=asked.can(who, asked.of("decide", leave)),
            may_end=leave.status in leaves.STANDING and asked.can(who, asked.of("end", leave)),
            is_pending=is_pending,
            policy=self._frame.notify.config.leave,
            version=leave.version,
            new_submission=str(uuid4()),
            end=End.of(form, "to") if said(form, "to_day") else end,
            parts=parts(reader, is_last=True),
            answer=said(form, "answer"),
            student=leave.student if self._frame.may_open(request, leave.student) else "",
            told=said(request.query_params, "saved") if not refused.words else "",
        )

    def _decide(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        found = self._found(request, "decide")
        if not isinstance(found, tuple):
            return found
        one, reader = Decided(seen, found[1], form, said(form, "verdict")), self._frame.reader(request)
        if (before := self._sent_before(request, one, ("pending",))) is not None:
            return before
        leave, answer = one.leave, said(form, "answer").strip()
        is_granted = one.did == "grant"
        ends = self._requests.moment(form, "to", leave.student, reader) if is_granted else leave.ends
        wrong = ends if isinstance(ends, str) else self._wrong_decision(one, ends, answer, reader)
        if wrong or isinstance(ends, str):
            return self._refused(request, one, wrong)
        typed = self._sending.typed(form, seen.person)
        event = leaves.decided(leave, is_granted, ends, answer, typed, reader.zone)
        return self._saved(request, one, self._phone.save_leave(leave, event, typed))

    def _wrong_decision(self, one: Decided, ends: datetime, answer: str, reader: Reader) -> str:
        """What is wrong with it, in words; empty if nothing is."""
        leave, requests = one.leave, self._requests
        if one.did not in ("grant", "refuse"):
            return reader.word("leave_reload")
        if not leave.begins < ends <= leave.ends:
            return reader.word("leave_not_shorter", when=when(leave.begins, leave.ends, reader))
        if not requests.can(one.seen.who, requests.of("decide", leave, ends)):
            names = joined([reader.person(each) for each in requests.deciders(leave)], reader)
            return reader.word("leave_too_many_days", n=self._frame.notify.config.leave.tutor_days, who=names or "–")
        if one.did == "refuse" and not answer:
            return reader.word("leave_answer_missing")
        is_long = len(answer) > LONGEST_TEXT
        return reader.word("leave_text_long", n=len(answer), limit=LONGEST_TEXT) if is_long else ""

    def _end(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        found = self._found(request, "end")
        if not isinstance(found, tuple):
            return found
        one, reader = Decided(seen, found[1], form, said(form, "act")), self._frame.reader(request)
        if (before := self._sent_before(request, one, leaves.STANDING)) is not None:
            return before
        leave, ends, wrong = one.leave, None, ""
        if one.did == "shorten":
            ends = self._requests.moment(form, "to", leave.student, reader)
            if isinstance(ends, str):
                wrong = ends
            elif leave.status != "granted" or not leave.begins < ends < leave.ends:
                wrong = reader.word("leave_not_shorter", when=when(leave.begins, leave.ends, reader))
        elif one.did != "cancel":
            wrong = reader.word("leave_reload")
        if wrong or isinstance(ends, str):
            return self._refused(request, one, wrong)
        typed = self._sending.typed(form, seen.person)
        event = leaves.ended(leave, ends, typed, reader.zone)
        return self._saved(request, one, self._phone.save_leave(leave, event, typed))

    def _sent_before(self, request: Request, one: Decided, statuses: tuple[str, ...]) -> Sent | None:
        """What was sent before is known; what was decided over something else than what stands is asked again."""
        typed = self._sending.typed(one.form, one.seen.person)
        if not typed.is_right:
            return self._refused(request, one, self._frame.reader(request).word("leave_reload"))
        if typed.seen == one.leave.version and one.leave.status in statuses:
            return None
        return self._saved(request, one, Saved("known" if self._phone.is_known(typed) else "changed"))

    def _saved(self, request: Request, one: Decided, saved: Saved) -> Sent:
        goal, reader = path_of(one.leave.key), self._frame.reader(request)
        if saved.state in ("saved", "known"):
            return Sent(saved, goal, told=one.did)
        if saved.state == "refused":
            return self._refused(request, one, why(saved, reader))
        now = self._phone.leave(one.leave.key) or one.leave
        mine, answer = (
            reader.word(f"leave_wanted_{one.did}") if one.did in _DONE else "–",
            said(one.form, "answer").strip(),
        )
        mine += f" “{answer}”" if answer else ""
        words = reader.word("leave_changed", state=state(now, reader), mine=mine)
        return Sent(saved, goal, words, lambda: self._page(request, one.seen, now, Refused(one.form, words, 409)))

    def _refused(self, request: Request, one: Decided, words: str) -> Sent:
        refused = Refused(one.form, words, 422)
        page = path_of(one.leave.key)
        return Sent(Saved("refused"), page, words, lambda: self._page(request, one.seen, one.leave, refused))
