"""Times on the wire: RFC 3339 with a zone in, UTC out."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


def read_moment(text: str) -> datetime | None:
    """The UTC datetime of an RFC 3339 text; None without a zone, or for an instant that no calendar has (23:59:60)."""
    try:
        moment = msgspec.convert(text, datetime)
        if moment.tzinfo is UTC:
            return moment
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (msgspec.ValidationError, OverflowError):
        return None


def write_moment(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`, as the rest of Prewarn writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def lacks_zone(text: str) -> bool:
    """Whether the text is a date and time that only lacks its zone."""
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False
