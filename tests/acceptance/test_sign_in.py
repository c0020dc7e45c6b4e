"""A person signs in at a real server of each kind, and comes to the page that they wanted: `prewarn run`, real HTTP."""

import html
import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tests.faults.running import Served, free_port, running, until, write_table
from tests.rule_files import folder, rule
from tests.sign_in import PEOPLE
from tests.sign_in.browser import at_cas, at_openid, browser
from tests.sign_in.openid import CLIENT, SECRET
from tests.sign_in.slapd import BASE, SEARCHER, SEARCHER_PASSWORD

EXTERNAL = {"oidc": at_openid, "cas": at_cas}


@pytest.fixture(scope="module")
def served(tmp_path_factory, openid_server, cas_server, ldap_server):
    """A college whose tutor is t1, with one warning, that signs in by all three."""
    home = tmp_path_factory.mktemp("sign_in") / "college"
    folder(home / "rules", rule())
    write_table(home / "directory", "people.csv", "id,name", [("t1", "Anna"), ("t2", "Bo")])
    write_table(home / "directory", "classes.csv", "id,name", [("m1", "M1")])
    roles = [("class_tutor", "t1", "class", "m1"), ("rules_operator", "t2", "", "")]
    write_table(home / "directory", "roles.csv", "role,person,scope_kind,scope", roles)
    write_table(home / "directory", "students.csv", "id,name,class", [("sue", "Sue", "m1")])
    secret = home / "secret"
    secret.write_text(SECRET)
    settings = {
        "PREWARN_OIDC_ISSUER": openid_server.issuer, "PREWARN_OIDC_CLIENT_ID": CLIENT,
        "PREWARN_OIDC_CLIENT_SECRET_FILE": str(secret), "PREWARN_OIDC_CLAIM": "preferred_username",
        "PREWARN_CAS_URL": cas_server.url, "PREWARN_LDAP_URL": ldap_server.tls_url, "PREWARN_LDAP_BASE": BASE,
        "PREWARN_LDAP_BIND": SEARCHER, "PREWARN_LDAP_BIND_PASSWORD": SEARCHER_PASSWORD,
        "PREWARN_SIGN_IN_CA": str(ldap_server.ca),
    }  # fmt: skip
    port = free_port()
    with running(home, "run", "--port", str(port), **settings) as process:
        served = Served(process, port)
        until(served.ready, "the process serves")
        assert served.post([_absence(number) for number in (1, 2)]).status == 202
        sink = home / "outbox.log"
        until(lambda: sink.exists() and sink.read_text("utf-8").endswith("\n"), "the message is out")
        served.link = json.loads(sink.read_text("utf-8").splitlines()[0])["link"]
        yield served


def _absence(number):
    at = datetime.now(UTC) - timedelta(hours=3, minutes=-number)
    data = {"lesson": f"l{number}", "course": "algebra", "student": "sue", "status": "absent", "hours": 1}
    return {
        "specversion": "1.0", "source": "test", "id": str(number), "type": "attendance", "time": at.isoformat(),
        "data": data,
    }  # fmt: skip


@contextmanager
def person():
    """Somebody with a browser of their own, who reads English."""
    with browser() as client:
        client.headers["accept-language"] = "en"
        yield client


def offered(page, provider):
    """The address behind the button of a provider."""
    return html.unescape(re.search(rf'href="([^"]*/sign-in/{provider}[^"]*)"', page.text)[1])


def led(client, address):
    """The page to which an address of ours leads."""
    return client.get(address, follow_redirects=True)


def at_provider(client, served, provider, name="t1", password=None, page=None, **more):
    """From the sign-in page to the provider's, and the address to which it sends the browser back."""
    page = page or led(client, served.link)
    address = served.url + offered(page, provider)
    back = f"{served.url}/sign-in/{provider}/back"
    begun = client.get(address)
    return EXTERNAL[provider](client, begun.headers["location"], name, password or PEOPLE[name], back, **more)


def by_password(client, page, name="t1", password=None):
    """Types name and password into the form of LDAP."""
    form = client.get(str(page.url.join(offered(page, "ldap"))))
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form.text))
    action = html.unescape(re.search(r'<form method="post" action="([^"]*ldap[^"]*)"', form.text)[1])
    sent = {**{n: html.unescape(v) for n, v in hidden.items()}, "name": name, "password": password or PEOPLE[name]}
    return client.post(str(page.url.join(action)), data=sent, follow_redirects=True)


def signed_in(client, served, provider, name="t1", page=None):
    """The page at the end."""
    if provider == "ldap":
        return by_password(client, page or led(client, served.link), name)
    return led(client, at_provider(client, served, provider, name, page=page))


