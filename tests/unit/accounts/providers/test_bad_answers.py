"""Whatever a provider answers at whatever step, the person reads one sentence, soon, and nobody is signed in."""

import asyncio
import ssl
import time

import pytest

from services.accounts.providers import dingtalk, wecom
from services.accounts.providers.cas import Cas
from services.accounts.providers.dingtalk import Dingtalk
from services.accounts.providers.fetching import Fetcher, is_secure
from services.accounts.providers.oidc import Client, Oidc
from services.accounts.providers.wecom import Wecom
from services.errors import SignInError
from services.i18n import LANGUAGES, render
from tests.sign_in.browser import CALLBACK
from tests.sign_in.slapd import certificates
from tests.sign_in.stub import BAD, stub

BACK = CALLBACK.format("any")
KEPT = {"state": "s", "nonce": "n", "verifier": "v"}
RETURN = {"state": "s", "code": "c", "ticket": "ST-1"}
FETCHER = Fetcher(seconds=0.4)
METADATA = "/.well-known/openid-configuration"


def metadata(server):
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    return {"issuer": server.url} | {name: f"{server.url}/{name}" for name in names}


STEPS = {
    "oidc": ([METADATA, "/jwks_uri", "/token_endpoint"], lambda url: Oidc(Client(url, "prewarn", "x"), FETCHER)),
    "cas": (["/serviceValidate"], lambda url: Cas(url, "", FETCHER)),
    "cas 3": (["/p3/serviceValidate"], lambda url: Cas(url, "employeeNumber", FETCHER)),
    "wecom": (["/gettoken", "/auth/getuserinfo"], lambda url: Wecom(wecom.Application("w", "1", "x"), FETCHER, url)),
    "dingtalk": (
        [
            "/v1.0/oauth2/userAccessToken", "/v1.0/contact/users/me", "/v1.0/oauth2/accessToken",
            "/topapi/user/getbyunionid",
        ],
        lambda url: Dingtalk(dingtalk.Application("d", "x"), FETCHER, url, url),
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(("provider", "step"), [(name, step) for name, (steps, _) in STEPS.items() for step in steps])
def test_a_bad_answer_is_one_sentence(provider, step, bad):
    with stub() as server:
        server.answers |= {
            METADATA: metadata(server),
            "/jwks_uri": {"keys": [{"kty": "oct", "k": "A" * 64, "kid": "1"}]},
            "/token_endpoint": {"access_token": "a", "id_token": "a.b.c"},
            "/gettoken": {"errcode": 0, "access_token": "t", "expires_in": 7200},
            "/auth/getuserinfo": {"errcode": 0, "userid": "t1"},
            "/v1.0/oauth2/userAccessToken": {"accessToken": "a"},
            "/v1.0/contact/users/me": {"unionId": "u"},
            "/v1.0/oauth2/accessToken": {"accessToken": "t", "expireIn": 7200},
            "/topapi/user/getbyunionid": {"errcode": 0, "result": {"userid": "t1"}},
            step: bad,
        }
        tested = STEPS[provider][1](server.url)
        began = time.monotonic()
        with pytest.raises(SignInError) as raised:
            asyncio.run(tested.finish(RETURN, KEPT, BACK))
        took = time.monotonic() - began
    assert raised.value.why == "provider"
    assert (raised.value.message.id == "providers.too_large") == (bad == "10 MB")
    assert "/elsewhere" not in [path for path, _ in server.asked]
    assert step in [path for path, _ in server.asked] or bad in ("never", "drop by drop")
    assert all(0 < len(render(raised.value.message, language)) < 300 for language in LANGUAGES)
    assert took < 25  # `never` takes 30 s to give up by itself: our bound was what ended it


def test_nobody_there_is_one_sentence():
    with stub() as server:
        url = server.url
    for _, made in STEPS.values():
        with pytest.raises(SignInError, match="cannot be reached: nobody answers at this port"):
            asyncio.run(made(url).finish(RETURN, KEPT, BACK))


def test_a_certificate_of_nobody_known_is_refused_and_of_a_named_authority_believed(tmp_path):
    certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with stub(context) as server:
        server.answers["/"] = {"a": 1}
        assert asyncio.run(Fetcher(tmp_path / "ca.pem").get(f"{server.url}/")).json() == {"a": 1}
        with pytest.raises(SignInError, match="cannot be reached: SSLCertVerificationError"):
            asyncio.run(Fetcher().get(f"{server.url}/"))


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://cas.college.example/cas", True), ("http://127.0.0.1:8000", True), ("http://[::1]:8000", True),
        ("http://localhost/cas", True), ("http://cas.college.example", False), ("http://127.0.0.1.evil.example", False),
        ("ftp://127.0.0.1", False), ("https://", False), ("https://a:b@cas.college.example", False),
        ("https://a:99999", False), ("//cas.college.example", False), ("http://localhost@evil.example", False),
    ],
)  # fmt: skip
def test_only_https_and_this_machine_are_secure(url, secure):
    assert is_secure(url) is secure
    if not secure:
        with pytest.raises(SignInError, match="neither https nor this machine"):
            asyncio.run(FETCHER.get(url))
