"""The pages of signing in by the college's own systems: to a provider and back, or with a name and password for one.

What is kept between the two is in the store, under the digest of a cookie that this browser alone has, and counts once.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services import bounds
from services.accounts import attempts, sessions
from services.accounts.addresses import own_path
from services.accounts.providers import Password, Providers, Redirecting, of_another_sign_in
from services.accounts.rows import BegunRow
from services.errors import SignInError
from services.i18n import render
from services.messages import to_ms
from services.notify.store import accounts
from services.web import visitor
from services.web.frame import Frame
from services.web.signing_in import SigningIn
from services.web.visitor import said

BEGUN = "prewarn_sign_in"
"""The cookie's name."""
_NAMES = {
    "cas": "统一身份认证 CAS",
    "oidc": "统一身份认证 OpenID",
    "ldap": "LDAP",
    "wecom": "企业微信 WeCom",
    "dingtalk": "钉钉 DingTalk",
}
_STATUS = {"cancelled": 403, "refused": 403, "provider": 502}
_log = logging.getLogger(__name__)


class ProviderPages:
    """The routes of some providers, by the names in their addresses. `public_url`: of the pages."""

    def __init__(self, frame: Frame, signing_in: SigningIn, providers: Providers, public_url: str) -> None:
        self._frame, self._notify, self._signing_in = frame, frame.notify, signing_in
        self._providers, self._public_url = providers, public_url
        signing_in.providers = [(_NAMES[name], f"/sign-in/{name}") for name in providers]

    def routes(self) -> list[BaseRoute]:
        """The routes; none where no provider is configured."""
        if not self._providers:
            return []
        return [
            Route("/sign-in/{provider}", self.begin),
            Route("/sign-in/{provider}", self.check, methods=["POST"]),
            Route("/sign-in/{provider}/back", self.back),
        ]

    async def begin(self, request: Request) -> Response:
        """To the provider's page; of one that is asked for passwords, the form."""
        name, goal = request.path_params["provider"], visitor.came_for(request)
        provider = self._providers.get(name)
        if provider is None:
            return await run_in_threadpool(self._frame.missing, request)
        if not isinstance(provider, Redirecting):
            return await run_in_threadpool(self._signing_in.sign_in_page, request, goal, action=f"/sign-in/{name}")
        try:
            begun = await provider.begin(self._callback(name), request.headers.get("user-agent", ""))
        except SignInError as error:
            return await self._refused(request, goal, name, error)
        token = sessions.new_token()
        row = BegunRow(
            digest=sessions.digest_of(token),
            provider=name,
            kept=msgspec.json.encode(begun.kept).decode(),
            goal=goal,
            made=self._now(),
        )
        await run_in_threadpool(self._keep, row)
        response = RedirectResponse(begun.address, 303)
        visitor.set_cookie(request, response, BEGUN, token)
        return response

    async def back(self, request: Request) -> Response:
        """From the provider's page: a session begins, and leads to the page that was asked for at first."""
        name = request.path_params["provider"]
        provider = self._providers.get(name)
        if not isinstance(provider, Redirecting):
            return await run_in_threadpool(self._frame.missing, request)
        row = await run_in_threadpool(self._taken, request.cookies.get(BEGUN, ""), name)
        if row is None:
            return await self._refused(request, "", name, of_another_sign_in())
        kept = msgspec.json.decode(row.kept, type=dict[str, str])
        try:
            found = await provider.finish(dict(request.query_params), kept, self._callback(name))
        except SignInError as error:
            return await self._refused(request, row.goal, name, error)
        response = await run_in_threadpool(self._signing_in.sign_in, found, name, request, row.goal)
        visitor.forget_cookie(request, response, BEGUN)
        return response

    async def check(self, request: Request) -> Response:
        """A name and a password for a provider that is asked for them; as often as of local accounts."""
        name = request.path_params["provider"]
        provider = self._providers.get(name)
        if not isinstance(provider, Password):
            return await run_in_threadpool(self._frame.missing, request)
        form = await self._signing_in.own_form(request)
        if isinstance(form, Response):
            return form
        person, goal = said(form, "name").strip(), own_path(said(form, "next"))
        client = request.client.host if request.client else ""
        keys = attempts.key("account", f"{name}:{person}"[: bounds.LONGEST_ID]), attempts.key("address", client)
        wait = await run_in_threadpool(self._try, keys)
        if wait:
            return await run_in_threadpool(
                self._signing_in.has_to_wait, request, goal, wait, person, f"/sign-in/{name}"
            )
        try:
            found = await provider.check(person, said(form, "password"))
        except SignInError as error:
            return await self._refused(request, goal, name, error, typed=person, action=f"/sign-in/{name}")
        if found is None:
            return await run_in_threadpool(self._signing_in.is_wrong, request, goal, person, f"/sign-in/{name}")
        await run_in_threadpool(self._was_right, keys)
        return await run_in_threadpool(self._signing_in.sign_in, found, name, request, goal)

    async def _refused(
        self, request: Request, goal: str, name: str, error: SignInError, *, typed: str = "", action: str = "/sign-in"
    ) -> Response:
        if error.why == "provider":
            _log.warning("sign-in by %s: %s", name, error)
        shown = render(error.message, visitor.language(request))
        if request.method == "GET":  # the page's links are those of the sign-in: a return is none to come back to
            query = urlencode({"next": goal}) if goal else ""
            at = {"path": f"{visitor.root(request)}/sign-in", "query_string": query.encode()}
            request = Request({**request.scope, **at}, request.receive)
        status = HTTPStatus(_STATUS[error.why])
        return await run_in_threadpool(
            self._signing_in.sign_in_page, request, goal, status=status, error=shown, typed=typed, action=action
        )

    def _callback(self, name: str) -> str:
        return f"{self._public_url}/sign-in/{name}/back"

    def _now(self) -> int:
        return to_ms(self._notify.ports.clock())

    def _keep(self, row: BegunRow) -> None:
        with self._notify.database.writing() as connection:
            accounts.keep_begun(connection, row)

    def _taken(self, token: str, provider: str) -> BegunRow | None:
        if not token:
            return None
        with self._notify.database.writing() as connection:
            return accounts.take_begun(connection, sessions.digest_of(token), provider, self._now())

    def _try(self, keys: tuple[str, str]) -> int:
        with self._notify.database.writing() as connection:
            return accounts.count_try(connection, keys, self._now())

    def _was_right(self, keys: tuple[str, str]) -> None:
        with self._notify.database.writing() as connection:
            accounts.was_right(connection, *keys)
