"""Several ingest processes on one PostgreSQL: what each of them relies on."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from services.errors import BrokerError, LogError, SettingError
from services.ingest.records.keys import Keys
from services.log import postgres_records
from services.log.postgres_records import PostgresRecords, address_of
from tests.unit.ingest.records.conftest import HOLIDAY, College, Kafka, absent, lesson

CLOSED = {HOLIDAY, absent().time.date()}


@pytest.fixture
def kafka():
    return Kafka()


@pytest.fixture
def process(database, kafka, schemas, request):
    """Makes processes of one prefix, all of which hand over to one Kafka."""
    stores = []

    def make(prefix=request.node.name, url=database):
        stores.append(PostgresRecords(address_of(url), prefix, kafka))
        return College(stores[-1], Keys(schemas), lambda: kafka.events)

    yield make
    for store in stores:
        store.close()


def test_the_first_two_processes_of_a_new_database_may_start_at_once(process, postgres):
    url = postgres.database()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: process(url=url), range(8)))
    assert made[0].take(absent()) == ["accepted"]


def test_a_database_from_before_there_were_runs_gets_their_table(process, postgres):
    url = postgres.database()
    process(url=url).take(absent())
    with psycopg.connect(url) as db:
        db.execute("drop table ingest_run")
    again = process(url=url)
    assert again.log.runs() == []
    assert again.take(absent()) == ["duplicate"]


def waits(database):
    """Whether somebody waits for the lock."""
    with psycopg.connect(database) as db:
        return db.execute("select 1 from pg_locks where locktype = 'advisory' and not granted").fetchone() is not None


def test_two_processes_never_decide_about_one_lesson_at_once(process, kafka, database):
    """While one has not handed over yet, the other waits; so no two of them give out one revision."""
    first, second = process(), process()
    first.take(lesson())
    begun, go_on = threading.Event(), threading.Event()
    append = kafka.append

    def slowly(events):
        kafka.append = append
        begun.set()
        go_on.wait(10)
        return append(events)

    kafka.append = slowly
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first.take, absent(source="sis"))
        assert begun.wait(10)
        other = pool.submit(second.take, absent(source="phone", status="present"))
        try:
            while not (held_up := waits(database)) and not other.done():
                pass
        finally:
            go_on.set()
        assert held_up
        assert (one.result(10), other.result(10)) == (["accepted"], ["accepted"])
    assert first.statuses() == {"s1": "present"}
    told = [(event.source, event.id, event.revision) for event in kafka.events]
    assert len(set(told)) == len(told)


def test_what_kafka_did_not_take_is_not_known_and_may_come_again(process, kafka):
    college = process()
    kafka.away = True
    with pytest.raises(BrokerError):
        college.take(absent())
    kafka.away = False
    assert college.take(absent()) == ["accepted"]
    assert college.take(absent()) == ["duplicate"]
    assert [event.revision for event in kafka.events] == [0]


def test_what_kafka_took_before_a_crash_is_handed_over_again_alike(process, kafka):
    college = process()
    college.take(lesson(), absent())
    append = kafka.append

    def dying(events):
        append(events)
        raise BrokerError("died")

    kafka.append = dying
    with pytest.raises(BrokerError):
        college.take(absent(status="late", _revision=1))
    kafka.append = append
    assert process().take(absent(status="late", _revision=1)) == ["accepted"]
    assert kafka.events[-1] == kafka.events[-2]
    assert college.statuses() == {"s1": "late"}


def test_prefixes_do_not_know_of_each_other(process, kafka):
    one, other = process("a."), process("b.")
    assert one.take(absent()) == other.take(absent()) == ["accepted"]


def test_one_review_for_all_processes_goes_on_where_one_has_died(process, kafka):
    first, second = process(), process()
    first.take(*(absent(lesson=f"L{n}") for n in range(700)))
    first.closed_days = second.closed_days = CLOSED
    assert first.log._review_some()  # a part of it, and then it dies
    assert 0 < len(first.counts()) < 700
    second.log.review()
    assert first.counts() == {}
    assert len(kafka.events) == 1400
    first.log.review()
    assert len(kafka.events) == 1400


def test_a_process_that_does_not_know_the_newest_directory_yet_reads_it_before_it_takes_in(process):
    ahead, behind = process(), process()
    ahead.closed_days = CLOSED
    ahead.log.review()
    behind.newest = behind.directory, CLOSED
    behind.take(absent())
    assert behind.counts() == {}
    behind.closed_days = {HOLIDAY}
    behind.log.review()  # the same, before it looks back
    assert behind.log._store.meta("bounds") == ahead.bounds()


def test_a_process_that_cannot_use_the_newest_directory_leaves_the_review_to_others(process):
    ahead, behind = process(), process()
    ahead.take(absent())
    ahead.closed_days = CLOSED
    ahead.log.review()
    assert ahead.counts() == {}
    behind.refresh = lambda: False
    behind.log.review()
    assert ahead.counts() == {}


def test_records_of_a_log_that_is_older_than_they_are_taken_over(process, kafka):
    kafka.append([absent(), absent("s2")])
    college = process()
    assert college.take(absent()) == ["duplicate"]
    college.take(absent(status="late", _revision=1))
    assert college.statuses() == {"s1": "late", "s2": "absent"}
    assert process().take(absent("s2")) == ["duplicate"]
    assert len(kafka.events) == 3


def test_a_server_that_was_started_anew_fails_nobody(process, postgres, database):
    college = process()
    college.take(absent())
    postgres.stop()
    with pytest.raises(LogError):
        college.take(absent("s2"))
    assert "records" in str(college.log._store.trouble)
    postgres.start()
    college.take(absent("s2"))
    assert college.log._store.trouble is None
    postgres.stop()
    postgres.start()
    assert college.take(absent("s3")) == ["accepted"]


def test_who_waits_too_long_is_told_so(process, monkeypatch):
    monkeypatch.setattr(postgres_records, "PATIENCE", 0.1)
    college = process()
    with college.log._store._turn, pytest.raises(LogError, match="busy"):
        college.take(absent())


@pytest.mark.parametrize("url", ["sqlite:///x.db", "mysql://u:secret@h/d", "postgresql://u:secret@h:port/d?x=1"])
def test_an_address_of_something_else_is_refused_without_its_password(url):
    with pytest.raises(SettingError) as refused:
        address_of(url)
    assert "secret" not in str(refused.value)
