"""A term of the sample college under the default rules: whom its warnings reach, and how much each person is sent.

python tests/benchmarks/load.py [--seed N] [--json]

Everybody takes up in the evening what they were told of during the day. Twice: each message on its own, and grouped as
by default. Counts, no times: the same on every machine.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from services.app.demo import College
from services.app.demo.dates import ZONE
from services.messages import from_ms, to_ms
from services.notify.config import NotifyConfig
from services.notify.grouping import Grouping
from services.notify.ports import Ports
from services.notify.service import Notify
from services.notify.store.outbox import claim, finish, queues
from services.notify.testing import ManualClock
from services.rules.engine.engine import Engine
from services.rules.language.load import load
from services.settings import Settings
from tests.simulation import changes_of, directory_of

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 20)
DUE = (
    "SELECT min(at) FROM (SELECT min(next_try_at) AS at FROM delivery UNION ALL"
    " SELECT min(due_at) FROM escalation WHERE status = 'waiting' UNION ALL"
    " SELECT min(deadline) FROM warning WHERE overdue_at IS NULL AND status = 'open') AS due"
)
UNTAKEN = (
    "SELECT warning.id, min(person) AS person FROM warning JOIN delivery ON delivery.warning = number"
    " JOIN recipient ON recipient.warning = number AND person = delivery.recipient"
    " WHERE warning.status = 'open' AND acknowledged_at IS NULL AND level <> 'praise'"
    " AND delivery.status = 'sent' GROUP BY warning.id ORDER BY warning.id"
)
UNSENT = """
SELECT warning.number, level, rule,
 (SELECT count(*) FROM recipient WHERE recipient.warning = warning.number) AS people,
 (SELECT min(not_pushed) FROM warning_change AS c WHERE c.warning = warning.number AND c.sequence = 1) AS kept,
 (SELECT min(reason) FROM decision WHERE decision.warning = warning.number) AS decided,
 (SELECT min(last_error) FROM delivery WHERE delivery.warning = warning.number) AS fate
FROM warning WHERE NOT EXISTS
 (SELECT 1 FROM delivery WHERE delivery.warning = warning.number AND delivery.status = 'sent')
"""


class Term:
    """The term, as notify sees it, with a clock that the events set."""

    def __init__(self, folder, seed, grouping):
        self.clock, self.sent = ManualClock(), []
        rules = load(ROOT / "rules", ROOT / "schemas")
        self.college, self.engine = College(DAY, seed), Engine(rules.plan)
        self.people = directory_of(self.college, folder / "people")
        self.notify = Notify(
            NotifyConfig(
                store_url=f"sqlite:///{folder / 'notify.db'}",
                home=folder,
                base_url="http://campus",
                push=True,
                zone=ZONE,
                grouping=grouping,
            ),
            Ports(lambda: self.people, lambda _, rule: rules.cards.get(rule), self.clock, lambda _events: None),
            self._send,
        )
        self.evening = None

    def _send(self, _address, recipient, message):
        self.sent.append((recipient, self.clock().astimezone(ZONE).date(), message))

    def run(self):
        """From the first event to the end, and ten more days in which what is due comes."""
        events = [*self.college.history(), *self.college.today()]
        changes = changes_of(self.engine, events, self.college.end, self.people)
        for offset, (now, found) in enumerate(groupby(changes, key=lambda _: self.engine.now), start=1):
            self._until(from_ms(now))
            self.notify.take_in([*found], offset)
        self._until(self.college.end + timedelta(days=10))
        return self

    def _until(self, moment):
        while (due := min(self._due(), self._next_evening())) <= moment:
            self.clock.now = max(self.clock.now, due)
            while self.notify.scheduler.step():
                pass
            self._drain()
            if self.clock.now >= self._next_evening():
                self._take_up()
        self.clock.now = max(self.clock.now, moment)

    def _due(self):
        with self.notify.database.reading() as connection:
            found = connection.exec_driver_sql(DUE).scalar()
        return from_ms(found) if found is not None else datetime.max.replace(tzinfo=ZONE)

    def _next_evening(self):
        if self.evening is None:
            self.clock.now = next(iter(self.college.history())).time
            self.evening = self.clock.now.astimezone(ZONE).replace(hour=18, minute=0)
        return self.evening

    def _take_up(self):
        with self.notify.database.reading() as connection:
            untaken = connection.exec_driver_sql(UNTAKEN).all()
        for warning, person in untaken:
            self.notify.acts.acknowledge(person, warning)
        self.evening += timedelta(days=1)

    def _drain(self):
        """What the outbox's threads do, one after the other."""
        box, store = self.notify.outbox, self.notify.database
        with store.reading() as connection:
            names = queues(connection)
        for name in names:
            while True:
                with store.writing() as connection:
                    mine = claim(connection, name, "load", to_ms(self.clock()), 60_000, self.notify.config.grouping)
                if mine is None:
                    break
                result = box.sender.deliver(mine, box.sender.destination(mine), None)
                with store.writing() as connection:
                    finish(connection, mine, "load", result, to_ms(self.clock()))


def figures(term):
    """Whom it reached, and how often."""
    with term.notify.database.reading() as connection:
        warnings = connection.exec_driver_sql("SELECT count(*) FROM warning WHERE level <> 'praise'").scalar()
        unsent = [row for row in connection.exec_driver_sql(UNSENT).mappings() if row["level"] != "praise"]
    reasons = Counter(row["kept"] or row["fate"] or row["decided"] or "" for row in unsent)
    days = Counter((recipient, day) for recipient, day, _ in term.sent)
    return {
        "warnings": warnings, "sent_to_a_person": warnings - len(unsent),
        "told_in_results": reasons.pop("only_shown_at_this_level", 0), "not_sent": dict(reasons.most_common()),
        "shown_to_nobody": sum(not row["people"] for row in unsent),
        "messages": len(term.sent), "median_a_person_and_day": statistics.median(days.values()),
        "most_to_one_person_in_a_day": max(days.values()),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = {}
    for name, grouping in (("each on its own", Grouping()), ("grouped", Grouping(*Settings().grouping))):
        with tempfile.TemporaryDirectory() as folder:
            term = Term(Path(folder), given.seed, grouping)
            found[name] = figures(term.run())
            term.notify.stop()
    if given.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for name, told in found.items():
        sys.stdout.write(f"{name}:\n")
        for key, value in told.items():
            sys.stdout.write(f"  {key.replace('_', ' ')}: {value}\n")


if __name__ == "__main__":
    main()
