"""The records behind a warning as a picture with words: a strip of attendance by date, a line of scores. Pure.

Plain SVG with attributes alone (the pages allow neither scripts nor styles within them); each has a text that says the
same. What the records do not bear is left out: the table has all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from services.messages import Evidence, RuleCard
from services.notify import texts, wording
from services.notify.rows import WarningRow
from services.web.view_models import Reader, facts_of

ATTENDANCE = ("present", "late", "early_leave", "leave", "absent")
"""Of the field `status`."""
_LEAST = 2
"""Records: of a single one the table says all."""
_WIDTH, _HEIGHT, _MARGIN = 320, 120, 14


class Cell(NamedTuple):
    """One lesson of a strip."""

    status: str
    letter: str
    """The first of the word, so that no colour alone says it."""
    day: str
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
    y: float
    """Of the threshold."""
    threshold: str
    says: str


def strip(row: WarningRow, reader: Reader) -> list[Cell]:
    """Attendance by date, oldest first; empty where the records say nothing of it."""
    found = facts_of(row).evidence
    mine = [one for one in found if one.fields.get("status") in ATTENDANCE]
    if len(mine) < _LEAST or len(mine) != len(found):
        return []
    cells = []
    for one in sorted(mine, key=lambda one: one.at):
        status = str(one.fields["status"])
        word, day = reader.term("value", status), wording.day(one.at, reader.listener)
        cells.append(Cell(status, word[:1].upper(), f"{one.at.astimezone(reader.zone):%m-%d}", f"{day}: {word}"))
    return cells


def score_line(row: WarningRow, card: RuleCard | None, reader: Reader) -> ScoreLine | None:
    """Scores of the records with the line that each is held against; none where there is no such line.

    The line is the pass score where all records have the same; else the warning's threshold, of a rule in points.
    """
    scored = [(one, value) for one in facts_of(row).evidence if (value := _number(one, "score")) is not None]
    lines = {value for one, _ in scored if (value := _number(one, "pass_score")) is not None}
    if len(lines) == 1:
        line = lines.pop()
    elif not lines and card is not None and card.unit == "points" and row.threshold is not None:
        line = row.threshold
    else:
        return None
    if len(scored) < _LEAST:
        return None
    scored.sort(key=lambda one: one[0].at)
    values = [value for _, value in scored]
    low, high = min(*values, line), max(*values, line)
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
            value < line,
        )
        for n, (one, value) in enumerate(scored)
    ]
    return ScoreLine(
        _WIDTH,
        _HEIGHT,
        points,
        " ".join(f"{point.x},{point.y}" for point in points),
        height(line),
        texts.number(line),
        _said(points, reader) + " " + reader.word("score_threshold", threshold=texts.number(line)),
    )


def _said(points: Sequence[Point], reader: Reader) -> str:
    comma = ", " if reader.language == "en" else "、"
    each = comma.join(f"{point.day} {point.figure}" for point in points)
    return reader.word("score_points", n=len(points), values=each)


def _number(record: Evidence, field: str) -> float | None:
    value = record.fields.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
