"""Whether an address could be one is known before anything is sent to it."""

import logging

import pytest

from services.directory import Person
from services.notify.channels.addresses import (
    BAD_CHANNEL,
    BAD_EMAIL,
    NO_SERVER,
    NOTHING,
    doubt,
    is_channel,
    is_mail_address,
)


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("json://hooks.campus/a", True),
        ("dingtalk://token?endpoint=http://127.0.0.1:8089/robot/send", True),
        ("dingtalk://token?endpoint=127.0.0.1:8089", False),
        ("wecombot://key", True),
        ("sink://demo", True),
        ("collegesms://token@gateway.campus/+8613812345678", True),
        ("dingtalk://", False),
        ("json://", False),
        ("nonsense://x", False),
        ("13800000000", False),
    ],
)
def test_a_channel_is_what_apprise_makes_a_service_of(address, right):
    assert is_channel(address) is right


@pytest.mark.parametrize(
    ("email", "right"),
    [
        ("wang+k1@college.example", True),
        ("Wang@College.example", True),
        ("wang@college", True),
        ("wang.@college.example", False),
        ("王@college.example", False),
        pytest.param("wang@college..example", False, id="of which a part would be mailed to"),
    ],
)
def test_an_e_mail_address_is_what_mail_would_be_sent_to(email, right):
    assert is_mail_address(email) is right


@pytest.mark.parametrize(
    ("person", "mail", "expected"),
    [
        ({"channel": "json://h"}, False, None),
        ({"channel": "json://h", "email": "a@b.test"}, False, None),
        ({"email": "a@b.test"}, True, None),
        ({"email": "a@b.test"}, False, NO_SERVER),
        ({}, True, NOTHING),
        ({"channel": "nonsense://x", "email": "a@b.test"}, True, BAD_CHANNEL),
        ({"channel": "json://h", "email": "a.@b.test"}, True, BAD_EMAIL),
    ],
)
def test_why_somebody_cannot_be_reached(person, mail, expected):
    assert doubt(Person(id="T1", name="王", **person), mail=mail) == expected


def test_nothing_is_logged_of_an_address_that_is_none(caplog):
    caplog.set_level(logging.DEBUG)
    assert not is_channel("tgram://s3cret-token")
    assert not is_channel("slack://s3cret-token")
    assert "s3cret" not in caplog.text
