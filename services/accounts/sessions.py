"""What a session is: its token, its two ends, and the token of its forms. Pure but for chance.

Source: OWASP Session Management Cheat Sheet; RFC 6265bis for the cookie's attributes (services/web/signing_in.py).
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256

from services.accounts.rows import SessionRow

SLIDING = timedelta(days=3)
"""A session that nobody uses ends after this."""
ABSOLUTE = timedelta(days=30)
"""And after this whatever happens."""
SEEN_EVERY = timedelta(minutes=5)
"""More often its use is not written down."""
LINK = timedelta(hours=24)
"""How long a one-time link can be used."""
BEGUN = timedelta(minutes=10)
"""How long somebody may stay at a provider's page."""
_MILLISECOND = timedelta(milliseconds=1)


def new_token() -> str:
    """256 random bits, in letters that stand in cookies and addresses."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """As which a token is kept: who reads the store cannot use it."""
    return sha256(token.encode()).hexdigest()


def form_token(token: str) -> str:
    """What each form of a session carries: other sites cannot know it, and it says nothing of the session's token."""
    return hmac.digest(token.encode(), b"prewarn form", "sha256").hex()


def same(one: str, other: str) -> bool:
    """Compared in constant time; nothing is the same as nothing."""
    return bool(one) and hmac.compare_digest(one.encode(), other.encode())


def is_over(row: SessionRow, now: int) -> bool:
    """Whether it has ended at `now` (ms)."""
    return now - row.seen >= SLIDING // _MILLISECOND or now - row.made >= ABSOLUTE // _MILLISECOND


def is_to_be_noted(row: SessionRow, now: int) -> bool:
    """Whether its use is to be written down again."""
    return now - row.seen >= SEEN_EVERY // _MILLISECOND
