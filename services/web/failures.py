"""What anybody is told who asks for what there is not: people a page in their language, machines problem details."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ExceptionHandler

from services.errors import LogError
from services.i18n import Language, catalogue
from services.ingest.problem_details import problem_details
from services.shown_again import OnlyShownError
from services.web import visitor
from services.web.reader import page_text
from services.web.templating import HEADERS, templates

_log = logging.getLogger(__name__)
_API = "/v1/"
_RETRY_AFTER = {"retry-after": "5"}


class Stranger(NamedTuple):
    """Of whom nothing is known but the language."""

    language: Language


def failure(
    request: Request, status: HTTPStatus, headers: Mapping[str, str] | None = None, *, key: str = "", **shown: Any
) -> Response:
    """The answer with this status, with its words in the catalogue (`failed_404`, or `key`), or those for any other.

    `shown`: what else the page shows.
    """
    reader = Stranger(visitor.language(request))
    key = key or f"failed_{status.value}"
    if key not in catalogue("en", "pages"):
        key = "failed_other"
    if visitor.path_of(request).startswith(_API) or "text/html" not in request.headers.get("accept", ""):
        return problem_details(status, catalogue("en", "pages")[f"{key}_more"], headers)

    template = templates().get_template("problem.html")
    page = template.render(
        w=partial(page_text, reader.language),
        reader=reader,
        head=key,
        more=f"{key}_more",
        trial=False,
        demo=False,
        demo_days=None,
        me=None,
        token="",
        root=visitor.root(request),
        **shown,
        **visitor.other_language(request, "zh" if reader.language == "en" else "en"),
    )
    response = HTMLResponse(page, status, headers=HEADERS | dict(headers or {}))
    return visitor.remember_language(request, response)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return failure(request, HTTPStatus(error.status_code), error.headers)


def _unavailable(request: Request, error: Exception) -> Response:
    _log.error("%s", error)
    return failure(request, HTTPStatus.SERVICE_UNAVAILABLE, _RETRY_AFTER)


def _only_shown(request: Request, _: Exception) -> Response:
    """Nobody has sent it: they changed the language. Whether they want to, they say."""
    form = visitor.form_read(request) or {}
    to = f"{visitor.root(request)}{visitor.path_of(request)}"
    to += f"?{request.url.query}" if request.url.query else ""
    return failure(request, HTTPStatus.CONFLICT, key="failed_shown_again", kept=visitor.kept(form), form=form, to=to)


def _failed(request: Request, _: Exception) -> Response:
    return failure(request, HTTPStatus.INTERNAL_SERVER_ERROR)  # the server logs it


HANDLERS: dict[Any, ExceptionHandler] = {
    HTTPException: _refused,
    LogError: _unavailable,
    OnlyShownError: _only_shown,
    Exception: _failed,
}
"""For the web application of every service."""
