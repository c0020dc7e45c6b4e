"""Changes of warnings that notify's store could not hold, in a cluster: they stand on `campus.rejected`.

Nothing is taken from a topic: what has been taken in after all is known by the store.
"""

from __future__ import annotations

import re
import threading
from itertools import islice

import msgspec

from services.app.taking_in import rule_of
from services.errors import UnstorableError
from services.i18n import say
from services.log.kafka import WARNINGS
from services.log.kafka.rejects import Rejects
from services.messages import UNREADABLE, Message, Rejection, WarningChange
from services.notify.ports import SetAside
from services.notify.service import Notify


class SetAsideChanges:
    """Those of one topic prefix; threads share it."""

    def __init__(self, rejects: Rejects) -> None:
        self._rejects, self._lock = rejects, threading.Lock()
        self._at = 0
        self._found: list[tuple[int, Rejection]] = []

    def waiting(self, notify: Notify, most: int) -> list[SetAside]:
        """The oldest that are not taken in, at most so many; nothing is read twice. Raises BrokerError."""
        with self._lock:
            self._found += [(number, one) for number, one in self._rejects.behind(self._at) if one.origin == WARNINGS]
            self._at = self._rejects.end
            left = (found for found in self._found if not is_known(notify, found[1]))
            return [
                SetAside(number, one.received_at, 1, one.reasons[0].what if one.reasons else "", rule_of(one.raw))
                for number, one in islice(left, most)
            ]


def is_known(notify: Notify, rejection: Rejection) -> bool:
    """Whether the store has taken the change in meanwhile."""
    try:
        change = msgspec.json.decode(rejection.raw, type=WarningChange)
    except UNREADABLE:
        return False
    return notify.knows(change.warning_id, change.sequence)


def take_again(notify: Notify, rejection: Rejection) -> Message | str | None:
    """Takes a change in that was set aside; why it cannot be, if it still cannot. Raises LogError."""
    try:
        change = msgspec.json.decode(rejection.raw, type=WarningChange)
    except UNREADABLE as error:
        return say("app.change_unreadable", error=error)
    # Where it stood; anybody may have written to the topic, and then it counts as of the first partition.
    stood = re.match(r"partition (\d+) ", rejection.position)
    consumer = f"{WARNINGS}/{stood[1] if stood else 0}"
    try:
        notify.take_in([change], notify.offset(consumer), consumer)
    except UnstorableError as error:
        return str(error)
    return None
