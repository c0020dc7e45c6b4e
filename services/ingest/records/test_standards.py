"""A teacher's own standard for the tests of a course: it gives a result its pass mark where its source names none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.ingest.moments import read_moment
from services.messages import CampusEvent


def standard_at(said: Iterable[CampusEvent], teacher: str, at: datetime) -> CampusEvent | None:
    """The one of a teacher that holds for a test at an instant: what began last; None if they have named none."""
    begun = [(moment, one) for one in said if one.data["teacher"] == teacher and (moment := began(one)) <= at]
    return max(begun, key=lambda each: each[0])[1] if begun else None


def pass_mark(result: CampusEvent, standard: CampusEvent) -> float:
    """Of a result that names none, in the points of its own highest score."""
    share = standard.data["pass_score"] / standard.data["max_score"]
    return round(float(share * result.data["max_score"]), 4)


def began(one: CampusEvent) -> datetime:
    """From when on one holds."""
    return read_moment(one.data["from"]) or one.time
