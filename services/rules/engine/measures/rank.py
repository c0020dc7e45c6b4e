"""`rank`: percent of the peers whose newest number is not above the subject's own.

Each subject keeps the records of all its peers (`Engine._peers`), so that its fold is one like any other: meant for
tens or hundreds of peers, not for thousands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.rules.engine.measures.base import Measure, needs_all, pointed

if TYPE_CHECKING:
    from services.rules.engine.layout import GaugeLayout
    from services.rules.engine.plan import Plan

Peers = dict[str, tuple[int, Any]]
"""Peer → (number of its records in the window, its newest number)."""


class _Ranks:
    def __init__(self, placed: GaugeLayout, plan: Plan) -> None:
        del plan
        self.fewest = placed.gauge.min_records

    @staticmethod
    def joins(peers: Peers | None, peer: str, x: Any) -> Peers:
        peers = {} if peers is None else peers
        peers[peer] = (peers[peer][0] + 1 if peer in peers else 1, x)
        return peers

    @staticmethod
    def leaves(peers: Peers, peer: str) -> None:
        count, x = peers[peer]
        if count == 1:
            del peers[peer]
        else:
            peers[peer] = (count - 1, x)

    def value(self, peers: Peers | None, own: Any) -> float | None:
        if own is None or peers is None or len(peers) < self.fewest:
            return None
        not_above: int = sum(x <= own for _, x in peers.values())
        return 100 * not_above / len(peers)


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
{help}.leaves({peers}, {g_j})
if {own} == j: {own} = -1
""",
    value="{help}.value({peers}, rows[{own} + {x}] if {own} >= 0 else None)",
    evidence=pointed("own"),
    remembers=True,
    needs=needs_all,  # a new peer is given these entries: they hold the newest number of each
    helper=_Ranks,
)
