"""The one file: nothing that was accepted is lost, nothing is half-written, whatever goes wrong."""

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.errors import DamagedError, LogError
from services.i18n import say
from services.log.journal import Journal
from services.messages import (
    CampusEvent,
    Changes,
    Problem,
    Rejection,
    RuleCard,
    Text,
    WarningChange,
    WarningFacts,
    to_ms,
)

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
DATA = {"student": "s1", "lesson": "l", "status": "absent"}
NOTHING = Changes([], [])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "prewarn.db"


@pytest.fixture
def journal(path):
    opened = Journal(path, lambda: AT)
    yield opened
    opened.close()


def attendance(ident="1", revision=0, time=AT, retracted=False, source="s", **data):
    return CampusEvent(
        source=source, id=str(ident), kind="attendance", time=time, revision=revision, retracted=retracted,
        data={**DATA, **data},
    )  # fmt: skip


def logged(journal):
    rows = journal.read(0, 100_000)
    assert all(count == len(msgspec.json.decode(packed)) for _, _, count, packed in rows)
    return [event for *_, packed in rows for event in msgspec.json.decode(packed, type=list[CampusEvent])]


def change(sequence=1):
    facts = WarningFacts(
        warning_id="w", level="red", highest_level="red", value=1, threshold=1, window="all", evidence=[], opened_at=AT,
        first_event=None, context={},
    )  # fmt: skip
    return WarningChange(
        warning_id="w", sequence=sequence, change="opened", rule="r", rule_version="v", row=None, standard=None,
        subject="s1", reason="threshold_reached", at=AT, mode="live", facts=facts,
    )  # fmt: skip


def contents(journal):
    """Everything in the file."""
    tables = [name for (name,) in journal._rows("select name from sqlite_master where type = 'table' order by name")]
    return {name: journal._rows(f"select * from {name} order by 1, 2") for name in tables}


# ---- verdicts


def test_an_event_is_accepted_once_and_a_duplicate_from_then_on(journal):
    assert journal.append([attendance()]) == ["accepted"]
    assert journal.append([attendance(), attendance("2")]) == ["duplicate", "accepted"]
    assert [event.id for event in logged(journal)] == ["1", "2"]


def test_a_duplicate_within_one_batch_is_seen(journal):
    assert journal.append([attendance(), attendance(), attendance(status="late")]) == [
        "accepted", "duplicate", "conflict",
    ]  # fmt: skip
    assert logged(journal) == [attendance()]


CONFLICTS = {
    "another field": {"status": "late"}, "one field more": {"hours": 2}, "a null for nothing": {"hours": None},
    "another time": {"time": AT + timedelta(hours=1)}, "retracted": {"retracted": True},
}  # fmt: skip


@pytest.mark.parametrize("other", CONFLICTS.values(), ids=CONFLICTS)
def test_the_same_identity_with_other_content_is_a_conflict_and_the_first_one_stays(journal, other):
    journal.append([attendance()])
    assert journal.append([attendance(**other)]) == ["conflict"]
    assert logged(journal) == [attendance()]


def test_a_higher_revision_is_accepted_and_a_lower_one_that_comes_late_too(journal):
    revisions = [attendance(revision=2, status="late"), attendance(), attendance(revision=1, retracted=True)]
    assert journal.append(revisions) == ["accepted"] * 3
    assert journal.append(revisions) == ["duplicate"] * 3


def test_what_ingest_adds_makes_no_conflict(journal):
    journal.append([attendance(department="nursing", cohort="2025", teacher_stage="new")])
    assert journal.append([attendance(department="other", major="m", teaching_office="o", planned_hours=64)]) == [
        "duplicate"
    ]
    assert journal.append([attendance()]) == ["duplicate"]


def test_the_order_of_fields_makes_no_conflict(journal):
    journal.append([attendance(hours=2, course="c")])
    event = attendance()
    turned = msgspec.structs.replace(event, data=dict(reversed({**event.data, "hours": 2, "course": "c"}.items())))
    assert journal.append([turned]) == ["duplicate"]


