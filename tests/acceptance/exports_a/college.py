"""Who and what the college is: staff, students, classes and courses of the exports, and the directory made of them."""

import csv
import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.acceptance.exports_a import cells
from tests.acceptance.exports_a.cells import TERM_BEGINS, day, name, number, text

DINGTALK = "dingtalk/attendance"
WECOM = "wecom/attendance"
TIMETABLE = "zfsoft/timetable"
CHANGES = "zfsoft/changes"
_NEVER = date(2100, 1, 1)
_TERM_ENDS = date(2027, 1, 15)
_OFFICES = {
    "院长": "college_head",
    "院办主任": "college_office",
    "教务科技处处长": "academic_affairs",
    "学生工作处处长": "student_affairs",
    "督导办主任": "supervision_office",
    "质量管理办公室主任": "quality_office",
    "组织人事处处长": "hr_office",
}
_TEACHER = re.compile(r"(\d+)(?:\((\d+)-(\d+)周\))?")


@dataclass(repr=False)
class College:
    """The tables of the directory, and what the other files look up by name."""

    tables: dict = field(default_factory=dict)
    classes: dict = field(default_factory=dict)
    """Name and short name → id."""
    courses: dict = field(default_factory=dict)
    """Name → id."""
    taught: dict = field(default_factory=dict)
    """(course, class) → [(teacher, first week, last week)], who leads first."""
    students: dict = field(default_factory=dict)
    """Id → [(class, first day, last day)], days without teaching left out."""
    names: dict = field(default_factory=dict)
    """Person → name, staff and students."""
    tasks: int = 0

    def teacher(self, course, class_, week):
        """Who leads the course in the class in a teaching week."""
        return next(one for one, first, last in self.taught[course, class_] if first <= week <= last)

    def staff(self, person_name, course, class_):
        """The member of staff of a name: of two, the one who teaches the course."""
        found = [one["id"] for one in self.tables["people"] if one["name"] == person_name]
        mine = {one for one, _, _ in self.taught.get((course, class_), ())}
        found = [one for one in found if len(found) == 1 or one in mine]
        assert len(found) == 1, f"{person_name} is not one person: {found}"
        return found[0]

    def class_of(self, student, on):
        """The class in which a student is enrolled on a day, or None."""
        return next((one for one, first, last in self.students.get(student, ()) if first <= on <= last), None)

    def student(self, student_name, class_, on):
        """The one student of a name who is in a class on a day."""
        found = [one for one in self.students if self.names[one] == student_name and self.class_of(one, on) == class_]
        assert len(found) == 1, f"{student_name} of {class_} is not one student: {found}"
        return found[0]


def read(folder):
    """The college of the files."""
    college = College()
    staff = _staff(college, folder / "教职工信息.csv")
    _classes(college, folder / "班级信息.xls", staff)
    _courses(college, folder / "教学任务.xlsx")
    _students(college, folder / "学生名单.xlsx")
    college.names |= {one["id"]: one["name"] for one in college.tables["people"]}
    college.tables["sources"] = [
        {"id": CHANGES, "owner": "00003", "rank": 1},
        {"id": TIMETABLE, "owner": "00003", "rank": 2},
        {"id": DINGTALK, "owner": "00004", "rank": 1, "lists": "exceptions_only"},
        {"id": WECOM, "owner": "00063", "rank": 2, "lists": "all"},
    ]
    return college


