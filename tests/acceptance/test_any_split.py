"""A term given as files, in whatever number and order, ends as if it had come live; nothing is opened on the way.

What may differ: ids, sequences and numbers of episodes, the reason of a change (live, a correction is one), deadlines,
and of rules on warnings the evidence, which is changes of other warnings as they were published.
"""

import json
import random
import shutil
from collections import Counter, defaultdict
from datetime import datetime, time, timedelta

import pytest

from services.app.embedded import Embedded
from services.ingest.files import ingest_files
from services.messages import to_ms
from services.settings import Settings, resource
from tests.acceptance.simulated_college import CALENDAR, FIRST, WEEKS, ZONE, College

BEGIN = datetime.combine(FIRST, time(), ZONE)
_OTHERWISE = {"id", "relapse_of", "reason", "deadline", "overdue_at", "opened_as"}
"""What differs by design: what is told of the past has no deadline, and is marked as the past."""
_ON_WARNINGS = {"rollcall-missing-often", "test-missing-often", "student-case"}


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


class Term:
    """Some weeks of a simulated college under the default pack."""

    def __init__(self, folder, students=60, weeks=4, *, lists_all=False):
        self.folder, self.end = folder, BEGIN + timedelta(weeks=weeks)
        college = College(students, 22, weeks=max(weeks, WEEKS), lists_all=lists_all)
        self.events = [(comes, event) for comes, event in college.events if comes < self.end]
        self.rules = folder / "rules"
        shutil.copytree(
            resource("rules"), self.rules, ignore=shutil.ignore_patterns("examples", "tests"), dirs_exist_ok=True
        )
        (self.rules / "calendar.yaml").write_text(CALENDAR, "utf-8")
        self.directory = college.write_directory(folder / "directory")

    def home(self, name, clock):
        home = self.folder / name
        if not home.exists():
            shutil.copytree(self.directory, home / "directory")
        embedded = Embedded(Settings(home=home, rules=self.rules), clock=clock)
        assert embedded.try_evaluating()
        return embedded

    def take(self, embedded, *parts, past=False):
        paths = []
        for n, events in enumerate(parts):
            paths.append(embedded.settings.home / f"{n}.ndjson")
            paths[-1].write_text("".join(f"{json.dumps(one)}\n" for one in events), "utf-8")
        found = ingest_files(paths, embedded.intake.of_the_past() if past else embedded.intake)
        assert not found.rejected, found.rejections[:3]

    def live(self, name="live", hours=6, since=BEGIN, passed=lambda _: None, act=lambda _embedded, _now: None):
        """As it comes, in steps of so many hours, from `since` on; `passed` is told the end of each step.

        `act`: what people do at the end of a step; the rules hear of it in the next one.
        """
        clock = Clock(since)
        with self.home(name, clock) as embedded:
            coming = iter([*self.events, (self.end + timedelta(days=1), None)])
            comes, event = next(coming)
            while clock.now < self.end:
                clock.now += timedelta(hours=hours)
                came = []
                while comes <= clock.now:
                    if comes > since or since == BEGIN:
                        came.append(event)
                    comes, event = next(coming)
                self.take(embedded, came)
                finish(embedded, clock.now)
                act(embedded, clock.now)
                passed(clock.now)
            return facts(embedded)[0]

    def loaded(self, name, parts, *, past=False):
        """As `prewarn ingest` takes them in."""
        clock = Clock(self.end)
        with self.home(name, clock) as embedded:
            self.take(embedded, *parts, past=past)
            embedded.put_in_order()
            finish(embedded, self.end)
            assert embedded.journal.late_behind(0) == 0
            return *facts(embedded), embedded.notify.waiting()


def finish(embedded, now):
    embedded.look_at_files(embedded.worker)  # who has left by the clock, among others
    embedded.catch_up()
    while embedded.worker.tick(to_ms(now)):
        embedded.catch_up()


def facts(embedded):
    """What the store has of each warning that was not withdrawn, by rule, subject and opening; and how many were."""
    found, withdrawn = defaultdict(list), 0
    for one in embedded.notify.warnings():
        if one["status"] == "withdrawn":
            withdrawn += 1
            continue
        kept = {name: value for name, value in one.items() if name not in _OTHERWISE}
        if one["rule"] in _ON_WARNINGS:
            del kept["evidence"]
            kept["first_event"] = None
        found[one["rule"], one["subject"], one["opened_at"]].append(json.dumps(kept, sort_keys=True))
    return found, withdrawn


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    return Term(tmp_path_factory.mktemp("any-split"))


@pytest.fixture(scope="module")
def live(term):
    return term.live()


def by_kind(events):
    kinds = defaultdict(list)
    for event in events:
        kinds[event["type"]].append(event)
    return [kinds[kind] for kind in sorted(kinds)]


def shuffled(events, files=5):
    events = [*events]
    random.Random(5).shuffle(events)
    return [events[n::files] for n in range(files)]


def by_student(events):
    return [sorted(events, key=lambda one: (one["data"].get("student", ""), one["time"]))]


@pytest.mark.parametrize("split", [by_kind, shuffled, by_student])
@pytest.mark.parametrize("past", [False, True])
def test_any_files_in_any_order_end_as_live(term, live, split, past):
    events = [event for _, event in term.events]
    found, withdrawn, waiting = term.loaded(f"{split.__name__}-{past}", split(events), past=past)
    assert Counter(rule for rule, _, _ in found) == Counter(rule for rule, _, _ in live)
    assert found == live
    assert withdrawn == 0, "opened by the order alone"
    assert not (past and waiting)


def test_the_term_has_what_depends_on_order(term, live):
    assert {"rollcall-missing", "rollcall-missing-often", "absence-hours"} <= {key[0] for key in live}
    assert len(live) > 50
    said = Counter((event["source"], event["id"]) for _, event in term.events)
    assert max(said.values()) > 1, "no record is corrected"
    assert any(event.get("retracted") for _, event in term.events)
