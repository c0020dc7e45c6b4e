"""One appeal: who may see it, its answer, and deciding about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.accounts.asked import Appealed
from services.ingest.phone.appealed import OneRecord
from services.ingest.phone.phone import Phone
from services.ingest.phone.roll_call import MOST_MINUTES, STATUSES, Mark
from services.ingest.phone.saving import Saved, Typed
from services.notify import appeals as pure
from services.notify.appealing import Decided, Word
from services.notify.appeals import LONGEST_TEXT, AppealRow, State
from services.notify.store import appeals
from services.web.appeals.slips import Slips
from services.web.appeals.view import appeal_shown, record_shown, source, value, word_of
from services.web.frame import Frame, Visitor
from services.web.phone.sending import Form, Sending, Sent, why
from services.web.reader import Reader
from services.web.signing_in import SigningIn
from services.web.visitor import said

_MOST_DIGITS = 12
_NONE: Mapping[str, str] = MappingProxyType({})


class Choice(NamedTuple):
    """What somebody has chosen to become of an appeal."""

    state: State
    became: str = ""
    says: Mark | float | None = None
    """What the record becomes; None: it stays as it is."""


class Wrong(NamedTuple):
    """Which text says what is wrong with what was typed."""

    word: str
    status: int = 422


class DecidingPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, signing_in: SigningIn, sending: Sending, phone: Phone) -> None:
        self._frame, self._sending, self._phone = frame, sending, phone
        self._appeals, self._config = frame.notify.appeals, frame.notify.config
        self._slips = Slips(frame, signing_in, self.seen)

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [
            Route("/appeals/{id:int}", self.page),
            Route("/appeals/{id:int}/decide", self._sending.posted(self._decide), methods=["POST"]),
            *self._slips.routes(),
        ]

    def seen(self, request: Request, *, deciding: bool = False) -> AppealRow | Response:
        """The appeal of the address, if who looks may see it, or decide it; else the answer that they get."""
        visitor = self._frame.visitor(request)
        if visitor is None:
            return self._frame.to_sign_in(request)
        number = request.path_params["id"]
        with self._frame.notify.database.reading() as connection:
            row = appeals.one(connection, number) if number < 1 << 31 else None
        if row is None:
            return self._frame.missing(request)
        may = self._deciders(row)
        others = () if row.decided_by is None else (row.decided_by,)
        what = Appealed(f"appeal {number}", row.student, row.person, {*may, *others})
        allowed = self._frame.may(request, what)
        if not isinstance(allowed, Visitor):
            return allowed
        return self._frame.missing(request) if deciding and visitor.person not in what.deciders else row

    def _deciders(self, row: AppealRow) -> set[str]:
        ports = self._frame.notify.ports
        return pure.deciders(row, ports.directory(), ports.clock())

    def page(self, request: Request) -> Response:
        """The appeal, its answer, and for who decides the form."""
        row = self.seen(request)
        return row if isinstance(row, Response) else self._page(request, row)

    def _page(
        self, request: Request, row: AppealRow, typed: Form = _NONE, error: str = "", status: int = 200
    ) -> Response:
        reader, visitor = self._frame.reader(request), self._frame.visitor(request)
        assert visitor is not None
        assert row.id is not None
        found = self._phone.record(row.kind, row.key)
        deciders = self._deciders(row)
        if visitor.person not in deciders | {row.student, row.person, row.decided_by}:
            self._frame.notify.live.watch(visitor.person, f"appeal/{row.id}")
        with self._frame.notify.database.reading() as connection:
            has_slip = appeals.has_slip(connection, row.id)
        now = word_of(found, reader) if found is not None else reader.word("appeal_nothing")
        changed = row.state == "open" and (found is None or found.version != row.version)
        gone = found is None or found.event is None
        return self._frame.page(
            request,
            "appeals/appeal.html",
            status=status,
            row=row,
            shown=appeal_shown(row, reader),
            was=value(row.kind, row.was, reader),
            became=value(row.kind, row.became, reader) if row.became else "",
            source=source(row.source, reader),
            now=now,
            changed=changed,
            gone=gone,
            by=record_shown(found, reader).by if found is not None else "",
            day=record_shown(found, reader).day if found is not None else reader.time(row.record_at),
            deciders=sorted(reader.person(one) for one in deciders),
            may_decide=row.state == "open" and visitor.person in deciders,
            may_add=self._config.appeals.slips and row.state == "open" and visitor.person in (row.student, row.person),
            has_slip=has_slip,
            choices=[one for one in STATUSES if found is not None and one not in (found.was, "absent")],
            highest=f"{found.highest:g}" if found is not None else "",
            most_minutes=MOST_MINUTES,
            longest=LONGEST_TEXT,
            version=found.version if found is not None else "",
            new_submission=str(uuid4()),
            typed=typed,
            error=error,
            told=request.query_params.get("saved", "") if not error else "",
        )

    def _decide(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        row = self.seen(request, deciding=True)
        if isinstance(row, Response):
            return row
        assert row.id is not None
        reader, goal = self._frame.reader(request), f"/appeals/{row.id}"
        found, typed = self._phone.record(row.kind, row.key), self._sending.typed(form, seen.person)
        chosen = _chosen(row, found, form) if typed.is_right else Wrong("roll_call_reload")
        if isinstance(chosen, Wrong):
            highest = f"{found.highest:g}" if found is not None else ""
            words = reader.word(chosen.word, highest=highest, n=MOST_MINUTES)
            return self._refused(request, row, form, words, chosen.status)

        def correct() -> str | None:
            return self._corrected(row, found, chosen, typed, reader)

        record = found.event.id if found is not None and found.event is not None else ""
        word = Word(seen.person, chosen.state, said(form, "answer"), chosen.became, record)
        decided = self._appeals.decide(row.id, word, correct)
        if decided.why_not is None or _is_again(decided, word):
            return Sent(Saved("saved" if decided.why_not is None else "known"), goal, told="decided")
        if decided.why_not in ("needs_answer", "text_too_long"):
            words = reader.word(f"appeal_refused_{decided.why_not}", n=LONGEST_TEXT)
            return self._refused(request, row, form, words)
        words = reader.word("appeal_decided_already") if decided.why_not == "decided" else decided.why_not
        return self._refused(request, decided.row or row, form, words, 409)

    def _refused(self, request: Request, row: AppealRow, form: Form, words: str, status: int = 422) -> Sent:
        saved = Saved("changed" if status == 409 else "refused")  # noqa: PLR2004
        return Sent(saved, f"/appeals/{row.id}", words, lambda: self._page(request, row, form, words, status))

    def _corrected(
        self, row: AppealRow, found: OneRecord | None, chosen: Choice, typed: Typed, reader: Reader
    ) -> str | None:
        """None once the record says what was decided; else why it does not."""
        saved = Saved("changed")
        if (found.version if found is not None else "") == typed.seen:
            if found is None or chosen.says is None:
                return None
            saved = self._phone.correct(found, chosen.says, typed)
        if saved.state == "changed":
            now = self._phone.record(row.kind, row.key)
            words = word_of(now, reader) if now is not None else reader.word("appeal_nothing")
            return reader.word("appeal_changed", was=value(row.kind, row.was, reader), now=words)
        return why(saved, reader) or reader.word("roll_call_reload") if saved.state == "refused" else None


def _chosen(row: AppealRow, found: OneRecord | None, form: Form) -> Choice | Wrong:
    gone = found is None or found.event is None
    if said(form, "outcome") == "stays":
        return Choice("settled" if gone or (found is not None and found.version != row.version) else "refused")
    if found is None or gone:
        return Wrong("appeal_gone", 409)
    says = _says(row.kind, said(form, "outcome"), form, found)
    if isinstance(says, Wrong):
        return says
    return Choice("granted", says.status if isinstance(says, Mark) else f"{says:g}", says)


def _is_again(decided: Decided, word: Word) -> bool:
    """Whether the same was decided by the same person before: a form that was sent twice."""
    row = decided.row
    if decided.why_not != "decided" or row is None:
        return False
    return (row.decided_by, row.state, row.became) == (word.person, word.state, word.became)


def _says(kind: str, outcome: str, form: Form, found: OneRecord) -> Mark | float | Wrong:
    """What the record becomes; else which word says what is wrong."""
    if kind == "test":
        text = said(form, "score").strip().replace(",", ".")
        try:
            score = float(text) if len(text) < _MOST_DIGITS else -1.0
        except ValueError:
            score = -1.0
        right = outcome == "score" and 0 <= score <= found.highest
        return score if right else Wrong("appeal_score_wrong")
    status = next((one for one in STATUSES if one == outcome and one != "absent"), None)
    if status is None:
        return Wrong("appeal_outcome_wrong")
    minutes = said(form, "minutes").strip()
    if status != "late" or not minutes:
        return Mark(status)
    right = minutes.isascii() and minutes.isdigit() and len(minutes) < 4 and int(minutes) <= MOST_MINUTES  # noqa: PLR2004
    return Mark(status, int(minutes)) if right else Wrong("appeal_minutes_wrong")
