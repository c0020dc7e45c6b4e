"""The month's assessment of a class: whoever is filled in is saved, one alone or all of them, and nobody else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote, urlencode
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.accounts.permissions import teachers
from services.ingest.phone import assessment
from services.ingest.phone.assessment import GRADES, LONGEST_COMMENT, Assessed, Assessment, Mark, Month
from services.ingest.phone.lessons import Lesson
from services.ingest.phone.phone import Phone
from services.ingest.phone.saving import Saved, Typed
from services.web.frame import Frame, Visitor
from services.web.phone.assessment_view import DIMENSIONS, PATH, digest, head, path_of, row, version_shown
from services.web.phone.lesson_words import numbers
from services.web.phone.sending import Form, Sending, Sent, why
from services.web.reader import Reader
from services.web.visitor import said

_PAGE = f"{PATH}/{{period}}/{{course}}/{{class}}"
_LOOKED_BACK = timedelta(days=31)
_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_PHRASES = (
    "attentive",
    "progress",
    "helps",
    "careful",
    "little_part",
    "practise",
    "homework",
    "late_often",
    "ask_questions",
)
"""Of comments, which a tap inserts."""


class AssessmentPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, sending: Sending, phone: Phone) -> None:
        self._frame, self._sending, self._phone = frame, sending, phone

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        posted = self._sending.posted
        return [
            Route(PATH, self.index),
            Route(_PAGE, self.page),
            Route(f"{_PAGE}/save", posted(self._save), methods=["POST"]),
            Route(f"{_PAGE}/save-{{student}}", posted(self._save), methods=["POST"]),
            Route(f"{_PAGE}/fill", posted(self._fill), methods=["POST"]),
        ]

    def index(self, request: Request) -> Response:
        """The classes whose months somebody may assess: those of their lessons of the last weeks."""
        seen = self._frame.may(request, "day")
        if not isinstance(seen, Visitor):
            return seen
        reader, phone, now = self._frame.reader(request), self._phone, self._phone.clock()
        months: dict[Month, list[Lesson]] = {}
        for lesson in phone.lessons(seen.person, (now - _LOOKED_BACK, now)):
            for class_ in () if lesson.reason else lesson.classes:
                if (month := assessment.month_of(lesson, class_, reader.zone)) is not None:
                    months.setdefault(month, []).append(lesson)
        with phone.reading() as records:
            found = []
            for month, lessons in months.items():
                facts = assessment.facts_from(month, lessons, now, reader.zone)
                if seen.person not in teachers(facts.taught, phone.directory, now):
                    continue  # who stood in for a lesson
                one = assessment.read_assessment(records, phone.keys, month, facts, seen.person, phone.directory, now)
                found.append(head(one, reader))
        return self._frame.page(request, "phone/assessments.html", found=sorted(found, key=lambda one: one.path)[::-1])

    def page(self, request: Request) -> Response:
        """The students of the class, what stands of each, and last month's beside it."""
        found = self._found(request)
        return self._page(request, found) if isinstance(found, Assessment) else found

    def _found(self, request: Request) -> Assessment | Response:
        """What is asked for, if who looks teaches it; else the answer that they get."""
        month, now = _asked(request), self._phone.clock()
        reader = self._frame.reader(request)
        if month is None or month.period > f"{now.astimezone(reader.zone):%Y-%m}":
            answer = self._sending.may_teach(request, None)
            assert isinstance(answer, Response)
            return answer
        facts = self._phone.month(month)
        seen = self._sending.may_teach(request, facts.taught)
        return self._phone.assessment(month, facts, seen.person) if isinstance(seen, Visitor) else seen

    def _page(
        self,
        request: Request,
        found: Assessment,
        typed: Mapping[str, Mark] = MappingProxyType({}),
        error: str = "",
        status: int = 200,
        *,
        clash: bool = False,
        is_saved: bool = False,
    ) -> Response:
        reader = self._frame.reader(request)
        return self._frame.page(
            request,
            "phone/assessment.html",
            status=status,
            head=head(found, reader),
            version=urlencode({one.student: version_shown(one) for one in found.students}),
            students=[row(one, typed.get(one.student), reader, clash) for one in found.students],
            numbers=numbers({one.student: reader.person(one.student) for one in found.students}),
            new_submission=str(uuid4()),
            dimensions=[(one, reader.word(f"assess_{one}")) for one in DIMENSIONS],
            grades=[(one, reader.term("value", one)) for one in GRADES],
            phrases=[reader.term("phrase", one) for one in _PHRASES],
            longest=LONGEST_COMMENT,
            error=error,
            is_saved=(is_saved or bool(said(request.query_params, "saved"))) and not error,
            in_name_of=reader.person(found.teacher) if found.teacher != self._person(request) else "",
        )

    def _person(self, request: Request) -> str:
        seen = self._frame.visitor(request)
        return seen.person if seen is not None else ""

    def _save(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        found = self._found(request)
        if not isinstance(found, Assessment):
            return found
        reader, typed = self._frame.reader(request), self._sending.typed(form, seen.person)
        only = unquote(request.path_params.get("student", ""))
        marks = {one.student: _mark(form, one.student) for one in found.coming}
        asked = [one for one in found.coming if not only or one.student == only]
        shown = {one: seen.partition(".") for one, seen in parse_qsl(said(form, "version"))}
        touched = {
            one.student: marks[one.student]
            for one in asked
            if _is_touched(one, marks[one.student], shown.get(one.student, ("", "", ""))[2])
        }
        wrong = reader.word("assess_reload") if not typed.is_right else _wrong(touched, reader)
        if wrong:
            saved = Saved("refused")
        elif not touched:
            is_filled = any(not marks[one.student].is_empty for one in asked)
            saved, wrong = (
                Saved("known" if is_filled else "refused"),
                "" if is_filled else reader.word("assess_nothing"),
            )
        else:
            versions = " ".join(shown.get(one, ("",))[0] for one in touched)
            as_sent = typed._replace(submission=_submission(typed, touched, versions), seen=versions)
            events = assessment.said(found, touched, typed)
            saved = self._phone.save_assessment(found, events, list(touched), as_sent)
            wrong = why(saved, reader)
        return self._sent(request, found, saved, wrong, marks)

    def _sent(self, request: Request, found: Assessment, saved: Saved, words: str, marks: Mapping[str, Mark]) -> Sent:
        goal = path_of(found.month)
        now = self._phone.assessment(found.month, found.facts, self._person(request))
        typed = {one.student: mark for one in now.coming if not (mark := marks.get(one.student, Mark())).is_empty}
        if saved.state in ("saved", "known"):
            rest = any(typed[one.student] != one.mark for one in now.coming if one.student in typed)
            page = (lambda: self._page(request, now, typed, is_saved=True)) if rest else None
            return Sent(saved, goal, "", page)
        clash = saved.state == "changed"
        said_so = self._frame.reader(request).word("assess_changed") if clash else words
        status = 409 if clash else 422
        return Sent(saved, goal, said_so, lambda: self._page(request, now, typed, said_so, status, clash=clash))

    def _fill(self, request: Request, _seen: Visitor, form: Form) -> Sent | Response:
        """Nothing is saved: one student's grades are filled in as they were last month."""
        found = self._found(request)
        if not isinstance(found, Assessment):
            return found
        marks = {one.student: _mark(form, one.student) for one in found.coming}
        for one in found.coming:
            if one.student == said(form, "as_last") and not one.last.is_empty:
                marks[one.student] = one.last._replace(comment=marks[one.student].comment)
        return self._page(request, found, {id_: mark for id_, mark in marks.items() if not mark.is_empty})


def _asked(request: Request) -> Month | None:
    period, course, class_ = (unquote(request.path_params[name]) for name in ("period", "course", "class"))
    return Month(period, course, class_) if _PERIOD.fullmatch(period) else None


def _mark(form: Form, student: str) -> Mark:
    overall, *ratings = (said(form, f"{one}:{student}") for one in DIMENSIONS)
    return Mark(overall, tuple(ratings), said(form, f"comment:{student}").strip())


def _is_touched(one: Assessed, mark: Mark, shown: str) -> bool:
    """Whether it says another thing than the page showed, and than what stands."""
    return not mark.is_empty and digest(mark) not in (shown, digest(one.mark))


def _submission(typed: Typed, touched: Mapping[str, Mark], versions: str) -> str:
    """Students are saved one after the other from one page: what is sent twice is what says the same of the same."""
    parts = [typed.submission, typed.by, versions, list(touched.items())]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def _wrong(touched: Mapping[str, Mark], reader: Reader) -> str:
    """What is wrong with what was typed, in words; empty if nothing is."""
    for mark in touched.values():
        if not {mark.overall, *mark.ratings} <= {"", *GRADES}:
            return reader.word("assess_reload")
    if long := [one for one, mark in touched.items() if len(mark.comment) > LONGEST_COMMENT]:
        return reader.word("assess_comment_long", who=_names(long, reader), n=LONGEST_COMMENT)
    without = [one for one, mark in touched.items() if not mark.overall]
    return reader.word("assess_overall_missing", who=_names(without, reader)) if without else ""


def _names(students: Sequence[str], reader: Reader) -> str:
    return (", " if reader.language == "en" else "、").join(map(reader.person, students))
