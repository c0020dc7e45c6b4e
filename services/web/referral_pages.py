"""The pages of referrals: asking an office about a warning, what the office does with it, and what waits where."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.accounts import permissions
from services.notify import referring
from services.notify.rows import ReferralRow, WarningRow
from services.notify.store import referrals
from services.notify.store.engine import Connection
from services.web import follow_up, one_warning, view_models, visitor
from services.web.follow_up import ReferralShown
from services.web.frame import Frame, Visitor
from services.web.reader import Reader
from services.web.signing_in import SigningIn
from services.web.visitor import number, said

if TYPE_CHECKING:
    from services.notify.store.acts import Refusal

_MOST = 200
_FIELDS = {
    "office_not_chosen": "office",
    "office_not_offered": "office",
    "office_vacant": "office",
    "office_unreachable": "office",
    "referred_already": "office",
    "needs_question": "note",
    "note_too_long": "note",
    "needs_answer": "answer",
    "answer_too_long": "answer",
    "needs_why": "why",
    "needs_why_back": "why",
}
"""What is refused → beside which field it is said."""
_MEANWHILE = (
    "not_open",
    "referral_over",
    "referral_taken",
    "referral_not_yours",
    "referral_not_asked",
    "referred_already",
    "only_referred",
)
"""What no other words would mend: 409."""


class Waiting(NamedTuple):
    """A line of the list of referrals."""

    warning: str
    title: str
    about: str
    referral: ReferralShown


class ReferralPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, signing_in: SigningIn) -> None:
        self._frame, self._signing_in, self._notify = frame, signing_in, frame.notify

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        posted = partial(one_warning.answering, self._frame, self._signing_in)
        return [
            Route("/referrals", self.waiting),
            Route("/warnings/{id}/refer", self.asking),
            Route("/warnings/{id}/refer", posted(self._asked), methods=["POST"]),
            Route("/warnings/{id}/referral", self.referral),
            Route("/warnings/{id}/referral/accept", posted(self._accepted), methods=["POST"]),
            Route("/warnings/{id}/referral/refuse", posted(self._refused), methods=["POST"]),
            Route("/warnings/{id}/referral/answer", posted(self._answered), methods=["POST"]),
            Route("/warnings/{id}/referral/take-back", posted(self._taken_back), methods=["POST"]),
        ]

    def waiting(self, request: Request) -> Response:
        """What is before somebody's office, and what they have asked others."""
        if not isinstance(seen := self._frame.may(request, "referrals"), Visitor):
            return seen
        reader, person = self._frame.reader(request), seen.person
        with self._notify.database.reading() as connection:
            before = follow_up.before_office(self._notify, connection, person, reader, _MOST)
            asked = referrals.asked_by(connection, person, _MOST)
            mine, theirs = (self._lines(connection, ones, seen, reader) for ones in (before, asked))
        return self._frame.page(request, "referrals.html", before=mine, asked=theirs, person=person)

    def _lines(
        self, connection: Connection, ones: list[tuple[ReferralRow, WarningRow]], seen: Visitor, reader: Reader
    ) -> list[Waiting]:
        lines = (self._line(connection, one, row, seen, reader) for one, row in ones)
        return [line for line in lines if line is not None]

    def _line(
        self, connection: Connection, one: ReferralRow, row: WarningRow, seen: Visitor, reader: Reader
    ) -> Waiting | None:
        """None of a warning that they may not see (any more)."""
        matter = self._notify.sight.matter(connection, row)
        if not permissions.allowed(seen.who, matter, reader.directory, reader.now).granted:
            return None
        card = self._notify.ports.cards(row.rule_version, row.rule)
        about = " · ".join(value for _, value in view_models.about(row, card, reader)[:2])
        shown = follow_up.referral(one, seen.person, matter, reader)
        return Waiting(row.id, view_models.title(row, card, reader), about, shown)

    def asking(self, request: Request) -> Response:
        """Which office, and what is it asked?"""
        return self._asking(request)

    def _asking(
        self, request: Request, error: str = "", status: int = 200, typed: Mapping[str, str] = MappingProxyType({})
    ) -> Response:
        found = one_warning.look(self._frame, request)
        if isinstance(found, Response):
            return found
        config, reader = self._notify.config, found.reader
        offices = referring.offered(
            config.offices, found.visitor.person, found.matter, reader.directory, reader.now, config.mail
        )
        return self._frame.page(
            request,
            "refer.html",
            status=status,
            error=reader.word(f"refused_{error}") if error else "",
            form="refer",
            field=_FIELDS.get(error, "form"),
            typed={name: said(typed, name) for name in ("office", "note")},
            offices=[(one, reader.role(one)) for one in offices],
            can_be=found.row.status == "open" and found.row.level != "praise" and not found.beside.only_referred,
            days=config.referral_days,
            **found.lead(),
        )

    def _asked(self, request: Request, person: str, form: dict[str, str]) -> Response:
        """Asks an office by the form that was sent."""
        id_ = request.path_params["id"]
        refused = self._notify.referrals.refer(person, id_, said(form, "office"), said(form, "note"))
        if refused in (None, "not_found"):
            return self._done(request, refused)
        return self._asking(request, str(refused), 409 if refused in _MEANWHILE else 422, form)

    def referral(self, request: Request) -> Response:
        """What offices were asked about a warning, and for them what they can do."""
        return self._referral(request)

    def _referral(
        self, request: Request, error: str = "", status: int = 200, typed: Mapping[str, str] = MappingProxyType({})
    ) -> Response:
        found = one_warning.look(self._frame, request)
        if isinstance(found, Response):
            return found
        if found.visitor.person not in found.matter.told:
            self._notify.live.watch(found.visitor.person, f"warning/{found.row.number}")
        form = request.url.path.rpartition("/")[2] if error else ""
        return self._frame.page(
            request,
            "referral.html",
            status=status,
            error=found.reader.word(f"refused_{error}") if error else "",
            form=f"{form}-{said(typed, 'referral')}",
            field=_FIELDS.get(error, "form"),
            typed={name: said(typed, name) for name in ("answer", "why")},
            **found.lead(),
        )

    def _accepted(self, request: Request, person: str, form: dict[str, str]) -> Response:
        """The office has it in hand."""
        return self._after(
            request, form, self._notify.referrals.accept(person, request.path_params["id"], _number(form))
        )

    def _refused(self, request: Request, person: str, form: dict[str, str]) -> Response:
        """It is not for this office."""
        id_, why = request.path_params["id"], said(form, "why")
        refused = self._notify.referrals.refuse(person, id_, _number(form), why)
        if refused is None:  # they do not see the warning any more
            return RedirectResponse(f"{visitor.root(request)}/referrals", 303)
        return self._after(request, form, refused)

    def _answered(self, request: Request, person: str, form: dict[str, str]) -> Response:
        """Takes the answer of an office."""
        id_, answer = request.path_params["id"], said(form, "answer")
        return self._after(request, form, self._notify.referrals.answer(person, id_, _number(form), answer))

    def _taken_back(self, request: Request, person: str, form: dict[str, str]) -> Response:
        """Whoever asked asks no more."""
        id_, why = request.path_params["id"], said(form, "why")
        return self._after(request, form, self._notify.referrals.take_back(person, id_, _number(form), why))

    def _after(self, request: Request, form: dict[str, str], refused: Refusal | None) -> Response:
        if refused in (None, "not_found"):
            return self._done(request, refused)
        return self._referral(request, str(refused), 409 if refused in _MEANWHILE else 422, form)

    def _done(self, request: Request, refused: Refusal | None) -> Response:
        if refused is not None:
            return self._frame.missing(request)
        return RedirectResponse(f"{visitor.root(request)}/warnings/{request.path_params['id']}#follow-up", 303)


def _number(form: Mapping[str, str]) -> int:
    """The number of a referral; 0, which is none, of what is no number."""
    return number(said(form, "referral")) or 0
