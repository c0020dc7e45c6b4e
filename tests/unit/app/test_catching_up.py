"""A start after an outage: nobody is accused of what sources have not delivered yet."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from services.app.catching_up import Beat, CatchingUp
from services.app.embedded import Embedded
from services.directory import Directory
from services.directory.records import Source, Tables
from services.log.journal import Journal
from services.log.outages import JournalOutages
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
        embedded.begin()
        return embedded

    return start


def turn(embedded, clock, *events):
    """One round of what the process's threads do."""
    for one in events:
        assert embedded.intake.take(json.dumps(one).encode(), "api").accepted == 1
    embedded.catch_up()
    while embedded.worker.tick(to_ms(clock.now)):
        embedded.catch_up()
    embedded.beat.tell()
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
        embedded.await_sources()
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


@pytest.fixture
def apart(tmp_path, clock):
    """Notes of a process that takes in, and another one that warns; the directory knows no sources."""
    journal = Journal(tmp_path / "prewarn.db", clock)
    notes = JournalOutages(journal)
    yield Beat(notes, {}, clock), CatchingUp(notes, Directory, clock, lambda: lambda: True, apart=True)
    journal.close()


def test_while_nothing_takes_in_the_sources_are_waited_for_half_an_hour_and_again_when_something_does(apart, clock):
    beat, catching_up = apart
    assert not catching_up.look(), "nothing ever took in: files come in otherwise"
    beat.begin()
    clock.advance(timedelta(minutes=10))
    assert not catching_up.look()
    clock.advance(timedelta(minutes=1))
    half_an_hour = to_ms(clock.now + timedelta(minutes=30))
    assert catching_up.look()
    clock.advance(timedelta(minutes=29))
    assert not catching_up.look()
    assert catching_up.until() == half_an_hour
    beat.begin()
    assert catching_up.look()
    assert catching_up.until() == to_ms(clock.now + timedelta(minutes=30))
    for _ in range(29):
        clock.advance(timedelta(minutes=1))
        beat.beat()
        assert not catching_up.look()
    clock.advance(timedelta(minutes=1))
    assert catching_up.look()
    assert catching_up.until() == 0


def test_half_an_hour_after_it_was_missed_nobody_waits_any_more(apart, clock):
    beat, catching_up = apart
    beat.begin()
    clock.advance(timedelta(days=7))
    assert catching_up.look()
    clock.advance(timedelta(minutes=30))
    assert catching_up.look()
    assert catching_up.until() == 0


def test_sources_that_have_caught_up_are_waited_for_until_what_they_brought_is_evaluated(tmp_path, clock):
    journal = Journal(tmp_path / "prewarn.db", clock)
    newest, evaluated, asked = {}, [False], []

    def behind():
        asked.append(clock.now)
        return lambda: evaluated[0]

    def directory():
        return Directory(Tables(sources=[Source(id="lab")]))

    notes = JournalOutages(journal)
    beat, catching_up = Beat(notes, newest, clock), CatchingUp(notes, directory, clock, behind)
    beat.begin()
    clock.advance(timedelta(days=1))
    beat.begin()
    assert catching_up.look()
    newest["lab"] = to_ms(clock.now - timedelta(minutes=61))
    beat.tell()
    assert not catching_up.look()
    assert not asked, "it is behind by more than an hour"
    newest["lab"] = to_ms(clock.now - timedelta(minutes=60))
    beat.tell()
    assert not catching_up.look()
    assert not catching_up.look()
    assert len(asked) == 1
    evaluated[0] = True
    assert catching_up.look()
    assert catching_up.until() == 0
    journal.close()


@pytest.fixture
def evaluation(tmp_path, clock):
    """Something takes in all the time; how far (as an instant) has been evaluated what came, and who waits for it."""
    journal = Journal(tmp_path / "prewarn.db", clock)
    evaluated = [None]

    def behind():
        asked = clock.now
        return lambda: evaluated[0] is None or evaluated[0] >= asked

    notes = JournalOutages(journal)
    beat, catching_up = Beat(notes, {}, clock), CatchingUp(notes, Directory, clock, behind, apart=True)
    beat.begin()

    def minutes(number):
        """Lets time pass; for how many minutes from now at most what accuses by absence waits."""
        for _ in range(round(number * 6)):
            clock.advance(timedelta(seconds=10))
            beat.beat()
            catching_up.look()
        until = catching_up.until()
        return until and round((until - to_ms(clock.now)) / 60_000)

    yield evaluated, minutes
    journal.close()


def test_while_evaluation_alone_stands_still_and_until_it_is_with_the_present_nobody_is_accused(evaluation, clock):
    evaluated, minutes = evaluation
    assert minutes(60) == 0
    evaluated[0] = clock.now
    assert minutes(10) == 0, "it is a little behind"
    assert minutes(1) == 30
    assert minutes(120) == 30, "whenever it moves again"
    evaluated[0] = clock.now - timedelta(hours=1)
    assert minutes(1) == 29
    assert minutes(5) == 24
    evaluated[0] = None
    assert minutes(1) == 0
    evaluated[0] = clock.now
    assert minutes(11) == 30, "the next time, too"


def test_evaluation_that_stays_behind_lets_accusations_go_after_half_an_hour(evaluation, clock):
    evaluated, minutes = evaluation
    minutes(1)
    evaluated[0] = clock.now
    assert minutes(20) == 30
    for _ in range(29):
        evaluated[0] = clock.now - timedelta(minutes=15)
        assert minutes(1)
    evaluated[0] = clock.now - timedelta(minutes=15)
    assert minutes(2) == 0


def test_a_clock_that_leaps_says_nothing_of_evaluation(evaluation, clock):
    evaluated, minutes = evaluation
    minutes(1)
    evaluated[0] = clock.now - timedelta(seconds=1)
    assert minutes(1) == 0, "it is a little behind"
    clock.advance(timedelta(hours=1))
    evaluated[0] = None
    assert minutes(1 / 6) == 0
    evaluated[0] = clock.now
    assert minutes(11) == 30, "what stands still behind it is seen"


def test_a_restart_in_the_grace_goes_on_waiting(start, clock):
    with start():
        pass
    clock.advance(timedelta(hours=1))
    with start() as embedded:
        until = embedded.catching_up.until()
        assert until
    clock.advance(timedelta(minutes=5))
    with start() as embedded:
        assert embedded.catching_up.until() == until
