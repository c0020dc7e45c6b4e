"""What people set for themselves, beside what the directory says of them: an address, a language, quiet hours. Pure.

Of several addresses the person's own comes first, if it is proved and the college allows its kind; the directory's
follow (recipients.py). Of languages their own, else the directory's. Quiet hours of theirs come on top of those of the
college.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import NamedTuple

from services.errors import SettingError
from services.i18n import Language
from services.notify.suppression import Quiet, read_quiet

_MINUTES = 24 * 60


class Own(NamedTuple):
    """What one person has set, as far as it counts now."""

    address: str = ""
    """An Apprise URL, which may hold a secret; empty: none that is proved and allowed."""
    language: Language | None = None
    quiet: Quiet = Quiet()


NOTHING = Own()
Everybody = Mapping[str, Own]
"""Person → what they have set; whoever is not in it has set nothing."""


def quiet_of(text: str, allowed: Quiet) -> Quiet | None:
    """The quiet hours that somebody has set, as `read_quiet` reads them; None if they are none, or not allowed."""
    try:
        found = read_quiet(text, allowed.day_off)
    except SettingError:
        return None
    return found if within(found, allowed) else None


def within(own: Quiet, allowed: Quiet) -> bool:
    """Whether hours and days lie inside of those that the college allows."""
    if not own.days <= allowed.days or (own.holidays and not allowed.holidays):
        return False
    if own.begins is None or own.ends is None:
        return True
    if allowed.begins is None or allowed.ends is None:
        return False
    first = _minute(allowed.begins)
    begins, ends, most = ((_minute(one) - first) % _MINUTES for one in (own.begins, own.ends, allowed.ends))
    return begins < ends <= most


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute
