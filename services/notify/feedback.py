"""What people do with a warning, as events for the log: kinds `feedback`, and `warning` with `overdue`. Pure.

Rules read them: D3 the verdicts, C1 which open warnings are past their deadline.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from services.messages import CampusEvent, Json, from_ms
from services.notify.rows import WarningRow, decode_context

SOURCE = "prewarn-notify"
_UNITS = ("department", "major", "cohort", "class", "teacher", "teaching_office")
"""Of a warning's context, what the kind `feedback` has a field for."""
_ABOUT = (*_UNITS, "student", "course", "lesson", "ticket", "teacher_stage")
"""Of a warning's context, what the kind `warning` has a field for."""


def pseudonym(person: str) -> str:
    """What the log calls somebody; the same person always the same."""
    return f"p-{sha256(person.encode()).hexdigest()[:16]}"


def of_act(
    row: WarningRow,
    action: str,
    at: datetime,
    *,
    person: str = "",
    verdict: str | None = None,
    revision: int = 0,
    deadline: int | None = None,
) -> CampusEvent:
    """The `feedback` event of an act.

    A person's verdict on a warning is one event whatever they say later: another verdict is its next revision.
    """
    data = _about(row, _UNITS) | {"action": action}
    if person:
        data["person"] = pseudonym(person)
    if verdict is not None:
        data["verdict"] = verdict
    if deadline is not None:
        data["deadline"] = from_ms(deadline).isoformat().replace("+00:00", "Z")
    last = f"verdict/{pseudonym(person)}" if verdict is not None else f"{action}/{uuid4()}"
    return CampusEvent(source=SOURCE, id=f"{row.id}/{last}", kind="feedback", time=at, revision=revision, data=data)


def of_state(row: WarningRow, order: str, at: datetime) -> CampusEvent:
    """The `warning` event that says whether the warning is past its deadline: what the rules cannot know.

    Its change is `deadline` and none of the engine's: a rule that counts or dates openings must not take it for one.
    `order` is that of those of one instant, and part of the event's identity.
    """
    data = _about(row, _ABOUT) | {
        "change": "deadline",
        "open": row.status not in ("resolved", "withdrawn"),
        "value": row.value,
        "threshold": row.threshold,
        "overdue": row.overdue_at is not None,
    }
    return CampusEvent(source=SOURCE, id=f"{row.id}/state/{order}", kind="warning", time=at, data=data)


def _about(row: WarningRow, fields: tuple[str, ...]) -> Json:
    context = decode_context(row.context)
    data: Json = {name: context[name] for name in fields if name in context}
    data |= {"warning": row.id, "rule": row.rule, "subject": row.subject, "level": row.level}
    if row.row is not None:
        data["row"] = row.row
    return data
