"""What route does: `campus.events` to `campus.observations`, and each source from one rule set revision to the next.

A source is a partition of `campus.events`. Under a new rule set revision whose measures need it, its past is sent again
beside its live messages, as HISTORY, until that has caught up. When this is so for all sources, each writes down at
which offset it switches, sends a SWITCH to every target, and goes on with the new rule set revision. Whoever takes over
a source after a crash finds on `campus.rules` where it switched; what is then sent twice harms nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from services.clock import wall_clock
from services.errors import PrewarnError
from services.log.kafka import EVENTS, OBSERVATIONS, REJECTED, full_name
from services.messages import Problem, Rejection, to_ms
from services.rules.cluster.observations import (
    BUCKETS,
    HISTORY,
    LIVE,
    MESSAGE_BYTES,
    SWITCH,
    Observations,
    Router,
    areas_of,
    chunks,
    encode_observations,
)
from services.rules.cluster.stream import Outgoing, Stream
from services.rules.engine.layout import Layout, ranks
from services.rules.engine.plan import Plan
from services.rules.runner import Unreadable

_log = logging.getLogger(__name__)
_encode_json = msgspec.json.Encoder().encode
_TICKS_AT_MOST = 1000
_BEFORE_LOOKING = 500
"""Milliseconds by which a tick stays behind the clock: the ends of the log were asked for that long ago at most."""
_CAUGHT_UP = 1000
"""So many messages may lie between a source's past that was sent again and its live ones."""
Step = tuple[int, dict[str, bytes]]
"""As in `Observations.steps`."""


class RuleSetRevisions(Protocol):
    """The rule sets of this prefix in their order, and how far the sources have come with the newest one.

    Methods that are said to block are called on a thread; they raise PrewarnError.
    """

    def first(self) -> int:
        """The rule set revision that a source begins with."""

    def newest(self) -> int:
        """The rule set revision that was published last."""

    def plan(self, revision: int) -> Plan:
        """The rules of a revision. Blocks."""

    def switched(self, source: int) -> Sequence[tuple[int, int]]:
        """(rule set revision, offset from which on the source goes by it), in order; old ones may be forgotten."""

    def caught_up(self, revision: int) -> Mapping[int, int]:
        """Source → offset up to which its past was sent again for this rule set revision."""

    def note_caught_up(self, revision: int, source: int, offset: int) -> None:
        """Writes that down. Blocks."""

    def note_switched(self, revision: int, source: int, offset: int) -> None:
        """Writes that down. Blocks."""

    def refresh(self) -> None:
        """Reads what others have written down by now. Blocks."""

    def history(self, source: int, begin: int, end: int) -> Iterator[tuple[int, list[bytes | None]]]:
        """What `campus.events` holds of a source: (offset behind them, messages). Blocks."""


class Source(msgspec.Struct):
    """A partition of `campus.events`: by which rule set revision it goes, and how far it has come."""

    revision: int
    """By which its next message is routed."""
    routed: int = -1
    """The next offset that is not on Kafka yet, -1: nothing was routed so far …"""
    clock: int = -1
    """… and the time (ms) to which it has come with that."""
    newest: int = 0
    """Time (ms) of its newest event up to the message that is being routed. A message that is read again must not know
    what came behind it: evaluate may lack that still, and would let deadlines fire before it."""
    ticked: int = -1
    waiting: dict[int, list[Step]] = {}
    """Target → how its time came on while it had nothing for the target."""

    def done(self, committed: int) -> int:
        """The offset up to which it is routed."""
        return committed if self.routed < 0 else self.routed


