"""A college of N students for twelve weeks: a plan, and the events that follow from it.

Which warnings are right by the plan is in simulated_warnings.py.

What colleges do wrong on the way is in it: lessons that a timetable gives on National Day, lessons that are cancelled
or moved (some after the marks), students who join late, leave, are suspended or change class and are marked all the
same, resits, classes whose source lists everybody while that of the others lists exceptions only, exports that are made
again with corrections, leave slips that are handed in later, roll-calls that come late or never.
"""

import csv
import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, WEEKS = date(2026, 8, 31), 12
AT = datetime(2026, 11, 20, 23, 59, 59, tzinfo=ZONE)
CALENDAR = """\
time_zone: Asia/Shanghai
terms: [{id: 2026-autumn, from: 2026-08-31, to: 2027-01-15}]
closed: [{from: 2026-10-01, to: 2026-10-07, reason: 国庆节}]
"""
_CLOSED = {date(2026, 10, day) for day in range(1, 8)}
_SLOTS = ((time(8), time(9, 40)), (time(10), time(11, 40)), (time(14), time(15, 40)), (time(16), time(17, 40)))
_CLASS, _COURSES, _PER_WEEK, HOURS = 40, 5, 8, 2
_SOURCES = {"app": "exceptions_only", "scanner": "all", "timetable": "", "tests": "", "slips": ""}


@dataclass
class Student:
    id: str
    spans: list[tuple[str, date, date | None, str]]
    """Class, first day, last day, status."""
    careless: float

    def class_on(self, day):
        for class_id, first, last, status in self.spans:
            if first <= day and (last is None or day <= last):
                return class_id if status != "suspended" else None
        return None


@dataclass
class Lesson:
    id: str
    class_id: str
    course: str
    teacher: str
    starts: datetime
    ends: datetime
    status: str = "planned"
    moved_to: str | None = None
    rollcall: datetime | None = None
    """When the roll-call was handed in; None: never."""
    tested: bool = False
    marks: dict[str, str] = field(default_factory=dict)
    """Status of each student who is not just present, as it is right in the end."""

    @property
    def held(self):
        return self.status == "planned" and self.starts.date() not in _CLOSED


