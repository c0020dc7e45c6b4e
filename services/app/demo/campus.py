"""The sample college itself: two departments, four majors, eight classes, who studies and who teaches there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from random import Random

from services.app.demo.dates import TERMS, dice
from services.app.demo.names import Name, older, young
from services.messages import Text


@dataclass(frozen=True)
class Course:
    """One course, taught by one teaching office."""

    id: str
    title: Text
    office: str


@dataclass(frozen=True)
class Major:
    """One major with its own four courses."""

    id: str
    title: Text
    department: str
    courses: tuple[Course, ...]

    @property
    def office(self) -> str:
        """The id of its teaching office."""
        return f"{self.id}-office"


@dataclass(frozen=True)
class Person:
    """A student or one of the staff."""

    id: str
    name: Name


@dataclass(frozen=True)
class SchoolClass:
    """One class, with six courses (the major's four, then the common two) and the teacher of each."""

    id: str
    title: str
    major: Major
    number: int
    """0 or 1 within its major."""
    room: str
    students: tuple[Person, ...]
    """Sorted by id."""
    courses: tuple[Course, ...]
    teachers: tuple[Person, ...]


@dataclass(frozen=True)
class Campus:
    """Everybody and everything that the sample college has."""

    cohort: int
    classes: tuple[SchoolClass, ...]
    """Those that have lessons here."""
    on_internship: tuple[SchoolClass, ...]
    """The older ones, who are at work elsewhere: without courses and teachers."""
    posts: dict[str, Person]
    """Post (`head:logistics`, `counsellor:nursing-health`, `college_duty` …) → who holds it."""


def _course(office: str, id_: str, zh: str, en: str) -> Course:
    return Course(id_, Text(zh, en), office)


def _major(id_: str, zh: str, en: str, department: str, courses: tuple[tuple[str, str, str], ...]) -> Major:
    office = f"{id_}-office"
    return Major(id_, Text(zh, en), department, tuple(_course(office, *course) for course in courses))


MAJORS = (
    _major(
        "nursing",
        "护理",
        "Nursing",
        "nursing-health",
        (
            ("basic-nursing", "基础护理", "Basic nursing"),
            ("anatomy", "人体解剖", "Human anatomy"),
            ("health-assessment", "健康评估", "Health assessment"),
            ("pharmacology", "药理学", "Pharmacology"),
        ),
    ),
    _major(
        "rehabilitation",
        "康复治疗技术",
        "Rehabilitation",
        "nursing-health",
        (
            ("rehab-assessment", "康复评定", "Rehabilitation assessment"),
            ("exercise-therapy", "运动疗法", "Exercise therapy"),
            ("physical-agents", "物理因子治疗", "Physical agents therapy"),
            ("occupational-therapy", "作业疗法", "Occupational therapy"),
        ),
    ),
    _major(
        "mechatronics",
        "机电一体化技术",
        "Mechatronics",
        "engineering",
        (
            ("technical-drawing", "机械制图", "Technical drawing"),
            ("electrical-engineering", "电工技术", "Electrical engineering"),
            ("plc", "PLC应用技术", "Programmable controllers"),
            ("cnc-machining", "数控加工", "CNC machining"),
        ),
    ),
    _major(
        "automotive",
        "汽车检测与维修技术",
        "Automotive service",
        "engineering",
        (
            ("vehicle-structure", "汽车构造", "Vehicle structure"),
            ("engine-repair", "发动机检修", "Engine repair"),
            ("vehicle-electrics", "汽车电气", "Vehicle electrics"),
            ("chassis-repair", "底盘检修", "Chassis repair"),
        ),
    ),
)

TOURISM = _major("tourism", "旅游管理", "Tourism", "tourism-hotel", (("guest-service", "酒店服务", "Guest service"),))
TRADE = _major("trade", "国际商务", "International trade", "trade", ())
MORE_MAJORS = (
    TOURISM,
    TRADE,
    _major("accounting", "会计", "Accounting", "trade", ()),
    _major("pharmacy", "药学", "Pharmacy", "nursing-health", ()),
    _major("elderly-care", "老年服务", "Elderly care", "nursing-health", ()),
    _major("robotics", "工业机器人", "Industrial robots", "engineering", ()),
)
"""Majors whose students are all on internship, or have left."""

COMMON_OFFICE = "general-office"
COMMON = (
    _course(COMMON_OFFICE, "english", "大学英语", "College English"),
    _course(COMMON_OFFICE, "ethics-law", "思想道德与法治", "Ethics and law"),
)
PLANNED_HOURS, COMMON_HOURS = 128, 48
"""Planned hours of a course, and of a common one."""

DEPARTMENTS: dict[str, Text] = {
    "nursing-health": Text("医护系", "Department of Nursing and Health"),
    "engineering": Text("机电工程系", "Department of Engineering"),
    "tourism-hotel": Text("旅游管理系", "Department of Tourism"),
    "trade": Text("经贸系", "Department of Trade"),
    "student-affairs": Text("学生工作处", "Student affairs office"),
    "academic-affairs": Text("教务科技处", "Academic affairs office"),
    "supervision": Text("督导办", "Supervision office"),
    "quality": Text("质量管理办公室", "Quality office"),
    "human-resources": Text("组织人事处", "Human resources office"),
    "college-office": Text("院办", "College office"),
    "logistics": Text("后勤处", "Logistics"),
    "information-centre": Text("信息中心", "Information centre"),
}
OFFICE_ROLES = {
    "student_affairs": "student-affairs",
    "academic_affairs": "academic-affairs",
    "supervision_office": "supervision",
    "quality_office": "quality",
    "hr_office": "human-resources",
    "college_office": "college-office",
}
"""Role of an office → its department; whoever heads the office holds the role."""
SINGLE_ROLES = ("college_duty", "college_head", "rules_operator")
ASKED_ROLES = ("mental_health", "finance_office")
"""Roles that are accountable for no warning, and to which one can be referred."""


def build(seed: int, term: str) -> Campus:
    """The college of the school year that a term belongs to; the same for each of its days."""
    cohort = _cohort(TERMS[term][0])
    chance = dice("campus", seed, cohort)
    posts = [f"head:{id_}" for id_ in DEPARTMENTS]
    posts += [f"counsellor:{id_}" for id_ in dict.fromkeys(major.department for major in (*MAJORS, TOURISM, TRADE))]
    posts += SINGLE_ROLES
    staff = [Person(name.pinyin, name) for name in older(chance, len(posts) + 6 * len(MAJORS))]
    classes = []
    for index, major in enumerate(MAJORS):
        # Six teachers a major; each teaches one course in both of its classes.
        teachers = tuple(staff[len(posts) + 6 * index :][:6])
        for number in (0, 1):
            id_ = f"{major.id}-{cohort % 100}{number + 1:02}"
            students = [Person(f"{name.pinyin}-{id_}", name) for name in young(chance, chance.randint(28, 32))]
            students.sort(key=lambda student: student.id)
            title = f"{major.title.zh}{cohort % 100}{number + 1:02}班"
            room = f"{'ABCD'[index]}-{201 + number}"
            courses = major.courses + COMMON
            classes.append(SchoolClass(id_, title, major, number, room, tuple(students), courses, teachers))
    held = dict(zip(posts, staff, strict=False)) | _referred_to(seed, cohort, {one.id for one in staff})
    return Campus(cohort, tuple(classes), _on_internship(chance, cohort), held)


def _referred_to(seed: int, cohort: int, taken: Collection[str]) -> dict[str, Person]:
    names = older(dice("referred to", seed, cohort), len(taken) + len(ASKED_ROLES))
    free = (Person(name.pinyin, name) for name in names if name.pinyin not in taken)
    return dict(zip(ASKED_ROLES, free, strict=False))


def _on_internship(chance: Random, cohort: int) -> tuple[SchoolClass, ...]:
    """Two classes of each of the two years before, of majors that have lessons here; of two others, one."""
    found = []
    for year in (cohort - 1, cohort - 2):
        for major in (*MAJORS, TOURISM, TRADE):
            for number in range(2 if major in MAJORS else 1):
                id_ = f"{major.id}-{year % 100}{number + 1:02}"
                count = {TOURISM: 26, TRADE: 10}.get(major, 30)
                students = [Person(f"{name.pinyin}-{id_}", name) for name in young(chance, count)]
                students.sort(key=lambda student: student.id)
                title = f"{major.title.zh}{year % 100}{number + 1:02}班"
                found.append(SchoolClass(id_, title, major, number, "", tuple(students), (), ()))
    return tuple(found)


def _cohort(first: date) -> int:
    return first.year if first.month >= 8 else first.year - 1  # noqa: PLR2004 - August: the school year's first month
