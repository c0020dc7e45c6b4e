"""What is on record of oneself, and appealing against a record; what becomes of an appeal: deciding.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services import bounds
from services.accounts.asked import Appealed
from services.ingest.phone.appealed import KINDS, OneRecord
from services.ingest.phone.phone import Phone
from services.ingest.phone.saving import Saved
from services.messages import to_ms
from services.notify import appeals as pure
from services.notify.appeals import CLAIMS, LONGEST_TEXT, AppealRow
from services.notify.store import appeals
from services.web.appeals.view import appeal_shown, path_of, record_shown, word_of
from services.web.frame import Frame, Visitor
from services.web.phone.sending import Form, Sending, Sent
from services.web.visitor import said

_WEEKS = 6
"""Of records on one's own page."""
_NONE: Mapping[str, str] = MappingProxyType({})


class AppealPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, sending: Sending, phone: Phone) -> None:
        self._frame, self._sending, self._phone = frame, sending, phone
        self._appeals, self._config = frame.notify.appeals, frame.notify.config

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        posted = self._sending.posted
        return [
            Route("/my-records", self.mine),
            Route("/records/{kind}/{key:path}/appeal", self.ask_page),
            Route("/records/{kind}/{key:path}/appeal", posted(self._ask), methods=["POST"]),
            Route("/appeals", self.list),
        ]

    def mine(self, request: Request) -> Response:
        """What stands of oneself of the last weeks, and is not "present"."""
        seen = self._frame.may(request, "appeals")
        if not isinstance(seen, Visitor):
            return seen
        if not self._config.appeals.is_on:
            return self._frame.missing(request)
        reader, now = self._frame.reader(request), self._phone.clock()
        found = self._phone.records_of(seen.person, now - timedelta(weeks=_WEEKS))
        with self._frame.notify.database.reading() as connection:
            against = appeals.of_person(connection, seen.person)
        about = {(row.kind, row.key): row for row in reversed(against)}
        shown = [(record_shown(one, reader), about.get((one.kind, one.key))) for one in found]
        return self._frame.page(
            request,
            "appeals/records.html",
            records=shown,
            weeks=_WEEKS,
            appeals=[appeal_shown(row, reader) for row in against if row.student == seen.person],
        )

    def list(self, request: Request) -> Response:
        """What waits for somebody, and what they have asked for or decided."""
        seen = self._frame.may(request, "appeals")
        if not isinstance(seen, Visitor):
            return seen
        reader = self._frame.reader(request)
        waiting = self._appeals.waiting_for(seen.person)
        with self._frame.notify.database.reading() as connection:
            found = appeals.of_person(connection, seen.person)
        others = [row for row in found if row.id not in {one.id for one in waiting}]
        return self._frame.page(
            request,
            "appeals/list.html",
            waiting=[appeal_shown(row, reader) for row in waiting],
            others=[appeal_shown(row, reader) for row in others],
        )

    def _record(self, request: Request) -> OneRecord | Response:
        """The record of the address, if who looks may appeal against it; else the answer that they get."""
        kind, key = request.path_params["kind"], request.path_params["key"]
        seen = self._frame.visitor(request)
        if seen is None:
            return self._frame.to_sign_in(request)
        if not self._config.appeals.is_on or kind not in KINDS or bounds.of_line(key) is not None:
            return self._frame.missing(request)
        found = self._phone.record(kind, key)
        if found is None:
            return self._frame.missing(request)
        allowed = self._frame.may(request, Appealed(f"record {kind} {key}", found.student))
        return found if isinstance(allowed, Visitor) else allowed

    def ask_page(self, request: Request) -> Response:
        """One record, and the form that says what is wrong with it; or the appeal that there is."""
        found = self._record(request)
        return found if isinstance(found, Response) else self._ask_page(request, found)

    def _ask_page(
        self, request: Request, found: OneRecord, typed: Form = _NONE, error: str = "", status: int = 200
    ) -> Response:
        reader = self._frame.reader(request)
        with self._frame.notify.database.reading() as connection:
            before = appeals.of_record(connection, found.kind, found.key, found.version)
        refused = self._appeals.why_not(to_ms(found.at))
        end = pure.ends(to_ms(found.at), self._config.working.term_end(to_ms(found.at)))
        nothing = "appeal_nothing_to_say" if found.event is None or found.was == "present" else ""
        return self._frame.page(
            request,
            "appeals/ask.html",
            status=status,
            record=record_shown(found, reader),
            student=reader.named("student", found.student),
            before=before.id if before is not None else None,
            refused=reader.word(f"appeal_refused_{refused}", at=reader.time(end)) if refused else "",
            nothing=reader.word(nothing) if nothing else "",
            claims=CLAIMS[found.kind],
            typed=typed,
            longest=LONGEST_TEXT,
            slips=self._config.appeals.slips,
            days=self._config.appeals.days,
            error=error,
            version=found.version,
        )

    def _ask(self, request: Request, seen: Visitor, form: Form) -> Sent | Response:
        found = self._record(request)
        if isinstance(found, Response):
            return found
        reader, goal = self._frame.reader(request), path_of(found.kind, found.key)

        def refused(words: str, status: int = 422) -> Sent:
            saved = Saved("changed" if status == 409 else "refused")  # noqa: PLR2004
            return Sent(saved, goal, words, lambda: self._ask_page(request, found, form, words, status))

        if found.version != said(form, "version"):
            with self._frame.notify.database.reading() as connection:
                before = appeals.of_record(connection, found.kind, found.key, said(form, "version"))
            if before is not None:
                return Sent(Saved("known"), f"/appeals/{before.id}", told="")
            return refused(reader.word("appeal_changed_meanwhile", now=word_of(found, reader)), 409)
        if found.event is None or found.was == "present":
            return refused(reader.word("appeal_nothing_to_say"))
        asked = self._appeals.ask(self._row(found, seen.person, form))
        if asked.number is None:
            end = pure.ends(to_ms(found.at), self._config.working.term_end(to_ms(found.at)))
            return refused(reader.word(f"appeal_refused_{asked.refused}", at=reader.time(end), n=LONGEST_TEXT))
        return Sent(Saved("saved"), f"/appeals/{asked.number}", told="asked" if asked.is_new else "first")

    def _row(self, found: OneRecord, person: str, form: Form) -> AppealRow:
        event = found.event
        assert event is not None
        return AppealRow(
            kind=found.kind,
            key=found.key,
            version=found.version,
            student=found.student,
            class_id=found.about("class"),
            course=found.about("course"),
            teacher=found.about("teacher"),
            department=found.about("department"),
            record_at=to_ms(found.at),
            source=event.source,
            was=found.was or found.about("status"),
            taken_by=found.about("taken_by"),
            person=person,
            claim=said(form, "claim"),
            text=said(form, "text"),
            asked_at=0,
        )
