"""What a chunk of the warning stream meets in the store, and what it leaves there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from services.messages import LEVELS, determined, in_key
from services.notify.rows import ChangeRow, DecisionRow, DeliveryRow, EscalationRow, RecipientRow, WarningRow
from services.notify.suppression import Case, Silence


@dataclass(slots=True)
class Known:
    """What the store says about the warnings of a chunk. The fold (intake.py) changes it as it goes."""

    offset: int = 0
    number: int = 0
    """The last number that a warning has got."""
    warnings: dict[str, WarningRow] = field(default_factory=dict)
    """By their ids."""
    sequences: set[tuple[int, int]] = field(default_factory=set)
    """(number, sequence) of changes that have been overtaken."""
    people: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Who may see it."""
    told: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Whom a message has reached, or may have."""
    to_be_told: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Whom a message still will reach, unless the warning is taken back."""
    ended: dict[tuple[str, str], str] = field(default_factory=dict)
    """(rule, subject) → the last warning of it that has ended: one that opens now is its relapse."""
    silences: list[Silence] = field(default_factory=list)
    """Those that have not ended."""
    cases: list[Case] = field(default_factory=list)
    """Open ones that warnings of the chunk may be parts of."""


class Standing(NamedTuple):
    """What each recipient of a warning has of it, to find it in the order of an inbox."""

    warning: int
    is_open: int
    rank: int
    opened_at: int
    about: str
    class_id: str
    rule: str
    holder: str
    taken: int
    overdue: int


def standing(row: WarningRow) -> Standing:
    """The standing of a warning as it is now."""
    return Standing(
        warning=row.number,
        is_open=int(row.status == "open"),
        rank=LEVELS.index(row.level),
        opened_at=row.opened_at,
        about=row.about,
        class_id=row.class_id,
        rule=row.rule,
        holder=row.acknowledged_by or row.handed_to or "",
        taken=int(row.acknowledged_at is not None),
        overdue=int(row.overdue_at is not None),
    )


class Matter(NamedTuple):
    """What a warning is about, as the inbox has it."""

    about: str
    """Its card: all warnings about one student have the same, others those of one subject."""
    class_id: str
    department: str


def matter(by: Collection[str] | None, subject: str, context: Mapping[str, str]) -> Matter:
    """Of a warning of a rule that is `by` these names; None: its card is not known, what its key holds counts."""
    names = [name for name, value in context.items() if in_key(value, subject)] if by is None else list(by)
    student = context.get("student", "") if "student" in names else ""
    about = f"student/{student}" if student else f"{'+'.join(names)}/{subject}"
    class_id = context.get("class", "") if "class" in determined(names) else ""
    return Matter(about, class_id, context.get("department", ""))


@dataclass(slots=True)
class Writes:
    """What to write for a chunk."""

    opened: list[WarningRow] = field(default_factory=list)
    updated: dict[int, WarningRow] = field(default_factory=dict)
    """Warnings that the store has and that are not what they were, by number."""
    changes: list[ChangeRow] = field(default_factory=list)
    recipients: list[RecipientRow] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    """New status, level and opening for all recipients of a warning."""
    deliveries: list[DeliveryRow] = field(default_factory=list)
    decisions: list[DecisionRow] = field(default_factory=list)
    escalations: list[EscalationRow] = field(default_factory=list)
    """Steps of the chains that begin."""
    chains_over: set[int] = field(default_factory=set)
    """Warnings whose former chains end: they rose, or are over."""
    changed: set[int] = field(default_factory=set)
    """Known warnings of which a change was taken in."""
    overtaken: set[int] = field(default_factory=set)
    """Warnings whose held messages end with them, or give way to a newer one."""
    settling: dict[int, int] = field(default_factory=dict)
    """Summary → for how long (ms) its message waits now that its figures have changed."""
    cases: bool = False
    """Whether cases have opened, ended or changed their level: what is held is looked at anew."""
    taken_back: set[int] = field(default_factory=set)
    """Warnings of which nothing goes out that is not out."""
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(rule, level, change) → how many."""

    @property
    def queues(self) -> set[str]:
        """The outbox queues that have something to do."""
        return {row.channel for row in self.deliveries if row.status == "pending"}
