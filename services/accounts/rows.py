"""The rows of accounts and sessions. Instants are whole milliseconds, UTC; notify/store/tables.py makes the tables."""

from __future__ import annotations

import msgspec

from services.bounds import Int32


class AccountRow(msgspec.Struct, kw_only=True):
    """Somebody who signs in with a password of ours."""

    person: str
    """Id in the directory, which is the name to sign in with; the first administrator may be in no directory."""
    password: str = ""
    """Its argon2id hash; empty until one is set by a one-time link."""
    operator: Int32 = 0
    """Whether the account makes its owner an operator, whatever the directory says."""
    made: int


class SessionRow(msgspec.Struct, kw_only=True):
    """Somebody is signed in in one browser."""

    digest: str
    """SHA-256 of the token in the cookie, which is kept nowhere."""
    person: str
    provider: str
    """By which the college knew who it was: `local`, `demo`, `proxy`, the name of an external one."""
    made: int
    seen: int
    """The last request, to some minutes."""


class LinkRow(msgspec.Struct, kw_only=True):
    """A link that was given out for setting a password once."""

    digest: str
    person: str
    ends: int


class BegunRow(msgspec.Struct, kw_only=True):
    """A sign-in that went to a provider's page and has not come back."""

    digest: str
    """SHA-256 of the token in the cookie, which is kept nowhere."""
    provider: str
    kept: str
    """JSON: what the provider's client compares at the return."""
    goal: str
    """The page that was asked for."""
    made: int


class AttemptRow(msgspec.Struct, kw_only=True):
    """Sign-ins that failed in a row, of an account or from an address."""

    key: str
    failures: Int32
    at: int
    """The newest."""


class AccessRow(msgspec.Struct, kw_only=True):
    """A line of the audit trail of what somebody asked for and was not theirs. Rows are added, never changed."""

    id: int | None = None
    at: int
    person: str
    what: str
    """The page, or the act and the warning."""
    why: str
    """Named reason of permissions.py."""


class CheckInWindowRow(msgspec.Struct, kw_only=True):
    """A time in which the students of a lesson can check in by a code; of a lesson one is open at most."""

    window_id: str
    lesson: str
    secret: str
    """Of which its codes are made."""
    opened: int
    ends: int
    person: str
    """Who opened it."""


class CheckInRow(msgspec.Struct, kw_only=True):
    """Somebody has checked in in a window; or was refused, as their phone had checked in somebody else."""

    window_id: str
    person: str
    other: str = ""
    """Who had checked in by the phone before; empty: nobody, so that it counts."""
    device: str
    """SHA-256 of the token in the phone's cookie, which is kept nowhere."""
    at: int
