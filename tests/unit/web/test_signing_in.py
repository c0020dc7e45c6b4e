"""Sessions, local accounts, one-time links, what is refused and what is kept."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.accounts import sessions
from services.app.first_account import link_for_the_first, one_time_link
from services.directory import Person
from services.notify.store import accounts
from services.notify.testing import MORNING, change, facts
from services.web.visitor import SESSION, TOKEN
from tests.signing_in import begin_session

WARNING = f"/warnings/{facts().warning_id}"
GOOD = "a sentence is a good one"
ZH = {"accept-language": "zh-CN"}


@pytest.fixture
def told(notify):
    notify.take_in([change()], 1)


@pytest.fixture
def link(notify, clock):
    """The path of a one-time link of T1."""
    return one_time_link(notify.database, "T1", "", clock())


@pytest.fixture
def with_password(stranger, link):
    """A browser in which nobody is signed in, of a college where T1 has a password."""
    token = stranger.token(link)
    assert stranger.post(link, token=token, password=GOOD, again=GOOD).status_code == 303
    stranger.cookies.clear()
    return stranger


def sign_in(browser, name="T1", password=GOOD, goal=""):
    return browser.post("/sign-in", token=browser.token("/sign-in"), name=name, password=password, next=goal)


def test_a_link_of_a_push_leads_through_sign_in_to_its_warning(with_password, told):
    away = with_password.get(WARNING)
    assert (away.status_code, away.headers["location"]) == (303, f"/sign-in?next={WARNING}")
    page = with_password.get(away.headers["location"]).text
    assert f'name="next" value="{WARNING}"' in page
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    back = with_password.post("/sign-in", token=token, name="T1", password=GOOD, next=WARNING)
    assert (back.status_code, back.headers["location"]) == (303, WARNING)
    assert with_password.get(WARNING).status_code == 200


@pytest.mark.parametrize(
    "goal",
    ["//evil.test", "https://evil.test", "/\\evil.test", "/warnings/../x", "/%0d%0aset-cookie", "/a b", "javascript:x",
     "///evil", "/x//evil.test", "/\tx", "/ä"],
)  # fmt: skip
def test_signing_in_leads_to_no_address_but_ours(goal, with_password):
    to = sign_in(with_password, goal=goal)
    assert to.status_code == 303
    assert to.headers["location"] in ("/", goal if goal == "/%0d%0aset-cookie" else "/")
    with_password.cookies.clear()
    page = with_password.get("/sign-in", params={"next": goal}).text
    assert re.search(r'name="next" value="([^"]*)"', page)[1] in ("", "/%0d%0aset-cookie")


def test_the_people_page_is_no_way_in(stranger, told):
    assert stranger.get("/").headers["location"] == "/sign-in"
    assert stranger.get("/inbox/T1").status_code == 303
    assert stranger.get(WARNING).status_code == 303
    stranger.get("/sign-in")
    answer = stranger.post("/sign-in/sample", token=stranger.cookies[TOKEN], person="T1")
    assert (answer.status_code, SESSION in stranger.cookies) == (404, False)


def test_in_the_demo_one_tap_signs_in_and_says_so(browser_of, notify, told):
    browser = browser_of(notify, None, demo=True)
    token = browser.token("/")
    to = browser.post("/sign-in/sample", token=token, person="T1", next="")
    assert (to.status_code, to.headers["location"]) == (303, "/inbox/T1")
    assert "您正以 王秀英 的身份登录" in browser.get("/inbox/T1", headers=ZH).text
    assert browser.post("/sign-in/sample", token=token, person="T1", next="").status_code == 403  # of before


def test_in_the_demo_a_link_of_a_push_leads_to_the_one_tap_and_on_to_its_warning(browser_of, notify, told):
    """It led to a form for a name and a password, which nobody of the sample college has."""
    browser = browser_of(notify, None, demo=True)
    away = browser.get(WARNING).headers["location"]
    to = browser.get(away).headers["location"]
    assert to == f"/?next={WARNING}"
    assert f'name="next" value="{WARNING}"' in browser.get(to).text
    back = browser.post("/sign-in/sample", token=browser.token(to), person="T1", next=WARNING)
    assert back.headers["location"] == WARNING


def test_the_cookie_is_for_no_script_and_no_other_site_and_over_https_it_stays_there(browser_of, notify, told):
    browser = browser_of(notify, None, demo=True)
    said = browser.post("/sign-in/sample", token=browser.token("/"), person="T1").headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert "Secure" not in said


def test_what_the_store_keeps_of_a_session_signs_nobody_in(browser, notify, rows, stranger, told):
    (row,) = rows(notify, "SELECT digest FROM session")
    assert browser.cookies[SESSION] not in str(row)
    stranger.cookies.set(SESSION, row["digest"])
    assert stranger.get(WARNING).status_code == 303


def test_a_session_slides_and_ends_for_good(browser, clock, told):
    days = 0
    while browser.get(WARNING).status_code == 200:
        clock.advance(timedelta(days=1))
        days += 1
    assert days == sessions.ABSOLUTE.days


def test_a_session_that_nobody_uses_ends(browser, clock, told):
    clock.advance(sessions.SLIDING)
    assert browser.get(WARNING).status_code == 303


def test_one_who_left_today_is_signed_out_at_the_next_request(browser, college, notify, rows, told):
    assert browser.get(WARNING).status_code == 200
    college.gone.add("T1")
    assert browser.get(WARNING).status_code == 303
    assert rows(notify, "SELECT * FROM session") == []
    college.gone.clear()  # and coming back is signing in again
    assert browser.get(WARNING).status_code == 303


def test_signing_out_ends_this_session_and_everywhere_all_of_the_person(browser_of, notify, told):
    here, phone = browser_of(notify), browser_of(notify)
    other = browser_of(notify, "T2")
    token = here.token("/")
    kept = here.cookies[SESSION]
    here.post("/sign-out", token=token)
    here.cookies.set(SESSION, kept)  # a copy of the cookie is of no use
    assert (here.get(WARNING).status_code, phone.get(WARNING).status_code) == (303, 200)
    phone.post("/sign-out", token=phone.token("/"), everywhere="yes")
    again = browser_of(notify, None)
    again.cookies.set(SESSION, begin_session(notify.database, "T1", MORNING))
    assert (phone.get(WARNING).status_code, again.get(WARNING).status_code) == (303, 200)
    assert other.get(WARNING).status_code == 200


def test_a_form_of_another_session_is_refused_and_its_text_kept(browser_of, notify, told):
    mine, others = browser_of(notify), browser_of(notify)
    refused = mine.post(f"{WARNING}/close", token=others.token(WARNING), measure="与学生谈话", reason="fixed")
    assert (refused.status_code, "与学生谈话" in refused.text) == (403, True)
    assert [one["status"] for one in notify.warnings()] == ["open"]


def test_what_was_typed_when_the_session_ended_is_shown_again_beside_the_sign_in(browser, clock, notify, told):
    token = browser.token(WARNING)
    clock.advance(sessions.ABSOLUTE)
    refused = browser.post(f"{WARNING}/improve", token=token, measure="<b>与学生谈话", due="2026-12-01")
    assert refused.status_code == 403
    assert "&lt;b&gt;与学生谈话\n2026-12-01" in refused.text
    assert f'name="next" value="{WARNING}"' in refused.text
    assert "您的登录已失效" in refused.text
    assert [one["measure"] for one in notify.warnings()] == [None]


@pytest.mark.properties
def test_after_too_many_wrong_passwords_a_person_waits_and_is_told_how_long(with_password, clock):
    for _ in range(5):
        assert sign_in(with_password, password="wrong").status_code == 403
    waits = sign_in(with_password)
    assert waits.status_code == 429
    assert waits.headers["retry-after"] == "30"
    assert "30 秒" in waits.text
    clock.advance(timedelta(seconds=30))
    assert sign_in(with_password).status_code == 303
    with_password.cookies.clear()
    assert sign_in(with_password, password="wrong").status_code == 403  # what was right has wiped the others out


def test_tries_of_many_at_once_are_as_many(notify):
    def one(_):
        with notify.database.writing() as connection:
            return accounts.count_try(connection, ["account:T1", "address:a"], 1_000_000)

    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(one, range(20)))
    assert sorted(waits) == [0] * 5 + [30_000] * 15


def test_tries_that_count_no_more_are_cleared_away(notify, rows):
    for hour in range(3):
        with notify.database.writing() as connection:
            accounts.count_try(connection, [f"account:{hour}"], hour * 3_600_000)
    assert rows(notify, "SELECT key FROM attempt") == [{"key": "account:2"}]


@pytest.mark.properties  # dozens of passwords, each of which takes its time
def test_an_address_that_tries_many_accounts_waits_too(with_password):
    tried = [sign_in(with_password, name=f"nobody{n}", password="x").status_code for n in range(31)]
    assert tried == [403] * 30 + [429]


def test_an_account_that_there_is_not_is_refused_like_a_wrong_password(with_password):
    pages = [sign_in(with_password, name=name, password="wrong") for name in ("T1", "nobody")]
    said = [re.search(r'role="alert"[^>]*>([^<]+)', page.text)[1] for page in pages]
    assert said == ["账号或密码不正确。"] * 2


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [("short", "short", "至少 10 个字符"), ("x" * 201, "x" * 201, "最多 200"), (GOOD, "else", "两次输入不一致")],
)
def test_a_password_that_will_not_do_is_refused_and_the_link_stays(password, again, said, stranger, link):
    refused = stranger.post(link, token=stranger.token(link), password=password, again=again)
    assert (refused.status_code, said in refused.text) == (422, True)
    assert f'href="{link}?lang=en"' in refused.text, "the other language is that of the same page"
    assert stranger.get(link).status_code == 200


def test_a_one_time_link_works_once_and_for_a_day(stranger, link, clock):
    token = stranger.token(link)
    assert stranger.post(link, token=token, password=GOOD, again=GOOD).status_code == 303
    assert stranger.get("/").status_code == 200  # and signs in
    stranger.cookies.clear()
    assert stranger.get(link).status_code == 404


def test_a_one_time_link_ends_after_a_day(stranger, link, clock):
    clock.advance(sessions.LINK)
    assert stranger.get(link).status_code == 404


def test_another_link_makes_the_former_one_useless(stranger, notify, link, clock):
    one_time_link(notify.database, "T1", "", clock())
    assert stranger.get(link).status_code == 404


def test_nobodys_password_is_kept_as_it_is(with_password, notify, rows):
    (row,) = rows(notify, "SELECT password FROM account")
    assert row["password"].startswith("$argon2id$")


def test_a_password_is_changed_with_the_present_one_and_signs_out_everywhere_else(with_password, notify):
    sign_in(with_password)
    elsewhere = begin_session(notify.database, "T1", MORNING)
    token, new = with_password.token("/password"), "another sentence of mine"
    wrong = with_password.post("/password", token=token, present="no", password=new, again=new)
    assert (wrong.status_code, "当前密码不正确" in wrong.text) == (422, True)
    assert with_password.post("/password", token=token, present=GOOD, password=new, again=new).status_code == 303
    assert with_password.get("/password").status_code == 200
    with_password.cookies.set(SESSION, elsewhere)
    assert with_password.get("/password").status_code == 303
    with_password.cookies.clear()
    assert (sign_in(with_password).status_code, sign_in(with_password, password=new).status_code) == (403, 303)


def test_whom_the_directory_does_not_know_is_told_whom_to_ask(stranger, notify, college, clock):
    college.roles["rules_operator"] = [Person(id="O1", name="李管理")]
    link = one_time_link(notify.database, "gone", "", clock())
    answer = stranger.post(link, token=stranger.token(link), password=GOOD, again=GOOD)
    assert answer.status_code == 403
    assert "人员名册中没有 gone" in answer.text
    assert "李管理" in answer.text
    assert SESSION not in stranger.cookies


def test_the_first_start_gives_the_administrator_a_link_until_somebody_can_sign_in(stranger, notify, clock):
    link = link_for_the_first(notify.database, "http://campus.test", clock())
    again = link_for_the_first(notify.database, "http://campus.test", clock())
    assert stranger.get(link).status_code == 404
    assert stranger.get(again.removeprefix("http://campus.test")).status_code == 200
    one_time_link(notify.database, "T1", "http://campus.test", clock())  # as `accounts add` does
    path = link_for_the_first(notify.database, "http://campus.test", clock()).removeprefix("http://campus.test")
    stranger.post(path, token=stranger.token(path), password=GOOD, again=GOOD)
    assert link_for_the_first(notify.database, "http://campus.test", clock()) is None
    page = stranger.get("/").text
    assert 'href="/reports/effectiveness"' in page  # an operator, of no directory


def test_a_change_of_the_directory_is_no_way_to_be_an_operator_by_ones_name(stranger, notify, clock):
    one_time_link(notify.database, "T1", "", clock())
    stranger.sign_in("T1")
    assert stranger.get("/reports/open").status_code == 404


def test_signing_in_again_ends_the_session_that_the_browser_had(with_password, notify, rows):
    stale = begin_session(notify.database, "T2", MORNING)
    with_password.cookies.set(SESSION, stale)
    with_password.post("/sign-in", token=with_password.token("/sign-in"), name="T1", password=GOOD)
    assert [row["person"] for row in rows(notify, "SELECT DISTINCT person FROM session")] == ["T1"]