PROVIDERS = pytest.mark.parametrize("provider", ["oidc", "cas", "ldap"])


@PROVIDERS
def test_the_link_of_a_push_leads_through_sign_in_to_its_warning(served, provider):
    with person() as client:
        page = signed_in(client, served, provider)
        assert (page.status_code, str(page.url)) == (200, served.link)
        assert led(client, served.link).status_code == 200  # it goes on
        assert not {"prewarn_sign_in"} & set(client.cookies)


@PROVIDERS
def test_whom_the_directory_does_not_know_is_told_whom_to_ask(served, provider):
    with person() as client:
        page = signed_in(client, served, provider, "nobody")
        assert (page.status_code, "nobody" in page.text, "Bo" in page.text) == (403, True, True)
        assert "/sign-in" in str(led(client, served.link).url)


@PROVIDERS
@pytest.mark.parametrize(
    "goal", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/%2f%2fevil.example/..//", "javascript:x"]
)
def test_a_crafted_goal_leads_to_our_own_pages(served, provider, goal):
    with person() as client:
        page = client.get(f"{served.url}/sign-in", params={"next": goal})
        found = signed_in(client, served, provider, page=page)
        assert urlsplit(str(found.url)).netloc == urlsplit(served.url).netloc
        assert found.status_code == 200


@pytest.mark.parametrize("provider", ["oidc", "cas"])
def test_a_return_counts_once_and_in_one_browser(served, provider):
    with person() as client, person() as other:
        back = at_provider(client, served, provider)
        stolen = led(other, back)
        assert (stolen.status_code, "belongs to no sign-in" in stolen.text) == (403, True)
        assert led(client, back).status_code == 200
        again = led(client, back)
        assert (again.status_code, "belongs to no sign-in" in again.text) == (403, True)


def test_who_cancels_reads_so_and_may_begin_again(served):
    with person() as client:
        page = led(client, at_provider(client, served, "oidc", cancel=True))
        assert (page.status_code, "was not finished" in page.text) == (403, True)
        assert signed_in(client, served, "oidc", page=page).status_code == 200


def test_a_wrong_password_stays_on_the_form_and_many_have_to_wait(served):
    with person() as client:
        page = led(client, served.link)
        codes = [by_password(client, page, "t2", "wrong").status_code for _ in range(7)]
    assert codes[0] == 403
    assert codes[-1] == 429


def test_a_form_of_another_site_is_refused(served):
    with person() as client:
        led(client, served.link)
        sent = {"name": "t1", "password": PEOPLE["t1"], "token": "guessed"}
        assert client.post(f"{served.url}/sign-in/ldap", data=sent).status_code == 403


@pytest.mark.parametrize("path", ["/sign-in/none", "/sign-in/none/back", "/sign-in/ldap/back"])
def test_a_provider_that_is_not_set_is_not_there(served, path):
    with person() as client:
        assert client.get(served.url + path).status_code == 404


@pytest.mark.parametrize("provider", ["oidc", "cas"])
def test_a_provider_that_is_away_is_said_so(tmp_path, provider):
    folder(tmp_path / "college" / "rules", rule())
    away = f"http://127.0.0.1:{free_port()}"
    port = free_port()
    settings = {
        "oidc": {"PREWARN_OIDC_ISSUER": away, "PREWARN_OIDC_CLIENT_ID": CLIENT},
        "cas": {"PREWARN_CAS_URL": away},
    }[provider]
    with running(tmp_path / "college", "run", "--port", str(port), **settings) as process:
        served = Served(process, port)
        until(served.ready, "the process serves")
        with person() as client:
            page = led(client, f"{served.url}/sign-in")
            begun = client.get(served.url + offered(page, provider))
            if provider == "cas":  # whose page is the browser's to reach
                state = {"state": re.search(r"state%3D([^&]+)", begun.headers["location"])[1], "ticket": "ST-1"}
                begun = client.get(f"{served.url}/sign-in/cas/back", params=state)
            assert (begun.status_code, "cannot be reached" in begun.text) == (502, True)
        assert "cannot be reached" in process.said()


def test_a_wrong_setting_ends_the_start_for_good(tmp_path):
    folder(tmp_path / "college" / "rules", rule())
    with running(tmp_path / "college", "run", "--port", str(free_port()), PREWARN_CAS_URL="cas.college") as process:
        assert process.popen.wait(60) == 78
        assert "PREWARN_CAS_URL is not right; an example: https://cas.college.example/cas" in process.said()
