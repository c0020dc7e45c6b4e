"""What a request says of whoever looks: language, form, and where they want to go; and the cookies that they get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from services import shown_again
from services.accounts.addresses import own_path

SESSION, LANGUAGE, TOKEN = "prewarn_session", "prewarn_language", "prewarn_token"
"""The cookies' names; TOKEN is for the forms of a browser that is not signed in."""
PROXY_USER = "prewarn.proxy_user"
"""Where the scope of a request says whom a named proxy has signed in (app/proxies.py)."""
BY_PROXY = "proxy"
"""The provider of such sessions."""
STREAMING = "prewarn.streaming"
"""Where it says that the answer goes on for as long as it can (app/doors.py)."""
BY_ITSELF = "prewarn-by-itself"
"""The header of a request that a page makes without anybody having done something (static/live.js)."""
_OWN_PAGE = ("/link/", "/password", "/check-in", "/records/")
"""Forms on these are sent to the page itself."""
_OF_ROLL_CALL, _ABOVE = ("cancel", "move", "restore"), ("open", "close", "read")
"""Of a lesson: what stands on its roll-call, and what on the page above."""
_YEAR = 365 * 24 * 3600
_FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = 64 << 10
"""Bytes: texts of people are at most 4,000 characters, each nine bytes in Chinese."""
_MOST_FIELDS = 60
_MOST_DIGITS = 10
SHOWN_AGAIN = "shown_again"
"""The field of a form that is only shown again, in the other language: it does nothing (services/shown_again.py)."""
_FORM_READ = "prewarn.form"
"""Where the scope of a request has the form that it brought."""


def remember_language(request: Request, response: Response) -> Response:
    """The language that was chosen on this page is that of the next ones."""
    chosen = request.query_params.get("lang")
    if chosen in ("zh", "en"):
        choose_language(request, response, chosen)
    return response


def choose_language(request: Request, response: Response, chosen: str) -> None:
    """Has the browser keep the language that was chosen."""
    path = root(request) or "/"
    response.set_cookie(LANGUAGE, chosen, max_age=_YEAR, path=path, httponly=True, samesite="lax")


def set_cookie(
    request: Request,
    response: Response,
    name: str,
    value: str,
    *,
    same_site: Literal["lax", "strict"] = "lax",
    max_age: int | None = None,
) -> None:
    """Until the browser is closed, or for so many seconds; for no script, and over https alone where it came so."""
    response.set_cookie(
        name,
        value,
        max_age,
        path=root(request) or "/",
        httponly=True,
        samesite=same_site,
        secure=request.url.scheme == "https",
    )


def forget_cookie(request: Request, response: Response, name: str) -> None:
    """The browser does not send it any more."""
    response.delete_cookie(name, path=root(request) or "/", httponly=True, samesite="lax")


def root(request: Request) -> str:
    """What stands before the path of every page (a sub-path behind a proxy), without a slash at its end."""
    scope = request.scope  # a Mount lengthens root_path and keeps what it was
    return str(scope.get("app_root_path", scope.get("root_path", ""))).rstrip("/")


def by_proxy(request: Request) -> str:
    """Whom a named proxy has signed in; empty where none has."""
    return str(request.scope.get(PROXY_USER, ""))


def path_of(request: Request) -> str:
    """The path that was asked for, as our routes have it, escaped."""
    return quote(request.url.path.removeprefix(root(request)), safe="/~@:+,=")


def signing_in(request: Request) -> str:
    """The address of the sign-in, which leads back to the page that was asked for; a form leads to its page."""
    goal = form_page(request)
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    goal = own_path(goal + query) or own_path(goal)
    to = f"?next={quote(goal, safe='/')}" if goal not in ("", "/") else ""
    return f"{root(request)}/sign-in{to}"


def page_of(request: Request) -> str:
    """The page that is looked at; of a form the one that it stands on."""
    return f"{root(request)}{form_page(request)}"


def by_itself(request: Request) -> bool:
    """Whether the page asks by itself, so that nobody has used the session."""
    return BY_ITSELF in request.headers or path_of(request) == "/live"


