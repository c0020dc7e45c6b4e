"""Several ingest processes on one PostgreSQL: what each of them relies on."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from services.errors import BrokerError, LogError, SettingError
from services.ingest.records.keys import Keys
from services.log import leave_news, postgres_records, quota
from services.log.postgres_records import PostgresRecords, address_of
from services.messages import Problem, Rejection
from tests.unit.ingest.records.conftest import HOLIDAY, NOW, College, Kafka, absent, lesson, said

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
        db.execute("drop table ingest_quota")
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


def refused(source, at=NOW, raw=b"x" * 10):
    reasons = [Problem(where="id", what="bad")]
    return Rejection(received_at=at, origin="api", position="event 1", reasons=reasons, raw=raw, source=source)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(quota, "MOST", 3)
    monkeypatch.setattr(quota, "BYTES", 100)
    monkeypatch.setattr(quota, "_ALL", 4)


def kept(kafka):
    """(source, what is kept or how many are not)."""
    return [(one.source, one.position if one.origin == "quota" else len(one.raw)) for one in kafka.rejections]


def test_all_processes_share_the_quota_of_rejects(process, kafka, small):
    first, second = process(), process()
    first.log.reject([refused("a")] * 2)
    second.log.reject([refused("a")] * 2 + [refused("b", raw=b"x" * 200), refused("b")])
    assert kept(kafka) == [("a", 10)] * 3 + [("b", 200), *kept(kafka)[4:]]
    assert sorted(kept(kafka)[4:]) == [("a", "1 more"), ("b", "1 more")]
    first.log.reject([refused("a", NOW + timedelta(days=1))])
    assert kept(kafka)[6:] == [("a", 10)]


def test_how_many_more_there_are_is_said_when_they_double(process, kafka, small):
    for one in (process(), process()) * 20:
        one.log.reject([refused("a\0")] * 3)
    assert [text for _, text in kept(kafka)[3:]] == [f"{n} more" for n in (3, 6, 9, 18, 33, 66)]


def test_many_sources_have_one_quota_together(process, kafka, small):
    process().log.reject([refused(f"s{n}") for n in range(20)])
    assert kept(kafka) == [*((f"s{n}", 10) for n in range(12)), (None, "8 more")]


def test_what_kafka_did_not_take_is_not_counted(process, kafka, small):
    one = process()
    kafka.away = True
    for _ in range(5):
        with pytest.raises(BrokerError):
            one.log.reject([refused("a")] * 3)
    kafka.away = False
    one.log.reject([refused("a")] * 3)
    assert kept(kafka) == [("a", 10)] * 3


def test_processes_that_refuse_at_once_keep_no_more_than_one(process, kafka, small):
    processes = [process() for _ in range(4)]
    processes[0].log.reject([refused("c")])
    kafka.takes = 0.05
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: [one.log.reject([refused("a"), refused("b")]) for _ in range(5)], processes))
    assert Counter(one for one in kept(kafka) if isinstance(one[1], int)) == {("a", 10): 3, ("b", 10): 3, ("c", 10): 1}


def test_of_whose_leave_one_process_takes_in_another_hears(process):
    """Once it is committed, and once for each word."""
    one, other = process(), process()
    hears = lambda: other.store.meta(leave_news.NAME)  # noqa: E731
    asked = said("leave", leave="a1", student="s1", status="pending", **{"from": str(NOW), "to": str(NOW)})
    one.take(absent(), lesson())
    assert leave_news.since(hears(), None) == (0, frozenset())
    one.take(asked)
    assert leave_news.since(hears(), 0) == (1, {"s1"})
    one.take(asked)
    assert leave_news.since(hears(), 1) == (1, frozenset())
