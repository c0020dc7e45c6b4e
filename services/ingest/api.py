"""The HTTP door: CloudEvents in, single, in batches, or with their attributes in headers.

There is no authentication here yet: serve it on the loopback address, behind something that has it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from services.errors import LogError
from services.i18n import say
from services.ingest.intake import Intake, Outcome
from services.messages import Problem

MAX_BODY_BYTES = 10 << 20
_TOLD = 1_000
"""Rejected events that one answer names; all are kept."""
_RETRY_AFTER_SECONDS = 5
_ORIGIN = "api"
_STRUCTURED = ("application/cloudevents+json", "application/cloudevents-batch+json", "application/json")
_BINARY = "application/json"
_CE = "ce-"
_ATTRIBUTES: dict[str, Callable[[str], Any]] = {
    "ce-revision": lambda text: int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text,  # noqa: PLR2004
    "ce-retracted": lambda text: {"true": True, "false": False}.get(text, text),
}


class Lateness(Protocol):
    """Knows what the rules put aside since it was made, as it is about a time that they do not hold any more."""

    def count(self, oldest: datetime) -> int | None:
        """How many records; `oldest`: the earliest instant that one is about. None: not known yet."""


def ingest_routes(intake: Intake, lateness: Callable[[], Lateness] | None = None) -> list[Route]:
    """`POST /v1/events`. What it answers: docs/events.md. `lateness` is made before the events are taken."""

    async def events(request: Request) -> Response:
        past = request.query_params.get("past", "false")
        if past not in ("true", "false"):
            return _refusal(HTTPStatus.BAD_REQUEST, _past_problem(past))
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _STRUCTURED:
            return _refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _media_type_problem(media_type))
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody is there to read it
        if body is None:
            return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _size_problem())
        if media_type == _BINARY and "ce-specversion" in request.headers:
            body = _structured(request, body)
        try:
            way_in = intake.of_the_past() if past == "true" else intake
            outcome, late = await run_in_threadpool(take, way_in, body)
        except LogError as error:
            problem = Problem(
                where="log",
                what=say("ingest.unavailable", error=error),
                expected=say("ingest.same_request_again_later"),
            )
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, problem, {"retry-after": str(_RETRY_AFTER_SECONDS)})
        return _answer(outcome, late)

    def take(way_in: Intake, body: bytes) -> tuple[Outcome, int | None]:
        behind = lateness() if lateness is not None else None
        outcome = way_in.take(body, _ORIGIN)
        return outcome, None if behind is None or outcome.oldest is None else behind.count(outcome.oldest)

    return [Route("/v1/events", events, methods=["POST"])]


def _past_problem(text: str) -> Problem:
    return Problem(where="past", what=say("ingest.not_true_or_false", text=text), expected=say("input.true_or_false"))


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


def _structured(request: Request, body: bytes) -> bytes:
    """The CloudEvents object of a binary-mode request; header values are percent-encoded (CloudEvents HTTP 3.1.3.2)."""
    try:
        data = msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body  # the intake says what is wrong with it
    attributes: dict[str, Any] = {
        name.removeprefix(_CE): _ATTRIBUTES.get(name, str)(unquote(value, errors="replace"))
        for name, value in request.headers.items()
        if name.startswith(_CE)
    }
    return msgspec.json.encode({**attributes, "data": data})


def _answer(outcome: Outcome, late: int | None) -> Response:
    taken = outcome.accepted + outcome.duplicate
    status = HTTPStatus.UNPROCESSABLE_ENTITY if outcome.rejections and not taken else HTTPStatus.ACCEPTED
    rejected = [
        {"position": rejection.position, "reasons": [_reason(problem) for problem in rejection.reasons]}
        for rejection in outcome.rejections[:_TOLD]
    ]
    answer = {"accepted": outcome.accepted, "duplicate": outcome.duplicate, "rejected": rejected}
    more = len(outcome.rejections) - len(rejected)
    answer |= {"rejected_not_shown": more} if more else {}
    return _json(status, answer | ({"late": late} if late else {}))


def _refusal(status: HTTPStatus, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    return _json(status, {"error": _reason(problem)}, headers)


def _reason(problem: Problem) -> dict[str, str]:
    return {"where": problem.where, "what": str(problem.what), "expected": str(problem.expected)}


def _json(status: HTTPStatus, content: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


def _media_type_problem(media_type: str) -> Problem:
    what = say("ingest.wrong_content_type", media_type=media_type or "none")
    return Problem(where="content-type", what=what, expected=", ".join(_STRUCTURED))


def _size_problem() -> Problem:
    return Problem(
        where="body", what=say("ingest.too_large_more_than_10"), expected=say("ingest.at_most_10_mib_several")
    )
