"""Warnings come back as events: each change is one of kind `warning`, so that rules can look at what rules found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from services.messages import ENDS, CampusEvent, Json, WarningChange
from services.rules.engine.plan import Plan

SOURCE = "prewarn"
Enrich = Callable[[str, Json, datetime], Json]
"""(kind, data, time) → the data with what the directory adds."""


def as_it_is(kind: str, data: Json, at: datetime) -> Json:
    """Adds nothing: there is no directory."""
    del kind, at
    return data


def returned(changes: Iterable[WarningChange], plan: Plan, enrich: Enrich) -> list[CampusEvent]:
    """The events of changes; what only runs in shadow does not come back.

    `plan` knows the fields of the kind `warning`: of a warning's context the others are left out. The id is the
    change's idempotency key, so that repeated work repeats the same events. What turns out never to have been takes
    back all that was said of it: else a rule would find that once it had been so, which depends on what came first.
    What was found of history is history, too: nobody is told what other rules make of it.
    """
    fields = plan.fields["warning"]
    found = []
    for change in changes:
        if change.mode == "shadow":
            continue
        data = enrich("warning", _data(change, fields), change.at)
        if change.change == "withdrawn":
            found += [_event(change, n, data, retracted=True) for n in range(1, change.sequence)]
        found.append(_event(change, change.sequence, data))
    return found


def _event(change: WarningChange, sequence: int, data: Json, *, retracted: bool = False) -> CampusEvent:
    return CampusEvent(
        source=SOURCE,
        id=f"{change.warning_id}/{sequence:06}",  # so that they sort
        kind="warning",
        time=change.at,
        revision=int(retracted),
        retracted=retracted,
        past=change.at if change.mode == "past" else None,
        data=data,
    )


def _data(change: WarningChange, fields: Iterable[str]) -> Json:
    facts = change.facts
    data: Json = {name: value for name, value in facts.context.items() if name in fields}
    data |= {
        "warning": change.warning_id,
        "rule": change.rule,
        "subject": change.subject,
        "level": facts.level,
        "change": change.change,
        "open": change.change not in ENDS,
        "value": facts.value,
        "threshold": facts.threshold,
    }
    if change.row is not None:
        data["row"] = change.row
    return data
