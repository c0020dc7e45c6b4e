"""An import of files is a run: it has a number, goes on where it was interrupted, and can be undone as a whole."""

from __future__ import annotations

import hashlib
import os
import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from services.errors import ConfigurationError
from services.i18n import say
from services.ingest.records.coverage import Coverage, Covered, unpacked
from services.ingest.validation import in_table
from services.log.quota import ORIGIN, name_of
from services.log.records import Records, Run
from services.messages import CampusEvent, Rejection, Verdict, from_ms, to_ms

_SILENCE = 3_600_000
"""Milliseconds without a batch after which a run is interrupted, whoever has its process's number now."""
_CHUNK = 1 << 20


class Undone(msgspec.Struct):
    """What became of the records of a run that was undone, each by source."""

    taken_back: int = 0
    """Nothing else was said."""
    given_back: int = 0
    """What was said before counts again."""
    standing: int = 0
    """Another import has said the same, or something newer; what came otherwise and newer is not among them."""


class RunRecords(Protocol):
    """What a run needs of `RecordLog`."""

    def append(
        self, events: Sequence[CampusEvent], clocks: Sequence[int] | None = None, run: Run | None = None
    ) -> list[Verdict]:
        """See RecordLog."""

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See EventLog."""

    def rejected_since(self, moment: datetime) -> Iterator[Rejection]:
        """See RecordStore."""

    def retract_uncovered(self, coverage: Coverage, recorded_at: datetime, run: Run | None = None) -> int:
        """See RecordLog."""

    def keep(self, run: Run) -> None:
        """See RecordLog."""


class RunLog:
    """An `EventLog` of one run. What it does raises ConfigurationError if the run was undone meanwhile."""

    def __init__(self, log: RunRecords, run: Run) -> None:
        self._log, self.run = log, run
        self.begun = from_ms(run.begun)
        """When this process began with it."""
        self._before: _RefusedBefore | None = None
        """What was refused before the run was interrupted, once that is known."""

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """See EventLog."""
        return self._log.append(events, run=self.run)

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See EventLog. What was kept before the run was interrupted, or counted by the quota, is so once."""
        self.run.counts["refused"] = self.run.counts.get("refused", 0) + len(rejections)
        self._log.keep(self.run)  # also a run that has brought nothing else can be gone on with
        if self.run.resumed and self._before is None:
            self._before = _RefusedBefore(self._log, self.run)
        before = self._before
        if left := [one for one in rejections if before is None or not before.has(one)]:
            self._log.reject(left)

    def retract_uncovered(self, coverage: Coverage, recorded_at: datetime) -> int:
        """See `RecordLog.retract_uncovered`."""
        return self._log.retract_uncovered(coverage, recorded_at, self.run)

    def done(self, late: int | None = None) -> None:
        """It has come to its end. `late`: how many records came too late for the rules, once that is known."""
        self.run.state = "done"
        if late is not None:
            self.run.counts["late"] = late
        self._log.keep(self.run)


class _RefusedBefore:
    """What a run refused before it was interrupted, and has not refused again since."""

    def __init__(self, log: RunRecords, run: Run) -> None:
        begun = from_ms(run.begun)
        self._kept = Counter[bytes]()
        self._over_quota = set[str]()
        self._left = run.refused_before
        for one in log.rejected_since(begun.replace(hour=0, minute=0, second=0, microsecond=0)):
            if one.origin == ORIGIN:
                self._over_quota.add(one.source or "")
            elif one.received_at >= begun:
                self._kept[_input_of(one)] += 1

    def has(self, one: Rejection) -> bool:
        """Whether it is one of them, and from now on has come again. Files are read in the same order as before."""
        self._left -= 1
        name = _input_of(one)
        if self._kept[name] > 0:
            self._kept[name] -= 1
            return True
        return self._left >= 0 and not self._over_quota.isdisjoint({name_of(one), ""})


def _input_of(one: Rejection) -> bytes:
    """Tells what was refused from all else that the same files hold, each time they are read."""
    raw = b"" if in_table(one.position) else one.raw  # of a row it may hold when it was read
    return hashlib.blake2b(f"{one.origin}\0{one.position}\0".encode() + raw, digest_size=16).digest()


def run_of(files: Iterable[Path], how: Iterable[object], mapping: str, now: datetime) -> Run:
    """A run of this process over these files; `how` they are read. Reads them."""
    files = list(files)
    return Run(
        begun=to_ms(now),
        heard=to_ms(now),
        files=[path.name for path in files],
        digest=_digest(files, (*how, mapping)),
        mapping=mapping,
        host=socket.gethostname(),
        pid=os.getpid(),
    )


def _digest(files: list[Path], how: tuple[object, ...]) -> str:
    """Empty if they cannot be read, or not twice: a pipe."""
    digest = hashlib.blake2b(repr(tuple(map(str, how))).encode(), digest_size=16)
    if not all(path.is_file() for path in files):
        return ""
    try:
        for path in files:
            digest.update(f"\n{path.name} {path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
    except OSError:  # whoever takes the files in says so
        return ""
    return digest.hexdigest()


RunState = Literal["running", "interrupted", "done", "undoing", "undone"]


def state_of(run: Run, now: int) -> RunState:
    """What a run is at an instant (ms). Of another machine's processes only their silence is known."""
    if run.state != "open":
        return run.state
    alive = now - run.heard < _SILENCE and (run.host != socket.gethostname() or _is_there(run.pid))
    return "running" if alive else "interrupted"


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def admit(records: Records, run: Run) -> None:
    """Lets a run write, in the transaction: one that begins gets its number, or goes on with what was interrupted.

    Raises ConfigurationError if it was undone, or is somebody else's, meanwhile.
    """
    if run.id:
        kept = records.run(run.id)
        if kept is None or kept.state not in {"open", "done"} or (kept.host, kept.pid) != (run.host, run.pid):
            raise ConfigurationError(say("ingest.run_undone_meanwhile", run=run.id))
        return
    for one in records.runs():
        if one.digest and one.digest == run.digest and state_of(one, run.heard) == "interrupted":
            run.id, run.begun, run.covered, run.resumed = one.id, one.begun, one.covered, True
            run.refused_before = max(one.refused_before, one.counts.get("refused", 0))
    records.save_run(run)


def to_be_undone(records: Records, number: int, now: int) -> Run:
    """A run that may be undone at an instant (ms). Raises ConfigurationError."""
    run = records.run(number)
    if run is None:
        known = [str(one.id) for one in records.runs()]
        raise ConfigurationError(say("ingest.no_such_run", run=number, known=", ".join(known[-20:]) or "-"))
    if state_of(run, now) == "running":
        files, heard = ", ".join(run.files), f"{from_ms(run.heard):%Y-%m-%d %H:%M:%S}Z"
        raise ConfigurationError(
            say("ingest.run_at_work", run=number, files=files, pid=run.pid, host=run.host, heard=heard)
        )
    return run


def uncovered(covered: Iterable[Covered], run: Run, runs: Mapping[int, Run]) -> list[Covered]:
    """What files cover once a run is undone: what its own covered anew is covered by the older ones again."""
    left = [one for one in covered if one.run != run.id]
    back = unpacked(run.covered)
    while back:
        one = back.pop()
        maker = runs.get(one.run)
        if one.run == run.id or (maker is not None and maker.state in {"undoing", "undone"}):
            back += unpacked(maker.covered) if maker is not None and maker.id != run.id else []
        elif one not in left:
            left.append(one)
    return left
