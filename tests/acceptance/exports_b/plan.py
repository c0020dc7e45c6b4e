"""Who is who and the timetable of the second college, each list in a style that no file of the first has."""

from datetime import datetime, timedelta

from tests.acceptance.exports_b.college import (
    CANCELLED,
    CLASSES,
    CLOCK,
    COURSES,
    MINUTES,
    MOVED,
    PEOPLE,
    WEEKDAYS,
    week,
)
from tests.acceptance.exports_b.writing import book, page, text

NAMES = {one.id: one for one in CLASSES}
COURSE = {one.id: one for one in COURSES}


def staff(college):
    """HR: GB18030, `sep=;`, headers in two languages, ids as formulas so that no spreadsheet eats their zeros."""
    rows = [["Staff No 人事编号", "Name 教师姓名", "二级学院/部门", "教研室(系)", "行政职务", "E-mail", "离职日期"]]
    rows += [
        [f'="{id_}"', name, unit, office, post, f"t{id_}@example.edu", ""]
        for id_, (name, unit, office, post) in PEOPLE.items()
    ]
    return text(rows, ";", "sep=;\r\n").encode("gb18030")


def students(college):
    """An HTML page called .xls, without a directory's words."""
    rows = [
        ["江州工程职业学院2026级学生花名册"],
        ["序号", "学籍学号", "学生姓名", "性别", "所属学院", "专业方向", "行政班", "入学年月", "在籍情况"],
    ]
    rows += [
        [
            n,
            id_,
            name,
            "男女"[n % 2],
            NAMES[class_].department,
            NAMES[class_].major,
            NAMES[class_].name,
            "2026年8月31日",
            "有学籍",
        ]
        for n, (id_, (name, class_)) in enumerate(college.students.items(), 1)
    ]
    return page([*rows, ["共30人"]], "gb2312")


def classes(college):
    """UTF-16 with tabs; tutors by name and counsellors by an id without its zero."""
    rows = [["班级编码", "班级全称", "班级简称", "所属专业", "所在学院", "年级", "班主任", "专职辅导员"]]
    rows += [
        [
            one.id,
            one.name,
            one.also.replace("级", ""),
            one.major,
            one.department,
            "2026级",
            PEOPLE[one.tutor][0],
            "周敏[220]",
        ]
        for one in CLASSES
    ]
    return text(rows, "\t").encode("utf-16")


def tasks(college):
    """A list of tasks with the time of a task in one cell, weeks first."""
    rows = [
        ["2026-2027学年第一学期开课一览"],
        ["课程编码", "课程名", "承担单位", "授课教师", "上课班级", "总课时", "时间安排", "上课场地"],
    ]
    rows += [
        [
            one.id, one.name, PEOPLE[one.teacher][2], f"[{one.teacher}]{PEOPLE[one.teacher][0]}",
            "、".join(NAMES[each].name for each in one.classes), f"{one.hours}课时",
            f"{one.weeks} 星期{WEEKDAYS[one.weekday - 1]} 第{one.sections[0]}-{one.sections[1]}节", one.room,
        ]
        for one in COURSES
    ]  # fmt: skip
    return book(开课=[*rows, ["制表：教务处"]])


def sections(college):
    """Times as a spreadsheet keeps them: parts of a day."""
    rows = [["作息时间表（2026年8月31日起执行）"], ["时段", "节次", "上课时间", "下课时间"]]
    for n, clock in enumerate(CLOCK, 1):
        begin = datetime.strptime(clock, "%H:%M")  # noqa: DTZ007 - a time of day
        parts = [(at - datetime(1900, 1, 1)).total_seconds() / 86_400 for at in (begin, begin + MINUTES)]  # noqa: DTZ001
        rows.append(["上午" if n < 5 else "下午", f"第{n}节", *parts])
    return book(作息=rows)


def holidays(college):
    """Of each holiday its span in one cell, and all days that are made up in another."""
    made_up = "9月20日（星期日）补10月6日（星期二）的课；10月10日（星期六）补10月7日（星期三）的课"
    rows = [["节日", "放假时间", "调休补课"], ["中秋节", "9月25日至9月27日", ""]]
    return book(放假=[*rows, ["国庆节", "10月1日至10月7日，共7天", made_up]])


def changes(college):
    """The old time and the new one, each in a cell."""
    header = ["申请单号", "上课班级", "课程名", "调课类型", "原上课时间", "调整后上课时间", "申请日期", "审核状态"]
    class_, course, day, to, (first, last) = MOVED
    old = COURSE[course].sections
    rows = [
        [
            "T1",
            NAMES[class_].also,
            COURSE[course].name,
            "调课",
            _when(day, old),
            _when(to, (first, last)),
            "2026-09-15",
            "通过",
        ]
    ]
    class_, course, day = CANCELLED
    rows += [
        [
            "T2",
            NAMES[class_].also,
            COURSE[course].name,
            "停课",
            _when(day, COURSE[course].sections),
            "",
            "2026-09-14",
            "通过",
        ]
    ]
    rows += [
        [
            "T3",
            NAMES[class_].also,
            COURSE[course].name,
            "停课",
            _when(day + timedelta(days=7), COURSE[course].sections),
            "",
            "2026-09-14",
            "驳回",
        ]
    ]
    return text([header, *rows]).encode("utf-8-sig")


def _when(day, of):
    return f"第{week(day)}周 星期{WEEKDAYS[day.weekday()]} 第{of[0]}-{of[1]}节"
