"""The tables of notify: what is open, who may see it, what goes out, what people did. Instants are whole milliseconds.

A table has the fields of its row, in their order: `rows.py`, `accounts/rows.py` and `appeals.py` say what each means. A
warning's present state is one row that changes are folded into; `warning_change` and `act` only ever grow. Other
tables refer to a warning by its number in this store, in the order of arrival: a chunk of an import then lies together
on a few pages, where its uuids are scattered over all of them.

| module | writes |
|---|---|
| intake | warning, warning_change, recipient, position; what begins with a change: delivery, decision, escalation |
| steps | escalation, and what a due step changes of its warning |
| deliveries, outbox | delivery and decision; contact |
| acts | act, undo, and what an act changes of its warning |
| own | own_channel, own_choice |
| referrals, talks | referral; talk |
| appeals | appeal, appeal_slip |
| accounts | account, session, one_time_link, begun_sign_in, attempt, access |
| check_ins | check_in_window, check_in |
| feedback, silences, disabled_channels, retention, erasure | the table of that name (disabled_channels: `stopped`) |
"""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args, get_type_hints

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.accounts import rows as of_accounts
from services.bounds import Int32
from services.notify import rows
from services.notify.appeals import AppealRow, SlipRow
from services.notify.disabled_channels import DisabledChannel
from services.notify.suppression import Silence

metadata = MetaData()
"""Of notify alone, so that nothing else is created with it."""
_TYPES = {int: BigInteger, Int32: Integer, float: Float, bytes: LargeBinary}
"""What is in none of them is a text."""


def _table(name: str, row: type, *beside: Any, key: str = "id", **options: Any) -> Table:
    """The table of a kind of row. A field that may be None may be null; `id` is a number that the database gives."""
    keys = key.split()
    columns: list[Column[Any]] = []
    for field, hint in get_type_hints(row, include_extras=True).items():
        kinds = [one for one in get_args(hint) if one is not NoneType] if NoneType in get_args(hint) else [hint]
        kind = Integer if field == "id" and key == "id" else _TYPES.get(kinds[0], Text)
        null = kinds != [hint] and field not in keys
        given = field == "id" and field in keys
        columns.append(Column(field, kind, primary_key=field in keys, nullable=null, autoincrement=given))
    return Table(name, metadata, *columns, *beside, **options)


def _of_warning() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["warning"], ["warning.number"])


def _index_where(name: str, column: str, where: str) -> Index:
    return Index(name, column, sqlite_where=text(where), postgresql_where=text(where))


_CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}
"""In SQLite the rows lie in the primary key itself: for small rows that are found by it."""

warning = _table(
    "warning",
    rows.WarningRow,
    UniqueConstraint("id"),
    Index("warning_by_opening", "opened_at", "id"),
    Index("warning_of_subject", "subject", "rule"),
    Index("warning_about", "about", "status"),
    _index_where("warning_deadline", "deadline", "deadline IS NOT NULL AND overdue_at IS NULL"),
    Index("warning_taken_in", "taken_in"),
    key="number",
)
change = _table("warning_change", rows.ChangeRow, key="warning sequence", **_CLUSTERED)
_INBOX = "person is_open rank opened_at warning about class_id rule holder taken overdue"
recipient = _table(
    "recipient",
    rows.RecipientRow,
    Index("recipient_inbox", *_INBOX.split()),
    key="warning person",
    **_CLUSTERED,
)
delivery = _table(
    "delivery",
    rows.DeliveryRow,
    _of_warning(),
    UniqueConstraint("warning", "sequence", "recipient", "channel", "news"),
    Index("delivery_queue", "channel", "next_try_at", "id"),
    Index("delivery_status", "status"),
    Index("delivery_of_person", "recipient", "channel", "next_try_at"),
)
decision = _table("decision", rows.DecisionRow, Index("decision_of_warning", "warning"))
act = _table("act", rows.ActRow, _of_warning(), Index("act_of_warning", "warning"))
escalation = _table(
    "escalation",
    rows.EscalationRow,
    _of_warning(),
    Index("escalation_of_warning", "warning"),
    _index_where("escalation_due", "due_at", "status = 'waiting'"),
)
feedback = Table("feedback", metadata, Column("id", Integer, primary_key=True), Column("event", Text, nullable=False))
"""Events that are to go into the log and have not gone yet, as JSON; each written in the transaction of what it tells
of, with the identity that every attempt to hand it on repeats."""
silence = _table("silence", Silence, Index("silence_end", "ends"))
contact = Table(
    "contact",
    metadata,
    Column("recipient", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("last_at", BigInteger, nullable=False),
)
"""When somebody was last sent something over a channel that was not urgent."""
disabled_channel = _table("stopped", DisabledChannel, key="key person")
retention = Table(
    "retention",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("policy", Text, nullable=False),
    Column("deleted", Text, nullable=False),
)
"""The audit trail of what was deleted when its time was over: JSON, kind → days, and kind → how many."""
erasure = _table("erasure", rows.ErasureRow)
referral = _table(
    "referral",
    rows.ReferralRow,
    _of_warning(),
    Index("referral_of_warning", "warning"),
    Index("referral_of_office", "office", "state"),
    Index("referral_of_person", "person"),
)
talk = _table("talk", rows.TalkRow, _of_warning(), Index("talk_of_warning", "warning"))
own_channel = _table("own_channel", rows.OwnChannelRow, key="person proved")
own_choice = _table("own_choice", rows.OwnChoiceRow, key="person")
undo = _table("undo", rows.UndoRow, Index("undo_at", "at"), key="act")
position = Table(
    "position", metadata, Column("consumer", Text, primary_key=True), Column("position", BigInteger, nullable=False)
)
"""How far a consumer has come in the stream of changes (`warnings`, or one for each partition).

`numbers` is the last number that a warning has got; whoever takes changes in holds its row. `chunks` is the last
number of a take-in.
"""

appeal = _table(
    "appeal",
    AppealRow,
    UniqueConstraint("kind", "key", "version", name="appeal_once"),
    Index("appeal_of_student", "student"),
    Index("appeal_of_person", "person"),
    _index_where("appeal_open", "due_at", "state = 'open'"),
    Index("appeal_asked", "asked_at"),
)
slip = _table("appeal_slip", SlipRow, key="appeal")

account = _table("account", of_accounts.AccountRow, key="person")
session = _table("session", of_accounts.SessionRow, Index("session_of_person", "person"), key="digest")
link = _table("one_time_link", of_accounts.LinkRow, key="digest")
begun = _table("begun_sign_in", of_accounts.BegunRow, key="digest")
attempt = _table("attempt", of_accounts.AttemptRow, key="key")
access = _table("access", of_accounts.AccessRow, Index("access_of_person", "person"))
check_in_window = _table(
    "check_in_window",
    of_accounts.CheckInWindowRow,
    Index("check_in_window_of_lesson", "lesson", "opened"),
    Index("check_in_window_ends", "ends"),
    key="window_id",
)
check_in = _table(
    "check_in", of_accounts.CheckInRow, Index("check_in_of_person", "person"), key="window_id person other"
)
