"""How messages to one person become fewer: they wait for others, and what is due together goes out as one. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

BROUGHT_LATER = timedelta(hours=2)
"""What the college could know longer ago came in a file, or was corrected: nobody who reads it hurries …"""
WITH_WHAT_SETTLES = timedelta(minutes=10)
"""… and it waits so long for the figures that settle, to be one message with them …"""
AT_MOST = timedelta(hours=1)
"""… longer as long as some of the same person do, but not for ever."""


class Grouping(NamedTuple):
    """Waits; red and rules with `always: true` have none. By default each message goes out at once, on its own."""

    wait: timedelta = timedelta(0)
    """A message waits so long for others to the same person."""
    interval: timedelta = timedelta(0)
    """After it, the next to the same person over the same channel waits so long, and is one digest with the others."""
    repeat: timedelta = timedelta(0)
    """So often a warning that nobody has taken up is told again; never if zero."""

    @property
    def groups(self) -> bool:
        """Whether messages become digests at all."""
        return bool(self.wait or self.interval)

    @property
    def wait_ms(self) -> int:
        """How long (ms) the first message of a group waits for others."""
        return self.wait // timedelta(milliseconds=1)

    @property
    def interval_ms(self) -> int:
        """How long (ms) after a message the next one of its group may go."""
        return self.interval // timedelta(milliseconds=1)

    @property
    def repeat_ms(self) -> int:
        """Milliseconds between two tellings."""
        return self.repeat // timedelta(milliseconds=1)
