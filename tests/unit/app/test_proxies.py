"""What a proxy says is believed of the named ones alone; pages work under a sub-path, with it in the path or not."""

import asyncio
import re

import httpx
import pytest

from services.app.serving import application
from services.clock import wall_clock
from services.directory import Person
from services.errors import SettingError
from services.notify.config import NotifyConfig
from services.notify.ports import Ports
from services.notify.service import Notify
from services.notify.testing import College, change
from services.settings import Settings, read_settings
from services.web.pages import Pages
from services.web.visitor import SESSION

PROXY, STRANGER = "10.1.2.3", "192.0.2.9"
SETTINGS = {"proxies": "127.0.0.1, 10.1.0.0/16", "proxy_user": "X-Remote-User"}


@pytest.fixture
def notify(tmp_path):
    people = [Person(id="T1", name="王秀英"), Person(id="T2", name="Li"), Person(id="张三", name="张三")]
    college = College({"class_tutor": people[:1], "course_teacher": people[1:]})
    ports = Ports(lambda: college, lambda *_: None, wall_clock, print)
    store_url = f"sqlite:///{tmp_path / 'notify.db'}"
    notify = Notify(NotifyConfig(store_url=store_url, home=tmp_path, base_url="http://x", push=False), ports)
    yield notify
    notify.stop()


class Browser:
    def __init__(self, notify, settings=None):
        self._app = application(Pages(notify).routes(), Settings(**(SETTINGS if settings is None else settings)))
        self.cookies = httpx.Cookies()

    def ask(self, path, *, by=PROXY, method="GET", data=None, **headers):
        async def asked():
            transport = httpx.ASGITransport(self._app, client=(by, 1))
            named = [(name.replace("_", "-"), value) for name, value in headers.items()]
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost", cookies=self.cookies, headers=named
            ) as client:
                answer = await client.request(method, path, data=data)
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())


def test_whom_a_named_proxy_names_is_signed_in_and_comes_to_the_page(notify):
    browser = Browser(notify)
    away = browser.ask("/inbox/T1", x_remote_user="T1")
    assert away.headers["location"] == "/sign-in?next=/inbox/T1"
    back = browser.ask(away.headers["location"], x_remote_user="T1")
    assert (back.status_code, back.headers["location"]) == (303, "/inbox/T1")
    assert browser.ask("/inbox/T1", x_remote_user="T1").status_code == 200


def test_a_name_in_chinese_is_read_as_utf_8(notify):
    browser = Browser(notify)
    assert browser.ask("/sign-in", x_remote_user="张三".encode()).status_code == 303


@pytest.mark.parametrize(
    ("by", "settings"), [(STRANGER, SETTINGS), (PROXY, {"proxies": PROXY}), (PROXY, {}), ("", SETTINGS)]
)
def test_nobody_else_is_believed(by, settings, notify):
    browser = Browser(notify, settings)
    said = browser.ask("/sign-in", by=by, x_remote_user="T1", x_forwarded_proto="https", x_forwarded_prefix="/x")
    assert said.status_code == 200
    assert SESSION not in browser.cookies
    assert ("Secure" in said.headers["set-cookie"], "/x/" in said.text) == (settings == {"proxies": PROXY},) * 2


