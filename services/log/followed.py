"""Something that changes while a process runs: files, or what stands on a topic."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from services.errors import PrewarnError, ProblemsError
from services.messages import Problem

_log = logging.getLogger(__name__)
S = TypeVar("S")
T = TypeVar("T")


class Followed(Generic[S, T]):
    """A value read from a state that changes, as it was when it was last right.

    Whoever has files looks at their state from time to time (`look`); whoever follows a topic is told of it (`offer`).
    """

    def __init__(self, state: Callable[[], S], read: Callable[[S], T]) -> None:
        """Reads it for the first time: raises what `state` and `read` raise."""
        self._find, self._read = state, read
        self._changing = Lock()
        self.state = state()
        self.value = read(self.state)
        self.problems: Sequence[Problem] = ()
        """Why a newer state is not used; empty if the newest one is."""

    def look(self) -> T | None:
        """As `offer`, with the state as it is now. Raises what reading the state raises."""
        return self.offer(self._find())

    def offer(self, state: S) -> T | None:
        """The new value if the state is another one and right, else None. Behind it, the value is of this state."""
        with self._changing:
            if state == self.state:
                return None
            self.state = state
            try:
                self.value = self._read(state)
            except PrewarnError as error:
                one = Problem(where="", what=str(error))
                self.problems = error.problems if isinstance(error, ProblemsError) else [one]
                _log.error("not used, what was active stays active:\n%s", error)
                return None
            self.problems = ()
            return self.value
