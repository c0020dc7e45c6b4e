"""SQLite under notify: locked by somebody else, full, and a send whose result cannot be written down."""

import sqlite3
import threading
from datetime import timedelta

import pytest
from sqlalchemy import event

from services.errors import LogError
from services.notify.retry_policy import RetryPolicy
from services.notify.testing import change

QUICK = RetryPolicy(look_again=timedelta(milliseconds=20))
pytestmark = [
    pytest.mark.parametrize("store_url", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("one_recipient"),
]


@pytest.fixture
def other(store_url, make):
    """Another program that has opened the store's file."""
    make("first")
    connection = sqlite3.connect(store_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    yield connection
    connection.close()


def with_pragma(notify, pragma):
    """From now on each connection of this Notify is told so."""
    event.listen(notify.database.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    notify.database.engine.dispose()


def whole(notify, rows):
    return rows(notify, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def test_who_finds_it_locked_waits(make, other, deliveries):
    notify = make()
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, lambda: other.execute("ROLLBACK")).start()
    notify.take_in([change()], 1)
    assert (notify.offset(), len(deliveries(notify))) == (1, 1)


def test_locked_for_too_long_is_an_error_and_nothing_is_half_written(make, other, deliveries, rows):
    notify = make()
    with_pragma(notify, "busy_timeout = 50")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogError, match="notify's store cannot be written: database is locked"):
        notify.take_in([change()], 1)
    other.execute("ROLLBACK")
    assert (notify.offset(), deliveries(notify)) == (0, [])
    notify.take_in([change()], 1)
    assert (notify.offset(), len(deliveries(notify))) == (1, 1)
    assert whole(notify, rows)


@pytest.mark.faults
def test_full_is_an_error_and_goes_on_where_it_was_when_there_is_room(make, deliveries, rows, channel, eventually):
    notify = make()
    notify.start()
    (row,) = rows(notify, "PRAGMA page_count")
    many = [change(subject=f"S{n}/MATH") for n in range(500)]
    with_pragma(notify, f"max_page_count = {row['page_count']}")
    for _ in range(3):
        with pytest.raises(LogError, match="full"):
            notify.take_in(many, 1)
        assert (notify.offset(), notify.count(), deliveries(notify)) == (0, 0, [])
    with_pragma(notify, "max_page_count = 1000000")
    notify.take_in(many, 1)
    eventually(lambda: {row["status"] for row in deliveries(notify)} == {"sent"})
    assert len(channel.sent) == len({message.key for *_, message in channel.sent}) == 500
    assert whole(notify, rows)


def test_what_was_sent_and_could_not_be_written_down_comes_once_more_and_says_so(
    make, other, clock, channel, rows, status_of, eventually
):
    notify = make(retry=QUICK)
    other.execute(
        "CREATE TRIGGER full BEFORE UPDATE ON delivery WHEN NEW.status = 'sent'"
        " BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END"
    )
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: len(channel.sent) == 1)
    clock.advance(timedelta(seconds=30))  # nobody else touches it before its lease ends
    threading.Event().wait(0.2)
    assert (len(channel.sent), status_of(notify)) == (1, "sending")
    other.execute("DROP TRIGGER full")
    clock.advance(timedelta(seconds=31))
    eventually(lambda: status_of(notify) == "sent")
    assert [message.extras["possibly_duplicate"] for *_, message in channel.sent] == [False, True]
    assert len({message.key for *_, message in channel.sent}) == 1
    assert whole(notify, rows)
