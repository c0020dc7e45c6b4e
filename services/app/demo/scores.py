"""The scores of the lessons' tests: a student's own level and a little luck, so that no rule sees a change in them."""

from __future__ import annotations

from services.app.demo.campus import Person
from services.app.demo.scene import Booking, Scene

MAX_SCORE, PASS_SCORE = 100, 60
_LUCK = 4
"""Points either way: a test is at most 8 points off the student's mean (S6 begins at 15, P2 at 10)."""
_FAILED = (35, 57)
_ATTENDED = frozenset({"present", "late", "early_leave"})


def attended(booking: Booking, student: str) -> bool:
    """Whether the student was there, and so took the test."""
    return booking.marks.get(student, "present") in _ATTENDED


def give_scores(scene: Scene) -> None:
    """Draws the score of every test that will be graded."""
    plain = Booking()
    for class_ in scene.campus.classes:
        levels = {student.id: _level(scene) for student in class_.students}
        for lesson in scene.lessons[class_.id]:
            booking = scene.bookings.get(lesson.id, plain)
            for student in class_.students:
                outcome = booking.outcomes.get(student.id)
                if attended(booking, student.id) and outcome != "not_submitted":
                    scene.scores[lesson.id, student.id] = _score(scene, student, levels, failed=outcome == "failed")


def _level(scene: Scene) -> int:
    return round(min(MAX_SCORE - _LUCK, max(PASS_SCORE + _LUCK + 2, scene.dice.gauss(80, 8))))


def _score(scene: Scene, student: Person, levels: dict[str, int], *, failed: bool) -> int:
    """Of a test; one that is not to be failed is passed."""
    if failed:
        return scene.dice.randint(*_FAILED)
    return levels[student.id] + scene.dice.randint(-_LUCK, _LUCK)
