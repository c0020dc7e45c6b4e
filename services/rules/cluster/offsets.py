"""Each partition's messages one after another, whatever the stream hands out. Pure.

After a rebalance Faust seeks while records are still on their way, so that a stream may bring a message twice or,
worse, leave some out for good; and its count of acknowledged offsets then stands still. So the order is kept here: what
has been taken is passed over, and at a gap the reader goes back to the first message that is missing.
"""

from __future__ import annotations

from typing import Literal


class OffsetTracker:
    """Offsets of one topic's partitions."""

    def __init__(self) -> None:
        self.next: dict[int, int] = {}
        """Partition → offset of the message that must come next; all before it have been taken."""

    def begin(self, partition: int, offset: int) -> None:
        """From here on `offset` is the next one."""
        self.next[partition] = offset

    def forget(self) -> None:
        """The partitions are given out anew."""
        self.next.clear()

    def take(self, partition: int, offset: int) -> Literal["next", "repeated", "gap"]:
        """Whether the message is the next one of its partition, which then counts as taken."""
        due = self.next[partition]
        if offset != due:
            return "repeated" if offset < due else "gap"
        self.next[partition] = offset + 1
        return "next"
