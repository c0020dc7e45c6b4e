"""The records behind a warning as a picture with words: a strip of attendance by date, a line of scores. Pure.

Plain SVG with attributes alone (the pages allow neither scripts nor styles within them); each has a text that says the
same. What the records do not bear is left out: the table has all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from services.i18n import terms
from services.messages import Evidence
from services.notify import texts, wording
from services.notify.rows import WarningRow
from services.web.reader import Reader
from services.web.view_models import facts_of

_LINES = ("pass_score", "target")
"""Fields that a score is held against."""
_LEAST = 2
"""Records: of a single one the table says all."""
_WIDTH, _HEIGHT, _MARGIN = 320, 120, 14


class Cell(NamedTuple):
    """One lesson of a strip."""

    status: str
    letter: str
    """So that no colour alone says it."""
    day: str
    word: str
    says: str
    """`11-27 周五：旷课`."""


class Point(NamedTuple):
    """One score of a line, in the units of the picture."""

    x: float
    y: float
    figure: str
    day: str
    below: bool
    """Whether it is on the wrong side of the line."""


class ScoreLine(NamedTuple):
    """Scores over time, oldest first."""

    width: int
    height: int
    points: list[Point]
    path: str
    """The points joined."""
    y: float | None
    """Of the line that they are held against; None without one."""
    says: str


def strip(row: WarningRow, reader: Reader) -> list[Cell]:
    """Attendance by date, oldest first; empty where the records say nothing of it."""
    found = facts_of(row).evidence
    mine = [one for one in found if one.fields.get("status") in terms("attendance")]
    if len(mine) < _LEAST or len(mine) != len(found) or _of_several(found):
        return []
    cells = []
    for one in sorted(mine, key=lambda one: one.at):
        status = str(one.fields["status"])
        letter, word = reader.term("attendance", status), reader.term("value", status)
        day = wording.day(one.at, reader.listener)
        cells.append(Cell(status, letter, f"{one.at.astimezone(reader.zone):%m-%d}", word, f"{day}: {word}"))
    return cells


def score_line(row: WarningRow, reader: Reader) -> ScoreLine | None:
    """Scores over time, with the pass score or target where it is the same for all; None where there are no scores.

    Of a class or a test, whose records are of several students, there is none.
    """
    found = facts_of(row).evidence
    scored = [(one, value) for one in found if (value := _number(one, "score")) is not None]
    held = [next((n for name in _LINES if (n := _number(one, name)) is not None), None) for one, _ in scored]
    line = held[0] if held and len(set(held)) == 1 else None
    if len(scored) < _LEAST or _of_several(found):
        return None
    scored.sort(key=lambda one: one[0].at)
    values = [value for _, value in scored]
    bounds = [*values, *([] if line is None else [line])]
    low, high = min(bounds), max(bounds)
    span = (high - low) or 1.0

    def height(value: float) -> float:
        return round(_MARGIN + (high - value) / span * (_HEIGHT - 2 * _MARGIN), 1)

    step = (_WIDTH - 2 * _MARGIN) / (len(scored) - 1)
    points = [
        Point(
            round(_MARGIN + step * n, 1),
            height(value),
            texts.number(value),
            wording.day(one.at, reader.listener),
            line is not None and value < line,
        )
        for n, (one, value) in enumerate(scored)
    ]
    return ScoreLine(
        _WIDTH,
        _HEIGHT,
        points,
        " ".join(f"{point.x},{point.y}" for point in points),
        None if line is None else height(line),
        _said(points, reader)
        + ("" if line is None else " " + reader.word("score_threshold", threshold=texts.number(line))),
    )


def _of_several(found: Sequence[Evidence]) -> bool:
    return any("student" in one.fields for one in found)


def _said(points: Sequence[Point], reader: Reader) -> str:
    comma = ", " if reader.language == "en" else "、"
    each = comma.join(f"{point.day} {point.figure}" for point in points)
    return reader.word("score_points", n=len(points), values=each)


def _number(record: Evidence, field: str) -> float | None:
    value = record.fields.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