class Route:
    """From `campus.events` to `campus.observations`. `past`: time is that of the events, not the clock's."""

    def __init__(
        self,
        stream: Stream,
        revisions: RuleSetRevisions,
        prefix: str,
        partitions: dict[str, int],
        *,
        past: bool = False,
        point: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`partitions`: how many each topic has. `point`: called at named points of a switch; tests die there."""
        self._stream, self._revisions, self._past = stream, revisions, past
        self._source_count, self._targets = partitions[EVENTS], partitions[OBSERVATIONS]
        self._observations, self._rejected = full_name(prefix, OBSERVATIONS), full_name(prefix, REJECTED)
        self._routers: dict[int, Router] = {}
        self._sources: dict[int, Source] = {}
        self._turn = asyncio.Lock()
        """Live messages, ticks and switches come one after another."""
        self._sending_again: asyncio.Task[None] | None = None
        self._unusable = 0
        """A rule set revision that this process cannot read."""
        self._point = point

    def forget(self) -> None:
        """Sources are given out anew."""
        self._sources.clear()
        if self._sending_again is not None:
            self._sending_again.cancel()
            self._sending_again = None

    async def step(self, events: list[Any]) -> None:
        """Routes a batch; returns when all of it is on Kafka."""
        async with self._turn:
            sources: dict[int, list[Any]] = {}
            for event in events:
                sources.setdefault(event.message.partition, []).append(event.message)
            for source, mine in sources.items():
                await self._meet(source, mine[0].offset)
            while sources:
                sources = await self._step(sources)

    async def _step(self, sources: dict[int, list[Any]]) -> dict[int, list[Any]]:
        """Routes what comes before a source's next switch, and switches; what comes behind it."""
        out: list[Outgoing] = []
        behind: dict[int, list[Any]] = {}
        for source, mine in sorted(sources.items()):
            if (switch := self._next_switch(source)) is not None:
                behind[source] = [message for message in mine if message.offset >= switch[1]]
            sources[source] = before = mine[: len(mine) - len(behind.get(source, ()))]
            if before:
                out += self._route(source, before)
        await self._stream.send(out)
        for source, mine in sources.items():
            if mine:
                known = self._sources[source]
                known.routed, known.clock = mine[-1].offset + 1, self._clock(known, mine[-1])
        behind = {source: mine for source, mine in behind.items() if mine}
        for source in behind:
            await self._follow(source, self._next_switch(source))
        return behind

    async def _meet(self, source: int, at: int) -> None:
        """Finds by which rule set revision a source goes from offset `at` on."""
        if source in self._sources:
            return
        while True:
            try:
                await asyncio.to_thread(self._revisions.refresh)
                break
            except PrewarnError as error:
                _log.warning("how far source %d has come is not known, trying again: %s", source, error)
                await asyncio.sleep(1)
        switched = self._revisions.switched(source)
        revision = switched[0][0] - 1 if switched else self._revisions.first()
        for following, offset in switched:
            if offset <= at:
                revision = following
        await self._router(revision)
        self._sources[source] = Source(revision)
        if any(following == revision for following, _ in switched):
            # Whoever had the source before may have died behind writing it down: all partitions would wait for ever.
            await self._stream.send(self._switch_messages(source, revision, -1))

    async def _router(self, revision: int) -> Router:
        if revision not in self._routers:
            plan = await asyncio.to_thread(self._revisions.plan, revision)
            self._routers[revision] = Router(plan, self._targets)
        return self._routers[revision]

    def _next_switch(self, source: int) -> tuple[int, int] | None:
        revision = self._sources[source].revision
        return next((one for one in self._revisions.switched(source) if one[0] > revision), None)

    def _route(self, source: int, messages: list[Any]) -> list[Outgoing]:
        out: list[Outgoing] = []
        steps: dict[int, list[Step]] = {}
        known = self._sources[source]
        router = self._routers[known.revision]
        accepted = int(messages[0].timestamp * 1000)
        for message in messages:
            router.newest = known.newest
            parts, wrong = router.route(message.value or b"")
            known.newest = router.newest
            out += [self._refused(source, message.offset, one) for one in wrong]
            if wrong:
                self._stream.metrics.decided({"unreadable": len(wrong)})
            clock = self._clock(known, message)
            for target in range(self._targets):
                steps.setdefault(target, []).extend(_steps(clock, parts.get(target, {})))
        self._stream.metrics.events.inc(len(messages))
        for target, mine in steps.items():
            waiting = known.waiting.setdefault(target, [])
            waiting += mine
            if any(events for _, events in mine):
                out += self._messages(target, source, accepted, waiting)
                waiting.clear()
            elif len(waiting) > _TICKS_AT_MOST:
                del waiting[:-1]
        return out

    def _clock(self, source: Source, message: Any) -> int:
        return source.newest if self._past else int(message.timestamp * 1000)

    def _ticks(self, source: int, clock: int) -> list[Outgoing]:
        """To every target: how the source's time came on while it had nothing for it, up to `clock` (ms)."""
        out: list[Outgoing] = []
        for target in range(self._targets):
            waiting = self._sources[source].waiting.pop(target, [])
            out += self._messages(target, source, 0, [*waiting, (clock, {})])
        return out

    def _messages(self, target: int, source: int, accepted: int, steps: list[Step]) -> Iterator[Outgoing]:
        part: list[Step] = []
        size = 0
        for step in _without_repeats(steps):
            more = sum(map(len, step[1].values())) + 12
            if part and size + more > MESSAGE_BYTES:
                yield self._message(target, source, accepted, part)
                part, size = [], 0
            part.append(step)
            size += more
        yield self._message(target, source, accepted, part)

    def _message(
        self, target: int, source: int, accepted: int, steps: list[Step], *, revision: int = 0, part: int = LIVE
    ) -> Outgoing:
        revision = revision or self._sources[source].revision
        message = Observations(revision, BUCKETS, source, self._source_count, accepted, steps, part)
        return Outgoing(self._observations, encode_observations(message), target)

    def _refused(self, source: int, offset: int, one: Unreadable) -> Outgoing:
        rejection = Rejection(
            received_at=wall_clock(),
            origin=EVENTS,
            position=f"partition {source} offset {offset}",
            reasons=[Problem(where="event", what=one.why, expected="an event as ingest writes it")],
            raw=one.raw,
        )
        return Outgoing(self._rejected, _encode_json([rejection.in_english()]))

    async def tick(self, committed: dict[int, int], ends: dict[int, int]) -> None:
        """Writes to every partition how far each source has come: to the clock's time if nothing of it waits.

        And takes the sources on towards the newest rule set revision.
        """
        now = to_ms(wall_clock()) - _BEFORE_LOOKING
        async with self._turn:
            messages: list[Outgoing] = []
            for source, at in committed.items():
                await self._meet(source, at)
                known = self._sources[source]
                clock = known.clock
                if not self._past and known.done(at) >= ends[source]:
                    clock = max(clock, now)
                if clock > known.ticked:
                    known.ticked = clock
                    messages += self._ticks(source, clock)
            await self._stream.send(messages)
        try:
            await self._go_on(committed)
        except PrewarnError as error:
            _log.warning("the sources cannot go on to the next rule set revision, trying again: %s", error)

    async def _go_on(self, committed: dict[int, int]) -> None:
        """One step of each source towards the newest rule set revision."""
        newest = self._revisions.newest()
        behind = [source for source in committed if source in self._sources and self._sources[source].revision < newest]
        if not behind or newest == self._unusable:
            return
        try:
            await self._router(newest)
        except PrewarnError as error:
            self._unusable = newest
            _log.error("rule set revision %d cannot be used here, the one before stays:\n%s", newest, error)
            return
        caught_up = self._revisions.caught_up(newest)
        if missing := [source for source in behind if source not in caught_up]:
            if self._sending_again is None or self._sending_again.done():
                at = {source: committed[source] for source in missing}
                self._sending_again = asyncio.create_task(self._catch_up(newest, at))
        elif len(caught_up) >= self._source_count:
            for source in behind:
                await self._begin_switch(source, newest, committed[source], caught_up[source])

    async def _begin_switch(self, source: int, newest: int, committed: int, caught_up: int) -> None:
        async with self._turn:
            known = self._sources.get(source)
            if known is None or known.revision != newest - 1:
                return
            at = known.done(committed)
            if (switch := self._next_switch(source)) is None:
                if self._needs_history(newest):
                    await self._send_again(source, newest, caught_up, at, HISTORY)
                await asyncio.to_thread(self._revisions.note_switched, newest, source, at)
                self._point("noted")
                await self._switch(source)
            elif switch[1] <= at:
                known.routed = at
                await self._follow(source, switch)

    async def _follow(self, source: int, switch: tuple[int, int] | None) -> None:
        """Switches where it is written down. This process may have gone beyond that before it could know."""
        if switch is None or source not in self._sources:
            return
        done, clock = self._sources[source].routed, self._sources[source].clock
        await self._switch(source)
        await self._send_again(source, switch[0], switch[1], done, LIVE, clock)

    async def _switch(self, source: int) -> None:
        """Sends the SWITCH behind everything of the rule set revision before."""
        known = self._sources[source]
        revision, clock = known.revision + 1, known.clock
        await self._stream.send(self._ticks(source, clock))
        await self._router(revision)
        await self._stream.send(self._switch_messages(source, revision, clock))
        known.revision = revision
        _log.info("source %d goes on with rule set revision %d", source, revision)

    def _switch_messages(self, source: int, revision: int, clock: int) -> list[Outgoing]:
        """To every target; `clock` (ms): how far the source has come, -1: whoever has switched does not know it."""
        step: Step = (clock, {})
        return [self._message(n, source, 0, [step], revision=revision, part=SWITCH) for n in range(self._targets)]

    def _needs_history(self, revision: int) -> bool:
        return bool(_signatures(self._routers[revision].plan) - _signatures(self._routers[revision - 1].plan))

    async def _catch_up(self, revision: int, sources: dict[int, int]) -> None:
        """Sends the past of sources again until it has caught up with the live messages, and writes that down."""
        try:
            for source, committed in sources.items():
                await self._catch_up_one(revision, source, committed)
        except PrewarnError as error:
            _log.warning("the past cannot be sent again for rule set revision %d, trying again: %s", revision, error)

    async def _catch_up_one(self, revision: int, source: int, committed: int) -> None:
        def end() -> int:
            known = self._sources.get(source)
            return committed if known is None else known.done(committed)

        done = 0 if self._needs_history(revision) else end()
        while end() - done > (_CAUGHT_UP if done else 0):
            before, done = done, end()
            await self._send_again(source, revision, before, done, HISTORY)
        await asyncio.to_thread(self._revisions.note_caught_up, revision, source, done)
        _log.info("source %d: its past up to offset %d was sent again for rule set revision %d", source, done, revision)

    async def _send_again(self, source: int, revision: int, begin: int, end: int, part: int, clock: int = -1) -> None:
        if begin >= end:
            return
        router = await self._router(revision)
        parts = self._revisions.history(source, begin, end)
        while (found := await asyncio.to_thread(next, parts, None)) is not None:
            out: list[Outgoing] = []
            for value in found[1]:
                events, _ = router.route(value or b"")  # what cannot be read was refused when it came
                for target, areas in events.items():
                    steps = _steps(clock, areas)
                    out += [self._message(target, source, 0, [one], revision=revision, part=part) for one in steps]
            await self._stream.send(out)


def _signatures(plan: Plan) -> set[str]:
    """Of the shapes of state that a plan needs."""
    return {
        Layout(by, part, peers=peers).signature
        for part in areas_of(plan).values()
        for by, peers in {(rule.by, ranks(rule)) for rule in part.rules}
    }


def _steps(clock: int, areas: dict[str, list[bytes]]) -> list[Step]:
    """Of one message of a source. Where it takes several, time comes to `clock` with the last one."""
    packs = list(chunks(areas)) or [{}]
    return [*((-1, pack) for pack in packs[:-1]), (clock, packs[-1])]


def _without_repeats(steps: list[Step]) -> Iterator[Step]:
    """Steps of which some say nothing new left out."""
    before = -1
    for clock, events in steps:
        if events or clock > before:
            yield clock, events
        before = max(before, clock)
