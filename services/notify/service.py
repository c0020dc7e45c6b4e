"""Notify as one object: changes in, messages out, pages for people. The composition root makes one."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from services.log.heartbeat import Heartbeats
from services.messages import CampusEvent, WarningChange, WarningReading, from_ms, to_ms
from services.notify.channels.sending import Channels
from services.notify.delivery import Courier, Pace, Send
from services.notify.disabled_channels import Stop, keys_of
from services.notify.feedback_publisher import Telling
from services.notify.grouping import AT_ONCE, Grouping
from services.notify.intake import Planner
from services.notify.lock import HomeLock
from services.notify.metrics import Metrics
from services.notify.outbox import Outbox
from services.notify.ports import Cards, Clock, Directory, Publish
from services.notify.privacy import Allowed
from services.notify.recipients import addresses_of
from services.notify.report import By, Period, Report
from services.notify.scheduler import Passing
from services.notify.store import disabled_channels, intake, outbox, report, silences, views
from services.notify.store.acts import Acts, Refusal
from services.notify.store.engine import Connection, Store
from services.notify.suppression import Holding, Quiet, Silence

_LOG = logging.getLogger(__name__)
CONSUMER = "warnings"
NEVER_QUIET = Quiet()
NOTHING_ALLOWED = Allowed()
CHINA = ZoneInfo("Asia/Shanghai")


def nobody_listens(_events: Sequence[CampusEvent]) -> None:
    """For a trial in which the rules hear nothing of what people do."""


class Notify:
    """The notification service over one store.

    `base_url`: where people reach the pages, for the links in messages. `push`: off, warnings are shown on the pages
    and nothing is sent. Several on one store share the outbox; `take_in` is for one at a time per consumer.
    """

    def __init__(
        self,
        store_url: str,
        home: Path,
        *,
        directory: Callable[[], Directory],
        cards: Cards,
        clock: Clock,
        base_url: str,
        push: bool,
        zone: ZoneInfo = CHINA,
        mail: str | None = None,
        quiet: Quiet = NEVER_QUIET,
        grouping: Grouping = AT_ONCE,
        publish: Publish = nobody_listens,
        allowed: Allowed = NOTHING_ALLOWED,
        students: bool = False,
        send: Send | None = None,
        pace: Pace | None = None,
    ) -> None:
        """`mail`: Apprise URL of the college's mail server, without a recipient.

        `allowed`: channels whose messages may name people and figures; `students`: whether they are told, too.
        `directory` is asked anew for each chunk, page and message; `send`: Apprise, unless a test brings its own.
        """
        home.mkdir(parents=True, exist_ok=True)
        self.directory, self.cards, self.clock, self.zone = directory, cards, clock, zone
        self.push, self.mail, self.quiet, self.grouping, self.students = push, mail, quiet, grouping, students
        self.health = Heartbeats((pace or Pace()).stalled.total_seconds())
        self.database = Store(store_url)
        self.metrics = Metrics(self._outbox_sizes, self.health.lags, self._stopped_by_queue)
        self._lock = HomeLock(home)
        courier = Courier(
            send=send or Channels(home).send, directory=directory, cards=cards, clock=clock,
            base_url=base_url.rstrip("/"), pace=pace or Pace(), zone=zone,
            mail=mail, allowed=allowed,
        )  # fmt: skip
        self.outbox = Outbox(
            database=self.database,
            courier=courier,
            heartbeats=self.health,
            grouping=grouping,
            on_result=self.metrics.attempted,
        )
        self.acts = Acts(self.database, clock, zone)
        self.telling = Telling(self.database, publish)
        self.passing = Passing(
            database=self.database, directory=directory, cards=cards, clock=clock, zone=zone, mail=mail, quiet=quiet,
            wait=grouping.wait_ms, repeat=grouping.repeat_ms, students=students, wake=self.outbox.wake,
            told=self.telling.wake, beat=self.health.beat,
        )  # fmt: skip

    def start(self) -> None:
        """Takes up what a former process left, and sends from now on."""
        self.outbox.slot = self._lock.take()
        self.outbox.start()
        self._look_at_held()
        self.passing.start()
        self.telling.start()

    def stop(self) -> None:
        """Ends the threads, in seconds; what is being sent is sent again later, marked as a repeat."""
        self.passing.stop()
        self.telling.stop()
        self.outbox.stop()
        self._lock.give()
        self.database.close()

    def take_in(
        self,
        changes: Sequence[WarningChange | WarningReading],
        offset: int,
        consumer: str = CONSUMER,
        *,
        since: int | None = None,
    ) -> bool:
        """Takes a chunk of the warning stream in, in one transaction, and wakes the outbox.

        `offset` is how far the chunk reaches; it grows from chunk to chunk of a consumer. What was taken in already
        changes nothing, whatever its chunk; but of a chunk of several, that begins at `since`, nothing is taken and
        the answer is false if a part of it was taken in before: its readings may be older than what is known.
        """
        now = to_ms(self.clock())
        with self.health.during("taking warnings in"), self.database.writing() as connection:
            known = intake.known_of(connection, changes, consumer, now, push=self.push)
            if since is not None and since < known.offset:
                return False
            planner = Planner(
                known, self.directory(), self.cards, now, self.push, self.mail, quiet=self.quiet, zone=self.zone,
                wait=self.grouping.wait_ms, repeat=self.grouping.repeat_ms, students=self.students,
            )  # fmt: skip
            plan = planner.take(changes, offset)
            intake.write(self.database, connection, plan, from_ms(now))
            intake.advance(connection, consumer, offset)
            let_go = self._hold_anew(connection) if plan.cases else set()
        self.metrics.committed(plan.counts)
        self.outbox.wake(plan.queues | let_go)
        self.telling.wake()
        return True

    def offset(self, consumer: str = CONSUMER) -> int:
        """How far the consumer has come; 0 at the beginning."""
        with self.database.reading() as connection:
            return intake.positions(connection).get(consumer, 0)

    def count(self) -> int:
        """How many warnings there are."""
        with self.database.reading() as connection:
            return views.count(connection)

    def waiting(self) -> int:
        """How many messages could go out now and have not been tried yet, or are being sent."""
        with self.database.reading() as connection:
            return outbox.due(connection, to_ms(self.clock()))

    def beat(self, loop: str, lag: int) -> None:
        """A loop of the composition root has gone round, with `lag` things still before it.

        From its first beat on, /healthz is unwell when it stops beating.
        """
        self.health.beat(loop, lag)

    def warnings(self) -> Iterator[dict[str, Any]]:
        """Every warning by opening, one at a time: what `prewarn warnings --json` prints."""
        with self.database.reading() as connection:
            yield from views.every_warning(connection)

    def effectiveness(self, period: Period, by: By) -> Report:
        """预警机制的实效性分析报告: what became of the warnings of a period."""
        with self.database.reading() as connection:
            return report.effectiveness(connection, period, by, self.zone)

    def stopped(self) -> list[Stop]:
        """The channels that have been stopped and that the directory still has, one for each person concerned."""
        with self.database.reading() as connection:
            found = disabled_channels.every(connection)
        directory = self.directory()
        people = {one.person: directory.person(one.person) for one in found}
        keys = {
            id_: {key for address in addresses_of(person, self.mail) for key in keys_of(address).values()}
            for id_, person in people.items()
            if person is not None
        }
        return [one for one in found if one.key in keys.get(one.person, ())]

    def _stopped_by_queue(self) -> dict[str, int]:
        by_queue = {(one.queue, one.key) for one in self.stopped()}
        return Counter(queue for queue, _ in by_queue)

    def silence(self, silence: Silence) -> int:
        """Lets messages wait, those that are held already too; the number of the silence."""
        with self.database.writing() as connection:
            number = silences.add(connection, silence)
            self._hold_anew(connection)
        return number

    def silences(self) -> list[Silence]:
        """All that there ever were, those that have ended too."""
        with self.database.reading() as connection:
            return silences.every(connection)

    def end_silence(self, number: int) -> bool:
        """Ends a silence now: what nothing else holds goes out. False if it is not in force."""
        with self.database.writing() as connection:
            ended = silences.end(connection, number, to_ms(self.clock()))
            let_go = self._hold_anew(connection) if ended else set()
        self.outbox.wake(let_go)
        return ended

    def _look_at_held(self) -> None:
        with self.database.writing() as connection:
            let_go = self._hold_anew(connection)
        self.outbox.wake(let_go)

    def _hold_anew(self, connection: Connection) -> set[str]:
        now = self.clock()
        current = silences.current(connection, to_ms(now))
        return silences.hold_anew(connection, Holding(current, self.quiet, now.astimezone(self.zone)))

    def acknowledge(self, person: str, warning_id: str) -> Refusal | None:
        """The person has taken the warning up. Returns why it was refused, if it was."""
        return self._acted(self.acts.acknowledge(person, warning_id))

    def improve(self, person: str, warning_id: str, measure: str, due: str) -> Refusal | None:
        """The person names a measure (改进措施) and its last day. Returns why it was refused, if it was."""
        return self._acted(self.acts.improve(person, warning_id, measure, due))

    def close(self, person: str, warning_id: str, measure: str, reason: str = "fixed") -> Refusal | None:
        """The person closes the warning. Returns why it was refused, if it was."""
        refusal = self.acts.close(person, warning_id, measure, reason)
        if refusal is None:  # of a case, its parts are told of again
            self._look_at_held()
        return self._acted(refusal)

    def judge(self, person: str, warning_id: str, verdict: str) -> Refusal | None:
        """Whether the warning was of use to the person. Returns why it was refused, if it was."""
        return self._acted(self.acts.judge(person, warning_id, verdict))

    def _acted(self, refusal: Refusal | None) -> Refusal | None:
        self.telling.wake()
        return refusal

    def unwell(self) -> str | None:
        """Why the service stands still, if it does."""
        checks = (self.health.stalled, self._store_answers)
        return next((reason for check in checks if (reason := check())), None)

    def _store_answers(self) -> str | None:
        try:
            self.offset()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            _LOG.exception("the store does not answer")
            return f"the store does not answer ({type(error).__name__})"
        return None

    def _outbox_sizes(self) -> dict[str, int]:
        with self.database.reading() as connection:
            return outbox.sizes(connection)
