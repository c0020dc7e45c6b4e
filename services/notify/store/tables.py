"""The tables of notify: what is open, who may see it, what goes out, what people did.

A warning's present state is one row that changes are folded into; `warning_change` and `act` only ever grow. Other
tables refer to a warning by its number in this store, in the order of arrival: a chunk of an import then lies together
on a few pages, where its uuids are scattered over all of them.

| module | writes |
|---|---|
| intake | warning, warning_change, recipient, position; what begins with a change: delivery, decision, escalation |
| steps | escalation, and what a due step changes of its warning |
| deliveries, outbox | delivery and decision; contact |
| acts, feedback, silences, disabled_channels, retention | the table of that name (disabled_channels: `stopped`) |
"""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin, get_type_hints

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

from services.notify import rows

_TYPES: dict[Any, type[TypeEngine[Any]]] = {rows.BigInt: BigInteger, int: Integer, float: Float}
_WAITING = text("status = 'waiting'")
_RUNNING = text("deadline IS NOT NULL AND overdue_at IS NULL")


def _columns(row: type, key: str = "") -> list[Column[Any]]:
    """A column for each field of a row; what is neither int nor float is text."""
    found = []
    for name, hint in get_type_hints(row, include_extras=True).items():
        kinds = (hint,) if get_origin(hint) is Annotated else get_args(hint) or (hint,)
        column = _TYPES.get(kinds[0], Text)
        found.append(Column(name, column(), primary_key=name == key, nullable=type(None) in kinds and name != key))
    return found


def _of_warning() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["warning"], ["warning.number"])


metadata = MetaData()
warning = Table(
    "warning",
    metadata,
    *_columns(rows.WarningRow, "number"),
    UniqueConstraint("id"),
    Index("warning_by_opening", "opened_at", "id"),
    Index("warning_of_subject", "subject", "rule"),
    Index("warning_deadline", "deadline", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
)
change = Table(
    "warning_change",
    metadata,
    *_columns(rows.ChangeRow),
    PrimaryKeyConstraint("warning", "sequence"),
    sqlite_with_rowid=False,  # the rows lie in the primary key itself: for small rows that are found by it
)
recipient = Table(
    "recipient",
    metadata,
    *_columns(rows.RecipientRow),
    PrimaryKeyConstraint("warning", "person"),
    Index("recipient_inbox", "person", "is_open", "rank", "opened_at", "warning"),
    sqlite_with_rowid=False,  # the rows lie in the primary key itself: for small rows that are found by it
)
delivery = Table(
    "delivery",
    metadata,
    *_columns(rows.DeliveryRow, "id"),
    _of_warning(),
    UniqueConstraint("warning", "sequence", "recipient", "channel", "news"),
    Index("delivery_queue", "channel", "next_try_at", "id"),
    Index("delivery_status", "status"),
    Index("delivery_of_person", "recipient", "channel", "next_try_at"),
)
decision = Table("decision", metadata, *_columns(rows.DecisionRow, "id"), Index("decision_of_warning", "warning"))
act = Table("act", metadata, *_columns(rows.ActRow, "id"), _of_warning(), Index("act_of_warning", "warning"))
escalation = Table(
    "escalation",
    metadata,
    *_columns(rows.EscalationRow, "id"),
    _of_warning(),
    Index("escalation_of_warning", "warning"),
    Index("escalation_due", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
)
feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", Text, nullable=False),
)
"""Events that are to go into the log and have not gone yet, as JSON with the identity that every attempt repeats; each
is written in the transaction of what it tells of.
"""
silence = Table(
    "silence",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rule", Text),
    Column("subject", Text),
    Column("department", Text),
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Index("silence_end", "ends"),
)
"""Messages about some warnings wait until its end."""
contact = Table(
    "contact",
    metadata,
    Column("recipient", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("last_at", BigInteger, nullable=False),
)
"""When somebody was last sent something over a channel that was not urgent."""
disabled_channel = Table(
    "stopped",
    metadata,
    Column("key", Text, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("person", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)
"""Channels that their provider refuses for good, each with somebody who is not told by it for that reason.

`key`: some digits of a hash of the address, or of its account; the address itself stays in the directory.
"""
retention = Table(
    "retention",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("policy", Text, nullable=False),
    Column("deleted", Text, nullable=False),
)
"""The audit trail of what was deleted when its time was over; JSON: kind → days, kind → how many."""
position = Table(
    "position",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""How far a consumer has come in the stream of changes (`warnings`, or one for each partition).

`numbers` is the last number that a warning has got; whoever takes changes in holds its row.
"""
