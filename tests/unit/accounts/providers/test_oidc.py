"""OpenID Connect: against a real provider (oidc-provider of npm), and against one that signs whatever a test says."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from services.accounts.providers.fetching import Fetcher
from services.accounts.providers.oidc import Client, Oidc
from services.clock import wall_clock
from services.errors import SignInError
from tests.sign_in import PEOPLE, STAFF
from tests.sign_in.browser import CALLBACK, at_openid, browser, parameters
from tests.sign_in.openid import CLIENT, PUBLIC, SECRET
from tests.sign_in.stub import stub

BACK = CALLBACK.format("oidc")


def real(server, **more):
    return Oidc(Client(server.issuer, **({"id": CLIENT, "secret": SECRET} | more)), Fetcher())


def signed_in(oidc, name="t1", **more):
    """The return's parameters and what was kept."""
    begun = asyncio.run(oidc.begin(BACK))
    with browser() as client:
        back = at_openid(client, begun.address, name, more.pop("password", PEOPLE[name]), BACK, **more)
    return back, begun.kept


def name_of(oidc, back, kept):
    return asyncio.run(oidc.finish(parameters(back), kept, BACK))


def refused(oidc, back, kept):
    with pytest.raises(SignInError) as raised:
        name_of(oidc, back, kept)
    return raised.value.why, raised.value.message.id


@pytest.mark.parametrize(
    ("more", "name"),
    [
        pytest.param({}, "t1", id="by subject"),
        pytest.param({"claim": "employee_number"}, STAFF["t1"], id="by a claim that only userinfo has"),
        pytest.param({"id": PUBLIC, "secret": None}, "t1", id="client without a secret"),
    ],
)
def test_a_person_signs_in_at_a_real_provider(openid_server, more, name):
    oidc = real(openid_server, **more)
    assert name_of(oidc, *signed_in(oidc)) == name


def test_a_wrong_password_stays_at_the_provider(openid_server):
    page, _ = signed_in(real(openid_server), password="wrong")
    assert page.status_code == 401


def test_who_cancels_is_told_so(openid_server):
    oidc = real(openid_server)
    assert refused(oidc, *signed_in(oidc, cancel=True)) == ("cancelled", "providers.cancelled")


def test_a_code_counts_once(openid_server):
    oidc = real(openid_server)
    back, kept = signed_in(oidc)
    name_of(oidc, back, kept)
    assert refused(oidc, back, kept) == ("refused", "providers.code_refused")


def test_a_code_of_another_browser_is_refused(openid_server):
    oidc = real(openid_server)
    back, _ = signed_in(oidc)
    _, kept = signed_in(oidc)
    assert refused(oidc, back, kept) == ("refused", "providers.of_another_sign_in")
    stolen = back.replace(parameters(back)["state"], kept["state"])  # with our state: PKCE tells it apart
    assert refused(oidc, stolen, kept) == ("refused", "providers.code_refused")


def test_the_code_of_another_provider_is_refused(openid_server):
    oidc = real(openid_server)
    back, kept = signed_in(oidc)
    assert parameters(back)["iss"] == openid_server.issuer
    other = parameters(back) | {"iss": "https://evil.example"}
    with pytest.raises(SignInError, match="belongs to no sign-in"):
        asyncio.run(oidc.finish(other, kept, BACK))


@pytest.mark.parametrize("more", [{"secret": "wrong"}, {"id": "unknown"}], ids=["secret", "client id"])
def test_a_wrong_client_is_named_without_its_secret(openid_server, more):
    oidc = real(openid_server)
    back, kept = signed_in(oidc)
    wrong = real(openid_server, **more)
    with pytest.raises(SignInError, match="PREWARN_OIDC_CLIENT_SECRET") as raised:
        name_of(wrong, back, kept)
    assert more.get("secret", SECRET) not in str(raised.value) + repr(vars(wrong))


@pytest.mark.parametrize("minutes", [-60, -1, 1, 60])
def test_a_clock_may_differ_by_a_minute_and_not_by_an_hour(openid_server, minutes):
    client = Client(openid_server.issuer, CLIENT, SECRET)
    oidc = Oidc(client, Fetcher(), lambda: wall_clock() + timedelta(minutes=minutes))
    back, kept = signed_in(oidc)
    if abs(minutes) == 1:
        assert name_of(oidc, back, kept) == "t1"
        return
    with pytest.raises(SignInError, match=r"differ by (59|60) minutes") as raised:
        name_of(oidc, back, kept)
    assert raised.value.why == "provider"


def test_the_check_says_what_it_found_at_a_real_provider(openid_server):
    found = asyncio.run(real(openid_server).would_work())
    assert (found.id, found.parameters["claim"]) == ("providers.oidc_works", "sub")
    unsure = asyncio.run(real(openid_server, claim="jobNumber").would_work())
    assert unsure.id == "providers.oidc_works_unsure"


def test_a_claim_that_nobody_says_is_named(openid_server):
    oidc = real(openid_server, claim="jobNumber")
    back, kept = signed_in(oidc)
    with pytest.raises(SignInError, match="`jobNumber`"):
        name_of(oidc, back, kept)


NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
KEY = ECKey.generate_key("P-256", {"kid": "1"})
OTHER = ECKey.generate_key("P-256", {"kid": "1"})


