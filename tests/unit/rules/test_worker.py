"""The worker over a journal: it may stop anywhere, meet rows that it cannot read, and hand over to another rule set."""

import random
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from services.errors import LogError
from services.log.journal import Journal
from services.messages import to_ms
from services.rules.worker import Worker
from tests.harness import rule_set
from tests.journals import (
    AT,
    DAY,
    HOUR,
    ONE,
    absence,
    append,
    assert_ids_are_unique,
    facts,
    finish,
    journal,
    keys,
    published,
    rows_of,
    write,
)  # fmt: skip
from tests.rule_files import folder, rule

MINUTES = timedelta(minutes=10)
END = AT + 2_200 * MINUTES
EVERY_MEASURE = Path(__file__).parent / "engine" / "every_measure"


class Crash(BaseException):
    """The process ended here."""


class Crashing(Journal):
    """A journal under whose commits the process ends now and then, before or after they are made."""

    rng: random.Random | None = None

    def commit(self, *args, **more) -> None:
        chance = self.rng.random() if self.rng else 1.0
        if chance < 0.3:
            raise Crash
        super().commit(*args, **more)
        if chance < 0.6:
            raise Crash


# ---- stopping and starting again


@pytest.fixture(scope="module")
def every_measure():
    return rule_set(EVERY_MEASURE)


@pytest.mark.properties
@pytest.mark.parametrize("seed", range(20))
def test_a_worker_that_is_stopped_anywhere_publishes_what_one_does_that_runs_straight(tmp_path, every_measure, seed):
    rows = list(rows_of(seed))
    straight = journal(tmp_path / "a")
    write(straight, rows)
    finish(Worker(straight, every_measure))
    rng = random.Random(100 + seed)
    stopped, at, starts = journal(tmp_path / "b", Crashing), 0, 0
    while at < len(rows) or stopped.evaluated()[0] < stopped.end():
        starts += 1
        stopped.rng = rng if starts < 40 else None
        try:
            worker = Worker(stopped, every_measure)
            while at < len(rows) or stopped.evaluated()[0] < stopped.end():
                chunk = rng.randint(1, 4)
                write(stopped, rows[at : at + chunk])
                at += chunk
                worker.step()
        except Crash:
            continue
    assert starts > 2
    assert keys(published(stopped)) == keys(published(straight))
    assert facts(stopped) == facts(straight)
    assert stopped.evaluated()[1] == straight.evaluated()[1]  # the rows that warnings come back in are others
    assert_ids_are_unique(published(straight))


def test_evaluating_nothing_publishes_nothing(tmp_path):
    book = journal(tmp_path)
    worker = Worker(book, rule_set(folder(tmp_path / "rules", rule())))
    assert worker.step() == 0
    assert not worker.tick(to_ms(AT + 900 * DAY))
    assert published(book) == []


def test_a_tick_is_written_only_when_the_log_is_evaluated_and_a_deadline_has_passed(tmp_path):
    book = journal(tmp_path)
    worker = Worker(book, rule_set(folder(tmp_path / "rules", rule(window="{within: 2d}", levels=ONE))))
    append(book, [absence(1)])
    assert not worker.tick(to_ms(AT + 9 * DAY))
    finish(worker)
    assert not worker.tick(to_ms(AT + 2 * DAY) - 1)
    assert worker.tick(to_ms(AT + 2 * DAY))
    assert [c.change for c in published(book)] == ["opened"]
    finish(worker)
    assert [(c.change, c.at) for c in published(book)] == [("opened", AT), ("resolved", AT + 2 * DAY)]
    assert not worker.tick(to_ms(AT + 900 * DAY))


def test_what_changes_a_long_past_waits_for_more_of_the_log_and_for_nothing_at_its_end(tmp_path):
    """Also over a restart: it is part of the state."""
    book = journal(tmp_path)
    rules = rule_set(folder(tmp_path / "rules", rule(window="{within: 5m}", levels="{at_least: {yellow: 3}}")))
    worker = Worker(book, rules)
    append(book, [absence(f"{n:04}", AT + n * MINUTES) for n in range(2_100)], END)
    finish(worker)
    for n in range(2):
        append(book, [absence(f"late{n}", AT + HOUR)], END)
    worker.step()
    assert published(book) == []
    worker = Worker(book, rules)
    assert worker.settle()
    finish(worker)
    assert not worker.settle()
    assert [(c.change, c.at) for c in published(book)] == [
        ("opened", AT + HOUR),
        ("resolved", AT + HOUR + MINUTES / 2),
    ]


