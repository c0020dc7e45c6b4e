"""One change that notify cannot take in is set aside with its reason, and the rest goes on."""

from datetime import UTC, datetime

import msgspec
import pytest

from services.app.embedded import Embedded
from services.app.taking_in import Again
from services.errors import LogError, UnstorableError
from services.ingest.rejected import retry
from services.messages import Changes, WarningChange
from services.notify.testing import change
from services.settings import Settings
from tests.rule_files import folder, rule

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def college(tmp_path):
    folder(tmp_path / "rules", rule())
    with Embedded(Settings(home=tmp_path)) as embedded:
        yield embedded


def publish(college, *subjects):
    changes = [msgspec.structs.replace(change(subject=one), warning_id=f"w-{one}") for one in subjects]
    changes = [
        msgspec.structs.replace(one, facts=msgspec.structs.replace(one.facts, warning_id=one.warning_id))
        for one in changes
    ]
    college.journal.commit(0, 0, [], Changes(changes, []))


def refusing(college, monkeypatch, error):
    """A store that cannot hold what is about s2."""
    take_in = college.notify.take_in

    def taken(items, offset):
        if any(isinstance(one, WarningChange) and one.subject == "s2" for one in items):
            raise error
        return take_in(items, offset)

    monkeypatch.setattr(college.notify, "take_in", taken)


def take_in(college, tries):
    for _ in range(tries):
        try:
            college.take_in()
        except Exception as error:  # noqa: BLE001 - whatever it is
            raised = error
        else:
            return None
    return raised


def subjects(college):
    return sorted(one["subject"] for one in college.notify.warnings())


def test_a_change_that_cannot_be_taken_in_is_set_aside_and_may_be_tried_again(college, monkeypatch):
    publish(college, "s1", "s2", "s3")
    publish(college, "s4")
    with monkeypatch.context() as patched:
        refusing(college, patched, UnstorableError("no room for NUL"))
        assert isinstance(take_in(college, 2), UnstorableError)
        assert take_in(college, 1) is None
        assert subjects(college) == ["s1", "s3", "s4"]
        assert college.notify.offset() == college.journal.last_change()
        [(number, rejection)] = college.journal.list()
        assert "no room for NUL" in str(rejection.reasons[0])
        assert any("set aside: 1" in line for line in college.degraded())
        assert b"prewarn_changes_set_aside 1.0" in college.notify.metrics.exposition()
        again = Again(college.intake, college.taking_in)
        assert retry(college.journal, again).failed.keys() == {number}
    assert retry(college.journal, again).passed == [number]
    assert subjects(college) == ["s1", "s2", "s3", "s4"]
    assert college.degraded() == []


def test_a_step_that_cannot_be_read_is_set_aside(college):
    publish(college, "s1")
    with college.journal.transaction() as db:
        db.execute("insert into change (packed) values (?)", (b"\xc1 no msgpack",))
    publish(college, "s2")
    assert take_in(college, 3) is None
    assert subjects(college) == ["s1", "s2"]
    assert [one.raw for _, one in college.journal.list()] == [b"\xc1 no msgpack"]


def test_a_store_that_is_away_is_no_fault_of_a_change(college, monkeypatch):
    publish(college, "s2")
    with monkeypatch.context() as patched:
        refusing(college, patched, LogError("away"))
        assert isinstance(take_in(college, 5), LogError)
        assert list(college.journal.list()) == []
    college.take_in()
    assert subjects(college) == ["s2"]
