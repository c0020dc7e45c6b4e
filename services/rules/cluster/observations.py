"""Which events go to which partition, and what of them: from `campus.events` to `campus.observations`. Pure.

The value of the first name of a rule's `by` decides where its subject lives: all rules whose `by` begins alike make an
*area*, and an engine of one partition evaluates one area (`partition.py`). An event goes to each partition that holds
one of its subjects, once per area; there it meets only rules of that area, so none sees it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import msgspec

from services.messages import ENDING, UNREADABLE, key_part, to_ms
from services.rules.engine.decode import decoder
from services.rules.engine.layout import Layout, ranks
from services.rules.engine.plan import Plan
from services.rules.runner import Unreadable, read_singly

BUCKETS = 1024
"""Fixed for the life of a topic prefix; it stands in every message, and another number is refused."""
MESSAGE_BYTES = 900_000
"""A message holds no more, unless one event alone does."""
COLLEGE, EVENT = "college", "event"
LIVE, HISTORY, SWITCH = range(3)


def bucket_of(first: str) -> int:
    """The bucket of a subject, by the value of the first name of its `by`."""
    return crc32(key_part(first).encode()) % BUCKETS


def bucket_of_subject(by: tuple[str, ...], key: str) -> int:
    """Likewise, by the subject's key: of several values each has its slashes written %2F already."""
    return bucket_of(key) if len(by) <= 1 else bucket_of(key.partition("/")[0])


def partition_of(bucket: int, partitions: int) -> int:
    """The partition of `campus.observations`, and of the changelog, that a bucket lies in."""
    return bucket % partitions


def areas_of(plan: Plan) -> dict[str, Plan]:
    """Area (first name of `by`; empty: the college) → the rules of it."""
    names = dict.fromkeys(_area(rule.by) for rule in plan.rules)
    return {
        name: msgspec.structs.replace(plan, rules=tuple(rule for rule in plan.rules if _area(rule.by) == name))
        for name in names
    }


def _area(by: tuple[str, ...]) -> str:
    return by[0] if by else ""


class Observations(msgspec.Struct, array_like=True, frozen=True):
    """One message on `campus.observations`: events of one partition of `campus.events`, and how far its time has come.

    Without events it is a tick.
    """

    revision: int
    """Number of the rule set, in the order in which this prefix got them, that decided what is in it."""
    buckets: int
    source: int
    """Partition of `campus.events` that the events come from …"""
    sources: int
    """… and how many of these there are: time is the least of theirs."""
    accepted: int
    """When Kafka took the first of the events (ms; 0: there is none)."""
    steps: list[tuple[int, dict[str, bytes]]]
    """Message by message of the source: the time (ms) to which it has come with it (-1: not said), and its events, by
    area, as JSON arrays. So what is published does not depend on how route has batched."""
    part: int = LIVE
    """LIVE; HISTORY: events from before the rule set revision, to warm it up; SWITCH: the source goes on with it."""


encode_observations: Callable[[Observations], bytes] = msgspec.msgpack.Encoder().encode
decode_observations: Callable[[bytes], Observations] = msgspec.msgpack.Decoder(Observations).decode
"""Raises what stands in `UNREADABLE`."""


class Router:
    """Routes by one plan to so many partitions."""

    def __init__(self, plan: Plan, partitions: int) -> None:
        self.plan = plan
        self.partitions = partitions
        shapes = sorted({(rule.by, ranks(rule)) for rule in plan.rules})
        layouts = [Layout(by, plan, peers=peers) for by, peers in shapes]
        self._decoder, types = decoder(plan, layouts)
        self._one = msgspec.json.Decoder(self._decoder.type.__args__[0])
        self._encode = msgspec.json.Encoder().encode
        self._firsts: dict[Any, tuple[tuple[str, str], ...]] = {
            type_: tuple(sorted({(_area(at.by), _attribute(at.by)) for at in layouts if kind in at.kinds}))
            for kind, type_ in types.items()
        }
        self._ending = types.get(ENDING)
        self._named: dict[str, set[str]] = {}
        """Area → all names in the `by` of its rules."""
        for at in layouts:
            self._named.setdefault(_area(at.by), set()).update(at.by)
        self._places: dict[str, int] = {}

    newest = 0
    """Time (ms) of the newest event, of those since somebody set it back."""

    def route(self, packed: bytes) -> tuple[dict[int, dict[str, list[bytes]]], list[Unreadable]]:
        """A message of `campus.events` → partition → area → slim events; and what cannot be read."""
        unreadable: list[Unreadable] = []
        try:
            events = self._decoder.decode(packed)
        except UNREADABLE:
            events, unreadable = read_singly(packed, self._one.decode)
        out: dict[int, dict[str, list[bytes]]] = {}
        for event in events:
            self.newest = max(self.newest, to_ms(event.time))
            if type(event) is self._ending:
                self._route_ending(event, out)
                continue
            slim = None
            for area, name in self._firsts[type(event)]:
                first = self._first(event, name)
                if first is None:
                    continue
                slim = slim or self._encode(event)
                out.setdefault(self._place(first), {}).setdefault(area, []).append(slim)
        return out, unreadable

    def _route_ending(self, event: Any, out: dict[int, dict[str, list[bytes]]]) -> None:
        """To the partition that holds those whom it names; where their name is not the first, they may be anywhere."""
        slim, field = self._encode(event), event.data.f_subject_field
        for area, names in self._named.items():
            if field in names:
                places = [self._place(event.data.f_value)] if field == area else range(self.partitions)
                for place in places:
                    out.setdefault(place, {}).setdefault(area, []).append(slim)

    @staticmethod
    def _first(event: Any, name: str) -> str | None:
        if name == EVENT:
            return f"{event.source} {event.id}"
        if not name:
            return COLLEGE
        value = getattr(event.data, name, None)
        return None if value is None else str(value)

    def _place(self, first: str) -> int:
        place = self._places.get(first)
        if place is None:
            if len(self._places) > 1_000_000:  # noqa: PLR2004 - names of events do not come again
                self._places.clear()
            place = self._places[first] = partition_of(bucket_of(first), self.partitions)
        return place


def _attribute(by: tuple[str, ...]) -> str:
    if not by:
        return ""
    return EVENT if by[0] == EVENT else f"f_{by[0]}"


def chunks(areas: dict[str, list[bytes]], limit: int = MESSAGE_BYTES) -> Iterator[dict[str, bytes]]:
    """Areas with their events as JSON arrays, in as many messages as `limit` asks for; each area keeps its order."""
    chunk: dict[str, list[bytes]] = {}
    size = 0
    for area, events in areas.items():
        for event in events:
            if size and size + len(event) > limit:
                yield {name: _array(part) for name, part in chunk.items()}
                chunk, size = {}, 0
            chunk.setdefault(area, []).append(event)
            size += len(event) + 1
    if chunk:
        yield {name: _array(part) for name, part in chunk.items()}


def _array(events: list[bytes]) -> bytes:
    return b"[" + b",".join(events) + b"]"
