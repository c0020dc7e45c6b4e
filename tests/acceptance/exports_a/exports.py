"""The fifteen files of set A as what Prewarn takes: a directory, a calendar, and events, a file for each export."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.acceptance.exports_a import attendance, college, events, results, term, tickets, timetable

COVERS = "attendance of 2026-08-31 to 2026-11-27"
_SPAN = "20260831-20261127"
FIRST = f"学生考勤异常明细_{_SPAN}.xlsx"
CORRECTED = f"学生考勤异常明细_{_SPAN}_更正.xlsx"
EVERYBODY = "护理系课堂签到_全员_20261109-20261127.csv"
LEAVE = f"请假审批_{_SPAN}.xlsx"


@dataclass(repr=False)
class Exports:
    """What was read."""

    college: college.College
    term: term.Term
    timetable: timetable.Timetable
    events: dict
    """Name of an export → its events."""
    exported_at: datetime
    corrected_at: datetime
    """When the first and the corrected export of the attendance were made."""

    def write(self, folder):
        """The directory in `directory`, `calendar.yaml`, and the events; name of an export → its file."""
        folder.mkdir(parents=True)
        college.write(self.college, folder / "directory")
        term.write(self.term, folder / "calendar.yaml")
        return {name: events.write(folder / f"{Path(name).stem}.ndjson", some) for name, some in self.events.items()}


def read(folder):
    """All of it; nothing is guessed: what cannot be told stops with the cell."""
    people, days = college.read(folder), term.read(folder / "校历与作息.xlsx")
    plan = timetable.Timetable(folder, people, days)
    found = {
        "班级课表.xlsx": events.published(plan),
        "调停课信息.xls": events.changed(plan),
        FIRST: attendance.exceptions(folder / FIRST, people, plan),
        CORRECTED: attendance.exceptions(folder / CORRECTED, people, plan),
        EVERYBODY: list(attendance.everybody(folder / EVERYBODY, people, plan)),
        LEAVE: list(attendance.leave(folder / LEAVE, people)),
        "雨课堂_课堂检测汇总_数据表.xlsx": list(
            results.rain_classroom(folder / "雨课堂_课堂检测汇总_数据表.xlsx", people, plan)
        ),
        "学习通_随堂检测成绩.xlsx": list(results.chaoxing(folder / "学习通_随堂检测成绩.xlsx", people, plan)),
        "月度评学表.xlsx": list(results.assessments(folder / "月度评学表.xlsx", people)),
        "报修服务台账.csv": list(tickets.steps(folder / "报修服务台账.csv")),
    }
    made = (attendance.exported_at(folder / name) for name in (FIRST, CORRECTED))
    return Exports(people, days, plan, found, *made)
