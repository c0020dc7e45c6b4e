"""Evaluates the embedded log: rows in, state, changes and offset out, in one commit each.

A crash between two commits repeats the rows since the last one, with the same ids and sequences.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from services.errors import DamagedError, PrewarnError
from services.i18n import say
from services.log.clocks import SET_BACK
from services.log.journal import Journal
from services.messages import Changes, Mode, WarningChange
from services.rules.engine.engine import Engine
from services.rules.engine.refolds import LIVE
from services.rules.engine.segments import heads
from services.rules.engine.subject import State
from services.rules.engine.switch import set_back, take_over
from services.rules.feedback import Enrich, as_it_is, returned
from services.rules.language.load import RuleSet
from services.rules.runner import EngineRunner, Output

_log = logging.getLogger(__name__)
_EVENTS_PER_COMMIT = 8_000
_ROWS_AT_ONCE = 16


class Worker:
    """The evaluator of one journal; only one may exist per journal at a time."""

    def __init__(self, journal: Journal, rule_set: RuleSet, *, mode: Mode = "live", enrich: Enrich = as_it_is) -> None:
        """`enrich`: what the directory adds to the events that warnings come back as."""
        self.journal = journal
        self.rule_set = rule_set
        self.mode = mode
        self._enrich = enrich
        self.counts: Counter[str] = Counter()
        """Named reason → events; `processed` is all of them."""
        engine = Engine(rule_set.plan, mode=mode, patience=LIVE)
        # Not only the files shape the state: so do holidays, which come from a library, and the engine itself.
        shape = (rule_set.version, _signatures(engine))
        try:
            if (journal.meta("rule_version", ""), journal.meta("signatures", "")) == shape:
                self._resume(engine)
            else:
                self._use(rule_set, engine)
        except PrewarnError:
            raise
        except Exception as error:
            raise DamagedError(say("log.state_unreadable", path=journal.path, error=repr(error))) from error

    @property
    def engine(self) -> Engine:
        """The engine of the rule set in force."""
        return self._runner.engine

    def _resume(self, engine: Engine) -> None:
        """Goes on from what is committed."""
        self._offset, now = self.journal.evaluated()
        engine.resume(self.journal.states(), now)
        self._runner = EngineRunner(engine)
        self._ahead = False
        """The engine has more than the journal: a step did not come to its end, whatever it raised."""

    def use(self, rule_set: RuleSet) -> int:
        """Another rule set takes over from here on; returns how many changes of warnings that published."""
        return self._use(rule_set, Engine(rule_set.plan, mode=self.mode, patience=LIVE))

    def _use(self, rule_set: RuleSet, engine: Engine) -> int:
        """With an engine that is new."""
        journal = self.journal
        self._offset, now = journal.evaluated()
        mine = {layout.signature for layout in engine.layouts}
        theirs = set(journal.meta("signatures", "").split())
        is_set_back = bool(journal.meta(SET_BACK, ""))
        anew = mine if is_set_back else set[str]()
        engine.resume((written for written in journal.states() if written[0] not in anew), now)
        old: Iterable[State] = heads(written for written in journal.states() if written[0] not in mine - anew)
        changes: list[WarningChange] = []
        if is_set_back:
            old, changes = set_back(old, engine)
            theirs -= mine
        old_rules = dict(part.partition("=")[::2] for part in journal.meta("rules", "").split())
        found, retired = take_over(engine, old, theirs, old_rules, lambda: self._warmed(rule_set))
        changes += found
        published = Changes(changes, engine.readings())
        journal.add_rule_set(rule_set.version, rule_set.cards)
        meta = {
            "rule_version": rule_set.version,
            "signatures": _signatures(engine),
            SET_BACK: "",
            "rules": " ".join(f"{rule.id}={rule_set.plan.decides(rule)}" for rule in rule_set.plan.rules),
        }
        states = [*engine.snapshot(), *retired]
        back = returned(changes, rule_set.plan, self._enrich)
        journal.commit(self._offset, now, states, published, returned=back, drop=theirs - mine | anew, meta=meta)
        self._runner, self.rule_set, self._ahead = EngineRunner(engine), rule_set, False
        return len(changes)

    def _warmed(self, rule_set: RuleSet) -> Engine | None:
        if not self._offset:
            return None
        runner = EngineRunner(Engine(rule_set.plan))
        offset = 0
        while offset < self._offset:
            for row, clock, _, packed in self.journal.read(offset):
                if row <= self._offset:
                    runner.warm(packed)
                    runner.engine.advance(clock)
                offset = row
        return runner.engine

    def step(self) -> int:
        """Evaluates some rows of the log and commits; returns the number of rows, 0 at the log's end."""
        if self._ahead:
            self._resume(Engine(self.rule_set.plan, mode=self.mode, patience=LIVE))
        before = self._offset
        rows = self.journal.read(before, _ROWS_AT_ONCE)
        if not rows:
            return 0
        engine, output = self.engine, Output()
        self._ahead = True
        events = done = 0
        for offset, clock, count, packed in rows:
            output.changes += self._runner.step(packed, clock)
            self._offset = offset
            done += 1
            events += count
            if events >= _EVENTS_PER_COMMIT:
                break
        self._runner.drain(output)
        for problem in output.problems():
            _log.error("behind row %d of the log: %s", before, problem)
        published = Changes(output.changes, output.readings)
        back = returned(output.changes, self.rule_set.plan, self._enrich)
        self.journal.commit(self._offset, engine.now, engine.snapshot(), published, output.late, returned=back)
        self._ahead = False
        self.counts.update(output.counts)
        self.counts["processed"] += events
        return done

    def settle(self) -> bool:
        """If the log is evaluated and something waits for more of it, writes into it that nothing follows."""
        if not self.engine.refolds or self.journal.end() > self._offset:
            return False
        self.journal.tick(self.engine.now)
        return True

    def set_mode(self, mode: Mode) -> None:
        """From here on changes are published in this mode."""
        self.mode = mode
        self.engine.transitions.mode = mode

    def tick(self, now: int) -> bool:
        """If the log is evaluated and a deadline has passed, writes into the log that it is `now` (ms)."""
        if self.engine.next_due() > now or self.journal.end() > self._offset:
            return False
        self.journal.tick(now)
        return True


def _signatures(engine: Engine) -> str:
    return " ".join(sorted({layout.signature for layout in engine.layouts}))
