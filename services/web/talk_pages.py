"""The pages of talks about a warning: what was agreed, that somebody was not reached, that parents were informed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.accounts import permissions
from services.i18n import terms
from services.notify.store import talks
from services.notify.talking import Talk
from services.web import one_warning, visitor
from services.web.frame import Frame
from services.web.one_warning import Seen
from services.web.signing_in import SigningIn
from services.web.visitor import number, said

_TYPED = (*Talk._fields, "earlier", "consent", "consent_day")
_OF_ANOTHER = ("talk_not_yours", "talk_corrected_already")
"""What no other words would mend: 409."""


class TalkPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, signing_in: SigningIn) -> None:
        self._frame, self._signing_in, self._notify = frame, signing_in, frame.notify

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        posted = partial(one_warning.answering, self._frame, self._signing_in)
        parents = [Route("/warnings/{id}/parents", posted(self._informed), methods=["POST"])]
        return [
            Route("/warnings/{id}/talk", self.talk),
            Route("/warnings/{id}/talk", posted(self._recorded), methods=["POST"]),
            Route("/warnings/{id}/not-reached", posted(self._not_reached), methods=["POST"]),
            *(parents if self._notify.config.parents else []),
        ]

    def talk(self, request: Request) -> Response:
        """What was said, and when is the next one? `?corrects=` one's own talk, which is to be put right."""
        return self._talk(request)

    def _talk(
        self,
        request: Request,
        wrong: Mapping[str, str] = MappingProxyType({}),
        status: int = 200,
        typed: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        """`wrong`: field → why it is refused; `form` is that of the whole."""
        found = one_warning.look(self._frame, request)
        if isinstance(found, Response):
            return found
        reader, person = found.reader, found.visitor.person
        number = _number(said(typed or request.query_params, "corrects"))
        former = self._former(found, number)
        if not typed and number is not None and former is None:
            return self._frame.missing(request)
        roles = permissions.roles_of(person, found.matter, reader.directory, reader.now)
        today = reader.now.astimezone(reader.zone).date().isoformat()
        return self._frame.page(
            request,
            "talk.html",
            status=status,
            wrong={name: reader.word(f"refused_{why}") for name, why in wrong.items()},
            earlier=wrong.get("day") == "talk_before_warning" or bool(said(typed, "earlier")),
            typed={name: said(typed, name) for name in _TYPED} | ({} if typed else former or {"day": today}),
            corrects=number,
            today=today,
            ways=terms("talk_way"),
            role=reader.role(roles[0]) if roles else "",
            parents=self._notify.config.parents,
            **found.lead(),
        )

    def _former(self, found: Seen, number: int | None) -> dict[str, str] | None:
        """What a talk of theirs says that stands, as it would be typed; None: there is none of this number."""
        with self._notify.database.reading() as connection:
            row = talks.own(connection, found.row, found.visitor.person, number)
        if row is None:
            return None
        typed = {name: str(getattr(row, name)) for name in Talk._fields}
        return typed if row.notes else typed | {"visibility": ""}  # nobody has chosen who reads what is added now

    def _recorded(self, request: Request, person: str, form: dict[str, str]) -> Response:
        """Takes the record of a talk."""
        found = self._notify.talks.record(person, request.path_params["id"], form, _number(said(form, "corrects")))
        if isinstance(found, dict):
            return self._talk(request, found, 422, form)
        return self._after(request, found, form)

    def _not_reached(self, request: Request, person: str, form: dict[str, str]) -> Response:
        """Notes that somebody was not reached."""
        return self._after(request, self._notify.talks.not_reached(person, request.path_params["id"]), form)

    def _informed(self, request: Request, person: str, form: dict[str, str]) -> Response:
        """Notes that parents were informed."""
        id_, consent, day = request.path_params["id"], said(form, "consent"), said(form, "consent_day")
        return self._after(request, self._notify.talks.parents_informed(person, id_, consent, day), form)

    def _after(self, request: Request, refused: str | None, form: Mapping[str, str]) -> Response:
        if refused is None:
            return RedirectResponse(f"{visitor.root(request)}/warnings/{request.path_params['id']}#follow-up", 303)
        if refused == "not_found":
            return self._frame.missing(request)
        fields = {"parents_needs_day": "consent_day", "parents_needs_consent": "consent", "note_too_long": "consent"}
        status = 409 if refused in _OF_ANOTHER else 422
        return self._talk(request, {fields.get(refused, "form"): refused}, status, form)


def _number(text: str) -> int | None:
    """The number of a talk; None where none is named, 0, which is none, of what is no number."""
    return number(text) or 0 if text else None
