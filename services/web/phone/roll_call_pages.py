"""A lesson's roll-call: everybody is present but those who are not. And a lesson that is cancelled or moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.ingest.phone import roll_call
from services.ingest.phone.lessons import Lesson
from services.ingest.phone.phone import Phone
from services.ingest.phone.roll_call import LONGEST_NOTE, MOST_MINUTES, STATUSES, Expected, Mark, RollCall
from services.ingest.phone.saving import SOURCE, Saved, Typed
from services.messages import CampusEvent
from services.web.frame import Frame, Visitor
from services.web.phone.check_in_pages import around, clock_time
from services.web.phone.check_ins import CheckIns
from services.web.phone.lesson_words import numbers, path_of, shown
from services.web.phone.sending import Form, Sending, Sent, why
from services.web.reader import Reader
from services.web.visitor import said

_MOST_DIGITS = 4
_CHANGES = ("cancel", "move", "restore")
_RESTORED = ("cancelled", "moved")
"""Why a lesson does not take place that its teacher can hold after all."""


class Row(NamedTuple):
    """A student on the page."""

    id: str
    name: str
    mark: Mark
    on_leave: bool
    asked_leave: bool
    exempt: str
    otherwise: str
    """What somebody else has said meanwhile, where that is another thing."""
    came: str
    """At what time they typed the lesson's code; empty: they have not."""


class RollCallPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, sending: Sending, phone: Phone, check_ins: CheckIns) -> None:
        self._frame, self._sending, self._phone, self._check_ins = frame, sending, phone, check_ins

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        posted = self._sending.posted
        return [
            Route("/lessons/{lesson:path}/roll-call", self.page),
            Route("/lessons/{lesson:path}/roll-call", posted(self._save), methods=["POST"]),
            Route("/lessons/{lesson:path}/cancel", posted(self._cancel), methods=["POST"]),
            Route("/lessons/{lesson:path}/move", posted(self._move), methods=["POST"]),
            Route("/lessons/{lesson:path}/restore", posted(self._restore), methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """Who is expected, and what stands of them."""
        found = self._phone.roll_call(request.path_params["lesson"])
        seen = self._sending.may_teach(request, found.lesson.taught if found else None)
        return self._page(request, found) if isinstance(seen, Visitor) and found else _answer(seen)

    def _page(
        self,
        request: Request,
        found: RollCall,
        typed: Mapping[str, Mark] = MappingProxyType({}),
        error: str = "",
        status: int = 200,
        moving: str = "",
    ) -> Response:
        """`moving`: to when somebody wants to move it, and is asked once more."""
        reader, told = self._frame.reader(request), said(request.query_params, "saved")
        instead = self._instead(found)
        rows = [_row(one, typed.get(one.student), reader) for one in found.students]
        return self._frame.page(
            request,
            "phone/roll_call.html",
            status=status,
            lesson=shown(found.lesson, reader),
            students=sorted(rows, key=lambda row: row.id),
            pages_of={row.id for row in rows if self._frame.may_open(request, row.id)},
            number_of=numbers({row.id: row.name for row in rows}),
            version=found.version,
            new_submission=str(uuid4()),
            taken=_taken(found, reader),
            figures=found.figures,
            expected=sum(not one.exempt for one in found.students),
            statuses=[(one, reader.term("value", one)) for one in STATUSES],
            longest_note=LONGEST_NOTE,
            error=error,
            is_saved=told == "1" and not error,
            told=reader.word(f"lesson_done_{told}") if told in _CHANGES and not error else "",
            begins=moving or f"{found.lesson.begins.astimezone(reader.zone):%Y-%m-%dT%H:%M}",
            sure=moving,
            instead=shown(instead, reader) if instead is not None else None,
            can_restore=found.lesson.reason in _RESTORED,
            **around(self._check_ins, found, reader),
        )

    def _save(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        found = self._phone.roll_call(request.path_params["lesson"])
        allowed = self._sending.may_teach(request, found.lesson.taught if found else None)
        if not isinstance(allowed, Visitor) or found is None:
            return _answer(allowed)
        reader, typed = self._frame.reader(request), self._sending.typed(form, seen.person)
        marks = {one.student: _mark(form, one) for one in found.students if said(form, f"status:{one.student}")}
        wrong = "roll_call_reload" if not typed.is_right else _wrong(form, found)
        if wrong or found.lesson.reason:
            words = reader.word(wrong) if wrong else reader.word("roll_call_not_held")
            saved = Saved("refused")
        else:
            saved = self._phone.save_roll_call(found.lesson.id, roll_call.said(found, marks, typed), typed)
            words = why(saved, reader)
        return self._sent(request, found, saved, words, marks)

    def _sent(
        self,
        request: Request,
        found: RollCall,
        saved: Saved,
        words: str,
        marks: Mapping[str, Mark] = MappingProxyType({}),
        *,
        told: str = "1",
        moving: str = "",
    ) -> Sent:
        goal = f"{path_of(found.lesson.id)}/roll-call"
        if saved.state in ("saved", "known"):
            return Sent(saved, goal, told=told)
        reader = self._frame.reader(request)
        now = self._phone.roll_call(found.lesson.id) or found
        words = reader.word("roll_call_changed") if saved.state == "changed" else words
        status = 409 if saved.state == "changed" else 422
        return Sent(saved, goal, words, lambda: self._page(request, now, marks, words, status, moving))

    def _cancel(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        def cancel(found: RollCall, typed: Typed) -> list[CampusEvent]:
            return roll_call.cancelled(found.lesson, typed)

        return self._change(request, seen, form, "cancel", cancel)

    def _move(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        begins = said(form, "begins")

        def move(found: RollCall, typed: Typed) -> list[CampusEvent] | Sent:
            reader = self._frame.reader(request)
            at = _moment(begins, reader)
            if at is None or at == found.lesson.begins:
                return self._sent(request, found, Saved("refused"), reader.word("lesson_move_when"))
            clash = self._phone.clash(found.lesson, at)
            if clash is not None and said(form, "sure") != begins:
                other = shown(clash, reader)
                what = f"{other.day} {other.course} {other.classes}"
                words = reader.word("lesson_move_clash", what=what)
                return self._sent(request, found, Saved("refused"), words, moving=begins)
            return roll_call.moved(found.lesson, at, typed)

        return self._change(request, seen, form, "move", move)

    def _restore(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        def restore(found: RollCall, typed: Typed) -> list[CampusEvent] | Sent:
            instead = self._instead(found)
            taken = self._phone.roll_call(instead.id) if instead is not None else None
            if found.lesson.reason not in _RESTORED or (taken is not None and taken.taken is not None):
                words = self._frame.reader(request).word("lesson_not_restored")
                return self._sent(request, found, Saved("refused"), words)
            ours = instead is not None and instead.event.source == SOURCE
            return roll_call.restored(found.lesson, instead if ours else None, typed)

        return self._change(request, seen, form, "restore", restore)

    def _instead(self, found: RollCall) -> Lesson | None:
        """The lesson that takes the place of one that was moved."""
        other = found.lesson.event.data.get("moved_to")
        return self._phone.lesson(other) if other else None

    def _change(
        self,
        request: Request,
        seen: Visitor,
        form: Form,
        told: str,
        change: Callable[[RollCall, Typed], list[CampusEvent] | Sent],
    ) -> Sent | Response:
        found = self._phone.roll_call(request.path_params["lesson"])
        allowed = self._sending.may_teach(request, found.lesson.taught if found else None)
        if not isinstance(allowed, Visitor) or found is None:
            return _answer(allowed)
        reader, typed = self._frame.reader(request), self._sending.typed(form, seen.person)
        if not typed.is_right:
            return self._sent(request, found, Saved("refused"), reader.word("roll_call_reload"))
        events = change(found, typed)
        if isinstance(events, Sent):
            return events
        saved = self._phone.save_roll_call(found.lesson.id, events, typed)
        return self._sent(request, found, saved, why(saved, reader), told=told)


def _answer(seen: Visitor | Response) -> Response:
    assert isinstance(seen, Response)
    return seen


def _mark(form: Form, one: Expected) -> Mark:
    status = next((each for each in STATUSES if each == said(form, f"status:{one.student}")), one.mark.status)
    number = _number(said(form, f"minutes:{one.student}").strip())
    return Mark(status, number if status == "late" else None, said(form, f"note:{one.student}").strip())


def _number(text: str) -> int | None:
    """Minutes; None if they are none."""
    found = int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else None
    return found if found is not None and found <= MOST_MINUTES else None


def _wrong(form: Form, found: RollCall) -> str:
    """Which word says what is wrong with what was typed; empty if nothing is."""
    for one in found.students:
        status, minutes = (said(form, f"{name}:{one.student}").strip() for name in ("status", "minutes"))
        if status and status not in STATUSES:
            return "roll_call_reload"
        if minutes and _number(minutes) is None:
            return "roll_call_minutes"
        if len(said(form, f"note:{one.student}")) > LONGEST_NOTE:
            return "roll_call_note"
    return ""


def _row(one: Expected, mine: Mark | None, reader: Reader) -> Row:
    mark = one.mark if mine is None else mine
    otherwise = reader.term("value", one.mark.status) if mine and mine.status != one.mark.status else ""
    when = clock_time(one.came, reader) if one.came is not None else ""
    return Row(
        one.student, reader.person(one.student), mark, one.on_leave, one.asked_leave, one.exempt, otherwise, when
    )


def _taken(found: RollCall, reader: Reader) -> str:
    if found.taken is None:
        return ""
    at = reader.instant(found.taken.time)
    return (
        reader.word("roll_taken_by", who=reader.person(found.taken_by), at=at)
        if found.taken_by
        else reader.word("roll_taken_at", at=at)
    )


def _moment(text: str, reader: Reader) -> datetime | None:
    """`2026-11-30T08:00`, by the college's clock."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=reader.zone) if found.tzinfo is None else found
