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
        self._unseen = ""
        """Why the state itself cannot be read, since when it cannot."""

    def look(self) -> T | None:
        """As `offer`, with the state as it is now; one that cannot be read is a newer one that is not used."""
        try:
            state = self._find()
        except Exception as error:  # noqa: BLE001 - as in `offer`
            with self._changing:
                if (why := str(error)) != self._unseen:
                    self.refuse(error)
                self._unseen = why or type(error).__name__
            return None
        return self.offer(state)

    def offer(self, state: S) -> T | None:
        """The new value if the state is another one and right, else None. Behind it, the value is of this state."""
        with self._changing:
            if state == self.state and not self._unseen:
                return None
            self.state, self._unseen = state, ""
            try:
                self.value = self._read(state)
            except Exception as error:  # noqa: BLE001 - whatever is bad about it, it changes nothing and is told
                self.refuse(error)
                return None
            self.problems = ()
            return self.value

    def refuse(self, error: Exception) -> None:
        """The newest state is not used for this reason."""
        known = isinstance(error, PrewarnError)
        one = Problem(where="", what=str(error) if known else f"{type(error).__name__}: {error}")
        self.problems = error.problems if isinstance(error, ProblemsError) else [one]
        # Of what nobody has foreseen, the log says where it came from.
        _log.error("not used, what was active stays active:\n%s", one.what, exc_info=None if known else error)
