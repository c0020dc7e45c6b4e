"""The page of one warning, with its evidence, and what people do there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services import bounds
from services.i18n import terms
from services.i18n.windows import window
from services.ingest.phone.phone import Phone
from services.messages import to_ms
from services.notify import texts
from services.notify.rows import WarningRow
from services.notify.store import of_students, undo, views
from services.notify.store.acting import version
from services.notify.store.acts import Refusal
from services.notify.store.views import Dossier
from services.web import evidence, follow_up, view_models, visitor
from services.web.appeals import on_warnings
from services.web.frame import Frame, Visitor
from services.web.improvement import looking_back
from services.web.phone.missed import Missed, missed
from services.web.reader import Reader
from services.web.signing_in import SigningIn
from services.web.visitor import number, said

if TYPE_CHECKING:
    from services.notify.service import Notify

_TYPED = ("measure", "due", "reason", "helped", "note")
"""Fields of the forms of a warning that a person fills in."""
_FIELDS = {
    "refused_needs_measure": "measure",
    "refused_measure_too_long": "measure",
    "refused_needs_due": "due",
    "refused_needs_helped": "helped",
    "refused_note_too_long": "note",
    "refused_due_too_far": "due",
    "refused_done_too_long_ago": "due",
    "refused_needs_reason": "reason",
}
"""What is refused → beside which field it is said."""


class WarningPages:
    """The routes over one Notify."""

    def __init__(self, frame: Frame, signing_in: SigningIn, phone: Phone | None) -> None:
        """`phone`: where the records are; without it nothing is said of them."""
        self._frame, self._signing_in, self._phone = frame, signing_in, phone
        self._notify: Notify = frame.notify
        self._cards = frame.notify.ports.cards

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        acts = {
            "acknowledge": self.acknowledge,
            "improve": self.improve,
            "close": self.close,
            "look-back": self.look_back,
            "judge": self.judge,
            "undo": self.undo,
        }
        posted = [Route(f"/warnings/{{id}}/{name}", act, methods=["POST"]) for name, act in acts.items()]
        return [Route("/warnings/{id}", self.warning), *posted]

    def warning(self, request: Request) -> Response:
        """One warning: what, why, who knows, what was done."""
        return self._warning(request, error=None, status=200)

    def _warning(
        self, request: Request, *, error: str | None, status: int, typed: Mapping[str, str] = MappingProxyType({})
    ) -> Response:
        """`typed`: what a form said that was refused; it stands in the form again."""
        reader, seen, id_ = self._frame.reader(request), self._frame.visitor(request), request.path_params["id"]
        if bounds.of_id(id_) is not None:
            return self._frame.missing(request)
        if seen is None:
            return self._frame.to_sign_in(request)
        with self._notify.sight.reading(seen.who, id_) as (connection, row):
            found = views.dossier(connection, row.id) if row else None
            siblings = views.siblings(connection, found.warning, seen.person) if found else []
            mine = undo.open_of(connection, found.warning, seen.person, to_ms(reader.now)) if found else []
            seen_version = version(connection, found.warning) if found else ""
            beside = follow_up.shown(self._notify, connection, found.warning, seen.who, reader) if found else None
            after_appeal = on_warnings.after_appeal(connection, found) if found else None
            appealed = on_warnings.waiting(connection) if found and self._notify.config.appeals.is_on else set()
        if found is None or beside is None:
            return self._frame.missing(request)
        if all(one.person != seen.person for one in found.recipients):
            self._notify.live.watch(seen.person, f"warning/{found.warning.number}")
        return self._frame.page(
            request,
            "warning.html",
            status=status,
            person=seen.person,
            error=reader.word(error) if error else "",
            field=_FIELDS.get(error or "", "form"),
            typed={name: said(typed, name) for name in _TYPED},
            form=request.url.path.rpartition("/")[2] if error else "",
            undoable=mine[:1],
            student=self._student(request, found.warning),
            version=seen_version,
            **beside._asdict(),
            after_appeal=after_appeal,
            appealable=on_warnings.appealable(self._notify, self._phone, seen.who, found.warning, appealed),
            **self._shown(found, siblings, reader, seen.person),
            missed=self._missed(request, found.warning, reader, seen),
        )

    def _student(self, request: Request, row: WarningRow) -> str:
        """The student that it is about, if whoever looks may open their page; else empty."""
        student = of_students.student_of(row)
        return student if student and self._frame.may_open(request, student) else ""

    def _shown(self, found: Dossier, siblings: list[WarningRow], reader: Reader, person: str) -> dict[str, object]:
        row = found.warning
        card = self._cards(row.rule_version, row.rule)
        return {
            "warning": row,
            "level": reader.level(row.level, card),
            "siblings": [
                (one.id, view_models.line(one, self._cards(one.rule_version, one.rule), reader)) for one in siblings
            ],
            "title": view_models.title(row, card, reader),
            "message": view_models.sentence(row, card, reader),
            "about": view_models.about(row, card, reader),
            "figures": view_models.figures(row, card, reader),
            "facts": view_models.facts(row, card, reader),
            "records": view_models.records(row, card, reader),
            "found": found,
            "parts": [view_models.line(one, self._cards(one.rule_version, one.rule), reader) for one in found.parts],
            "strip": evidence.strip(row, reader),
            "score_line": evidence.score_line(row, reader),
            "changed": lambda change: view_models.changed(change, card, reader),
            "relapse_of": found.predecessor,
            "looking_back": looking_back(found, card, reader, self._notify.config.working),
            "escalations": view_models.escalations(found, reader),
            "my_verdict": view_models.verdict_of(found, person),
            "not_told": view_models.not_told(found, reader),
            "ended": texts.ENDED,
            "terms": terms,
            "details": {"verdict": "verdict", "undone": "action", "looked_back": "helped"},
            "window": window,
        }

    def _missed(self, request: Request, row: WarningRow, reader: Reader, seen: Visitor) -> list[Missed]:
        """Of a warning about a lesson, who was not there: as `missed`, with an id only where it leads to a page."""
        card = self._cards(row.rule_version, row.rule)
        about_lesson = card is not None and card.by == ["lesson"] and row.blanked_at is None
        if not about_lesson or self._phone is None:
            return []
        found = missed(
            self._phone, row.subject, reader, lambda one: on_warnings.may_appeal(self._notify, seen.who, one)
        )
        return [one._replace(id=one.id if self._frame.may_open(request, one.id) else "") for one in found]

    async def acknowledge(self, request: Request) -> Response:
        """The person takes the warning up."""
        return await self._act(request, lambda person, id_, _form: self._notify.acts.acknowledge(person, id_))

    async def improve(self, request: Request) -> Response:
        """The person names a measure and until when it shall have worked."""
        return await self._act(
            request,
            lambda person, id_, form: self._notify.acts.improve(
                person, id_, said(form, "measure"), said(form, "due"), said(form, "version")
            ),
        )

    async def close(self, request: Request) -> Response:
        """The person closes the warning with a measure and a reason."""
        return await self._act(
            request,
            lambda person, id_, form: self._notify.acts.close(
                person, id_, said(form, "measure"), said(form, "reason"), said(form, "version")
            ),
        )

    async def look_back(self, request: Request) -> Response:
        """The person says whether the measure helped."""
        return await self._act(
            request,
            lambda person, id_, form: self._notify.acts.look_back(
                person, id_, said(form, "helped"), said(form, "note"), said(form, "version")
            ),
        )

    async def judge(self, request: Request) -> Response:
        """One tap: useful, not useful, known already."""
        return await self._act(
            request, lambda person, id_, form: self._notify.acts.judge(person, id_, said(form, "verdict"))
        )

    async def undo(self, request: Request) -> Response:
        """Within a minute, the person takes back what they did last."""
        return await self._act(
            request, lambda person, id_, form: self._notify.acts.undo(person, id_, number(said(form, "act")) or 0)
        )

    async def _act(self, request: Request, act: Callable[[str, str, Any], Refusal | None]) -> Response:
        found = await self._signing_in.form_of(request)
        if isinstance(found, Response):
            return found
        return await run_in_threadpool(self._acted, request, found.form, lambda id_: act(found.person, id_, found.form))

    def _acted(self, request: Request, form: Mapping[str, str], act: Callable[[str], Refusal | None]) -> Response:
        id_ = request.path_params["id"]
        refused = "not_found" if bounds.of_id(id_) is not None else act(id_)
        match refused:
            case "not_found":
                return self._frame.missing(request)
            case None | "same_verdict":
                return RedirectResponse(f"{visitor.root(request)}/warnings/{id_}", 303)
            case "not_open":
                return self._warning(request, error="closed_meanwhile", status=409, typed=form)
            case "changed_meanwhile" | "withdrawn_meanwhile" | "undo_over" | "undo_changed":
                return self._warning(request, error=f"refused_{refused}", status=409, typed=form)
            case _:
                return self._warning(request, error=f"refused_{refused}", status=422, typed=form)
