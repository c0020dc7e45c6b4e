"""Rejects are kept within a quota per source and day, and counted beyond it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.log import quota
from services.log.journal import Journal
from services.messages import Problem, Rejection

NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)


def reject(source, at=NOON, raw=b"x" * 10):
    return Rejection(
        received_at=at,
        origin="api",
        position="event 1",
        reasons=[Problem(where="id", what="bad")],
        raw=raw,
        source=source,
    )


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(quota, "MOST", 3)
    monkeypatch.setattr(quota, "BYTES", 100)
    monkeypatch.setattr(quota, "_ALL", 4)


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path / "prewarn.db", lambda: NOON)
    yield made
    made.close()


def kept(journal):
    """(source, what is kept or how many are not)."""
    return [(one.source, one.position if one.origin == "quota" else len(one.raw)) for _, one in journal.list()]


def test_beyond_the_quota_of_a_source_they_are_counted_in_one_reject(journal):
    journal.reject([reject("a")] * 5)
    journal.reject([reject("b")])
    journal.reject([reject("a")] * 2)
    assert kept(journal) == [("a", 10)] * 3 + [("b", 10), ("a", "4 more")]
    (told,) = [one for _, one in journal.list() if one.origin == "quota"]
    assert "4 more were refused on 2026-09-07" in str(told.reasons[0])


def test_the_bytes_have_a_quota_too_and_another_day_is_another_one(journal):
    journal.reject([reject("a", raw=b"x" * 200), reject("a")])
    journal.reject([reject("a", NOON + timedelta(days=1))])
    assert kept(journal) == [("a", 200), ("a", "1 more"), ("a", 10)]


def test_many_sources_have_one_together(journal):
    journal.reject([reject(f"s{n}") for n in range(20)])
    assert kept(journal) == [*((f"s{n}", 10) for n in range(12)), (None, "8 more")]


def test_another_process_knows_what_was_kept(journal):
    journal.reject([reject("a")] * 4)
    other = Journal(journal.path, lambda: NOON)
    other.reject([reject("a")] * 2)
    other.close()
    assert kept(journal) == [("a", 10)] * 3 + [("a", "3 more")]


def test_what_prewarn_itself_sets_aside_has_no_quota(journal):
    for _ in range(20):
        journal.reject([reject("a")], whole=True)
    assert kept(journal) == [("a", 10)] * 20
