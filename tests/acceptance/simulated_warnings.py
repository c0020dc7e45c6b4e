"""Which T1, T2, S1 and K1 warnings are right in a simulated college, by its plan; and how Prewarn's differ from them.

`python -m tests.acceptance.simulated_warnings [N]` prints, by rule, what is right, wrong and missing.
"""

import sys
import tempfile
from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from tests.acceptance.clocked_home import ClockedHome
from tests.acceptance.simulated_college import AT, CALENDAR, FIRST, HOURS, College

RULES = (
    "absence-hours", "arrival-rate", "rollcall-missing", "rollcall-missing-often", "test-missing", "test-missing-often",
)  # fmt: skip
_LEVELS = {
    "absence-hours": lambda hours: _highest(hours, {"red": 10, "orange": 8, "yellow": 4}),
    "rollcall-missing": lambda after: _highest(after, {"orange": timedelta(hours=24), "yellow": timedelta(minutes=30)}),
    "test-missing": lambda after: _highest(after, {"orange": timedelta(hours=48), "yellow": timedelta(hours=24)}),
    "rollcall-missing-often": lambda n: _highest(n, {"red": 3}),
    "test-missing-often": lambda n: _highest(n, {"red": 3}),
    "arrival-rate": lambda rate: next((level for level, line in _RATES.items() if rate < line), None),
}
_RATES = {"red": 80, "orange": 90, "yellow": 95}


def _highest(value, thresholds):
    return next((level for level, line in thresholds.items() if value >= line), None)


def right(college):
    """Level of each warning that is open at AT, by (rule, what it is about …)."""
    found = defaultdict(Counter)
    for lesson in college.lessons.values():
        if not lesson.held or lesson.ends > AT:
            continue
        came = lesson.rollcall and lesson.rollcall <= AT
        if not came:
            found["rollcall-missing"][lesson.id,] = AT - lesson.ends
        _count_missing(found, lesson)
        if not lesson.tested:
            found["test-missing"][lesson.id,] = AT - lesson.ends
        if came:
            _count_attendance(college, found, lesson)
    return {
        (rule, *about): level
        for rule, values in found.items()
        for about, value in values.items()
        if (level := _LEVELS[rule](value))
    }


def _count_missing(found, lesson):
    """Each that was missing for a while counts for its teacher for fourteen days."""
    since = AT - timedelta(days=14)
    opened = lesson.ends + timedelta(minutes=30)
    if since < opened < min(lesson.rollcall or AT, AT):
        found["rollcall-missing-often"][lesson.teacher,] += 1
    opened = lesson.ends + timedelta(hours=24)
    if not lesson.tested and since < opened < AT:
        found["test-missing-often"][lesson.teacher, lesson.course, lesson.class_id] += 1


def _count_attendance(college, found, lesson):
    marks = Counter(lesson.marks.values())
    bound = len(college.members(lesson)) - marks["leave"]
    if bound >= 10 and marks["absent"] >= 2:
        found["arrival-rate"][lesson.id,] = Fraction(100 * (bound - marks["absent"]), bound)
    for student, status in lesson.marks.items():
        last = college.students[student].spans[-1][2]
        if status != "leave" and (last is None or last >= AT.date()):  # who is suspended has not left
            found["absence-hours"][student,] += Fraction(HOURS) if status == "absent" else Fraction(1, 3)


def compared(found, expected):
    """Warnings that are wrong, that are missing, and that have another level; keys in order, by rule."""
    wrong = sorted(set(found) - set(expected))
    missing = sorted(set(expected) - set(found))
    other = sorted(key for key in set(found) & set(expected) if found[key] != expected[key])
    return {"wrong": wrong, "missing": missing, "other level": other}


def table(college, found):
    """A line for each rule: right, wrong, missing, other level."""
    expected = right(college)
    counted = {what: Counter(key[0] for key in keys) for what, keys in compared(found, expected).items()}
    agreed = Counter(key[0] for key in found if expected.get(key) == found[key])
    lines = [f"{'rule':24}{'right':>8}" + "".join(f"{what:>13}" for what in counted)]
    lines += [f"{rule:24}{agreed[rule]:8}" + "".join(f"{of[rule]:13}" for of in counted.values()) for rule in RULES]
    return "\n".join(lines)


def through_prewarn(college, folder, *, turned=False):
    """What Prewarn warns of, in the form of `right`: week by week, or the last week first and the directory last."""
    home = ClockedHome(folder, AT, RULES)
    home.set_calendar(CALENDAR)
    weeks = defaultdict(list)
    for comes, event in college.events:
        weeks[f"week {(comes.date() - FIRST).days // 7 + 1:02}"].append(event)
    directory = college.write_directory(folder / "directory")
    if turned:
        told = home.ingest(dict(reversed(weeks.items())))
        home.prewarn("directory", "import", directory)
        home.ingest({"nothing": []})  # a directory is looked at when something is evaluated next
    else:
        home.prewarn("directory", "import", directory)
        told = home.ingest(weeks)
    assert "rejected 拒收 0\n" in told.stdout, told.stdout + told.stderr
    return {(one["rule"], *one["subject"].split("/")): one["level"] for one in home.open_warnings()}


def main(students=3000):
    college = College(students)
    kinds = Counter(event["type"] for _, event in college.events)
    print(f"{students} students, {len(college.classes)} classes, {len(college.lessons)} lessons; events {dict(kinds)}")  # noqa: T201
    with tempfile.TemporaryDirectory() as folder:
        found = through_prewarn(college, Path(folder))
    print(table(college, found))  # noqa: T201
    print(compared(found, right(college)))  # noqa: T201


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
