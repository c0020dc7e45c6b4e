"""Attendance, roll-calls that were handed in, and leave."""

import re
from collections import Counter
from datetime import datetime, time

from tests.acceptance.exports_a import cells
from tests.acceptance.exports_a.cells import ZONE, day, moment, name, number, sections, text
from tests.acceptance.exports_a.college import DINGTALK, WECOM
from tests.acceptance.exports_a.events import about, event

LEAVE = "dingtalk/leave"
STATUS = {
    "旷课": "absent", "缺勤": "absent", "迟到": "late", "早退": "early_leave", "病假": "leave", "事假": "leave",
    "公假": "leave", "请假": "leave", "正常": "present",
}  # fmt: skip
_EXPORTED = re.compile(r"导出时间：(\S+ \d\d:\d\d)")
_GRANTED = {
    ("已完成", "同意"): "granted",
    ("已完成", "拒绝"): "refused",
    ("已撤销", ""): "cancelled",
    ("审批中", ""): "pending",
}
_CATEGORY = {"病假": "sick", "事假": "personal", "公假": "official"}
_HALVES = {("from", "上午"): 8, ("from", "下午"): 14, ("to", "上午"): 12, ("to", "下午"): 18}


def exported_at(path):
    """When the export was made, as its second line says."""
    return moment(_EXPORTED.search(cells.sheets(path)["异常明细"][1][0])[1])


def exceptions(path, college, timetable):
    """Who was not there or not in time, and which roll-calls were handed in."""
    given, exported = cells.sheets(path), exported_at(path)
    rows = [row for row in cells.table(given["异常明细"], "序号") if row["学号"]]
    listed = [_exception(row, college, timetable, exported) for row in rows]
    return listed + list(_rollcalls(given["点名记录"], college, timetable, exported))


def _exception(row, college, timetable, exported):
    first, last = sections(row["节次"])
    class_ = college.classes[text(row["部门"]).rpartition("/")[2].removesuffix("班")]
    lesson = timetable.find(class_, day(row["上课日期"]), first, last)
    assert lesson.course == college.courses[text(row["课程名称"])], row
    status = STATUS[row["考勤结果"]]
    minutes = re.sub(r"\D", "", text(row["迟到/早退时长"])) if status == "late" else ""
    return _attended(timetable, DINGTALK, lesson, number(row["学号"]), status, minutes, exported)


def words(path, college):
    """How often each word stands in an export: a row that is there twice once, and nobody's row not at all."""
    rows = [row for row in cells.table(cells.sheets(path)["异常明细"], "序号") if row["学号"]]
    once = {(number(row["学号"]), day(row["上课日期"]), sections(row["节次"])): row["考勤结果"] for row in rows}
    return dict(Counter(word for (student, *_), word in once.items() if student in college.students))


def _attended(timetable, source, lesson, student, status, minutes, exported):
    return event(
        source, "attendance", timetable.span(lesson)[0], exported, **about(lesson), student=student, status=status,
        hours=lesson.last - lesson.first + 1, minutes_late=int(minutes) if minutes else None,
    )  # fmt: skip


def _rollcalls(rows, college, timetable, exported):
    """Handed in, without figures; of classes that are taught together one for each."""
    for row in cells.filled_down(cells.table(rows, "日期"), ["日期"]):
        if row["点名状态"] != "已提交":
            continue
        first, last = sections(row["节次"])
        for class_name in row["班级"].split(";"):
            lesson = timetable.find(college.classes[class_name], day(row["日期"]), first, last)
            assert lesson.course == college.courses[text(row["课程"])], row
            yield event(DINGTALK, "rollcall", moment(row["提交时间"]), exported, **about(lesson))


def everybody(path, college, timetable):
    """The attendance of all, present ones included."""
    for row in cells.csv_rows(path, "gb18030"):
        first, last = sections(row["节次"])
        lesson = timetable.find(college.classes[text(row["班级"])], day(row["日期"]), first, last)
        assert lesson.course == college.courses[text(row["课程"])], row
        yield _attended(timetable, WECOM, lesson, row["学号"], STATUS[row["签到状态"]], row["迟到分钟"], None)


def leave(path, college):
    """Requests; who asks is known by name and class, on the day on which the leave begins."""
    for row in cells.table(cells.sheets(path)["请假"], "审批编号"):
        begins, ends = _half_day(row["开始时间"], "from"), _half_day(row["结束时间"], "to")
        class_ = college.classes[text(row["发起人部门"]).rpartition("-")[2].removesuffix("班")]
        status = _GRANTED[row["审批状态"], row["审批结果"]]
        decided = row["完成时间"] or row["发起时间"]
        yield event(
            LEAVE, "leave", moment(row["发起时间"]), moment(decided), leave=row["审批编号"],
            student=college.student(name(row["发起人姓名"]), class_, begins.date()), class_=class_,
            from_=begins.isoformat(), to=ends.isoformat(), status=status, category=_CATEGORY[row["请假类型"]],
            reason=row["请假事由"],
        )  # fmt: skip


def _half_day(cell, end):
    """`2026-09-01 08:00`, or `2026-09-01 上午`."""
    on, _, at = text(cell).partition(" ")
    return datetime.combine(day(on), time(_HALVES[end, at]), ZONE) if (end, at) in _HALVES else moment(cell)
