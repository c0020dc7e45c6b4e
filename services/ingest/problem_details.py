"""The one form in which machines are told what is wrong: problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from services.messages import Problem

MEDIA_TYPE = "application/problem+json"


def problem_details(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """`more`: further members, which the RFC allows; the type is none of its own, so the title is the status' name."""
    told = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return Response(msgspec.json.encode(told | more), status, headers, media_type=MEDIA_TYPE)


def refusal(status: HTTPStatus, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A request that is refused as a whole: what is wrong stands in `detail`, and in its parts in `error`."""
    return problem_details(status, str(problem), headers, error=reason(problem))


def reason(problem: Problem) -> dict[str, str]:
    """What is wrong, in its parts."""
    return {"where": problem.where, "what": str(problem.what), "expected": str(problem.expected)}
