"""How long somebody waits who has tried to sign in or to check in in vain, or has had codes sent. Pure.

Each try counts before the password is looked at, so that many at once are as many; one that is right gives it back.
An account waits for its own failures, an address for those of all accounts: colleges share addresses, so it may have
more. Codes that are sent to prove an address count alike, for who asks and for where they go. Nobody is locked out for
longer than 15 minutes by what somebody else does.
"""

from __future__ import annotations

from services.accounts.rows import AttemptRow

_FREE = {"account": 5, "address": 30, "code": 3, "code_to": 3, "check_in": 5}
"""Failures in a row that cost nothing."""
_FIRST, _LONGEST = 30_000, 900_000
"""Milliseconds to wait after one more, doubled each time up to the second."""
FORGOTTEN = 3_600_000
"""Milliseconds after the newest failure after which none counts."""


def key(kind: str, name: str) -> str:
    """`account` or `address` of a sign-in, `code` for a person, `code_to` an address, `check_in`; and which."""
    return f"{kind}:{name}"


def wait(row: AttemptRow, now: int) -> int:
    """Milliseconds until the next try."""
    over = row.failures - _FREE[row.key.partition(":")[0]]
    if over < 0 or now - row.at >= FORGOTTEN:
        return 0
    return max(0, row.at + min(_LONGEST, _FIRST << min(over, 10)) - now)
