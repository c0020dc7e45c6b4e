"""A second college that is made up: its plan, what happened in it, and what a right import of its files must say."""

import random
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple

from tests.acceptance.exports_a.cells import ZONE

FIRST = date(2026, 8, 31)
AT = datetime(2026, 10, 16, 20, tzinfo=ZONE)
"""The evening on which the files are exported."""
OFF = {date(2026, 9, 25) + timedelta(days=n) for n in range(3)} | {
    date(2026, 10, 1) + timedelta(days=n) for n in range(7)
}
MADE_UP = {date(2026, 9, 20): date(2026, 10, 6), date(2026, 10, 10): date(2026, 10, 7)}
CLOCK = ("08:20", "09:15", "10:20", "11:15", "14:00", "14:55", "16:00", "16:55")
WEEKDAYS = "一二三四五六日"
MINUTES = timedelta(minutes=45)


class Class(NamedTuple):
    """A class, as its own list calls it and as the attendance app does."""

    id: str
    name: str
    also: str
    major: str
    department: str
    tutor: str


class Course(NamedTuple):
    """A task: who teaches what, when."""

    id: str
    name: str
    classes: tuple[str, ...]
    teacher: str
    weeks: str
    weekday: int
    sections: tuple[int, int]
    room: str
    hours: int


class Lesson(NamedTuple):
    """One lesson of one class on the day on which it takes place."""

    course: Course
    class_: str
    day: date
    sections: tuple[int, int]

    @property
    def id(self):
        first, last = self.sections
        return f"{self.class_}|{self.course.id}|{self.day}|{first}-{last}"

    @property
    def hours(self):
        return self.sections[1] - self.sections[0] + 1

    @property
    def when(self):
        """As this college writes it."""
        return f"第{week(self.day)}周 星期{WEEKDAYS[self.day.weekday()]} 第{self.sections[0]}-{self.sections[1]}节"


INFO, TRADE = "信息工程学院", "经济管理学院"
PEOPLE = {
    "0031": ("刘洋", INFO, "计算机教研室", "院长"), "0042": ("王芳", TRADE, "外语教研室", "教研室主任"),
    "0058": ("王芳", INFO, "计算机教研室", ""), "0107": ("欧阳雪", TRADE, "电商教研室", "院长"),
    "0108": ("陈静", TRADE, "电商教研室", ""), "0220": ("周敏", INFO, "", "辅导员"),
    "0221": ("何涛", "学生工作处", "", "学生工作处处长"),
}  # fmt: skip
CLASSES = (
    Class("JS26A", "计算机应用2601班", "26级计算机应用（1）班", "计算机应用技术", INFO, "0058"),
    Class("JS26B", "计算机应用2602班", "26级计算机应用（2）班", "计算机应用技术", INFO, "0031"),
    Class("DS26A", "电子商务2601班", "26级电子商务（1）班", "电子商务", TRADE, "0042"),
)
COURSES = (
    Course("JC101", "程序设计基础", ("JS26A", "JS26B"), "0031", "1-12周", 1, (1, 2), "实验楼305", 48),
    Course("GB102", "大学英语", ("JS26A",), "0042", "1-16周", 2, (5, 6), "教学楼A201", 64),
    Course("JC104", "计算机网络", ("JS26B",), "0058", "2-16周(双)", 5, (7, 8), "实验楼306", 32),
    Course("DS103", "电商运营", ("DS26A",), "0108", "1-15周(单)", 1, (3, 4), "实训楼102", 32),
    Course("GB105", "商务礼仪", ("DS26A",), "0107", "1-16周", 4, (5, 7), "教学楼B110", 48),
)
MOVED = ("JS26A", "GB102", date(2026, 9, 22), date(2026, 9, 24), (7, 8))
CANCELLED = ("DS26A", "GB105", date(2026, 9, 17))
STATUS = {"present": "√", "absent": "×", "late": "△", "early_leave": "▽", "leave": "○"}
LEVELS = {"优秀": 95, "良好": 85, "中等": 75, "及格": 65, "不及格": 50}


def week(day):
    """The teaching week of a day."""
    return (day - FIRST).days // 7 + 1


def _weeks(text):
    first, last = text.split("周")[0].split("-")
    odd = {"单": 1, "双": 0}.get(text.strip(")").split("(")[-1])
    return [n for n in range(int(first), int(last) + 1) if odd is None or n % 2 == odd]


