import sys
import threading
from collections import Counter
from datetime import date, timedelta

import pytest

from services.directory import Person
from services.errors import DeliveryError
from services.notify.channels.responses import UnansweredError
from services.notify.channels.sending import Channels
from services.notify.retry_policy import RetryPolicy
from services.notify.testing import RecordingChannel, change

QUICK = RetryPolicy(first=timedelta(seconds=5), attempts=3, look_again=timedelta(milliseconds=20))
HOOK = Person(id="T1", name="王秀英", channel="json://hooks.campus/a")


def raising(error):
    def answer(_message):
        raise error

    return answer


def test_each_recipient_is_sent_the_change_in_their_language(notify, channel, deliveries, eventually):
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: notify.waiting() == 0)
    sent = {recipient: (address, message.title) for address, recipient, message in channel.sent}
    assert sent == {
        "T1": ("sink://", "黄色预警：连续旷课"),
        "T2": ("sink://", "Yellow warning: Consecutive absences"),
    }
    assert [(row["status"], row["attempts"], row["last_error"]) for row in deliveries(notify)] == [
        ("sent", 1, None)
    ] * 2


def test_what_waits_before_the_start_is_sent_after_it(notify, channel, eventually):
    notify.take_in([change()], 1)
    assert (channel.sent, notify.waiting()) == ([], 2)
    notify.start()
    eventually(lambda: len(channel.sent) == 2)


@pytest.mark.usefixtures("one_recipient")
@pytest.mark.parametrize(
    ("error", "status", "duplicate"),
    [
        (DeliveryError("HTTP 404", permanent=True), "dead", 0),
        (DeliveryError("HTTP 503", permanent=False), "failed", 0),
        (UnansweredError("no answer in time", timed_out=True), "unknown", 1),
        (UnansweredError("the connection broke", timed_out=False), "failed", 1),
        (ZeroDivisionError(), "failed", 1),
    ],
    ids=["permanent", "temporary", "timed out", "broken", "a plugin's own fault"],
)
def test_what_went_wrong_is_written_down(error, status, duplicate, make, deliveries, eventually):
    notify = make(send=RecordingChannel(raising(error)), retry=QUICK)
    notify.start()
    notify.take_in([change()], 1)
    row = eventually(lambda: next((row for row in deliveries(notify) if row["status"] == status), None))
    assert row["possibly_duplicate"] == duplicate
    assert row["last_error"] == (str(error) or "ZeroDivisionError in the channel")
    assert (row["next_try_at"] is not None) == (status == "failed")


@pytest.mark.usefixtures("one_recipient")
def test_a_failure_is_tried_again_later_and_later_and_then_given_up(make, clock, deliveries, eventually):
    channel = RecordingChannel(raising(DeliveryError("HTTP 503", permanent=False)))
    notify = make(send=channel, retry=QUICK)
    notify.start()
    notify.take_in([change()], 1)
    for attempts, wait in ((1, 5), (2, 10)):
        row = eventually(lambda n=attempts: next((r for r in deliveries(notify) if r["attempts"] == n), None))
        row = eventually(lambda: next((row for row in deliveries(notify) if row["status"] == "failed"), None))
        assert row["next_try_at"] - int(clock.now.timestamp() * 1000) == wait * 1000
        clock.advance(timedelta(seconds=wait))
    eventually(lambda: deliveries(notify)[0]["status"] == "dead")
    assert len(channel.sent) == 3
    assert len({message.key for *_, message in channel.sent}) == 1


@pytest.mark.usefixtures("one_recipient")
def test_what_timed_out_is_never_sent_again_blindly(make, clock, status_of, eventually):
    channel = RecordingChannel(raising(UnansweredError("no answer in time", timed_out=True)))
    notify = make(send=channel, retry=QUICK)
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: status_of(notify) == "unknown")
    clock.advance(timedelta(days=2))
    notify.take_in([change("raised", 2, level="red")], 2)
    eventually(lambda: len(channel.sent) == 2)
    assert [message.extras["sequence"] for *_, message in channel.sent] == [1, 2]


@pytest.mark.usefixtures("one_recipient")
def test_after_a_broken_connection_it_is_sent_again_and_says_so(make, clock, status_of, eventually):
    channel = RecordingChannel(raising(UnansweredError("the connection broke", timed_out=False)))
    notify = make(send=channel, retry=QUICK)
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: status_of(notify) == "failed")
    channel.answer = lambda _message: None
    clock.advance(timedelta(seconds=5))
    eventually(lambda: status_of(notify) == "sent")
    assert [message.extras["possibly_duplicate"] for *_, message in channel.sent] == [False, True]


def test_a_channel_that_hangs_delays_nobody_else(make, college, eventually):
    hung = threading.Event()
    channel = RecordingChannel(lambda message: hung.wait(30) if "Yellow" in message.title else None)
    college.roles["course_teacher"] = [Person(id="T2", name="Li", language="en", channel="json://slow.campus/")]
    notify = make(send=channel)
    notify.start()
    try:
        notify.take_in([change(subject=f"S{i}/MATH") for i in range(20)], 1)
        eventually(lambda: [recipient for _, recipient, _ in channel.sent].count("T1") == 20)
        assert [recipient for _, recipient, _ in channel.sent].count("T2") <= QUICK.threads
    finally:
        hung.set()


