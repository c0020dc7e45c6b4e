"""DingTalk 钉钉: sign-in of third-party web pages by OAuth 2.0 (open.dingtalk.com, 登录第三方网站).

The code becomes a token of the person, that says the unionId, which the college's own directory in DingTalk
(`topapi/user/getbyunionid`) knows as a userid; whoever is of another corporation has none there.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from urllib.parse import urlencode

from services import bounds
from services.accounts.providers import Begun, cancelled, of_another_sign_in, provider_wrong
from services.accounts.providers.app_tokens import AppToken
from services.accounts.providers.fetching import Answer, Fetcher, host_of
from services.errors import SignInError
from services.i18n import say
from services.messages import Json, Message

_PAGE = "https://login.dingtalk.com/oauth2/auth"
_API = "https://api.dingtalk.com"
_OLD_API = "https://oapi.dingtalk.com"
_NO_MEMBER, _TOKEN_GONE = 60121, (40014, 42001, 88)
_INTERNAL = 0
"""`contact_type` of a member; 1 is somebody outside whom a member has put down."""
_LIFE = 7200.0


@dataclass(frozen=True)
class Application:
    """One application that the college has made (企业内部应用)."""

    key: str
    secret: str = field(repr=False)


class Dingtalk:
    """One application of one corporation. `api`, `old_api`: their two hosts; tests put their own there."""

    def __init__(self, application: Application, fetcher: Fetcher, api: str = _API, old_api: str = _OLD_API) -> None:
        self._application, self._fetcher, self._api, self._old_api = application, fetcher, api, old_api
        self._host = host_of(api)
        self._token = AppToken(self._ask_token)

    async def begin(self, callback: str, browser: str = "") -> Begun:  # noqa: ARG002 - of all redirecting providers
        """To DingTalk's page, which signs in by itself within the app."""
        state = token_urlsafe(24)
        asked = {
            "redirect_uri": callback,
            "response_type": "code",
            "client_id": self._application.key,
            "scope": "openid",
            "state": state,
            "prompt": "consent",
        }
        return Begun(f"{_PAGE}?{urlencode(asked)}", {"state": state})

    async def finish(self, parameters: Mapping[str, str], kept: Mapping[str, str], callback: str) -> str:  # noqa: ARG002 - of all redirecting providers
        """The userid of the member."""
        if not hmac.compare_digest(parameters.get("state", "").encode(), kept.get("state", "-").encode()):
            raise of_another_sign_in()
        if not (code := parameters.get("authCode") or parameters.get("code")):
            raise cancelled()  # who does not agree comes back without one
        of_person = await self._token_of_person(code)
        me = await self._fetcher.get(
            f"{self._api}/v1.0/contact/users/me", None, **{"x-acs-dingtalk-access-token": of_person}
        )
        union = self._text(self._good(me), "unionId")
        found = await self._member(union)
        if found.get("errcode") in _TOKEN_GONE:
            self._token.forget()
            found = await self._member(union)
        result = found.get("result")
        outside = isinstance(result, dict) and result.get("contact_type", _INTERNAL) != _INTERNAL
        if found.get("errcode") == _NO_MEMBER or outside:
            raise SignInError(say("providers.no_member", provider="DingTalk 钉钉"), why="refused")
        if found.get("errcode", 0) != 0:
            raise provider_wrong(
                say("providers.app_error", host=host_of(self._old_api), code=str(found["errcode"])[:20])
            )
        return self._text(result if isinstance(result, dict) else {}, "userid")

    async def would_work(self) -> Message:
        """Whether key and secret are known."""
        self._token.forget()
        await self._token.get()
        return say("providers.app_works", host=self._host)

    async def _token_of_person(self, code: str) -> str:
        asked = {"clientId": self._application.key, "clientSecret": self._application.secret, "code": code}
        answer = await self._fetcher.post_json(
            f"{self._api}/v1.0/oauth2/userAccessToken", asked | {"grantType": "authorization_code"}
        )
        if not answer.good and "authcode" in _code(answer).lower():  # invalidParameter.authCode.notFound
            raise SignInError(say("providers.code_refused", host=self._host), why="refused")
        return self._text(self._good(answer), "accessToken")

    async def _member(self, union: str) -> Json:
        address = f"{self._old_api}/topapi/user/getbyunionid"
        return (await self._fetcher.post_json(address, {"unionid": union}, access_token=await self._token.get())).json()

    async def _ask_token(self) -> tuple[str, float]:
        asked = {"appKey": self._application.key, "appSecret": self._application.secret}
        found = self._good(await self._fetcher.post_json(f"{self._api}/v1.0/oauth2/accessToken", asked))
        seconds = found.get("expireIn", _LIFE)
        return self._text(found, "accessToken"), float(seconds) if isinstance(seconds, (int, float)) else _LIFE

    def _good(self, answer: Answer) -> Json:
        if not answer.good:
            raise provider_wrong(say("providers.app_error", host=self._host, code=_code(answer) or answer.status))
        return answer.json()

    def _text(self, found: Json, name: str) -> str:
        text = found.get(name)
        if not isinstance(text, str) or not text or (bounds.of_id(text) is not None and "Token" not in name):
            raise provider_wrong(say("providers.no_claim", host=self._host, claim=name))
        return text


def _code(answer: Answer) -> str:
    """Its word for what is wrong; its `message` is left out, which quotes what was sent."""
    return "".join(one for one in str(answer.json().get("code", "")) if one.isalnum() or one in "._-")[:80]
