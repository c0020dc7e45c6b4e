"""Who is let in to the API: every request to /v1/ comes through `Access.admit`, in both modes.

Where no token was ever made, whoever is on this machine. From the first token on only who has one that is valid, also
on this machine: to a proxy there, every stranger comes from it. For the same reason nobody comes from this machine whom
a proxy has sent on. That the last token is revoked opens nothing.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.errors import LogError
from services.i18n import say
from services.ingest.problem_details import refusal
from services.ingest.sender import ANYBODY, Sender
from services.ingest.tokens import digest_of
from services.log.tokens import SourceToken, TokenStore
from services.messages import Message, Problem, to_ms

_log = logging.getLogger(__name__)
RETRY_AFTER = {"retry-after": "5"}
"""Seconds, where the log or the tokens cannot be reached."""
_LOOK_EVERY = timedelta(seconds=1)
"""A token that was made or revoked elsewhere is known after so long; strangers cost the store nothing in between."""
_NOTE_EVERY = timedelta(minutes=1)
_CHALLENGE = 'Bearer realm="prewarn"'
_REFUSED = f'{_CHALLENGE}, error="invalid_token"'
_SENT_ON = frozenset({"forwarded", "via", "x-real-ip"})
"""Headers by which a proxy says for whom it asks; all that begin with `x-forwarded-`, too."""


class _Bucket:
    """The events that a token may still send. A message of more than it holds takes from the minutes to come, too."""

    def __init__(self, most: int, now: datetime) -> None:
        self._most, self._left, self._at = most, float(most), now

    def take(self, events: int, now: datetime) -> float:
        """Seconds after which so many may come; 0: they may come now, and are taken out. 0 events take nothing."""
        back = max(0.0, (now - self._at).total_seconds()) * self._most / 60  # a clock may be set back
        self._left, self._at = min(self._most, self._left + back), now
        lacking = min(max(1, events), self._most) - self._left
        if lacking > 0:
            return lacking * 60 / self._most
        self._left -= events
        return 0.0

    def give_back(self, events: int) -> None:
        """They were not taken in."""
        self._left = min(self._most, self._left + events)


class Admitted(NamedTuple):
    """Who is there, and how much they may send."""

    sender: Sender
    bucket: _Bucket | None = None

    def exceeds(self, events: int, now: datetime) -> Response | None:
        """The refusal if so many are more than the quota has left; else they are taken out of it."""
        wait = 0.0 if self.bucket is None else self.bucket.take(events, now)
        if not wait:
            return None
        seconds = max(1, math.ceil(wait))
        what, right = say("ingest.quota_used_up", source=self.sender.source), say("ingest.again_after", seconds=seconds)
        problem = Problem(where="quota", what=what, expected=right)
        return refusal(HTTPStatus.TOO_MANY_REQUESTS, problem, {"retry-after": str(seconds)})

    def give_back(self, events: int) -> None:
        """They were not taken in."""
        if self.bucket is not None:
            self.bucket.give_back(events)


class Access:
    """Knows the tokens as they were a second ago at most. `clock`: aware."""

    def __init__(self, store: TokenStore, clock: Callable[[], datetime]) -> None:
        self._store, self.clock = store, clock
        self._looking = Lock()
        self._looked: datetime | None = None
        self._trouble: LogError | None = None
        self._by_digest: dict[bytes, SourceToken] = {}
        self._noted: dict[str, datetime] = {}
        self._buckets: dict[str, _Bucket] = {}

    async def admit(self, request: Request) -> Admitted | Response:
        """Who is there, or the refusal that they get; nothing of the body is read."""
        now = self.clock()
        if not self._is_fresh(now):
            await run_in_threadpool(self._look, now)
        if self._trouble is not None:
            what, right = say("ingest.tokens_unavailable"), say("ingest.same_request_again_later")
            problem = Problem(where="tokens", what=what, expected=right)
            return refusal(HTTPStatus.SERVICE_UNAVAILABLE, problem, RETRY_AFTER)
        if not self._by_digest:
            return Admitted(ANYBODY) if _is_of_this_machine(request) else _refused_from_elsewhere()
        given = request.headers.getlist("authorization")
        if not given:
            return _unauthorized(say("ingest.no_token"), _CHALLENGE)
        if (text := _bearer(given)) is None:
            return _unauthorized(say("ingest.not_bearer"), _CHALLENGE)
        token = self._by_digest.get(digest_of(text))
        if token is None or token.revoked:
            return _unauthorized(say("ingest.no_such_token"), _REFUSED)
        await self._note(token, now)
        return Admitted(Sender(token.source, token.kinds), self._bucket(token, now))

    def unwell(self) -> LogError | None:
        """Why nobody is let in, if so. It asks again then: whoever reads this may keep senders away meanwhile."""
        if self._trouble is not None and not self._is_fresh(now := self.clock()):
            self._look(now)
        return self._trouble

    def _is_fresh(self, now: datetime) -> bool:
        return self._looked is not None and abs(now - self._looked) < _LOOK_EVERY  # a clock may be set back

    def _look(self, now: datetime) -> None:
        with self._looking:
            if self._is_fresh(now):  # somebody else has looked meanwhile
                return
            try:
                self._by_digest = {one.digest: one for one in self._store.tokens()}
                self._trouble = None
            except LogError as error:  # what a database says of itself is nothing for strangers
                _log.error("nobody is let in to the API: %s", error)
                self._trouble = error
            self._looked = now

    async def _note(self, token: SourceToken, now: datetime) -> None:
        """When it was last used is for people: that it cannot be written refuses nobody."""
        before = self._noted.get(token.id)
        if before is not None and abs(now - before) < _NOTE_EVERY:
            return
        self._noted[token.id] = now
        try:
            await run_in_threadpool(self._store.used, token.id, to_ms(now))
        except LogError as error:
            _log.warning("the use of token %s is not noted: %s", token.id, error)

    def _bucket(self, token: SourceToken, now: datetime) -> _Bucket | None:
        if not token.per_minute:
            return None
        return self._buckets.setdefault(token.id, _Bucket(token.per_minute, now))


class Guard:
    """An ASGI application behind `Access`; who is there is `request.state.admitted` to it."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request in, or answers it."""
        request = Request(scope)
        found = await self._access.admit(request)
        if isinstance(found, Response):
            await found(scope, receive, send)
            return
        request.state.admitted = found
        await self._app(scope, receive, send)


def _bearer(given: Sequence[str]) -> str | None:
    """The token of the one header Authorization; schemes are written in any case (RFC 9110, 11.1)."""
    scheme, _, token = given[0].partition(" ")
    return token.strip(" ") or None if len(given) == 1 and scheme.lower() == "bearer" else None


def _unauthorized(what: Message, challenge: str) -> Response:
    problem = Problem(where="authorization", what=what, expected=say("ingest.token_of_a_source"))
    return refusal(HTTPStatus.UNAUTHORIZED, problem, {"www-authenticate": challenge})


def _refused_from_elsewhere() -> Response:
    problem = Problem(where="client", what=say("ingest.from_elsewhere"), expected=say("ingest.make_a_token"))
    return refusal(HTTPStatus.FORBIDDEN, problem)


def _is_of_this_machine(request: Request) -> bool:
    if request.client is None or any(name in _SENT_ON or name.startswith("x-forwarded-") for name in request.headers):
        return False
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
