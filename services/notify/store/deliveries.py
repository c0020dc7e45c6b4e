"""The outbox's rows: into it, and out of it again before they are sent. What is sent is claimed in outbox.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, Update, case, insert, select, update

from services.notify.rows import DecisionRow, DeliveryRow
from services.notify.store import tables
from services.notify.store.engine import columns_of

_PATIENCE = 6
_d = tables.delivery.c
NOT_OUT = (_d.status.in_(("pending", "failed")), _d.possibly_duplicate == 0)
"""Nobody can have got it."""
ACTED_ON = "acted_on_before_sent"
"""Why it was cancelled."""
HANDED_BACK = "handed_back"
"""Why it is not sent: the handing over was undone."""
TAKEN_BACK = "referral_taken_back"
"""Why it is not sent: who had referred it has taken that back."""


def add(connection: Connection, deliveries: Sequence[DeliveryRow], decisions: Sequence[DecisionRow]) -> None:
    """Into the outbox, where each has its place once, and why somebody waits or is not told."""
    for one in deliveries:
        same = [_d[name] == getattr(one, name) for name in ("warning", "sequence", "recipient", "channel", "news")]
        if connection.execute(select(_d.id).where(*same)).first() is None:
            connection.execute(insert(tables.delivery).values(columns_of(one)))
    for why in decisions:
        connection.execute(insert(tables.decision).values(columns_of(why)))


def overtake(connection: Connection, numbers: Collection[int], now: int) -> None:
    """What is still held when its warning rises or ends has been overtaken: nobody can have got it."""
    held = (_d.warning.in_(list(numbers)), _d.status == "pending", _d.attempts == 0, _d.next_try_at > now)
    connection.execute(_cancel("overtaken_while_held").where(*held))


def settle_anew(connection: Connection, number: int, now: int, wait: int) -> None:
    """The message of a figure that settles until nothing more comes waits on, six times as long altogether."""
    settling = (_d.warning == number, _d.status == "pending", _d.attempts == 0, _d.next_try_at > now)
    later = now + wait
    connection.execute(
        update(tables.delivery)
        .where(*settling, _d.created_at > now - _PATIENCE * wait)
        .values(not_before=later, next_try_at=case((_d.next_try_at < later, later), else_=_d.next_try_at))
    )


def take_back(connection: Connection, numbers: Collection[int]) -> None:
    """No message about a warning that never was goes out, unless somebody may have got it already."""
    connection.execute(_cancel("withdrawn_before_sent").where(_d.warning.in_(list(numbers)), *NOT_OUT))


def relieve(connection: Connection, number: int, *, closed: bool = False) -> None:
    """Somebody has acted: nobody is pressed any more, and of a warning that was `closed` nobody needs to hear.

    Referrals and talks press for something else.
    """
    pressing = () if closed else (_d.news != "", ~_d.news.startswith("refer"), ~_d.news.startswith("talk"))
    connection.execute(_cancel(ACTED_ON).where(_d.warning == number, *NOT_OUT, *pressing))


def recipients(connection: Connection, number: int, news: str) -> list[str]:
    """To whom there is a message with this news, sent or not."""
    mine = select(_d.recipient).distinct().where(_d.warning == number, _d.news == news)
    return [one[0] for one in connection.execute(mine.order_by(_d.recipient))]


def tell_no_more(connection: Connection, number: int, person: str, news: str, why: str) -> bool:
    """What is not so any more is told somebody no more; whether they may have heard of it.

    What is on its way is not tried again: nobody knows whether it arrives.
    """
    mine = (_d.warning == number, _d.recipient == person, _d.news == news)
    out = _d.status.in_(("sending", "sent", "unknown")) | (_d.possibly_duplicate == 1)
    may_know = connection.execute(select(_d.id).where(*mine, out).limit(1)).first() is not None
    connection.execute(_cancel(why).where(*mine, _d.status.in_(("pending", "failed"))))
    under_way = update(tables.delivery).where(*mine, _d.status == "sending")
    connection.execute(under_way.values(status="unknown", next_try_at=None, last_error=why))
    return may_know


def _cancel(why: str) -> Update:
    return update(tables.delivery).values(status="cancelled", next_try_at=None, last_error=why)
