"""Runs a data set whose time is past through the embedded mode, in three processes: take in, evaluate, store and send.

Interrupted at any point, the same import goes on where it was: what the log has already is a duplicate.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from services.app.embedded import Embedded
from services.app.home import prepare_home
from services.errors import PrewarnError
from services.i18n import say
from services.ingest.connectors import nyc, oulad
from services.ingest.connectors.imported import Imported
from services.ingest.intake import Intake
from services.messages import FOREVER, CampusEvent
from services.settings import Settings, resource

_OPEN: dict[str, Callable[[Path], Imported]] = {"nyc": nyc, "oulad": oulad}
_BATCH = 4_000
_WAIT = 0.05


def replay(intake: Intake, events: Iterable[CampusEvent], told: Callable[[int], Any]) -> None:
    """Takes events in batches; `told` hears how many were taken each time."""
    rest = iter(events)
    while batch := list(islice(rest, _BATCH)):
        intake.take_events(batch)
        told(len(batch))


@dataclass(frozen=True)
class Result:
    """What an import came to."""

    events: int
    warnings: int
    seconds: float
    """Wall clock, from the first look at the data to the last warning stored."""


def run_import(
    settings: Settings, imported: Imported, path: Path, push: str | None, told: Callable[[int], Any]
) -> Result:
    """Replays the data set at `path` into the folder of `settings`; `told` hears how many events were taken.

    `push`: an Apprise URL that everybody accountable is reached at; without it nothing is pushed.
    Returns when everything is evaluated, stored and, with `push`, handed over.
    """
    started = time.monotonic()
    # It ends when all is sent: in a replay nothing waits for the morning, or for more to come.
    settings = settings.model_copy(update={"quiet": "", "group_wait": 0.0, "group_interval": 0.0})
    tables = imported.directory()
    if push is not None:
        tables["people"] = [{**person, "channel": push} for person in tables["people"]]
    prepare_home(settings, imported.name, resource("rules") / imported.rules, tables)
    spawn = multiprocessing.get_context("spawn")
    heard, tells = spawn.Pipe(duplex=False)
    until, goes_on = spawn.Pipe(duplex=False)
    feeder = spawn.Process(target=_feed, args=(settings, imported.name, path, tells), daemon=True)
    keeper = spawn.Process(target=_keep, args=(settings, push is not None, until), daemon=True)
    embedded = Embedded(settings, mode="replay", push=push is not None, past=True)
    try:
        embedded.start_evaluating()
        for process, end in ((feeder, tells), (keeper, until)):
            process.start()
            end.close()
        events = 0
        with suppress(EOFError):
            while True:
                count, imported.problems = heard.recv()
                events += count
                told(count)
        feeder.join()
        if feeder.exitcode:
            raise PrewarnError(say("app.import_ended_early_exit_code", exitcode=feeder.exitcode))
        _finish(embedded, keeper.is_alive)
        return Result(events, embedded.notify.count(), time.monotonic() - started)
    finally:
        feeder.terminate()
        goes_on.close()
        keeper.join(timeout=10)
        embedded.stop()


def _finish(embedded: Embedded, alive: Callable[[], bool]) -> None:
    """Waits until everything is evaluated, lets time pass the last deadline, and waits until all is handed over.

    Raises PrewarnError if the process that stores is not `alive` any more.
    """
    _settle(embedded, alive)
    worker = embedded.worker
    if worker is not None and worker.engine.last_due() < FOREVER:
        embedded.journal.tick(worker.engine.last_due())
    _settle(embedded, alive)
    while embedded.notify.waiting() and alive():
        time.sleep(_WAIT)


def _settle(embedded: Embedded, alive: Callable[[], bool]) -> None:
    """Waits until the log is evaluated and what it published is in the store."""
    journal = embedded.journal
    while True:
        if not alive():
            raise PrewarnError(say("app.process_that_stores_warnings_has"))
        if journal.evaluated()[0] >= journal.end() and embedded.notify.offset() >= journal.last_change():
            return
        with journal.wakeup:
            journal.wakeup.wait(_WAIT)


def _keep(settings: Settings, push: bool, until: Connection) -> None:
    """The process that stores warnings and sends, until the importing one lets go of its end, or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    embedded = Embedded(settings, mode="replay", push=push, past=True)
    embedded.start_notifying()
    with suppress(EOFError):
        until.recv()
    embedded.stop()


def _feed(settings: Settings, name: str, path: Path, tells: Connection) -> None:
    """The process that reads, checks and appends. Ends itself when its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    imported = _OPEN[name](path)
    embedded = Embedded(settings, mode="replay", push=False, past=True)

    def told(count: int) -> None:
        if os.getppid() != parent:
            os._exit(1)
        tells.send((count, imported.problems))

    replay(embedded.replay_intake(), imported.events(), told)
    tells.send((0, imported.problems))
