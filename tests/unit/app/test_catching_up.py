"""A start after an outage: nobody is accused of what sources have not delivered yet."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from services.app.embedded import Embedded
from services.messages import to_ms
from services.notify.testing import ManualClock
from services.rules.language.load import load
from services.settings import Settings, resource
from tests.rule_files import folder, rule

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
START = MONDAY + timedelta(days=4, hours=10)
"""The server comes back."""
TOLD = "{to: [class_tutor], max_age: 30d}"
RULES = (
    rule("missing", on="lesson", by="[lesson]", measure="{missing: rollcall, after: ends_at}",
         levels="{at_least: {red: 30m}}", notify=TOLD),
    rule("often", on="warning", by="[class]", where='rule == "missing" and change == "opened"',
         measure="{count: true}", levels="{at_least: {red: 3}}", notify=TOLD),
    rule("absent", levels="{at_least: {red: 1}}", notify=TOLD),
)  # fmt: skip


def event(kind, ident, at, **data):
    return {"specversion": "1.0", "source": "lab", "type": kind, "id": ident, "time": at.isoformat(), "data": data}


def lessons():
    """One a day, published before the outage."""
    return [
        event("lesson", f"l{n}", MONDAY, lesson=f"l{n}", course="c", status="planned", **{"class": "k1"},
              starts_at=(MONDAY + timedelta(days=n, hours=1)).isoformat(),
              ends_at=(MONDAY + timedelta(days=n, hours=2)).isoformat())
        for n in range(5)
    ]  # fmt: skip


def rollcalls(*days):
    return [
        event("rollcall", f"r{n}", MONDAY + timedelta(days=n, hours=1), lesson=f"l{n}", course="c", **{"class": "k1"})
        for n in days
    ]


@pytest.fixture
def clock():
    return ManualClock(MONDAY + timedelta(minutes=1))


@pytest.fixture
def start(tmp_path, clock):
    """Starts the college's process; nothing runs beside the test."""
    home = tmp_path / "home"
    folder(home / "rules", *RULES)
    (home / "directory").mkdir()
    for name, text in (
        ("people.csv", "id,name,channel\nt1,Wang,sink://demo\n"), ("classes.csv", "id\nk1\n"),
        ("students.csv", "id,class\ns1,k1\n"), ("roles.csv", "role,person,scope_kind,scope\nclass_tutor,t1,class,k1\n"),
        ("sources.csv", "id,owner,expected_interval\nlab,t1,2h\n"),
    ):  # fmt: skip
        (home / "directory" / name).write_text(text, "utf-8")

    def start():
        embedded = Embedded(Settings(home=home), clock=clock)
        assert embedded.try_evaluating()
        embedded.catching_up.begin()
        return embedded

    return start


def turn(embedded, clock, *events):
    """One round of what the process's threads do."""
    for one in events:
        assert embedded.intake.take(json.dumps(one).encode(), "api").accepted == 1
    embedded.catch_up()
    while embedded.worker.tick(to_ms(clock.now)):
        embedded.catch_up()
    embedded.await_sources()


def messages(embedded):
    """(rule, status, minutes until it is due, why it waits) of each message."""
    query = """select w.rule, d.status, d.next_try_at, x.reason from delivery d join warning w on w.number = d.warning
        left join decision x on x.warning = d.warning and x.sequence = d.sequence order by w.rule, d.id"""
    with sqlite3.connect(embedded.settings.home / "notify.db") as store:
        found = store.execute(query).fetchall()
    return [(rule, status, due and (due - to_ms(START)) // 60_000, why) for rule, status, due, why in found]


def test_what_the_sources_bring_in_time_is_told_to_nobody(start, clock):
    with start() as embedded:
        turn(embedded, clock, *lessons())
        assert not messages(embedded)
    clock.now = START
    with start() as embedded:
        turn(embedded, clock)
        waiting = [("missing", "pending", 30, "sources_awaited")] * 5
        assert messages(embedded) == [*waiting, ("often", "pending", 30, "sources_awaited")]
        clock.advance(timedelta(seconds=4))
        turn(embedded, clock, *rollcalls(0, 1, 2, 3))
        assert {(rule, status) for rule, status, *_ in messages(embedded)[:4]} == {("missing", "cancelled")}
        assert messages(embedded)[5][:2] == ("often", "cancelled")
        assert messages(embedded)[4] == waiting[0], "the last lesson's source is still behind"
        newer = event("attendance", "a", START - timedelta(hours=1), lesson="l9", student="s1", status="present")
        turn(embedded, clock, newer)
        assert embedded.catching_up.until() == 0, "it has caught up"
        assert messages(embedded)[4][:3] == ("missing", "pending", 0)


def test_what_accuses_by_what_came_does_not_wait_and_the_grace_ends(start, clock):
    with start() as embedded:
        turn(embedded, clock, *lessons()[:1])
    clock.now = START
    with start() as embedded:
        absence = event("attendance", "a", MONDAY + timedelta(hours=1), lesson="l0", student="s1", status="absent")
        turn(embedded, clock, absence)
        assert messages(embedded) == [("absent", "pending", 0, None), ("missing", "pending", 30, "sources_awaited")]
        clock.advance(timedelta(minutes=30))
        assert embedded.catching_up.until() == 0


@pytest.mark.parametrize(("minutes", "waits"), [(9, False), (11, True)])
def test_a_restart_is_no_outage(start, clock, minutes, waits):
    with start() as embedded:
        assert embedded.catching_up.until() == 0, "the first start of all"
    clock.advance(timedelta(minutes=minutes))
    with start() as embedded:
        assert bool(embedded.catching_up.until()) is waits


def test_the_rules_by_absence_are_those_about_what_did_not_come_and_those_on_them_alone():
    cards = load(resource("rules"), resource("schemas")).cards
    assert {name for name, card in cards.items() if card.by_absence} == {
        "rollcall-missing", "rollcall-missing-often", "test-missing", "test-missing-often", "assessment-missing",
        "task-overdue", "full-attendance", "teacher-records-complete", "tickets-in-time",
    }  # fmt: skip
