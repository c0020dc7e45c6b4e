"""Passwords of local accounts: argon2id with the library's parameters (RFC 9106), and what a password has to be.

Source for the bounds: NIST SP 800-63B, 5.1.1: length counts, no rules of composition.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST, MOST = 10, 200
"""Characters."""
Wrong = Literal["too_short", "too_long", "like_the_name", "not_the_same"]


def wrong(password: str, again: str, person: str) -> Wrong | None:
    """Why it cannot be the password of a person; the pages say it as `password_…`."""
    if len(password) < LEAST:
        return "too_short"
    if len(password) > MOST:
        return "too_long"
    if password.casefold() == person.casefold():
        return "like_the_name"
    return None if password == again else "not_the_same"


def hashed(password: str) -> str:
    """As it is kept; takes some 50 ms and 64 MiB."""
    return _hasher().hash(password)


def is_right(kept: str, password: str) -> bool:
    """Whether it is the one; where nothing is kept it takes as long and is not."""
    try:
        return _hasher().verify(kept or _nobodys(), password[:MOST]) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this one")
