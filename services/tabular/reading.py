"""The side of the reader that stays alive: starts the child, puts sheets together, says why the child died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from services.errors import ProblemsError
from services.i18n import say
from services.messages import Message, Problem
from services.tabular import frames
from services.tabular.sheets import Cell, Heard, Limits, Sheet
from services.tabular.spool import IN_MEMORY, Spooled

_SHARES = 3
"""The child has so many seconds on a core; on the clock so many times as many, for a machine that others use, too."""
_OUT_OF_TIME = (-signal.SIGXCPU, -signal.SIGKILL)


def sheets_of(path: Path, limits: Limits, heard: Heard) -> Iterator[Sheet]:
    """See `sheets.read_sheets`."""
    arguments = [str(path), str(limits.rows), str(limits.cells), str(limits.seconds), str(limits.megabytes)]
    # With -m alone, modules in the current folder would come before all others.
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", "services.tabular.child", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=here,
        )
        timer = threading.Timer(limits.seconds * _SHARES, child.kill)
        timer.start()
        try:
            assert child.stdout is not None
            with child.stdout as out:
                done = yield from _sheets(frames.frames(out), heard)
            code = child.wait()
        finally:
            timer.cancel()
            child.kill()
            child.wait()
        if not done:
            raise ProblemsError([Problem(where=path.name, what=_why(code, limits), expected=say("tabular.smaller"))])


def _sheets(told: Iterator[frames.Frame], heard: Heard) -> Generator[Sheet, None, bool]:
    """Whether the child came to the end is what this returns."""
    begins = frames.Begins("", hidden=False, file="")
    rows: list[list[Cell]] | Spooled = []
    cells = 0
    try:
        for frame in told:
            match frame:
                case frames.Begins():
                    begins, rows, cells = frame, [], 0
                case frames.Rows():
                    cells += sum(map(len, frame.rows))
                    if cells > IN_MEMORY and isinstance(rows, list):
                        few, rows = rows, Spooled()
                        rows.extend(few)
                    rows.extend(frame.rows)
                    heard(len(frame.rows))
                case frames.Ends():
                    uncalculated = frozenset(frame.uncalculated)
                    yield Sheet(
                        begins.name, begins.hidden, rows, frame.merged, begins.file, uncalculated, frame.problems
                    )
                case frames.Refused():
                    raise ProblemsError(frame.problems)
                case frames.Done():
                    return True
    except (msgspec.DecodeError, ValueError):
        return False
    return False


def _why(code: int, limits: Limits) -> Message:
    if code in _OUT_OF_TIME:
        return say("tabular.takes_longer", seconds=limits.seconds)
    return say("tabular.needs_more_memory", megabytes=limits.megabytes)
