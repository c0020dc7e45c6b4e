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
        "id",
        "students",
        "学号 学生学号 ?学籍号 学生编号 学生证号 学号/工号 studentid studentno student_id student_no "
        "?账号 学工号 学生学工号 studentnumber student_number studentidno",
    ),
    "student_name": Meaning(
        "name",
        "student_names",
        "学生姓名 发起人姓名 申请人姓名 请假人 学生 studentname ?申请人 ?姓名 ?name 学员姓名 "
        "学生名称 name_of_student student",
    ),
    "person": Meaning(
        "id",
        "people",
        "工号 职工号 教工号 职工编号 员工号 员工编号 staffid staff_id employeeid 教职工号 教师号 "
        "人事编号 teacherno staffno employeeno employee_no",
    ),
    "person_name": Meaning(
        "name",
        "person_names",
        "教师姓名 职工姓名 教职工姓名 staffname ?姓名 ?name 教职工 姓名/工号 ?teachername",
    ),
    "class": Meaning(
        "class",
        "classes",
        "班级 行政班 行政班级 班级名称 所在班级 班别 教学班组成 上课班级 授课班级 class classname "
        "?部门 ?发起人部门 ?教学班 行政班名称 行政班级名称 上课班级名称 所在行政班 班级名 合班 "
        "授课对象 上课对象 homeroom section_name ?专业班级 专业班级",
    ),
    "class_id": Meaning(
        "id",
        "class_ids",
        "班级代码 班级编号 班号 班级编码 classid class_id classcode 班级号 行政班代码 行政班号 班级id classno class_no",
    ),
    "class_alias": Meaning("class", "", "班级简称 简称"),
    "class_before": Meaning(
        "class",
        "classes",
        "异动前班级 原班级 转出班级 异动前行政班 原行政班 oldclass",
    ),
    "course": Meaning(
        "course",
        "courses",
        "课程 课程名称 课程名 科目 科目名称 course coursename course_name subject 课程名称(中文) "
        "课名 所属课程 coursetitle course_title",
    ),
    "course_id": Meaning(
        "code",
        "course_ids",
        "课程代码 课程号 课程编号 课程编码 coursecode courseid course_id 课程id 课程编号/代码 courseno course_no",
    ),
    "teacher": Meaning(
        "names",
        "person_names",
        "任课教师 教师 授课教师 上课教师 主讲教师 任课老师 老师 teacher instructor ?教师姓名 "
        "授课老师 主讲老师 主讲人 讲师 授课人 任课老师姓名 teachers",
    ),
    "teacher_id": Meaning(
        "ids",
        "people",
        "教师工号 任课教师工号 教师编号 教师职工号 teacherid teacher_id 授课教师工号 任课教师号 教师号 teacherno",
    ),
    "department": Meaning(
        "unit",
        "departments",
        "系部 院系 所属部门 部门 所在部门 单位 所属单位 二级学院 开课系部 开课学院 责任部门 "
        "处理部门 department ?学院 ?系 单位名称 所属院系 院系名称 学院名称 所属学院 所在学院 "
        "所在单位 部门名称 报修部门 申报部门 报修单位 faculty school dept",
    ),
    "teaching_office": Meaning(
        "unit",
        "teaching_offices",
        "教研室 所属教研室 开课教研室 系室 所在教研室 教研室名称 承担教研室",
    ),
    "major": Meaning(
        "",
        "majors",
        "专业 专业名称 major 所属专业 所学专业 programme program",
    ),
    "major_id": Meaning("code", "major_ids", "专业代码 专业号 专业编号"),
    "cohort": Meaning(
        "cohort",
        "",
        "年级 入学年份 所在年级 cohort grade 现在年级 当前所在级 入学年级 所在级 enrolmentyear",
    ),
    "day": Meaning(
        "day",
        "",
        "日期 上课日期 考勤日期 检测日期 测验日期 考试日期 签到日期 授课日期 上课时间 date "
        "?考试时间 考勤时间 签到日 点名日期 测试日期 测验时间 考核日期 课程日期 上课日 lessondate "
        "lesson_date classdate testdate exam_date",
    ),
    "weekday": Meaning("weekday", "", "星期 周几 weekday"),
    "sections": Meaning(
        "sections",
        "",
        "节次 上课节次 课节 节 section sections period periods 上课节数 第几节 节次/时间 课时段 slot period_no",
    ),
    "weeks": Meaning(
        "weeks",
        "",
        "起止周 周次 上课周次 教学周 weeks 周次范围 上课周 授课周次",
    ),
    "attendance_status": Meaning(
        "attendance.status",
        "",
        "考勤结果 考勤状态 签到状态 出勤情况 出勤状态 到课情况 考勤情况 attendance ?状态 ?status "
        "到课状态 签到情况 考勤 出席情况 出席状态 attendancestatus",
    ),
    "minutes_late": Meaning(
        "number",
        "",
        "迟到分钟 迟到时长 迟到/早退时长 迟到分钟数 迟到时间 minuteslate minutes_late 迟到(分钟) "
        "迟到时间(分钟) minutes_of_delay late_minutes",
    ),
    "rollcall_status": Meaning(
        "rollcall",
        "",
        "点名状态 提交状态 点名情况 考勤提交状态",
    ),
    "submitted": Meaning(
        "moment",
        "",
        "提交时间 点名时间 签到时间 打卡时间 考勤提交时间 签到提交时间 submittedat",
    ),
    "leave": Meaning(
        "id",
        "",
        "审批编号 申请单号 请假单号 审批单号 请假编号 假条编号 申请编号 requestno requestid leaveid leave_no 流程编号",
    ),
    "leave_category": Meaning(
        "leave.category",
        "",
        "请假类型 假别 请假类别 请假种类 leavetype leave_type 假种 请假性质",
    ),
    "leave_status": Meaning(
        "leave.status",
        "",
        "审批状态 审核状态 审批进度 销假状态 当前审批状态 流程状态 请假状态 approvalstatus",
    ),
    "leave_result": Meaning(
        "leave.status",
        "",
        "审批结果 审核结果 审批意见 decision",
    ),
    "begins": Meaning(
        "half",
        "",
        "开始时间 请假开始时间 起始时间 开始日期 请假起始时间 from starttime 请假开始日期 开始 起始 "
        "请假起始日期 离校时间 start startdate start_time start_date",
    ),
    "ends": Meaning(
        "half",
        "",
        "结束时间 请假结束时间 截止时间 结束日期 请假截止时间 to endtime 请假结束日期 结束 截止 "
        "返校时间 end enddate end_time end_date",
    ),
    "reason": Meaning("", "", "请假事由 事由 请假原因 原因 reason"),
    "requested": Meaning(
        "moment",
        "",
        "发起时间 申请时间 申请日期 提交时间 提交申请时间 submittime submit_time submittedon 发起日期",
    ),
    "decided": Meaning(
        "moment",
        "",
        "审批时间 审核时间 审批完成时间 ?完成时间 批准时间 approvetime approve_time approvedat 审批日期",
    ),
    "score": Meaning(
        "score",
        "",
        "成绩 随堂测 随堂测验 测验 测试 检测 小测 得分 分数 测验成绩 检测成绩 score mark 最终成绩 "
        "总成绩 测试成绩 考试成绩 "
        "考核成绩 实得分 卷面成绩 总评成绩 grade points result ?总分",
    ),
    "max_score": Meaning(
        "number",
        "",
        "满分 试卷总分 满分值 maxscore max_score ?总分 卷面满分 满分分值 总分值 fullmark fullmarks full_score outof",
    ),
    "pass_score": Meaning(
        "number",
        "",
        "合格线 及格线 及格分 合格分 passscore pass_score 及格分数 合格分数 及格线分数 passmark pass_mark",
    ),
    "test_name": Meaning(
        "",
        "",
        "检测名称 测验名称 考试名称 试卷名称 作业名称 测试名称 考核名称 章节测验 试卷 作业 testname quiz",
    ),
    "overall": Meaning(
        "assessment.overall",
        "",
        "评价 总评 等级 评学结果 评价等级 评学等级 学习评价 综合评价 评价结果 evaluation ?等级",
    ),
    "period": Meaning("month", "", "月份 统计月份 评学月份 评价月份 所属月份 考核月份 month period"),
    "ticket": Meaning(
        "id",
        "",
        "工单号 工单编号 报修单号 单号 受理编号 ticket ticketid ticket_id 单据号 工单id 流水号 "
        "报修编号 单据编号 服务单号 requestnumber ticketno ticket_no caseid",
    ),
    "ticket_category": Meaning(
        "ticket.category",
        "",
        "类别 工单类型 服务类型 诉求类型 事项类型 ?类型 故障类型 报修类型 报修类别 服务类别 "
        "维修类型 工单类别 项目类别 category tickettype",
    ),
    "priority": Meaning(
        "ticket.priority",
        "",
        "紧急程度 优先级 紧急度 priority 紧急级别 优先等级 重要程度 urgency",
    ),
    "location": Meaning(
        "",
        "",
        "报修地点 位置 location ?地点 报修区域 维修地点 故障地点 报修位置 地点位置",
    ),
    "reported": Meaning(
        "moment",
        "",
        "报修时间 上报时间 创建时间 提交时间 报修日期 申报时间 提单时间 created createdat created_at opened",
    ),
    "accepted": Meaning(
        "moment",
        "",
        "受理时间 接单时间 响应时间 派单时间 受理日期 响应时刻 responded respondedat acceptedat",
    ),
    "resolved": Meaning(
        "moment",
        "",
        "办结时间 解决时间 处理完成时间 ?完成时间 完工时间 办结日期 维修完成时间 closed closedat resolvedat finished",
    ),
    "rating": Meaning(
        "number",
        "",
        "评分 满意度 评价分 星级 rating 满意度评分 服务评分 评价星级 用户评分 stars",
    ),
    "rating_comment": Meaning("", "", "评价内容 评价意见"),
    "ticket_status": Meaning(
        "",
        "",
        "工单状态 处理状态 ?状态 当前状态 单据状态",
    ),
    "description": Meaning(
        "",
        "",
        "内容描述 问题描述 故障描述 报修内容 故障说明 报修描述 问题内容 details",
    ),
    "post": Meaning(
        "",
        "",
        "职务 行政职务 岗位 党政职务 现任职务 职务名称 position title",
    ),
    "joined": Meaning(
        "day",
        "",
        "来校日期 入职日期 到校日期 入校日期 来校时间 hiredate",
    ),
    "left": Meaning(
        "day",
        "",
        "离校日期 离职日期 退休日期 离校时间 离职时间 退休时间 leavedate",
    ),
    "email": Meaning(
        "email",
        "",
        "电子邮箱 邮箱 电子邮件 e-mail email 办公邮箱 邮箱地址 mail emailaddress",
    ),
    "phone": Meaning("phone", "", "手机 手机号 手机号码 联系电话 电话 phone"),
    "gender": Meaning("gender", "", "性别 gender sex"),
    "enrolled": Meaning(
        "day",
        "",
        "入学日期 入学时间 报到日期 注册日期 入学年月 enrolmentdate enrollmentdate admissiondate",
    ),
    "student_status": Meaning(
        "",
        "",
        "学籍状态 在校状态 现在状态 当前状态 学生状态 在籍状态",
    ),
    "change": Meaning(
        "",
        "",
        "异动类别 异动类型 学籍异动 异动种类 变动类型 changetype",
    ),
    "change_day": Meaning(
        "day",
        "",
        "异动日期 异动时间 生效日期 变动日期 effectivedate",
    ),
    "tutor": Meaning(
        "name",
        "person_names",
        "班主任 班主任姓名 班主任老师 headteacher homeroomteacher",
    ),
    "tutor_id": Meaning("id", "people", "班主任工号 班主任编号"),
    "counsellor": Meaning(
        "name",
        "person_names",
        "辅导员 辅导员姓名 专职辅导员 counselor",
    ),
    "counsellor_id": Meaning("id", "people", "辅导员工号 辅导员编号"),
    "mentor": Meaning(
        "name",
        "person_names",
        "班级导师 导师 导师姓名 学业导师 学业导师姓名",
    ),
    "mentor_id": Meaning("id", "people", "导师工号 班级导师工号 导师编号"),
    "planned_hours": Meaning(
        "number",
        "",
        "总学时 学时 计划学时 hours 计划课时 总课时 学时数 totalhours",
    ),
    "room": Meaning(
        "",
        "",
        "教室 上课地点 上课教室 场地 room 上课场地 授课地点 教学地点 classroom venue",
    ),
    "class_after": Meaning("class", "classes", "异动后班级 现班级 新班级 转入班级 现行政班 newclass"),
    "present_names": Meaning("people", "student_names", "出勤学生 到课学生 实到学生 出勤名单"),
    "absent_names": Meaning(
        "people", "student_names", "旷课学生 旷课名单 缺勤学生 缺勤名单 缺课学生 未到学生 未到名单 旷课人员"
    ),
    "late_names": Meaning("people", "student_names", "迟到学生 迟到名单 迟到人员"),
    "early_names": Meaning("people", "student_names", "早退学生 早退名单 早退人员"),
    "leave_names": Meaning("people", "student_names", "请假学生 请假名单 请假人员"),
    "marks": Meaning("marks", "", ""),
    "when": Meaning("when", "", "上课时间 时间安排 排课时间 上课时间地点"),
    "old_day": Meaning("day", "", "原上课日期 原日期 调前日期 调课前日期 停课日期"),
    "old_sections": Meaning("sections", "", "原节次 原上课节次 调前节次 调课前节次 停课节次"),
    "new_day": Meaning("day", "", "新上课日期 新日期 现上课日期 现日期 调后日期 调课后日期 补课日期"),
    "new_sections": Meaning("sections", "", "新节次 新上课节次 现节次 现上课节次 调后节次 调课后节次 补课节次"),
    "new_room": Meaning("", "", "新教室 现教室 调后教室 调课后教室 新上课地点"),
    "new_teacher": Meaning("names", "person_names", "代课教师 新教师 现任课教师 调后教师 调课后教师"),
    "lesson_change": Meaning("timetable/changes.status", "", "调课类型 调停课类型 变动类型"),
    "size": Meaning(
        "number",
        "",
        "人数 班级人数 学生人数 size 应到人数 实到人数 在籍人数",
    ),
    "remark": Meaning(
        "",
        "",
        "备注 remark remarks note 说明 备注说明 comment comments",
    ),
}
"""`…_ids` and `…_names` are the ids and the names of a table apart."""

UNIMPORTANT = frozenset(
    {"serial", "weekday", "phone", "gender", "joined", "size", "remark", "description", "student_status"}
)
"""What is known and needed for nothing."""

KINDS: Mapping[str, tuple[str, str]] = {
    "attendance": (
        "attendance_status minutes_late marks",
        "student student_name class course day sections teacher submitted department",
    ),
    "lists": (
        "absent_names late_names early_names leave_names present_names",
        "class course day sections teacher size weekday",
    ),
    "plan": ("when weeks", "class course teacher teacher_id room sections weekday course_id"),
    "changes": (
        "old_day old_sections new_day new_sections new_room new_teacher lesson_change",
        "class course requested teacher room",
    ),
    "enrolment": ("change change_day class_before class_after", "student student_name class reason"),
    "rollcall": ("rollcall_status", "class course day sections teacher room submitted"),
    "leave": (
        "leave_category leave begins ends leave_status leave_result",
        "student student_name class requested decided reason",
    ),
    "test": ("score max_score pass_score test_name", "student student_name class course day sections"),
    "assessment": ("overall period", "student student_name class course teacher department"),
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
