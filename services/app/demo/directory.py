"""The sample college as the directory's tables (services/directory reads the same columns from CSV).

Everybody's channel is the local sink: what a demo says goes into a file.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.app.demo.campus import (
    ASKED_ROLES,
    COMMON,
    COMMON_HOURS,
    COMMON_OFFICE,
    DEPARTMENTS,
    MAJORS,
    MORE_MAJORS,
    OFFICE_ROLES,
    PLANNED_HOURS,
    SINGLE_ROLES,
    TOURISM,
    TRADE,
    Campus,
    Person,
    SchoolClass,
)
from services.messages import Text

Row = dict[str, str]

CHANNEL = "sink://demo"

SOURCES = {
    "timetable": ("academic-affairs", "1d", Text("教务排课系统", "Timetable")),
    "rollcall-app": ("student-affairs", "2h", Text("课堂点名", "Roll-call app")),
    "test-platform": ("academic-affairs", "2h", Text("课堂检测平台", "Test platform")),
    "assessment-form": ("academic-affairs", "", Text("月度评学表", "Assessment form")),
    "service-desk": ("logistics", "1d", Text("服务大厅工单", "Service desk")),
    "task-plan": ("quality", "", Text("任务计划表", "Task plan")),
    "dormitory-gate": ("logistics", "1h", Text("宿舍门禁", "Dormitory gate")),
    "status-data": ("information-centre", "", Text("状态数据平台", "Status-data platform")),
}
"""Source of events → the department whose head owns it, its expected interval, and its name."""


def tables(campus: Campus) -> dict[str, list[Row]]:
    """The directory of the sample college: stem of a file → its rows."""
    return {
        "people": [{"id": one.id, "name": one.name.written, "email": "", "channel": CHANNEL} for one in _staff(campus)],
        "departments": [{"id": id_, "name_zh": text.zh, "name_en": text.en} for id_, text in DEPARTMENTS.items()],
        "teaching_offices": list(_offices()),
        "majors": [
            {"id": major.id, "name_zh": major.title.zh, "name_en": major.title.en, "department": major.department}
            for major in (*MAJORS, *MORE_MAJORS)
        ],
        "classes": [
            {"id": one.id, "name": one.title, "major": one.major.id, "cohort": cohort}
            for one, cohort in _cohorts(campus)
        ],
        "courses": list(_courses(campus)),
        "roles": list(_roles(campus)),
        "students": [
            {"id": student.id, "name": student.name.written, "class": one.id, "email": "", "channel": CHANNEL}
            for one, _ in _cohorts(campus)
            for student in one.students
        ],
        "sources": [
            {
                "id": id_,
                "name_zh": name.zh,
                "name_en": name.en,
                "owner": campus.posts[f"head:{owner}"].id,
                "expected_interval": interval,
            }
            for id_, (owner, interval, name) in SOURCES.items()
        ],
    }


def _cohorts(campus: Campus) -> Iterator[tuple[SchoolClass, str]]:
    """Every class and the year in which it began."""
    for one in campus.classes:
        yield one, str(campus.cohort)
    for one in campus.on_internship:
        yield one, f"20{one.id.rpartition('-')[2][:2]}"


def _staff(campus: Campus) -> list[Person]:
    teachers = [teacher for one in campus.classes for teacher in one.teachers]
    return list({person.id: person for person in (*campus.posts.values(), *teachers)}.values())


def _offices() -> Iterator[Row]:
    for major in (*MAJORS, TOURISM, TRADE):
        title = major.title
        yield {
            "id": major.office,
            "name_zh": f"{title.zh}教研室",
            "name_en": f"Teaching office {title.en}",
            "department": major.department,
        }
    yield {
        "id": COMMON_OFFICE,
        "name_zh": "公共基础教研室",
        "name_en": "Teaching office General education",
        "department": "academic-affairs",
    }


def _courses(campus: Campus) -> Iterator[Row]:
    for course in TOURISM.courses:
        yield {
            "id": course.id,
            "name_zh": course.title.zh,
            "name_en": course.title.en,
            "teaching_office": course.office,
            "planned_hours": str(PLANNED_HOURS),
            "class": "",
            "teacher": campus.posts[f"head:{TOURISM.department}"].id,
        }
    for one in campus.classes:
        for course, teacher in zip(one.courses, one.teachers, strict=True):
            hours = COMMON_HOURS if course in COMMON else PLANNED_HOURS
            yield {
                "id": course.id,
                "name_zh": course.title.zh,
                "name_en": course.title.en,
                "teaching_office": course.office,
                "planned_hours": str(hours),
                "class": one.id,
                "teacher": teacher.id,
            }


def _roles_elsewhere(campus: Campus) -> Iterator[Row]:
    """Of the classes on internship, and of majors without lessons here."""
    for one in campus.on_internship:
        yield _role("class_tutor", campus.posts[f"counsellor:{one.major.department}"], "class", one.id)
        yield _role("class_mentor", campus.posts[f"counsellor:{one.major.department}"], "class", one.id)
    for major in MORE_MAJORS:
        yield _role("major_head", campus.posts[f"head:{major.department}"], "major", major.id)
    for major in (TOURISM, TRADE):
        yield _role("teaching_office_head", campus.posts[f"head:{major.department}"], "teaching_office", major.office)


def _roles(campus: Campus) -> Iterator[Row]:
    yield from _roles_elsewhere(campus)
    for one in campus.classes:
        yield _role("class_tutor", one.teachers[one.number], "class", one.id)
        yield _role("class_mentor", one.teachers[2 + one.number], "class", one.id)
    for major in MAJORS:
        teachers = next(one.teachers for one in campus.classes if one.major is major)
        yield _role("major_head", teachers[0], "major", major.id)
        yield _role("teaching_office_head", teachers[3], "teaching_office", major.office)
    yield _role("teaching_office_head", campus.classes[0].teachers[-len(COMMON)], "teaching_office", COMMON_OFFICE)
    for post, person in campus.posts.items():
        kind, _, scope = post.partition(":")
        if kind == "head":
            yield _role("department_head", person, "department", scope)
        elif kind == "counsellor":
            yield _role("counsellor", person, "department", scope)
    for role, department in OFFICE_ROLES.items():
        yield _role(role, campus.posts[f"head:{department}"])
    for role in (*SINGLE_ROLES, *ASKED_ROLES):
        yield _role(role, campus.posts[role])
    for source, (owner, _, _) in SOURCES.items():
        yield _role("source_owner", campus.posts[f"head:{owner}"], "source", source)


def _role(role: str, person: Person, kind: str = "", scope: str = "") -> Row:
    return {"role": role, "person": person.id, "scope_kind": kind, "scope": scope}