@pytest.mark.parametrize(
    "person", [None, Person(id="T1", name="王", to_day=date(2026, 11, 22))], ids=["deleted", "left yesterday"]
)
@pytest.mark.usefixtures("one_recipient")
def test_a_person_who_left_gets_none(person, notify, college, channel, status_of, eventually):
    notify.take_in([change()], 1)
    college.roles["class_tutor"] = [person] if person else []
    notify.start()
    eventually(lambda: status_of(notify) == "cancelled")
    assert channel.sent == []


@pytest.mark.usefixtures("one_recipient")
def test_a_corrected_address_is_used_at_the_next_attempt(make, college, clock, status_of, eventually):
    channel = RecordingChannel(raising(DeliveryError("HTTP 503", permanent=False)))
    notify = make(send=channel, retry=QUICK)
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: status_of(notify) == "failed")
    channel.answer = lambda _message: None
    college.roles["class_tutor"] = [Person(id="T1", name="王秀英", channel="json://new.campus/b")]
    clock.advance(timedelta(seconds=5))
    eventually(lambda: status_of(notify) == "sent")
    assert [address for address, *_ in channel.sent] == ["json://hooks.campus/a", "json://new.campus/b"]


def test_the_store_holds_no_address(notify, deliveries, rows, college):
    college.roles.update(
        class_tutor=[HOOK], course_teacher=[Person(id="T2", name="Li", channel="dingtalk://secret-token/")]
    )
    notify.take_in([change()], 1)
    assert [row["channel"] for row in deliveries(notify)] == ["json://hooks.campus", "dingtalk://930bbdc5"]


@pytest.mark.usefixtures("one_recipient")
def test_a_real_webhook_gets_the_message_in_the_end(provider, make, college, clock, status_of, eventually, tmp_path):
    college.roles["class_tutor"] = [Person(id="T1", name="王秀英", channel=provider.address)]
    provider.answer = 503
    notify = make(send=Channels(tmp_path).send, retry=QUICK)
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: status_of(notify) == "failed")
    provider.answer = 200
    clock.advance(timedelta(seconds=5))
    eventually(lambda: status_of(notify) == "sent")
    first, second = (headers["Idempotency-Key"] for headers, _ in provider.requests)
    assert first == second


def test_stopping_leaves_no_thread_behind(notify, eventually):
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: notify.waiting() == 0)
    notify.stop()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("queue ")] == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.usefixtures("one_recipient")
def test_a_queue_whose_thread_has_ended_is_told_to_health(make, eventually):
    notify = make(send=RecordingChannel(lambda _message: sys.exit()))
    notify.start()
    assert notify.unwell() is None
    notify.take_in([change()], 1)
    assert eventually(notify.unwell) == "queue json://hooks.campus has ended"


@pytest.mark.usefixtures("one_recipient")
def test_a_queue_that_does_not_move_is_told_to_health(make, eventually):
    hung = threading.Event()
    channel = RecordingChannel(lambda _message: hung.wait(30))
    notify = make(send=channel, retry=RetryPolicy(stalled=timedelta(seconds=3)))
    notify.start()
    try:
        notify.take_in([change()], 1)
        assert eventually(notify.unwell).startswith("queue json://hooks.campus stands still since")
    finally:
        hung.set()


@pytest.fixture
def with_a_bot(college):
    bot = Person(id="T2", name="Li", channel="dingtalk://secret-token/")
    college.roles.update(class_tutor=[HOOK], course_teacher=[bot])


def seven():
    return [change(warning_id=f"w-{n}", subject=f"S{n}") for n in range(7)]


def counted(rows):
    return Counter((row["channel"].partition(":")[0], row["status"], row["attempts"]) for row in rows)


@pytest.mark.usefixtures("with_a_bot")
def test_a_bot_gets_no_more_than_its_provider_takes_and_delays_nobody_else(make, channel, deliveries, eventually):
    notify = make(
        retry=RetryPolicy(limits={"dingtalk": 3}, minute=timedelta(hours=1), look_again=timedelta(milliseconds=20))
    )
    notify.start()
    notify.take_in(seven(), 1)
    wanted = {("json", "sent", 1): 7, ("dingtalk", "sent", 1): 3, ("dingtalk", "pending", 0): 4}
    eventually(lambda: counted(deliveries(notify)) == wanted)
    notify.take_in([change(warning_id="w-8", subject="S8")], 2)
    wanted = {("json", "sent", 1): 8, ("dingtalk", "sent", 1): 3, ("dingtalk", "pending", 0): 5}
    eventually(lambda: counted(deliveries(notify)) == wanted)
    assert sum(address.startswith("dingtalk") for address, *_ in channel.sent) == 3


@pytest.mark.usefixtures("with_a_bot")
def test_what_had_to_wait_is_sent_when_the_minute_is_over(make, deliveries, eventually):
    retry = RetryPolicy(
        limits={"dingtalk": 3}, minute=timedelta(milliseconds=200), look_again=timedelta(milliseconds=20)
    )
    notify = make(retry=retry)
    notify.start()
    notify.take_in(seven(), 1)
    eventually(lambda: counted(deliveries(notify)) == {("json", "sent", 1): 7, ("dingtalk", "sent", 1): 7})