class College:
    """All of it, the same for the same seed."""

    def __init__(self, seed=7):
        self._random = random.Random(seed)
        names = [a + b for a in "赵钱孙李周吴郑冯陈褚卫蒋" for b in ("子涵", "雨桐", "浩然")]
        self.students = {
            f"26{number:02}0{at:02}": (names[(number - 1) * 10 + at], one.id)
            for number, one in enumerate(CLASSES, 1) for at in range(1, 11)
        }  # fmt: skip

    def of_class(self, class_):
        """The ids of its students."""
        return [one for one, (_, mine) in self.students.items() if mine == class_]

    @cached_property
    def lessons(self):
        """Of the whole term, as they take place."""
        found = []
        for course in COURSES:
            for each in _weeks(course.weeks):
                planned = FIRST + timedelta(weeks=each - 1, days=course.weekday - 1)
                days = [planned] if planned not in OFF | set(MADE_UP) else []
                days += [day for day, as_ in MADE_UP.items() if as_ == planned]
                found += [Lesson(course, one, day, course.sections) for one in course.classes for day in days]
        return [self._changed(one) for one in found if (one.class_, one.course.id, one.day) != CANCELLED]

    @staticmethod
    def _changed(one):
        class_, course, day, to, sections = MOVED
        return (
            one._replace(day=to, sections=sections)
            if (one.class_, one.course.id, one.day) == (class_, course, day)
            else one
        )

    @cached_property
    def attendance(self):
        """(lesson, student) → (status, minutes late) of every lesson until the export."""
        found = {}
        for one in sorted(self.lessons, key=lambda one: one.id):
            if one.day > AT.date():
                continue
            for student in self.of_class(one.class_):
                often = 0.45 if student.endswith("03") else 0.03
                bad = self._random.choice(("absent", "absent", "late", "early_leave", "leave"))
                status = bad if self._random.random() < often else "present"
                found[one, student] = status, self._random.randint(3, 15) if status == "late" else 0
        return found

    @cached_property
    def hours(self):
        """Student → hours absent without leave; three times late or early are one hour."""
        thirds = Counter()
        for (lesson, student), (status, _) in self.attendance.items():
            thirds[student] += {"absent": 3 * lesson.hours, "late": 1, "early_leave": 1}.get(status, 0)
        return {student: n / 3 for student, n in thirds.items() if n}

    @cached_property
    def tests(self):
        """(lesson, student) → level, or why there is none: of two lessons of DS103."""
        words = [*LEVELS, "缺考", "缓考"]
        lessons = sorted(one for one in self.lessons if one.course.id == "DS103" and one.day <= AT.date())[:2]
        return {(one, student): self._random.choice(words) for one in lessons for student in self.of_class("DS26A")}

    @cached_property
    def tickets(self):
        """Ticket → (category, [(step, moment, stars)])."""
        found = {}
        for number in range(1, 16):
            at = datetime.combine(FIRST + timedelta(days=2 * number), time(9, number))
            steps = [("提交申请", at, 0), ("派单受理", at + timedelta(minutes=20 * number), 0)]
            steps += [("维修完工", at + timedelta(hours=number), 0)] if number % 4 else []
            steps += (
                [("用户评价", at + timedelta(hours=number + 1), number % 5 + 1)] if number % 4 and number % 3 else []
            )
            found[f"WX2026{number:04}"] = ("维修", "投诉", "咨询")[number % 3], steps
        return found

    @cached_property
    def assessments(self):
        """(student, course) → level of September."""
        pairs = [(student, course) for course in COURSES for one in course.classes for student in self.of_class(one)]
        return {(student, course): self._random.choice("ABBC") for student, course in pairs}

    @cached_property
    def leaves(self):
        """Number → (student, begin, end, type, what became of it)."""
        kinds, ends = ("Sick", "Personal", "Official"), ("Approved", "Approved", "Rejected", "Cancelled")
        begins = [datetime.combine(FIRST + timedelta(days=14 + 3 * n), time(8)) for n in range(8)]
        return {
            f"R{n + 101}": (list(self.students)[3 * n], at, at + timedelta(hours=4), kinds[n % 3], ends[n % 4])
            for n, at in enumerate(begins)
        }

    def by_status(self):
        """Class → how many attendance records of each status its file has."""
        found = defaultdict(Counter)
        for (lesson, _), (status, _) in self.attendance.items():
            found[lesson.class_][status] += 1
        return found
