"""What a provider may answer, down to the store: what is tried again, what elsewhere; nothing is lost or torn."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from services.directory import Person
from services.notify.channels.sending import Channels
from services.notify.retry_policy import RetryPolicy
from services.notify.testing import change

QUICK = RetryPolicy(first=timedelta(seconds=5), look_again=timedelta(milliseconds=20))
TAKEN = (200, b'{"errcode": 0}')


@pytest.fixture
def notify(make, college, provider, mail_server, tmp_path):
    """One person with a bot and a mail address."""
    gate = quote(f"http://127.0.0.1:{provider.server_port}/robot/send", safe="")
    bot = f"dingtalk://c0ffee00c0ffee00c0ffee00c0ffee00?endpoint={gate}&rto=2"
    wang = Person(id="T1", name="王秀英", channel=bot, email="wang@college.example")
    college.roles.update(class_tutor=[wang], course_teacher=[])
    mail = f"mailto://127.0.0.1:{mail_server.port}?from=warnings@college.example&mode=insecure"
    notify = make(send=Channels(tmp_path).send, mail=mail, retry=QUICK)
    notify.start()
    return notify


@pytest.fixture
def intact(notify, rows):
    """Whether the store is whole, and has each message once per channel."""

    def intact():
        if notify.database.engine.dialect.name == "sqlite":
            assert rows(notify, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
            assert rows(notify, "PRAGMA foreign_key_check") == []
        told = [(row["warning"], row["channel"]) for row in rows(notify, "SELECT warning, channel FROM delivery")]
        assert len(told) == len(set(told))
        assert rows(notify, "SELECT count(*) AS n FROM delivery WHERE status = 'sending'") == [{"n": 0}]
        return True

    return intact


def states(rows):
    return [(row["channel"].partition(":")[0], row["status"], row["possibly_duplicate"]) for row in rows]


GIVEN_UP = [
    pytest.param((200, b'{"errcode": 310000, "errmsg": "keywords not in content"}'), 0, id="200 with an error code"),
    pytest.param(400, 0, id="4xx"),
    pytest.param(302, 0, id="a redirect to elsewhere"),
    pytest.param("hang", 1, id="a hang"),
]
TRIED_AGAIN = [
    pytest.param(500, 0, id="5xx"),
    pytest.param((200, b'{"errcode": 130101, "errmsg": "send too fast"}'), 0, id="200 with a code for too fast"),
    pytest.param("reset", 1, id="a reset"),
    pytest.param("garbage", 1, id="no HTTP at all"),
    pytest.param((200, b"<html>please sign in</html>"), 1, id="a page of somebody else"),
]


@pytest.mark.parametrize(("answer", "repeat"), GIVEN_UP)
def test_what_does_not_arrive_goes_by_mail_and_never_there_again(
    answer, repeat, notify, provider, mail_server, clock, deliveries, intact, eventually
):
    provider.answer = answer
    provider.location = f"http://127.0.0.1:{provider.server_port}/elsewhere"
    notify.take_in([change()], 1)
    status = "unknown" if answer == "hang" else "dead"
    wanted = [("dingtalk", status, repeat), ("mailto", "sent", repeat)]
    eventually(lambda: states(deliveries(notify)) == wanted)
    provider.answer = TAKEN
    clock.advance(timedelta(days=3))
    notify.take_in([change(subject="S2/MATH")], 2)
    eventually(lambda: states(deliveries(notify)) == [*wanted, ("dingtalk", "sent", 0)])
    assert (len(provider.requests), len(mail_server.mails)) == (2, 1)
    assert not any("elsewhere" in path for path in provider.paths)
    assert intact()


@pytest.mark.parametrize(("answer", "repeat"), TRIED_AGAIN)
def test_what_may_pass_is_tried_again_there_and_marked_if_it_may_have_arrived(
    answer, repeat, notify, provider, mail_server, clock, deliveries, intact, eventually
):
    provider.answer = answer
    notify.take_in([change()], 1)
    eventually(lambda: states(deliveries(notify)) == [("dingtalk", "failed", repeat)])
    provider.answer = TAKEN
    clock.advance(timedelta(seconds=5))
    eventually(lambda: states(deliveries(notify)) == [("dingtalk", "sent", repeat)])
    assert (len(provider.requests), mail_server.mails) == (2, [])
    assert intact()


@pytest.mark.parametrize("answer", [500, "reset", "garbage"], ids=str)
def test_what_never_passes_is_given_up_and_goes_by_mail(
    answer, notify, provider, mail_server, clock, deliveries, intact, eventually
):
    provider.answer = answer
    notify.take_in([change()], 1)
    for attempt in range(1, QUICK.attempts):
        eventually(lambda n=attempt: [(r["status"], r["attempts"]) for r in deliveries(notify)] == [("failed", n)])
        clock.advance(timedelta(hours=1))
    repeat = int(answer != 500)
    eventually(lambda: states(deliveries(notify)) == [("dingtalk", "dead", repeat), ("mailto", "sent", repeat)])
    assert (len(provider.requests), len(mail_server.mails)) == (QUICK.attempts, 1)
    assert intact()
