"""A publication of a rule set, in the cluster and in a folder of its own."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Edition(msgspec.Struct, frozen=True):
    """Who published which rule set, when and why. Editions are counted from 1."""

    number: int
    version: str
    """Content hash of the rule set."""
    at: datetime
    """UTC."""
    author: str = ""
    reason: str = ""
    changed: list[str] = []
    """What is other than in the edition before, a line each."""
