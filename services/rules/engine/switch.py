"""Another rule set takes over.

What keeps its state is evaluated against the new thresholds, what has another shape gets a new state from history,
and what was published stays published under the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from services.messages import Change, WarningChange, WarningFacts, from_ms
from services.rules.engine.about import warning_id
from services.rules.engine.endings import learn
from services.rules.engine.engine import Engine
from services.rules.engine.folded import folded_now
from services.rules.engine.placed import RuleLayout
from services.rules.engine.plan import level_of
from services.rules.engine.segments import Written
from services.rules.engine.subject import Episode, State, Subject, encode_state, seals


class Said(NamedTuple):
    """What the old rule set had said of one rule and subject."""

    episodes: list[Episode] = []  # noqa: RUF012 - nobody changes it
    """In their order; those that have ended, too."""
    number: int = 0
    """Of the last one."""
    sealed: int = -1
    """Up to this instant what had ended stays as it was."""

    @property
    def open(self) -> list[Episode]:
        """Those that have not ended."""
        return [episode for episode in self.episodes if episode.closed_at < 0]


_NOTHING = Said()
BySubject = dict[str, dict[str, Said]]
"""Rule → subject → what was said."""
RETIRED = "retired"
"""Signature of states that only hold the numbers of rules that are not in force: should they come back, no id does."""


def take_over(
    engine: Engine,
    old: Iterable[State],
    signatures: set[str],
    old_rules: Mapping[str, str],
    warmed: Callable[[], Engine | None],
    *,
    elsewhere: AbstractSet[str] = frozenset(),
) -> tuple[list[WarningChange], list[Written]]:
    """Completes a new engine that has already resumed the states whose signature it shares with the old rule set.

    Returns what that publishes, and states to be kept beside those of the engine's next snapshot.
    `old`: subjects of the signatures that it does not share. `signatures`, `old_rules` (with what decides each,
    `Plan.decides`): what the old set had. A rule that is decided by the same goes on as if nothing had been switched.
    `warmed` gives an engine of the same plan that has met the events of the log up to now, or none where there are none
    yet; it is called once, if some layout is new, and what it gives is used up. `elsewhere`: rules that are in force in
    another engine.
    """
    layouts = {layout.signature: number for number, layout in enumerate(engine.layouts)}
    said: BySubject = {}
    changed = {rule.id for rule in engine.plan.rules if old_rules.get(rule.id) != engine.plan.decides(rule)}
    for state in old:
        _remember(said, state)
    new = [number for signature, number in layouts.items() if signature not in signatures]
    transitions = engine.transitions
    engine.refolds.finish()
    transitions.cause = "rule_changed"
    for signature in sorted(signatures & layouts.keys()):
        others = changed & {rule.rule.id for rule in engine.layouts[layouts[signature]].rules}
        for s in list(engine.subjects(layouts[signature]).values()) if others else ():
            engine.relevel(layouts[signature], s)
            s.sealed = (s.sealed or {}) | dict.fromkeys(others, engine.now)
    transitions.cause = ""
    if new and (history := warmed()) is not None:
        learn(history, engine.endings)  # the log may not hold them any more
        learn(engine, history.endings)
        for number in new:
            _adopt_warmed(engine, history, number, said, old_rules, changed)
    return [*engine.take(), *_removed(engine, said, elsewhere)], _retire(engine, said)


def set_back(old: Iterable[State], engine: Engine) -> tuple[list[State], list[WarningChange]]:
    """Subjects of an engine whose time had come further than this one's: what began then never was.

    What else was said then counts as said now, so that what follows is dated by its own time.
    """
    kept, changes, now = [], [], engine.now
    for state in old:
        for rule, episodes in state.episodes.items():
            never = [one for one in episodes if one.opened_at > now]
            changes += [_ended(engine, rule, state.key, one, "withdrawn", "clock_set_back") for one in never]
            episodes[:] = [one for one in episodes if one.opened_at <= now]
            for one in episodes:
                one.said_at = min(one.said_at, now)
        if sealed := seals(state, state.numbers):
            state.sealed = {rule: min(at, now) for rule, at in sealed.items()}
        kept.append(state)
    return kept, changes


def _remember(said: BySubject, s: State) -> None:
    sealed = seals(s, s.numbers) or {}
    for rule, number in s.numbers.items():
        known = said.setdefault(rule, {}).get(s.key, _NOTHING)
        said[rule][s.key] = Said(
            s.episodes.get(rule, []) or known.episodes,
            max(number, known.number),
            max(sealed.get(rule, -1), known.sealed),
        )


def _retire(engine: Engine, said: BySubject) -> list[Written]:
    active = {rule.id for rule in engine.plan.rules}
    retired: dict[str, dict[str, int]] = {}
    for rule in said.keys() - active:
        for subject, one in said[rule].items():
            retired.setdefault(subject, {})[rule] = one.number
    return [(RETIRED, key, encode_state(State(key, numbers))) for key, numbers in retired.items()]


def _adopt_warmed(
    engine: Engine, warmed: Engine, number: int, said: BySubject, old_rules: Container[str], changed: Container[str]
) -> None:
    layout = engine.layouts[number]
    for s in warmed.subjects(number).values():
        s.episodes, s.numbers, s.sealed = {}, {}, {}
        engine.adopt(number, s)
        engine.touch(number, s)
        for rule in layout.rules:
            name = rule.rule.id
            _go_on(engine, s, rule, said.get(name, {}), known=name in old_rules, changed=name in changed)
    for key in warmed.forgotten(number):
        engine.remember(number, key, {})
    for rule in layout.rules:
        for key, one in said.get(rule.rule.id, {}).items():
            engine.remember(number, key, {rule.rule.id: one.number})


def _go_on(engine: Engine, s: Subject, rule: RuleLayout, said: dict[str, Said], *, known: bool, changed: bool) -> None:
    """A rule of a subject whose state is new goes on from what was said; `known`: the old rule set had it."""
    name, before, transitions = rule.rule.id, said.get(s.key, _NOTHING), engine.transitions
    assert s.numbers is not None and s.episodes is not None and s.sealed is not None  # noqa: PT018 - one thing
    if before.number:
        s.numbers[name] = before.number
    if (sealed := engine.now if changed else before.sealed) >= 0:
        s.sealed[name] = sealed
    found = folded_now(s, rule)
    kept = before.open if changed else before.episodes
    if found is None:  # what is open is closed with what has no subject any more
        kept = [episode for episode in kept if episode.closed_at >= 0]
    if kept:
        s.episodes[name] = kept
    if found is None:
        return
    if before.episodes:
        said[s.key] = before._replace(episodes=[])
    mode = transitions.mode
    transitions.mode = mode if known else "warm-up"
    transitions.reconcile(s, rule, [found], engine.now, engine.now, "rule_changed" if known else "warm_up")
    transitions.mode = mode


def _removed(engine: Engine, said: BySubject, elsewhere: AbstractSet[str]) -> list[WarningChange]:
    """Closes what no rule of the new set speaks of any more."""
    rules = {rule.id for rule in engine.plan.rules} | elsewhere
    out = []
    for rule, subjects in said.items():
        for subject, one in subjects.items():
            reason = "rule_changed" if rule in rules else "rule_removed"
            out += [_ended(engine, rule, subject, episode, "resolved", reason) for episode in one.open]
    return out


def _ended(engine: Engine, rule: str, subject: str, e: Episode, change: Change, reason: str) -> WarningChange:
    facts = WarningFacts(
        warning_id=warning_id(rule, subject, e.number),
        level=level_of(e.level),
        highest_level=level_of(e.highest),
        value=e.value,
        threshold=e.threshold,
        window="",
        evidence=[],
        opened_at=from_ms(e.opened_at),
        closed_at=from_ms(engine.now),
        first_event=e.first_event,
        context={},
    )
    return WarningChange(
        warning_id=facts.warning_id,
        sequence=e.sequence + 1,
        change=change,
        rule=rule,
        rule_version=engine.plan.version,
        row=None,
        standard=None,
        subject=subject,
        reason=reason,
        at=from_ms(engine.now),
        mode=engine.transitions.mode,
        facts=facts,
    )
