"""Runs events through the engine and keeps what a reader of its output would know at the end."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from services.messages import WarningChange, WarningFacts
from services.rules.engine.engine import Engine
from services.rules.engine.plan import Plan
from services.rules.engine.refolds import IMPATIENT, Patience
from services.rules.language.load import RuleSet, load
from services.settings import resource

SCHEMAS = resource("schemas")


def rule_set(folder: Path) -> RuleSet:
    return load(folder, SCHEMAS)


def wire(events: list[dict[str, Any]]) -> bytes:
    return msgspec.json.encode(events)


def event(
    kind: str, at: datetime, ident: str, *, source: str = "s", revision: int = 0, retracted: bool = False, **data
):
    return {
        "specversion": "1.0", "source": source, "id": ident, "type": kind, "time": at.isoformat(),
        "revision": revision, "retracted": retracted, "data": data,
    }  # fmt: skip


@dataclass
class Reader:
    """What a store that follows changes and readings holds."""

    changes: list[WarningChange] = field(default_factory=list)
    facts: dict[str, tuple[str, str, WarningFacts, str]] = field(default_factory=dict)

    def take(self, engine: Engine, changes: list[WarningChange], *, readings: bool = True) -> None:
        self.changes += changes
        for change in changes:
            status = {"resolved": "resolved", "withdrawn": "withdrawn"}.get(change.change, "open")
            known = self.facts.get(change.facts.warning_id)
            assert change.sequence == 1 if known is None else True, change
            self.facts[change.facts.warning_id] = (change.rule, change.subject, change.facts, status)
        for reading in engine.readings() if readings else ():
            rule, subject, _, status = self.facts[reading.facts.warning_id]
            self.facts[reading.facts.warning_id] = (rule, subject, reading.facts, status)

    def warnings(self) -> list[tuple]:
        """(rule, subject, level, highest, status, value, threshold, opened, closed, first event, evidence), sorted."""
        return sorted(
            (
                (
                    rule,
                    subject,
                    facts.level,
                    facts.highest_level,
                    status,
                    facts.value,
                    facts.threshold,
                    facts.opened_at,
                    facts.closed_at,
                    facts.first_event,
                    tuple(f"{e.source} {e.id}" for e in facts.evidence),
                )
                for rule, subject, facts, status in self.facts.values()
                if status != "withdrawn"
            ),
            key=lambda w: (w[0], w[1], w[7], w[4]),
        )


def run(
    plan: Plan,
    packs: list[list[dict]],
    now: datetime,
    *,
    ticks: bool = True,
    resumed: random.Random | None = None,
    seldom: random.Random | None = None,
    patience: Patience = IMPATIENT,
):
    """Feeds packs; time follows the newest event; at the end it is `now`. `resumed`: snapshot and resume at whim.

    `seldom`: what changed without a transition is asked for at whim, and not behind each pack.
    """
    engine, reader = Engine(plan, patience=patience), Reader()
    states: dict[tuple[str, str], bytes] = {}
    newest = datetime(1970, 1, 1, tzinfo=UTC)
    for pack in packs:
        asks = seldom is None or seldom.random() < 0.1
        reader.take(engine, engine.process_many(wire(pack)), readings=asks)
        if ticks:
            newest = max([newest, *(datetime.fromisoformat(e["time"]) for e in pack)])
            reader.take(engine, engine.advance(newest), readings=asks)
        if resumed is not None and resumed.random() < 0.3:
            states.update({(signature, key): state for signature, key, state in engine.snapshot()})
            states = {place: state for place, state in states.items() if state is not None}
            late, reached = engine.late, engine.now
            engine = Engine(plan, patience=patience)
            engine.resume([(signature, key, state) for (signature, key), state in states.items()], reached)
            engine.late = late
    reader.take(engine, engine.advance(now))
    assert not engine.failed, engine.failed
    return reader, engine


def left(reader: Reader) -> list[tuple[str, str, str, str]]:
    """All that stands at the end: every fact but the id; the context is that of the newest record when it was told."""
    return sorted(
        (rule, subject, status, repr(msgspec.structs.replace(facts, warning_id="", context={})))
        for rule, subject, facts, status in reader.facts.values()
        if status != "withdrawn"
    )


def numbered(reader: Reader) -> dict[str, list[int]]:
    """Warning → the sequences of its changes."""
    found: dict[str, list[int]] = {}
    for change in reader.changes:
        found.setdefault(change.facts.warning_id, []).append(change.sequence)
    return found


def once(events: list[dict]) -> list[dict]:
    """Those that neither correct anything nor come at an instant that another one has."""
    times = Counter(one["time"] for one in events)
    return [one for one in events if not one["revision"] and not one["retracted"] and times[one["time"]] == 1]


def packed(events: list[dict], rng: random.Random, largest: int = 7) -> list[list[dict]]:
    packs, rest = [], list(events)
    while rest:
        size = rng.randint(1, largest)
        packs.append(rest[:size])
        rest = rest[size:]
    return packs


def school(rng: random.Random, count: int, begin: datetime, span: timedelta) -> list[dict]:
    """A small, dense, nasty stream: equal times, full hours, corrections, retractions, moved lessons."""
    events = []
    hours = int(span.total_seconds() // 3600)
    for n in range(count):
        at = begin + timedelta(hours=rng.randrange(hours), minutes=rng.choice((0, 0, 0, 30)))
        kind = rng.choice(("attendance", "attendance", "test", "lesson", "rollcall", "test", "ticket", "warning"))
        ident, source, who = f"{kind}-{n}", rng.choice(("s", "t")), _who(rng, kind)
        for revision in range(rng.choice((1, 1, 1, 2, 3))):
            moved = at + timedelta(hours=rng.choice((0, 0, 0, 5, -7))) if revision else at
            moved = min(max(moved, begin), begin + span)
            retracted = revision > 0 and rng.random() < 0.2
            events.append(
                event(
                    kind,
                    moved,
                    ident,
                    source=source,
                    revision=revision,
                    retracted=retracted,
                    **_data(rng, kind, moved, who),
                )
            )
            if retracted:
                break
    events.sort(key=lambda e: (datetime.fromisoformat(e["time"]), e["source"], e["id"], e["revision"]))
    return events


def endings(rng: random.Random, count: int, begin: datetime, span: timedelta) -> list[dict]:
    """Who left, at full hours like the records; some were moved or taken back."""
    found = []
    hours = int(span.total_seconds() // 3600)
    named = [("student", "s1"), ("student", "s/3"), ("course", "c"), ("class", "k1"), ("major", "m"), ("lesson", "l1")]
    for n in range(count):
        field, value = rng.choice(named)
        for revision in range(rng.choice((1, 1, 2, 3))):
            at = begin + timedelta(hours=rng.randrange(hours))
            retracted = revision > 0 and rng.random() < 0.4
            data = {"subject_field": field, "value": value, "reason": "left"}
            found.append(
                event("ending", at, f"end-{n}", source="prewarn", revision=revision, retracted=retracted, **data)
            )
    return found


def _who(rng: random.Random, kind: str) -> dict[str, Any]:
    """The key fields, which a correction keeps."""
    if kind == "ticket":
        return {"ticket": f"k{rng.randrange(8)}", "department": rng.choice(("e", "f"))}
    if kind == "warning":
        return {
            "warning": f"w{rng.randrange(9)}", "major": rng.choice(("m", "n")), "department": rng.choice(("e", "f")),
        }  # fmt: skip
    who = {"course": rng.choice("cd"), "class": rng.choice(("k1", "k2")), "lesson": f"l{rng.randrange(12)}"}
    if rng.random() < 0.05:
        del who["course"]
    if kind in ("attendance", "test"):
        who["student"] = rng.choice(("s1", "s2", "s/3"))
    if kind == "test":
        who["test"] = f"t{rng.randrange(6)}"
    return who


def _data(rng: random.Random, kind: str, at: datetime, who: dict[str, Any]) -> dict[str, Any]:
    if kind == "attendance":
        status = rng.choice(("present", "late", "leave", "absent", "absent"))
        return {**who, "status": status, "hours": rng.choice((1, 2, 0.75, 0.1))}
    if kind == "test":
        status = rng.choice(("graded", "graded", "pending", "not_submitted"))
        data = {**who, "status": status, "max_score": rng.choice((100, 80, 0.5))}
        if status == "graded":
            data["score"] = rng.choice((10, 35.5, 49, 50, 61, 77.123456, 0.1))
        if status == "pending" and rng.random() < 0.7:
            data["due_at"] = (at + timedelta(hours=rng.randrange(1, 120))).isoformat()
        if rng.random() < 0.3:
            data["submitted_at"] = at.isoformat()
        if rng.random() < 0.3:
            data["pass_score"] = 50
        return data
    if kind in ("ticket", "warning"):
        return {**who, **(_step(rng) if kind == "ticket" else _state(rng))}
    if kind == "lesson":
        ends = at + timedelta(hours=rng.randrange(-5, 60))
        status = rng.choice(("planned", "planned", "held", "cancelled"))
        return {
            **who,
            "starts_at": (ends - timedelta(hours=1)).isoformat(),
            "ends_at": ends.isoformat(),
            "status": status,
        }
    expected = rng.choice((8, 10, 20))
    present = rng.randrange(expected + 1)
    return {**who, "expected": expected, "present": present, "late": rng.randrange(expected - present + 1)}


def _step(rng: random.Random) -> dict[str, Any]:
    actions = ("created", "created", "responded", "resolved", "reopened", "rated")
    data = {"category": "repair", "action": rng.choice(actions), "rating": rng.randrange(1, 6)}
    return data | ({"priority": rng.choice(("urgent", "normal"))} if rng.random() < 0.7 else {})


def _state(rng: random.Random) -> dict[str, Any]:
    data = {
        "rule": rng.choice(("r", "r", "q")), "subject": "x", "level": rng.choice(("yellow", "orange", "red")),
        "change": rng.choice(("opened", "raised", "lowered", "resolved")), "open": rng.random() < 0.6,
    }  # fmt: skip
    if rng.random() < 0.8:
        data["student"] = rng.choice(("s1", "s2", "s/3", "s4"))
    return data | ({"planned_hours": rng.choice((10, 0, 24.5))} if rng.random() < 0.6 else {})
