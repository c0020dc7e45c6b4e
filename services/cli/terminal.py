"""What is shown on a terminal steers none: control characters that files, events and people bring are shown as escapes.

Files and pipes get what was written as it is.
"""

from __future__ import annotations

import re
import sys
from typing import Any, TextIO, cast

_STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)"
)
"""All but tab and ends of lines; with what turns the direction of text, behind which a line is not what it seems."""


def visible(text: str) -> str:
    """The text with what would steer a terminal as escapes."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class Terminal:
    """A text stream to a terminal; it has no stream of bytes below that would go past it."""

    buffer = None

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str | bytes) -> int:
        """Also bytes, which are text here."""
        shown = text if isinstance(text, str) else text.decode("utf-8", "backslashreplace")
        self._stream.write(visible(shown))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """As `write`."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guard() -> None:
    """Whatever this process writes to its terminals from here on goes through `visible`."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and stream.isatty():
            setattr(sys, name, cast("TextIO", Terminal(stream)))
