"""The rows of notify's store, as the rest of notify sees them. Instants are whole milliseconds, UTC.

store/tables.py makes the tables of them: a column for each field, in their order.
"""

from __future__ import annotations

import msgspec

from services.bounds import Int32
from services.messages import Level

decode_context = msgspec.json.Decoder(dict[str, str]).decode
"""What the column `context` of a warning holds: a role's or a field's name → id."""


class WarningRow(msgspec.Struct, kw_only=True):
    """The present state of one warning."""

    number: int
    id: str
    rule: str
    rule_version: str = ""
    row: str | None = None
    standard: str | None = None
    subject: str
    level: Level = "praise"
    highest_level: Level = "praise"
    status: str = "open"
    """open; resolved or withdrawn by the rules; closed by a person while the rules still hold it open."""
    value: float | None = None
    threshold: float | None = None
    window: str = ""
    opened_at: int = 0
    closed_at: int | None = None
    first_event: str | None = None
    evidence: str = "[]"
    context: str = "{}"
    mode: str = "live"
    reason: str = ""
    """Named reason of the newest change."""
    sequence: Int32 = 0
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    closed_by: str | None = None
    closed_reason: str | None = None
    """Of deadlines.CLOSINGS, why a person closed it."""
    measure: str | None = None
    """改进措施, in the words of the person who took it."""
    due_at: int | None = None
    """Until when the measure shall have worked; null until one is named."""
    deadline: int | None = None
    """When it becomes overdue unless somebody acts; null: never."""
    overdue_at: int | None = None
    """Since when it is marked as overdue."""
    predecessor: str | None = None
    """The warning of the same rule and subject that this one is a relapse of."""
    reporter: str | None = None
    """Who raised it (of a ticket)."""
    mutes: str | None = None
    """Of a case: the rows of its parts, joined by blanks, as its rule said when it opened."""
    blanked_at: int | None = None
    """When evidence and context were taken out, their time being over."""
    about: str = ""
    """What the inbox has one card for (`chunk.matter`): `student/s1`, `class/c1`, `lesson/l1`."""
    class_id: str = ""
    """The class that it is about, or that the student was of; empty: none."""
    department: str = ""
    """Of its context, for the figures of a head."""
    handed_to: str | None = None
    """Who is accountable since somebody handed it over to them, in place of whoever holds the role."""
    done_at: int | None = None
    """The end of the day on which the measure was taken, of one that was when it was named; else null."""
    taken_in: int = 0
    """Number of the take-in that last wrote it: they are numbered as they are committed."""


class ChangeRow(msgspec.Struct, kw_only=True):
    """One transition of a warning, as it was told to notify."""

    warning: int
    sequence: Int32
    change: str
    level: Level
    value: float | None = None
    threshold: float | None = None
    reason: str
    at: int
    mode: str
    rule_version: str
    taken_in_at: int
    not_pushed: str
    """Named reason why nobody was sent this change; empty if it went on to each recipient."""


class RecipientRow(msgspec.Struct, kw_only=True):
    """Who may see a warning, and what an inbox is ordered and filtered by: it is one walk along an index."""

    warning: int
    person: str
    role: str
    is_open: Int32
    rank: Int32
    """The level's place in LEVELS: 3 red, 2 orange, 1 yellow, 0 praise."""
    opened_at: int
    about: str = ""
    class_id: str = ""
    rule: str = ""
    holder: str = ""
    """Who has taken it up, or else was handed it; empty: nobody yet."""
    taken: Int32 = 0
    overdue: Int32 = 0


class DeliveryRow(msgspec.Struct, kw_only=True):
    """A row of the outbox: one message to one person about one change over one channel."""

    id: int | None = None
    warning: int | None
    """None: it is about an appeal, which `news` names."""
    sequence: Int32
    recipient: str
    channel: str
    """The queue that it waits in (`json://host`); the address itself stays in the directory, with its secrets."""
    news: str = ""
    """What it tells of instead of the change itself: `escalated` and `repeated` with their step, `reminder` and
    `overdue` with the deadline (ms) that they are about, `handed_over` and `handed_back` with the how-manieth time,
    `outcome`, `look_back` with the day; `appeal` and `appeal_answered` with its number.
    """
    status: str = "pending"
    """pending, sending, sent, failed (will be tried again), unknown, dead (given up), cancelled."""
    attempts: Int32 = 0
    next_try_at: int | None = None
    """When it may be claimed: while it is being sent, the end of the lease; never again if null."""
    lease_owner: str | None = None
    lease_until: int | None = None
    last_error: str | None = None
    possibly_duplicate: Int32 = 0
    not_before: int = 0
    """Until when it waits for more to go with it, or for its figures to settle, whatever else holds it."""
    urgent: Int32 = 0
    """It waits for no others."""
    batch: int | None = None
    """It went out, or will again, as one with all that have the same number."""
    created_at: int
    sent_at: int | None = None


