"""Another rule set takes over.

What keeps its state is evaluated against the new thresholds, what has another shape gets a new state from history,
and what was published stays published under the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from services.messages import WarningChange, WarningFacts, from_ms
from services.rules.engine.endings import learn
from services.rules.engine.engine import Engine
from services.rules.engine.episodes import folded_now, warning_id
from services.rules.engine.plan import level_of
from services.rules.engine.segments import Written
from services.rules.engine.subject import Episode, State, encode_state

Said = dict[str, dict[str, tuple[list[Episode], int]]]
"""Rule → subject → (its open episodes, number of its last one) under the old rule set."""
RETIRED = "retired"
"""Signature of states that only hold the numbers of rules that are not in force: should they come back, no id does."""


def take_over(
    engine: Engine,
    old: Iterable[State],
    signatures: set[str],
    old_rules: set[str],
    warmed: Callable[[], Engine],
    *,
    elsewhere: AbstractSet[str] = frozenset(),
) -> tuple[list[WarningChange], list[Written]]:
    """Completes a new engine that has already resumed the states whose signature it shares with the old rule set.

    Returns what that publishes, and states to be kept beside those of the engine's next snapshot.
    `old`: subjects of the signatures that it does not share. `signatures`, `old_rules`: what the old set had.
    `warmed` gives an engine of the same plan that has met the events of the log up to now; it is called once, if some
    layout is new, and what it gives is used up. `elsewhere`: rules that are in force in another engine.
    """
    layouts = {layout.signature: number for number, layout in enumerate(engine.layouts)}
    said: Said = {}
    for state in old:
        _remember(said, state)
    new = [number for signature, number in layouts.items() if signature not in signatures]
    transitions = engine.transitions
    transitions.cause = "rule_changed"
    for signature in sorted(signatures & layouts.keys()):
        for s in list(engine.subjects(layouts[signature]).values()):
            engine.relevel(layouts[signature], s)
            s.sealed = engine.now
    transitions.cause = ""
    if new:
        history = warmed()
        learn(history, engine.endings)  # the log may not hold them any more
        learn(engine, history.endings)
        mode = transitions.mode
        for number in new:
            _adopt_warmed(engine, history, number, said, old_rules)
            transitions.mode = mode
    return [*engine.take(), *_removed(engine, said, elsewhere)], _retire(engine, said)


def _remember(said: Said, s: State) -> None:
    for rule, number in s.numbers.items():
        episodes = [episode for episode in s.episodes.get(rule, ()) if episode.closed_at < 0]
        known, last = said.setdefault(rule, {}).get(s.key, ([], 0))
        said[rule][s.key] = (episodes or known, max(number, last))


def _retire(engine: Engine, said: Said) -> list[Written]:
    active = {rule.id for rule in engine.plan.rules}
    retired: dict[str, dict[str, int]] = {}
    for rule in said.keys() - active:
        for subject, (_, last) in said[rule].items():
            retired.setdefault(subject, {})[rule] = last
    return [(RETIRED, key, encode_state(State(key, numbers))) for key, numbers in retired.items()]


def _adopt_warmed(engine: Engine, warmed: Engine, number: int, said: Said, old_rules: set[str]) -> None:
    layout, transitions = engine.layouts[number], engine.transitions
    mode = transitions.mode
    for s in warmed.subjects(number).values():
        s.episodes, s.numbers = {}, {}
        engine.adopt(number, s)
        engine.touch(number, s)
        for rule in layout.rules:
            name = rule.rule.id
            episodes, last = said.get(name, {}).get(s.key, ([], 0))
            if last:
                s.numbers[name] = last
            if (found := folded_now(s, rule)) is None:
                continue  # what is open is closed with what has no subject any more
            if episodes:
                s.episodes[name] = episodes
                said[name][s.key] = ([], last)
            known = name in old_rules
            transitions.mode = mode if known else "warm-up"
            transitions.reconcile(s, rule, [found], engine.now, engine.now, "rule_changed" if known else "warm_up")
        s.sealed = engine.now
    for key in warmed.forgotten(number):
        engine.remember(number, key, {})
    for rule in layout.rules:
        for key, (_, last) in said.get(rule.rule.id, {}).items():
            engine.remember(number, key, {rule.rule.id: last})


def _removed(engine: Engine, said: Said, elsewhere: AbstractSet[str]) -> list[WarningChange]:
    """Closes what no rule of the new set speaks of any more."""
    rules = {rule.id for rule in engine.plan.rules} | elsewhere
    out = []
    for rule, subjects in said.items():
        for subject, (episodes, _) in subjects.items():
            out += [_closed(engine, rule, subject, episode, known=rule in rules) for episode in episodes]
    return out


def _closed(engine: Engine, rule: str, subject: str, e: Episode, *, known: bool) -> WarningChange:
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
        change="resolved",
        rule=rule,
        rule_version=engine.plan.version,
        row=None,
        standard=None,
        subject=subject,
        reason="rule_changed" if known else "rule_removed",
        at=from_ms(engine.now),
        mode=engine.transitions.mode,
        facts=facts,
    )
