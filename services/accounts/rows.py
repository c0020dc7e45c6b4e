"""The rows of accounts and sessions. Instants are whole milliseconds, UTC; store/account_tables.py has the tables."""

from __future__ import annotations

import msgspec


class AccountRow(msgspec.Struct, kw_only=True):
    """Somebody who signs in with a password of ours."""

    person: str
    """Id in the directory, which is the name to sign in with; the first administrator may be in no directory."""
    password: str = ""
    """Its argon2id hash; empty until one is set by a one-time link."""
    operator: int = 0
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
    failures: int
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