def test_sources_keep_their_ids_apart(journal):
    assert journal.append([attendance(), attendance(source="t", status="late")]) == ["accepted", "accepted"]


def test_nothing_appended_writes_nothing(journal):
    assert journal.append([]) == []
    assert journal.end() == 0


def test_a_large_batch_is_in_the_log_once_and_every_event_has_its_verdict(journal):
    events = [attendance(n, time=AT + timedelta(minutes=-n)) for n in range(4321)]
    assert journal.append(events) == ["accepted"] * 4321
    assert sorted(event.id for event in logged(journal)) == sorted(event.id for event in events)
    assert [count for _, _, count, _ in journal.read(0)] == [2000, 2000, 321]


def test_rows_carry_the_clock_and_ticks_are_rows_without_events(journal):
    journal.append([attendance()])
    journal.append([attendance("2"), attendance("3")], [5, 7])
    journal.tick(9)
    assert [(offset, clock, count) for offset, clock, count, _ in journal.read(0)] == [
        (1, to_ms(AT), 1),
        (2, 7, 2),
        (3, 9, 0),
    ]
    assert journal.read(2) == [(3, 9, 0, b"[]")]
    assert journal.end() == 3


# ---- durability, several at once


def test_what_was_appended_is_there_for_whoever_opens_the_file_next(path):
    first = Journal(path, lambda: AT)
    first.append([attendance()])
    first.commit(1, 5, [("sig", "s1", b"state")], Changes([change()], []), ["s 9"], meta={"rule_version": "v"})
    first.reject([rejection(b"x")])
    second = Journal(path, lambda: AT)  # the first one was never closed
    assert second.append([attendance()]) == ["duplicate"]
    assert contents(second) == contents(first)
    assert second.evaluated() == (1, 5)
    assert list(second.states()) == [("sig", "s1", b"state")]
    assert second.published(0) == [(1, Changes([change()], []))]
    assert second.meta("rule_version", "") == "v"
    first.close()
    second.close()
    third = Journal(path, lambda: AT)
    assert logged(third) == [attendance()]
    third.close()


def test_threads_appending_at_once_lose_nothing_and_double_nothing(journal):
    def append(worker):
        return [
            v for n in range(0, 60, 3) for v in journal.append([attendance(n + k + worker % 2 * 30) for k in range(3)])
        ]

    with ThreadPoolExecutor(6) as pool:
        verdicts = [verdict for found in pool.map(append, range(6)) for verdict in found]
    assert verdicts.count("accepted") == 90
    assert verdicts.count("duplicate") == 270
    assert sorted(int(event.id) for event in logged(journal)) == list(range(90))


APPENDING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from services.log.journal import Journal
from services.messages import CampusEvent
at = datetime(2026, 3, 2, 8, tzinfo=UTC)
journal = Journal(Path(sys.argv[1]), lambda: at)
accepted = 0
for n in range(int(sys.argv[2]), int(sys.argv[3]), 5):
    events = [CampusEvent(source="s", id=str(i), kind="attendance", time=at, data={}) for i in range(n, n + 5)]
    accepted += journal.append(events).count("accepted")
