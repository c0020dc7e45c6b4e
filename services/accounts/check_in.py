"""The code by which students say that they are in a lesson. Pure.

It belongs to one window of one lesson and changes every 20 seconds; the one before counts still, for who was typing.
Source: RFC 6238 (time-based one-time passwords) with the truncation of RFC 4226, SHA-256, from the window's begin.
"""

from __future__ import annotations

import hmac
import unicodedata

from services.accounts.rows import CheckInWindowRow

DIGITS = 6
STEP = 20_000
"""Milliseconds for which a code is shown."""
MINUTES = (2, 5, 10)
"""How long a window may be open."""
_SIGN = 0x7FFF_FFFF


def is_open(window: CheckInWindowRow, now: int) -> bool:
    """Whether it is at `now` (ms)."""
    return window.opened <= now < window.ends


def code(window: CheckInWindowRow, now: int) -> str:
    """The code that is shown at `now`."""
    return _of_step(window.secret, _step(window, now))


def changes_in(window: CheckInWindowRow, now: int) -> int:
    """Milliseconds until the next one."""
    return STEP - (now - window.opened) % STEP


def is_right(window: CheckInWindowRow, typed: str, now: int) -> bool:
    """Whether it is the code of now, or the one before, and the window is open."""
    if not is_open(window, now) or len(typed) != DIGITS or not typed.isascii():
        return False
    step = _step(window, now)
    steps = (step, step - 1) if step > 0 else (step,)
    return any(hmac.compare_digest(_of_step(window.secret, one), typed) for one in steps)


def digits(typed: str) -> str:
    """What was typed without blanks, and with the digits that Chinese keyboards have, too."""
    found = "".join(one for one in unicodedata.normalize("NFKC", typed) if not one.isspace())
    return found if found.isascii() and found.isdigit() else ""


def _step(window: CheckInWindowRow, now: int) -> int:
    return (now - window.opened) // STEP


def _of_step(secret: str, step: int) -> str:
    digest = hmac.digest(secret.encode(), step.to_bytes(8, "big"), "sha256")
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & _SIGN
    return f"{number % 10**DIGITS:0{DIGITS}}"