def form_page(request: Request) -> str:
    """The page that is looked at, as our routes have it, escaped; of a form the one that it stands on.

    What a form is sent to is mostly no page, but the one above it is. Forms of phones are sent to their own page.
    """
    path = path_of(request)
    if request.method == "GET" or path.startswith(_OWN_PAGE) or path == "/leaves/new":
        return path
    above, _, act = path.rpartition("/")
    if path.startswith("/lessons/"):
        return f"{above}/roll-call" if act in _OF_ROLL_CALL else above if act in _ABOVE else path
    return above


def with_query(query: str, **changes: str) -> str:
    """The query of an address, with other values."""
    return urlencode(dict(parse_qsl(query)) | changes)


def language(request: Request, own: str | None = None) -> Literal["zh", "en"]:
    """What was asked for, what was chosen in this browser, `own`, what the browser prefers; else Chinese.

    `own`: what the person has set for themselves.
    """
    for chosen in (request.query_params.get("lang"), request.cookies.get(LANGUAGE), own):
        if chosen in ("zh", "en"):
            return "en" if chosen == "en" else "zh"
    for part in request.headers.get("accept-language", "").lower().split(","):
        if part.strip().startswith(("zh", "en")):
            return "en" if part.strip().startswith("en") else "zh"
    return "zh"


async def form_of(request: Request, largest: int = LARGEST_FORM, most: int = _MOST_FIELDS) -> dict[str, str]:
    """What a form says, of which each name stands once. Raises HTTPException if it is none of ours.

    `largest`: bytes; `most`: fields.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HTTPException(415)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > largest:
                raise HTTPException(413)
    except ClientDisconnect:  # nobody is there to read the answer
        raise HTTPException(400) from None
    try:
        form = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=most))
    except ValueError:
        raise HTTPException(400) from None
    shown_again.begin(only_shown=bool(form.pop(SHOWN_AGAIN, "")))
    show_again(request, form)
    return form


def show_again(request: Request, form: Mapping[str, str] | None) -> None:
    """What the switch of the language sends from the page that answers this form; None: nothing, it is a link."""
    request.scope[_FORM_READ] = form


def form_read(request: Request) -> Mapping[str, str] | None:
    """The form that this request brought, as it is shown again."""
    found: Mapping[str, str] | None = request.scope.get(_FORM_READ)
    return found


def other_language(request: Request, other: str) -> dict[str, object]:
    """How base.html has a page in the other language: by its address; a page that answers a form by that form."""
    here = request.url.include_query_params(lang=other).query
    form = form_read(request)
    if form is None:
        return {"other_language": other, "other_address": f"{page_of(request)}?{here}", "other_form": None}
    sent_to = f"{root(request)}{path_of(request)}?{here}"
    return {"other_language": other, "other_address": sent_to, "other_form": {**form, SHOWN_AGAIN: "yes"}}


_KEPT = ("measure", "due", "note", "address", "why", "answer", "day", "place", "agreed", "notes", "consent", "text")
"""Fields of a form that a person has typed."""


def kept(form: Mapping[str, str]) -> str:
    """What was typed into a form."""
    named = [*_KEPT, *(name for name in form if name.startswith("comment:"))]
    if "from_day" in form:  # of leave it is written, of what is closed chosen
        named.append("reason")
    return "\n".join(text for name in named if (text := said(form, name).strip()))


def said(form: Any, name: str) -> str:
    """A field of a form; empty if it has none."""
    return str(form.get(name, ""))


def number(text: str) -> int | None:
    """A whole number that a form or an address has, of nine digits at most; None if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else None


def came_for(request: Request) -> str:
    """The page that somebody came for before they signed in; never another address."""
    return own_path(request.query_params.get("next", ""))


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(address.partition("?")[2]))


def page_number(request: Request) -> int:
    """Which page of a list is asked for, from 0."""
    shown = request.query_params.get("page", "1")
    return max(0, int(shown) - 1) if shown.isascii() and shown.isdigit() and len(shown) < 7 else 0  # noqa: PLR2004