class College:
    """The plan, and its events in the order in which they come."""

    def __init__(self, students=3000, seed=18, *, weeks=WEEKS, lists_all=False):
        """`lists_all`: the sources of all classes list everybody, not those of every third class."""
        self.weeks, self.at = weeks, datetime.combine(FIRST + timedelta(days=7 * weeks - 3), time(23, 59, 59), ZONE)
        self.rng = random.Random(seed)
        self.classes = [f"c{n:03}" for n in range(max(3, students // _CLASS))]
        self.everybody = set(self.classes[:: 1 if lists_all else 3])
        self.careless = set(self.classes[1::5])
        """Whose teachers hand in little."""
        self.students = {f"s{n:05}": self._student(f"s{n:05}", n) for n in range(students)}
        self.lessons = {}
        self.events = []
        """(when it comes, event)."""
        for class_id in self.classes:
            self._timetable(class_id)
        for lesson in list(self.lessons.values()):
            self._hold(lesson)
        self.events.sort(key=lambda pair: pair[0])

    def _chance(self, share):
        return self.rng.random() < share

    def _student(self, id_, n):
        home = self.classes[n % len(self.classes)]
        day = FIRST + timedelta(days=self.rng.randrange(14, 70))
        before = day - timedelta(days=1)
        back = day + timedelta(days=14)
        spans = self.rng.choices(
            [
                [(home, FIRST, None, "")],
                [(home, day, None, "")],  # joined late
                [(home, FIRST, before, "")],  # left
                [(home, FIRST, before, ""), (home, day, back, "suspended"), (home, back + timedelta(days=1), None, "")],
                [(home, FIRST, before, ""), (self.rng.choice(self.classes), day, None, "")],  # changed class
            ],
            [90, 3, 3, 2, 2],
        )[0]
        return Student(id_, spans, self.rng.choice([0.002] * 7 + [0.02, 0.06, 0.12]))

    def _timetable(self, class_id):
        """The weekly plan, on National Day as well; a week is published on its Monday."""
        slots = self.rng.sample([(day, slot) for day in range(5) for slot in range(4)], _PER_WEEK)
        for n, (weekday, slot) in enumerate(slots):
            course = f"{class_id}-k{n % _COURSES}"
            for week in range(self.weeks):
                day = FIRST + timedelta(days=7 * week + weekday)
                lesson = self._lesson(class_id, course, day, slot)
                monday = datetime.combine(FIRST + timedelta(days=7 * week), time(0), ZONE)
                self._publish(lesson, monday)
                if lesson.held:
                    self._change(lesson, monday, slot)

    def _lesson(self, class_id, course, day, slot):
        starts, ends = (datetime.combine(day, clock, ZONE) for clock in _SLOTS[slot])
        teacher = f"t-{class_id}-{int(course[-1]) % 2}"
        one = Lesson(f"{course}|{day}|{slot}", class_id, course, teacher, starts, ends)
        return self.lessons.setdefault(one.id, one)

    def _change(self, lesson, monday, slot):
        """Cancelled or moved to Saturday, half of them only when the lesson is over and has marks."""
        what = self.rng.choices(["", "cancelled", "moved"], [96, 2, 2])[0]
        if not what:
            return
        told = self.rng.choice([monday + timedelta(hours=6), lesson.ends + timedelta(hours=20)])
        lesson.status = what
        if what == "moved":
            saturday = monday.date() + timedelta(days=5)
            new = self._lesson(lesson.class_id, lesson.course, saturday, slot)
            lesson.moved_to = new.id
            self._publish(new, told)
        self._publish(lesson, monday, told)

    def _publish(self, lesson, published, changed=None):
        data = self._about(lesson) | {
            "starts_at": lesson.starts.isoformat(), "ends_at": lesson.ends.isoformat(), "hours": HOURS,
            "status": lesson.status,
        }  # fmt: skip
        data |= {"moved_to": lesson.moved_to} if lesson.moved_to else {}
        self._send("lesson", "timetable", lesson.id, published, data, changed or published)

    def _about(self, lesson):
        return {
            "lesson": lesson.id, "course": lesson.course, "class": lesson.class_id, "teacher": lesson.teacher,
        }  # fmt: skip

    def _send(self, kind, source, id_, at, data, comes, **more):
        event = {
            "specversion": "1.0", "type": kind, "source": source, "id": id_, "time": at.isoformat(),
            "recordedat": comes.isoformat(), "data": data,
        }  # fmt: skip
        if comes <= self.at:
            self.events.append((comes, event | more))

    def members(self, lesson):
        return [one for one in self.students.values() if one.class_on(lesson.starts.date()) == lesson.class_id]

    def _hold(self, lesson):
        """Roll-call, marks and test; a lesson that is not one gets marks by mistake now and then."""
        if not lesson.held:
            if self._chance(0.5):
                stray = [one for one in self._near(lesson) if self._chance(0.1)]
                for student in stray:
                    self._mark(lesson, student.id, "absent", lesson.ends)
                self._rollcall(lesson, lesson.ends)
            return
        everybody = lesson.class_id in self.everybody
        if not self._chance(0.4 if lesson.class_id in self.careless else 0.02):
            late = not everybody and self._chance(0.03)
            lesson.rollcall = lesson.ends + (timedelta(hours=5) if late else -timedelta(minutes=30))
        if lesson.rollcall and lesson.rollcall <= self.at:
            self._attendance(lesson, everybody)
        self._test(lesson)

    def _near(self, lesson):
        """Who is, was or will be of the class."""
        return [one for one in self.students.values() if any(span[0] == lesson.class_id for span in one.spans)]

    def _attendance(self, lesson, everybody):
        bad_day = self._chance(0.03)
        members = self.members(lesson)
        for student in members:
            if self._chance(student.careless * (4 if bad_day else 1) + (0.08 if bad_day else 0)):
                lesson.marks[student.id] = self.rng.choice(["absent", "absent", "late", "early_leave", "leave"])
        if not everybody:
            self._rollcall(lesson, lesson.rollcall)
        said = dict(lesson.marks)
        for student in self._near(lesson):  # who is not in the class that day is marked all the same, now and then
            if student not in members and self._chance(0.2):
                self._mark(lesson, student.id, "absent", lesson.rollcall)
        for student in members:
            status = said.get(student.id, "present")
            if everybody or status != "present":
                self._mark(lesson, student.id, self._said_first(lesson, student.id, status), lesson.rollcall)
            elif lesson.rollcall + timedelta(days=4) <= self.at and self._chance(
                0.002
            ):  # a row that the next export does not have any more
                self._mark(lesson, student.id, "absent", lesson.rollcall)
                self._mark(lesson, student.id, "absent", lesson.rollcall + timedelta(days=4), retracted=True)

    def _said_first(self, lesson, student, status):
        """What the first export says; what is right comes later, by the next export or by a leave slip."""
        if status not in ("late", "leave") or lesson.rollcall + timedelta(days=6) > self.at or self._chance(0.5):
            return status
        later = lesson.rollcall + timedelta(days=self.rng.randint(1, 6))
        if status == "leave":
            begins, ends = lesson.starts - timedelta(minutes=5), lesson.ends + timedelta(minutes=5)
            data = {
                "leave": f"{lesson.id}/{student}", "student": student, "from": begins.isoformat(),
                "to": ends.isoformat(), "status": "granted", "category": "sick",
            }  # fmt: skip
            self._send("leave", "slips", data["leave"], later, data, later)
        else:
            self._mark(lesson, student, status, later)
        return "absent"

    def _rollcall(self, lesson, comes):
        self._send("rollcall", "app", f"rollcall {lesson.id}", comes, self._about(lesson), comes)

    def _mark(self, lesson, student, status, comes, **more):
        source = "scanner" if lesson.class_id in self.everybody else "app"
        data = self._about(lesson) | {"student": student, "hours": HOURS, "status": status}
        self._send("attendance", source, f"{lesson.id}/{student}", lesson.starts, data, comes, **more)

    def _test(self, lesson):
        """A few results of each lesson are enough; some tests are only pending, or of too few, or there is none."""
        rarely = lesson.class_id in self.careless and lesson.course.endswith("k0")
        how = self.rng.choices(["tested", "none", "pending", "too few"], [1 if rarely else 94, 6, 2, 2])[0]
        if how == "none" or not (members := self.members(lesson)):
            return
        figures = {"tested": 5, "attended": 30} if how == "too few" else {"tested": 30, "attended": 30}
        for student in self.rng.sample(members, min(3, len(members))):
            result = {"test": lesson.id, "student": student.id} | self._about(lesson)
            score = self.rng.randint(40, 100)
            more = {"status": "pending"} if how == "pending" else {"status": "graded", "score": score, "max_score": 100}
            sent = lesson.ends
            self._send("test", "tests", f"{lesson.id}/{student.id}", sent, result | figures | more, sent)
            if how != "pending" and score < 60:  # the resit
                again = sent + timedelta(days=3)
                data = result | figures | more | {"attempt": 2, "score": 70}
                self._send("test", "tests", f"{lesson.id}/{student.id}/2", again, data, again)
        lesson.tested = how == "tested"

    def write_directory(self, folder):
        folder.mkdir(exist_ok=True)
        courses = dict.fromkeys((one.course, one.class_id, one.teacher) for one in self.lessons.values())
        tables = {
            "people": [("id", "name"), *((who, who) for who in sorted({who for _, _, who in courses}))],
            "classes": [("id", "name"), *((one, one) for one in self.classes)],
            "courses": [("id", "name_zh", "class", "teacher"), *((one, one, of, who) for one, of, who in courses)],
            "students": [
                ("id", "name", "class", "from", "to", "status"),
                *(
                    (one.id, one.id, class_id, first, last or "", status)
                    for one in self.students.values()
                    for class_id, first, last, status in one.spans
                ),
            ],
            "sources": [("id", "lists"), *_SOURCES.items()],
        }
        for name, rows in tables.items():
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(rows)
        return folder
