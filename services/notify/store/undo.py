"""Taking an act back within a minute: how a warning was before it, kept until then, and put back.

The audit trail keeps both the act and that it was undone; the event that told of the act is retracted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, delete, func, insert, select, update

from services.accounts.providers import SKEW
from services.messages import CampusEvent, Json
from services.notify.rows import ActRow, UndoRow, WarningRow
from services.notify.store import deliveries, feedback, steps, tables
from services.notify.store.engine import columns_of, rows_of

MINUTE = 60_000
"""Milliseconds by the server's clock for which an act can be undone."""
_KEPT = MINUTE + 1000 * SKEW
"""Milliseconds for which what was before is kept: the clock of another process may be ahead."""
UNDONE = "undone"
_COLUMNS = (
    "status",
    "closed_at",
    "closed_by",
    "closed_reason",
    "acknowledged_at",
    "acknowledged_by",
    "measure",
    "due_at",
    "done_at",
    "deadline",
    "overdue_at",
    "handed_to",
)
"""What acts change of a warning."""
_a, _u, _e, _d, _w = tables.act.c, tables.undo.c, tables.escalation.c, tables.delivery.c, tables.warning.c
_r = tables.recipient.c


class Held(NamedTuple):
    """A message that was waiting to go out."""

    id: int
    status: str
    next_try_at: int | None
    last_error: str | None
    channel: str


class Before(msgspec.Struct, kw_only=True):
    """A warning before an act."""

    sequence: int
    columns: Json
    waiting: list[int]
    """Steps of its chain, reminders."""
    last_step: int
    held: list[Held]
    acts: list[int] = []
    """Lines that the act has written into the audit trail."""
    events: list[CampusEvent] = []
    """What the rules were told of it."""
    former: str = ""
    """Of a verdict, what the person had said before."""
    added: str = ""
    """Who may see it only since it was handed over to them."""


class Undoable(NamedTuple):
    """An act that somebody can undo still."""

    act: int
    action: str
    until: int
    """Milliseconds."""


class Lately(NamedTuple):
    """What somebody did last, to one warning or to several together, while its minute runs."""

    action: str
    acts: list[tuple[str, int]]
    """(id of the warning, number of the line in the audit trail)."""
    until: int
    """Milliseconds, of the first."""


_decode = msgspec.json.Decoder(Before).decode
_encode = msgspec.json.Encoder().encode


def before(connection: Connection, row: WarningRow) -> Before:
    """How a warning is now."""
    mine = _e.warning == row.number
    waiting = [one[0] for one in connection.execute(select(_e.id).where(mine, _e.status == "waiting"))]
    last = connection.execute(select(func.coalesce(func.max(_e.id), 0)).where(mine)).scalar_one()
    held = select(_d.id, _d.status, _d.next_try_at, _d.last_error, _d.channel)
    found = connection.execute(held.where(_d.warning == row.number, *deliveries.NOT_OUT))
    columns = {name: getattr(row, name) for name in _COLUMNS}
    return Before(
        sequence=row.sequence, columns=columns, waiting=waiting, last_step=last, held=[Held(*one) for one in found]
    )


def clear(connection: Connection, now: int) -> None:
    """Forgets what cannot be undone any more: it holds words of people."""
    connection.execute(delete(tables.undo).where(_u.at < now - _KEPT))


def keep(connection: Connection, was: Before, row: WarningRow, person: str, now: int) -> None:
    """Keeps it for a minute."""
    kept = UndoRow(act=was.acts[-1], warning=row.number, person=person, at=now, before=_encode(was).decode())
    connection.execute(insert(tables.undo).values(columns_of(kept)))


def kept(connection: Connection, act: int, row: WarningRow, person: str) -> UndoRow | None:
    """What was kept of an act of this person, if it is there still."""
    mine = select(tables.undo).where(_u.act == act, _u.warning == row.number, _u.person == person)
    return next(iter(rows_of(connection, mine, UndoRow)), None)


def is_newest(connection: Connection, undo: UndoRow, row: WarningRow) -> bool:
    """Whether nothing happened to the warning since that the act before would not fit to any more."""
    was = _decode(undo.before)
    later = rows_of(connection, select(tables.act).where(_a.warning == row.number, _a.id >= undo.act), ActRow)
    mine, *others = sorted(later, key=lambda act: act.id or 0)
    if mine.action == "verdict":
        return not any(one.person == mine.person and of_verdict(one) for one in others)
    return was.sequence == row.sequence and all(of_verdict(one) for one in others)


