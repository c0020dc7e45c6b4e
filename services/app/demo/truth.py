"""What was planted in the sample college. What must come of it is for the tests to say, not for the demo."""

from __future__ import annotations

from dataclasses import dataclass

from services.messages import Text


@dataclass(frozen=True, kw_only=True)
class Planted:
    """One problem. Early in a term some come short of what their rule asks for, as there are fewer lessons."""

    scenario: str
    """The function in `scenarios/` that planted it."""
    rule: str
    """The rule that it is a sample of."""
    subject: str
    """The values of the rule's `by`, joined by `/`."""
    why: Text
