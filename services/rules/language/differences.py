"""What another rule set changes, for people: one line per rule and standard. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.rules.language.load import RuleSet
from services.rules.language.standards import Standard, Value


def differences(old: RuleSet, new: RuleSet) -> list[str]:
    """`+` new, `-` gone, `~` changed; of a standard each value that is new or gone."""
    rules = _compared("rule", {r.id: r for r in old.plan.rules}, {r.id: r for r in new.plan.rules})
    standards = _compared("standard", _plain(old.standards), _plain(new.standards))
    lines = [*rules, *standards]
    for name in sorted(old.standards.keys() & new.standards.keys()):
        before, after = (
            [_shown(value, new.zone) for value in known[name].values] for known in (old.standards, new.standards)
        )
        lines += [f"  {name}: - {value}" for value in before if value not in after]
        lines += [f"  {name}: + {value}" for value in after if value not in before]
    if old.plan.calendar != new.plan.calendar or old.zone != new.zone:
        lines.append("~ calendar")
    return lines or (["~ texts or comments"] if old.version != new.version else [])


def _compared(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield f"+ {what} {name}"
        elif name not in new:
            yield f"- {what} {name}"
        elif old[name] != new[name]:
            yield f"~ {what} {name}"


def _plain(standards: Mapping[str, Standard]) -> dict[str, Standard]:
    """Without their places in the files."""
    return {name: replace(one, place=None) for name, one in standards.items()}  # type: ignore[arg-type]


def _shown(value: Value, zone: ZoneInfo) -> str:
    thresholds = value.thresholds
    said = [f"{name} {number:g}" for name, number in thresholds.reached.given().items()]
    clear = [f"{name} {number:g}" for name, number in thresholds.clear.given().items()]
    again = [f"{number:g}" for number in thresholds.again if number is not None]
    said += [f"clear {', '.join(clear)}"] if clear else []
    said += [f"again {', '.join(again)}"] if again else []
    scope = "".join(f" {name}={one}" for name, one in value.scope)
    return f"from {datetime.fromtimestamp(value.begins / 1000, zone):%Y-%m-%d}{scope}: {'; '.join(said)}"
