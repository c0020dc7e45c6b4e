"""The switch of the language on a page that answers a form: what was typed stays, and nothing is done."""

import re
from html import unescape

import pytest

from services.directory import Person
from services.notify.channels.own import read_policy
from services.notify.testing import change, facts

ID = facts().warning_id
PAGE = f"/warnings/{ID}"
LONG = "家访" * 3_000
ZH = {"accept-language": "zh-CN"}


@pytest.fixture
def notify(make, college):
    college.roles["student_affairs"] = [Person(id="A1", name="赵处", email="a1@campus.example")]
    notify = make(mail="mailto://smtp.campus", own_channels=read_policy("mail,dingtalk"))
    notify.take_in([change()], 1)
    return notify


@pytest.fixture
def tutor(browser_of, notify):
    return browser_of(notify)


def switch(page):
    """(where it is sent to, what it carries) of the switch of a page that answers a form."""
    (form,) = re.findall(r'<form method="post" action="([^"]+)" id="switch">(.*?)</form>', page, re.DOTALL)
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', form[1])
    return unescape(form[0]), {unescape(name): unescape(value) for name, value in fields}


def kept(notify, rows):
    """How much there is in the store, but for who was seen when."""
    tables = rows(notify, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {one["name"]: rows(notify, f"SELECT count(*) AS n FROM {one['name']}")[0]["n"] for one in tables}


REFUSED = {
    "improve": (f"{PAGE}/improve", PAGE, {"measure": "谈话并家访", "due": ""}, "谈话并家访"),
    "close": (f"{PAGE}/close", PAGE, {"measure": LONG, "reason": "fixed"}, LONG),
    "refer": (f"{PAGE}/refer", PAGE, {"office": "", "note": "请核实困难情况"}, "请核实困难情况"),
    "talk": (f"{PAGE}/talk", f"{PAGE}/talk", {"day": "", "way": "phone", "agreed": "每周一面谈"}, "每周一面谈"),
    "hand over": (f"{PAGE}/hand-over", PAGE, {"to": "", "note": "我下周外出"}, "我下周外出"),
    "inbox": ("/inbox/T1/acknowledge?show=open", "/inbox/T1", {"note": "已电话联系"}, "已电话联系"),
    "own channel": (
        "/my-channels/address", "/my-channels", {"kind": "mail", "address": "nobody at home"}, "nobody at home",
    ),
}  # fmt: skip
"""What → (where the form goes, the page it stands on, what was typed, what of it the answer shows again)."""


@pytest.mark.parametrize("what", REFUSED)
def test_what_was_typed_survives_and_the_error_is_said_in_the_other_language(what, tutor, notify, rows):
    to, page, typed, text = REFUSED[what]
    tutor.get(page, headers=ZH)
    refused = tutor.post(to, token=tutor.token(f"{page}?lang=zh"), **typed)
    assert 'lang="zh-CN"' in refused.text
    before = kept(notify, rows) if notify.database.engine.dialect.name == "sqlite" else None
    address, fields = switch(refused.text)
    assert fields.items() >= typed.items()
    shown = tutor.post(address, **fields)
    assert shown.status_code == refused.status_code
    assert '<html lang="en">' in shown.text
    assert text in unescape(shown.text[shown.text.index("<main") :])
    assert 'role="alert"' in shown.text
    assert switch(shown.text)[1] == fields
    assert before is None or kept(notify, rows) == before
    assert '<html lang="en">' in tutor.get(page).text


def test_what_would_be_taken_by_now_is_not_taken_but_asked_for(tutor, notify, clock, rows):
    typed = {"measure": "谈话", "due": ""}
    refused = tutor.post(f"{PAGE}/improve", token=tutor.token(f"{PAGE}?lang=en"), **typed)
    address, fields = switch(refused.text)
    shown = tutor.post(address, **fields | {"due": "2026-12-01"})
    assert shown.status_code == 409
    assert "尚未提交" in shown.text
    assert "谈话" in shown.text
    assert rows(notify, "SELECT measure, due_at FROM warning") == [{"measure": None, "due_at": None}]
    send = re.search(r'<main.*?<form method="post" action="([^"]+)">(.*?)</form>', shown.text, re.DOTALL)
    fields = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', send[2]))
    assert tutor.post(unescape(send[1]), **fields).status_code == 303
    assert rows(notify, "SELECT measure FROM warning") == [{"measure": "谈话"}]


def test_a_code_cannot_be_guessed_by_what_is_only_shown(tutor, notify, channel, rows):
    token = tutor.token("/my-channels?lang=en")
    tutor.post("/my-channels/address", token=token, kind="dingtalk", address="c0ffee00c0ffee00c0ffee00c0ffee00")
    code = re.search(r"\d{6}", channel.sent[-1][2].body)[0]
    tried = [tutor.post("/my-channels/code", token=token, code=one, shown_again="yes") for one in ("1", code)]
    assert [one.status_code for one in tried] == [409, 409]
    assert tried[0].text.replace('"1"', "") == tried[1].text.replace(f'"{code}"', "")
    assert len(channel.sent) == 1
    assert rows(notify, "SELECT proved, tries FROM own_channel") == [{"proved": 0, "tries": 0}]


def test_of_a_sign_in_the_name_stays_and_the_password_is_said_by_no_page(stranger, notify):
    page = stranger.get("/sign-in?lang=en&next=/referrals").text
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    typed = {"name": "wang", "password": "not the right one", "next": "/referrals"}
    refused = stranger.post("/sign-in", token=token, **typed)
    assert "not the right one" not in refused.text
    address, fields = switch(refused.text)
    assert fields == {"token": token, "next": "/referrals", "name": "wang", "shown_again": "yes"}
    shown = stranger.post(address, **fields)
    assert shown.status_code == 200
    assert '<html lang="zh-CN">' in shown.text
    assert re.search(r'name="name"[^>]*value="wang"', shown.text)
    assert 'name="next" value="/referrals"' in shown.text


def test_after_acts_on_several_the_switch_repeats_only_what_could_not_be_done(tutor, notify):
    notify.take_in([change(subject="S2/MATH")], 2)
    token = tutor.token("/inbox/T1?lang=en")
    cards = re.findall(r'name="(card\w*)" value="([^"]+)"', tutor.get("/inbox/T1").text)
    assert len(cards) == 2
    stale = {name: re.sub(r":\d+$", ":9", value) if ID in value else value for name, value in cards}
    told = tutor.post("/inbox/T1/acknowledge", token=token, note="我来联系", **stale)
    assert told.status_code == 409
    address, fields = switch(told.text)
    assert sorted(fields[name] for name, _ in cards) == ["", f"{ID}:9"]
    shown = tutor.post(address, **fields)
    assert shown.status_code == 409
    assert "我来联系" in shown.text
    assert ID in shown.text[shown.text.index('role="alert"') :][:900]
