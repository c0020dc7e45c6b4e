"""The slow, obviously right evaluator: docs/rules.md once more, with everything recomputed from the whole history.

For every rule and subject it lists the instants at which something can change, and at each of them looks at all records
up to then as if nothing had been computed before. It shares no code with the engine, which is held to it. Instants are
whole milliseconds since 1970 (UTC). Lateness and forgetting are not its business, nor is checking of rules; events of
the kind `warning` are given to it like all others. The measures are in measures.py, the days in calendar.py.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.oracle.calendar import Calendar, from_ms, to_ms
from tests.oracle.expressions import Record, micro, number, satisfies
from tests.oracle.measures import BY_DEADLINE, BY_RECORD, BY_TIME, COMPARE, Measure, Moment

__all__ = ["Change", "Episode", "Record", "evaluate", "load", "micro", "number", "present_records", "satisfies"]

LEVELS = ("praise", "yellow", "orange", "red")
SPECIFICITY = ("department", "major", "course", "cohort", "class", "teacher_stage", "teacher", "student")


class Change(NamedTuple):
    """One transition. `again`: it stays at its level but passes, or falls below, a step of `again`."""

    change: str
    level: str
    value: float | None
    threshold: float
    at: datetime
    again: bool = False


@dataclass
class Episode:
    """One warning: from a level reached to none. Instants are aware (UTC); records are named "source id"."""

    rule: str
    subject: str
    level: str
    highest_level: str
    status: str
    value: float | None
    threshold: float
    opened_at: datetime
    closed_at: datetime | None
    first_event: str | None
    evidence: list[str]
    standard: str | None
    changes: list[Change] = field(default_factory=list, compare=False)


class Stage(NamedTuple):
    """What a level asks for."""

    measure: Measure
    compare: str
    threshold: Any
    clear: Any
    again: list[Any]


class Facts(NamedTuple):
    level: str
    value: float | None
    threshold: float
    evidence: list[str]
    steps: int  # of `again` that are passed

    @property
    def rank(self) -> tuple[int, int]:
        return LEVELS.index(self.level), self.steps


def load(rules_dir: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    """The rules, standards and calendar under `rules_dir`, as plain YAML content."""

    def entries(paths: Iterable[Path], name: str) -> list[dict[str, Any]]:
        files = [yaml.safe_load(path.read_text("utf-8")) or {} for path in sorted(paths)]
        return [entry for content in files for entry in content.get(name) or []]

    calendar = rules_dir / "calendar.yaml"
    return (
        entries((path for path in rules_dir.glob("*.yaml") if path != calendar), "rules"),
        entries((rules_dir / "standards").glob("*.yaml"), "standards"),
        yaml.safe_load(calendar.read_text("utf-8")),
    )


def evaluate(
    rules: list[dict[str, Any]],
    standards: list[dict[str, Any]],
    calendar: dict[str, Any],
    events: Iterable[dict[str, Any]],
    now: datetime,
    *,
    holidays: Collection[date] | None = None,
    make_up_days: Collection[date] | None = None,
) -> list[Episode]:
    """Every episode of every rule and subject once time has come to `now`, by rule, subject and beginning.

    With `holidays` or `make_up_days` these days are the public ones, whatever country the calendar names.
    """
    by_kind = defaultdict(list)
    days = Calendar(calendar, holidays, make_up_days)
    for record in present_records(events, to_ms(now)):
        of_the_day = {"teaching_day": days.is_teaching_day(days.day(record.ms))}
        by_kind[record.kind].append(record._replace(data=of_the_day | record.data))
    endings = by_kind.pop("ending", [])
    by_id = {standard["id"]: standard for standard in standards}
    episodes: list[Episode] = []
    for entry in rules:
        rule = Rule(entry, by_id, days)
        subjects = defaultdict(list)
        groups: dict[Any, set[str]] = defaultdict(set)
        group_of = {}
        for kind in sorted(rule.kinds):
            for record in by_kind[kind]:
                data = {**record.data, "event": record.name}
                subject = subject_of(rule.by, data)
                if subject is not None:
                    subjects[subject].append(record)
                    group_of[subject] = subject_of(rule.by[:-1], data)
                    groups[group_of[subject]].add(subject)
        for subject, history in subjects.items():
            peers = groups[group_of[subject]] - {subject} if rule.ranks else set()
            cuts = cuts_of(rule, subject, endings)
            episodes += lives(rule, subject, history, {peer: subjects[peer] for peer in peers}, cuts, to_ms(now))
    return sorted(episodes, key=lambda episode: (episode.rule, episode.subject, episode.opened_at))


def present_records(events: Iterable[dict[str, Any]], now: int) -> list[Record]:
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        key = (event["source"], event["id"])
        if key not in newest or event.get("revision", 0) > newest[key].get("revision", 0):
            newest[key] = event
    records = [
        Record(to_ms(datetime.fromisoformat(event["time"].upper())), *key, event["type"], event.get("data") or {}, {})
        for key, event in newest.items()
        if not event.get("retracted", False)
    ]
    return [record for record in records if record.ms <= now]


def subject_of(by: list[str], data: dict[str, Any]) -> str | None:
    if not by:
        return "college"
    parts = [data.get(name) for name in by]
    if any(part is None for part in parts):
        return None
    return str(parts[0]) if len(parts) == 1 else "/".join(str(part).replace("/", "%2F") for part in parts)


# ---- the fold


def cuts_of(rule: "Rule", subject: str, endings: list[Record]) -> list[int]:
    """The instants at which something that is not in its records ends the subject."""
    parts = [part.replace("%2F", "/") for part in subject.split("/")] if len(rule.by) > 1 else [subject]
    values = dict(zip(rule.by, parts, strict=False))
    return sorted({ending.ms for ending in endings if values.get(ending.data["subject_field"]) == ending.data["value"]})


def lives(
    rule: "Rule", subject: str, history: list[Record], others: dict[str, list[Record]], cuts: list[int], now: int
) -> Iterator[Episode]:
    """The episodes of one subject, whose life is cut in pieces that know nothing of each other."""
    begin = -(1 << 62)
    for end in [*cuts, None]:
        before = end if end is not None else now + 1
        own = [record for record in history if begin <= record.ms < before]
        peers = {peer: [r for r in theirs if begin <= r.ms < before] for peer, theirs in others.items()}
        yield from fold(rule, subject, own, peers, now, end)
        begin = before


def moments(
    rule: "Rule", history: list[Record], others: dict[str, list[Record]], now: int, end: int | None
) -> Iterator[tuple[Moment, Record | None]]:
    """Every step of one subject in order: its events, the records of its peers, and the instants of time."""
    own = [(record, None) for record in history if rule.is_record(record) or rule.is_awaited(record)]
    of_peers = [(record, peer) for peer, theirs in others.items() for record in theirs if rule.is_record(record)]
    steps: list[tuple[int, int, Any, Any]] = [(record.ms, BY_RECORD, record, who) for record, who in own + of_peers]
    for ms, step in set(rule.instants([record for record, _ in own + of_peers if rule.is_record(record)], now)):
        # A deadline is passed at instants after it, so one of them must come before the end.
        before_end = end is not None and ms + (step == BY_DEADLINE) < end
        comes = before_end if end is not None else ms < now or (ms == now and step == BY_TIME)
        if comes:
            steps.append((ms, step, None, None))
    records: list[Record] = []
    events: list[Record] = []
    peers: dict[str, list[Record]] = {peer: [] for peer in others}
    for ms, step, record, peer in sorted(steps, key=lambda item: (*item[:2], item[2].order if item[2] else ())):
        if peer is not None:
            peers[peer].append(record)
        elif record is not None:
            events.append(record)
            if rule.is_record(record):
                records.append(record)
        yield rule.of_the_term(Moment(ms, step, records, events, list(peers.values()))), record


def fold(
    rule: "Rule", subject: str, history: list[Record], others: dict[str, list[Record]], now: int, end: int | None = None
) -> Iterator[Episode]:
    """The episodes of one subject up to `now`, or to its `end`; `others`: those of its peers, for `rank`."""
    episode: Episode | None = None
    before: Facts | None = None
    moment = None
    for moment, record in moments(rule, history, others, now, end):
        at = from_ms(moment.ms)
        facts = rule.facts(moment, before and before.level)
        if facts is not None:
            level, value, threshold, evidence, _ = facts
            if episode is None:
                first = record.name if record is not None else None
                episode = Episode(rule.id, subject, level, level, "open", value, threshold, at, None, first, [], None)
            episode.level, episode.value, episode.threshold, episode.evidence = level, value, threshold, evidence
            episode.highest_level = max(episode.highest_level, level, key=LEVELS.index)
            episode.standard = rule.standard["id"] if rule.standard else None
            if before is None or before.rank != facts.rank:
                what = "opened" if before is None else "raised" if facts.rank > before.rank else "lowered"
                again = before is not None and before.level == level
                episode.changes.append(Change(what, level, value, threshold, at, again))
        elif episode is not None:
            episode.status, episode.closed_at = "resolved", at
            episode.value, episode.evidence = rule.measure.look(moment)
            episode.changes.append(Change("resolved", episode.level, episode.value, episode.threshold, at))
            yield episode
            episode = None
        before = facts
    if episode is not None:
        if end is not None and moment is not None:
            just_before = moment._replace(ms=end - 1, step=BY_DEADLINE)
            episode.status, episode.closed_at = "resolved", from_ms(end)
            episode.value, episode.evidence = rule.measure.look(just_before)
            episode.changes.append(Change("resolved", episode.level, episode.value, episode.threshold, from_ms(end)))
        yield episode


# ---- rules


class Rule:
    def __init__(self, entry: dict[Any, Any], standards: dict[str, dict[str, Any]], calendar: Calendar) -> None:
        self.id: str = entry["id"]
        self.on: str = next(entry[key] for key in ("on", True) if key in entry)  # YAML 1.1 reads a bare `on` as true
        self.by: list[str] = entry["by"]
        self.where = entry.get("where", True)
        self.calendar = calendar
        self.measure = Measure(entry["measure"], entry.get("window", "all"), calendar)
        levels = entry["levels"]
        self.standard = standards[levels["standard"]] if "standard" in levels else None
        self.levels: dict[str, Stage] = {}  # those of the rule itself, without a standard
        for compare in COMPARE.keys() & levels.keys():
            self.levels = self._stages(compare, levels[compare], levels)
        for level in [name for name in LEVELS if name in levels]:
            own = levels[level]
            measure = Measure(own.get("measure", entry["measure"]), own.get("window", self.measure.window), calendar)
            compare = next(name for name in COMPARE if name in own)
            self.levels[level] = Stage(measure, compare, own[compare], own.get("clear"), own.get("again", []))
        self.measures = [self.measure, *(stage.measure for stage in self.levels.values())]
        self.kinds = {self.on} | {measure.awaits for measure in self.measures if measure.awaits}
        self.ranks = any(measure.kind == "rank" for measure in self.measures)
        self.ends_with_term = entry.get("term") == "ends"

    def of_the_term(self, moment: Moment) -> Moment:
        """Without what came before the last end of a term, if that ended."""
        if not self.ends_with_term:
            return moment
        since = max((end for end in self._term_ends() if end <= moment.ms), default=-(1 << 62))
        records, events, *peers = (
            [record for record in known if record.ms >= since]
            for known in (moment.records, moment.events, *moment.peers)
        )
        return moment._replace(records=records, events=events, peers=peers)

    def _term_ends(self) -> list[int]:
        return [self.calendar.midnight(after) for _, after in self.calendar.terms]

    def _stages(self, compare: str, thresholds: dict[str, Any], beside: dict[str, Any]) -> dict[str, Stage]:
        """Levels that share one measure; `beside` the thresholds may stand `clear` and `again`."""
        clear, again = beside.get("clear", {}), {"red": beside.get("again", [])}
        return {
            level: Stage(self.measure, compare, threshold, clear.get(level), again.get(level, []))
            for level, threshold in thresholds.items()
            if threshold not in (None, "none")
        }

    def _of_standard(self, value: dict[str, Any]) -> dict[str, Stage]:
        thresholds = {"praise": value["praise"]} if "praise" in value else value.get("warning", {})
        return self._stages(self.standard["compare"], thresholds, value)  # type: ignore[index]

    def is_record(self, event: Record) -> bool:
        return event.kind == self.on and satisfies(self.where, event)

    def is_awaited(self, event: Record) -> bool:
        return any(measure.is_awaited(event) for measure in self.measures)

    def stages(self, moment: Moment) -> dict[str, Stage]:
        """What each level asks for at that instant."""
        if self.standard is None:
            return self.levels
        data = moment.records[-1].data if moment.records else {}
        fitting = [
            value
            for value in self.standard["values"]
            if self.calendar.midnight(value["from"]) <= moment.ms
            and all(name in data and data[name] == wanted for name, wanted in value.get("scope", {}).items())
        ]
        if not fitting:
            return {}
        applies = max(fitting, key=lambda value: (specificity(value), self.calendar.midnight(value["from"])))
        return self._of_standard(applies)

    def facts(self, moment: Moment, present: str | None) -> Facts | None:
        """The highest level that is reached, or stays as the `present` one; its value, threshold and evidence."""
        stages = self.stages(moment)
        looks = {stage.measure: stage.measure.look(moment) for stage in stages.values()}
        for level in [name for name in reversed(LEVELS) if name in stages]:
            measure, compare, threshold, clear, again = stages[level]
            value, evidence = looks[measure]
            if measure.has_deadlines:
                passed = measure.passed(moment, threshold)
                if passed is not None:
                    return Facts(level, passed, passed, evidence, 0)
                continue
            if value is None:
                continue
            there = present is not None and LEVELS.index(level) <= LEVELS.index(present)
            stays = there and clear is not None and COMPARE[compare](value, clear)
            bounds = [threshold, *again]
            reached = [
                n
                for n, bound in enumerate(bounds)
                if ((stays and n == 0) or COMPARE[compare](value, bound))
                and not measure.happened(moment, compare, bound)
            ]
            if reached:
                return Facts(level, value, bounds[reached[-1]], evidence, reached[-1])
        return None

    def instants(self, records: list[Record], now: int) -> Iterator[tuple[int, int]]:
        """When time alone may change something; one too many does no harm."""
        of_standard = self.standard["values"] if self.standard else []
        yield from ((self.calendar.midnight(value["from"]), BY_TIME) for value in of_standard)
        for measure in self.measures:
            yield from ((instant, BY_TIME) for instant in measure.instants(records, now))
        if self.ends_with_term:
            yield from ((end, BY_TIME) for end in self._term_ends())
        stages = [*self.levels.values(), *(s for value in of_standard for s in self._of_standard(value).values())]
        for measure, _, threshold, _, _ in stages:
            if measure.has_deadlines:
                deadlines = [measure.deadline(record, threshold) for record in records]
                yield from ((deadline, BY_DEADLINE) for deadline in deadlines if deadline is not None)


def specificity(value: dict[str, Any]) -> list[int]:
    return sorted((SPECIFICITY.index(name) for name in value.get("scope", {})), reverse=True)
