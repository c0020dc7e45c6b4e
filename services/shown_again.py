"""A form that was refused is shown again in the other language, and must do nothing.

Wherever something would be kept or sent for whoever sent it, `guard` stops it. It holds for the request whose form says
so (web/visitor.py), in its threads too.
"""

from __future__ import annotations

from contextvars import ContextVar

_is_on: ContextVar[bool] = ContextVar("shown_again", default=False)


class OnlyShownError(Exception):
    """What a form says would be taken, or counted, now; nothing was kept of it."""


def begin(*, only_shown: bool) -> None:
    """From here on in this request."""
    _is_on.set(only_shown)


def is_on() -> bool:
    """Whether this request may do nothing."""
    return _is_on.get()


def guard() -> None:
    """Raises OnlyShownError if this request may do nothing."""
    if _is_on.get():
        raise OnlyShownError
