"""The notice of a warning as it is printed: notice, record of talks, receipt. A print view, A4."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.accounts import permissions
from services.i18n import problem_in_chinese
from services.messages import LEVELS, Problem
from services.notify import texts, wording
from services.notify.store import talks
from services.notify.texts import LEVEL_WORDS
from services.web import one_warning, printing, view_models
from services.web.frame import Frame
from services.web.one_warning import Seen
from services.web.printing import Notice, TalkField

_NONE = LEVELS[0]
"""Praise: there is nothing to give notice of."""


class NoticePages:
    """The route over one frame."""

    def __init__(self, frame: Frame) -> None:
        self._frame, self._notify = frame, frame.notify
        printing.log_problems(printing.check(self._notify.config.home))

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [Route("/warnings/{id}/notice", self.notice)]

    def notice(self, request: Request) -> Response:
        """By the college's own template, or by ours."""
        found = one_warning.look(self._frame, request)
        if isinstance(found, Response):
            return found
        card = self._notify.ports.cards(found.row.rule_version, found.row.rule)
        if found.row.level == _NONE or texts.sums_up(card):
            return self._frame.page(request, "problem.html", status=404, head="notice_none", more="notice_none_more")
        fields = self._fields(found)
        sheet = printing.filled(self._notify.config.home, found.reader.language, fields)
        return self._frame.page(
            request,
            "notice.html",
            sheet=sheet.html,
            problems=[_said(one, found.reader.language) for one in sheet.problems],
            heading=fields.heading,
            title=fields.title,
            warning=found.row,
        )

    def _fields(self, seen: Seen) -> Notice:
        row, reader = seen.row, seen.reader
        card = self._notify.ports.cards(row.rule_version, row.rule)
        context = wording.context_of_subject(card, view_models.facts_of(row))
        names = wording.names(card, view_models.facts_of(row), reader.listener)
        student = names.get("student", "")
        person = seen.visitor.person
        with self._notify.database.reading() as connection:
            found = talks.seen(connection, row, person, seen.matter, reader.directory, reader.now)
        roles = permissions.roles_of(person, seen.matter, reader.directory, reader.now)
        class_, department = (
            wording.name(field, context[field], reader.listener) if field in context else ""
            for field in ("class", "department")
        )
        return Notice(
            heading=reader.word("notice_student" if student else "notice"),
            student=student,
            class_name=class_,
            about=" · ".join(dict.fromkeys(value for _, value in view_models.about(row, card, reader))),
            department=department,
            kind=reader.word("notice_kind", level=reader.of(LEVEL_WORDS[row.level])),
            title=view_models.title(row, card, reader),
            message=_facts(view_models.sentence(row, card, reader), reader.word("notice_stop")),
            since=reader.day(row.opened_at),
            status=self._status(seen),
            act_by=reader.day(row.deadline) if row.deadline is not None and row.status == "open" else "",
            measure=row.measure or "",
            measure_day=self._measure_day(seen),
            talks=tuple(self._talk(one, seen) for one in found if one.corrected is None),
            not_reached=seen.beside.tried,
            today=f"{reader.now.astimezone(reader.zone):%Y-%m-%d}",
            printed_by=reader.person(person),
            role=reader.role(roles[0]) if roles else "",
            parents=self._notify.config.parents,
        )

    def _status(self, seen: Seen) -> str:
        row, reader = seen.row, seen.reader
        ended = reader.day(row.closed_at) if row.closed_at is not None else ""
        today = f"{reader.now.astimezone(reader.zone):%Y-%m-%d}"
        return reader.word(f"notice_is_{row.status}", today=today, ended=ended)

    def _measure_day(self, seen: Seen) -> str:
        row, reader = seen.row, seen.reader
        if row.done_at is not None:
            return reader.word("notice_done", day=reader.day(row.done_at))
        return reader.word("notice_until", day=reader.day(row.due_at)) if row.due_at is not None else ""

    def _talk(self, one: talks.TalkSeen, seen: Seen) -> TalkField:
        row, reader = one.talk, seen.reader
        return TalkField(
            day=row.day,
            clock=row.clock,
            way=reader.term("talk_way", row.way),
            place=row.place,
            by=reader.person(row.person),
            agreed=row.agreed,
            next_day=row.next_day,
        )


def _facts(sentence: str, stop: str) -> str:
    """What a rule says of somebody, as a sentence that ends."""
    found = wording.without_asks(sentence)
    return found if found.endswith(("。", ".", "！", "!")) else f"{found}{stop}"


def _said(problem: Problem, language: str) -> str:
    """File and line without the folder, and what is wrong."""
    short = Problem(where=Path(problem.where).name, what=problem.what, expected=problem.expected)
    in_chinese = problem_in_chinese(short) if language == "zh" else None
    return f"{short.where}: {in_chinese}" if in_chinese else str(short)
