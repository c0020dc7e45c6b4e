"""Lesson tests of 雨课堂 and 学习通, and the monthly assessment."""

import re
from datetime import datetime, time, timedelta

from tests.acceptance.exports_a import cells
from tests.acceptance.exports_a.cells import ZONE, day, number, sections, text
from tests.acceptance.exports_a.events import about, event
from tests.acceptance.exports_a.term import week

RAIN, CHAOXING, ASSESSMENT = "yuketang/tests", "chaoxing/tests", "office/assessments"
_UPPER = re.compile(r"第\d+次检测 (?P<day>\S+) 第(?P<sections>[\d-]+)节 .+")
_FULL = re.compile(r"得分\(总:([\d.]+)分\)")
_PASS = re.compile(r"合格线：(.+)")
_WORDS = {"优": 95, "良": 85, "中": 75, "及格": 65, "不及格": 50, "作弊": 0}
_STATUS = {
    "缺考": "not_submitted",
    "未提交": "not_submitted",
    "未作答": "not_submitted",
    "缓考": "pending",
    "免修": "exempt",
}
_OVERALL = {"好": "good", "中": "fair", "差": "poor"}
_REMARK = re.compile(r"(好|中|差)(?:\((.+)\))?")
EXPORTED = datetime(2026, 11, 27, 20, tzinfo=ZONE)
"""On the evening of the last day; the files do not say when."""


def _test(timetable, source, lesson, student, mark, full, least):
    """A result. Its time is the end of its lesson."""
    word = text(mark).removesuffix("分")
    status = _STATUS.get(word, "graded")
    score = _WORDS.get(word, None if status != "graded" else word)
    return event(
        source, "test", timetable.span(lesson)[1], test=lesson.id, student=student, **about(lesson), status=status,
        score=None if score is None else float(score), max_score=full, pass_score=least,
    )  # fmt: skip


def rain_classroom(path, college, timetable):
    """A sheet for each group, three columns for each test; a blank is no result."""
    given = cells.sheets(path)
    marks = {}
    for item, said in given["说明"]:
        if found := _PASS.fullmatch(item):
            marks[found[1]] = float(re.match(r"[\d.]+", said)[0])
    for sheet, rows in given.items():
        if sheet == "说明":
            continue
        course = college.courses[text(sheet).partition("-")[0]]
        least = marks[sheet.partition("-")[0]]
        upper, lower = rows[:2]
        for row in rows[2:]:
            if row[0] == "平均分":
                continue
            student = number(row[0])
            for column, head in enumerate(upper):
                found = _UPPER.fullmatch(head)
                if found is None or row[column] == "":
                    continue
                on = day(found["day"])
                # The column says the class of today: of who has moved, the test was in the class of that day.
                class_ = college.class_of(student, on) or college.classes[text(row[2])]
                lesson = timetable.find(class_, on, *sections(found["sections"]))
                assert lesson.course == course, head
                full = float(_FULL.fullmatch(lower[column])[1])
                yield _test(timetable, RAIN, lesson, student, row[column], full, least)


def chaoxing(path, college, timetable):
    """A row for each result."""
    for row in cells.table(cells.sheets(path)["检测成绩"], "课程名称"):
        lesson = timetable.find(college.classes[row["班级"]], day(row["检测日期"]), *sections(row["节次"]))
        assert lesson.course == college.courses[text(row["课程名称"])], row
        yield _test(timetable, CHAOXING, lesson, number(row["学号"]), row["成绩"], row["满分"], row["合格线"])


def assessments(path, college):
    """A column for each month. It is of whoever leads the course at the end of that month."""
    rows = [row for row in cells.table(cells.sheets(path)["月度评学"], "系部") if row["学号"]]
    for row in cells.filled_down(rows, ["系部", "班级", "课程", "任课教师"]):
        course, class_ = college.courses[text(row["课程"])], college.classes[text(row["班级"])]
        for month in (9, 10, 11, 12):
            said = _REMARK.fullmatch(text(row[f"{month}月"]))
            if said is None:
                continue
            at = min(datetime.combine(datetime(2026, month + 1, 1) - timedelta(days=1), time(17), ZONE), EXPORTED)  # noqa: DTZ001 - a day
            yield event(
                ASSESSMENT, "assessment", at, period=f"2026-{month:02}", course=course, class_=class_,
                teacher=college.teacher(course, class_, week(at.date())), student=number(row["学号"]),
                overall=_OVERALL[said[1]], comment=said[2],
            )  # fmt: skip
