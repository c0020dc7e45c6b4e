import subprocess
import sys
import threading
from datetime import timedelta

import msgspec
import pytest

from services.notify.channels.sending import Channels
from services.notify.claims import Result
from services.notify.grouping import Grouping
from services.notify.retry_policy import RetryPolicy
from services.notify.store import outbox
from services.notify.testing import RecordingChannel, change, facts

QUICK = RetryPolicy(first=timedelta(seconds=5), attempts=3, look_again=timedelta(milliseconds=20))


def test_two_on_one_store_never_send_one_message_twice(make, eventually):
    channel = RecordingChannel()
    first, second = (make(home, send=channel, retry=QUICK) for home in ("a", "b"))
    first.start()
    second.start()
    for offset in range(1, 11):
        taker = (first, second)[offset % 2]
        taker.take_in([change(subject=f"S{offset}-{i}/MATH") for i in range(10)], offset)
        second.outbox.wake(["sink://"])
        first.outbox.wake(["sink://"])
    eventually(lambda: first.waiting() == 0)
    keys = [message.key for *_, message in channel.sent]
    assert len(keys) == len(set(keys)) == 200


def test_what_a_command_writes_down_is_sent_by_the_process_that_runs(make, eventually):
    running, command = make("a", send=RecordingChannel(), retry=QUICK), make("b", send=RecordingChannel(), retry=QUICK)
    running.start()
    eventually(running.health.lags)  # it has looked at an empty outbox
    command.take_in([change()], 1)
    eventually(lambda: running.outbox.sender.send.sent)
    assert command.outbox.sender.send.sent == []


@pytest.mark.usefixtures("one_recipient")
def test_what_another_living_process_sends_is_left_alone(make, status_of, eventually):
    sending, done = threading.Event(), threading.Event()

    def answer(_message):
        sending.set()
        done.wait(30)

    first, second = make("a", send=RecordingChannel(answer)), make("b", send=RecordingChannel(), retry=QUICK)
    first.start()
    try:
        first.take_in([change()], 1)
        assert sending.wait(30)
        second.start()
        second.outbox.wake(["json://hooks.campus"])
        second.take_in([change(subject="S2/MATH")], 2)
        eventually(lambda: len(second.outbox.sender.send.sent) == 1)
        assert second.outbox.sender.send.sent[0][2].extras["warning"] != facts().warning_id
    finally:
        done.set()


@pytest.mark.usefixtures("one_recipient")
def test_a_lease_that_ran_out_is_taken_over_and_the_message_marked(make, clock, deliveries, eventually):
    sending, done = threading.Event(), threading.Event()

    def answer(_message):
        sending.set()
        done.wait(30)

    first, second = make("a", send=RecordingChannel(answer)), make("b", send=RecordingChannel(), retry=QUICK)
    first.start()
    try:
        first.take_in([change()], 1)
        assert sending.wait(30)
        clock.advance(timedelta(seconds=61))
        second.start()
        eventually(lambda: deliveries(second)[0]["status"] == "sent")
    finally:
        done.set()
    ((*_, message),) = second.outbox.sender.send.sent
    assert message.extras["possibly_duplicate"] is True
    first.stop()
    (row,) = deliveries(second)
    assert (row["status"], row["attempts"], row["possibly_duplicate"]) == ("sent", 2, 1)


DYING = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from services.notify.channels.sending import Channels
from services.notify.config import NotifyConfig
from services.notify.ports import Ports
from services.notify.service import Notify
from services.directory import Person
from services.notify.testing import CARD, MORNING, College, change

home, point, store_url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
college = College({"class_tutor": [Person(id="T1", name="W", channel="json://hooks.campus/a")]})

def send(address, recipient, message):
    if point == "after the send":
        Channels(home).send("sink://", recipient, message)
    os._exit(9)

config = NotifyConfig(store_url=store_url, home=home, base_url="http://campus", push=True)
notify = Notify(config, Ports(lambda: college, lambda _v, _r: CARD, lambda: MORNING, lambda _events: None), send)
notify.start()
notify.take_in([change()], 1)
time.sleep(30)
"""


@pytest.mark.commands
@pytest.mark.usefixtures("one_recipient")
@pytest.mark.parametrize("point", ["between claim and send", "after the send"])
def test_what_a_killed_process_was_sending_is_sent_at_once_and_marked(point, make, store_url, tmp_path, eventually):
    died = subprocess.run([sys.executable, "-c", DYING, tmp_path / "home", point, store_url], check=False)
    assert died.returncode == 9
    sink = Channels(tmp_path / "home")
    notify = make(send=lambda _address, recipient, message: sink.send("sink://", recipient, message))
    assert notify.waiting() == 1
    notify.start()
    eventually(lambda: notify.waiting() == 0)
    lines = (tmp_path / "home" / "outbox.log").read_bytes().splitlines()
    sent = [msgspec.json.decode(line) for line in lines]
    marks = [False, True] if point == "after the send" else [True]
    assert [line["possibly_duplicate"] for line in sent] == marks
    assert len({line["key"] for line in sent}) == 1


@pytest.mark.usefixtures("one_recipient")
def test_a_sleeper_that_wakes_up_cannot_finish_what_another_has_taken_over(notify, status_of):
    notify.take_in([change()], 1)
    queue, now, lease = "json://hooks.campus", notify.outbox.sender.ports.clock(), 1000
    at = int(now.timestamp() * 1000)
    result = Result(status="sent")
    with notify.database.writing() as connection:
        sleeper = outbox.claim(connection, queue, "a", at, lease, Grouping())
        assert outbox.claim(connection, queue, "b", at, lease, Grouping()) is None
        taken_over = outbox.claim(connection, queue, "b", at + lease, lease, Grouping())
        assert (sleeper.told[0].possibly_duplicate, taken_over.told[0].possibly_duplicate) == (False, True)
        assert not outbox.finish(connection, sleeper, "a", result, 0)
        assert outbox.finish(connection, taken_over, "b", result, 0)
    assert status_of(notify) == "sent"
