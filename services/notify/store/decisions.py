"""What the store knows of the warnings about one subject: what `prewarn why` reads."""

from __future__ import annotations

from sqlalchemy import Connection, select

from services.notify.store import tables, views
from services.notify.store.views import Dossier

_w = tables.warning.c


def dossiers(connection: Connection, rule: str, subject: str, opened_by: int) -> list[Dossier]:
    """The warnings of a rule about a subject that had been opened by an instant (ms), the newest first."""
    mine = (_w.rule == rule, _w.subject == subject, _w.opened_at <= opened_by)
    ids = connection.execute(select(_w.id).where(*mine).order_by(_w.opened_at.desc(), _w.number.desc()))
    found = (views.dossier(connection, row[0]) for row in ids.fetchall())
    return [one for one in found if one is not None]
