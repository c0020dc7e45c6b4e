"""To a provider's page and back, over both databases; with real providers: tests/acceptance/test_sign_in.py."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from services.accounts.providers import Begun, cancelled, provider_wrong
from services.accounts.rows import AccountRow, BegunRow
from services.i18n import say
from services.messages import to_ms
from services.notify.store import accounts
from services.notify.testing import change, facts
from services.web.provider_pages import BEGUN
from services.web.visitor import SESSION

WARNING = f"/warnings/{facts().warning_id}"
BACK = "http://campus/sign-in/cas/back"


class Redirecting:
    """Says `name`, or raises it."""

    def __init__(self, name="T1"):
        self.name, self.seen = name, []

    async def begin(self, callback, browser=""):
        self.seen.append((callback, browser))
        return Begun("https://cas.college.example/login", {"state": "s1"})

    async def finish(self, parameters, kept, callback):
        self.seen.append((parameters, kept, callback))
        if isinstance(self.name, Exception):
            raise self.name
        return self.name

    async def would_work(self):
        return say("providers.cancelled")


class Password:
    """Knows one password."""

    async def check(self, name, password):
        return name if password == "right" else None

    async def would_work(self):
        return say("providers.cancelled")


@pytest.fixture
def provider():
    return Redirecting()


@pytest.fixture
def person(notify, browser_of, provider):
    """A browser in which nobody is signed in, where a push has led to a warning."""
    notify.take_in([change()], 1)
    return browser_of(notify, None, providers={"cas": provider, "ldap": Password()})


def begun(person, goal=WARNING):
    return person.get(f"/sign-in/cas?next={goal}", headers={"user-agent": "wxwork"})


def test_a_sign_in_leads_to_the_page_that_was_asked_for_and_is_kept_on_our_side(person, provider):
    page = person.get(f"/sign-in?next={WARNING}")
    assert f'href="/sign-in/cas?next={WARNING}"' in page.text
    away = begun(person)
    assert (away.status_code, away.headers["location"]) == (303, "https://cas.college.example/login")
    assert "s1" not in str(away.headers)
    cookie = away.headers["set-cookie"]
    assert all(part in cookie for part in (BEGUN, "HttpOnly", "SameSite=lax"))
    back = person.get("/sign-in/cas/back?state=s1&ticket=ST-1")
    assert (back.status_code, back.headers["location"]) == (303, WARNING)
    assert provider.seen == [(BACK, "wxwork"), ({"state": "s1", "ticket": "ST-1"}, {"state": "s1"}, BACK)]
    assert person.get(WARNING).status_code == 200


def test_a_return_counts_once_whatever_came_of_it(person, provider):
    provider.name = cancelled()
    begun(person)
    first, second = (person.get("/sign-in/cas/back?lang=en") for _ in range(2))
    assert (first.status_code, "was not finished" in first.text) == (403, True)
    assert (second.status_code, "belongs to no sign-in" in second.text) == (403, True)
    assert len(provider.seen) == 2


def test_a_return_counts_for_ten_minutes(person, provider, clock):
    begun(person)
    clock.now += timedelta(minutes=10)
    assert person.get("/sign-in/cas/back").status_code == 403
    assert len(provider.seen) == 1


def test_the_page_that_refuses_leads_back_to_the_warning_in_both_languages(person, provider):
    provider.name = provider_wrong(say("providers.no_answer", host="cas.college.example", seconds="10"))
    begun(person)
    page = person.get("/sign-in/cas/back?lang=en")
    assert (page.status_code, "does not answer within 10 seconds" in page.text) == (502, True)
    assert f'href="/sign-in/cas?next={WARNING}"' in page.text
    assert "/sign-in/cas/back" not in page.text
    begun(person)
    assert "10 秒内没有应答" in person.get("/sign-in/cas/back?lang=zh").text


@pytest.mark.parametrize("name", ["admin", "nobody", "x" * 200, "<b>T1</b>"])
def test_whom_the_directory_does_not_know_is_nobody_even_with_the_name_of_a_local_account(
    person, provider, notify, clock, name
):
    with notify.database.writing() as connection:
        accounts.add_account(connection, AccountRow(person="admin", operator=1, made=to_ms(clock())))
    provider.name = name
    begun(person)
    page = person.get("/sign-in/cas/back")
    assert (page.status_code, SESSION in person.cookies, "<b>" in page.text) == (403, False, False)


@pytest.mark.parametrize("goal", ["https://evil.test", "//evil.test", "/warnings/../x", "/sign-in/cas/back"])
def test_a_crafted_goal_leads_to_no_address_but_ours(person, goal):
    begun(person, goal)
    to = person.get("/sign-in/cas/back").headers["location"]
    assert to.startswith("/")
    assert "evil" not in to


def test_under_a_sub_path_every_address_begins_with_it(person, provider):
    asyncio.run(_under(person._app, provider))


async def _under(app, provider):
    async def within(scope, receive, send):
        await app({**scope, "root_path": "/warn"}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(within), base_url="https://college.example") as client:
        away = await client.get(f"/warn/sign-in/cas?next={WARNING}")
        assert all(part in away.headers["set-cookie"] for part in ("Path=/warn", "Secure"))
        back = await client.get("/warn/sign-in/cas/back?state=s1")
        assert (back.status_code, back.headers["location"]) == (303, f"/warn{WARNING}")
        provider.name = cancelled()
        await client.get(f"/warn/sign-in/cas?next={WARNING}")
        page = await client.get("/warn/sign-in/cas/back?state=s1")
        assert f'href="/warn/sign-in/cas?next={WARNING}"' in page.text
        assert "/warn/sign-in/cas/back" not in page.text


def test_a_flood_of_beginnings_leaves_a_small_table(notify, rows, monkeypatch):
    monkeypatch.setattr(accounts, "_MOST_BEGUN", 5)
    with notify.database.writing() as connection:
        for number in range(20):
            accounts.keep_begun(
                connection, BegunRow(digest=str(number), provider="cas", kept="{}", goal="", made=1_000_000 + number)
            )
    kept = [row["digest"] for row in rows(notify, "SELECT digest FROM begun_sign_in ORDER BY made")]
    assert kept == ["15", "16", "17", "18", "19"]


def test_a_password_is_asked_for_on_a_page_of_ours(person):
    page = person.get(f"/sign-in/ldap?next={WARNING}")
    assert 'action="/sign-in/ldap"' in page.text
    token = person.token("/sign-in/ldap")
    wrong = person.post("/sign-in/ldap", token=token, name="T1", password="wrong", next=WARNING)
    assert (wrong.status_code, 'action="/sign-in/ldap"' in wrong.text) == (403, True)
    right = person.post("/sign-in/ldap", token=token, name="T1", password="right", next=WARNING)
    assert (right.status_code, right.headers["location"]) == (303, WARNING)


def test_who_tries_too_often_waits_though_the_password_is_right(person):
    token = person.token("/sign-in/ldap")
    for _ in range(5):
        assert person.post("/sign-in/ldap", token=token, name="T1", password="wrong").status_code == 403
    waits = person.post("/sign-in/ldap", token=token, name="T1", password="right")
    assert (waits.status_code, waits.headers["retry-after"]) == (429, "30")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sign-in/none"), ("GET", "/sign-in/none/back"), ("GET", "/sign-in/ldap/back"),
     ("POST", "/sign-in/none"), ("POST", "/sign-in/cas")],
)  # fmt: skip
def test_what_is_not_set_is_not_there(person, method, path):
    assert person._ask(method, path).status_code == 404


def test_without_providers_there_is_nothing_of_them(stranger):
    assert stranger.get("/sign-in/cas").status_code in (404, 405)
