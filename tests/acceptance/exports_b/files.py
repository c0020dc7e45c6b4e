"""The files of the second college: of what happened in it, and all of them by name."""

from datetime import timedelta

from tests.acceptance.exports_b.college import COURSES, PEOPLE, STATUS, College
from tests.acceptance.exports_b.plan import NAMES, changes, classes, holidays, sections, staff, students, tasks
from tests.acceptance.exports_b.writing import book, page, text


def registers(college):
    """A sheet for each class and course, a column for each lesson, signs that notes below explain."""
    sheets = {}
    for course in COURSES:
        for class_ in course.classes:
            if class_ == "DS26A":
                continue
            lessons = sorted(
                (one for one in {one for one, _ in college.attendance} if (one.class_, one.course) == (class_, course)),
                key=lambda one: one.day,
            )
            rows = [[f"课程名称：{course.name}    班级：{NAMES[class_].also}    任课教师：{PEOPLE[course.teacher][0]}"]]
            rows += [["序号", "学号", "姓名", *(one.when for one in lessons), "旷课次数", "出勤率"]]
            for n, student in enumerate(college.of_class(class_), 1):
                said = [college.attendance[one, student][0] for one in lessons]
                rate = f"{100 * said.count('present') / len(said):.1f}%"
                rows.append(
                    [n, int(student), college.students[student][0], *map(STATUS.get, said), said.count("absent"), rate]
                )
            present = [
                sum(college.attendance[one, each][0] == "present" for each in college.of_class(class_))
                for one in lessons
            ]
            rows += [["出勤人数", None, None, *present], ["注：√出勤 ×旷课 △迟到 ▽早退 ○请假"]]
            sheets[f"{course.name}-{class_}"] = rows
    return book(**sheets)


def everybody(college):
    """Of one class everybody: semicolons, headers in two languages, 第3~4节, minutes with a decimal comma."""
    words = {"present": "出勤", "absent": "旷课", "late": "迟到", "early_leave": "早退", "leave": "事假"}
    rows = [
        [
            "Date 上课日期",
            "Period 节次",
            "Course 课程名称",
            "Class 班级",
            "Student No. 学号",
            "Name 姓名",
            "Status 考勤状态",
            "迟到时长(分钟)",
        ]
    ]
    for (one, student), (status, minutes) in college.attendance.items():
        if one.class_ == "DS26A":
            said = (
                f"{one.day:%Y/%m/%d}",
                f"第{one.sections[0]}~{one.sections[1]}节",
                one.course.name,
                NAMES["DS26A"].also,
            )
            rows.append(
                [*said, f"\t{student}", college.students[student][0], words[status], f"{minutes},0" if minutes else ""]
            )
    return text(rows, ";").encode("utf-8-sig")


def leaves(college):
    """In English, days first."""
    rows = [
        [
            "Request ID",
            "Applicant",
            "Student ID",
            "Class",
            "Leave Type",
            "Start Time",
            "End Time",
            "Status",
            "Submitted On",
            "Reason",
        ]
    ]
    for number, (student, begin, end, kind, became) in college.leaves.items():
        name, class_ = college.students[student]
        said = begin - timedelta(days=1)
        rows.append(
            [
                number,
                name,
                student,
                NAMES[class_].also,
                kind,
                f"{begin:%d/%m/%Y %H:%M}",
                f"{end:%d/%m/%Y %H:%M}",
                became,
                f"{said:%d/%m/%Y %H:%M}",
                "…",
            ]
        )
    return text(rows).encode("utf-16")


def tickets(college):
    """A row for each step."""
    rows = [["报修单号", "报修类别", "承办部门", "报修地点", "流转环节", "操作时间", "操作人", "满意度"]]
    for number, (category, steps) in college.tickets.items():
        for step, at, stars in steps:
            rows.append(
                [
                    number,
                    category,
                    "后勤处",
                    "教学楼A201",
                    step,
                    at,
                    "系统",
                    "★" * stars + "☆" * (5 - stars) if stars else None,
                ]
            )
    return book(流转=rows)


def tests(college):
    """Five levels, and when it was as this college says it; no full marks."""
    rows = [["测验编号", "测验名称", "授课班级", "课程名称", "测验时间", "学号", "姓名", "五级制成绩"]]
    for n, ((one, student), level) in enumerate(college.tests.items()):
        rows.append(
            [
                n + 1,
                "随堂测验",
                NAMES[one.class_].name,
                one.course.name,
                one.when,
                student,
                college.students[student][0],
                level,
            ]
        )
    return page(rows, "utf-8")


def assessments(college):
    """In a long form, three letters."""
    rows = [["统计年月", "行政班", "学号", "姓名", "课程名称", "评价等级", "备注"]]
    for (student, course), level in college.assessments.items():
        name, class_ = college.students[student]
        rows.append(["202609", NAMES[class_].name, student, name, course.name, level, ""])
    return text(rows).encode("gb18030")


FILES = {
    "人事库导出.csv": staff, "学生花名册.xls": students, "班级一览.txt": classes, "开课一览.xlsx": tasks,
    "作息时间表.xlsx": sections, "放假通知.xlsx": holidays, "调课申请.csv": changes, "课堂考勤登记.xlsx": registers,
    "attendance_20261016.csv": everybody, "leave_requests.csv": leaves, "维修流转.xlsx": tickets, "测验成绩.xls": tests,
    "学习评价.csv": assessments,
}  # fmt: skip
"""Name → what makes it."""


def write(folder, college=None):
    """All files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        (folder / name).write_bytes(make(college or College()))
