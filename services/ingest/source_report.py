"""Ingest's own measure of its sources: per source and hour what came, how late, and what was wrong with it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from services.ingest.moments import write_moment
from services.messages import CampusEvent, Json, Verdict, from_ms, to_ms

REPORTER = "prewarn/ingest"
_HOUR_MS = 3_600_000
_UNNAMED = "unknown"
_DIGITS = 2


class _Count(msgspec.Struct):
    accepted: int = 0
    late: int = 0
    duplicate: int = 0
    incomplete: int = 0
    doubtful: int = 0
    doubts: dict[str, int] = msgspec.field(default_factory=dict)
    rejected: dict[str, int] = msgspec.field(default_factory=dict)
    delays: dict[int, int] = msgspec.field(default_factory=dict)
    """Delay in whole seconds, rounded to three digits → events: bounded, and exact enough for a percentile."""


class _State(msgspec.Struct):
    hour: int | None = None
    """Number of the hour that is being counted, since 1970; hours before it are closed."""
    counts: dict[str, _Count] = msgspec.field(default_factory=dict)
    closed: list[tuple[int, dict[str, _Count]]] = msgspec.field(default_factory=list)


class SourceCounter:
    """Counts what ingest did, by the source's name and the hour of its clock. No I/O, no clock of its own.

    `sources` are reported even in an hour in which nothing came from them. An event is late when it came more than
    `late_after` after it occurred. Its delay is recordedat − time, or without a recordedat the time of its arrival −
    time; never below 0. Of several processes that report each has a `name`, as their hours are reports of their own.
    """

    def __init__(self, sources: Iterable[str] = (), late_after: timedelta = timedelta(days=30), name: str = "") -> None:
        self._name = name
        self._sources = set(sources)
        self._late_ms = late_after // timedelta(milliseconds=1)
        self._state = _State()
        self.newest: dict[str, int] = {}
        """Source → the newest instant (ms) that something from it was about, since this was made."""

    def note(
        self,
        event: CampusEvent,
        verdict: Verdict,
        now: datetime,
        *,
        incomplete: bool = False,
        doubts: Iterable[str] = (),
    ) -> None:
        """An event that the log accepted, or knew already; `doubts`: the names of what is doubtful in it."""
        count = self._count(event.source, now)
        self.newest[event.source] = max(to_ms(event.time), self.newest.get(event.source, -1))
        if verdict == "duplicate":
            count.duplicate += 1
            return
        count.accepted += 1
        count.incomplete += incomplete
        named = list(doubts)
        count.doubtful += bool(named)
        for name in named:
            count.doubts[name] = count.doubts.get(name, 0) + 1
        occurred_ms = to_ms(event.time)
        now_ms = to_ms(now)
        count.late += now_ms - occurred_ms > self._late_ms
        recorded_ms = now_ms if event.recordedat is None else to_ms(event.recordedat)
        delay = _rounded(max(0, recorded_ms - occurred_ms) // 1000)
        count.delays[delay] = count.delays.get(delay, 0) + 1

    def note_rejected(self, source: str | None, reason: str, now: datetime) -> None:
        """An input that was refused; `source` is None where it could not be read."""
        rejected = self._count(source or _UNNAMED, now).rejected
        rejected[reason] = rejected.get(reason, 0) + 1

    def due(self, now: datetime) -> list[CampusEvent]:
        """The reports of the hours that are over, one per source; each is given out once."""
        self._close(to_ms(now) // _HOUR_MS)
        closed, self._state.closed = self._state.closed, []
        return [
            _report(source, hour, count, self._name)
            for hour, counts in closed
            for source, count in sorted(counts.items())
        ]

    def snapshot(self) -> bytes:
        """The counts so far, to go on with after a restart."""
        return msgspec.json.encode(self._state)

    def resume(self, snapshot: bytes) -> None:
        """Go on from a snapshot."""
        self._state = msgspec.json.decode(snapshot, type=_State)

    def _count(self, source: str, now: datetime) -> _Count:
        state = self._state
        hour = to_ms(now) // _HOUR_MS
        if hour != state.hour:
            self._close(hour)
        count = state.counts.get(source)
        if count is None:
            count = state.counts[source] = _Count()
        return count

    def _close(self, hour: int) -> None:
        state = self._state
        if state.hour is None or not state.counts:
            self._open(hour if state.hour is None else max(hour, state.hour))
        elif hour > state.hour:  # a clock that was set back goes on counting in the hour that is open
            state.closed.append((state.hour, state.counts))
            self._open(hour)

    def _open(self, hour: int) -> None:
        known = self._sources | set(self._state.counts)
        self._state.hour = hour
        self._state.counts = {source: _Count() for source in known}


def _rounded(seconds: int) -> int:
    return seconds if seconds < 1000 else round(seconds, _DIGITS - int(math.log10(seconds)))  # noqa: PLR2004


def _percentile(delays: dict[int, int], share: float) -> int:
    """The nearest rank."""
    rank = math.ceil(sum(delays.values()) * share)
    for delay in sorted(delays):
        rank -= delays[delay]
        if rank <= 0:
            return delay
    raise ValueError("no delays")


def _report(source: str, hour: int, count: _Count, reporter: str) -> CampusEvent:
    start, end = from_ms(hour * _HOUR_MS), from_ms((hour + 1) * _HOUR_MS)
    data: Json = {
        "source_name": source,
        "from": write_moment(start),
        "to": write_moment(end),
        "accepted": count.accepted,
        "late": count.late,
        "duplicate": count.duplicate,
        "rejected": dict(sorted(count.rejected.items())),
        "rejected_total": sum(count.rejected.values()),
        "incomplete": count.incomplete,
    }
    if count.doubtful:
        data |= {"doubtful": count.doubtful, "doubts": dict(sorted(count.doubts.items()))}
    if count.delays:
        data |= {"delay_p50": _percentile(count.delays, 0.5), "delay_p95": _percentile(count.delays, 0.95)}
    name = "/".join(filter(None, (source, write_moment(start), reporter)))
    return CampusEvent(source=REPORTER, id=name, kind="source_report", time=end, recordedat=end, data=data)
