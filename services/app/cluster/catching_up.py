"""On a cluster: whether the sources have caught up, by ingest's notes and by how far route and evaluate have come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from services.app.catching_up import CatchingUp
from services.clock import wall_clock
from services.directory import Directory
from services.log.kafka.progress import EvaluatedBehind
from services.log.postgres_outages import PostgresOutages
from services.log.postgres_records import address_of
from services.notify.loop import Loop
from services.notify.service import Notify
from services.settings import Settings

_LOOK_EVERY = 1.0
"""Seconds between two looks whether the sources have caught up."""


def catching_up_of(settings: Settings, directory: Callable[[], Directory], held: ExitStack) -> CatchingUp | None:
    """None where notify's store is not in a database that ingest may share. Raises LogError.

    `held` lets the connection go.
    """
    if (url := settings.database_url) is None or not url.startswith("postgres"):
        return None
    notes = PostgresOutages(address_of(url), settings.topic_prefix)
    held.callback(notes.close)
    behind = partial(EvaluatedBehind, settings.broker_list, settings.topic_prefix, stored=True)
    found = CatchingUp(notes, directory, wall_clock, behind, apart=True)
    found.look()
    return found


def looking(notify: Notify, catching_up: CatchingUp) -> Loop:
    """Lets go what waited for sources that have caught up, and lets wait longer what has to."""

    def look() -> float:
        if catching_up.look():
            notify.look_at_held()
        return _LOOK_EVERY

    failed = "whether the sources have caught up is not known; trying again"
    return Loop("sources", look, failed=failed, heartbeats=notify.health)