def test_a_header_that_comes_twice_names_nobody(notify):
    app = application(Pages(notify).routes(), Settings(**SETTINGS))

    async def asked():
        transport = httpx.ASGITransport(app, client=(PROXY, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/sign-in", headers=[("x-remote-user", "T1"), ("x-remote-user", "T2")])

    assert asyncio.run(asked()).status_code == 200


def test_when_the_proxy_names_somebody_else_or_nobody_the_session_is_none(notify):
    browser = Browser(notify)
    browser.ask("/sign-in", x_remote_user="T1")
    assert browser.ask("/inbox/T1", x_remote_user="T1").status_code == 200
    assert browser.ask("/inbox/T1", x_remote_user="T2").status_code == 303
    assert browser.ask("/inbox/T1").status_code == 303
    assert browser.ask("/inbox/T1", by=STRANGER, x_remote_user="T1").status_code == 303


def test_whom_the_directory_does_not_know_is_told_so_also_behind_a_proxy(notify):
    answer = Browser(notify).ask("/sign-in", x_remote_user="ghost", accept_language="en")
    assert answer.status_code == 403
    assert "does not know ghost" in answer.text


def test_signing_out_behind_a_proxy_says_what_is_left_to_do(notify):
    browser = Browser(notify)
    browser.ask("/sign-in", x_remote_user="T1")
    token = re.search(r'name="token" value="([^"]+)"', browser.ask("/", x_remote_user="T1").text)[1]
    left = browser.ask("/sign-out", method="POST", data={"token": token}, x_remote_user="T1", accept_language="en")
    assert (left.status_code, "sign out there, too" in left.text) == (200, True)
    assert SESSION not in browser.cookies


@pytest.mark.parametrize("sent", ["", "/prewarn"], ids=["without the sub-path", "with it"])
@pytest.mark.parametrize("how", ["base_url", "header"])
def test_all_links_and_cookies_follow_the_sub_path(sent, how, notify):
    notify.take_in([change()], 1)
    told = {"x_forwarded_prefix": "/prewarn"} if how == "header" else {}
    more = {"base_url": "https://college.example/prewarn/"} if how == "base_url" else {}
    browser = Browser(notify, SETTINGS | more)

    def ask(path, **options):
        return browser.ask(sent + path, x_remote_user="T1", x_forwarded_proto="https", **told, **options)

    (id_,) = [one["id"] for one in notify.warnings()]
    assert ask(f"/warnings/{id_}").headers["location"] == f"/prewarn/sign-in?next=/warnings/{id_}"
    came = ask(f"/sign-in?next=/warnings/{id_}")
    assert came.headers["location"] == f"/prewarn/warnings/{id_}"
    assert f"{SESSION}=" in came.headers["set-cookie"]
    assert "Path=/prewarn;" in came.headers["set-cookie"]
    assert "Secure" in came.headers["set-cookie"]
    browser.cookies = httpx.Cookies({SESSION: browser.cookies[SESSION]})  # httpx asks localhost under both paths
    for path in ("/", "/inbox/T1", f"/warnings/{id_}"):
        page = ask(path)
        assert page.status_code == 200
        links = re.findall(r'(?:href|action|src)="(/[^"]*)"', page.text)
        assert len(links) > 5
        assert [link for link in links if not link.startswith("/prewarn/")] == []
    token = re.search(r'name="token" value="([^"]+)"', page.text)[1]
    done = ask(f"/warnings/{id_}/acknowledge", method="POST", data={"token": token})
    assert done.headers["location"] == f"/prewarn/warnings/{id_}"
    assert ask("/static/prewarn.css").status_code == 200
    assert ask("/healthz").status_code == 200
    missing = ask("/static/none", accept="text/html")
    assert (missing.status_code, 'href="/prewarn/static/prewarn.css"' in missing.text) == (404, True)


@pytest.mark.parametrize("prefix", ["//evil", "/a/../b", "x", "/a b", "/<b>", "https://evil"])
def test_a_prefix_that_is_none_is_left_out(prefix, notify):
    page = Browser(notify).ask("/sign-in", x_forwarded_prefix=prefix)
    assert 'href="/static/prewarn.css"' in page.text


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"PROXIES": "proxy.example"}, "an address or a network"),
        ({"PROXIES": "10.0.0.1/8"}, "an address or a network"),
        ({"PROXIES": "10.0.0.1", "PROXY_USER": "X Remote"}, "not the name of a header"),
        ({"PROXY_USER": "X-Remote-User"}, "PREWARN_PROXIES names no proxy"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_its_name(variables, said, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(f"PREWARN_{name}", value)
    with pytest.raises(SettingError, match=f"(?s)PREWARN_PROX.*{said}"):
        read_settings(None)
