"""What was planted: the warnings that must come of it, and no others; derived from the planting, not by the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.messages import Level, Text

Status = Literal["open", "resolved", "withdrawn"]
Part = Literal["history", "today"]


@dataclass(frozen=True, kw_only=True)
class Planted:
    """One warning that has to exist at the end of the demo day."""

    rule: str
    subject: str
    """The values of the rule's `by`, joined by `/`."""
    level: Level
    """Its level at the end; of a closed one, the last that it had."""
    status: Status
    part: Part
    """Whether it last changed in the history or during the demo day."""
    why: Text
