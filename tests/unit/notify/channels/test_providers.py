"""Each Chinese provider behind a real local server, reached by `endpoint=`."""

import logging
from urllib.parse import quote

import apprise
import pytest

from services.directory import Person
from services.errors import DeliveryError
from services.notify.channels.responses import UnansweredError
from services.notify.channels.sending import Channels
from services.notify.testing import CARD, change
from services.notify.texts import Sent, push

PLANTED = "c0ffee00c0ffee00c0ffee00c0ffee00"
UUID = "c0ffee00-c0ff-ee00-c0ff-ee00c0ffee00"
BOTS = {
    "dingtalk": (f"dingtalk://{PLANTED}", "errcode", f"/gate?access_token={PLANTED}"),
    "wecombot": (f"wecombot://{UUID}", "errcode", f"/gate?key={UUID}"),
    "feishu": (f"feishu://{UUID}", "code", f"/gate/{UUID}/"),
    "lark": (f"lark://{UUID}", "code", f"/gate/{UUID}"),
    "schan": (f"schan://SCT{PLANTED}", "code", f"/gate/SCT{PLANTED}.send"),
}


@pytest.fixture(params=BOTS)
def bot(request):
    return BOTS[request.param]


@pytest.fixture
def address(bot, provider, request):
    gate = f"http://127.0.0.1:{provider.server_port}/gate"
    patience = 0.3 if request.node.callspec.params.get("answer") == "hang" else 20
    return f"{bot[0]}?endpoint={quote(gate, safe='')}&rto={patience}&cto=20"


@pytest.fixture
def send(tmp_path):
    message = push(Sent("w-1", 1, "opened", CARD.rule, "red", possibly_duplicate=False), CARD, "http://c", "k", "zh")
    return lambda address: Channels(tmp_path).send(address, "T1", message)


def refusal(send, address):
    with pytest.raises(DeliveryError) as caught:
        send(address)
    return caught.value


def body(field, code, words="ok"):
    return (200, f'{{"{field}": {code}, "msg": "{words}"}}'.encode())


def test_a_gateway_gets_the_message_where_the_provider_would(bot, address, provider, send):
    provider.answer = body(bot[1], 0)
    send(address)
    assert provider.paths == [bot[2]]


def test_a_code_in_the_body_is_a_refusal_behind_a_gateway_too(bot, address, provider, send):
    provider.answer = body(bot[1], 300001)
    assert refusal(send, address).permanent


@pytest.mark.parametrize(
    "answer",
    [
        b'{"code": 9499, "msg": "too many request"}',
        b'{"StatusCode": 9499}',
        '{"code": 4711, "msg": "调用过于频繁"}'.encode(),
    ],
)
def test_feishu_asks_to_come_again_in_both_its_forms_and_in_words(answer, provider, send):
    provider.answer = (200, answer)
    gate = quote(f"http://127.0.0.1:{provider.server_port}/gate", safe="")
    error = refusal(send, f"feishu://{UUID}?endpoint={gate}")
    assert not error.permanent
    assert not isinstance(error, UnansweredError)


def test_feishu_takes_a_message_in_its_former_form(provider, send):
    provider.answer = (200, b'{"StatusCode": 0, "StatusMessage": "success"}')
    send(f"feishu://{UUID}?endpoint={quote(f'http://127.0.0.1:{provider.server_port}/gate', safe='')}")
    assert len(provider.paths) == 1


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [(403, True), (429, False), (500, False), ((200, b'{"errcode": "0", "code": null}'), False), ("garbage", False),
     ("reset", False), ("hang", False)],
    ids=str,
)  # fmt: skip
def test_faults_of_each_provider(answer, permanent, address, provider, send):
    provider.answer = answer
    error = refusal(send, address)
    assert error.permanent == permanent
    assert getattr(error, "timed_out", False) == (answer == "hang")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("wish", ["", "&redirect=yes"])
def test_a_redirect_is_refused_and_the_token_stays_here(status, wish, address, provider, send):
    provider.answer, provider.location = status, f"http://127.0.0.1:{provider.server_port}/elsewhere"
    assert refusal(send, address + wish).permanent
    assert len(provider.paths) == 1


@pytest.mark.parametrize("endpoint", ["", "gateway", "ftp://x/y", "http://", "http://x/?a=b", "http://x:port/"])
def test_an_endpoint_that_is_none_says_what_is_expected(endpoint, send):
    error = refusal(send, f"dingtalk://{PLANTED}?endpoint={quote(endpoint, safe='')}")
    assert error.permanent
    assert "expected: http://" in str(error)


def test_a_company_app_gets_its_token_and_sends_through_the_gateway(provider, send):
    gate = f"http://127.0.0.1:{provider.server_port}/cgi-bin"
    provider.answer = (200, b'{"errcode": 0, "access_token": "short-lived", "expires_in": 7200}')
    send(f"wechat://ww0123456789abcdef:{PLANTED}@1000002/@all?endpoint={gate}")
    assert [path.partition("?")[0] for path in provider.paths] == ["/cgi-bin/gettoken", "/cgi-bin/message/send"]
    provider.answer = (200, b'{"errcode": 40013, "errmsg": "invalid corpid"}')
    assert refusal(send, f"wechat://ww0123456789abcdef:{PLANTED}@1000002/@all?endpoint={gate}").permanent


def found(text):
    """Halves count: a text that is shortened must not keep the beginning of a token."""
    return [secret for secret in (PLANTED, UUID) if secret[:12] in text.lower()]


def echoed(address):
    token = address.partition("://")[2].partition("?")[0]
    return f"no such token {token} {'x' * 185} {token}".encode()


@pytest.mark.parametrize("answer", [403, 500, 302, "hang", "reset", "garbage"], ids=str)
def test_no_secret_is_logged_or_raised(answer, address, provider, send, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    echo = echoed(address).upper()
    provider.answer = (answer, echo) if isinstance(answer, int) else answer
    error = refusal(send, address)
    assert not found(str(error) + repr(error) + repr(error.__cause__) + caplog.text + "".join(capfd.readouterr()))


def test_an_error_that_nobody_foresaw_tells_no_secret(send, address, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError(address)

    monkeypatch.setattr(apprise.Apprise, "instantiate", broken)
    with pytest.raises(UnansweredError, match="RuntimeError in the channel"):
        send(address)
    assert "broken" in caplog.text
    assert not found(caplog.text)


@pytest.mark.parametrize("answer", [403, 500, 302, "hang", "reset"], ids=str)
def test_no_secret_is_stored(answer, address, provider, make, college, deliveries, eventually, tmp_path):
    college.roles.clear()
    college.roles["class_tutor"] = [Person(id="T1", name="王秀英", channel=address)]
    echo = echoed(address)
    provider.answer = (answer, echo) if isinstance(answer, int) else answer
    notify = make(send=Channels(tmp_path).send)
    notify.start()
    notify.take_in([change()], 1)
    row = eventually(lambda: next((row for row in deliveries(notify) if row["last_error"]), None))
    assert row["status"] in {"dead", "failed", "unknown"}
    assert not found(str(row))
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and found(path.read_bytes().decode("latin-1"))]
