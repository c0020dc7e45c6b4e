"""The ordinary misses of ordinary students, within caps that no rule reaches.

A student has at most one absence, one leave and two late or early ones: 2 2/3 hours (S1 begins at 4), no two absences
in a row (S2), two lessons missed (S3 begins at three). A lesson has at most one absence (K1 begins at two).
"""

from __future__ import annotations

from services.app.demo.scene import Scene

_SHARES = (("absent", 0.004), ("leave", 0.008), ("late", 0.012), ("early_leave", 0.003))
_MOST = {"absent": 1, "leave": 1, "late": 2}


def add_noise(scene: Scene) -> None:
    """Marks students without a part in lessons that no scenario has touched."""
    for class_ in scene.cast:
        free = [lesson for lesson in scene.lessons[class_.id] if scene.is_free(lesson)]
        one_absent = set()
        for student in class_.students:
            if student.id in scene.busy:
                continue
            left = dict(_MOST)
            for lesson in free:
                status = _drawn(scene.dice.random())
                capped = "late" if status == "early_leave" else status
                if not left.get(capped) or (status == "absent" and lesson.id in one_absent):
                    continue
                left[capped] -= 1
                if status == "absent":
                    one_absent.add(lesson.id)
                scene.booking(lesson).marks[student.id] = status


def _drawn(chance: float) -> str:
    for status, share in _SHARES:
        chance -= share
        if chance < 0:
            return status
    return "present"
