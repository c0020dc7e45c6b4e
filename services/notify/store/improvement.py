"""What was done about warnings, and what people said of it when they looked back, out of the audit trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from services.notify.rows import ActRow
from services.notify.store import tables, undo
from services.notify.store.engine import rows_of

_a, _w = tables.act.c, tables.warning.c
MEASURES = ("measure", "measure_done")
_CONCERNED = (*MEASURES, "closed", "looked_back", undo.UNDONE)


class Measure(NamedTuple):
    """The measure that was named last, and the last answer to whether it helped."""

    at: int
    """When it was named (ms)."""
    value: float | None
    """The warning's figure then; None where it was not noted yet."""
    helped: str | None
    note: str
    by: str
    """Who has answered."""
    answered_at: int | None


def of_acts(acts: Sequence[ActRow]) -> Measure | None:
    """Out of the audit trail of one warning; None if no measure was named, or all that were are undone.

    Whoever closes a warning for which none was named says which was taken; its words may have been deleted since.
    """
    found: Measure | None = None
    for act in undo.standing(acts):
        if act.action in MEASURES or (act.action == "closed" and found is None):
            found = Measure(act.at, act.value, None, "", "", None)
        elif act.action == "looked_back" and found is not None:
            found = found._replace(helped=act.detail, note=act.text, by=act.person, answered_at=act.at)
    return found


def measures(connection: Connection, *mine: ColumnElement[bool]) -> dict[int, Measure]:
    """Of all warnings, or of those that are meant, by their numbers."""
    wanted = select(tables.act).where(_a.action.in_(_CONCERNED))
    if mine:
        wanted = wanted.join(tables.warning, _w.number == _a.warning).where(*mine)
    acts: defaultdict[int, list[ActRow]] = defaultdict(list)
    for act in rows_of(connection, wanted.order_by(_a.id), ActRow):
        acts[act.warning].append(act)
    found = {number: of_acts(some) for number, some in acts.items()}
    return {number: one for number, one in found.items() if one is not None}
