"""What the pages and the command line read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, and_, exists, func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from services.messages import LEVELS, from_ms
from services.notify.store import tables
from services.notify.store.engine import streamed
from services.notify.store.tables import (
    ActRow,
    ChangeRow,
    DecisionRow,
    DeliveryRow,
    EscalationRow,
    RecipientRow,
    WarningRow,
)

_r, _w = tables.recipient.c, tables.warning.c


_o, _q = tables.warning.alias("other").c, tables.recipient.alias("others").c
_LESSER = exists().where(
    _o.row == _w.row, _o.subject == _w.subject, _o.number != _w.number, _q.warning == _o.number,
    _q.person == _r.person, _q.is_open == 1, or_(_q.rank > _r.rank, and_(_q.rank == _r.rank, _o.number < _w.number)),
)  # fmt: skip
"""The person has a graver open one of the same row and subject."""


class Inbox(NamedTuple):
    """One page of a person's warnings, worst and newest first."""

    warnings: list[WarningRow]
    counts: dict[int, int]
    """Rank of the level → open (or closed) warnings of the person."""


class Dossier(NamedTuple):
    """All that is known of one warning."""

    warning: WarningRow
    changes: list[ChangeRow]
    recipients: list[RecipientRow]
    deliveries: list[DeliveryRow]
    decisions: list[DecisionRow]
    acts: list[ActRow]
    escalations: list[EscalationRow]
    predecessor: WarningRow | None
    """The warning that this one is a relapse of."""


def people(connection: Connection, limit: int) -> list[tuple[str, int]]:
    """People who have warnings, with the number of open ones, most first."""
    still = func.sum(_r.is_open)
    found = select(_r.person, still).group_by(_r.person).order_by(still.desc(), _r.person).limit(limit)
    return [(row[0], int(row[1])) for row in connection.execute(found)]


def inbox(connection: Connection, person: str, *, is_open: bool, page: int, size: int) -> Inbox:
    """The `page`-th (from 0) part of a person's open, or closed, warnings.

    Of open ones of one row and subject the gravest stands for all.
    """
    mine = (_r.person == person, _r.is_open == int(is_open), *((~_LESSER,) if is_open else ()))
    whole = tables.recipient.join(tables.warning, _w.number == _r.warning) if is_open else tables.recipient
    counted = select(_r.rank, func.count()).select_from(whole).where(*mine).group_by(_r.rank)
    counts = {row[0]: row[1] for row in connection.execute(counted)}
    numbers = (
        select(_r.warning)
        .select_from(whole)
        .where(*mine)
        .order_by(_r.rank.desc(), _r.opened_at.desc(), _r.warning.desc())
        .offset(page * size)
        .limit(size)
    )
    wanted = [row[0] for row in connection.execute(numbers)]
    with Session(connection) as session:
        rows = session.exec(pick(WarningRow).where(col(WarningRow.number).in_(wanted))).all()
    place = {number: i for i, number in enumerate(wanted)}
    return Inbox(sorted(rows, key=lambda row: place[row.number]), counts)


def siblings(connection: Connection, row: WarningRow, person: str) -> list[WarningRow]:
    """The person's other open warnings of the same row and subject, the gravest first."""
    mine = select(_r.warning).where(_r.person == person, _r.is_open == 1)
    mine = mine.where(_r.warning != row.number)
    same = (col(WarningRow.row) == row.row, col(WarningRow.subject) == row.subject)
    with Session(connection) as session:
        found = session.exec(pick(WarningRow).where(*same, col(WarningRow.number).in_(mine))).all()
    return sorted(found, key=lambda one: -LEVELS.index(one.level))


def count(connection: Connection) -> int:
    """How many warnings there are."""
    return int(connection.execute(select(func.count()).select_from(tables.warning)).scalar_one())


def may_see(connection: Connection, person: str, warning_id: str) -> bool:
    """Whether the person was ever a recipient of the warning."""
    mine = select(_r.person).join(tables.warning, _w.number == _r.warning)
    return connection.execute(mine.where(_w.id == warning_id, _r.person == person)).first() is not None


def dossier(connection: Connection, warning_id: str) -> Dossier | None:
    """Everything about one warning."""
    with Session(connection) as session:
        row = session.exec(pick(WarningRow).where(WarningRow.id == warning_id)).first()
        if row is None:
            return None
        of = row.number
        return Dossier(
            row,
            list(session.exec(pick(ChangeRow).where(ChangeRow.warning == of).order_by(col(ChangeRow.sequence)))),
            list(session.exec(pick(RecipientRow).where(RecipientRow.warning == of).order_by(RecipientRow.person))),
            list(session.exec(pick(DeliveryRow).where(DeliveryRow.warning == of).order_by(col(DeliveryRow.id)))),
            list(session.exec(pick(DecisionRow).where(DecisionRow.warning == of).order_by(col(DecisionRow.id)))),
            list(session.exec(pick(ActRow).where(ActRow.warning == of).order_by(col(ActRow.id)))),
            list(session.exec(pick(EscalationRow).where(EscalationRow.warning == of).order_by(col(EscalationRow.id)))),
            session.exec(pick(WarningRow).where(WarningRow.id == row.predecessor)).first() if row.predecessor else None,
        )


def every_warning(connection: Connection) -> Iterator[dict[str, Any]]:
    """All warnings by opening, as plain data with RFC 3339 times: what `prewarn warnings --json` prints."""
    for row in streamed(connection, select(tables.warning).order_by(_w.opened_at, _w.id)):
        yield {
            "id": row.id, "rule": row.rule, "row": row.row, "subject": row.subject, "level": row.level,
            "highest_level": row.highest_level, "status": row.status, "value": row.value, "threshold": row.threshold,
            "opened_at": _rfc3339(row.opened_at), "closed_at": _rfc3339(row.closed_at),
            "evidence": msgspec.json.decode(row.evidence), "first_event": row.first_event, "standard": row.standard,
            "acknowledged_at": _rfc3339(row.acknowledged_at), "reason": row.reason, "measure": row.measure,
            "due_at": _rfc3339(row.due_at), "closed_by": row.closed_by, "closed_reason": row.closed_reason,
            "deadline": _rfc3339(row.deadline), "overdue_at": _rfc3339(row.overdue_at), "relapse_of": row.predecessor,
        }  # fmt: skip


def _rfc3339(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else from_ms(milliseconds).isoformat().replace("+00:00", "Z")