def test_what_waits_for_more_of_the_log_waits_no_longer_than_its_patience(tmp_path):
    book = journal(tmp_path)
    rules = rule_set(folder(tmp_path / "rules", rule(window="{within: 5m}", levels="{at_least: {yellow: 3}}")))
    worker = Worker(book, rules)
    append(book, [absence(f"{n:04}", AT + n * MINUTES) for n in range(2_100)], END)
    finish(worker)
    for n in range(12):
        append(book, [absence(f"late{n}", AT + HOUR)], END + timedelta(seconds=n))
    worker.step()
    assert [c.change for c in published(book)] == ["opened", "resolved"]


def test_late_events_are_listed(tmp_path):
    book = journal(tmp_path)
    worker = Worker(book, rule_set(folder(tmp_path / "rules", rule())))
    append(book, [absence("new")])
    append(book, [absence("old", AT - 31 * DAY), absence("older", AT - 40 * DAY)], AT)
    append(book, [absence("newer", AT + HOUR)])
    finish(worker)
    assert book._rows("select ident from late order by ident") == [("s old",), ("s older",)]
    assert [value[3].value for value in facts(book).values()] == [2]
    assert worker.counts["processed"] == 5  # the warning came back


# ---- what cannot be read or written


def spoil(book, offset, packed):
    book._db.execute("update log set packed = ? where offset = ?", (packed, offset))


SPOILT = {
    "no JSON": b"\x00\xff", "no list": b"{}", "a number for a struct": b"[1]", "a time without a zone":
    msgspec.json.encode([absence("x") | {"time": "2026-03-02T08:00:00"}]),
}  # fmt: skip


@pytest.mark.parametrize("content", SPOILT.values(), ids=SPOILT)
def test_a_row_that_cannot_be_read_is_passed_over_now_and_at_every_replay(tmp_path, content):
    book = journal(tmp_path)
    for n in range(3):
        append(book, [absence(n, AT + n * HOUR)])
    spoil(book, 2, content)
    worker = finish(Worker(book, rule_set(folder(tmp_path / "a", rule()))))
    assert worker.counts["unreadable"] == 1
    assert [value[3].value for value in facts(book).values()] == [2]
    other = rule_set(folder(tmp_path / "b", rule(measure='{count: status != "present"}')))
    worker.use(other)
    assert [f.value for *_, f in facts(book).values()] == [2]


def test_of_a_row_with_one_unreadable_event_the_others_count(tmp_path):
    book = journal(tmp_path)
    append(book, [absence(n, AT + n * HOUR) for n in range(3)])
    row = msgspec.json.decode(book.read(0)[0][3])
    row[1] = {**row[1], "type": "gossip"}
    spoil(book, 1, msgspec.json.encode(row))
    worker = finish(Worker(book, rule_set(folder(tmp_path / "a", rule()))))
    assert worker.counts["unreadable"] == 1
    assert [value[3].value for value in facts(book).values()] == [2]


class Failing(Journal):
    """A journal that cannot be written, or read, as often as it is told."""

    fails = 0
    blind = 0

    def commit(self, *args, **more) -> None:
        if self.fails:
            self.fails -= 1
            raise LogError("full")
        super().commit(*args, **more)

    def evaluated(self):
        if self.blind:
            self.blind -= 1
            raise LogError("unreadable")
        return super().evaluated()


@pytest.mark.parametrize("blind", [0, 1, 3])
def test_after_a_failed_commit_the_step_is_repeated_with_the_same_ids(tmp_path, blind):
    rows = list(rows_of(7))
    rules = rule_set(folder(tmp_path / "rules", rule(window="{within: 3d}"), rule("q", by="[class]")))
    straight, failing = journal(tmp_path / "a"), journal(tmp_path / "b", Failing)
    write(straight, rows)
    finish(Worker(straight, rules))
    worker = Worker(failing, rules)
    for row in rows:
        write(failing, [row])
        failing.fails, failing.blind = 1, blind
        for _ in range(1 + blind):
            with pytest.raises(LogError):
                worker.step()
        assert (failing.fails, failing.blind) == (0, 0)
        finish(worker)
    assert keys(published(failing)) == keys(published(straight))
    assert facts(failing) == facts(straight)