def write(college, folder):
    """The folder of the directory."""
    folder.mkdir(parents=True)
    for stem, rows in college.tables.items():
        with (folder / f"{stem}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
            writer.writeheader()
            writer.writerows(rows)


def _staff(college, path):
    """People, units, teaching offices, and the roles that stand in 职务 and 备注; returns id of a number → ids."""
    rows = [row for row in cells.csv_rows(path, "gb18030") if row["姓名"]]
    people, units, offices, roles = [], {}, {}, []
    for row in rows:
        person, unit, office, post = row["工号"].strip(), row["所属部门"], row["所属教研室"], row["职务"]
        left = day(row["离校日期"]) if row["离校日期"] else ""
        people.append({"id": person, "name": row["姓名"], "email": row["电子邮箱"], "to": left})
        units[unit] = {"id": unit, "name_zh": unit}
        if office:
            offices[office] = {"id": office, "name_zh": office, "department": unit}
        if post in _OFFICES:
            roles.append({"role": _OFFICES[post], "person": person})
        elif post == f"{unit}主任":
            roles.append({"role": "department_head", "person": person, "scope_kind": "department", "scope": unit})
        elif post == f"{office}主任":
            scope = {"scope_kind": "teaching_office", "scope": office}
            roles.append({"role": "teaching_office_head", "person": person} | scope)
        if leads := re.fullmatch(r"专业带头人\((.+)\)", text(row["备注"])):
            roles.append({"role": "major_head", "person": person, "scope_kind": "major", "scope": leads[1]})
    college.tables |= {
        "people": people, "departments": [*units.values()], "teaching_offices": [*offices.values()], "roles": roles,
    }  # fmt: skip
    ids = {}
    for one in people:
        ids.setdefault(int(one["id"]), []).append(one["id"])
    return ids


def _classes(college, path, staff):
    """Classes, their majors, and who looks after them. A number without its zeros is whoever has it with them."""
    rows = [row for row in cells.table(cells.sheets(path)["班级信息"], "序号") if row["班级代码"]]
    majors, classes = {}, []
    for row in cells.filled_down(rows, ["系部"]):
        major, class_ = text(row["专业代码"]), text(row["班级代码"])
        majors[major] = {"id": major, "name_zh": row["专业名称"], "department": row["系部"]}
        cohort = row["年级"].removesuffix("级")
        classes.append({"id": class_, "name": row["班级名称"], "major": major, "cohort": cohort})
        college.classes |= {text(row["班级名称"]): class_, text(row["班级简称"]): class_}
        posts = {"班主任工号": "class_tutor", "辅导员工号": "counsellor", "导师工号": "class_mentor"}
        for column, role in posts.items():
            (person,) = staff[int(row[column])]
            scope = {"scope_kind": "class", "scope": class_}
            college.tables["roles"].append({"role": role, "person": person} | scope)
    college.tables |= {"majors": [*majors.values()], "classes": classes}
    ids = {one["name_zh"]: one["id"] for one in majors.values()}
    for role in college.tables["roles"]:
        if role["role"] == "major_head":
            role["scope"] = ids[role["scope"]]


def _courses(college, path):
    """Courses with their hours and office, and for each class who teaches it in which weeks."""
    rows = [row for row in cells.table(cells.sheets(path)["教学任务"], "序号") if row["选课课号"]]
    courses = []
    college.tasks = len(rows)
    for row in cells.filled_down(rows, ["课程代码", "课程名称", "总学时", "开课教研室"]):
        course = row["课程代码"]
        college.courses[text(row["课程名称"])] = course
        teachers = [(one, int(first or 1), int(last or 20)) for one, first, last in _TEACHER.findall(row["教师工号"])]
        for class_name in row["教学班组成"].split(";"):
            class_ = college.classes[class_name]
            college.taught[course, class_] = teachers
            told = {"name_zh": row["课程名称"], "teaching_office": row["开课教研室"], "planned_hours": row["总学时"]}
            teacher = teachers[0][0] if teachers else ""
            courses.append({"id": course, "class": class_, "teacher": teacher} | told)
            if teachers and teachers[0][2] < teachers[-1][2]:
                college.tables["roles"] += _one_after_the_other(course, class_, teachers)
    college.tables["courses"] = courses


def _one_after_the_other(course, class_, teachers):
    for teacher, first, last in teachers:
        yield {
            "role": "course_teacher", "person": teacher, "scope_kind": "course", "scope": course, "class": class_,
            "from": TERM_BEGINS + timedelta(weeks=first - 1),
            "to": min(TERM_BEGINS + timedelta(weeks=last, days=-1), _TERM_ENDS),
        }  # fmt: skip


def _students(college, path):
    """Enrolments: of whoever moved two, of whoever is suspended one more that says so."""
    rows = [row for row in cells.table(cells.sheets(path)["学生信息"], "序号") if row["学号"] and row["姓名"]]
    enrolments = []
    for row in rows:
        student = number(row["学号"])
        student_name, class_ = name(row["姓名"]), college.classes[text(row["行政班"])]
        college.names[student] = student_name
        begin, change = day(row["入学日期"]), row["异动类别"]
        since = day(row["异动日期"]) if change else None
        spans = [(class_, begin, "", "")]
        if change == "复学":
            spans = [(class_, since, "", "")]
        elif change == "转专业":
            before = college.classes[text(row["异动前班级"])]
            spans = [(before, begin, since - timedelta(days=1), ""), (class_, since, "", "")]
        elif change in ("休学", "退学"):
            spans = [(class_, begin, since - timedelta(days=1), "")]
        college.students[student] = [(one, first, last or _NEVER) for one, first, last, _ in spans]
        if change == "休学":
            spans.append((class_, since, "", "suspended"))
        enrolments += [
            {"id": student, "name": student_name, "class": one, "from": first, "to": last, "status": status}
            for one, first, last, status in spans
        ]
    college.tables["students"] = enrolments
