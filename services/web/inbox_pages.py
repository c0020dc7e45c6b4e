"""The inbox: what needs a person first; searched, filtered, taken up together; and handing a warning over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services import bounds
from services.accounts.asked import Inbox, Matter
from services.messages import to_ms
from services.notify import handing_over
from services.notify.deadlines import LONGEST_TEXT
from services.notify.rows import WarningRow
from services.notify.store import undo, views
from services.web import follow_up, inbox_cards, inbox_view, view_models, visitor
from services.web.frame import Frame, Visitor
from services.web.inbox_cards import CardShown, Shown
from services.web.inbox_view import Wanted, Words
from services.web.phone.leave_requests import LeaveRequests
from services.web.reader import Reader
from services.web.signing_in import SigningIn
from services.web.visitor import said

if TYPE_CHECKING:
    from services.notify.service import Notify
    from services.notify.store.acts import Refusal

_ENDED = 2000
"""Of what has ended, so many of the newest are looked through."""
_TICKED = "card"
"""How the names of the boxes begin."""
_MOST_TICKED = 500
_MOST_REFERRED = 200
_DONE = ("done", "handed", "undone")


Act = Callable[[str, int], "Refusal | None"]
"""What is done to a warning, by id and the sequence that was seen, or the number of the act to undo."""


class Said(NamedTuple):
    """What an inbox says above its cards."""

    done: Mapping[str, int] = MappingProxyType({})
    """How many were taken up (`done`), handed over (`handed`), and taken back (`undone`)."""
    refused: Sequence[tuple[str, str, str]] = ()
    """(id, which warning, why nothing was done with it); without an id it is none of theirs."""
    error: str = ""
    note: str = ""
    to: str = ""
    """What was typed and chosen."""
    ticked: frozenset[str] = frozenset()


class InboxPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, signing_in: SigningIn, notify: Notify, leave: LeaveRequests | None) -> None:
        self._frame, self._signing_in, self._notify, self._leave = frame, signing_in, notify, leave
        self._cards = notify.ports.cards

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        posted = self._signing_in.answering
        return [
            Route("/inbox/{person:path}/acknowledge", posted(self._acknowledged), methods=["POST"]),
            Route("/inbox/{person:path}/hand-over", posted(self._handed_together), methods=["POST"]),
            Route("/inbox/{person:path}/undo", posted(self._undone_together), methods=["POST"]),
            Route("/inbox/{person:path}", self.inbox),
            Route("/warnings/{id}/hand-over", self.handing_over),
            Route("/warnings/{id}/hand-over", posted(self._handed_over), methods=["POST"]),
        ]

    def inbox(self, request: Request) -> Response:
        """One person's warnings: `?show=open|results|closed`, q, class, rule, level, state, about, page."""
        counts = {name: visitor.number(request.query_params.get(name, "")) or 0 for name in _DONE}
        return self._inbox(request, Said(counts))

    def _inbox(self, request: Request, told: Said, status: int = 200) -> Response:
        person = request.path_params["person"]
        if bounds.of_id(person) is not None:
            return self._frame.missing(request)
        if not isinstance(seen := self._frame.may(request, Inbox(person)), Visitor):
            return seen
        reader = self._frame.reader(request)
        wanted = Wanted.of(request.query_params, visitor.page_number(request))
        is_open, most = wanted.show != "closed", _ENDED + 1 if wanted.show == "closed" else None
        with self._notify.database.reading() as connection:
            entries = views.inbox(connection, person, is_open=is_open, most=most)
            limit = 0 if is_open or len(entries) <= _ENDED else _ENDED
            entries = entries[: limit or None]
            one_of_each = {one.rule: one.warning for one in entries}
            words = Words(reader, self._cards, views.versions_of(connection, [*one_of_each.values()]))
            kept = inbox_view.keep(entries, wanted, person, words)
            found = inbox_view.cards(kept, wanted.show)
            size = inbox_view.PER_PAGE[wanted.show]
            pages = max(1, -(-len(found) // size))
            wanted = wanted._replace(page=min(wanted.page, pages - 1))
            here = found[wanted.page * size :][:size]
            rows = views.warnings_of(connection, inbox_cards.numbers(here, wanted))
            lately = undo.lately(connection, seen.person, to_ms(reader.now))
            referred = follow_up.before_office(self._notify, connection, person, reader, _MOST_REFERRED)
        shared = inbox_cards.Page(seen.person, wanted, words, rows, told.ticked)
        shown = [inbox_cards.show(place, one, shared) for place, one in enumerate(here)]
        return self._frame.page(
            request,
            "inbox.html",
            status=status,
            person=person,
            name=reader.person(person),
            appeals_wait=len(self._notify.appeals.waiting_for(seen.person)),
            has_classes=self._frame.has_classes(seen),
            leave=self._leave.link(person).waiting if self._leave is not None and seen.person == person else 0,
            wanted=wanted,
            sections=inbox_cards.sections(found, shown, here, reader) if wanted.show == "open" else [],
            shown=shown,
            folds=_folds(shown) if wanted.show == "results" else [],
            needs=sum(card.needs for card in found),
            results=sum(not one.rank for one in entries) if is_open else 0,
            there_is_any=bool(entries),
            classes=_choices({one.class_id for one in entries if one.class_id}, lambda one: words.name("class", one)),
            rules=_choices(one_of_each, words.rule),
            states=[(one, reader.word(f"inbox_state_{one}")) for one in inbox_view.STATES],
            levels=[(one, reader.level(one).word) for one in inbox_view.ASKED_LEVELS],
            pages=pages,
            limit=limit,
            takers=self._takers(seen.person, Matter({}), reader) if any(one.ticked for one in shown) else [],
            told=told,
            lately=lately,
            referred=len(referred) if seen.person == person else 0,
        )

    def _acknowledged(self, request: Request, person: str, form: Mapping[str, str]) -> Response:
        """The person takes up whatever they have ticked; what could not be is told one by one."""
        acts, note = self._notify.acts, said(form, "note")
        return self._together(request, form, lambda id_, sequence: acts.take_up(person, id_, sequence, note), "done")

    def _handed_together(self, request: Request, person: str, form: Mapping[str, str]) -> Response:
        """Whatever is ticked goes to a colleague, or to who stands in; what could not be is told one by one."""
        acts, note, to = self._notify.acts, said(form, "note"), _id(said(form, "to"))
        return self._together(
            request, form, lambda id_, sequence: acts.hand_over(person, id_, to, sequence, note), "handed"
        )

    def _undone_together(self, request: Request, person: str, form: Mapping[str, str]) -> Response:
        """Whatever the person did last, together, is taken back within its minute; what could not be is told."""
        acts = self._notify.acts
        return self._together(request, form, lambda id_, act: acts.undo(person, id_, act), "undone")

    def _together(self, request: Request, form: Mapping[str, str], act: Act, done: str) -> Response:
        """Does the same to each warning that is ticked. `done`: what it is called in the address."""
        note, to = said(form, "note"), said(form, "to")
        ticked = " ".join(value for name, value in form.items() if name.startswith(_TICKED)).split()
        typed = Said(note=note, to=to, ticked=frozenset(ticked))
        if not ticked or len(ticked) > _MOST_TICKED:
            return self._inbox(request, typed._replace(error="inbox_tick"), 422)
        if len(note.strip()) > LONGEST_TEXT:
            return self._inbox(request, typed._replace(error="refused_note_too_long"), 422)
        if done == "handed" and not to:
            return self._inbox(request, typed._replace(error="refused_not_handed"), 422)
        refusals: list[tuple[str, Refusal]] = []
        for one in dict.fromkeys(ticked):
            id_, _, seen = one.rpartition(":")
            version = visitor.number(seen)
            why = "not_found" if version is None or bounds.of_id(id_) is not None else act(id_, version)
            if why is not None:
                refusals.append((id_, why))
        count = len(set(ticked)) - len(refusals)
        if not refusals:
            query = visitor.with_query(request.url.query, **{done: str(count)})
            return RedirectResponse(f"{visitor.root(request)}{visitor.form_page(request)}?{query}", 303)
        refused = self._named(refusals, self._frame.reader(request))
        visitor.show_again(request, _without_done(form, {id_ for id_, _ in refusals}))
        return self._inbox(request, Said({done: count}, refused, note=note, to=to), 409)

    def _named(self, refusals: Sequence[tuple[str, Refusal]], reader: Reader) -> list[tuple[str, str, str]]:
        with self._notify.database.reading() as connection:
            rows = views.by_ids(connection, [id_ for id_, why in refusals if why != "not_found"])
        return [
            (id_ if id_ in rows else "", self._which(rows.get(id_), reader), reader.word(f"refused_{why}"))
            for id_, why in refusals
        ]

    def _which(self, row: WarningRow | None, reader: Reader) -> str:
        if row is None:
            return reader.word("inbox_one")
        card = self._cards(row.rule_version, row.rule)
        about = [value for _, value in view_models.about(row, card, reader)][:2]
        return " · ".join([view_models.title(row, card, reader), *about])

    def handing_over(self, request: Request) -> Response:
        """To whom, and with which note?"""
        return self._hand_over_page(request)

    def _hand_over_page(
        self, request: Request, *, error: str = "", status: int = 200, typed: Mapping[str, str] | None = None
    ) -> Response:
        seen, reader, id_ = self._frame.visitor(request), self._frame.reader(request), request.path_params["id"]
        if bounds.of_id(id_) is not None:
            return self._frame.missing(request)
        if seen is None:
            return self._frame.to_sign_in(request)
        notify = self._notify
        with notify.sight.reading(seen.who, id_) as (connection, row):
            matter = notify.sight.matter(connection, row) if row else None
        if row is None or matter is None:
            return self._frame.missing(request)
        card = self._cards(row.rule_version, row.rule)
        return self._frame.page(
            request,
            "hand_over.html",
            status=status,
            error=error,
            warning=row,
            level=reader.level(row.level, card),
            title=view_models.title(row, card, reader),
            message=view_models.sentence(row, card, reader),
            takers=self._takers(seen.person, matter, reader),
            can_be=row.status == "open" and row.level != "praise",
            typed={name: said(typed or {}, name) for name in ("to", "note")},
        )

    def _takers(self, person: str, matter: Matter, reader: Reader) -> list[tuple[bool, str, str]]:
        """(stands in, id, name) of everybody to whom somebody can hand a warning over, who stands in first.

        Of several of one name the id says which is which.
        """
        directory, mail = reader.directory, self._notify.config.mail
        found = handing_over.takers(person, matter, directory, reader.now, mail)
        stand_ins = {one.id for one in directory.instead(person, reader.now)}
        names = {one: reader.person(one) for one in found}
        alike = Counter(names.values())
        called = {one: name if alike[name] == 1 else f"{name} ({one})" for one, name in names.items()}
        return sorted(((one in stand_ins, one, name) for one, name in called.items()), key=_order)

    def _handed_over(self, request: Request, person: str, form: Mapping[str, str]) -> Response:
        """Somebody else becomes accountable, and is told."""
        id_, to, seen = request.path_params["id"], said(form, "to"), visitor.number(said(form, "seen"))
        if bounds.of_id(id_) is not None:
            return self._frame.missing(request)
        match self._notify.acts.hand_over(person, id_, _id(to), -1 if seen is None else seen, said(form, "note")):
            case None:
                return RedirectResponse(f"{visitor.root(request)}/warnings/{id_}", 303)
            case "not_found":
                return self._frame.missing(request)
            case "not_open":
                return self._hand_over_page(request, error="not_open_more", status=409, typed=form)
            case "changed":
                return self._hand_over_page(request, error="refused_changed", status=409, typed=form)
            case why:
                return self._hand_over_page(request, error=f"refused_{why}", status=422, typed=form)


def _without_done(form: Mapping[str, str], refused: Collection[str]) -> dict[str, str]:
    """The form without the ticks of what was done."""
    return {
        name: " ".join(one for one in value.split() if one.rpartition(":")[0] in refused)
        if name.startswith(_TICKED)
        else value
        for name, value in form.items()
    }


def _id(text: str) -> str:
    """An id of a form; empty if it cannot be one."""
    return text if bounds.of_id(text) is None else ""


def _order(one: tuple[bool, str, str]) -> tuple[bool, str]:
    return not one[0], one[2]


def _choices(ids: Iterable[str], name: Callable[[str], str]) -> list[tuple[str, str]]:
    """What a filter can be set to, by what it is called."""
    return sorted(((one, name(one)) for one in ids), key=lambda one: one[1])


def _folds(shown: Sequence[CardShown]) -> list[tuple[str, list[Shown]]]:
    """Results by course, praise by kind: they ask for nothing, and there are many."""
    found: dict[str, list[Shown]] = {}
    for card in shown:
        for one in card.lines:
            found.setdefault(one.fold, []).append(one)
    return sorted(found.items())
