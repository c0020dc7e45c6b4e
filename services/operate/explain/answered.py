"""What the operator's questions are answered with, as `--json` writes it; instants are texts in the college's zone."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType, field

from services.messages import Level, Text
from services.operate.reasons.standing import LevelNow
from services.rules.engine.plan import Compare


class ValueAnswer(Struct, kw_only=True):
    """One value of a standard, and whether it applies."""

    file: str
    line: int
    scope: dict[str, str]
    begins: str = field(name="from")
    target: float | None
    warning: dict[Level, float]
    clear: dict[Level, float]
    again: list[float]
    reason: str
    why: Text


class StandardAnswer(Struct, kw_only=True):
    """One standard, the value that applies first; what its file does not say of it is left out."""

    standard: str
    title: dict[str, str]
    compare: Compare
    unit: str | UnsetType = UNSET
    basis: str | UnsetType = UNSET
    set_by: str | UnsetType = UNSET
    approved_on: str | UnsetType = UNSET
    file: str
    line: int
    rules: list[str]
    applies: ValueAnswer | None
    others: list[ValueAnswer]


class PassMark(Struct, kw_only=True):
    """What a teacher asks of the tests of a course."""

    teacher: str
    course: str
    names: dict[str, str]
    pass_score: float
    max_score: float
    questions: str
    begins: str = field(name="from")
    in_force: bool


class StandardsAnswer(Struct, kw_only=True):
    """What is asked of somebody: `prewarn standards show`."""

    subject: str
    at: str
    rule_version: str
    attributes: dict[str, str]
    names: dict[str, str]
    standards: list[StandardAnswer]
    pass_marks: list[PassMark]


class EvidenceAnswer(Struct, kw_only=True, omit_defaults=True):
    """One record behind a warning."""

    source: str
    id: str
    at: str
    fields: dict[str, object] = {}


class EndedAnswer(Struct, kw_only=True):
    """How the last warning of a rule about somebody ended."""

    change: str
    level: str
    at: str
    reason: str
    why: Text


class FindingAnswer(Struct, kw_only=True):
    """What the rules find, whatever became of it."""

    reason: str
    why: Text


class RejectAnswer(Struct, kw_only=True):
    """A record about somebody that was refused."""

    number: int
    reasons: list[str]


class ToldChange(Struct, kw_only=True):
    """A transition, as notify has it."""

    sequence: int
    change: str
    level: str
    value: float | None
    threshold: float | None
    reason: str
    at: str
    mode: str
    rule_version: str
    not_pushed: str


class ToldRecipient(Struct, kw_only=True):
    """Who may see a warning, and as what."""

    person: str
    role: str


class ToldDelivery(Struct, kw_only=True):
    """A message; `held`: it waits for some later moment, `held_until`, if that is known."""

    sequence: int
    recipient: str
    channel: str
    status: str
    attempts: int
    last_error: str | None
    sent_at: str | None
    held: bool
    held_until: str | None


class ToldAct(Struct, kw_only=True):
    """What somebody did with a warning."""

    at: str
    person: str
    action: str
    text: str
    detail: str


class ToldDecision(Struct, kw_only=True):
    """Why somebody was not told."""

    sequence: int
    whom: str
    stage: str
    reason: str


class ToldAnswer(Struct, kw_only=True):
    """What notify's store has of one warning."""

    warning: str
    status: str
    level: str
    value: float | None
    threshold: float | None
    rule_version: str
    standard: str | None
    opened_at: str
    acknowledged_by: str | None
    changes: list[ToldChange]
    recipients: list[ToldRecipient]
    deliveries: list[ToldDelivery]
    acts: list[ToldAct]
    decisions: list[ToldDecision]


class Answer(Struct, kw_only=True):
    """What holds of one rule and subject, and which stage decided that."""

    rule: str
    row: str | None
    title: Text
    subject: str
    status: str
    level: str | None
    stage: str
    reason: str
    why: Text
    value: float | None
    threshold: float | None
    distance: float | None
    levels: list[LevelNow]
    window: str
    records: int
    standard: StandardAnswer | None
    rule_version: str
    file: str
    line: int
    mode: str
    evidence: list[EvidenceAnswer]
    opened_at: str | None
    next_at: str | None
    last: EndedAnswer | None
    finding: FindingAnswer
    notify: ToldAnswer | None
    rejects: list[RejectAnswer]


class LateRecord(Struct, kw_only=True):
    """A record that the running rules have put aside as late."""

    at: str
    kind: str
    record: str


class NotCounted(Struct, kw_only=True):
    """What was said and does not count, with the reason."""

    at: str
    kind: str
    source: str
    id: str
    reason: str


class Note(Struct, kw_only=True):
    """Why no rule can be about somebody."""

    reason: str
    zh: str
    en: str


class WhyAnswer(Struct, kw_only=True):
    """All that is answered to `prewarn why`."""

    subject: str
    fields: dict[str, str]
    at: str
    rule_version: str
    running_rule_version: str
    known_later: int
    """Events dated up to the instant that came behind it."""
    ahead: bool
    not_evaluated_yet: int
    unreadable: int
    late: list[LateRecord]
    not_counted: list[NotCounted]
    asked_rule: str | None
    answers: list[Answer]
    note: Note | None
