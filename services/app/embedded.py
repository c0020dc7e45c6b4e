"""The one-process mode: journal, intake, rules and notify put together in one folder.

    HTTP, files ──► Intake ──► Journal.log ──► Worker ──► Journal.change ──► Notify ──► people
                                 (thread `rules`)            (thread `notify`)

Several processes may append to the journal; only the one that holds the folder's lock evaluates it.
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any, Generic, Self, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from services import directory as directories
from services.clock import wall_clock
from services.directory import Directory
from services.errors import ConfigurationError, LogError, PrewarnError, ProblemsError, RuleError
from services.i18n import say
from services.ingest.intake import Intake
from services.ingest.schemas import load_schemas
from services.ingest.source_report import SourceCounter
from services.ingest.validation import Validator
from services.log.journal import Journal
from services.log.replay import ReplayLog
from services.messages import CampusEvent, Mode, Problem, RuleCard, from_ms, to_ms
from services.notify.grouping import Grouping
from services.notify.privacy import read_allowed
from services.notify.service import Notify
from services.notify.suppression import read_quiet
from services.rules.engine.plan import FOREVER
from services.rules.language.load import RuleSet, fingerprint, load
from services.rules.metrics import RulesCollector
from services.rules.registry import files
from services.rules.worker import Worker
from services.settings import Settings, resource

_log = logging.getLogger(__name__)
_LOOK_EVERY = 1.0
"""Seconds between two looks at the rule files and the directory."""
_IDLE_WAIT = 0.25
T = TypeVar("T")


class Watched(Generic[T]):
    """Something read from files, as it was when it was last right; `problems` say why a newer state is not used."""

    def __init__(self, key: Callable[[], str], read: Callable[[], T]) -> None:
        self._key, self._read = key, read
        self.seen = key()
        self.value = read()
        self.problems: Sequence[Problem] = ()

    def look(self) -> T | None:
        """The new value if the files have changed and are right, else None."""
        key = self._key()
        if key == self.seen:
            return None
        self.seen = key
        try:
            self.value = self._read()
        except ProblemsError as error:
            self.problems = error.problems
            _log.error("not used, what was active stays active:\n%s", error)
            return None
        self.problems = ()
        return self.value


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
        # State is many small lists that live long and hold no cycles: collecting as often as Python's default doubles
        # the cost of an event (docs/performance.md).
        gc.set_threshold(100_000, 20, 100)
        self.settings, self.clock, self.mode, self.past = settings, clock, mode, past
        self.journal = Journal(settings.home / "prewarn.db", clock, repeatable=past)
        schemas = resource("schemas")
        self.rules: Watched[RuleSet] | None = None
        self._refused: RuleError | None = None
        try:
            self.rules = Watched(
                lambda: fingerprint(settings.rules_folder), lambda: load(settings.rules_folder, schemas)
            )
            zone = self.rules.value.zone.key
            self.journal.set_meta("zone", zone)
        except RuleError as error:
            # Whoever only reads or hands in must not suffer from a rule that somebody is editing.
            zone, self._refused = self.journal.meta("zone", ""), error
            if not zone:
                raise
        self.directory: Watched[Directory] = Watched(
            lambda: _files_key(settings.directory_folder),
            lambda: directories.load_installed(settings.directory_folder, zone),
        )
        self.counter = SourceCounter(source.id for source in self.directory.value.tables.sources)
        self._validator = Validator(load_schemas(schemas), clock)
        self.intake = Intake(self._validator, self.present_directory, self.journal, clock, self.counter)
        self._cards: dict[str, dict[str, RuleCard]] = {}
        self.notify = Notify(
            settings.store_url, settings.home, directory=self.present_directory, cards=self._card, clock=clock,
            base_url=settings.public_url, push=push, zone=ZoneInfo(zone),
            mail=settings.mail_server, quiet=read_quiet(settings.quiet, self._day_off), publish=self._publish,
            grouping=Grouping(*settings.grouping), allowed=read_allowed(settings.names), students=settings.students,
        )  # fmt: skip
        self.notify.metrics.registry.register(RulesCollector(lambda: self.worker))
        self.worker: Worker | None = None
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _day_off(self, day: date) -> bool | None:
        return self.rules.value.plan.times.day_off(day) if self.rules is not None else None

    def _publish(self, events: Sequence[CampusEvent]) -> None:
        """What people do with warnings goes into the log, where rules read it; in a replay at its time."""
        now = self.worker.engine.now if self.past and self.worker is not None else None
        if now is not None:
            events = [msgspec.structs.replace(one, time=from_ms(now)) for one in events]
        completed = [msgspec.structs.replace(one, data=self._enrich(one.kind, one.data, one.time)) for one in events]
        self.journal.append(completed, None if now is None else [now] * len(completed))

    def _enrich(self, kind: str, data: dict[str, Any], at: datetime) -> dict[str, Any]:
        return self.present_directory().enrich(kind, data, at)[0]

    def present_directory(self) -> Directory:
        """The directory as of now."""
        return self.directory.value

    def replay_intake(self) -> Intake:
        """An intake for events whose time is past."""
        return Intake(self._validator, self.present_directory, ReplayLog(self.journal), self.clock)

    def _card(self, version: str, rule: str) -> RuleCard | None:
        if version not in self._cards:
            self._cards[version] = self.journal.cards(version)
        return self._cards[version].get(rule)

    def try_evaluating(self) -> bool:
        """Becomes the folder's evaluator, unless another process is; the worker exists from then on.

        Raises RuleError if nobody evaluates and the rules have errors.
        """
        if self.worker is not None:
            return True
        lock = self._held.enter_context((self.settings.home / "evaluator.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        if self.rules is None:
            assert self._refused is not None
            raise self._refused
        self.worker = Worker(self.journal, self.rules.value, mode=self.mode, enrich=self._enrich)
        if counted := self.journal.meta("counted", ""):
            self.counter.resume(counted.encode())
        return True

    def catch_up(self) -> None:
        """Evaluates everything in the log, and takes everything that it published into the store."""
        if self.worker is not None:
            while self.worker.step():
                self.take_in()
        self.take_in()

    def take_in(self) -> int:
        """Hands published changes to notify; returns how many steps there were."""
        steps = self.journal.published(self.notify.offset())
        for offset, published in steps:
            self.notify.take_in([*published.changes, *published.readings], offset)
        return len(steps)

    def refused_edits(self) -> list[str]:
        """A line for the edited rules and one for the edited directory, where they have errors and are not used."""
        watched = {"rules": self.rules.problems if self.rules else (), "directory": self.directory.problems}
        return [
            f"{name} not used, what was active stays active 未启用，沿用原有内容: {len(problems)} errors, {problems[0]}"
            for name, problems in watched.items()
            if problems
        ]

    def go_live(self) -> None:
        """From here on warnings are live: they are pushed."""
        self.mode = "live"
        if self.worker is not None:
            self.worker.set_mode("live")

    def finish(self, alive: Callable[[], bool]) -> None:
        """Waits until everything is evaluated, lets time pass the last deadline, and waits until all is handed over.

        Raises PrewarnError if the process that stores is not `alive` any more.
        """
        self._settle(alive)
        worker = self.worker
        if worker is not None and worker.engine.last_due() < FOREVER:
            self.journal.tick(worker.engine.last_due())
        self._settle(alive)
        while self.notify.waiting() and alive():
            self._stop.wait(0.05)

    def _settle(self, alive: Callable[[], bool]) -> None:
        """Waits until the log is evaluated and what it published is in the store."""
        journal = self.journal
        while not self._stop.is_set():
            if not alive():
                raise PrewarnError(say("app.process_that_stores_warnings_has"))
            if journal.evaluated()[0] >= journal.end() and self.notify.offset() >= journal.last_change():
                return
            with journal.wakeup:
                journal.wakeup.wait(0.05)

    def start(self) -> None:
        """Starts evaluating, taking in and sending, each in threads of its own."""
        self.start_evaluating()
        self.start_notifying()

    def start_evaluating(self) -> None:
        """Starts the thread `rules`."""
        if not self.try_evaluating():
            raise ConfigurationError(say("app.another_process_running_on", home=self.settings.home))
        self._start("rules", self._evaluate_some)

    def start_notifying(self) -> None:
        """Starts the thread `notify`, and sending."""
        self.notify.start()
        self._start("notify", self._take_in_all)

    def _start(self, name: str, step: Callable[[], bool]) -> None:
        thread = threading.Thread(target=self._loop, args=(step,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Stops all threads at the end of their step, and lets the folder go."""
        self._stop.set()
        with self.journal.wakeup:
            self.journal.wakeup.notify_all()
        for thread in self._threads:
            thread.join(timeout=10)
        self.notify.stop()
        if self.worker is not None:
            self.journal.set_meta("counted", self.counter.snapshot().decode())
        self._held.close()
        self.journal.close()

    def _loop(self, step: Callable[[], bool]) -> None:
        while not self._stop.is_set():
            try:
                busy = step()
            except PrewarnError as error:
                _log.error("%s; trying again", error)
                busy = False
                self._stop.wait(1.0)
            if not busy:
                with self.journal.wakeup:
                    if not self._stop.is_set():
                        self.journal.wakeup.wait(_IDLE_WAIT)

    def _evaluate_some(self) -> bool:
        worker = self.worker
        assert worker is not None
        self._look_at_files(worker)
        busy = worker.step() > 0
        if not busy and not self.past:
            reports = self.counter.due(self.clock())
            if reports:
                self._publish(reports)
            busy = worker.tick(to_ms(self.clock()))
        self.notify.beat("rules", self.journal.end() - self.journal.evaluated()[0])
        return busy

    def _take_in_all(self) -> bool:
        busy = self.take_in() > 0
        self.notify.beat("notify", 0)
        return busy

    _looked = 0.0

    def _look_at_files(self, worker: Worker) -> None:
        now = self.clock().timestamp()
        if abs(now - self._looked) < _LOOK_EVERY:
            return
        self._looked = now
        self.directory.look()
        rules = self.rules
        rule_set = rules.look() if rules is not None else None
        self.notify.metrics.refused(len(rules.problems) if rules else 0, len(self.directory.problems))
        if rule_set is not None:
            changes = worker.use(rule_set)
            _log.info("rule set %s is active; it published %d changes", rule_set.version, changes)
            self._note_edit()

    def _note_edit(self) -> None:
        """The rules act already: that they cannot be put on record stops nothing."""
        try:
            if edition := files.note_edit(self.settings):
                _log.warning("edition %d was not published: %s", edition.number, edition.reason)
        except (PrewarnError, OSError) as error:
            _log.error("the edited rules are not on record as an edition: %s", error)


def _files_key(folder: Path) -> str:
    """Changes with any file of a folder (size and time of change)."""
    parts = []
    for path in sorted(folder.glob("*")):
        try:
            status = path.stat()
        except OSError:
            continue
        parts.append(f"{path.name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def replay(intake: Intake, events: Iterable[CampusEvent], told: Callable[[int], Any], size: int = 4_000) -> None:
    """Takes events in batches; `told` hears how many were taken each time."""
    batch: list[CampusEvent] = []
    for event in events:
        batch.append(event)
        if len(batch) >= size:
            intake.take_events(batch)
            told(len(batch))
            batch = []
    if batch:
        intake.take_events(batch)
        told(len(batch))


__all__ = ["Embedded", "LogError", "Settings", "Watched", "replay"]
