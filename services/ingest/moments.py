"""Times on the wire: RFC 3339 with a zone in, UTC out."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from services.bounds import FIRST_YEAR, LAST_YEAR


def read_moment(text: str) -> datetime | None:
    """The UTC datetime of an RFC 3339 text.

    None without a zone, for an instant that no calendar has (23:59:60), or one that is out of bounds (bounds.py).
    """
    try:
        moment = msgspec.convert(text, datetime)
        if moment.tzinfo is not UTC:
            if moment.tzinfo is None:
                return None
            moment = moment.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def write_moment(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`, as the rest of Prewarn writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def lacks_zone(text: str) -> bool:
    """Whether the text is a date and time that only lacks its zone."""
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False
