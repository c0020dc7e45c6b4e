"""What is said of a student in a lesson test, and what that comes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

State = Literal["graded", "not_tested", "not_submitted", "exempt", "pending"]
STATES: tuple[State, ...] = ("graded", "not_tested", "not_submitted", "exempt", "pending")
"""In the order in which they are offered. not_tested: nothing is said of the student, who was not there."""
STANDARD_SHARE = 0.6
"""Of the highest score, where the teacher names no pass mark: as rules/tests.yaml has it."""
_BANDS = (0.0, 0.6, 0.7, 0.8, 0.9)
"""Where the bands of the distribution begin, as shares of the highest score."""


class Result(NamedTuple):
    """What is said of a student."""

    state: State = "graded"
    score: float | None = None
    """Of who is graded; None: it is not entered yet."""


class Standard(NamedTuple):
    """What a teacher asks of a test."""

    highest: float = 100.0
    pass_mark: float = 100.0 * STANDARD_SHARE
    """The score from which it is passed."""
    questions: str = ""
    """Which kinds of question."""


class Summary(NamedTuple):
    """The results of a test."""

    tested: int
    passed: int
    failed: Sequence[str]
    """The students."""
    not_submitted: Sequence[str]
    mean: float
    bands: Sequence[tuple[float, float, int]]
    """(from, below, how many), lowest first; the last one holds the highest score, too."""


def summary(results: Iterable[tuple[str, Result]], standard: Standard) -> Summary | None:
    """None where nobody is graded. Of each student the result that counts."""
    results = list(results)
    graded = [(student, one.score) for student, one in results if one.state == "graded" and one.score is not None]
    if not graded:
        return None
    failed = [student for student, score in graded if score < standard.pass_mark]
    begins = [share * standard.highest for share in _BANDS]
    bands = []
    for at, begin in enumerate(begins):
        end = begins[at + 1] if at + 1 < len(begins) else standard.highest
        last = at + 1 == len(begins)
        bands.append((begin, end, sum(begin <= score < end or (last and score >= end) for _, score in graded)))
    return Summary(
        len(graded),
        len(graded) - len(failed),
        failed,
        [student for student, one in results if one.state == "not_submitted"],
        sum(score for _, score in graded) / len(graded),
        bands,
    )
