"""What must come of several warnings of one student: told of what the stories have booked, after all of them."""

from __future__ import annotations

from collections import defaultdict

from services.app.demo.scene import Scene
from services.messages import LEVELS, Text

_KINDS = {
    "absence-hours": "attendance", "absence-streak": "attendance", "absence-streak-all-courses": "attendance",
    "absence-rate": "attendance", "course-absence-share": "attendance", "absence-forecast": "attendance",
    "tests-failed": "tests", "tests-failed-often": "tests", "test-drop": "tests", "failing-courses": "tests",
    "tests-not-submitted": "tests", "assessment-poor-months": "assessment", "assessment-poor-teachers": "assessment",
    "self-assessment-below-target": "assessment",
}  # fmt: skip


def tell(scene: Scene) -> None:
    """Books a case for everybody with open warnings of two kinds: its level is that of the highest of them."""
    highest: dict[str, dict[str, int]] = defaultdict(dict)
    why: dict[str, Text] = {}
    for one in scene.planted:
        if one.status == "open" and (kind := _KINDS.get(one.rule)):
            student = one.subject.partition("/")[0]
            highest[student][kind] = max(highest[student].get(kind, 0), LEVELS.index(one.level))
            why[student] = one.why
    for student, kinds in highest.items():
        if len(kinds) > 1:
            scene.expect("student-case", student, max(kinds.values()), "open", "today", why=why[student])
