"""The tables of notify: what is open, who may see it, what goes out, what people did. Instants are whole milliseconds.

A warning's present state is one row that changes are folded into; `warning_change` and `act` only ever grow. Other
tables refer to a warning by its number in this store, in the order of arrival: a chunk of an import then lies together
on a few pages, where its uuids are scattered over all of them. `rows.py` has what the rest of notify sees of a row.

| module | writes |
|---|---|
| intake | warning, warning_change, recipient, position; what begins with a change: delivery, decision, escalation |
| steps | escalation, and what a due step changes of its warning |
| deliveries, outbox | delivery and decision; contact |
| acts | act, undo, and what an act changes of its warning |
| own | own_channel, own_choice |
| referrals, talks | referral; talk |
| appeals (tables: appeal_tables.py) | appeal, appeal_slip |
| feedback, silences, disabled_channels, retention, erasure | the table of that name (disabled_channels: `stopped`) |
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, MetaData, PrimaryKeyConstraint, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

_CLUSTERED = {"sqlite_with_rowid": False}
"""In SQLite the rows lie in the primary key itself: for small rows that are found by it."""


_WAITING = text("status = 'waiting'")
_RUNNING = text("deadline IS NOT NULL AND overdue_at IS NULL")


class Stored(SQLModel):
    """The root of notify's tables: a metadata of its own, so that nothing else is created with them."""

    metadata = MetaData()


