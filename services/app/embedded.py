"""The one-process mode: journal, intake, rules and notify put together in one folder.

    HTTP, files ──► Intake ──► Journal.log ──► Worker ──► Journal.change ──► Notify ──► people
                                 (thread `rules`)            (thread `notify`)

Several processes may append to the journal; only the one that holds the folder's lock evaluates it.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Self
from zoneinfo import ZoneInfo

import msgspec

from services.app.catching_up import Beat, CatchingUp
from services.app.home_files import HomeFiles
from services.app.lateness import LatenessBehind
from services.app.lesson_times import LessonTimes
from services.app.loops import Loops
from services.app.sound_clock import SoundClock
from services.app.taking_in import TakingIn
from services.clock import wall_clock
from services.errors import ConfigurationError, PrewarnError
from services.i18n import both, in_chinese, say
from services.ingest.access import Access
from services.ingest.dry_log import DryLog
from services.ingest.intake import Intake
from services.ingest.mappings.reading import College
from services.ingest.phone.phone import Phone
from services.ingest.records.coverage import Coverage
from services.ingest.records.keys import Keys
from services.ingest.records.log import RecordLog
from services.ingest.schemas import load_schemas
from services.ingest.source_report import SourceCounter
from services.ingest.validation import Validator
from services.log import disk, leave_news
from services.log.journal import Journal
from services.log.journal_records import JournalRecords
from services.log.outages import JournalOutages
from services.log.replay import ReplayLog
from services.log.tokens import JournalTokens
from services.messages import CampusEvent, Json, Message, Mode, RuleCard, from_ms, to_ms
from services.notify.config import of_settings
from services.notify.ports import Ports, SetAside
from services.notify.service import Notify
from services.notify.trial import Trial
from services.rules.language.load import RuleSet
from services.rules.metrics import RulesCollector
from services.rules.worker import Worker
from services.settings import Settings, resource

_log = logging.getLogger(__name__)
_FAR_AHEAD = 86_400_000
"""Milliseconds: clocks that are set right by as much poison nothing."""
_LOOK_EVERY = 1.0
"""Seconds between two looks at the rule files and the directory."""


class Embedded:
    """One college in one folder. `clock` is the wall clock unless a test brings its own."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = wall_clock,
        mode: Mode = "live",
        push: bool = True,
        past: bool = False,
    ) -> None:
        """`past`: the events' time is past, so time comes from them and never from the clock."""
        # A test's own clock, and time that comes from the events, may jump as they like.
        self.sound_clock = SoundClock(clock) if clock is wall_clock and not past else None
        clock = self.sound_clock or clock
        self.settings, self._clock, self._mode, self._past = settings, clock, mode, past
        self.journal = Journal(settings.home / "prewarn.db", clock, repeatable=past)
        if self.sound_clock is not None:
            self.sound_clock.remember_in(self.journal)
        self.files = HomeFiles(settings, self.journal)
        self._counter = SourceCounter(source.id for source in self.files.present_directory().tables.sources)
        schemas = load_schemas(resource("schemas"))
        self._validator = Validator(schemas, clock)
        directory = self.files.present_directory
        self._said, self._keys = JournalRecords(self.journal), Keys(schemas)
        self.records = RecordLog(self._said, self._keys, self.files, clock)
        self.intake = Intake(self._validator, directory, self.records, clock, self._counter, completes=False)
        self.phone = Phone(self._said, self._keys, self.files, self.intake, self.log_time)
        self.tokens = JournalTokens(self.journal)
        self.access = Access(self.tokens, clock)
        self._cards: dict[str, dict[str, RuleCard]] = {}
        config = of_settings(settings, ZoneInfo(self.files.zone), self.files, push=push)
        self.trial = Trial(settings.home)
        outages = JournalOutages(self.journal)
        self.beat = Beat(outages, self._counter.newest, clock)
        self.catching_up = CatchingUp(outages, directory, clock, self._evaluated_behind)
        config = replace(config, sources_until=self.catching_up.until)
        lesson, leave = LessonTimes(self._said.reading, self._keys), partial(self._said.meta, leave_news.NAME)
        ports = Ports(directory, self._card, clock, self._publish, lesson, self._set_aside, leave)
        self.notify = Notify(config, ports)
        self.notify.metrics.registry.register(RulesCollector(lambda: self.worker))
        self.taking_in = TakingIn(self.journal, self.notify, clock)
        self.notify.metrics.set_aside(self.taking_in.set_aside)
        self.worker: Worker | None = None
        """There from `try_evaluating` on."""
        self._looked = 0.0
        self._loops = Loops(self.journal.wakeup, self.notify.health)
        self._to_use: RuleSet | None = None
        """Rules that are right and that the worker has not taken over yet."""
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def replay_intake(self) -> Intake:
        """An intake for events whose time is past."""
        log = ReplayLog(self.records)
        return Intake(self._validator, self.files.present_directory, log, self._clock, completes=False)

    def log_time(self) -> datetime:
        """The present instant of the log: the clock's; where time comes from the events, that of the newest."""
        now = self.worker.engine.now if self._past and self.worker is not None else None
        return self._clock() if now is None else from_ms(now)

    def coverage(self, text: str) -> Coverage:
        """What files cover, as their sender says it. Raises ConfigurationError."""
        return Coverage(text, self._keys, self._validator.schemas.kinds(), ZoneInfo(self.files.zone))

    def lateness(self, patience: float = 1.0) -> LatenessBehind:
        """To be made before something is handed in; `patience`: see `LatenessBehind`."""
        return LatenessBehind(self.journal, self.files, self._clock, patience)

    def college(self) -> College:
        """What a mapping reads files by: the directory, the terms and the lessons, as of now."""
        rules = self.files.rules
        terms = [] if rules is None else rules.value.plan.times.terms
        tables = self.files.present_directory().tables
        return College.at(self._clock(), ZoneInfo(self.files.zone), tables, terms, self.records.lessons())

    def dry_intake(self) -> Intake:
        """An intake that takes nothing in: what would become of it is known behind it."""
        return Intake(self._validator, self.files.present_directory, DryLog(), self._clock)

    def try_evaluating(self) -> bool:
        """Becomes the folder's evaluator, unless another process is; the worker exists from then on.

        Raises DamagedError if the stores do not belong together or cannot be read, and RuleError if nobody evaluates
        and the rules have errors.
        """
        if self.worker is not None:
            return True
        if not self.hold():
            return False
        self.taking_in.check()
        self.records.review()
        self.worker = Worker(self.journal, self.files.rule_set(), mode=self._mode, enrich=self._enrich)
        if counted := self.journal.meta("counted", ""):
            self._counter.resume(counted.encode())
        self._tell_who_left()
        return True

    def hold(self) -> bool:
        """No other process evaluates from here on, unless one does."""
        lock = self._held.enter_context((self.settings.home / "evaluator.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def put_in_order(self) -> None:
        """What was handed in and is not evaluated is evaluated in the order of time, whatever files it came in."""
        if self.worker is not None:
            self.journal.put_in_order()

    def catch_up(self) -> None:
        """Evaluates everything in the log, and takes everything that it published into the store."""
        if self.worker is not None:
            while self.worker.step() or self.worker.settle():
                self.take_in()
        self.take_in()

    def take_in(self) -> int:
        """Hands published changes to notify; returns how many steps there were."""
        return self.taking_in.take_in()

    def await_sources(self) -> None:
        """Lets go what waited for sources that have caught up."""
        if self.catching_up.look():
            self.take_in()  # what they have mended is told to nobody
            self.notify.look_at_held()

    def _evaluated_behind(self) -> Callable[[], bool]:
        """Whether what is in the log now has been evaluated."""
        end = self.journal.end()
        return lambda: self.journal.evaluated()[0] >= end

    def begin(self) -> None:
        """From now on this process takes events in."""
        self.beat.begin()
        self.catching_up.look()

    def go_live(self) -> None:
        """From here on warnings are live: they are pushed."""
        self._mode = "live"
        if self.worker is not None:
            self.worker.set_mode("live")

    def unwell(self) -> Message | str | None:
        """Why this process cannot do its work, if it cannot."""
        # Nothing may have been written since it was filled.
        return disk.full(self.settings.home) or disk.read_only(self.settings.home) or self.notify.unwell()

    def degraded(self) -> list[str]:
        """What is not as it should be though everything goes on: edits that are not used, changes set aside."""
        said: list[Message] = []
        if count := self.taking_in.set_aside():
            said.append(say("app.changes_set_aside", count=count))
        if self.sound_clock is not None:
            said += filter(None, (self.sound_clock.wrong(), self._log_ahead(self.sound_clock())))
        return [*self.files.refused_edits(), *(f"{text.en} {text.zh}" for text in map(both, said))]

    def _log_ahead(self, now: datetime) -> Message | None:
        """A log that somebody's clock has taken into the future."""
        come = self.journal.evaluated()[1]
        if come - to_ms(now) < _FAR_AHEAD:
            return None
        shown = [f"{one:%Y-%m-%d %H:%M}" for one in (from_ms(come), now)]
        return say("app.log_ahead", log=shown[0], clock=shown[1])

    def start(self) -> None:
        """Starts evaluating, taking in and sending, each in threads of its own."""
        self.start_evaluating()
        self.start_notifying()
        self._say_what_is_on_trial()

    def _say_what_is_on_trial(self) -> None:
        rules = self.files.rule_set().cards
        if self.settings.trial and (waiting := [one for one in rules if self.trial.holds(one)]):
            told = say("app.on_trial", trial=str(len(waiting)), rules=str(len(rules)))
            _log.warning("%s %s", told, in_chinese(told))

    def start_evaluating(self) -> None:
        """Starts the thread `rules`."""
        if not self.try_evaluating():
            raise ConfigurationError(say("app.another_process_running_on", home=self.settings.home))
        self.begin()
        self._loops.start("rules", self._evaluate_some)

    def start_notifying(self) -> None:
        """Starts the thread `notify`, and sending."""
        self.notify.start()
        self._loops.start("notify", self._take_in_all)

    def stop(self) -> None:
        """Stops all threads at the end of their step, and lets the folder go."""
        self._loops.stop()
        self.notify.stop()
        if self.worker is not None:
            self.journal.set_meta("counted", self._counter.snapshot().decode())
        self._held.close()
        self.journal.close()

    def _card(self, version: str, rule: str) -> RuleCard | None:
        if version not in self._cards:
            self._cards[version] = self.journal.cards(version)
        return self._cards[version].get(rule)

    def _set_aside(self, most: int) -> Sequence[SetAside]:
        return self.taking_in.waiting(most)

    def _publish(self, events: Sequence[CampusEvent]) -> None:
        """What people do with warnings goes into the log, where rules read it; in a replay at its time."""
        now = self.worker.engine.now if self._past and self.worker is not None else None
        if now is not None:
            events = [msgspec.structs.replace(one, time=from_ms(now)) for one in events]
        completed = [msgspec.structs.replace(one, data=self._enrich(one.kind, one.data, one.time)) for one in events]
        self.journal.append(completed, None if now is None else [now] * len(completed))

    def _enrich(self, kind: str, data: Json, at: datetime) -> Json:
        return self.files.present_directory().enrich(kind, data, at)[0]

    def _evaluate_some(self) -> bool:
        worker = self.worker
        assert worker is not None
        now = self._clock()
        if abs(now.timestamp() - self._looked) >= _LOOK_EVERY:
            self._looked = now.timestamp()
            self.look_at_files(worker)
            if self.sound_clock is not None:
                self.sound_clock.keep()
        self.beat.beat()
        busy = worker.step() > 0 or worker.settle()
        if not busy and not self._past:
            if reports := self._counter.due(self._clock()):
                self._publish(reports)
            busy = worker.tick(to_ms(self._clock()))
        self.notify.beat("rules", self.journal.end() - self.journal.evaluated()[0])
        return busy

    def look_at_files(self, worker: Worker) -> None:
        """Takes edited rules and an edited directory into use if they are right."""
        self._to_use = self.files.look() or self._to_use
        rules, directory = self.files.rules, self.files.directory
        self.notify.metrics.refused(len(rules.problems) if rules else 0, len(directory.problems))
        self.records.review()
        self._tell_who_left()
        if self._to_use is not None:
            self._use(self._to_use, worker)
            self._to_use = None

    def _use(self, rule_set: RuleSet, worker: Worker) -> None:
        try:
            changes = worker.use(rule_set)
        except PrewarnError:
            raise  # the journal: it is tried again
        except Exception as error:  # noqa: BLE001 - an edit that no check has foreseen changes nothing either
            if self.files.rules is not None:
                self.files.rules.refuse(error)
            return
        _log.info("rule set %s is active; it published %d changes", rule_set.version, changes)
        self.files.note_edit()

    def _tell_who_left(self) -> None:
        """Events whose time is past know no to-day, by which somebody has left."""
        if not self._past and (told := self.records.tell_who_left()):
            _log.info("%d students have left, come back or left on another day than was known", told)

    def _take_in_all(self) -> bool:
        self.await_sources()
        busy = self.take_in() > 0
        self.notify.beat("notify", 0)
        return busy
