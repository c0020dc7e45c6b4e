"""Notify as one object: changes in, messages out, pages for people. The composition root makes one."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock

from services.directory import Person
from services.log.heartbeat import Heartbeats
from services.messages import Json, WarningChange, WarningReading, to_ms
from services.notify.appealing import Appealing
from services.notify.config import NotifyConfig
from services.notify.disabled_channels import DisabledChannel, keys_of
from services.notify.intake import ChunkFold
from services.notify.live import Live
from services.notify.lock import HomeLock
from services.notify.loop import Loop
from services.notify.metrics import Metrics
from services.notify.open_now import OpenBy, OpenNow
from services.notify.outbox import Outbox
from services.notify.own import NOTHING, Everybody
from services.notify.own_channels import OwnChannels
from services.notify.pipeline import Moment, of_warning, tell
from services.notify.ports import Ports
from services.notify.recipients import addresses_of
from services.notify.report import By, Period, Report
from services.notify.scheduler import Scheduler
from services.notify.sender import Send, Sender
from services.notify.store import disabled_channels, feedback, intake, outbox, own, report, silences, views
from services.notify.store.acts import Acts
from services.notify.store.engine import Connection, Store
from services.notify.store.referrals import Referrals
from services.notify.store.report import Departments
from services.notify.store.sight import Sight
from services.notify.store.talks import Talks
from services.notify.suppression import Silence
from services.notify.texts import Message

_LOG = logging.getLogger(__name__)
CONSUMER = "warnings"
_AGAIN = 2.0
"""Seconds after which the log is tried again, and after which what another process left for it is found."""
_FIRST = Lock()
"""Several queues may have a first message at once."""


class Notify:
    """The notification service over one store.

    Several on one store share the outbox; `take_in` is for one at a time per consumer.
    """

    def __init__(self, config: NotifyConfig, ports: Ports, send: Send | None = None) -> None:
        """`send`: Apprise, unless a test brings its own."""
        config.home.mkdir(parents=True, exist_ok=True)
        self.config, self.ports = config, ports
        self.health = Heartbeats(config.retry.stalled.total_seconds())
        self.database = Store(config.store_url)
        self.metrics = Metrics(self._outbox_sizes, self.health.lags, self._disabled_by_queue)
        self._lock = HomeLock(config.home)
        sender = Sender(config, ports, send or partial(_by_apprise, config.home))
        self.outbox = Outbox(
            database=self.database, sender=sender, heartbeats=self.health, on_result=self.metrics.attempted
        )
        self.sight = Sight(self.database, ports.directory, ports.cards, ports.clock)
        self.acts = Acts(self.database, config, ports.clock, self.sight, ports, self._done)
        self.referrals, self.talks = Referrals(self.acts), Talks(self.acts)
        self.own_channels = OwnChannels(
            database=self.database, config=config, ports=ports, send=sender.send, changed=self.look_at_held
        )
        self.appeals = Appealing(self.database, config, ports, self._done)
        self.scheduler = Scheduler(
            database=self.database,
            config=config,
            ports=ports,
            done=self._done,
            heartbeats=self.health,
            appeals_go_up=self.appeals.go_up,
        )
        self.live = Live(self.database, ports, self.sight)
        self._scheduling = self.scheduler.loop()
        failed = "what other processes have to send may wait; trying again"
        self._looking = Loop("queues", self._look_for_queues, failed=failed, heartbeats=self.health)
        failed = "what was done with a warning could not be told to the rules yet; trying again"
        self._publishing = Loop(
            "feedback", self._hand_on, failed=failed, retry=_AGAIN, at_end=True, heartbeats=self.health
        )

        failed = "open pages are not told of what is new; trying again"
        self._watching = Loop("live", self.live.look, failed=failed, heartbeats=self.health)

    def start(self) -> None:
        """Takes up what a former process left, and sends from now on."""
        self.outbox.slot = self._lock.take()
        self.outbox.start()
        self.look_at_held()
        self.live.begin()
        for loop in (self._scheduling, self._publishing, self._looking, self._watching):
            loop.start()

    def stop(self) -> None:
        """Ends the threads, in seconds; what is being sent is sent again later, marked as a repeat.

        The rules hear of what was done until then, within two seconds, or after the next start.
        """
        self._scheduling.stop()
        self._looking.stop()
        self._watching.stop()
        self._publishing.stop(2)
        self.outbox.stop()
        self._lock.give()
        self.database.close()

    def _hand_on(self) -> float:
        feedback.hand_on(self.database, self.ports.publish)
        return _AGAIN

    def _look_for_queues(self) -> float:
        """A command, as another process, may have written down messages of a queue that has no thread here yet."""
        with self.database.reading() as connection:
            waiting = outbox.queues(connection)
        self.outbox.wake(self.outbox.without_thread(waiting))
        return _AGAIN

    def _done(self, queues: set[str]) -> None:
        """Something was done to warnings: there may be something to send in these queues, and to tell the rules."""
        self.outbox.wake(queues)
        self._publishing.wake()

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
        now, directory = self.ports.clock(), self.ports.directory()
        with self.health.during("taking warnings in"), self.database.writing() as connection:
            known = intake.known_of(connection, changes, consumer, to_ms(now), push=self.config.push)
            if since is not None and since < known.offset:
                return False
            fold = ChunkFold(
                known=known,
                directory=directory,
                cards=self.ports.cards,
                moment=replace(
                    self.config.moment(now, known.silences, own.everybody(connection, self.config), known.cases),
                    exempt=directory.exempt,
                ),
                mail=self.config.mail,
                repeat=self.config.grouping.repeat_ms,
                students=self.config.students,
                working=self.config.working,
            )
            writes = fold.take(changes, offset)
            intake.write(self.database, connection, writes, now)
            intake.advance(connection, consumer, offset)
            let_go = self._hold_anew(connection) if writes.cases else set()
        self.metrics.committed(writes.counts)
        self._done(writes.queues | let_go)
        return True

    def offset(self, consumer: str = CONSUMER) -> int:
        """How far the consumer has come; 0 at the beginning."""
        with self.database.reading() as connection:
            return intake.positions(connection).get(consumer, 0)

    def knows(self, warning: str, sequence: int) -> bool:
        """Whether a change was taken in."""
        with self.database.reading() as connection:
            return intake.knows(connection, warning, sequence)

    def go_on_at(self, positions: Mapping[str, int]) -> None:
        """Sets how far consumers have come, back too: for who knows that it is another log."""
        with self.database.writing() as connection:
            for consumer, position in positions.items():
                intake.set_position(connection, consumer, position)

    def count(self) -> int:
        """How many warnings there are."""
        with self.database.reading() as connection:
            return views.count(connection)

    def waiting(self) -> int:
        """How many messages could go out now and have not been tried yet, or are being sent."""
        with self.database.reading() as connection:
            return outbox.due(connection, to_ms(self.ports.clock()))

    def beat(self, loop: str, lag: int, patience: float | None = None) -> None:
        """A loop of the composition root has gone round, with `lag` things still before it.

        From its first beat on, /healthz is unwell when it stops beating.
        """
        self.health.beat(loop, lag, patience)

    def warnings(self) -> Iterator[Json]:
        """Every warning by opening, one at a time: what `prewarn warnings --json` prints."""
        with self.database.reading() as connection:
            yield from views.every_warning(connection)

    def effectiveness(self, period: Period, by: By, departments: Departments = None) -> Report:
        """预警机制的实效性分析报告: what became of the warnings of a period, of some departments if they are named."""
        with self.database.reading() as connection:
            return report.effectiveness(connection, period, by, self.config.zone, departments, self.config.working)

    def open_now(self, by: OpenBy, departments: Departments = None) -> OpenNow:
        """What is open at this moment, by group, of some departments if they are named."""
        with self.database.reading() as connection:
            return report.open_now(connection, by, departments)

    def disabled_channels(self) -> list[DisabledChannel]:
        """The channels that their provider refuses for good and that the directory still has."""
        with self.database.reading() as connection:
            found = disabled_channels.every(connection)
            set_by = own.everybody(connection, self.config)
        directory = self.ports.directory()
        people = {one.person: directory.person(one.person) for one in found}
        keys = {
            id_: {key for address in self._addresses(person, set_by) for key in keys_of(address).values()}
            for id_, person in people.items()
            if person is not None
        }
        return [one for one in found if one.key in keys.get(one.person, ())]

    def _addresses(self, person: Person, set_by: Everybody) -> list[str]:
        return addresses_of(person, self.config.mail, set_by.get(person.id, NOTHING).address)

    def _disabled_by_queue(self) -> dict[str, int]:
        by_queue = {(one.queue, one.key) for one in self.disabled_channels()}
        return Counter(queue for queue, _ in by_queue)

    def silence(self, silence: Silence) -> int:
        """Lets messages wait, those that are held already too; the number of the silence."""
        with self.database.writing() as connection:
            number = silences.add(connection, silence)
            self._hold_anew(connection)
        return number

    def tell_open(self, rules: Sequence[str]) -> int:
        """Tells everybody who may see them of what these rules have open, as one digest; how many messages that is."""
        now = self.ports.clock()
        with self.database.writing() as connection:
            moment = self._moment(connection)
            open_ = views.open_untold(connection, rules)
            found = []
            for row, people in open_:
                candidate = of_warning(row, self.ports.cards(row.rule_version, row.rule))
                known = (self.ports.directory().person(one) for one in people)
                told = [tell(candidate, person, moment, self.config.mail) for person in known if person is not None]
                found += [delivery for delivery, _ in told if delivery is not None]
            for delivery in found:
                delivery.urgent = 0  # of one time: a red one goes with the others
                delivery.not_before = to_ms(now) + moment.wait
                delivery.next_try_at = max(delivery.next_try_at or 0, delivery.not_before)
            intake.deliver(self.database, connection, found)
        self._done({delivery.channel for delivery in found})
        return len(found)

    def silences(self) -> list[Silence]:
        """All that there ever were, those that have ended too."""
        with self.database.reading() as connection:
            return silences.every(connection)

    def end_silence(self, number: int) -> bool:
        """Ends a silence now: what nothing else holds goes out. False if it is not in force."""
        with self.database.writing() as connection:
            ended = silences.end(connection, number, to_ms(self.ports.clock()))
            let_go = self._hold_anew(connection) if ended else set()
        self.outbox.wake(let_go)
        return ended

    def look_at_held(self) -> None:
        """What is held goes on to wait only if something still holds it."""
        with self.database.writing() as connection:
            let_go = self._hold_anew(connection)
        self.outbox.wake(let_go)

    def _hold_anew(self, connection: Connection) -> set[str]:
        return silences.hold_anew(connection, self._moment(connection))

    def _moment(self, connection: Connection) -> Moment:
        now = self.ports.clock()
        return self.config.moment(now, silences.current(connection, to_ms(now)), own.everybody(connection, self.config))

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


def _by_apprise(home: Path, address: str, recipient: str, message: Message) -> None:
    """See Channels; what it is made of costs a command that sends nothing more than a tenth of a second."""
    with _FIRST:
        from services.notify.channels.sending import Channels  # noqa: PLC0415

        channels = Channels(home)
    channels.send(address, recipient, message)
