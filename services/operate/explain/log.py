"""Reads what the log has about one subject, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from services.log.journal import Journal
from services.messages import ENDING, UNREADABLE, CampusEvent
from services.operate.reasons.replay import Entries
from services.rules.engine.layout import ranks
from services.rules.engine.plan import Plan
from services.rules.runner import read_singly

Needed = Mapping[str, str]
"""Field of an event → the value that it must have."""
_decode = msgspec.json.Decoder(list[CampusEvent]).decode
_decode_one = msgspec.json.Decoder(CampusEvent).decode


@dataclass
class Found:
    """What one pass over the log has found."""

    rows: list[Entries] = field(default_factory=list)
    end: int = 0
    """The last offset that was read."""
    unreadable: int = 0


def rows_about(journal: Journal, plan: Plan, needs: Mapping[tuple[str, ...], Needed]) -> Found:
    """The rows with events that matter to a rule of one of these `by`s. Where peers are ranked, they matter too."""
    wanted = [_wanted(plan, by, needed) for by, needed in needs.items()]
    found, before = Found(), 0
    for offset, clock, events, unreadable in _rows(journal):
        found.unreadable += unreadable
        mine = [event for event in events if any(one(event) for one in wanted)]
        if mine:
            found.rows.append(Entries(before, clock, mine))
        before, found.end = clock, offset
    return found


def fields_with(journal: Journal, names: frozenset[str], values: tuple[str, ...]) -> tuple[dict[str, str], set[str]]:
    """(field that holds each of the values most often → the value, every id that was seen in these fields)."""
    counts: dict[str, Counter[str]] = {value: Counter() for value in values}
    seen: set[str] = set()
    for _, _, events, _ in _rows(journal):
        for event in events:
            for name in names & event.data.keys():
                value = event.data[name]
                if isinstance(value, str):
                    seen.add(value)
                    if value in counts:
                        counts[value][name] += 1
    return {count.most_common(1)[0][0]: value for value, count in counts.items() if count}, seen


def _wanted(plan: Plan, by: tuple[str, ...], needed: Needed) -> Callable[[CampusEvent], bool]:
    rules = [rule for rule in plan.rules if rule.by == by]
    kinds = {kind for rule in rules for gauge in rule.gauges for kind in (gauge.kind, gauge.awaited_kind) if kind}
    peers = any(ranks(rule) for rule in rules)
    named = {name: value for name, value in needed.items() if name != "event" and not (peers and name == by[-1])}
    ident = needed.get("event")

    def wanted(event: CampusEvent) -> bool:
        if event.kind == ENDING:  # whomever: a revision may name another
            return event.data.get("subject_field") in by
        if event.kind not in kinds or (ident is not None and ident != f"{event.source} {event.id}"):
            return False
        # A retraction may come with key fields only: those are the ones that are asked for.
        return all(event.data.get(name) == value for name, value in named.items())

    return wanted


def _rows(journal: Journal) -> Iterator[tuple[int, int, list[CampusEvent], int]]:
    """(offset, clock in ms, events, how many more cannot be read) of each row."""
    offset = 0
    while rows := journal.read(offset):
        for row, clock, _, packed in rows:
            try:
                yield row, clock, _decode(packed), 0
            except UNREADABLE:
                events, unreadable = read_singly(packed, _decode_one)
                yield row, clock, events, len(unreadable)
            offset = row
