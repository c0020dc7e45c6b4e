"""The page "My channels": where somebody's pushes go, in which language, and when they are left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.messages import to_ms
from services.notify.channels.own import BOTS, MAIL, Policy, sent_to, shown
from services.notify.own_channels import CODE_ENDS, TRIES, OwnChannels, Refused
from services.notify.recipients import SINK, queue_of
from services.notify.rows import OwnChannelRow
from services.notify.suppression import WEEKDAYS, Quiet, read_quiet
from services.web import visitor
from services.web.frame import Frame, Visitor
from services.web.reader import Reader
from services.web.signing_in import Endpoint, SigningIn
from services.web.visitor import said

PATH = "/my-channels"
_Act = Callable[[str, Mapping[str, str], Reader], Refused | None]
_FIELDS = {
    "no_address": "address",
    "no_mail_address": "address",
    "domain_not_allowed": "address",
    "no_token": "address",
    "not_taken": "address",
    "try_later": "address",
    "unanswered": "address",
    "wait": "address",
    "kind_not_allowed": "kind",
    "not_in_directory": "kind",
    "no_secret": "secret",
    "no_code": "code",
    "code_over": "code",
    "code_spent": "code",
    "code_wrong": "code",
    "quiet_wrong": "quiet",
    "quiet_not_allowed": "quiet",
    "language_wrong": "language",
}
"""Why something is refused → beside which field it is said."""
_KEPT = ("kind", "address", "secret", "language", "begins", "ends")
_DAY_OFF = (*WEEKDAYS, "holidays")


class MyChannels:
    """The routes over one frame."""

    def __init__(self, frame: Frame, signing_in: SigningIn) -> None:
        self._frame, self._signing_in = frame, signing_in
        self._own: OwnChannels = frame.notify.own_channels

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [
            Route(PATH, self.page),
            Route(f"{PATH}/address", self._posted(self._ask), methods=["POST"]),
            Route(f"{PATH}/code", self._posted(self._prove), methods=["POST"]),
            Route(f"{PATH}/remove", self._posted(self._remove), methods=["POST"]),
            Route(f"{PATH}/test", self._posted(self._test), methods=["POST"]),
            Route(f"{PATH}/choose", self._posted(self._choose), methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """What the directory says, what this person has set, and the forms to change it."""
        return self._page(request, None, MappingProxyType({}))

    def _page(self, request: Request, refused: Refused | None, typed: Mapping[str, str]) -> Response:
        seen = self._frame.may(request, "account")
        if not isinstance(seen, Visitor):
            return seen
        reader, config, own = self._frame.reader(request), self._frame.notify.config, self._own
        person, mine = reader.directory.person(seen.person), own.of(seen.person)
        form = visitor.path_of(request).removeprefix(f"{PATH}/") if refused else ""
        choice = mine.choice
        quiet = read_quiet(choice.quiet, config.own_quiet.day_off) if choice and choice.quiet else Quiet()
        now = to_ms(self._frame.notify.ports.clock())
        return self._frame.page(
            request,
            "my_channels.html",
            status=422 if refused else 200,
            person=person,
            addresses=[_place(one, reader) for one in own.addresses(seen.person)],
            proved=_own_line(mine.proved, reader),
            proved_counts=mine.proved is not None
            and bool(sent_to(mine.proved.kind, mine.proved.address, config.own_channels, config.mail)),
            waiting=_own_line(mine.waiting, reader),
            code_open=mine.waiting is not None
            and mine.waiting.tries < TRIES
            and now - mine.waiting.at <= CODE_ENDS.total_seconds() * 1000,
            sent_at=reader.time(mine.waiting.at) if mine.waiting else "",
            code_minutes=int(CODE_ENDS.total_seconds() // 60),
            kinds=config.own_channels.kinds(config.mail),
            signed=[kind for kind, bot in BOTS.items() if bot.signed],
            hints=_hints(config.own_channels, config.mail, reader),
            form=form,
            field="form" if refused and form == "test" else _FIELDS.get(refused.why, "form") if refused else "",
            error=_words(refused, reader) if refused else "",
            typed={name: said(typed, name) for name in _KEPT},
            typed_days={day for day in _DAY_OFF if said(typed, f"day_{day}")} if form == "choose" else _days(quiet),
            begins=f"{quiet.begins:%H:%M}" if quiet.begins else "",
            ends=f"{quiet.ends:%H:%M}" if quiet.ends else "",
            language=choice.language if choice else "",
            college=_quiet_words(config.quiet, reader),
            allowed=_quiet_words(config.own_quiet, reader),
            days=[(day, reader.word(f"own_day_{day}")) for day in _DAY_OFF if day in _days(config.own_quiet)],
            hours=config.own_quiet.begins is not None,
            saved=said(request.query_params, "saved") if not refused else "",
        )

    def _ask(self, person: str, form: Mapping[str, str], reader: Reader) -> Refused | None:
        return self._own.ask(person, said(form, "kind"), said(form, "address"), said(form, "secret"), reader.language)

    def _prove(self, person: str, form: Mapping[str, str], reader: Reader) -> Refused | None:
        return self._own.prove(person, said(form, "code"), reader.language)

    def _remove(self, person: str, form: Mapping[str, str], _reader: Reader) -> Refused | None:
        self._own.remove(person, proved=said(form, "which") != "waiting")
        return None

    def _test(self, person: str, _form: Mapping[str, str], reader: Reader) -> Refused | None:
        return self._own.test(person, reader.language)

    def _choose(self, person: str, form: Mapping[str, str], _reader: Reader) -> Refused | None:
        begins, ends = said(form, "begins").strip()[:5], said(form, "ends").strip()[:5]
        if bool(begins) != bool(ends) or (begins and begins == ends):
            return Refused("quiet_wrong")
        days = [day for day in _DAY_OFF if said(form, f"day_{day}")]
        quiet = ",".join([*([f"{begins}-{ends}"] if begins else []), *days])
        return self._own.choose(person, said(form, "language"), quiet)

    def _posted(self, act: _Act) -> Endpoint:
        return self._signing_in.answering(partial(self._acted, act))

    def _acted(self, act: _Act, request: Request, person: str, form: Mapping[str, str]) -> Response:
        refused = act(person, form, self._frame.reader(request))
        if refused is not None:
            response = self._page(request, refused, form)
            if refused.why == "wait":
                response.status_code = 429
                response.headers["retry-after"] = str(-(-refused.wait // 1000))
            return response
        done = visitor.path_of(request).removeprefix(f"{PATH}/")
        response = RedirectResponse(f"{visitor.root(request)}{PATH}?saved={done}", 303)
        if done == "choose" and said(form, "language"):
            visitor.choose_language(request, response, said(form, "language"))
        return response


def _words(refused: Refused, reader: Reader) -> str:
    words = reader.word(f"own_{refused.why}", seconds=-(-refused.wait // 1000))
    return f"{words} {reader.term('reason', refused.said)}" if refused.said else words


def _own_line(row: OwnChannelRow | None, reader: Reader) -> str:
    """`E-mail: me@college.example`, or the last characters of a token; nothing of one that there is not."""
    return "" if row is None else f"{reader.term('channel', row.kind)}: {shown(row.kind, row.address)}"


def _place(address: str, reader: Reader) -> tuple[str, str]:
    """What kind of address it is, and as much of it as is no secret: a mailbox, a host."""
    if address.startswith(SINK):
        return reader.word("own_nowhere"), ""
    scheme, _, host = queue_of(address).partition("://")
    kind = MAIL if scheme in ("mailto", "mailtos") else scheme
    if kind == MAIL:
        host = visitor.query_of(address).get("to", host)
    return reader.term("channel", kind), "" if kind in BOTS else host


def _hints(policy: Policy, mail: str | None, reader: Reader) -> list[str]:
    """What to type for each kind that the college allows."""
    found = [reader.word(f"own_hint_{kind}") for kind in policy.kinds(mail)]
    if policy.domains and mail:
        found.append(reader.word("own_domains", domains=", ".join(sorted(policy.domains))))
    return found


def _days(quiet: Quiet) -> set[str]:
    return {WEEKDAYS[day] for day in quiet.days} | ({"holidays"} if quiet.holidays else set())


def _quiet_words(quiet: Quiet, reader: Reader) -> str:
    """`22:00–07:00, Sat, Sun`; empty if there are none."""
    hours = [f"{quiet.begins:%H:%M}–{quiet.ends:%H:%M}"] if quiet.begins and quiet.ends else []
    days = [reader.word(f"own_day_{day}") for day in _DAY_OFF if day in _days(quiet)]
    return (", " if reader.language == "en" else "、").join([*hours, *days])
