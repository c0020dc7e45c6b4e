"""DingTalk, against a stub of its documented answers: no registry has its server."""

import asyncio

import pytest

from services.accounts.providers.dingtalk import Application, Dingtalk
from services.accounts.providers.fetching import Fetcher
from services.errors import SignInError
from tests.sign_in.browser import CALLBACK, parameters
from tests.sign_in.stub import stub

BACK = CALLBACK.format("dingtalk")
SECRET = "of the application"


class Corporation:
    """As the pages of userAccessToken, contact/users/me, accessToken and getbyunionid say."""

    def __init__(self, server):
        self.server, self.token, self.codes = server, 1, {"c1": "u1"}
        self.members = {"u1": {"contact_type": 0, "userid": "t1"}, "u2": {"contact_type": 1, "userid": "e1"}}
        server.answers |= {
            "/v1.0/oauth2/userAccessToken": self._of_person,
            "/v1.0/oauth2/accessToken": self._of_application,
            "/v1.0/contact/users/me": lambda said: {
                "nick": "张三", "unionId": said["headers"]["x-acs-dingtalk-access-token"].removeprefix("of "),
                "openId": "o1", "stateCode": "86",
            },
            "/topapi/user/getbyunionid": self._member,
        }  # fmt: skip
        self.dingtalk = self.with_secret(SECRET)
        self.kept = asyncio.run(self.dingtalk.begin(BACK)).kept

    def with_secret(self, secret):
        return Dingtalk(Application("ding1", secret), Fetcher(), self.server.url, self.server.url)

    def _of_person(self, said):
        if (said["clientId"], said["clientSecret"], said["grantType"]) != ("ding1", SECRET, "authorization_code"):
            return 400, {"code": "invalidClientIdOrSecret", "message": f"无效的 {said['clientSecret']}"}
        union = self.codes.pop(said["code"], None)
        if union is None:
            return 400, {
                "code": "invalidParameter.authCode.notFound",
                "requestid": "r",
                "message": "不存在的临时授权码",
            }
        return {"accessToken": f"of {union}", "refreshToken": "r", "expireIn": 7200, "corpId": "corp1"}

    def _of_application(self, said):
        if (said["appKey"], said["appSecret"]) != ("ding1", SECRET):
            return 400, {"code": "invalidClientIdOrSecret", "message": "无效的appKey"}
        return {"accessToken": f"token-{self.token}", "expireIn": 7200}

    def _member(self, said):
        if said["access_token"] != f"token-{self.token}":
            return {"errcode": 40014, "errmsg": "不合法的access_token"}
        if said["unionid"] not in self.members:
            return {"errcode": 60121, "errmsg": "找不到该用户", "request_id": "r"}
        return {"errcode": 0, "errmsg": "ok", "result": self.members[said["unionid"]]}

    def finish(self, dingtalk=None, **more):
        said = {"state": self.kept["state"], "authCode": "c1"} | more
        return asyncio.run((dingtalk or self.dingtalk).finish(said, self.kept, BACK))

    def refusal(self, dingtalk=None, **more):
        with pytest.raises(SignInError) as raised:
            self.finish(dingtalk, **more)
        return raised.value


@pytest.fixture
def corporation():
    with stub() as server:
        yield Corporation(server)


def test_the_page_is_asked_for_a_code(corporation):
    begun = asyncio.run(corporation.dingtalk.begin(BACK))
    asked = parameters(begun.address)
    assert begun.address.startswith("https://login.dingtalk.com/oauth2/auth?")
    assert asked == {
        "redirect_uri": BACK, "response_type": "code", "client_id": "ding1", "scope": "openid",
        "state": begun.kept["state"], "prompt": "consent",
    }  # fmt: skip


def test_a_member_is_known_by_userid(corporation):
    assert corporation.finish() == "t1"


def test_an_application_asks_for_one_token_until_it_is_gone(corporation):
    corporation.codes |= {"c2": "u1", "c3": "u1"}
    corporation.finish()
    corporation.finish(authCode="c2")
    asked = [path for path, _ in corporation.server.asked]
    assert asked.count("/v1.0/oauth2/accessToken") == 1
    corporation.token = 2
    assert corporation.finish(authCode="c3") == "t1"


def test_a_code_counts_once(corporation):
    corporation.finish()
    refused = corporation.refusal()
    assert (refused.why, refused.message.id) == ("refused", "providers.code_refused")


def test_a_return_that_is_not_ours_asks_nobody(corporation):
    assert corporation.refusal(state="another").message.id == "providers.of_another_sign_in"
    assert corporation.server.asked == []


def test_who_does_not_agree_has_cancelled(corporation):
    assert corporation.refusal(authCode="").why == "cancelled"


@pytest.mark.parametrize("union", ["u2", "u3"], ids=["outside contact", "another corporation"])
def test_who_is_no_member_is_told_whom_to_ask(corporation, union):
    corporation.codes["c1"] = union
    refused = corporation.refusal()
    assert (refused.why, refused.message.id) == ("refused", "providers.no_member")


def test_a_wrong_secret_is_told_by_its_code_alone(corporation):
    wrong = corporation.with_secret("guessed")
    refused = corporation.refusal(wrong)
    assert (refused.why, refused.message.parameters["code"]) == ("provider", "invalidClientIdOrSecret")
    assert "guessed" not in str(refused) + repr(vars(wrong))
    with pytest.raises(SignInError, match="invalidClientIdOrSecret"):
        asyncio.run(wrong.would_work())


def test_the_check_asks_for_a_token(corporation):
    assert asyncio.run(corporation.dingtalk.would_work()).id == "providers.app_works"
