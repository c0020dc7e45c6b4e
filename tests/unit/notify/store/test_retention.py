"""The store's part of retention, on both databases."""

from datetime import timedelta

import pytest

from services.messages import to_ms
from services.notify.store.retention import Applied, StoreSweep, history
from services.notify.testing import change


@pytest.fixture
def told(notify, clock, eventually):
    """S1's warning is over and was closed in somebody's words; S2's is open. All messages are out."""
    notify.start()
    one = change(context={"student": "S1", "course": "MATH", "department": "D1"})
    notify.take_in([one, change(subject="S2/MATH")], 1)
    assert notify.acts.close("T1", one.warning_id, "talked to S1", "fixed") is None
    eventually(lambda: notify.waiting() == 0)
    clock.advance(timedelta(days=100))
    return notify


def swept(notify, clock, *, dry_run=False, days=50):
    sweep = StoreSweep(notify.database, dry_run=dry_run)
    before = to_ms(clock.now - timedelta(days=days))
    return {
        "texts": sweep.texts(before), "messages": sweep.messages(before), "silences": sweep.silences(before),
        "warnings": sweep.warnings(before, to_ms(clock.now)),
    }  # fmt: skip


def test_what_is_over_is_blanked_and_what_is_open_stays(told, clock, rows):
    dry = swept(told, clock, dry_run=True)
    assert dry == swept(told, clock) == {"texts": 2, "messages": 2, "silences": 0, "warnings": 1}
    query = "SELECT subject, evidence = '[]' AS empty, context, measure FROM warning ORDER BY subject"
    over, still = rows(told, query)
    assert (over["subject"], bool(over["empty"]), over["context"], over["measure"]) == (
        "S1/MATH", True, '{"department":"D1"}', None,
    )  # fmt: skip
    assert (bool(still["empty"]), still["context"]) == (False, '{"student":"S2","course":"MATH"}')
    assert rows(told, "SELECT DISTINCT person, action, text FROM act WHERE person <> ''") == [
        {"person": "T1", "action": "closed", "text": ""}
    ]
    assert set(swept(told, clock).values()) == {0}


def test_nothing_goes_before_its_time(told, clock):
    assert set(swept(told, clock, days=101).values()) == {0}


def test_what_is_still_to_be_sent_stays(told, clock, rows):
    with told.database.writing() as connection:
        connection.exec_driver_sql("UPDATE delivery SET status = 'failed' WHERE recipient = 'T1'")
    assert swept(told, clock)["messages"] == 1


def test_a_warning_that_begins_again_and_ends_is_blanked_again(told, clock, rows):
    swept(told, clock)
    told.take_in([change("raised", 2, level="red")], 2)
    assert rows(told, "SELECT evidence FROM warning WHERE subject = 'S1/MATH'") != [{"evidence": "[]"}]
    at = clock.now
    told.take_in([change("resolved", 3, closed_at=at)], 3)
    clock.advance(timedelta(days=100))
    assert swept(told, clock)["warnings"] == 1


def test_each_application_is_remembered(told):
    applied = Applied(5, {"texts": 50, "events": None}, {"texts": 2})
    StoreSweep(told.database, dry_run=False).record(applied)
    with told.database.reading() as connection:
        assert history(connection) == [applied]


def test_a_page_says_why_there_is_no_evidence(told, clock, browser_of):
    swept(told, clock)
    browser = browser_of(told)
    page = browser.get(f"/warnings/{change().warning_id}?lang=en").text
    assert "The time for which records are kept is over." in page
    assert "S1/MATH-1" not in page
