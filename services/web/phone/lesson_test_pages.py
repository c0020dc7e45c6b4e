"""A lesson's test: a list of scores, typed or pasted, what stands of it, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.i18n import LANGUAGES, catalogue
from services.ingest.phone import lesson_test
from services.ingest.phone.lesson_test import LONGEST_QUESTIONS, MOST_ATTEMPTS, LessonTest, Taking
from services.ingest.phone.phone import Phone
from services.ingest.phone.results import STATES, Result, State, summary
from services.ingest.phone.saving import Saved
from services.ingest.phone.scores import Fault, Line, read_pasted
from services.notify.texts import number
from services.web.frame import Frame, Visitor
from services.web.phone import lesson_test_form
from services.web.phone.lesson_test_form import Cell, Typing, offered, points
from services.web.phone.lesson_words import numbers, path_of, shown
from services.web.phone.sending import Form, Sending, Sent, why
from services.web.reader import Reader
from services.web.visitor import said

_IN_SHEETS: dict[State, Sequence[str]] = {"not_tested": ("缺考", "缺席", "absent"), "exempt": ("免考", "免")}
"""What sheets write beside our own words."""


_MOST_FAULTS = 5
"""So many are told where there is no page."""


class Row(NamedTuple):
    """A student on the page."""

    id: str
    name: str
    cell: Cell
    fault: str
    states: Sequence[tuple[State, str]]
    missed: str
    """What the roll-call says of who was not there."""
    exempt: str
    before: str
    """The result of the attempt before."""
    otherwise: str
    """What somebody else has said meanwhile, where that is another thing."""


class LessonTestPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, sending: Sending, phone: Phone) -> None:
        self._frame, self._sending, self._phone = frame, sending, phone

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        posted = self._sending.posted
        return [
            Route("/lessons/{lesson:path}/test", self.page),
            Route("/lessons/{lesson:path}/test", posted(self._save), methods=["POST"]),
            Route("/lessons/{lesson:path}/test/{attempt:int}", self.page),
            Route("/lessons/{lesson:path}/test/{attempt:int}", posted(self._save), methods=["POST"]),
            Route("/lessons/{lesson:path}/test/{attempt:int}/read", posted(self._read), methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """Who takes it, and what stands of them."""
        found, seen = self._taught(request)
        if isinstance(seen, Response) or found is None:
            assert isinstance(seen, Response)
            return seen
        return self._page(request, found, lesson_test_form.standing(found))

    def _found(self, request: Request) -> LessonTest | None:
        attempt = request.path_params.get("attempt", 1)
        if not 1 <= attempt <= MOST_ATTEMPTS:
            return None
        return self._phone.lesson_test(request.path_params["lesson"], attempt)

    def _page(
        self, request: Request, found: LessonTest, typing: Typing, error: str = "", status: int = 200
    ) -> Response:
        reader, now = self._frame.reader(request), self._phone.clock()
        rows = [_row(one, typing, found, reader, changed=status == 409) for one in _in_order(found)]  # noqa: PLR2004
        standing = [(one.student, one.result) for one in found.students if one.result is not None]
        return self._frame.page(
            request,
            "phone/lesson_test.html",
            status=status,
            number_of=numbers({row.id: row.name for row in rows}),
            lesson=shown(found.lesson, reader),
            path=_path(found),
            read=f"{path_of(found.lesson.id)}/test/{found.attempt}/read",
            is_begun=found.lesson.begins <= now,
            attempt=found.attempt,
            attempts=_attempts(found, standing),
            others=", ".join(found.others),
            students=rows,
            typing=typing,
            lines=[(one.number, one.text, _words(one.fault, found, reader)) for one in _lines(typing)],
            pasted=_pasted(typing, found, reader),
            faults={name: reader.word(word) for name, word in typing.faults.items()},
            rests=[(state, _state_word(state, reader)) for state in STATES[1:]],
            has_roll=found.came is not None,
            version=found.version,
            new_submission=str(uuid4()),
            longest_questions=LONGEST_QUESTIONS,
            error=error,
            is_saved=bool(said(request.query_params, "saved")) and not error and request.method == "GET",
            summary=summary(standing, found.standard),
            people=lambda some: (", " if reader.language == "en" else "、").join(map(reader.person, some)),
            number=number,
        )

    def _taught(self, request: Request) -> tuple[LessonTest | None, Visitor | Response]:
        found = self._found(request)
        return found, self._sending.may_teach(request, found.lesson.taught if found else None)

    def _read(self, request: Request, _seen: Visitor, form: Form) -> Sent | Response:
        """What was pasted, put into the rows; nothing is saved.

        With `check=rows` what is wrong in them is shown instead, with `all` whatever keeps the form from being saved.
        """
        found, allowed = self._taught(request)
        if isinstance(allowed, Response) or found is None:
            assert isinstance(allowed, Response)
            return allowed
        reader = self._frame.reader(request)
        typing = lesson_test_form.typed(form, found)
        if said(form, "check") == "rows":
            return self._page(request, found, lesson_test_form.unfinished(typing))
        if said(form, "check"):
            wrong = _wrong(typing, found, self._phone.clock())
            return self._page(request, found, typing, reader.word(wrong) if wrong else "")
        order = [(one.student, reader.person(one.student)) for one in _in_order(found)]
        exempt = {one.student for one in found.students if one.exempt}
        pasted = read_pasted(typing.paste, order, typing.bound, _sheet_words(), exempt)
        return self._page(
            request, found, lesson_test_form.with_pasted(typing, pasted, lesson_test_form.standing(found))
        )

    def _save(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        found, allowed = self._taught(request)
        if isinstance(allowed, Response) or found is None:
            assert isinstance(allowed, Response)
            return allowed
        reader, sent = self._frame.reader(request), self._sending.typed(form, seen.person)
        typing = lesson_test_form.typed(form, found)
        wrong = _wrong(typing, found, sent.at) if sent.is_right else "roll_call_reload"
        if wrong:
            return self._refused(request, found, typing, Saved("refused"), reader.word(wrong))
        events = lesson_test.said(found, typing.results(), typing.standard, sent)
        if not events:
            return self._refused(request, found, typing, Saved("refused"), reader.word("test_nothing"))
        saved = self._phone.save_lesson_test(found, events, sent)
        if saved.state in ("saved", "known"):
            return Sent(saved, _path(found))
        if saved.state == "changed":
            found = self._found(request) or found
            return self._refused(request, found, typing, saved, reader.word("test_changed"))
        return self._refused(request, found, typing, saved, why(saved, reader))

    def _refused(self, request: Request, found: LessonTest, typing: Typing, saved: Saved, words: str) -> Sent:
        status = 409 if saved.state == "changed" else 422
        reader = self._frame.reader(request)
        # The queue of a phone may hear it when the page is closed: it is told what is wrong with whom.
        more = " ".join(_faults(typing, found, reader))
        shown_words = f"{words} {more}".rstrip()
        return Sent(saved, _path(found), shown_words, lambda: self._page(request, found, typing, words, status))


def _wrong(typing: Typing, found: LessonTest, at: datetime) -> str:
    """Which word says what is wrong; empty if nothing is."""
    if found.lesson.reason:
        return "roll_call_not_held"
    if at < found.lesson.begins:
        return "test_not_begun"
    if typing.paste_waits:
        return "test_paste_waits"
    return "" if typing.is_right else "test_look"


def _faults(typing: Typing, found: LessonTest, reader: Reader) -> list[str]:
    """The first of what is wrong, with whom it is about."""
    said_of = [reader.word(word) for word in typing.faults.values()]
    wrong = [
        (student, cell.fault) for student, cell in typing.cells.items() if cell.fault and cell.fault.kind != "missing"
    ]
    said_of += [
        reader.word("test_fault_of", who=reader.person(student), what=_words(fault, found, reader, typing.bound))
        for student, fault in wrong
    ]
    return said_of[:_MOST_FAULTS]


def _in_order(found: LessonTest) -> list[Taking]:
    """By their ids; those who have to take it again first."""
    mark = found.standard.pass_mark

    def done(one: Taking) -> bool:
        before = one.before
        return before is None or before.state == "exempt" or (before.score is not None and before.score >= mark)

    return sorted(found.students, key=lambda one: (found.attempt > 1 and done(one), one.student))


def _path(found: LessonTest) -> str:
    """Each attempt has an address of its own: what a phone keeps of a form, it keeps by that."""
    return f"{path_of(found.lesson.id)}/test" + (f"/{found.attempt}" if found.attempt > 1 else "")


def _attempts(found: LessonTest, standing: Sequence[tuple[str, Result]]) -> list[tuple[int, str]]:
    """Those that there are, and the one that can follow."""
    last = max(found.attempts, found.attempt)
    there = range(1, last + 1 + (bool(standing) and found.attempt == last < MOST_ATTEMPTS))
    return [(n, _path(found._replace(attempt=n))) for n in there]


def _row(one: Taking, typing: Typing, found: LessonTest, reader: Reader, *, changed: bool) -> Row:
    cell = typing.cells.get(one.student, Cell())
    states = [(state, _state_word(state, reader)) for state in offered(one)]
    otherwise = ""
    if (
        changed
        and one.result is not None
        and (points(one.result.score), one.result.state) != (cell.score.strip(), cell.state)
    ):
        otherwise = _result_words(one.result, reader)
    return Row(
        one.student,
        reader.person(one.student),
        cell,
        _words(cell.fault, found, reader, typing.bound) if cell.fault else "",
        states,
        reader.term("value", one.missed) if one.missed else "",
        one.exempt,
        _result_words(one.before, reader) if one.before is not None else "",
        otherwise,
    )


def _result_words(one: Result, reader: Reader) -> str:
    return points(one.score) if one.state == "graded" else _state_word(one.state, reader)


def _state_word(state: State, reader: Reader) -> str:
    return reader.word(f"test_state_{state}")


def _words(fault: Fault, found: LessonTest, reader: Reader, bound: float | None = None) -> str:
    highest = number(found.standard.highest if bound is None else bound, 4)
    parts = {"text": fault.text[:40], "line": fault.line, "highest": highest, "n": len(found.students)}
    return reader.word(f"test_fault_{fault.kind}", **parts)


def _lines(typing: Typing) -> Sequence[Line]:
    return [] if typing.pasted is None else typing.pasted.lines


def _pasted(typing: Typing, found: LessonTest, reader: Reader) -> str:
    """What became of what was pasted."""
    pasted = typing.pasted
    if pasted is None:
        return ""
    if pasted.fault is not None:
        return _words(pasted.fault, found, reader)
    heading = reader.word("test_pasted_heading", text=pasted.heading[:40]) if pasted.heading else ""
    faults = reader.word("test_pasted_faults", n=len(pasted.lines)) if pasted.lines else ""
    return " ".join(filter(None, (reader.word("test_pasted", n=len(pasted.results)), faults, heading)))


def _sheet_words() -> dict[str, State]:
    """What stands in sheets where there is no score, in both languages."""
    found: dict[str, State] = {}
    for state in STATES[1:]:
        ours = (catalogue(language, "pages")[f"test_state_{state}"] for language in LANGUAGES)
        found |= dict.fromkeys((*ours, *_IN_SHEETS.get(state, ())), state)
    return found
