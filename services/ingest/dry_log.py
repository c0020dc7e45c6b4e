"""A log that keeps nothing: for showing what would become of a file."""

from __future__ import annotations

from collections.abc import Sequence

from services.messages import CampusEvent, Rejection, Verdict


class DryLog:
    """An `EventLog` that takes everything and writes nothing. The same (source, id) twice is a duplicate."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str, int]] = set()

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """See EventLog."""
        return [self._append(one) for one in events]

    def _append(self, event: CampusEvent) -> Verdict:
        identity = event.source, event.id, event.revision
        if identity in self._known:
            return "duplicate"
        self._known.add(identity)
        return "accepted"

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See EventLog."""
