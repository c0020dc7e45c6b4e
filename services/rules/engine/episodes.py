"""From levels to published warnings: transitions as they happen, and after a refold the difference to what was said.

`Transitions` makes `WarningChange`s of level changes; while a refold runs it collects them as `Folded` episodes
instead, and then matches those with the published ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from services.messages import (
    EPOCH,
    FOREVER,
    Change,
    Evidence,
    Mode,
    WarningChange,
    WarningFacts,
    WarningReading,
    from_ms,
)
from services.rules.engine.about import context, warning_id
from services.rules.engine.folded import Assessment, Folded, matched
from services.rules.engine.layout import Layout
from services.rules.engine.measures.base import MOST_EVIDENCE
from services.rules.engine.placed import RuleLayout
from services.rules.engine.plan import Plan, level_of
from services.rules.engine.subject import COLUMNS, FLAGS, IDENT, Episode, Subject, Told

_MILLISECOND = timedelta(milliseconds=1)
_RED = 3
"""Higher ranks are steps of `again`."""
_STALE = ("",)
"""Stands for the evidence of an episode whose facts changed and wait for the next reading."""


class Transitions:
    """Publishes the transitions of all rules of one plan."""

    def __init__(
        self, plan: Plan, rules: Sequence[RuleLayout], values: list[list[Callable[..., float | None]]]
    ) -> None:
        self.version = plan.version
        self.rules = rules
        self.values = values
        self.layout_of: dict[str, Layout] = {}
        self._term = plan.periods.get("term")
        self.mode: Mode = "live"
        self.past: datetime | None = None
        """When what is taken in was handed in as history; None: it is none …"""
        self._past_until = -1
        """… and until when (ms) what time alone changes belongs to history that was."""
        self.cause = ""
        """Named reason of what is being published; empty: the record or the time itself."""
        self.changes: list[WarningChange] = []
        self.amended: dict[str, WarningReading] = {}
        """Warning → its facts, of closed ones that have changed since their last transition."""
        self.folding: dict[int, list[Folded]] | None = None

    def enter(self, past: datetime | None) -> None:
        """What follows comes of an event that was handed in as history at `past`; None: of none."""
        self.past = past
        if past is not None:
            self._past_until = max(self._past_until, (past - EPOCH) // _MILLISECOND)

    def _mode(self, rule: RuleLayout, at: int, reason: str) -> Mode:
        if self.mode != "live":
            return self.mode
        if rule.rule.card.mode == "shadow":
            return "shadow"
        return "past" if self.past is not None or (reason == "time_passed" and at <= self._past_until) else "live"

    def transition(self, s: Subject, index: int, at: int, level: int, i: int, f: int, ended: str = "") -> None:
        """The level of a rule changed at an instant, with entry `i` (f ≠ 0) or by time alone.

        `ended`: the named reason of an end that is not in the records; the facts stay those of just before.
        """
        rule = self.rules[index]
        before = getattr(s, rule.level)
        setattr(s, rule.level, level)
        if not level and not f and not ended and self._ends_with_term(rule, at):
            ended = "term_ended"
        elif not level and f and not ended and self._came_true(s, rule, before, i):
            ended = "came_true"
        if before == 0:
            setattr(s, rule.episode, (at, s.rows[i + IDENT] if f else None, level))
        elif level:
            opened_at, first, highest = getattr(s, rule.episode)
            setattr(s, rule.episode, (opened_at, first, max(highest, level)))
        reason = ended or self.cause or (_reason(level, before) if f else "time_passed")
        if self.folding is not None:
            self._fold(s, rule, at, level, before, i, ended, reason)
        else:
            self._publish(s, rule, at, level, before, i, reason)

    def _came_true(self, s: Subject, rule: RuleLayout, before: int, i: int) -> bool:
        """Whether what was foretold is so by now: the value itself would hold its level."""
        rung = rule.rung_of.get(before)
        if rung is None or not rule.gauges[rung.gauge].measure.already or rung.compare in ("at_most", "below"):
            return False
        value = self.values[rule.index][rung.gauge](s, s.rows, i)
        threshold = getattr(s, rule.threshold) if rung.threshold is None else rung.threshold
        return value is not None and (value > threshold or (value == threshold and rung.compare == "at_least"))

    def _ends_with_term(self, rule: RuleLayout, at: int) -> bool:
        """Whether a rule over the records of a term comes to the end of one."""
        of_term = rule.term or any(gauge.gauge.window.period == "term" for gauge in rule.gauges)
        if self._term is None or not of_term:
            return False
        return self._term(at - 1) == (True, at)

    def _fold(
        self, s: Subject, rule: RuleLayout, at: int, level: int, before: int, i: int, ended: str, reason: str
    ) -> None:
        assert self.folding is not None
        folded = self.folding.setdefault(rule.index, [])
        if before == 0:
            folded.append(Folded(at, getattr(s, rule.episode)[1], level, level, began=reason))
        elif level:
            folded[-1].level, folded[-1].highest = level, getattr(s, rule.episode)[2]
        else:
            folded[-1].closed_at, folded[-1].ended = at, ended
            folded[-1].assessed = self.assess(s, rule, 0, before, i)
        folded[-1].moved, folded[-1].moved_at = reason, at

    def _publish(self, s: Subject, rule: RuleLayout, at: int, level: int, before: int, i: int, reason: str) -> None:
        name = rule.rule.id
        if before:
            assert s.episodes is not None
            episode = s.episodes[name][-1]
        else:
            opened_at, first, _ = getattr(s, rule.episode)
            episode = self._begin(s, name, opened_at, first, level)
        assessed = self.assess(s, rule, level, before, i)
        change: Change = (
            "opened" if not before else "resolved" if not level else "raised" if level > before else "lowered"
        )
        if level:
            episode.level = level
            episode.highest = getattr(s, rule.episode)[2]
        else:
            episode.closed_at = at
        self.emit(s, rule, episode, change, at, assessed, reason)

    def _begin(self, s: Subject, rule: str, opened_at: int, first: str | None, level: int) -> Episode:
        if s.numbers is None:
            s.numbers = {}
        if s.episodes is None:
            s.episodes = {}
        number = s.numbers[rule] = s.numbers.get(rule, 0) + 1
        episode = Episode(number, 0, opened_at, first, level, level)
        s.episodes.setdefault(rule, []).append(episode)
        return episode

    def assess(self, s: Subject, rule: RuleLayout, level: int, before: int, i: int) -> Assessment:
        """Value, threshold and evidence for a level as the heads stand after entry `i`; `before`: the level left."""
        rung = rule.rung_of.get(level or before) or rule.rule.rungs[0]
        threshold = getattr(s, rule.threshold) if rung.threshold is None else rung.threshold
        number = rung.gauge if level else 0
        gauge = rule.gauges[number]
        if gauge.measure.waiting:
            value = threshold if level else None
        else:
            value = self.values[rule.index][number](s, s.rows, i)
        indices = gauge.measure.evidence(s, gauge.read(s), gauge, i + gauge.stride)[-MOST_EVIDENCE:]
        return Assessment(value, threshold, indices)

    def emit(
        self, s: Subject, rule: RuleLayout, episode: Episode, change: Change, at: int, assessed: Assessment, reason: str
    ) -> None:
        """Publishes one transition and remembers what was said."""
        episode.sequence += 1
        episode.said = Told(assessed.value, assessed.threshold)
        at = episode.said_at = max(at, episode.said_at)
        facts = self.facts(s, rule, episode, assessed)
        self.amended.pop(facts.warning_id, None)  # read before this change, it would be told behind it
        self.changes.append(
            WarningChange(
                warning_id=facts.warning_id,
                sequence=episode.sequence,
                change=change,
                rule=rule.rule.id,
                rule_version=self.version,
                row=rule.rule.card.row,
                standard=rule.rule.standard,
                subject=s.key,
                reason=reason,
                at=from_ms(at),
                mode=self._mode(rule, at, reason),
                facts=facts,
            )
        )

    @staticmethod
    def _idents(s: Subject, assessed: Assessment) -> tuple[str, ...]:
        return tuple([s.rows[i + IDENT] for i in assessed.indices])

    def facts(self, s: Subject, rule: RuleLayout, episode: Episode, assessed: Assessment) -> WarningFacts:
        """The facts of an episode, which remembers their digest for the next reading."""
        episode.value, episode.threshold = assessed.value, assessed.threshold
        episode.behind = self._idents(s, assessed)
        gauge = (rule.rung_of.get(episode.level) or rule.rule.rungs[0]).gauge
        return WarningFacts(
            warning_id=warning_id(rule.rule.id, s.key, episode.number),
            level=level_of(episode.level),
            highest_level=level_of(episode.highest),
            value=assessed.value,
            threshold=assessed.threshold,
            window=rule.gauges[gauge].window,
            evidence=self._evidence(s, rule, assessed.indices),
            opened_at=from_ms(episode.opened_at),
            closed_at=None if episode.closed_at < 0 else from_ms(episode.closed_at),
            first_event=episode.first_event,
            context=context(s.latest),
        )

    def _evidence(self, s: Subject, rule: RuleLayout, indices: list[int]) -> list[Evidence]:
        rows, gauge = s.rows, rule.gauges[0]
        awaited, kind = gauge.awaited, gauge.gauge.kind
        shown = self.layout_of[rule.rule.id].evidence
        own = [(name, COLUMNS + shown[kind][name]) for name in rule.rule.evidence if name in shown[kind]]
        other = own
        if gauge.gauge.awaited_kind is not None:
            columns = shown[gauge.gauge.awaited_kind]
            other = [(name, COLUMNS + columns[name]) for name in rule.rule.evidence if name in columns]
        found = []
        for i in indices:
            source, _, name = rows[i + IDENT].partition(" ")
            places = other if rows[i + FLAGS] & awaited else own
            fields = {field: rows[i + place] for field, place in places}
            found.append(Evidence(source=source, id=name, at=EPOCH + timedelta(0, 0, rows[i] * 1000), fields=fields))
        return found

    def reconcile(
        self,
        s: Subject,
        rule: RuleLayout,
        folded: list[Folded],
        since: int,
        at: int,
        reason: str,
        known_until: int = FOREVER,
    ) -> None:
        """Publishes the difference between what was said and what the refold, begun after `since`, has found.

        `reason`: why the past has changed; what lies behind `known_until` has come as it comes in order, and nothing of
        it was said.
        """
        name = rule.rule.id
        floor = max(since, s.sealed.get(name, -1)) if s.sealed else since
        published = (s.episodes or {}).get(name, [])
        said = [e for e in published if e.closed_at < 0 or e.closed_at > floor]
        found = [x for x in folded if x.closed_at < 0 or x.closed_at > floor]
        pairs = matched(said, [x for x in found if x.opened_at <= known_until])
        for episode in said:
            if id(episode) not in pairs:
                published.remove(episode)
                self.emit(s, rule, episode, "withdrawn", at, Assessment(*episode.said, []), reason)
        taken = {id(x): e for e in said if (x := pairs.get(id(e))) is not None}
        for x in found:
            assessed = x.assessed or self.assess(s, rule, x.level, x.level, last_entry(s, rule))
            began = x.began if x.opened_at > known_until else reason
            moved = x.moved if x.moved_at > known_until else reason
            if (known := taken.get(id(x))) is not None:
                self._amend(s, rule, known, x, assessed, began, moved)
            else:
                self._tell(s, rule, x, assessed, began, moved)
        (s.episodes or {}).get(name, []).sort(key=lambda e: (e.closed_at < 0, e.opened_at, e.closed_at, e.number))

    def _tell(self, s: Subject, rule: RuleLayout, x: Folded, assessed: Assessment, began: str, moved: str) -> None:
        episode = self._begin(s, rule.rule.id, x.opened_at, x.first_event, x.level)
        episode.highest = x.highest
        self.emit(s, rule, episode, "opened", x.opened_at, assessed, began)
        if x.closed_at >= 0:
            episode.closed_at = x.closed_at
            self.emit(s, rule, episode, "resolved", x.closed_at, assessed, x.ended or moved)

    def _amend(
        self, s: Subject, rule: RuleLayout, e: Episode, x: Folded, assessed: Assessment, began: str, moved: str
    ) -> None:
        was_open, before = e.closed_at < 0, e.level
        behind = self._idents(s, assessed)
        new = (x.opened_at, x.first_event, x.level, x.highest, x.closed_at, assessed.value, assessed.threshold, behind)
        if new == (e.opened_at, e.first_event, e.level, e.highest, e.closed_at, e.value, e.threshold, e.behind):
            return
        e.opened_at, e.first_event, e.level, e.highest, e.closed_at = new[:5]
        is_open = x.closed_at < 0
        if was_open and not is_open:
            self.emit(s, rule, e, "resolved", x.closed_at, assessed, x.ended or moved)
        elif is_open and not was_open:
            self.emit(s, rule, e, "opened", x.opened_at, assessed, began)
        elif is_open and x.level != before:
            at = s.watermark if x.moved_at < 0 else x.moved_at  # below zero: before the fold began, so it was said
            self.emit(s, rule, e, "raised" if x.level > before else "lowered", at, assessed, moved)
        elif is_open:
            e.behind = _STALE
        else:
            reading = self._reading(s, rule, e, assessed)
            self.amended[reading.facts.warning_id] = reading

    def _reading(self, s: Subject, rule: RuleLayout, e: Episode, assessed: Assessment) -> WarningReading:
        return WarningReading(
            rule=rule.rule.id, subject=s.key, at=from_ms(s.watermark), facts=self.facts(s, rule, e, assessed)
        )

    def mark_stale(self, s: Subject, ident: str) -> None:
        """What is shown of an entry may be another: the warnings that it is behind are due to be told again."""
        for episodes in (s.episodes or {}).values():
            for episode in episodes:
                if ident in episode.behind:
                    episode.behind = _STALE

    def take_amended(self) -> list[WarningReading]:
        """New facts of closed warnings, unless something else became of them in the meantime."""
        told, self.amended = [*self.amended.values()], {}
        return told

    def readings(self, s: Subject, rules: Sequence[RuleLayout]) -> list[WarningReading]:
        """Facts of the subject's open warnings that were not told yet."""
        out = []
        for rule in rules:
            level = getattr(s, rule.level)
            episodes = s.episodes.get(rule.rule.id) if level and s.episodes else None
            if not episodes or episodes[-1].closed_at >= 0:
                continue
            e = episodes[-1]
            assessed = self.assess(s, rule, level, level, last_entry(s, rule))
            if (assessed.value, assessed.threshold) != (e.value, e.threshold) or e.behind != self._idents(s, assessed):
                out.append(self._reading(s, rule, e, assessed))
        return out


def last_entry(s: Subject, rule: RuleLayout) -> int:
    """Index of the subject's newest entry; one row before the first if there is none."""
    return len(s.rows) - rule.gauges[0].stride


def _reason(level: int, before: int) -> str:
    if abs(level) <= abs(before):
        return "threshold_left"
    return "again" if level > _RED else "threshold_reached"
