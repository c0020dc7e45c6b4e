"""What a request says of whoever looks: person, language, and where they were. There is no sign-in yet."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import parse_qsl, quote, unquote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from services import bounds

PERSON, LANGUAGE, TOKEN = "prewarn_person", "prewarn_language", "prewarn_token"
"""The cookies' names."""
_YEAR = 365 * 24 * 3600
_FORM = "application/x-www-form-urlencoded"
_LARGEST_FORM = 64 << 10
"""Bytes: texts of people are at most 4,000 characters, each nine bytes in Chinese."""
_MOST_FIELDS = 20


def remember_language(request: Request, response: Response) -> Response:
    """The language that was chosen on this page is that of the next ones."""
    chosen = request.query_params.get("lang")
    if chosen in ("zh", "en"):
        response.set_cookie(LANGUAGE, chosen, max_age=_YEAR, httponly=True, samesite="lax")
    return response


def remember_person(response: Response, person: str) -> Response:
    """From now on the browser looks as this person."""
    response.set_cookie(PERSON, quote(person, safe=""), httponly=True, samesite="lax")  # a cookie is ASCII
    return response


def person_of(request: Request) -> str | None:
    """As whom the browser looks, if it has said so."""
    person = request.cookies.get(PERSON)
    if person is None or bounds.of_id(found := unquote(person)) is not None:
        return None
    return found


def page_of(request: Request) -> str:
    """The page that is looked at: what a form is sent to is no page, the one above it is."""
    return request.url.path if request.method == "GET" else request.url.path.rpartition("/")[0]


def language(request: Request) -> Literal["zh", "en"]:
    """What was asked for, then what was chosen before, then what the browser prefers, then Chinese."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(LANGUAGE)):
        if chosen in ("zh", "en"):
            return "en" if chosen == "en" else "zh"
    for part in request.headers.get("accept-language", "").lower().split(","):
        if part.strip().startswith(("zh", "en")):
            return "en" if part.strip().startswith("en") else "zh"
    return "zh"


async def form_of(request: Request) -> dict[str, str]:
    """What a form says, of which each name stands once. Raises HTTPException if it is none of ours."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HTTPException(415)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST_FORM:
                raise HTTPException(413)
    except ClientDisconnect:  # nobody is there to read the answer
        raise HTTPException(400) from None
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise HTTPException(400) from None


def said(form: Any, name: str) -> str:
    """A field of a form; empty if it has none."""
    return str(form.get(name, ""))


def came_for(request: Request) -> str:
    """The warning that somebody came for before they said who they are; never another address."""
    goal = request.query_params.get("next", "")
    id_ = goal.removeprefix("/warnings/")
    return goal if goal != id_ and id_.replace("-", "").isalnum() else ""


def page_number(request: Request) -> int:
    """Which page of a list is asked for, from 0."""
    shown = request.query_params.get("page", "1")
    return max(0, int(shown) - 1) if shown.isascii() and shown.isdigit() and len(shown) < 7 else 0  # noqa: PLR2004