class Signing:
    """A provider that signs whatever it is told to."""

    def __init__(self, server):
        self.server, self.key, self.header, self.changes = server, KEY, {"alg": "ES256", "kid": "1"}, {}
        server.answers |= {
            "/.well-known/openid-configuration": {
                "issuer": server.url,
                "authorization_endpoint": f"{server.url}/auth",
                "token_endpoint": f"{server.url}/token",
                "jwks_uri": f"{server.url}/jwks",
                "userinfo_endpoint": f"{server.url}/me",
            },
            "/jwks": KeySet([KEY]).as_dict(private=False),
            "/token": lambda _: {"access_token": "a", "id_token": self.token()},
            "/me": {"sub": "t1", "number": 1001},
        }
        self.oidc = Oidc(Client(server.url, CLIENT, SECRET, "number"), Fetcher(seconds=0.4), lambda: NOW)
        self.kept = asyncio.run(self.oidc.begin(BACK)).kept

    def token(self):
        claims = {
            "iss": self.server.url, "aud": CLIENT, "sub": "t1", "nonce": self.kept["nonce"],
            "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 300,
        } | self.changes  # fmt: skip
        return jwt.encode(self.header, {n: v for n, v in claims.items() if v is not None}, self.key)

    def finish(self):
        return asyncio.run(self.oidc.finish({"state": self.kept["state"], "code": "c"}, self.kept, BACK))

    def refusal(self):
        with pytest.raises(SignInError) as raised:
            self.finish()
        return str(raised.value)


@pytest.fixture
def signing():
    with stub() as server:
        yield Signing(server)


def test_a_number_as_a_claim_is_a_name(signing):
    assert signing.finish() == "1001"


SECOND = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        pytest.param({"aud": "another"}, "`aud` is another", id="for another client"),
        pytest.param({"aud": None}, "`aud` is another", id="for nobody"),
        pytest.param({"aud": [CLIENT, "another"]}, "`azp` is another", id="for several, and not said for whom"),
        pytest.param({"azp": "another"}, "`azp` is another", id="another party"),
        pytest.param({"iss": "https://evil.example"}, "`iss` is another", id="of another issuer"),
        pytest.param({"nonce": "replayed"}, "belongs to no sign-in", id="replayed"),
        pytest.param({"nonce": None}, "belongs to no sign-in", id="without nonce"),
        pytest.param({"exp": SECOND - 121}, "`exp` is another", id="expired"),
        pytest.param({"exp": None}, "`exp` is another", id="never expires"),
        pytest.param({"exp": "tomorrow"}, "`exp` is another", id="expires in words"),
        pytest.param({"iat": SECOND + 3600}, "differ by 60 minutes", id="from the future"),
        pytest.param({"iat": SECOND - 3600}, "differ by 60 minutes", id="from the past"),
        pytest.param({"iat": 10**400}, "differ by 1000000 minutes", id="from the end of time"),
        pytest.param({"iat": None}, "`iat` is another", id="from no time"),
        pytest.param({"sub": None}, "`sub` is another", id="of nobody"),
        pytest.param({"sub": "t2"}, "`sub` is another", id="of another person than userinfo"),
        pytest.param({"number": "x" * 129}, "does not say `number`", id="too long a name"),
        pytest.param({"number": "a\0b"}, "does not say `number`", id="a name that nothing can hold"),
        pytest.param({"number": True}, "does not say `number`", id="a name that is none"),
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(signing, changes, what):
    signing.changes = changes
    assert what in signing.refusal()


def test_one_for_several_clients_that_says_for_whom_is_taken(signing):
    signing.changes = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert signing.finish() == "1001"


@pytest.mark.parametrize(
    ("header", "key"),
    [
        pytest.param({"alg": "ES256", "kid": "1"}, OTHER, id="by another key"),
        pytest.param({"alg": "ES256", "kid": "2"}, KEY, id="by a key that it does not have"),
        pytest.param({"alg": "HS256", "kid": "1"}, OctKey.import_key(SECRET * 2), id="by a shared secret"),
    ],
)
def test_a_wrong_signature_is_refused(signing, header, key):
    signing.header, signing.key = header, key
    assert "not signed as it should be" in signing.refusal()


def test_no_signature_is_refused(signing):
    good = signing.token().split(".")
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    for token in (f"{none}.{good[1]}.", f"{good[0]}.{good[1]}.", "", "rubbish", "ß.ß.ß"):
        signing.server.answers["/token"] = {"access_token": "a", "id_token": token}
        assert "not signed as it should be" in signing.refusal()


def test_new_keys_are_fetched_when_the_old_ones_do_not_do(signing):
    signing.finish()
    fresh = ECKey.generate_key("P-256", {"kid": "2"})
    signing.server.answers["/jwks"] = KeySet([KEY, fresh]).as_dict(private=False)
    signing.header, signing.key = {"alg": "ES256", "kid": "2"}, fresh
    assert signing.finish() == "1001"


def test_another_issuer_than_was_set_is_named_with_what_would_be_right(signing):
    signing.server.answers["/.well-known/openid-configuration"] = {"issuer": "https://id.college.example"}
    oidc = Oidc(Client(signing.server.url, CLIENT), Fetcher())
    with pytest.raises(SignInError, match=r"says that it is https://id.college.example: that is what should stand"):
        asyncio.run(oidc.begin(BACK))


def test_an_endpoint_that_is_not_https_is_refused(signing):
    signing.server.answers["/.well-known/openid-configuration"]["token_endpoint"] = "http://id.college.example/token"
    oidc = Oidc(Client(signing.server.url, CLIENT), Fetcher())
    with pytest.raises(SignInError, match="does not say its `token_endpoint`, or it is not https"):
        asyncio.run(oidc.begin(BACK))


def test_neither_verifier_nor_nonce_is_in_the_address_and_the_secret_nowhere(signing):
    begun = asyncio.run(signing.oidc.begin(BACK))
    assert begun.kept["verifier"] not in begun.address
    assert not any(one in repr(begun).partition("address=")[2].partition("kept")[2] for one in begun.kept.values())
    assert SECRET not in repr(vars(signing.oidc)) + begun.address
