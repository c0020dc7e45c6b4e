"""SMS by the college's own gateway: a real server that answers as docs/notify.md asks it to, and otherwise."""

from urllib.parse import parse_qs

import msgspec
import pytest

from services.directory import Person
from services.errors import AddressError, DeliveryError
from services.notify.channels.responses import UnansweredError
from services.notify.channels.sending import Channels
from services.notify.channels.sms import short
from services.notify.recipients import queue_of
from services.notify.testing import CARD, change
from services.notify.texts import Message, Sent, push

TOKEN = "s3cret-of-the-gateway"
NUMBER = "+8613812345678"


@pytest.fixture
def address(provider):
    return f"collegesms://{TOKEN}@127.0.0.1:{provider.server_port}/sms/send/{NUMBER}?rto=2"


@pytest.fixture
def send(tmp_path):
    sent = Sent("0d9f5c3e-9a55-5c0c-9d06-6a2c9a3f1b77", 1, "opened", CARD.rule, "red", possibly_duplicate=False)
    message = push(sent, CARD, "http://campus", "the-key", "zh")
    return lambda address: Channels(tmp_path).send(address, "T1", message)


def test_the_gateway_gets_number_text_and_key(provider, address, send):
    provider.answer = (200, b'{"code": 0}')
    send(address)
    ((headers, body),) = provider.requests
    assert provider.paths == ["/sms/send"]
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Idempotency-Key"] == "the-key"
    assert msgspec.json.decode(body) == {
        "to": NUMBER, "key": "the-key",
        "text": "红色预警：连续旷课 http://campus/warnings/0d9f5c3e-9a55-5c0c-9d06-6a2c9a3f1b77",
    }  # fmt: skip


def test_it_gets_a_form_if_it_wants_one(provider, address, send):
    provider.answer = (200, b'{"code": 0}')
    send(f"{address}&as=form")
    ((headers, body),) = provider.requests
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode())["to"] == [NUMBER]


@pytest.mark.parametrize(
    ("answer", "permanent", "refused"),
    [
        ((200, b'{"code": 1, "message": "busy"}'), False, "message"),
        ((200, b'{"code": 2, "message": "no such number"}'), True, "address"),
        ((200, b'{"code": 3, "message": "who are you"}'), True, "account"),
        ((200, b'{"code": 99}'), True, "message"),
        (401, True, "address"),
        (413, True, "message"),
        (503, False, "message"),
        (302, True, "message"),
    ],
    ids=str,
)
def test_another_answer_is_a_failure_even_with_200(answer, permanent, refused, provider, address, send):
    provider.answer = answer
    with pytest.raises(DeliveryError) as raised:
        send(address)
    assert (raised.value.permanent, raised.value.refused) == (permanent, refused)
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("answer", "timed_out"), [("hang", True), ("reset", False), ("garbage", False), ((200, b"OK"), False)], ids=str
)
def test_without_an_answer_that_can_be_read_nobody_knows(answer, timed_out, provider, address, send):
    provider.answer = answer
    with pytest.raises(UnansweredError) as raised:
        send(address)
    assert raised.value.timed_out is timed_out


@pytest.mark.parametrize(
    "number", ["13812345678", "+8623812345678", "+861381234567", "+12", "+1234567890123456", "", "wang", "%2B86138"]
)
def test_what_is_no_number_says_what_would_be_one(number, send, provider):
    with pytest.raises(AddressError, match=r"expected: \+ with country and number"):
        send(f"collegesms://{TOKEN}@127.0.0.1:{provider.server_port}/{number}")
    assert provider.requests == []


@pytest.mark.parametrize("number", ["+8613812345678", "%2B8613812345678", "+85291234567", "+86%2013812345678"])
def test_numbers_that_are_some(number, send, provider):
    provider.answer = (200, b'{"code": 0}')
    send(f"collegesms://{TOKEN}@127.0.0.1:{provider.server_port}/{number}")
    assert provider.paths == ["/"]


@pytest.mark.parametrize("address", [f"collegesms://{NUMBER}", f"collegesms:///{NUMBER}"])
def test_an_address_without_a_gateway_is_none(address, send):
    with pytest.raises(AddressError):
        send(address)


LINK = "https://prewarn.college.example/warnings/0d9f5c3e-9a55-5c0c-9d06-6a2c9a3f1b77"


@pytest.mark.parametrize(
    ("title", "link", "text"),
    [
        ("红色预警：连续旷课", LINK, f"红色预警：连续旷课 {LINK}"),
        ("长" * 200, LINK, f"{'长' * (134 - len(LINK) - 2)}… {LINK}"),
        ("😀" * 200, LINK, f"{'😀' * ((134 - len(LINK) - 2) // 2)}… {LINK}"),
        ("红色预警", LINK * 2, LINK * 2),
    ],
    ids=["short", "long", "pairs are not torn apart", "the link alone is too long"],
)
def test_a_text_has_two_parts_at_most_and_the_whole_link(title, link, text):
    assert short(title, link) == text


def test_a_test_message_is_sent_as_it_is(provider, address, tmp_path):
    provider.answer = (200, b'{"code": 0}')
    Channels(tmp_path).send(address, "test", Message("a test", "nothing to do", "the-key", {}))
    assert msgspec.json.decode(provider.requests[0][1])["text"] == "a test nothing to do"


def test_an_sms_arrives_and_neither_token_nor_number_is_kept(
    provider, address, make, college, tmp_path, deliveries, eventually
):
    provider.answer = (200, f'{{"code": 2, "message": "{NUMBER} is not one of {TOKEN}"}}'.encode())
    college.roles.update(class_tutor=[Person(id="T1", name="王秀英", channel=address)], course_teacher=[])
    notify = make(send=Channels(tmp_path).send)
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["dead"])
    assert queue_of(address) == f"collegesms://127.0.0.1:{provider.server_port}"
    kept = str(deliveries(notify)) + str(notify.disabled_channels())
    assert "***" in kept
    assert TOKEN not in kept
    assert NUMBER not in kept