class WarningTable(Stored, table=True):
    """The present state of one warning."""

    __tablename__ = "warning"
    __table_args__ = (
        Index("warning_by_opening", "opened_at", "id"),
        Index("warning_of_subject", "subject", "rule"),
        Index("warning_about", "about", "status"),
        Index("warning_deadline", "deadline", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index("warning_taken_in", "taken_in"),
    )

    number: int = Field(primary_key=True, sa_type=BigInteger)
    id: str = Field(unique=True, sa_type=Text)
    rule: str = Field(sa_type=Text)
    rule_version: str = Field(sa_type=Text)
    row: str | None = Field(default=None, sa_type=Text)
    standard: str | None = Field(default=None, sa_type=Text)
    subject: str = Field(sa_type=Text)
    level: str = Field(sa_type=Text)
    highest_level: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    """open; resolved or withdrawn by the rules; closed by a person while the rules still hold it open."""
    value: float | None = None
    threshold: float | None = None
    window: str = Field(sa_type=Text)
    opened_at: int = Field(sa_type=BigInteger)
    closed_at: int | None = Field(default=None, sa_type=BigInteger)
    first_event: str | None = Field(default=None, sa_type=Text)
    evidence: str = Field(sa_type=Text)
    context: str = Field(sa_type=Text)
    mode: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    """Named reason of the newest change."""
    sequence: int
    acknowledged_at: int | None = Field(default=None, sa_type=BigInteger)
    acknowledged_by: str | None = Field(default=None, sa_type=Text)
    closed_by: str | None = Field(default=None, sa_type=Text)
    closed_reason: str | None = Field(default=None, sa_type=Text)
    """Of deadlines.CLOSINGS, why a person closed it."""
    measure: str | None = Field(default=None, sa_type=Text)
    """改进措施, in the words of the person who took it."""
    due_at: int | None = Field(default=None, sa_type=BigInteger)
    """Until when the measure shall have worked; null until one is named."""
    deadline: int | None = Field(default=None, sa_type=BigInteger)
    """When it becomes overdue unless somebody acts; null: never."""
    overdue_at: int | None = Field(default=None, sa_type=BigInteger)
    """Since when it is marked as overdue."""
    predecessor: str | None = Field(default=None, sa_type=Text)
    """The warning of the same rule and subject that this one is a relapse of."""
    reporter: str | None = Field(default=None, sa_type=Text)
    """Who raised it (of a ticket)."""
    mutes: str | None = Field(default=None, sa_type=Text)
    """Of a case: the rows of its parts, joined by blanks, as its rule said when it opened."""
    blanked_at: int | None = Field(default=None, sa_type=BigInteger)
    """When evidence and context were taken out, their time being over."""
    about: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """What the inbox has one card for: `student/s1`, `class/c1`, `lesson/l1`."""
    class_id: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """The class that it is about, or that the student was of; empty: none."""
    department: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """Of its context, for the figures of a head."""
    handed_to: str | None = Field(default=None, sa_type=Text)
    """Who is accountable since somebody handed it over to them, in place of whoever holds the role."""
    done_at: int | None = Field(default=None, sa_type=BigInteger)
    """The end of the day on which the measure was taken, of one that was when it was named; else null."""
    taken_in: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    """Number of the take-in that last wrote it: they are numbered as they are committed."""


class ChangeTable(Stored, table=True):
    """One transition of a warning, as it was told to notify."""

    __tablename__ = "warning_change"
    __table_args__ = (PrimaryKeyConstraint("warning", "sequence"), _CLUSTERED)

    warning: int = Field(sa_type=BigInteger)
    sequence: int
    change: str = Field(sa_type=Text)
    level: str = Field(sa_type=Text)
    value: float | None = None
    threshold: float | None = None
    reason: str = Field(sa_type=Text)
    at: int = Field(sa_type=BigInteger)
    mode: str = Field(sa_type=Text)
    rule_version: str = Field(sa_type=Text)
    taken_in_at: int = Field(sa_type=BigInteger)
    not_pushed: str = Field(sa_type=Text)
    """Named reason why nobody was sent this change; empty if it went on to each recipient."""


class RecipientTable(Stored, table=True):
    """Who may see a warning, and what an inbox is ordered and filtered by: it is one walk along an index."""

    __tablename__ = "recipient"
    __table_args__ = (
        PrimaryKeyConstraint("warning", "person"),
        Index(
            "recipient_inbox",
            "person",
            "is_open",
            "rank",
            "opened_at",
            "warning",
            "about",
            "class_id",
            "rule",
            "holder",
            "taken",
            "overdue",
        ),
        _CLUSTERED,
    )

    warning: int = Field(sa_type=BigInteger)
    person: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    is_open: int
    rank: int
    """3 red, 2 orange, 1 yellow, 0 praise."""
    opened_at: int = Field(sa_type=BigInteger)
    about: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    class_id: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    rule: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    holder: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """Who has taken it up, or else was handed it; empty: nobody yet."""
    taken: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    overdue: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class DeliveryTable(Stored, table=True):
    """The outbox: one message to one person about one change over one channel."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("warning", "sequence", "recipient", "channel", "news"),
        Index("delivery_queue", "channel", "next_try_at", "id"),
        Index("delivery_status", "status"),
        Index("delivery_of_person", "recipient", "channel", "next_try_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    warning: int | None = Field(default=None, foreign_key="warning.number", sa_type=BigInteger)
    """Null: it is about an appeal, which `news` names."""
    sequence: int
    recipient: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    """The queue that it waits in (`json://host`); the address itself stays in the directory, with its secrets."""
    news: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """What it tells of instead of the change itself: `escalated` and `repeated` with their step, `reminder` and
    `overdue` with the deadline (ms) that they are about, `handed_over` and `handed_back` with the how-manieth time,
    `outcome`, `look_back` with the day.
    """
    status: str = Field(sa_type=Text)
    """pending, sending, sent, failed (will be tried again), unknown, dead (given up), cancelled."""
    attempts: int = 0
    next_try_at: int | None = Field(default=None, sa_type=BigInteger)
    """When it may be claimed: while it is being sent, the end of the lease; never again if null."""
    lease_owner: str | None = Field(default=None, sa_type=Text)
    lease_until: int | None = Field(default=None, sa_type=BigInteger)
    last_error: str | None = Field(default=None, sa_type=Text)
    possibly_duplicate: int = 0
    not_before: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    """Until when it waits for more to go with it, or for its figures to settle, whatever else holds it."""
    urgent: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """It waits for no others."""
    batch: int | None = Field(default=None, sa_type=BigInteger)
    """It went out, or will again, as one with all that have the same number."""
    created_at: int = Field(sa_type=BigInteger)
    sent_at: int | None = Field(default=None, sa_type=BigInteger)


class DecisionTable(Stored, table=True):
    """Why somebody, or the holders of a role, were not told of a change."""

    __tablename__ = "decision"
    __table_args__ = (Index("decision_of_warning", "warning"),)

    id: int | None = Field(default=None, primary_key=True)
    warning: int = Field(sa_type=BigInteger)
    sequence: int
    whom: str = Field(sa_type=Text)
    """A person or a role."""
    stage: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)


class ActTable(Stored, table=True):
    """The audit trail: what a person did with a warning. Rows are added, never changed."""

    __tablename__ = "act"
    __table_args__ = (Index("act_of_warning", "warning"),)

    id: int | None = Field(default=None, primary_key=True)
    warning: int = Field(foreign_key="warning.number", sa_type=BigInteger)
    at: int = Field(sa_type=BigInteger)
    person: str = Field(sa_type=Text)
    """Empty: time did it, nobody."""
    action: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    detail: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """Of `measure` the last day, of `measure_done` its day, of `undone` the act, of `closed` the reason, of `verdict`
    the verdict, of `handed_over` to whom, of referrals the office, of `talked` the day, of `looked_back` whether the
    measure helped (deadlines.HELPED).
    """
    value: float | None = None
    """The warning's figure then; null of what time did."""


class FeedbackTable(Stored, table=True):
    """An event that is to go into the log and has not gone yet; written in the transaction of what it tells of."""

    __tablename__ = "feedback"

    id: int | None = Field(default=None, primary_key=True)
    event: str = Field(sa_type=Text)
    """JSON, with the identity that every attempt to hand it on repeats."""


class EscalationTable(Stored, table=True):
    """One step of an escalation chain, as the rule said it when the chain began."""

    __tablename__ = "escalation"
    __table_args__ = (
        Index("escalation_of_warning", "warning"),
        Index("escalation_due", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: int | None = Field(default=None, primary_key=True)
    warning: int = Field(foreign_key="warning.number", sa_type=BigInteger)
    sequence: int
    """The change that the chain began with."""
    cause: str = Field(sa_type=Text)
    """unacknowledged; repeated: to all once more; reminder: to who has taken it up, a day before the deadline; outcome:
    to who had raised it, when it is over; referral: nobody has accepted it; next_talk: on its day, to who has it;
    look_back: whether a measure helped, on its day.
    """
    step: int
    """From 1; of a referral or talk its number."""
    role: str = Field(sa_type=Text)
    due_at: int = Field(sa_type=BigInteger)
    status: str = Field(sa_type=Text)
    """waiting, sent, stopped, vacant (nobody could be told)."""
    reason: str = Field(sa_type=Text)
    """Named reason of what was decided; empty while it waits."""
    decided_at: int | None = Field(default=None, sa_type=BigInteger)


class SilenceTable(Stored, table=True):
    """Messages about some warnings wait until its end."""

    __tablename__ = "silence"
    __table_args__ = (Index("silence_end", "ends"),)

    id: int | None = Field(default=None, primary_key=True)
    rule: str | None = Field(default=None, sa_type=Text)
    subject: str | None = Field(default=None, sa_type=Text)
    department: str | None = Field(default=None, sa_type=Text)
    begins: int = Field(sa_type=BigInteger)
    ends: int = Field(sa_type=BigInteger)
    author: str = Field(sa_type=Text)
    comment: str = Field(sa_type=Text)


class ContactTable(Stored, table=True):
    """When somebody was last sent something over a channel that was not urgent."""

    __tablename__ = "contact"

    recipient: str = Field(primary_key=True, sa_type=Text)
    channel: str = Field(primary_key=True, sa_type=Text)
    last_at: int = Field(sa_type=BigInteger)


class DisabledChannelTable(Stored, table=True):
    """A channel that its provider refuses for good, and somebody who is not told by it for that reason."""

    __tablename__ = "stopped"
    __table_args__ = (PrimaryKeyConstraint("key", "person"),)

    key: str = Field(sa_type=Text)
    """Some digits of a hash of the address, or of its account; the address itself stays in the directory."""
    queue: str = Field(sa_type=Text)
    person: str = Field(sa_type=Text)
    since: int = Field(sa_type=BigInteger)
    reason: str = Field(sa_type=Text)


class RetentionTable(Stored, table=True):
    """The audit trail of what was deleted when its time was over."""

    __tablename__ = "retention"

    id: int | None = Field(default=None, primary_key=True)
    at: int = Field(sa_type=BigInteger)
    policy: str = Field(sa_type=Text)
    """JSON: kind → days."""
    deleted: str = Field(sa_type=Text)
    """JSON: kind → how many."""


class ErasureTable(Stored, table=True):
    """The audit trail of who was erased, without saying who it was. Rows are added, never changed."""

    __tablename__ = "erasure"

    id: int | None = Field(default=None, primary_key=True)
    at: int = Field(sa_type=BigInteger)
    pseudonym: str = Field(sa_type=Text)
    author: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    counts: str = Field(sa_type=Text)
    """JSON: table or file → how many rows or lines were written anew."""


class ReferralTable(Stored, table=True):
    """A question about a warning to an office."""

    __tablename__ = "referral"
    __table_args__ = (
        Index("referral_of_warning", "warning"),
        Index("referral_of_office", "office", "state"),
        Index("referral_of_person", "person"),
    )

    id: int | None = Field(default=None, primary_key=True)
    warning: int = Field(foreign_key="warning.number", sa_type=BigInteger)
    at: int = Field(sa_type=BigInteger)
    person: str = Field(sa_type=Text)
    office: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    """waiting, accepted, answered, refused, taken_back."""
    taken_by: str | None = Field(default=None, sa_type=Text)
    taken_at: int | None = Field(default=None, sa_type=BigInteger)
    answer: str = Field(sa_type=Text)
    answered_at: int | None = Field(default=None, sa_type=BigInteger)
    raised_at: int | None = Field(default=None, sa_type=BigInteger)


class TalkTable(Stored, table=True):
    """A talk about a warning; its notes may be for some alone (talks.py)."""

    __tablename__ = "talk"
    __table_args__ = (Index("talk_of_warning", "warning"),)

    id: int | None = Field(default=None, primary_key=True)
    warning: int = Field(foreign_key="warning.number", sa_type=BigInteger)
    at: int = Field(sa_type=BigInteger)
    person: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    day: str = Field(sa_type=Text)
    clock: str = Field(sa_type=Text)
    way: str = Field(sa_type=Text)
    place: str = Field(sa_type=Text)
    agreed: str = Field(sa_type=Text)
    next_day: str = Field(sa_type=Text)
    notes: str = Field(sa_type=Text)
    visibility: str = Field(sa_type=Text)
    corrects: int | None = Field(default=None, sa_type=BigInteger)
    """The talk in whose place it is, which stays as it was written."""


class OwnChannelTable(Stored, table=True):
    """An address that a person set for themselves: one proved at most, and one that is not."""

    __tablename__ = "own_channel"
    __table_args__ = (PrimaryKeyConstraint("person", "proved"),)

    person: str = Field(sa_type=Text)
    proved: int
    kind: str = Field(sa_type=Text)
    address: str = Field(sa_type=Text)
    """A mail address, or `scheme://TOKEN`: a secret."""
    code: str = Field(sa_type=Text)
    """Argon2id hash of the code that was sent last."""
    tries: int
    at: int = Field(sa_type=BigInteger)


class OwnChoiceTable(Stored, table=True):
    """Language and quiet hours that a person has chosen."""

    __tablename__ = "own_choice"

    person: str = Field(primary_key=True, sa_type=Text)
    language: str = Field(sa_type=Text)
    quiet: str = Field(sa_type=Text)
    at: int = Field(sa_type=BigInteger)


class UndoTable(Stored, table=True):
    """How warnings were before acts that can be undone still: cleared when their minute is over."""

    __tablename__ = "undo"
    __table_args__ = (Index("undo_at", "at"),)

    act: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    warning: int = Field(sa_type=BigInteger)
    person: str = Field(sa_type=Text)
    at: int = Field(sa_type=BigInteger)
    before: str = Field(sa_type=Text)


class PositionTable(Stored, table=True):
    """How far a consumer has come in the stream of changes (`warnings`, or one for each partition).

    `numbers` is the last number that a warning has got; whoever takes changes in holds its row. `chunks` is the last
    number of a take-in.
    """

    __tablename__ = "position"

    consumer: str = Field(primary_key=True, sa_type=Text)
    position: int = Field(sa_type=BigInteger)


metadata = Stored.metadata
warning = metadata.tables["warning"]
change = metadata.tables["warning_change"]
recipient = metadata.tables["recipient"]
delivery = metadata.tables["delivery"]
decision = metadata.tables["decision"]
act = metadata.tables["act"]
feedback = metadata.tables["feedback"]
escalation = metadata.tables["escalation"]
position = metadata.tables["position"]
silence = metadata.tables["silence"]
contact = metadata.tables["contact"]
disabled_channel = metadata.tables["stopped"]
retention = metadata.tables["retention"]
erasure = metadata.tables["erasure"]
own_channel = metadata.tables["own_channel"]
own_choice = metadata.tables["own_choice"]
undo = metadata.tables["undo"]
referral = metadata.tables["referral"]
talk = metadata.tables["talk"]
