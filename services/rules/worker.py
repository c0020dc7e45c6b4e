"""Evaluates the embedded log: rows in, state, changes and offset out, in one commit each.

A crash between two commits repeats the rows since the last one, with the same ids and sequences.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import msgspec

from services.errors import LogError
from services.log.journal import Changes, Journal
from services.messages import CampusEvent, Mode, WarningChange
from services.rules.engine.engine import Engine
from services.rules.engine.segments import heads
from services.rules.engine.switch import take_over
from services.rules.feedback import Enrich, as_it_is, returned
from services.rules.language.load import RuleSet

_log = logging.getLogger(__name__)
_EVENTS_PER_COMMIT = 8_000
_ROWS_AT_ONCE = 64


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
        self._ahead = False
        self._offset, now = journal.evaluated()
        self.engine = Engine(rule_set.plan, mode=mode)
        # Not only the files shape the state: so do holidays, which come from a library, and the engine itself.
        shape = (rule_set.version, _signatures(self.engine))
        if (journal.meta("rule_version", ""), journal.meta("signatures", "")) == shape:
            self.engine.resume(journal.states(), now)
        else:
            self.use(rule_set)

    def use(self, rule_set: RuleSet) -> int:
        """Another rule set takes over from here on; returns how many changes of warnings that published."""
        self._reload()
        journal = self.journal
        _, now = journal.evaluated()
        engine = Engine(rule_set.plan, mode=self.mode)
        mine = {layout.signature for layout in engine.layouts}
        engine.resume(journal.states(), now)
        old = heads(written for written in journal.states() if written[0] not in mine)
        theirs = set(journal.meta("signatures", "").split())
        old_rules = set(journal.meta("rules", "").split())
        changes, retired = take_over(engine, old, theirs, old_rules, lambda: self._warmed(rule_set))
        readings = engine.readings()
        journal.add_rule_set(rule_set.version, rule_set.cards)
        meta = {
            "rule_version": rule_set.version,
            "signatures": _signatures(engine),
            "rules": " ".join(sorted(rule_set.cards)),
        }
        published = Changes(changes, readings)
        states = [*engine.snapshot(), *retired]
        back = self._returned(changes, rule_set)
        journal.commit(self._offset, now, states, published, returned=back, drop=theirs - mine, meta=meta)
        self.engine, self.rule_set = engine, rule_set
        return len(changes)

    def _warmed(self, rule_set: RuleSet) -> Engine:
        engine = Engine(rule_set.plan)
        offset = 0
        while offset < self._offset:
            for row, clock, _, packed in self.journal.read(offset):
                if row <= self._offset:
                    self._process(engine, row, packed)
                    engine.advance(clock)
                offset = row
        return engine

    def step(self) -> int:
        """Evaluates some rows of the log and commits; returns the number of rows, 0 at the log's end."""
        self._reload()
        rows = self.journal.read(self._offset, _ROWS_AT_ONCE)
        if not rows:
            return 0
        engine = self.engine
        changes: list[Any] = []
        events = done = 0
        for offset, clock, count, packed in rows:
            changes += self._process(engine, offset, packed)
            changes += engine.advance(clock)
            self._offset = offset
            done += 1
            events += count
            if events >= _EVENTS_PER_COMMIT:
                break
        late, engine.late = engine.late, []
        for ident, error in engine.failed:
            _log.error("%s could not be evaluated: %s", ident, error)
        engine.failed.clear()
        published = Changes(changes, engine.readings())
        try:
            back = self._returned(changes, self.rule_set)
            self.journal.commit(self._offset, engine.now, engine.snapshot(), published, late, returned=back)
        except LogError:
            self._ahead = True
            raise
        self.counts["processed"] += events
        return done

    def _returned(self, changes: list[WarningChange], rule_set: RuleSet) -> list[CampusEvent]:
        return returned(changes, frozenset(rule_set.plan.fields["warning"]), self._enrich)

    def _process(self, engine: Engine, offset: int, packed: bytes) -> list[WarningChange]:
        try:
            return engine.process_many(packed)
        except msgspec.MsgspecError:
            # Ingest has checked every event: only a row written by another version can end here. It stays in the log.
            _log.exception("log row %d cannot be read as a whole; what cannot be read is passed over", offset)
        try:
            events = msgspec.json.decode(packed, type=list[msgspec.Raw])
        except msgspec.MsgspecError:
            self.counts["unreadable"] += 1
            return []
        changes: list[WarningChange] = []
        for event in events:
            try:
                changes += engine.process_many(b"[" + bytes(event) + b"]")
            except msgspec.MsgspecError:
                self.counts["unreadable"] += 1
        return changes

    def _reload(self) -> None:
        """Back to what is committed, if the engine is ahead of a journal that could not be written."""
        if self._ahead:
            self._offset, now = self.journal.evaluated()
            self.engine = Engine(self.rule_set.plan, mode=self.mode)
            self.engine.resume(self.journal.states(), now)
            self._ahead = False

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
