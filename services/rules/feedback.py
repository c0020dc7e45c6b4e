"""Warnings come back as events: each change is one of kind `warning`, so that rules can look at what rules found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from services.messages import CampusEvent, WarningChange

SOURCE = "prewarn"
_CLOSED = ("resolved", "withdrawn")
Enrich = Callable[[str, dict[str, Any], datetime], dict[str, Any]]
"""(kind, data, time) → the data with what the directory adds."""


def as_it_is(kind: str, data: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Adds nothing: there is no directory."""
    del kind, at
    return data


def returned(changes: Iterable[WarningChange], fields: frozenset[str], enrich: Enrich) -> list[CampusEvent]:
    """The events of changes; what only runs in shadow does not come back.

    `fields`: those of the kind `warning`; of a warning's context the others are left out. The id is the change's
    idempotency key, so that repeated work repeats the same events.
    """
    return [
        CampusEvent(
            source=SOURCE,
            id=f"{change.warning_id}/{change.sequence:06}",  # so that they sort
            kind="warning",
            time=change.at,
            data=enrich("warning", _data(change, fields), change.at),
        )
        for change in changes
        if change.mode != "shadow"
    ]


def _data(change: WarningChange, fields: frozenset[str]) -> dict[str, Any]:
    data: dict[str, Any] = {name: value for name, value in change.facts.context.items() if name in fields}
    data |= {
        "warning": change.warning_id,
        "rule": change.rule,
        "subject": change.subject,
        "level": change.facts.level,
        "change": change.change,
        "open": change.change not in _CLOSED,
        "value": change.facts.value,
        "threshold": change.facts.threshold,
    }
    if change.row is not None:
        data["row"] = change.row
    return data
