"""WeCom 企业微信: in its app by 网页授权登录 (document/path/91022), in other browsers by scanning (path/98152).

Both come back with a code, which `auth/getuserinfo` (path/91023) turns into the member's UserID.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from urllib.parse import urlencode

from services import bounds
from services.accounts.providers import Begun, cancelled, of_another_sign_in, provider_wrong
from services.accounts.providers.app_tokens import AppToken
from services.accounts.providers.fetching import Fetcher, host_of
from services.errors import SignInError
from services.i18n import say
from services.messages import Json, Message

_IN_APP = "https://open.weixin.qq.com/connect/oauth2/authorize"
_BY_SCAN = "https://login.work.weixin.qq.com/wwlogin/sso/login"
_API = "https://qyapi.weixin.qq.com/cgi-bin"
_APP = "wxwork"
"""In the User-Agent of WeCom's own browser."""
_BAD_CODE, _TOKEN_GONE, _NOT_FROM_HERE = (40029, 40163), (40014, 42001), 60020
_LIFE = 7200.0


@dataclass(frozen=True)
class Application:
    """One application that the college has made (自建应用)."""

    corp_id: str
    agent: str
    secret: str = field(repr=False)


class Wecom:
    """One application of one corporation. `api`: in front of /gettoken; tests put their own there."""

    def __init__(self, application: Application, fetcher: Fetcher, api: str = _API) -> None:
        self._application, self._fetcher, self._api = application, fetcher, api
        self._host = host_of(api)
        self._token = AppToken(self._ask_token)

    async def begin(self, callback: str, browser: str = "") -> Begun:
        """In WeCom's own browser to the silent authorization, elsewhere to the code that the phone scans."""
        state = token_hex(24)  # letters and digits only, at most 128
        app, redirect = self._application, {"redirect_uri": callback, "state": state}
        if _APP in browser.lower():
            asked = {"appid": app.corp_id, "response_type": "code", "scope": "snsapi_base", "agentid": app.agent}
            return Begun(f"{_IN_APP}?{urlencode(asked | redirect)}#wechat_redirect", {"state": state})
        asked = {"login_type": "CorpApp", "appid": app.corp_id, "agentid": app.agent}
        return Begun(f"{_BY_SCAN}?{urlencode(asked | redirect)}", {"state": state})

    async def finish(self, parameters: Mapping[str, str], kept: Mapping[str, str], callback: str) -> str:  # noqa: ARG002 - of all redirecting providers
        """The UserID of the member."""
        if not hmac.compare_digest(parameters.get("state", "").encode(), kept.get("state", "-").encode()):
            raise of_another_sign_in()
        if not (code := parameters.get("code")):
            raise cancelled()  # who does not agree comes back without one
        found = await self._ask_user(code)
        if found.get("errcode") in _TOKEN_GONE:  # it was made anew elsewhere
            self._token.forget()
            found = await self._ask_user(code)
        if found.get("errcode") in _BAD_CODE:
            raise SignInError(say("providers.code_refused", host=self._host), why="refused")
        self._refuse(found)
        name = found.get("userid") or found.get("UserId")
        if not name and (found.get("openid") or found.get("OpenId")):
            raise SignInError(say("providers.no_member", provider="WeCom 企业微信"), why="refused")
        if not isinstance(name, str) or bounds.of_id(name) is not None:
            raise provider_wrong(say("providers.no_claim", host=self._host, claim="userid"))
        return name

    async def would_work(self) -> Message:
        """Whether corporation and secret are known, and this machine may ask."""
        self._token.forget()
        await self._token.get()
        return say("providers.app_works", host=self._host)

    async def _ask_user(self, code: str) -> Json:
        asked = {"access_token": await self._token.get(), "code": code}
        return (await self._fetcher.get(f"{self._api}/auth/getuserinfo", asked)).json()

    async def _ask_token(self) -> tuple[str, float]:
        asked = {"corpid": self._application.corp_id, "corpsecret": self._application.secret}
        found = (await self._fetcher.get(f"{self._api}/gettoken", asked)).json()
        self._refuse(found)
        token, seconds = found.get("access_token"), found.get("expires_in", _LIFE)
        if not isinstance(token, str) or not token or not isinstance(seconds, (int, float)):
            raise provider_wrong(say("providers.no_claim", host=self._host, claim="access_token"))
        return token, float(seconds)

    def _refuse(self, found: Json) -> None:
        """Its `errmsg` is left out: it quotes what was sent."""
        code = found.get("errcode", 0)
        if code == _NOT_FROM_HERE:
            raise provider_wrong(say("providers.not_from_here", host=self._host))
        if code != 0:
            raise provider_wrong(say("providers.app_error", host=self._host, code=str(code)[:20]))
