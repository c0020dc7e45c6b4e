"""The HTTP door: CloudEvents in, single, in batches, or with their attributes in headers. Who comes in: `access.py`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router

from services.errors import LogError
from services.i18n import say
from services.ingest.access import RETRY_AFTER, Access, Admitted, Guard
from services.ingest.intake import Intake, Outcome
from services.ingest.openapi import description
from services.ingest.problem_details import problem_details, reason, refusal
from services.ingest.reading import events_in
from services.ingest.validation import MAX_EVENTS
from services.messages import Json, Problem

MAX_BODY_BYTES = 10 << 20
_TOLD = 1_000
"""Rejected events that one answer names; all are kept."""
_ORIGIN = "api"
_STRUCTURED = ("application/cloudevents+json", "application/cloudevents-batch+json", "application/json")
_BINARY = "application/json"
_CE = "ce-"
_ESCAPED = re.compile(rb"\\(.)")
"""In a header's quotes (RFC 9110, 5.6.4)."""
_ATTRIBUTES: dict[str, Callable[[str], Any]] = {
    "ce-revision": lambda text: int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text,  # noqa: PLR2004
    "ce-retracted": lambda text: {"true": True, "false": False}.get(text, text),
}


class Lateness(Protocol):
    """Knows what the rules put aside since it was made, as it is about a time that they do not hold any more."""

    def count(self, oldest: datetime) -> int | None:
        """How many records; `oldest`: the earliest instant that one is about. None: not known yet."""


def ingest_routes(intake: Intake, access: Access, lateness: Callable[[], Lateness] | None = None) -> list[BaseRoute]:
    """`POST /v1/events`, and what the API is, for machines. What it answers: docs/events.md.

    Whatever stands below /v1 passes `access`, but for that description. `lateness` is made before the events are taken.
    """
    described = msgspec.json.encode(description(intake.validator.schemas))

    def openapi(_: Request) -> Response:
        return Response(described, media_type="application/json")

    async def events(request: Request) -> Response:
        admitted: Admitted = request.state.admitted
        read = await _read(request, admitted, access.clock)
        if isinstance(read, Response):
            return read
        body, count = read
        try:
            way_in = intake.by(admitted.sender)
            way_in = way_in.of_the_past() if request.query_params.get("past") == "true" else way_in
            outcome, late = await run_in_threadpool(take, way_in, body)
        except LogError as error:
            admitted.give_back(count)
            problem = Problem(
                where="log",
                what=say("ingest.unavailable", error=error),
                expected=say("ingest.same_request_again_later"),
            )
            return refusal(HTTPStatus.SERVICE_UNAVAILABLE, problem, RETRY_AFTER)
        return _answer(outcome, late)

    def take(way_in: Intake, body: bytes) -> tuple[Outcome, int | None]:
        behind = lateness() if lateness is not None else None
        outcome = way_in.take(body, _ORIGIN)
        return outcome, None if behind is None or outcome.oldest is None else behind.count(outcome.oldest)

    behind = Guard(Router([Route("/events", events, methods=["POST"])]), access)
    return [Route("/v1/openapi.json", openapi), Mount("/v1", behind)]


async def _read(request: Request, admitted: Admitted, clock: Callable[[], datetime]) -> tuple[bytes, int] | Response:
    """The message, and how many events of the quota it has taken; or the refusal of what is not to be taken in."""
    attributes = _attributes(request)
    if refused := _head_problem(request, attributes):
        return refusal(*refused)
    if over := admitted.exceeds(0, clock()):  # before a body is read for nothing
        return over
    try:
        body = await _body(request)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody is there to read it
    if body is None:
        return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _size_problem())
    if isinstance(attributes, dict):
        body = _structured(attributes, body)
    count = 0 if admitted.bucket is None else min(events_in(body), MAX_EVENTS)  # of more, none is taken
    return admitted.exceeds(count, clock()) or (body, count)


def _head_problem(request: Request, attributes: object) -> tuple[HTTPStatus, Problem] | None:
    """What is wrong with a request before its body is read."""
    past = request.query_params.get("past", "false")
    if past not in ("true", "false"):
        what, right = say("ingest.not_true_or_false", text=past), say("input.true_or_false")
        return HTTPStatus.BAD_REQUEST, Problem(where="past", what=what, expected=right)
    media_type = _media_type(request)
    if media_type not in _STRUCTURED:
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _media_type_problem(media_type)
    return (HTTPStatus.BAD_REQUEST, attributes) if isinstance(attributes, Problem) else None


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _body(request: Request) -> bytes | None:
    """The body; None if it is too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:18]) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _attributes(request: Request) -> Json | Problem | None:
    """Attribute → value, if that is in the headers (CloudEvents HTTP 1.0.2, 3.1.3.2: quotes go, then percent signs)."""
    if _media_type(request) != _BINARY or "ce-specversion" not in request.headers:
        return None
    found: Json = {}
    for raw_name, raw in request.headers.raw:
        name = raw_name.decode("latin-1")
        if not name.startswith(_CE):
            continue
        if name.removeprefix(_CE) in found:
            return Problem(where=name, what=say("ingest.header_twice"), expected=say("ingest.each_name_once"))
        value = raw.strip()
        if len(value) > 1 and value[:1] == value[-1:] == b'"':
            value = _ESCAPED.sub(rb"\1", value[1:-1])
        try:
            text = unquote_to_bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return Problem(where=name, what=say("ingest.not_utf_8"), expected=say("ingest.percent_encoded"))
        found[name.removeprefix(_CE)] = _ATTRIBUTES.get(name, str)(text)
    return found


def _structured(attributes: Json, body: bytes) -> bytes:
    """The CloudEvents object of a binary-mode request."""
    try:
        data = msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body  # the intake says what is wrong with it
    return msgspec.json.encode({**attributes, "data": data})


def _answer(outcome: Outcome, late: int | None) -> Response:
    taken = outcome.accepted + outcome.duplicate
    rejected = [
        {"position": rejection.position, "reasons": [reason(problem) for problem in rejection.reasons]}
        for rejection in outcome.rejections[:_TOLD]
    ]
    answer: Json = {"accepted": outcome.accepted, "duplicate": outcome.duplicate, "rejected": rejected}
    more = len(outcome.rejections) - len(rejected)
    answer |= {"rejected_not_shown": more} if more else {}
    if rejected and not taken:
        return problem_details(HTTPStatus.UNPROCESSABLE_ENTITY, str(say("ingest.nothing_taken")), **answer)
    answer |= {"late": late} if late else {}
    return Response(msgspec.json.encode(answer), HTTPStatus.ACCEPTED, media_type="application/json")


def _media_type_problem(media_type: str) -> Problem:
    what = say("ingest.wrong_content_type", media_type=media_type or "none")
    return Problem(where="content-type", what=what, expected=", ".join(_STRUCTURED))


def _size_problem() -> Problem:
    return Problem(
        where="body", what=say("ingest.too_large_more_than_10"), expected=say("ingest.at_most_10_mib_several")
    )
