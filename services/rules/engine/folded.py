"""Episodes as a refold sees them, and which of those that were published each of them is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.messages import FOREVER
from services.rules.engine.placed import RuleLayout
from services.rules.engine.subject import Episode, Subject


@dataclass
class Assessment:
    """What holds at one instant: value, threshold and the indices of the entries behind it."""

    value: float | None
    threshold: float | None
    indices: list[int]


@dataclass(eq=False)
class Folded:
    """An episode as a refold sees it; `assessed` is that of its closing, or the present one while it is open."""

    opened_at: int
    first_event: str | None
    level: int
    highest: int
    closed_at: int = -1
    assessed: Assessment | None = None
    ended: str = ""
    """Named reason why it ended, if that is not in its records."""
    began: str = ""
    """Named reason why it began, had that come in order …"""
    moved: str = ""
    """… and of its last transition, …"""
    moved_at: int = -1
    """… which was at this instant."""


def folded_now(s: Subject, rule: RuleLayout) -> Folded | None:
    """The rule's episode as the heads stand, None if there is none."""
    if not (level := getattr(s, rule.level)):
        return None
    opened_at, first, highest = getattr(s, rule.episode)
    return Folded(opened_at, first, level, highest)


def matched(said: list[Episode], found: list[Folded]) -> dict[int, Folded]:
    """Which published episode (by `id`) is which refolded one: same beginning, both open, else overlapping in time."""
    pairs: dict[int, Folded] = {}
    free = list(found)

    def pair(same: Callable[[Episode, Folded], bool]) -> None:
        for episode in said:
            if id(episode) not in pairs and (x := next((x for x in free if same(episode, x)), None)) is not None:
                pairs[id(episode)] = x
                free.remove(x)

    pair(lambda e, x: e.opened_at == x.opened_at and (e.closed_at < 0) == (x.closed_at < 0))
    pair(lambda e, x: e.closed_at < 0 and x.closed_at < 0)
    pair(lambda e, x: e.opened_at == x.opened_at)
    pair(
        lambda e, x: (
            e.opened_at <= (x.closed_at if x.closed_at >= 0 else FOREVER)
            and x.opened_at <= (e.closed_at if e.closed_at >= 0 else FOREVER)
        )
    )
    return pairs
