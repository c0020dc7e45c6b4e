"""How many open warnings are about what a new directory ends."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from itertools import starmap

from services import directory as directories
from services.directory import Ending
from services.errors import LogError
from services.notify.store import views
from services.notify.store.engine import Store
from services.settings import Settings


def open_warnings(settings: Settings, ends: Sequence[Ending]) -> int | None:
    """None where there is no store of notify yet, or none answers: the import needs none."""
    if not settings.has_store:
        return None
    concerned = directories.concerns(ends)
    try:
        with closing(Store(settings.store_url)) as store, store.reading() as connection:
            return sum(starmap(concerned, views.open_subjects(connection)))
    except LogError:
        return None