class DecisionRow(msgspec.Struct, kw_only=True):
    """Why somebody, or the holders of a role, were not told of a change, or not at once."""

    id: int | None = None
    warning: int
    sequence: Int32
    whom: str
    """A person or a role."""
    stage: str
    """The stage of the pipeline that decided, or `routing`."""
    reason: str


class ActRow(msgspec.Struct, kw_only=True):
    """A line of the audit trail: what a person did with a warning. Rows are added, never changed."""

    id: int | None = None
    warning: int
    at: int
    person: str = ""
    """Empty: time did it, nobody."""
    action: str
    text: str = ""
    detail: str = ""
    """Of `measure` the last day, of `measure_done` its day, of `undone` the act, of `closed` the reason, of `verdict`
    the verdict, of `handed_over` to whom, of referrals the office, of `talked` the day, of `looked_back` whether the
    measure helped (deadlines.HELPED).
    """
    value: float | None = None
    """The warning's figure then; null of what time did."""


class EscalationRow(msgspec.Struct, kw_only=True):
    """What time does to a warning unless somebody acts before: a step of a chain, as the rule said it when it began."""

    id: int | None = None
    warning: int
    sequence: Int32
    """The change that the chain began with."""
    cause: str
    """unacknowledged; repeated: to all once more; reminder: to who has taken it up, a day before the deadline; outcome:
    to who had raised it, when it is over; referral: nobody has accepted it; next_talk: on its day, to who has it;
    look_back: whether a measure helped, on its day.
    """
    step: Int32 = 1
    """Counted from 1; of a repeat, how many there have been; of a referral or talk, its number."""
    role: str = ""
    due_at: int
    status: str = "waiting"
    """waiting, sent, stopped, vacant (nobody could be told)."""
    reason: str = ""
    """Named reason of what was decided; empty while it waits."""
    decided_at: int | None = None


class ReferralRow(msgspec.Struct, kw_only=True):
    """A question about a warning to an office. The warning stays with whoever is accountable for it."""

    id: int | None = None
    warning: int
    at: int
    person: str
    """Who asked."""
    office: str
    """A role; whoever holds it is the office."""
    note: str
    state: str = "waiting"
    """waiting, accepted, answered, refused, taken_back."""
    taken_by: str | None = None
    """Who of the office has accepted, answered or refused it."""
    taken_at: int | None = None
    answer: str = ""
    """Or why it was refused, or taken back."""
    answered_at: int | None = None
    raised_at: int | None = None
    """Since when it is known that nobody of the office is at it."""


class TalkRow(msgspec.Struct, kw_only=True):
    """A talk about a warning (谈话记录). Days and times of day are those of the college's zone."""

    id: int | None = None
    warning: int
    at: int
    """When it was written down."""
    person: str
    """Who talked, and wrote it down."""
    role: str
    """As what; empty: they hold none for what the warning is about."""
    day: str
    """YYYY-MM-DD."""
    clock: str = ""
    """HH:MM; empty: not said."""
    way: str
    """Of talking.WAYS."""
    place: str = ""
    agreed: str
    next_day: str = ""
    """YYYY-MM-DD, a working day; empty: none was agreed."""
    notes: str = ""
    visibility: str = "all"
    """Who reads the notes: `all` who see the warning; `role`: whoever wrote them, and who holds their role for it."""
    corrects: int | None = None
    """The talk in whose place it is, which stays as it was written."""


class OwnChannelRow(msgspec.Struct, kw_only=True):
    """An address that a person set for themselves. Of each person there is one proved at most, and one that is not."""

    person: str
    proved: Int32
    """Whether a code that was sent there came back; nothing else is sent to one that is not proved."""
    kind: str
    """`mail`, or the scheme of a bot."""
    address: str
    """A mail address, or `scheme://TOKEN`: a secret."""
    code: str = ""
    """Argon2id hash of the code that was sent last; empty once it is proved."""
    tries: Int32 = 0
    """How often a code was typed."""
    at: int
    """When the code was sent, or the address was proved."""


class OwnChoiceRow(msgspec.Struct, kw_only=True):
    """What else a person has chosen."""

    person: str
    language: str = ""
    """Empty: as the directory has it."""
    quiet: str = ""
    """As PREWARN_QUIET is written; empty: none beside the college's."""
    at: int


class UndoRow(msgspec.Struct, kw_only=True):
    """How a warning was before an act that can be undone still."""

    act: Int32
    """Number of its line in the audit trail."""
    warning: int
    person: str
    at: int
    before: str
    """JSON: acts.Before."""


class ErasureRow(msgspec.Struct, kw_only=True):
    """A line of the audit trail: somebody was erased."""

    id: int | None = None
    at: int
    """Milliseconds."""
    pseudonym: str
    author: str
    reason: str
    counts: str
    """JSON: table or file → how many rows or lines."""
