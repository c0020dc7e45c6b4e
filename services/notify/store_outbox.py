"""The outbox's statements: a row is claimed by a conditional UPDATE with a lease and finished only by who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Text, bindparam, exists, func, insert, literal, select, update

from services.notify import store
from services.notify.texts import Sent

_d, _w, _c = store.delivery.c, store.warning.c, store.change.c
WAITING = ("pending", "failed", "sending")


class Claim(NamedTuple):
    """A delivery that is ours to send until the lease ends."""

    id: int
    attempt: int
    recipient: str
    queue: str
    rule_version: str
    overdue: int
    """Milliseconds for which it had been due."""
    sent: Sent


def claim(connection: Connection, queue: str, owner: str, now: int, lease: int) -> Claim | None:
    """The longest-waiting delivery of `queue` that is due, claimed for `lease` milliseconds; its attempt is recorded.

    One that is found `sending` was left behind by somebody whose lease ran out: it may have been sent.
    """
    while (row := connection.execute(_DUE, {"queue": queue, "now": now}).first()) is not None:
        left_behind = row.status == "sending"
        taken = {"mine": row.id, "seen": row.status, "now": now, "owner": owner, "until": now + lease}
        claimed = connection.execute(_CLAIM, taken | {"repeat": int(left_behind or row.possibly_duplicate)})
        if claimed.rowcount == 1:
            sent = Sent(
                row.warning_id, row.sequence, row.change, row.rule, row.level, news=row.news,
                possibly_duplicate=left_behind or bool(row.possibly_duplicate),
            )  # fmt: skip
            return Claim(row.id, row.attempts + 1, row.recipient, queue, row.rule_version, now - row.next_try_at, sent)
    return None


def finish(connection: Connection, claimed: Claim, owner: str, result: Mapping[str, Any], now: int) -> bool:
    """Records what became of a claim; false if it had been taken over meanwhile.

    With `elsewhere` in the result, the same is to be told by that queue, too, unless it was already.
    """
    columns = {name: value for name, value in result.items() if name != "elsewhere"}
    done = connection.execute(
        _FINISH.values(lease_owner=None, lease_until=None, **columns),
        {"mine": claimed.id, "owner": owner, "attempt": claimed.attempt},
    )
    if done.rowcount == 1 and "elsewhere" in result:
        connection.execute(_ELSEWHERE, {"mine": claimed.id, "queue": result["elsewhere"], "now": now})
    return done.rowcount == 1


def recover(connection: Connection, slot: str, now: int) -> int:
    """What former owners of this process slot left `sending` is due at once; claiming it marks it."""
    left = connection.execute(
        update(store.delivery)
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


def sizes(connection: Connection) -> dict[str, int]:
    """Deliveries by status."""
    return {row[0]: row[1] for row in connection.execute(select(_d.status, func.count()).group_by(_d.status))}


_DUE = (
    select(
        _d.id, _d.status, _d.attempts, _d.next_try_at, _d.recipient, _d.sequence, _d.possibly_duplicate, _d.news,
        _w.id.label("warning_id"), _w.rule, _c.change, _c.level, _c.rule_version,
    )
    .join(store.warning, _w.number == _d.warning)
    .join(store.change, (_c.warning == _d.warning) & (_c.sequence == _d.sequence))
    .where(_d.channel == bindparam("queue"), _d.next_try_at <= bindparam("now"))
    .order_by(_d.next_try_at, _d.id)
    .limit(1)
    .with_for_update(of=store.delivery, skip_locked=True)
)  # fmt: skip
_CLAIM = (
    update(store.delivery)
    .where(_d.id == bindparam("mine"), _d.status == bindparam("seen"), _d.next_try_at <= bindparam("now"))
    .values(
        status="sending", attempts=_d.attempts + 1, lease_owner=bindparam("owner"), lease_until=bindparam("until"),
        next_try_at=bindparam("until"), possibly_duplicate=bindparam("repeat"),
    )
)  # fmt: skip
_FINISH = update(store.delivery).where(
    _d.id == bindparam("mine"),
    _d.lease_owner == bindparam("owner"),
    _d.attempts == bindparam("attempt"),
    _d.status == "sending",
)
_other = store.delivery.alias()
_ELSEWHERE = insert(store.delivery).from_select(
    ["warning", "sequence", "recipient", "channel", "news", "status", "attempts", "next_try_at", "possibly_duplicate",
     "created_at"],
    select(
        _d.warning, _d.sequence, _d.recipient, bindparam("queue", type_=Text), _d.news, literal("pending"), literal(0),
        bindparam("now", type_=BigInteger), _d.possibly_duplicate, bindparam("now", type_=BigInteger),
    ).where(
        _d.id == bindparam("mine"),
        ~exists().where(
            _other.c.warning == _d.warning, _other.c.sequence == _d.sequence, _other.c.recipient == _d.recipient,
            _other.c.news == _d.news, _other.c.channel == bindparam("queue", type_=Text),
        ),
    ),
)  # fmt: skip
_NEXT = select(func.min(_d.next_try_at)).where(_d.channel == bindparam("queue"))
