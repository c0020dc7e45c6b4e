"""What one source has said of one key, as far as it can count again: pure.

Each run, and all together that is no import (run 0, which nobody can undo), has said one thing of the key: the newest
that it brought. The newest of these counts. Once a run is undone, what it said is as if it had never been said, in
whatever order the runs came.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.log.records import Said
from services.messages import CampusEvent

SETTLED = 16
"""What more runs than these have said alike, that the oldest of them said stands whatever is undone."""


def order(said: Said) -> tuple[int, int, str]:
    """Of two words of a source, the one that is greater here counts."""
    return said.event.revision, said.recorded, said.event.id


def content(event: CampusEvent) -> tuple[Any, ...]:
    """What two words about a key say alike."""
    return event.time, event.retracted, event.data


def said_by(word: Said) -> dict[int, int]:
    """Run → when it said this (ms)."""
    return dict(word.by) or {0: word.recorded}


def with_word(words: Iterable[Said], new: Said) -> list[Said]:
    """What counts, and behind it what could count again, newest first."""
    runs = said_by(new)
    left: list[Said] = []
    same: Said | None = None
    for word in words:
        by = said_by(word)
        if (word.event.revision, content(word.event)) == (new.event.revision, content(new.event)):
            same = word
            continue
        for run in by.keys() & runs.keys():
            older = (word.event.revision, by[run], word.event.id) > (new.event.revision, runs[run], new.event.id)
            del (runs if older else by)[run]
        left += _word(word, by)
    if same is not None:
        by = said_by(same)
        last = _word(same, by | {run: max(at, by.get(run, at)) for run, at in runs.items()})
    else:
        last = _word(new, runs)
    left = sorted([*last, *left], key=order, reverse=True)  # of equal ones what came last is first
    return _without_what_cannot_come_back(left)


def without(words: Iterable[Said], run: int) -> list[Said]:
    """What is left, newest first, once a run is undone."""
    left: list[Said] = []
    for word in words:
        left += _word(word, {one: at for one, at in said_by(word).items() if one != run})
    return sorted(left, key=order, reverse=True)


def _word(word: Said, by: dict[int, int]) -> list[Said]:
    """The word as these said it; none if nobody did."""
    if not by:
        return []
    if len(by) > SETTLED:
        oldest = min(filter(None, by), key=by.__getitem__)
        by = {0: by[oldest]} | {run: at for run, at in by.items() if run != oldest}
    recorded = max(by.values())
    return [Said(word.event, recorded, word.dated, [] if by == {0: recorded} else sorted(by.items()))]


def _without_what_cannot_come_back(words: list[Said]) -> list[Said]:
    """What is older than something that nobody can undo."""
    settled = [(one.event.revision, said_by(one)[0], one.event.id) for one in words if 0 in said_by(one)]
    if not settled:
        return words
    return [one for one in words if order(one) >= max(settled)]
