import logging
import threading

import msgspec
import pytest
import requests

from services.errors import DeliveryError
from services.notify.channels.responses import Answer, UnansweredError, judge
from services.notify.channels.sending import Channels
from services.notify.testing import CARD
from services.notify.texts import Sent, push

SENT = Sent("w-1", 1, "opened", CARD.rule, "red", possibly_duplicate=True)


@pytest.fixture
def send(tmp_path):
    channels = Channels(tmp_path)
    message = push(SENT, CARD, "http://campus", "the-key", "zh")
    return lambda address: channels.send(address, "T1", message)


def outcome(send, address):
    """accepted, permanent, temporary, unknown (timed out) or broken (connection lost: it may have arrived)."""
    try:
        send(address)
    except UnansweredError as error:
        return "unknown" if error.timed_out else "broken"
    except DeliveryError as error:
        return "permanent" if error.permanent else "temporary"
    return "accepted"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (200, "accepted"),
        ((204, b""), "accepted"),
        (400, "permanent"),
        (401, "permanent"),
        (404, "permanent"),
        (410, "permanent"),
        (408, "temporary"),
        (429, "temporary"),
        (500, "temporary"),
        (503, "temporary"),
        ("hang", "unknown"),
        ("reset", "broken"),
        ("garbage", "broken"),
    ],
)
def test_a_webhooks_answer_decides_what_comes_next(answer, expected, provider, send):
    provider.answer = answer
    assert outcome(send, provider.address) == expected
    assert len(provider.requests) == 1


def test_an_address_where_nobody_listens_is_tried_again(send):
    closed = "json://127.0.0.1:1/?cto=5"
    assert outcome(send, closed) == "temporary"


@pytest.mark.parametrize("address", ["nonsense://x", "json://", "13800000000", "dingtalk://"])
def test_an_address_that_is_none_is_given_up(address, send):
    assert outcome(send, address) == "permanent"


def test_a_webhook_gets_the_key_and_learns_that_it_may_be_a_repeat(provider, send):
    send(provider.address)
    ((headers, body),) = provider.requests
    payload = msgspec.json.decode(body)
    assert headers["Idempotency-Key"] == payload["key"] == "the-key"
    assert payload["possibly_duplicate"] is True
    assert "可能重复" in payload["title"]
    assert (payload["warning"], payload["sequence"]) == ("w-1", 1)


def test_what_an_answer_says_is_kept_for_the_page(provider, send):
    provider.answer = (403, b'{"error": "no such\n token"}')
    with pytest.raises(DeliveryError, match=r'HTTP 403 \{"error": "no such token"\}'):
        send(provider.address)


@pytest.mark.parametrize(
    ("scheme", "body", "expected"),
    [
        ("dingtalk", b'{"errcode":0,"errmsg":"ok"}', "accepted"),
        ("dingtalk", b'{"errcode":310000,"errmsg":"keywords not in content"}', "permanent"),
        ("dingtalk", b'{"errcode":130101,"errmsg":"send too fast"}', "temporary"),
        ("dingtalk", b'{"errcode":-1,"errmsg":"busy"}', "temporary"),
        ("wecombot", b'{"errcode":0,"errmsg":"ok"}', "accepted"),
        ("wecombot", b'{"errcode":93000,"errmsg":"invalid webhook url"}', "permanent"),
        ("wecombot", b'{"errcode":45009,"errmsg":"api freq out of limit"}', "temporary"),
        ("feishu", b'{"code":0,"msg":"success"}', "accepted"),
        ("feishu", b'{"code":19024,"msg":"Key Words Not Found"}', "permanent"),
        ("feishu", b'{"code":11232,"msg":"frequency limited"}', "temporary"),
        ("dingtalk", b"<html>please sign in</html>", "broken"),
        ("dingtalk", b"[]", "broken"),
        ("feishu", b"{}", "broken"),
        ("json", b"whatever", "accepted"),
    ],
)
def test_a_provider_that_always_answers_200_is_read_by_its_code(scheme, body, expected):
    assert outcome(judge, Answer(200, scheme, body)) == expected


def test_only_what_is_sent_through_a_channel_is_listened_to(provider, send):
    heard = []
    logging.getLogger("apprise").debug("not ours")
    provider.answer = 500
    thread = threading.Thread(target=lambda: heard.append(outcome(send, provider.address)))
    thread.start()
    url = f"http://127.0.0.1:{provider.server_port}/"
    assert requests.post(url, data=b"{}", timeout=30).status_code == 500
    thread.join()
    assert heard == ["temporary"]


def mail(server):
    return f"mailto://127.0.0.1:{server.port}?from=prewarn@campus.test&to=wang@campus.test&mode=insecure"


def test_a_mail_is_taken_by_the_mail_server(mail_server, send):
    send(mail(mail_server))
    (sent,) = mail_server.mails
    assert "To: wang@campus.test" in sent
    assert "the-key" in sent


@pytest.mark.parametrize(
    ("command", "reply", "expected"),
    [
        ("RCPT", "550 5.1.1 no such user", "permanent"),
        ("RCPT", "450 4.2.1 mailbox busy", "temporary"),
        ("MAIL", "421 4.3.2 closing", "temporary"),
        ("DATA", "554 5.7.1 refused", "permanent"),
        ("BODY", "552 5.3.4 too big", "permanent"),
        ("BODY", "451 4.3.0 try again later", "temporary"),
        ("BODY", "hang up", "broken"),
    ],
)
def test_a_mail_servers_refusal_decides_what_comes_next(command, reply, expected, mail_server, send):
    mail_server.refusals = {command: reply}
    assert outcome(send, mail(mail_server)) == expected


def test_a_mail_server_that_is_not_there_is_tried_again(mail_server, send):
    gone = mail(mail_server).replace(str(mail_server.port), "1")
    assert outcome(send, gone) == "temporary"


def test_people_without_a_channel_get_a_line_in_the_file(tmp_path, send):
    send("sink://")
    send("sink://")
    lines = (tmp_path / "outbox.log").read_bytes().splitlines()
    first = msgspec.json.decode(lines[0])
    assert len(lines) == 2
    assert (first["to"], first["key"], first["possibly_duplicate"]) == ("T1", "the-key", True)


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path):
    channels = Channels(tmp_path / "absent")
    message = push(SENT, CARD, "http://campus", "the-key", "zh")
    assert outcome(lambda address: channels.send(address, "T1", message), "sink://") == "temporary"
