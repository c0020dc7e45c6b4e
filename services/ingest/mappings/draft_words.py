"""What columns are called in Chinese and English, what stands in them, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.ingest.mappings.cells import plain, word
from services.ingest.mappings.draft_meaning import Meaning
from services.ingest.mappings.draft_words_directory import OF_DIRECTORY
from services.ingest.mappings.draft_words_records import OF_RECORDS

MEANINGS: Mapping[str, Meaning] = {**OF_DIRECTORY, **OF_RECORDS}

UNIMPORTANT = frozenset(
    {
        "serial",
        "weekday",
        "phone",
        "gender",
        "joined",
        "size",
        "remark",
        "description",
        "student_status",
        "staff_status",
    }
)
"""What is known and needed for nothing."""

KINDS: Mapping[str, tuple[str, str]] = {
    "attendance": (
        "attendance_status minutes_late marks",
        "student student_name class course day sections slot lesson_begins teacher submitted department",
    ),
    "lists": (
        "absent_names late_names early_names leave_names present_names mixed_names",
        "class course day sections slot teacher size weekday",
    ),
    "plan": ("when weeks odd_weeks", "class course teacher teacher_id room sections weekday course_id"),
    "changes": (
        "old_day old_sections new_day new_sections old_slot new_slot new_room new_teacher lesson_change",
        "class course requested teacher room",
    ),
    "enrolment": ("change change_day class_before class_after", "student student_name class reason"),
    "bells": ("section_begins section_ends section_span", "sections"),
    "days": ("off_from off_to made_up follows", "holiday"),
    "rollcall": ("rollcall_status", "class course day sections teacher room submitted"),
    "leave": (
        "leave_category leave leave_span begins ends leave_status leave_result",
        "student student_name class requested decided reason",
    ),
    "test": (
        "score max_score pass_score test_name",
        "student student_name class course day sections slot lesson_begins",
    ),
    "assessment": ("overall period", "student student_name class course teacher author person_name department"),
    "ticket": (
        "ticket ticket_category accepted reported rating rated priority step step_time",
        "department location resolved ticket_status rating_comment",
    ),
    "people": ("person person_name post left email", "department teaching_office joined staff_status"),
    "students": (
        "enrolled change change_day class_before student_status",
        "student student_name class major cohort department email",
    ),
    "classes": (
        "class_id class_alias tutor tutor_id counsellor counsellor_id mentor mentor_id",
        "class major major_id cohort department",
    ),
    "courses": (
        "course_id planned_hours teacher_id",
        "course class teaching_office department teacher person_name weeks",
    ),
}
"""Kind of table → (what only it has, what it has beside others)."""


_OLD, _NEW = "原 调前 调课前 调整前 变更前", "新 现 调后 调课后 调整后 变更后"
_IDS, _NAMES = "号 编号 编码 代码 号码 id 代号", "姓名 名字 名称 名"
_FAMILIES = (
    ("student", "学生 学籍 学员", f"学号 {_IDS}"),
    ("person", "职工 教工 教职工 员工 人事 人员", f"工号 {_IDS}"),
    ("teacher_id", "教师 任课教师 授课教师 主讲教师", f"工号 {_IDS}"),
    ("class_id", "班级 行政班 行政班级", _IDS),
    ("course_id", "课程", _IDS),
    ("major_id", "专业", _IDS),
    ("ticket", "工单 报修单 服务单 报修 诉求 投诉", f"单号 流水 流水号 {_IDS}"),
    ("leave", "请假单 假条 审批单", _IDS),
    ("old_day", _OLD, "日期 上课日期 日"),
    ("new_day", _NEW, "日期 上课日期 日"),
    ("old_slot", _OLD, "时间 上课时间"),
    ("new_slot", _NEW, "时间 上课时间"),
    ("old_sections", _OLD, "节次 上课节次 课节"),
    ("new_sections", _NEW, "节次 上课节次 课节"),
    ("new_room", _NEW, "教室 地点 上课教室 上课地点 教学地点 授课地点 场地"),
    ("new_teacher", _NEW, "教师 任课教师 授课教师 上课教师 任课老师 老师"),
    ("student_name", "学生 学员", _NAMES),
    ("person_name", "职工 教工 教职工 员工 人员", _NAMES),
    ("teacher", "任课教师 授课教师 主讲教师", _NAMES),
    ("class", "班级 行政班 行政班级 所属行政班", "名称 名 全称"),
    ("course", "课程 所属课程 所修课程", "名称 名 全称"),
)
"""(meaning, of whom, what of them): headers are made of both."""


def _headers() -> dict[str, list[tuple[str, bool]]]:
    found: dict[str, list[tuple[str, bool]]] = {}
    for name, meaning in MEANINGS.items():
        for one in meaning.words.split():
            found.setdefault(word(one.removeprefix("?")), []).append((name, not one.startswith("?")))
    for name, whose, what in _FAMILIES:
        for each in (word(first + last) for first in whose.split() for last in what.split()):
            if each not in found:
                found[each] = [(name, True)]
    return found


HEADERS = _headers()
"""Header → (meaning, whether it is usual for it)."""


_ASKED = re.compile(
    r"^\s*(?:(?:[Qq]?\d{1,2}\s*[.、)]|第\d{1,2}题[.、]?)\s*(?=[^\W\d]))?(?:请?(?:填写|选择|输入)?[您你]的|请(?:填写|选择|输入))?"
)
"""What a form puts before the word of a question: 4、学生学号, 请填写您的姓名."""


def plainer_header(header: str) -> str:
    """A header without remarks in brackets, signs, and what a form puts before the word of its question."""
    return word(_ASKED.sub("", re.sub(r"\([^()]*\)|[*:?]", "", plain(header)), count=1))
