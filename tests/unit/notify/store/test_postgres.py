"""What differs between a file and a server: several writers at once, a server that goes away, locks that are held."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select, update

from services.accounts.rows import AccountRow
from services.errors import ConfigurationError, LogError
from services.messages import EscalationStep, to_ms
from services.notify.grouping import Grouping
from services.notify.store import accounts, intake, outbox, steps, tables
from services.notify.store.engine import Store
from services.notify.testing import CARD, change, facts


@pytest.fixture
def store_url(postgres):
    return postgres.database()


def test_several_first_starts_at_once_make_one_schema(store_url):
    def start(_):
        Store(store_url).close()

    with ThreadPoolExecutor(6) as starting:
        list(starting.map(start, range(6)))


def test_two_first_starts_at_once_make_one_administrator(store_url):
    first, second = Store(store_url), Store(store_url)
    admin = AccountRow(person="admin", operator=1, made=0)

    def begin(store):
        with store.writing() as connection:
            accounts.add_account(connection, admin)

    try:
        with ThreadPoolExecutor(1) as beside:
            with first.writing() as connection:
                accounts.add_account(connection, admin)
                late = beside.submit(begin, second)
                time.sleep(0.5)  # it has come as far as it can
            late.result()
        with first.reading() as connection:
            assert [one.person for one in accounts.accounts(connection)] == ["admin"]
    finally:
        first.close()
        second.close()


def test_what_is_only_read_waits_for_no_intake(notify, store_url):
    hasty = Store(store_url + "?options=-clock_timeout%3D200")
    try:
        with notify.database.writing() as connection:
            intake.known_of(connection, [], "warnings", 0, push=True)
            with hasty.reading() as reader:
                assert intake.positions(reader)["warnings"] == 0
    finally:
        hasty.close()


@pytest.mark.usefixtures("one_recipient")
def test_a_warning_that_is_being_taken_in_is_not_closed_at_the_same_time(notify):
    notify.take_in([change()], 1)
    with ThreadPoolExecutor(1) as person:
        with notify.database.writing() as connection:
            known = intake.known_of(connection, [change("raised", 2, level="red")], "warnings", 0, push=True)
            assert known.warnings[facts().warning_id].status == "open"
            closing = person.submit(notify.acts.close, "T1", facts().warning_id, "谈话", "fixed")
            with pytest.raises(TimeoutError):
                closing.result(0.5)
        assert closing.result(30) is None


@pytest.mark.usefixtures("one_recipient")
def test_time_passes_by_a_warning_that_somebody_is_acting_on(make, clock):
    chain = msgspec.structs.replace(CARD, escalate=[EscalationStep(after=60, to="class_tutor")])
    notify = make(cards=lambda *_: chain)
    notify.take_in([change()], 1)
    clock.advance(timedelta(hours=1))
    with ThreadPoolExecutor(1) as passing:
        with notify.database.writing() as connection:
            number = connection.execute(select(tables.warning.c.number).with_for_update()).scalar_one()
            assert passing.submit(notify.scheduler.step).result(30) == 0
            steps.stop(connection, [number], "acknowledged", 0)
            connection.execute(update(tables.warning).values(deadline=None))
        assert passing.submit(notify.scheduler.step).result(30) == 0


@pytest.mark.usefixtures("one_recipient")
def test_two_that_claim_at_once_make_one_digest_of_what_a_person_is_told(notify):
    notify.take_in([change(subject=f"{student}/MATH") for student in ("S1", "S2")], 1)
    queue, now = "json://hooks.campus", to_ms(notify.outbox.sender.ports.clock())

    class Beside(Grouping):
        """While the first looks what else is due, the second claims."""

        @property
        def groups(self):
            other = beside.submit(claim, "b", Grouping(wait=timedelta(seconds=10)))
            assert other.result(30) is None
            return True

    def claim(owner, grouping):
        with notify.database.writing() as connection:
            return outbox.claim(connection, queue, owner, now + 10_000, 1000, grouping)

    with ThreadPoolExecutor(1) as beside:
        assert len(claim("a", Beside(wait=timedelta(seconds=10))).told) == 2


@pytest.mark.usefixtures("one_recipient")
def test_two_that_take_the_same_in_at_once_leave_what_one_would(make, deliveries, rows):
    notifies = [make(home) for home in ("a", "b")]
    begin = threading.Barrier(2)

    def take(notify):
        begin.wait(30)
        for offset in range(1, 31):
            notify.take_in([change(subject=f"S{offset}/MATH")], offset, "campus.warnings/3")

    with ThreadPoolExecutor(2) as taking:
        list(taking.map(take, notifies))
    assert [notify.offset("campus.warnings/3") for notify in notifies] == [30, 30]
    assert len(deliveries(notifies[0])) == len(rows(notifies[0], "SELECT * FROM warning")) == 30


@pytest.mark.usefixtures("one_recipient")
def test_a_server_that_was_stopped_and_started_is_found_again(make, postgres, deliveries, status_of, eventually):
    notify = make()
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: status_of(notify) == "sent")
    postgres.stop()
    # A queue that was just reading is the first to say so.
    assert re.search("store (does not answer|cannot be read)", notify.unwell())
    postgres.start()
    notify.take_in([change(subject="S2/MATH")], 2)
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["sent", "sent"])
    assert [row["attempts"] for row in deliveries(notify)] == [1, 1]


def test_the_first_use_after_a_restart_of_the_server_fails_nobody(postgres, store_url):
    database = Store(store_url)
    with database.writing() as connection:
        intake.advance(connection, "warnings", 5)
    postgres.stop()
    postgres.start()
    with database.writing() as connection:
        assert intake.positions(connection)["warnings"] == 5
    database.close()


@pytest.mark.usefixtures("one_recipient")
def test_an_intake_that_gave_up_waiting_for_a_lock_has_changed_nothing_and_can_be_repeated(make, store_url, deliveries):
    notify, hasty = make("a"), make("b", store=store_url + "?options=-clock_timeout%3D200")
    with notify.database.writing() as connection:
        intake.known_of(connection, [], "warnings", 0, push=True)
        with pytest.raises(Exception, match="lock timeout"):
            hasty.take_in([change()], 1)
    assert (hasty.offset(), deliveries(notify)) == (0, [])
    hasty.take_in([change()], 1)
    assert (hasty.offset(), len(deliveries(notify))) == (1, 1)


@pytest.mark.parametrize("setting", ["lock_timeout", "statement_timeout"])
def test_nothing_waits_for_ever_unless_the_address_says_so(setting, store_url):
    for url, endless in ((store_url, False), (f"{store_url}?options=-c{setting}%3D0", True)):
        database = Store(url)
        with database.reading() as connection:
            assert (connection.exec_driver_sql(f"SHOW {setting}").scalar() == "0") is endless
        database.close()


def test_a_server_that_does_not_answer_is_one_sentence_without_the_password():
    with pytest.raises(LogError, match=r"postgresql\+psycopg://prewarn:\*\*\*@127\.0\.0\.1:1/x") as caught:
        Store("postgresql://prewarn:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "mysql://a:secret@b/c", "postgresql+nothing://a:secret@b/c"])
def test_an_address_that_is_none_says_what_would_be_one(url):
    with pytest.raises(ConfigurationError, match="expected: postgresql://") as caught:
        Store(url)
    assert "secret" not in str(caught.value)
