"""CAS: against a real server (django-cas-server of PyPI), and against one that answers what a test says."""

import asyncio

import pytest

from services.accounts.providers.cas import Cas
from services.accounts.providers.fetching import Fetcher
from services.errors import SignInError
from tests.sign_in import PEOPLE, STAFF
from tests.sign_in.browser import CALLBACK, at_cas, browser, parameters
from tests.sign_in.stub import stub

BACK = CALLBACK.format("cas")


def signed_in(cas, name="t1", password=None):
    begun = asyncio.run(cas.begin(BACK))
    with browser() as client:
        return at_cas(client, begun.address, name, password or PEOPLE[name], BACK), begun.kept


def name_of(cas, back, kept, callback=BACK):
    return asyncio.run(cas.finish(parameters(back), kept, callback))


def refused(cas, back, kept, callback=BACK):
    with pytest.raises(SignInError) as raised:
        name_of(cas, back, kept, callback)
    return raised.value.why, raised.value.message.id


@pytest.mark.parametrize(("attribute", "name"), [("", "t1"), ("employeeNumber", STAFF["t1"])], ids=["CAS 2", "CAS 3"])
def test_a_person_signs_in_at_a_real_server(cas_server, attribute, name):
    cas = Cas(cas_server.url, attribute, Fetcher())
    assert name_of(cas, *signed_in(cas)) == name


def test_a_wrong_password_stays_at_the_server(cas_server):
    page, _ = signed_in(Cas(cas_server.url, "", Fetcher()), password="wrong")
    assert (page.status_code, "password" in page.text) == (200, True)


def test_a_ticket_counts_once(cas_server):
    cas = Cas(cas_server.url, "", Fetcher())
    back, kept = signed_in(cas)
    name_of(cas, back, kept)
    assert refused(cas, back, kept) == ("refused", "providers.code_refused")


def test_a_ticket_of_another_browser_is_refused(cas_server):
    cas = Cas(cas_server.url, "", Fetcher())
    back, _ = signed_in(cas)
    _, kept = signed_in(cas)
    assert refused(cas, back, kept) == ("refused", "providers.of_another_sign_in")
    stolen = back.replace(parameters(back)["state"], kept["state"])  # with our state: it is of another service
    assert refused(cas, stolen, kept) == ("refused", "providers.code_refused")


def test_a_ticket_for_another_place_is_refused(cas_server):
    cas = Cas(cas_server.url, "", Fetcher())
    back, kept = signed_in(cas)
    assert refused(cas, back, kept, "http://127.0.0.1:10/elsewhere") == ("refused", "providers.code_refused")


def test_who_comes_back_without_a_ticket_begins_again(cas_server):
    cas = Cas(cas_server.url, "", Fetcher())
    back, kept = signed_in(cas)
    assert refused(cas, back.partition("&ticket=")[0], kept) == ("refused", "providers.of_another_sign_in")


def test_an_attribute_that_nobody_says_is_named(cas_server):
    cas = Cas(cas_server.url, "jobNumber", Fetcher())
    back, kept = signed_in(cas)
    with pytest.raises(SignInError, match="`jobNumber`"):
        name_of(cas, back, kept)


def test_the_check_says_what_it_found_at_a_real_server(cas_server):
    found = asyncio.run(Cas(cas_server.url, "employeeNumber", Fetcher()).would_work())
    assert (found.id, found.parameters["code"]) == ("providers.cas_works", "INVALID_TICKET")
    wrong = Cas(cas_server.url.removesuffix("/cas"), "", Fetcher())
    with pytest.raises(SignInError, match="status 404"):
        asyncio.run(wrong.would_work())


def response(inside):
    return f'<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{inside}</cas:serviceResponse>'.encode()


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        pytest.param("", "providers.not_cas", id="neither yes nor no"),
        pytest.param("<cas:authenticationSuccess/>", "providers.no_claim", id="nobody"),
        pytest.param(
            "<cas:authenticationSuccess><cas:user> </cas:user></cas:authenticationSuccess>",
            "providers.no_claim", id="blank",
        ),
        pytest.param(
            f"<cas:authenticationSuccess><cas:user>{'x' * 129}</cas:user></cas:authenticationSuccess>",
            "providers.no_claim", id="too long",
        ),
        pytest.param(
            "<cas:proxySuccess><cas:user>t1</cas:user></cas:proxySuccess>", "providers.not_cas", id="something else"
        ),
        pytest.param(
            '<cas:authenticationFailure code="UNAUTHORIZED_SERVICE"/>', "providers.cas_refused", id="not registered"
        ),
        pytest.param(
            '<cas:authenticationFailure code="INVALID_TICKET"/>', "providers.code_refused", id="expired ticket"
        ),
    ],
)  # fmt: skip
def test_an_answer_that_says_nobody_is_refused(inside, what):
    with stub() as server:
        server.answers["/serviceValidate"] = response(inside)
        cas = Cas(server.url, "", Fetcher())
        assert refused(cas, "?state=s&ticket=ST-1", {"state": "s"})[1] == what


def test_an_answer_with_entities_is_not_read():
    success = "<cas:authenticationSuccess><cas:user>&who;</cas:user></cas:authenticationSuccess>"
    with stub() as server:
        server.answers["/serviceValidate"] = b'<!DOCTYPE a [<!ENTITY who "t1">]>' + response(success)
        cas = Cas(server.url, "", Fetcher())
        assert refused(cas, "?state=s&ticket=ST-1", {"state": "s"})[1] == "providers.not_cas"


def test_what_a_ticket_holds_is_sent_as_one_parameter():
    with stub() as server:
        server.answers["/serviceValidate"] = response("<cas:authenticationFailure code='INVALID_TICKET'/>")
        cas = Cas(server.url, "", Fetcher())
        refused(cas, "?state=s&ticket=ST-1%26service%3Dhttps%3A%2F%2Fevil.example%23", {"state": "s"})
        [(_, asked)] = server.asked
    assert (asked["ticket"], asked["service"]) == ("ST-1&service=https://evil.example#", f"{BACK}?state=s")
