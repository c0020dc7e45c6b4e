"""What columns are called in Chinese and English, what stands in them, and which of them belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services.ingest.mappings.cells import word


class Meaning(NamedTuple):
    """What a column may be."""

    shape: str = ""
    """What its values look like (`draft_shapes.py`); empty: anything."""
    table: str = ""
    """The table of the directory whose ids or names stand in it."""
    words: str = ""
    """Its headers, separated by blanks; one behind a `?` is one of others as well."""


MEANINGS: Mapping[str, Meaning] = {
    "serial": Meaning("serial", "", "序号 ?编号 no no. # index"),
    "student": Meaning(
        "id", "students", "学号 学生学号 学籍号 学生编号 学生证号 学号/工号 studentid studentno student_id student_no"
    ),
    "student_name": Meaning(
        "name", "student_names", "学生姓名 发起人姓名 申请人姓名 请假人 学生 studentname ?申请人 ?姓名 ?name"
    ),
    "person": Meaning("id", "people", "工号 职工号 教工号 职工编号 员工号 员工编号 staffid staff_id employeeid"),
    "person_name": Meaning("name", "person_names", "教师姓名 职工姓名 教职工姓名 staffname ?姓名 ?name"),
    "class": Meaning(
        "class",
        "classes",
        "班级 行政班 行政班级 班级名称 所在班级 班别 教学班组成 上课班级 授课班级 class classname ?部门"
        " ?发起人部门 ?教学班",
    ),
    "class_id": Meaning("id", "class_ids", "班级代码 班级编号 班号 班级编码 classid class_id classcode"),
    "class_alias": Meaning("class", "", "班级简称 简称"),
    "class_before": Meaning("class", "classes", "异动前班级 原班级 转出班级"),
    "course": Meaning("course", "courses", "课程 课程名称 课程名 科目 科目名称 course coursename course_name subject"),
    "course_id": Meaning("code", "course_ids", "课程代码 课程号 课程编号 课程编码 coursecode courseid course_id"),
    "teacher": Meaning(
        "names", "person_names", "任课教师 教师 授课教师 上课教师 主讲教师 任课老师 老师 teacher instructor ?教师姓名"
    ),
    "teacher_id": Meaning("ids", "people", "教师工号 任课教师工号 教师编号 教师职工号 teacherid teacher_id"),
    "department": Meaning(
        "unit",
        "departments",
        "系部 院系 所属部门 部门 所在部门 单位 所属单位 二级学院 开课系部 开课学院 责任部门 处理部门"
        " department ?学院 ?系",
    ),
    "teaching_office": Meaning("unit", "teaching_offices", "教研室 所属教研室 开课教研室"),
    "major": Meaning("", "majors", "专业 专业名称 major"),
    "major_id": Meaning("code", "major_ids", "专业代码 专业号 专业编号"),
    "cohort": Meaning("cohort", "", "年级 入学年份 所在年级 cohort grade"),
    "day": Meaning(
        "day", "", "日期 上课日期 考勤日期 检测日期 测验日期 考试日期 签到日期 授课日期 上课时间 date ?考试时间"
    ),
    "weekday": Meaning("weekday", "", "星期 周几 weekday"),
    "sections": Meaning("sections", "", "节次 上课节次 课节 节 section sections period periods"),
    "weeks": Meaning("weeks", "", "起止周 周次 上课周次 教学周 weeks"),
    "attendance_status": Meaning(
        "attendance.status",
        "",
        "考勤结果 考勤状态 签到状态 出勤情况 出勤状态 到课情况 考勤情况 attendance ?状态 ?status",
    ),
    "minutes_late": Meaning(
        "number", "", "迟到分钟 迟到时长 迟到/早退时长 迟到分钟数 迟到时间 minuteslate minutes_late"
    ),
    "rollcall_status": Meaning("rollcall", "", "点名状态 提交状态 点名情况"),
    "submitted": Meaning("moment", "", "提交时间 点名时间 签到时间 打卡时间"),
    "leave": Meaning("id", "", "审批编号 申请单号 请假单号 审批单号"),
    "leave_category": Meaning("leave.category", "", "请假类型 假别 请假类别 请假种类"),
    "leave_status": Meaning("leave.status", "", "审批状态 审核状态 审批进度 销假状态"),
    "leave_result": Meaning("leave.status", "", "审批结果 审核结果 审批意见"),
    "begins": Meaning("half", "", "开始时间 请假开始时间 起始时间 开始日期 请假起始时间 from starttime"),
    "ends": Meaning("half", "", "结束时间 请假结束时间 截止时间 结束日期 请假截止时间 to endtime"),
    "reason": Meaning("", "", "请假事由 事由 请假原因 原因 reason"),
    "requested": Meaning("moment", "", "发起时间 申请时间 申请日期"),
    "decided": Meaning("moment", "", "审批时间 审核时间 审批完成时间 ?完成时间"),
    "score": Meaning("score", "", "成绩 得分 分数 测验成绩 检测成绩 score mark"),
    "max_score": Meaning("number", "", "满分 试卷总分 满分值 maxscore max_score ?总分"),
    "pass_score": Meaning("number", "", "合格线 及格线 及格分 合格分 passscore pass_score"),
    "test_name": Meaning("", "", "检测名称 测验名称 考试名称 试卷名称 作业名称"),
    "overall": Meaning("assessment.overall", "", "评价 总评 等级 评学结果 评价等级"),
    "ticket": Meaning("id", "", "工单号 工单编号 报修单号 单号 受理编号 ticket ticketid ticket_id"),
    "ticket_category": Meaning("ticket.category", "", "类别 工单类型 服务类型 诉求类型 事项类型 ?类型"),
    "priority": Meaning("ticket.priority", "", "紧急程度 优先级 紧急度 priority"),
    "location": Meaning("", "", "报修地点 位置 location ?地点"),
    "reported": Meaning("moment", "", "报修时间 上报时间 创建时间 ?提交时间"),
    "accepted": Meaning("moment", "", "受理时间 接单时间 响应时间 派单时间"),
    "resolved": Meaning("moment", "", "办结时间 解决时间 处理完成时间 ?完成时间"),
    "rating": Meaning("number", "", "评分 满意度 评价分 星级 rating"),
    "rating_comment": Meaning("", "", "评价内容 评价意见"),
    "ticket_status": Meaning("", "", "工单状态 处理状态 ?状态"),
    "description": Meaning("", "", "内容描述 问题描述 故障描述 报修内容"),
    "post": Meaning("", "", "职务 行政职务 岗位"),
    "joined": Meaning("day", "", "来校日期 入职日期 到校日期"),
    "left": Meaning("day", "", "离校日期 离职日期 退休日期"),
    "email": Meaning("email", "", "电子邮箱 邮箱 电子邮件 e-mail email"),
    "phone": Meaning("phone", "", "手机 手机号 手机号码 联系电话 电话 phone"),
    "gender": Meaning("gender", "", "性别 gender sex"),
    "enrolled": Meaning("day", "", "入学日期 入学时间 报到日期 注册日期"),
    "student_status": Meaning("", "", "学籍状态 在校状态"),
    "change": Meaning("", "", "异动类别 异动类型 学籍异动"),
    "change_day": Meaning("day", "", "异动日期 异动时间"),
    "tutor": Meaning("name", "person_names", "班主任 班主任姓名"),
    "tutor_id": Meaning("id", "people", "班主任工号 班主任编号"),
    "counsellor": Meaning("name", "person_names", "辅导员 辅导员姓名"),
    "counsellor_id": Meaning("id", "people", "辅导员工号 辅导员编号"),
    "mentor": Meaning("name", "person_names", "班级导师 导师 导师姓名"),
    "mentor_id": Meaning("id", "people", "导师工号 班级导师工号 导师编号"),
    "planned_hours": Meaning("number", "", "总学时 学时 计划学时 hours"),
    "room": Meaning("", "", "教室 上课地点 上课教室 场地 room"),
    "size": Meaning("number", "", "人数 班级人数 学生人数 size"),
    "remark": Meaning("", "", "备注 remark remarks note"),
}
"""`…_ids` and `…_names` are the ids and the names of a table apart."""

UNIMPORTANT = frozenset(
    {"serial", "weekday", "phone", "gender", "joined", "size", "remark", "description", "student_status"}
)
"""What is known and needed for nothing."""

KINDS: Mapping[str, tuple[str, str]] = {
    "attendance": (
        "attendance_status minutes_late",
        "student student_name class course day sections teacher submitted department",
    ),
    "rollcall": ("rollcall_status", "class course day sections teacher room submitted"),
    "leave": (
        "leave_category leave begins ends leave_status leave_result",
        "student student_name class requested decided reason",
    ),
    "test": ("score max_score pass_score test_name", "student student_name class course day sections"),
    "assessment": ("overall", "student student_name class course teacher department"),
    "ticket": (
        "ticket ticket_category accepted reported rating priority",
        "department location resolved ticket_status rating_comment",
    ),
    "people": ("person person_name post left email", "department teaching_office joined"),
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


def _headers() -> dict[str, list[tuple[str, bool]]]:
    found: dict[str, list[tuple[str, bool]]] = {}
    for name, meaning in MEANINGS.items():
        for one in meaning.words.split():
            found.setdefault(word(one.removeprefix("?")), []).append((name, not one.startswith("?")))
    return found


HEADERS = _headers()
"""Header → (meaning, whether it is usual for it)."""