print(accepted)
"""


def test_processes_that_open_the_file_at_once_and_append_lose_nothing_and_double_nothing(path):
    begins = [0, 100, 200, 0]  # each 200 long: every event is sent by two or three of them
    processes = [
        subprocess.Popen([sys.executable, "-c", APPENDING, str(path), str(n), str(n + 200)], stdout=subprocess.PIPE)
        for n in begins
    ]
    accepted = [int(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert sum(accepted) == 400
    journal = Journal(path, lambda: AT)
    assert sorted(int(event.id) for event in logged(journal)) == list(range(400))
    assert [offset for offset, *_ in journal.read(0, 1000)] == list(range(1, journal.end() + 1))
    journal.close()


def test_an_append_wakes_who_waits_for_the_log(journal):
    woken = threading.Event()

    def wait():
        with journal.wakeup:
            ready.set()
            journal.wakeup.wait(30)
        woken.set()

    ready = threading.Event()
    thread = threading.Thread(target=wait)
    thread.start()
    ready.wait()
    journal.append([attendance()])
    thread.join(30)
    assert woken.is_set()


# ---- one evaluation step is one transaction


class Stop(BaseException):
    pass


def broken(values, error):
    yield from values
    raise error


@pytest.mark.parametrize(
    "error", [ValueError("x"), Stop(), KeyboardInterrupt()], ids=lambda error: type(error).__name__
)
@pytest.mark.parametrize("where", ["states", "late", "drop"])
def test_an_error_within_a_step_leaves_nothing_of_it(journal, where, error):
    journal.append([attendance()])
    journal.commit(1, 5, [("old", "s1", b"old")], Changes([change()], []), ["s 9"], meta={"a": "1"})
    before = contents(journal)
    parts = {"states": [("old", "s1", b"new"), ("new", "s2", b"new")], "late": ["s 10"], "drop": ["old"]}
    parts[where] = broken(parts[where], error)
    with pytest.raises(type(error)):
        journal.commit(
            2,
            6,
            parts["states"],
            Changes([change(2)], []),
            parts["late"],
            drop=parts["drop"],
            meta={"a": "2", "b": "2"},
        )
    assert contents(journal) == before
    journal.commit(2, 6, [], NOTHING)
    assert journal.evaluated() == (2, 6)


def test_an_append_that_fails_half_way_leaves_nothing(journal):
    unfit = msgspec.structs.replace(attendance("2"), data={"student": object()})
    with pytest.raises(TypeError):
        journal.append([attendance(), unfit])
    with pytest.raises(ValueError, match="zip"):
        journal.append([attendance("3"), attendance("4")], [1])
    assert logged(journal) == []
    assert journal.append([attendance(), attendance("3")]) == ["accepted", "accepted"]


def test_a_step_replaces_states_and_lets_go_of_the_signatures_that_are_dropped(journal):
    journal.commit(1, 5, [("a", "s1", b"1"), ("b", "s1", b"1")], NOTHING)
    journal.commit(2, 6, [("a", "s1", b"2"), ("c", "s1", b"2")], NOTHING, drop={"b"})
    assert sorted(journal.states()) == [("a", "s1", b"2"), ("c", "s1", b"2")]
    assert journal.last_change() == 0
    assert journal.published(0) == []


def test_cards_are_found_by_the_version_of_their_rule_set(journal):
    card = RuleCard(rule="r", row=None, title=Text("一", "one"), message=Text("一", "one"), source="", to=["x"])
    journal.add_rule_set("v1", {"r": card})
    journal.add_rule_set("v1", {})
    assert journal.cards("v1") == {"r": card}
    assert journal.cards("v2") == {}


# ---- what goes wrong below


def test_a_file_that_another_process_keeps_locked_is_a_log_error_and_later_works(journal, path):
    journal._db.execute("pragma busy_timeout = 0")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    for attempt in (
        lambda: journal.append([attendance()]), lambda: journal.tick(1), lambda: journal.set_meta("a", "1"),
        lambda: journal.commit(1, 1, [], NOTHING), lambda: journal.reject([rejection(b"x")]),
    ):  # fmt: skip
        with pytest.raises(LogError, match="locked"):
            attempt()
    assert journal.end() == 0  # reading goes on
    other.execute("rollback")
    other.close()
    assert journal.append([attendance()]) == ["accepted"]


def test_opening_a_new_file_waits_for_another_process_that_opens_it(path):
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("begin exclusive")
    threading.Timer(0.3, lambda: other.execute("rollback")).start()
    journal = Journal(path, lambda: AT)
    assert journal.append([attendance()]) == ["accepted"]
    journal.close()
    other.close()


def full(journal):
    pages = journal._rows("pragma page_count")[0][0]
    journal._db.execute(f"pragma max_page_count = {pages}")


@pytest.mark.parametrize("step", ["append", "commit", "reject"])
def test_a_full_disk_is_a_log_error_and_nothing_is_half_written(journal, step):
    journal.append([attendance()])
    journal.commit(1, 5, [("a", "s1", b"1")], Changes([change()], []))
    before = contents(journal)
    full(journal)
    steps = {
        "append": lambda: journal.append([attendance(n, course="c" * 100) for n in range(2, 3000)]),
        "commit": lambda: journal.commit(
            2, 6, [("b", str(n), b"1" * 5000) for n in range(300)], Changes([change(2)], [])
        ),
        "reject": lambda: journal.reject([rejection(b"x" * 5000)] * 300),
    }
    for _ in range(3):
        with pytest.raises(LogError, match="full"):
            steps[step]()
        assert contents(journal) == before
    journal._db.execute("pragma max_page_count = 1000000")
    steps[step]()
    assert contents(journal) != before
    assert journal._rows("pragma integrity_check") == [("ok",)]


def test_a_closed_journal_is_a_log_error(path):
    journal = Journal(path, lambda: AT)
    journal.close()
    for attempt in (
        lambda: journal.append([attendance()]),
        lambda: journal.read(0),
        lambda: journal.commit(1, 1, [], NOTHING),
    ):
        with pytest.raises(LogError, match="closed"):
            attempt()
    journal.close()


def test_a_file_of_another_format_is_refused_and_not_touched(path):
    journal = Journal(path, lambda: AT)
    journal.append([attendance()])
    journal.set_meta("format", "2")
    journal.close()
    for _ in range(2):
        with pytest.raises(LogError, match="format 2 is not one that this version reads"):
            Journal(path, lambda: AT)
    raw = sqlite3.connect(path)
    assert raw.execute("select value from meta where name = 'format'").fetchone() == ("2",)
    assert raw.execute("select count(*) from log").fetchone() == (1,)
    raw.close()


def test_a_file_that_is_no_database_is_refused_and_not_touched(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(DamagedError, match="not a database"):
        Journal(path, lambda: AT)
    assert path.read_bytes() == b"not a database" * 1000


def test_a_folder_that_cannot_be_is_a_log_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError):
        Journal(tmp_path / "file" / "prewarn.db", lambda: AT)
    with pytest.raises(LogError):
        Journal(tmp_path, lambda: AT)


# ---- rejects


def rejection(raw, position="row 1", source=None):
    reasons = [
        Problem(where="data.score", what="坏", expected="a number"),  # as a version without a catalogue wrote it
        Problem(where="data.score", what=say("ingest.wrong_type", value="坏"), expected=say("input.number")),
    ]
    return Rejection(received_at=AT, origin="成绩.csv", position=position, reasons=reasons, raw=raw, source=source)


BYTES = {
    "binary": bytes(range(256)),
    "nothing": b"",
    "another encoding": "旷课".encode("gbk"),
    "a megabyte": b"\x00" * 10**6,
}


@pytest.mark.parametrize("raw", BYTES.values(), ids=BYTES)
def test_a_reject_keeps_its_bytes(path, raw):
    journal = Journal(path, lambda: AT)
    journal.reject([rejection(raw, source="s")])
    journal.close()
    journal = Journal(path, lambda: AT)
    assert list(journal.list()) == [(1, rejection(raw, source="s"))]
    assert journal.get(1) == rejection(raw, source="s")
    journal.close()


def test_a_reject_that_was_accepted_after_all_waits_no_more_but_can_be_found(journal):
    journal.reject([rejection(b"a"), rejection(b"b", "row 2")])
    journal.done(1)
    assert [number for number, _ in journal.list()] == [2]
    assert journal.get(1) == rejection(b"a")
    assert journal.get(3) is None
