"""The one place where the wall clock is read, so that a rehearsal of days (tests/acceptance) can put another there."""

from __future__ import annotations

from datetime import UTC, datetime


def wall_clock() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)
