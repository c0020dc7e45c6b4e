"""WeCom, against a stub of its documented answers: no registry has its server."""

import asyncio

import pytest

from services.accounts.providers.fetching import Fetcher
from services.accounts.providers.wecom import Application, Wecom
from services.errors import SignInError
from tests.sign_in.browser import CALLBACK, parameters
from tests.sign_in.stub import stub

BACK = CALLBACK.format("wecom")
SECRET = "of the application"


class Corporation:
    """As document/path/91039 (gettoken) and 91023 (auth/getuserinfo) say."""

    def __init__(self, server):
        self.server, self.token, self.codes = server, 1, {"c1": {"userid": "t1"}}
        server.answers |= {"/cgi-bin/gettoken": self._get_token, "/cgi-bin/auth/getuserinfo": self._get_user}
        self.wecom = self.with_secret(SECRET)
        self.kept = asyncio.run(self.wecom.begin(BACK)).kept

    def with_secret(self, secret):
        return Wecom(Application("ww1", "1000002", secret), Fetcher(), f"{self.server.url}/cgi-bin")

    def _get_token(self, said):
        if (said["corpid"], said["corpsecret"]) != ("ww1", SECRET):
            return {"errcode": 40001, "errmsg": f"invalid credential {said['corpsecret']}"}
        return {"errcode": 0, "errmsg": "ok", "access_token": f"token-{self.token}", "expires_in": 7200}

    def _get_user(self, said):
        if said["access_token"] != f"token-{self.token}":
            return {"errcode": 42001, "errmsg": "access_token expired"}
        found = self.codes.pop(said["code"], None)
        if found is None:
            return {"errcode": 40029, "errmsg": "invalid code"}
        return {"errcode": 0, "errmsg": "ok"} | found

    def finish(self, wecom=None, **more):
        return asyncio.run(
            (wecom or self.wecom).finish({"state": self.kept["state"], "code": "c1"} | more, self.kept, BACK)
        )

    def refusal(self, wecom=None, **more):
        with pytest.raises(SignInError) as raised:
            self.finish(wecom, **more)
        return raised.value

    def calls(self, name):
        return sum(path.endswith(name) for path, _ in self.server.asked)


@pytest.fixture
def corporation():
    with stub() as server:
        yield Corporation(server)


def test_in_wecom_it_is_silent_and_elsewhere_by_scanning(corporation):
    inside = asyncio.run(corporation.wecom.begin(BACK, "Mozilla/5.0 (iPhone) MicroMessenger/7.0 wxwork/4.1.0")).address
    outside = asyncio.run(corporation.wecom.begin(BACK, "Mozilla/5.0 Firefox")).address
    assert inside.startswith("https://open.weixin.qq.com/connect/oauth2/authorize?")
    assert inside.endswith("#wechat_redirect")
    assert outside.startswith("https://login.work.weixin.qq.com/wwlogin/sso/login?")
    for address in (inside, outside):
        asked = parameters(address)
        assert (asked["appid"], asked["agentid"], asked["redirect_uri"]) == ("ww1", "1000002", BACK)
        assert asked["state"].isalnum()
        assert len(asked["state"]) <= 128
        assert SECRET not in address


def test_a_member_is_known_by_userid(corporation):
    assert corporation.finish() == "t1"


def test_an_application_asks_for_one_token_and_keeps_it(corporation):
    corporation.codes["c2"] = {"userid": "t2"}
    assert (corporation.finish(), corporation.finish(code="c2")) == ("t1", "t2")
    assert corporation.calls("gettoken") == 1


def test_a_token_that_was_made_anew_elsewhere_is_asked_for_again(corporation):
    corporation.finish()
    corporation.token, corporation.codes = 2, {"c1": {"userid": "t1"}}
    assert (corporation.finish(), corporation.calls("gettoken")) == ("t1", 2)


def test_a_code_counts_once(corporation):
    corporation.finish()
    refused = corporation.refusal()
    assert (refused.why, refused.message.id) == ("refused", "providers.code_refused")


@pytest.mark.parametrize("more", [{"state": "another"}, {"state": ""}], ids=["another", "none"])
def test_a_return_that_is_not_ours_asks_nobody(corporation, more):
    assert corporation.refusal(**more).message.id == "providers.of_another_sign_in"
    assert corporation.server.asked == []


def test_who_does_not_agree_has_cancelled(corporation):
    assert corporation.refusal(code="").why == "cancelled"


def test_who_is_no_member_is_told_whom_to_ask(corporation):
    corporation.codes["c1"] = {"openid": "o1", "external_userid": "w1"}
    refused = corporation.refusal()
    assert (refused.why, refused.message.id) == ("refused", "providers.no_member")


def test_a_wrong_secret_is_told_by_its_code_alone(corporation):
    wrong = corporation.with_secret("guessed")
    refused = corporation.refusal(wrong)
    assert (refused.why, refused.message.parameters["code"]) == ("provider", "40001")
    assert "guessed" not in str(refused) + repr(vars(wrong))
    with pytest.raises(SignInError, match="40001"):
        asyncio.run(wrong.would_work())


def test_a_machine_that_may_not_ask_is_told_where_to_put_its_address(corporation):
    corporation.server.answers["/cgi-bin/gettoken"] = {"errcode": 60020, "errmsg": "not allow to access from your ip"}
    assert "企业可信IP" in str(corporation.refusal())


def test_the_check_asks_for_a_token(corporation):
    assert asyncio.run(corporation.wecom.would_work()).id == "providers.app_works"
