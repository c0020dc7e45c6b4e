"""The outbox's statements: a row is claimed by a conditional UPDATE with a lease and finished only by who holds it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Label,
    Text,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from services.messages import ENDS, LEVELS
from services.notify.claims import Claim, Result
from services.notify.grouping import AT_MOST, BROUGHT_LATER, Grouping
from services.notify.store import disabled_channels, tables
from services.notify.texts import Sent

_d, _w, _c = tables.delivery.c, tables.warning.c, tables.change.c
_MS = timedelta(milliseconds=1)
Columns = dict[str, str | int | None]
WAITING = ("pending", "failed", "sending")


def claim(connection: Connection, queue: str, owner: str, now: int, lease: int, grouping: Grouping) -> Claim | None:
    """The longest-waiting delivery of `queue` that is due, claimed for `lease` milliseconds; its attempt is recorded.

    With it goes what else waits for the same person, as `grouping` says; or, of what was tried before, the same as
    then. One that is found `sending` was left behind by somebody whose lease ran out: it may have been sent.
    """
    looked_at: list[str] = []
    while (row := connection.execute(_DUE, {"queue": queue, "now": now, "looked_at": looked_at}).first()) is not None:
        looked_at.append(row.recipient)
        rows = _with(connection, row, queue, now, grouping) if _alone(connection, row.recipient, queue) else ()
        if not rows:
            continue
        left_behind = row.status == "sending"
        ids = tuple(one.id for one in rows)
        batch = row.batch if row.batch is not None or len(ids) == 1 else row.id
        repeat = int(left_behind or any(one.possibly_duplicate for one in rows))
        taken = {"seen": row.status, "tried": row.attempts, "owner": owner, "until": now + lease}
        claimed = connection.execute(_CLAIM.where(_d.id.in_(ids)), taken | {"repeat": repeat, "batch": batch})
        if claimed.rowcount == len(ids):
            told = tuple(_sent(one, possibly_duplicate=bool(repeat)) for one in rows)
            return Claim(ids, row.attempts + 1, row.recipient, queue, now - row.next_try_at, told, batch)
    return None


def _alone(connection: Connection, recipient: str, queue: str) -> bool:
    """Until the transaction ends nobody else claims for the person: half a digest each would be two messages."""
    if connection.dialect.name == "sqlite":  # who writes there is alone
        return True
    return bool(connection.execute(_LOCK, {"recipient": recipient, "channel": queue}).scalar_one())


def _sent(one: Any, *, possibly_duplicate: bool) -> Sent:
    if one.warning_id is None:
        return Sent("", one.sequence, "", "", "yellow", possibly_duplicate, one.news)
    return Sent(
        one.warning_id,
        one.sequence,
        one.change,
        one.rule,
        one.level,
        possibly_duplicate,
        news=one.news,
        subject=one.subject,
        rule_version=one.rule_version,
        value=one.value,
        threshold=one.threshold,
        context=one.context,
        evidence=one.evidence,
        opened_at=one.opened_at,
        reason=one.reason,
    )


def _with(connection: Connection, row: Any, queue: str, now: int, grouping: Grouping) -> Sequence[Any]:
    """The deliveries that go out with one that is due, itself included; none if it has to wait."""
    mine = (_d.channel == queue, _d.recipient == row.recipient)
    if row.batch is not None:
        again = (_d.batch == row.batch, _d.status == row.status, _d.attempts == row.attempts)
        return connection.execute(_ROWS.where(*mine, *again)).all()
    if row.status != "pending" or row.attempts or not grouping.groups or row.warning_id is None:
        return [row]
    fresh = (*mine, _d.status == "pending", _d.attempts == 0, _d.batch.is_(None), _d.warning.is_not(None))
    if (until := _others_ripen(connection, row, fresh, now, grouping)) is not None:
        ripe = (*fresh, _d.next_try_at <= now, _d.not_before - _d.created_at > grouping.wait_ms)
        connection.execute(update(tables.delivery).where(*ripe).values(next_try_at=until))
        return []
    if not row.urgent:
        person = {"recipient": row.recipient, "channel": queue}
        last = connection.execute(_LAST, person).scalar()
        if last is not None and (until := last + grouping.interval_ms) > now:
            connection.execute(update(tables.delivery).where(*fresh, *_IDLE).values(next_try_at=until), {"now": now})
            return []
        connection.execute(_MEET, person | {"now": now})
    return connection.execute(_ROWS.where(*fresh, _d.next_try_at <= now + grouping.wait_ms).limit(_MOST)).all()


def _others_ripen(
    connection: Connection, row: Any, fresh: Sequence[ColumnElement[bool]], now: int, grouping: Grouping
) -> int | None:
    """Of what a file brought of times past, until when some to the same person ripens, with which it goes out."""
    brought_later = (
        row.created_at - row.at > BROUGHT_LATER // _MS and row.not_before > row.created_at + grouping.wait_ms
    )
    end = row.created_at + AT_MOST // _MS
    if not brought_later or now >= end:
        return None
    ripening = select(func.max(_d.not_before)).where(*fresh, _d.not_before > now, _d.next_try_at == _d.not_before)
    until = connection.execute(ripening).scalar()
    return None if until is None else min(int(until), end)


def finish(connection: Connection, claimed: Claim, owner: str, result: Result, now: int) -> bool:
    """Records what became of a claim; false if it had been taken over meanwhile."""
    columns: Columns = {
        "status": result.status,
        "next_try_at": result.next_try_at,
        "last_error": result.last_error,
    }
    if result.sent_at is not None:
        columns["sent_at"] = result.sent_at
    if result.may_have_arrived:
        columns["possibly_duplicate"] = 1
    if not _give_back(connection, claimed, owner, columns):
        return False
    for mine in claimed.ids:
        if result.elsewhere is not None:
            connection.execute(_ELSEWHERE, {"mine": mine, "queue": result.elsewhere, "now": now})
        if result.not_told is not None:
            connection.execute(_NOT_TOLD, {"mine": mine, "reason": result.not_told})
    if result.disable is not None:
        disabled_channels.add(connection, result.disable)
    return True


def release(connection: Connection, claimed: Claim, owner: str, now: int) -> None:
    """A claim that was not sent goes back untouched."""
    _give_back(connection, claimed, owner, {"status": "pending", "attempts": claimed.attempt - 1, "next_try_at": now})


def _give_back(connection: Connection, claimed: Claim, owner: str, columns: Columns) -> bool:
    mine = _FINISH.where(_d.id.in_(claimed.ids)).values(lease_owner=None, lease_until=None, **columns)
    return bool(connection.execute(mine, {"owner": owner, "attempt": claimed.attempt}).rowcount)


def recover(connection: Connection, slot: str, now: int) -> int:
    """What former owners of this process slot left `sending` is due at once; claiming it marks it."""
    left = connection.execute(
        update(tables.delivery)
        .where(_d.status == "sending", _d.lease_owner.startswith(f"{slot}:", autoescape=True))
        .values(next_try_at=now)
    )
    return left.rowcount


def next_due(connection: Connection, queue: str) -> int | None:
    """When the queue has something to do next."""
    return connection.execute(_NEXT, {"queue": queue}).scalar()


def queues(connection: Connection) -> list[str]:
    """The queues with something to do, now or later."""
    found = connection.execute(select(_d.channel).where(_d.status.in_(WAITING)).distinct())
    return [row.channel for row in found]


def due(connection: Connection, now: int) -> int:
    """How many are due and untried, or under way; not what is held back, or failed and waits."""
    mine = (_d.status == "sending") | ((_d.status == "pending") & (_d.next_try_at <= now))
    return int(connection.execute(select(func.count()).where(mine)).scalar_one())


def sizes(connection: Connection) -> dict[str, int]:
    """How many deliveries have which status, for the metrics."""
    return {row[0]: row[1] for row in connection.execute(select(_d.status, func.count()).group_by(_d.status))}


_RANKS = {level: rank for rank, level in enumerate(LEVELS)}


def _now(fact: str) -> Label[Any]:
    """A fact of the warning as it stands when the message goes out: one that waited says what is true by then.

    What has risen meanwhile has a message of its own.
    """
    of_end = _c.change.in_(ENDS) | (case(_RANKS, value=_w.level) > case(_RANKS, value=_c.level))
    return case((of_end, _c[fact]), else_=_w[fact]).label(fact)


_MOST = 100
"""Warnings in one digest."""
_WAITING_ROWS = (
    select(
        _d.id,
        _d.status,
        _d.attempts,
        _d.next_try_at,
        _d.recipient,
        _d.sequence,
        _d.possibly_duplicate,
        _d.news,
        _d.urgent,
        _d.batch,
        _d.not_before,
        _d.created_at,
        _c.at,
        _w.id.label("warning_id"),
        _w.rule,
        _w.subject,
        _w.context,
        _w.evidence,
        _w.opened_at,
        _c.change,
        _now("level"),
        _now("value"),
        _now("threshold"),
        _c.rule_version,
        _c.reason,
    )
    .outerjoin(tables.warning, _w.number == _d.warning)
    .outerjoin(tables.change, (_c.warning == _d.warning) & (_c.sequence == _d.sequence))
    .order_by(_d.next_try_at, _d.id)
)
_ROWS = _WAITING_ROWS.with_for_update(of=tables.delivery, skip_locked=True)
_DUE = _WAITING_ROWS.where(
    _d.channel == bindparam("queue"),
    _d.next_try_at <= bindparam("now"),
    _d.recipient.not_in(bindparam("looked_at", expanding=True)),
).limit(1)
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext(:channel), hashtext(:recipient))")
_IDLE = (_d.urgent == 0, _d.next_try_at <= bindparam("now"))
_t = tables.contact.c
_LAST = select(_t.last_at).where(_t.recipient == bindparam("recipient"), _t.channel == bindparam("channel"))
_MEET = text(
    "INSERT INTO contact (recipient, channel, last_at) VALUES (:recipient, :channel, :now)"
    " ON CONFLICT (recipient, channel) DO UPDATE SET last_at = excluded.last_at"
)
_CLAIM = (
    update(tables.delivery)
    .where(_d.status == bindparam("seen"), _d.attempts == bindparam("tried"))
    .values(
        status="sending",
        attempts=_d.attempts + 1,
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
        next_try_at=bindparam("until"),
        possibly_duplicate=bindparam("repeat"),
        batch=bindparam("batch"),
    )
)
_FINISH = update(tables.delivery).where(
    _d.lease_owner == bindparam("owner"), _d.attempts == bindparam("attempt"), _d.status == "sending"
)
_other = tables.delivery.alias()
_ELSEWHERE = insert(tables.delivery).from_select(
    [
        "warning",
        "sequence",
        "recipient",
        "channel",
        "news",
        "status",
        "attempts",
        "next_try_at",
        "possibly_duplicate",
        "created_at",
    ],
    select(
        _d.warning,
        _d.sequence,
        _d.recipient,
        bindparam("queue", type_=Text),
        _d.news,
        literal("pending"),
        literal(0),
        bindparam("now", type_=BigInteger),
        _d.possibly_duplicate,
        bindparam("now", type_=BigInteger),
    ).where(
        _d.id == bindparam("mine"),
        ~exists().where(
            _other.c.warning == _d.warning,
            _other.c.sequence == _d.sequence,
            _other.c.recipient == _d.recipient,
            _other.c.news == _d.news,
            _other.c.channel == bindparam("queue", type_=Text),
        ),
    ),
)
_NOT_TOLD = insert(tables.decision).from_select(
    ["warning", "sequence", "whom", "stage", "reason"],
    select(_d.warning, _d.sequence, _d.recipient, literal("channel"), bindparam("reason", type_=Text)).where(
        _d.id == bindparam("mine"), _d.warning.is_not(None)
    ),
)
_NEXT = select(func.min(_d.next_try_at)).where(_d.channel == bindparam("queue"))
