"""The page on which people set what is theirs."""

import re

import pytest

from services.directory import Person
from services.errors import DeliveryError
from services.notify.channels.own import read_policy
from services.notify.suppression import read_quiet
from services.notify.testing import change

PAGE = "/my-channels"
ZH = {"accept-language": "zh-CN"}
TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"


@pytest.fixture
def set_up(make, browser_of, college):
    """A browser of T1, who has a mailbox in the directory."""
    college.roles["class_tutor"] = [Person(id="T1", name="王秀英", email="wang@college.example")]

    def set_up(**options):
        allowed = read_quiet("18:00-08:00,sat,holidays", lambda _day: None)
        options = {
            "own_channels": read_policy("mail,dingtalk"), "own_quiet": allowed, "mail": "mailto://smtp.campus",
        } | options  # fmt: skip
        notify = make(**options)
        return browser_of(notify), notify

    return set_up


def shown(browser, path=PAGE):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", browser.get(path, headers=ZH).text))


def test_the_page_says_where_pushes_go_and_what_the_directory_says(set_up):
    browser, _ = set_up()
    page = shown(browser)
    assert "邮箱 wang@college.example 来自人员名册" in page
    assert "学校允许的范围：18:00–08:00、周六、节假日。" in page
    assert PAGE in browser.get("/").text


def test_an_address_is_set_proved_and_taken_away_again(set_up, channel):
    browser, notify = set_up()
    token = browser.token(PAGE)
    assert browser.post(f"{PAGE}/address", token=token, kind="dingtalk", address=TOKEN).status_code == 303
    assert "钉钉机器人: …ee00" in shown(browser)
    assert TOKEN not in browser.get(PAGE).text
    code = re.search(r"\d{6}", channel.sent[-1][2].body)[0]
    wrong = browser.post(f"{PAGE}/code", token=token, code="1")
    assert wrong.status_code == 422
    assert re.search(r'id="code"[^>]*aria-invalid="true" aria-describedby="wrong-code-code"', wrong.text)
    assert re.search(r'id="wrong-code-code">验证码不正确。', wrong.text)
    assert browser.post(f"{PAGE}/code", token=token, code=code).status_code == 303
    assert re.search("钉钉机器人 您自己设置（.*ee00） 邮箱 wang@college.example", shown(browser))
    assert browser.post(f"{PAGE}/test", token=token).status_code == 303
    assert channel.sent[-1][0] == f"dingtalk://{TOKEN}"
    browser.post(f"{PAGE}/remove", token=token)
    assert notify.own_channels.addresses("T1") == ["mailto://smtp.campus?to=wang%40college.example"]


def test_a_double_click_on_the_code_harms_nothing(set_up, channel):
    browser, notify = set_up()
    token = browser.token(PAGE)
    browser.post(f"{PAGE}/address", token=token, kind="dingtalk", address=TOKEN)
    code = re.search(r"\d{6}", channel.sent[-1][2].body)[0]
    assert [browser.post(f"{PAGE}/code", token=token, code=code).status_code for _ in range(2)] == [303, 422]
    assert notify.own_channels.addresses("T1")[0] == f"dingtalk://{TOKEN}"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"kind": "dingtalk", "address": "http://10.0.0.1/x"}, "address"),
        ({"kind": "mail", "address": "a@localhost"}, "address"),
        ({"kind": "json", "address": "10.0.0.1"}, "kind"),
        ({"kind": "dingtalk", "address": TOKEN, "secret": "<b>"}, "secret"),
    ],
)
def test_what_was_typed_survives_and_the_error_stands_beside_its_field(typed, field, set_up, channel):
    browser, _ = set_up()
    refused = browser.post(f"{PAGE}/address", token=browser.token(PAGE), **typed)
    assert refused.status_code == 422
    assert f'id="wrong-address-{field}"' in refused.text
    assert f'value="{typed["address"]}"' in refused.text
    assert channel.sent == []


def test_a_provider_that_refuses_is_said_without_what_the_address_keeps_secret(set_up, channel):
    def refuse(_message):
        raise DeliveryError("no connection to this address", permanent=False)

    browser, _ = set_up()
    channel.answer = refuse
    refused = browser.post(f"{PAGE}/address", token=browser.token(PAGE), kind="dingtalk", address=TOKEN)
    assert "现在发不出去，请稍后重试。 地址无法连接" in refused.text


def test_whoever_asks_too_often_waits(set_up, channel):
    browser, _ = set_up()
    token = browser.token(PAGE)
    for _ in range(3):
        assert browser.post(f"{PAGE}/test", token=token).status_code == 303
    refused = browser.post(f"{PAGE}/test", token=token)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    assert "请在 30 秒后重试" in refused.text


def test_language_and_quiet_hours_are_kept_and_shown(set_up, rows):
    browser, notify = set_up()
    chosen = {"language": "en", "begins": "21:00", "ends": "07:00", "day_sat": "yes"}
    assert browser.post(f"{PAGE}/choose", token=browser.token(PAGE), **chosen).status_code == 303
    page = browser.get(PAGE, headers=ZH).text
    assert "My channels" in page
    assert 'type="time" value="21:00"' in page
    assert re.search(r'name="day_sat" value="yes" checked', page)
    assert [row["quiet"] for row in rows(notify, "SELECT quiet FROM own_choice")] == ["21:00-07:00,sat"]


def test_the_language_counts_in_every_browser_until_another_one_is_chosen_there(set_up, browser_of):
    _, notify = set_up()
    notify.own_channels.choose("T1", "en", "")
    notify.take_in([change()], 1)
    another = browser_of(notify)
    assert "Consecutive absences" in another.get("/inbox/T1", headers=ZH).text
    another.get("/inbox/T1?lang=zh", headers=ZH)
    assert "连续旷课" in another.get("/inbox/T1", headers=ZH).text


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"begins": "08:00", "ends": "18:00"}, "quiet"), ({"begins": "21:00"}, "quiet"),
        ({"begins": "<i>", "ends": "x"}, "quiet"), ({"day_sun": "yes"}, "quiet"), ({"language": "fr"}, "language"),
    ],
)  # fmt: skip
def test_a_choice_that_is_refused_stands_there_still(chosen, field, set_up, rows):
    browser, notify = set_up()
    refused = browser.post(f"{PAGE}/choose", token=browser.token(PAGE), **chosen)
    assert refused.status_code == 422
    assert f'id="wrong-choose-{field}"' in refused.text
    for name in ("begins", "ends"):
        assert f'value="{chosen.get(name, "").replace("<", "&lt;").replace(">", "&gt;")}"' in refused.text
    assert rows(notify, "SELECT * FROM own_choice") == []


def test_where_the_college_allows_nothing_there_is_nothing_to_fill_in(make, browser_of):
    page = browser_of(make()).get(PAGE).text
    assert "学校未开放自行设置地址" in page
    assert 'name="address"' not in page
    assert 'name="begins"' not in page


def test_somebody_else_has_another_page(set_up, browser_of):
    browser, notify = set_up()
    browser.post(f"{PAGE}/address", token=browser.token(PAGE), kind="dingtalk", address=TOKEN)
    assert "…ee00" not in browser_of(notify, "T2").get(PAGE).text
