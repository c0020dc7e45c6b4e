"""Whom a college's first load sends how many messages, as history and not as history.

The load ends on the last evening of its weeks; each class has a tutor, ten classes have a counsellor, and all offices
are held by one person each. What is due within an hour is sent: escalations are later.
"""

import csv
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from services.app.embedded import Embedded
from services.messages import from_ms, to_ms
from services.notify.store.outbox import claim, finish, queues
from services.notify.testing import ManualClock
from services.settings import Settings

CLOCKED = Path(__file__).parents[1] / "acceptance" / "clocked.py"
_OFFICES = (
    "student_affairs", "academic_affairs", "supervision_office", "quality_office", "college_office", "hr_office",
    "college_duty", "college_head", "rules_operator",
)  # fmt: skip
_TIMES = "SELECT min(next_try_at) FROM delivery WHERE status = 'pending'"


def with_roles(college, directory, folder):
    """The directory of a college, and who is accountable in it."""
    shutil.copytree(directory, folder)
    classes = [("class_tutor", f"tutor-{one}", "class", one) for one in college.classes]
    classes += [("counsellor", f"counsellor-{n // 10}", "class", one) for n, one in enumerate(college.classes)]
    roles = [*classes, *((office, office, "", "") for office in _OFFICES)]
    with (folder / "roles.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("role", "person", "scope_kind", "scope"), *roles])
    with (folder / "people.csv").open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows((who, who) for who in sorted({person for _, person, *_ in roles}))
    return folder


def messages(home, rules, paths, at, *, past):
    """Person → how many messages, of a load that ends at `at`."""
    clock = home.parent / f"{home.name}.clock"
    clock.write_text(at.isoformat(), "ascii")
    env = os.environ | {"PREWARN_RULES": str(rules), "PREWARN_TEST_CLOCK": str(clock)}
    command = [sys.executable, CLOCKED, "--home", home, "ingest", *["--past"] * past, *paths]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, cwd=CLOCKED.parents[2])
    with Embedded(Settings(home=home, rules=rules), clock=ManualClock(at)) as embedded:
        return _sent(embedded.notify, at + timedelta(hours=1))


def _sent(notify, until):
    """What the outbox's threads do, one after the other, while time goes on."""
    clock, told = notify.ports.clock, Counter()
    while (due := _next(notify)) is not None and due <= until:
        clock.now = max(clock.now, due)
        with notify.database.reading() as connection:
            names = queues(connection)
        for name in names:
            told += _drained(notify, name)
    return told


def _next(notify):
    with notify.database.reading() as connection:
        found = connection.exec_driver_sql(_TIMES).scalar()
    return None if found is None else from_ms(found)


def _drained(notify, queue):
    told, store, sender = Counter(), notify.database, notify.outbox.sender
    while True:
        now = to_ms(notify.ports.clock())
        with store.writing() as connection:
            mine = claim(connection, queue, "load", now, 60_000, notify.config.grouping)
        if mine is None:
            return told
        result = sender.deliver(mine, sender.destination(mine), None)
        with store.writing() as connection:
            finish(connection, mine, "load", result, now)
        told[mine.recipient] += 1