def was_undone(connection: Connection, act: int, row: WarningRow, person: str) -> bool:
    """Whether this person has undone the act already: a second click."""
    lines = select(tables.act).where(_a.warning == row.number, _a.id >= act, _a.person == person)
    found = {one.id: one for one in rows_of(connection, lines, ActRow)}
    mine = found.get(act)
    return mine is not None and any(one.action == UNDONE and one.detail == mine.action for one in found.values())


def open_of(connection: Connection, row: WarningRow, person: str, now: int) -> list[Undoable]:
    """What the person can undo now, the newest first."""
    mine = select(tables.undo).where(_u.warning == row.number, _u.person == person, _u.at > now - MINUTE)
    found = rows_of(connection, mine.order_by(_u.act.desc()), UndoRow)
    lines = select(_a.id, _a.action).where(_a.id.in_([one.act for one in found]))
    actions = {line.id: line.action for line in connection.execute(lines)}
    return [Undoable(one.act, actions[one.act], one.at + MINUTE) for one in found if is_newest(connection, one, row)]


def lately(connection: Connection, person: str, now: int) -> Lately | None:
    """What the person did last; whether something has happened since is asked when it is undone."""
    mine = select(_w.id, _a.id.label("act"), _a.action, _u.at).join(tables.act, _a.id == _u.act)
    mine = mine.join(tables.warning, _w.number == _u.warning).where(_u.person == person, _u.at > now - MINUTE)
    found = connection.execute(mine.order_by(_u.act.desc())).all()
    if not found:
        return None
    same = [one for one in found if one.action == found[0].action]
    return Lately(same[0].action, [(one.id, one.act) for one in same], min(one.at for one in same) + MINUTE)


def put_back(connection: Connection, undo: UndoRow, row: WarningRow) -> tuple[WarningRow, list[ActRow], set[str]]:
    """The warning as it was, what was undone (newest first), and the queues that may have something to send again."""
    was, number = _decode(undo.before), row.number
    connection.execute(delete(tables.undo).where(_u.act == undo.act))
    acts = rows_of(connection, select(tables.act).where(_a.id.in_(was.acts)).order_by(_a.id.desc()), ActRow)
    feedback.add(connection, [_corrected(one, was.former) for one in was.events])
    if acts[0].action == "verdict":
        return row, acts, set()
    row = replace(row, **was.columns)
    connection.execute(update(tables.warning).where(_w.number == number).values(**was.columns))
    again = update(tables.escalation).where(_e.id.in_(was.waiting), _e.status == "stopped")
    connection.execute(again.values(status="waiting", reason="", decided_at=None))
    added = update(tables.escalation).where(_e.warning == number, _e.id > was.last_step, _e.status == "waiting")
    connection.execute(added.values(status="stopped", reason=UNDONE, decided_at=undo.at))
    connection.execute(delete(tables.recipient).where(_r.warning == number, _r.person == was.added))
    steps.restand(connection, row)
    for one in was.held:
        mine = update(tables.delivery).where(_d.id == one.id, _d.status == "cancelled")
        values = {"status": one.status, "next_try_at": one.next_try_at, "last_error": one.last_error}
        connection.execute(mine.where(_d.last_error == deliveries.ACTED_ON).values(**values))
    return row, acts, {one.channel for one in was.held}


def _corrected(event: CampusEvent, former: str) -> CampusEvent:
    """The next revision of what the rules were told: it was not so, or of a verdict the former one stands."""
    if former:
        return replace(event, revision=event.revision + 1, data=event.data | {"verdict": former})
    return replace(event, revision=event.revision + 1, retracted=True)


def standing(acts: Iterable[ActRow]) -> list[ActRow]:
    """The acts, oldest first, without those that were undone and the lines that say so."""
    found: list[ActRow] = []
    for act in sorted(acts, key=lambda one: one.id or 0):
        if act.action != UNDONE:
            found.append(act)
            continue
        mine = (n for n, one in reversed([*enumerate(found)]) if (one.person, one.action) == (act.person, act.detail))
        if (place := next(mine, None)) is not None:
            del found[place]
    return found


def of_verdict(act: ActRow) -> bool:
    """Whether it is a verdict, or takes one back."""
    return "verdict" in (act.action, act.detail if act.action == UNDONE else "")


def by_people(acts: Sequence[ActRow]) -> list[ActRow]:
    """What people did with the warning itself: not time, and no verdicts."""
    return [act for act in acts if act.person and not of_verdict(act)]
