"""What the pages about one warning begin with: who looks, whether they see it, and how it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from services import bounds
from services.accounts.asked import Matter
from services.notify.rows import WarningRow
from services.web import follow_up, view_models
from services.web.follow_up import FollowUp
from services.web.frame import Frame, Visitor
from services.web.reader import Reader
from services.web.signing_in import Answered, Endpoint, SigningIn

if TYPE_CHECKING:
    from services.notify.service import Notify

LARGEST = 1 << 20
"""Bytes of a form: a text that is far too long comes back to whoever typed it, with what would be right."""


class Seen(NamedTuple):
    """A warning that somebody sees."""

    visitor: Visitor
    reader: Reader
    row: WarningRow
    matter: Matter
    beside: FollowUp

    def lead(self) -> dict[str, object]:
        """What stands above each of these pages."""
        card = self.reader.ports.cards(self.row.rule_version, self.row.rule)
        return {
            "warning": self.row,
            "level": self.reader.level(self.row.level, card),
            "title": view_models.title(self.row, card, self.reader),
            "message": view_models.sentence(self.row, card, self.reader),
            **self.beside._asdict(),
        }


def look(frame: Frame, request: Request) -> Seen | Response:
    """The warning of an address, if whoever asks sees it; else the answer that they get."""
    notify: Notify = frame.notify
    seen, reader, id_ = frame.visitor(request), frame.reader(request), request.path_params["id"]
    if bounds.of_id(id_) is not None:
        return frame.missing(request)
    if seen is None:
        return frame.to_sign_in(request)
    with notify.sight.reading(seen.who, id_) as (connection, row):
        if row is not None:
            matter = notify.sight.matter(connection, row)
            beside = follow_up.shown(notify, connection, row, seen.who, reader)
    return frame.missing(request) if row is None else Seen(seen, reader, row, matter, beside)


def answering(frame: Frame, signing_in: SigningIn, answer: Answered) -> Endpoint:
    """The route of a form about a warning."""

    def checked(request: Request, person: str, form: dict[str, str]) -> Response:
        if bounds.of_id(request.path_params["id"]) is not None:
            return frame.missing(request)
        return answer(request, person, form)

    return signing_in.answering(checked, LARGEST)
