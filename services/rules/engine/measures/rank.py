"""`rank`: percent of the peers whose newest number is not above the subject's own.

Each subject has the records of all its peers, so that its fold is one like any other; those that stand at the same
place fold together and hold the records once (`peers.py`). Meant for tens or hundreds of peers, not for thousands: what
is written of each says how all of them stand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any

from services.rules.engine.measures.base import Measure, needs_all, pointed

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan


class Peers(dict[str, tuple[int, Any]]):
    """Peer → (number of its records in the window, its newest number); the numbers are kept sorted beside it."""

    __slots__ = ("numbers", "shared")

    def __init__(self, known: dict[str, tuple[int, Any]]) -> None:
        super().__init__(known)
        self.numbers: list[Any] = (
            known.numbers.copy() if isinstance(known, Peers) else sorted(x for _, x in known.values())
        )
        self.shared = False
        """Several subjects hold it: none changes it any more."""

    def put(self, peer: str, count: int, x: Any) -> None:
        """The peer's newest number is `x`."""
        self.drop(peer)
        self[peer] = count, x
        insort(self.numbers, x)

    def drop(self, peer: str) -> None:
        """Forgets a peer that may be known."""
        if (known := self.pop(peer, None)) is not None:
            del self.numbers[bisect_left(self.numbers, known[1])]


class _Ranks:
    def __init__(self, placed: GaugeLayout, plan: Plan) -> None:
        del plan
        self.fewest = placed.gauge.min_records

    @staticmethod
    def joins(peers: dict[str, tuple[int, Any]] | None, peer: str, x: Any) -> Peers:
        known = _own(peers)
        known.put(peer, known[peer][0] + 1 if peer in known else 1, x)
        return known

    @staticmethod
    def leaves(peers: dict[str, tuple[int, Any]], peer: str) -> Peers:
        known = _own(peers)
        count, x = known[peer]
        if count == 1:
            known.drop(peer)
        else:
            known[peer] = count - 1, x
        return known

    def value(self, peers: dict[str, tuple[int, Any]] | None, own: Any) -> float | None:
        if own is None or peers is None or len(peers) < self.fewest:
            return None
        return 100 * bisect_right(_peers(peers).numbers, own) / len(peers)


def _own(known: dict[str, tuple[int, Any]] | None) -> Peers:
    """One that may be changed."""
    return known if isinstance(known, Peers) and not known.shared else Peers(known or {})


def _peers(known: dict[str, tuple[int, Any]] | None) -> Peers:
    """As it was written, or copied for a checkpoint, it is a dict like any other."""
    return known if isinstance(known, Peers) else Peers(known or {})


RANK = Measure(
    name="rank",
    slots={"peers": None, "own": -1},
    index_slots=frozenset({"own"}),
    dict_slots=frozenset({"peers"}),
    add="""
{peers} = {help}.joins({peers}, {g_i}, {x_i})
if s.key.endswith('/' + {g_i}): {own} = i
""",
    drop="""
{peers} = {help}.leaves({peers}, {g_j})
if {own} == j: {own} = -1
""",
    value="{help}.value({peers}, rows[{own} + {x}] if {own} >= 0 else None)",
    evidence=pointed("own"),
    remembers=True,
    needs=needs_all,  # a new peer is given these entries: they hold the newest number of each
    helper=_Ranks,
)
