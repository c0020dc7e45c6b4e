"""Endings: instants at which the subjects that name somebody end for a reason that is not in their records.

An ending is remembered beside the subjects, so that it reaches those that come into being later: a late record of a
student who left is folded as if the ending had come before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from services.messages import FOREVER, key_values, to_ms
from services.rules.engine import history
from services.rules.engine.segments import Written
from services.rules.engine.subject import FIRST, IDENT, State, Subject, encode_state

if TYPE_CHECKING:
    from services.rules.engine.engine import Engine

SIGNATURE = "endings"
"""Instead of a layout's, of the states that hold endings."""


class Ending(NamedTuple):
    """What is known of one ending. Its identity is `ident`; of several revisions the highest counts."""

    ident: str
    field: str
    """Name in `by` …"""
    value: str
    """… and the value that a subject has there if this ends it."""
    reason: str
    at: int
    """The instant (ms): what comes at it, or later, begins anew."""
    revision: int
    retracted: bool

    @property
    def place(self) -> str:
        """Its ident in the rows of a subject."""
        return FIRST + self.ident


class Endings:
    """All endings that an engine knows; a few thousand a year."""

    def __init__(self) -> None:
        self._known: dict[str, Ending] = {}
        self._of: dict[tuple[str, str], dict[str, Ending]] = {}
        """(field, value) → those that count, by ident."""
        self._unwritten: list[str] = []
        self.naming: dict[tuple[int, str], dict[str, list[str]]] = {}
        """(layout, name in its `by`) → value → keys; made when an ending asks, until a subject comes or goes."""

    def __iter__(self) -> Iterator[Ending]:
        return iter(list(self._known.values()))

    def take(self, ending: Ending) -> bool:
        """Whether it is news: unknown, or of a higher revision than what is known."""
        known = self._known.get(ending.ident)
        if known is not None and ending.revision <= known.revision:
            return False
        if known is not None and not known.retracted:
            del self._of[known.field, known.value][known.ident]
        self._known[ending.ident] = ending
        if not ending.retracted:
            self._of.setdefault((ending.field, ending.value), {})[ending.ident] = ending
        self._unwritten.append(ending.ident)
        return True

    def known(self, ident: str) -> Ending | None:
        """The newest revision of an ending."""
        return self._known.get(ident)

    def reason(self, place: str) -> str:
        """The named reason of the ending that stands in a subject's rows under this ident."""
        return self._known[place.removeprefix(FIRST)].reason

    def of(self, by: tuple[str, ...], key: str) -> list[Ending]:
        """Those that end a subject, in the order of time."""
        if not self._of or not by:
            return []
        values = key_values(key) if len(by) > 1 else [key]
        found = [
            ending for named in zip(by, values, strict=True) if named in self._of for ending in self._of[named].values()
        ]
        return sorted(found, key=lambda ending: (ending.at, ending.ident))

    def written(self) -> list[Written]:
        """What came since the last call, as states."""
        out: list[Written] = []
        for ident in dict.fromkeys(self._unwritten):
            row: list[Any] = [*self._known[ident][1:]]
            out.append((SIGNATURE, ident, encode_state(State(ident, {}, row))))
        self._unwritten.clear()
        return out

    def resume(self, state: State) -> None:
        """Takes back what was written."""
        self.take(Ending(state.key, *state.rows))
        self._unwritten.clear()


def on_ending(engine: Engine, event: Any) -> None:
    """Whoever is named has left, graduated, …: all subjects that name them end and begin anew."""
    data = event.data
    ending = Ending(
        f"{event.source} {event.id}",
        data.f_subject_field,
        data.f_value,
        data.f_reason,
        to_ms(event.time),
        event.revision,
        event.retracted,
    )
    _take_in(engine, ending)


def learn(engine: Engine, endings: Iterable[Ending]) -> None:
    """Takes in what another engine knows of endings."""
    for ending in endings:
        if engine.endings.known(ending.ident) != ending:
            _take_in(engine, ending)
    engine.refolds.finish()


def place_ending(engine: Engine, number: int, s: Subject, ending: Ending) -> None:
    """An ending behind all that the subject has seen."""
    i = history.insert_ending(s, engine.layouts[number].stride, ending.at, ending.place)
    fold_ending(engine, number, s, i)


def fold_ending(engine: Engine, number: int, s: Subject, i: int) -> None:
    """The ending at entry `i` comes before all else of its instant: what is open ends, and the fold begins anew."""
    layout, at = engine.layouts[number], s.rows[i]
    engine.settles[number](s, at - 1, i - layout.stride)
    reason = engine.endings.reason(s.rows[i + IDENT])
    for rule in layout.rules:
        if getattr(s, rule.level):
            engine.transitions.transition(s, rule.index, at, 0, i - layout.stride, 0, reason)
    layout.begin_anew(s, i)
    s.watermark = at


def _take_in(engine: Engine, ending: Ending) -> None:
    """Takes an ending in, or what a revision of it says; a known one is a duplicate."""
    was = engine.endings.known(ending.ident)
    if not engine.endings.take(ending):
        engine.counts["duplicate"] += 1
        return
    for number, layout in enumerate(engine.layouts):
        for of in [ending] if was is None or was[1:3] == ending[1:3] else [was, ending]:
            keys = _named(engine, number, of.field).get(of.value, ()) if of.field in layout.by else ()
            for key in sorted(keys):  # so that what is published has one order
                if not engine.has_met(layout.signature, key):
                    _end(engine, number, engine.subjects(number)[key], was, None if of is was else ending)


def _named(engine: Engine, number: int, field: str) -> dict[str, list[str]]:
    """Value of a name in `by` → keys of the subjects of a layout that have it."""
    naming = engine.endings.naming
    if (found := naming.get((number, field))) is None:
        found = naming[number, field] = {}
        by = engine.layouts[number].by
        for key in engine.subjects(number):
            value = key if len(by) == 1 else key_values(key)[by.index(field)]
            found.setdefault(value, []).append(key)
    return found


def _end(engine: Engine, number: int, s: Subject, was: Ending | None, ending: Ending | None) -> None:
    """What an ending becomes in one subject. `was`: what was known of it; `ending` None: it is another's now."""
    engine.refolds.finish_one(s)
    rows, stride = s.rows, engine.layouts[number].stride
    start, reason = FOREVER, "retraction"
    if was is not None and (old := history.find_anywhere(s, stride, was.place)) >= 0:
        start = rows[old]
        history.remove(s, stride, old)
    if ending is not None and not ending.retracted:
        if start == FOREVER and ending.at > max(s.watermark, rows[-stride] if rows else -1):
            engine.touch(number, s)
            place_ending(engine, number, s, ending)
            return
        at = max(ending.at, s.horizon + 1)  # never late: from the first instant on that can still change
        history.insert_ending(s, stride, at, ending.place)
        start, reason = min(start, at), ending.reason if was is None else "correction"
    if start < FOREVER:
        engine.touch(number, s)
        engine.refolds.put_off(number, s, start, start, reason)
