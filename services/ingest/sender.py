"""Who sends events, and of what. It is asked of each event, so that the others of a message are taken."""

from __future__ import annotations

from typing import NamedTuple

from services.i18n import say
from services.messages import CampusEvent, Message, Problem, Rejection

_NOT_ALLOWED = ("ingest.source_not_allowed", "ingest.kind_not_allowed")


class Sender(NamedTuple):
    """Which sources and kinds somebody may send."""

    source: str = ""
    """And what stands below it, as `edu/attendance` below `edu`; empty: any."""
    kinds: tuple[str, ...] = ()
    """Empty: all."""

    def problems(self, event: CampusEvent) -> list[Problem]:
        """Why they may not send it."""
        found = []
        if not self._covers(event.source):
            what = say("ingest.source_not_allowed", source=event.source, token=self.source)
            found.append(Problem(where="source", what=what, expected=say("ingest.source_or_below", source=self.source)))
        if self.kinds and event.kind not in self.kinds:
            what, right = say("ingest.kind_not_allowed", kind=event.kind, token=self.source), ", ".join(self.kinds)
            found.append(Problem(where="type", what=what, expected=right))
        return found

    def accountable(self, source: str | None) -> str | None:
        """The source against which a reject counts: their own, if it names another one."""
        return source if source is not None and self._covers(source) else self.source or source

    def _covers(self, source: str) -> bool:
        return not self.source or source == self.source or source.startswith(f"{self.source}/")


ANYBODY = Sender()


def was_not_allowed(rejection: Rejection) -> bool:
    """Whether its sender's token was not for it."""
    return any(isinstance(one.what, Message) and one.what.id in _NOT_ALLOWED for one in rejection.reasons)
