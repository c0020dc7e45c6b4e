"""What columns about attendance, tests, tickets, leave and the timetable are called."""

from __future__ import annotations

from collections.abc import Mapping

from services.ingest.mappings.draft_meaning import Meaning

OF_RECORDS: Mapping[str, Meaning] = {
    "day": Meaning(
        "day",
        "",
        "日期 上课日期 考勤日期 检测日期 测验日期 考试日期 签到日期 授课日期 上课时间 date "
        "?考试时间 考勤时间 签到日 点名日期 测试日期 测验时间 考核日期 课程日期 上课日 lessondate "
        "lesson_date classdate testdate exam_date",
    ),
    "lesson_begins": Meaning(
        "moment",
        "",
        "课堂开始时间 课程开始时间 上课开始时间 活动开始时间 sessionstart sessionstarttime sessiondate sessiontime "
        "classstart lessonstart meetingstart",
    ),
    "weekday": Meaning("weekday", "", "星期 周几 weekday"),
    "sections": Meaning(
        "sections",
        "",
        "节次 上课节次 课节 节 section sections period periods 上课节数 第几节 节次/时间 课时段 slot period_no "
        "班次 上课班次",
    ),
    "weeks": Meaning(
        "weeks",
        "",
        "起止周 周次 上课周次 教学周 weeks 周次范围 上课周 授课周次",
    ),
    "odd_weeks": Meaning("odd_weeks", "", "单双周 单双 单/双周 周类型 单双周标志"),
    "attendance_status": Meaning(
        "attendance.status",
        "",
        "考勤结果 考勤状态 签到状态 打卡状态 打卡结果 出勤情况 "
        "出勤状态 出缺勤 出缺勤情况 出缺勤情形 到课情况 考勤情况 attendance ?状态 "
        "?status "
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
        "点名状态 提交状态 点名情况 考勤提交状态 上报状态 考勤上报 上报情况 录入状态",
    ),
    "submitted": Meaning(
        "moment",
        "",
        "提交时间 点名时间 签到时间 打卡时间 考勤提交时间 签到提交时间 上报时间 submittedat",
    ),
    "leave": Meaning(
        "id",
        "",
        "审批编号 申请单号 请假单号 审批单号 请假编号 假条编号 申请编号 requestno requestid leaveid leave_no 流程编号",
    ),
    "leave_category": Meaning(
        "leave.category",
        "",
        "请假类型 假别 请假类别 请假种类 假勤类型 leavetype leave_type 假种 请假性质",
    ),
    "leave_status": Meaning(
        "leave.status",
        "",
        "审批状态 审核状态 审批进度 销假状态 当前审批状态 流程状态 请假状态 审批 审核 approvalstatus",
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
        "请假起始日期 离校时间 开始请假 请假开始 start startdate start_time start_date",
    ),
    "ends": Meaning(
        "half",
        "",
        "结束时间 请假结束时间 截止时间 结束日期 请假截止时间 to endtime 请假结束日期 结束 截止 "
        "返校时间 结束请假 请假结束 返校 "
        "end enddate end_time end_date",
    ),
    "leave_span": Meaning(
        "half_span", "", "起止时间 请假起止时间 请假时间段 请假时段 请假起止 请假时间 起止日期 请假起止日期"
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
        "正确率 得分率 成绩 五级制成绩 等级成绩 "
        "成绩等级 测验等级 测评等级 考核等级 随堂测 随堂测验 测验 测试 检测 小测 得分 分数 测验成绩 检测成绩 "
        "score mark 最终成绩 总成绩 测试成绩 考试成绩 "
        "考核成绩 实得分 卷面成绩 总评成绩 grade points result 练习 课堂练习 随堂练习 ?quiz ?总分 ?等级",
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
        "检测名称 测验名称 考试名称 试卷名称 作业名称 测试名称 考核名称 章节测验 试卷 作业 testname quiz "
        "?测验 ?测试 ?检测 ?随堂检测 ?考试",
    ),
    "overall": Meaning(
        "assessment.overall",
        "",
        "评价 总评 等级 评学结果 评价等级 评学等级 学习评价 综合评价 评价结果 evaluation ?等级",
    ),
    "period": Meaning(
        "month", "", "月份 年月 统计年月 评价年月 统计月份 评学月份 评价月份 所属月份 考核月份 month period"
    ),
    "ticket": Meaning(
        "id",
        "",
        "工单号 工单编号 报修单号 单号 受理编号 ticket ticketid ticket_id 单据号 工单id 流水号 "
        "报修编号 单据编号 服务单号 流程编号 requestnumber ticketno ticket_no caseid",
    ),
    "ticket_category": Meaning(
        "ticket.category",
        "",
        "类别 工单类型 服务类型 诉求类型 诉求类别 事项类型 ?类型 故障类型 报修类型 报修类别 报修分类 "
        "故障分类 服务分类 工单分类 服务类别 "
        "维修类型 维修项目 报修项目 工单类别 项目类别 业务类型 业务类别 事务类型 category tickettype",
    ),
    "priority": Meaning(
        "ticket.priority",
        "",
        "紧急程度 优先级 紧急度 priority 紧急级别 优先等级 重要程度 urgency",
    ),
    "location": Meaning(
        "",
        "",
        "报修地点 位置 location ?地点 报修区域 维修地点 故障地点 报修位置 地点位置 发生地点 事发地点 故障位置",
    ),
    "reported": Meaning(
        "moment",
        "",
        "报修时间 诉求时间 上报时间 创建时间 提交时间 报修日期 申报时间 提单时间 created createdat created_at opened",
    ),
    "accepted": Meaning(
        "moment",
        "",
        "受理时间 接单时间 响应时间 派单时间 转办时间 受理日期 响应时刻 responded respondedat acceptedat",
    ),
    "resolved": Meaning(
        "moment",
        "",
        "办结时间 解决时间 处理完成时间 ?完成时间 完工时间 办结日期 维修完成时间 closed closedat resolvedat finished",
    ),
    "rating": Meaning(
        "rating",
        "",
        "评分 满意度 评价分 星级 rating 满意度评分 服务评分 评价星级 用户评分 满意程度 "
        "满意情况 满意度评价 服务满意度 stars",
    ),
    "rated": Meaning("moment", "", "评价时间 评分时间 评价日期 回访时间 ratedat"),
    "rating_comment": Meaning("", "", "评价内容 评价意见"),
    "ticket_status": Meaning(
        "",
        "",
        "工单状态 处理状态 ?状态 当前状态 单据状态 当前节点 当前环节 当前进度 当前步骤",
    ),
    "description": Meaning(
        "",
        "",
        "内容描述 问题描述 故障描述 报修内容 故障说明 报修描述 问题内容 details",
    ),
    "room": Meaning(
        "",
        "",
        "教室 上课场所 上课地点 上课教室 场地 room 上课场地 授课地点 教学场地 教学场所 教学地点 classroom venue",
    ),
    "present_names": Meaning("people", "student_names", "出勤学生 到课学生 实到学生 出勤名单"),
    "absent_names": Meaning(
        "people", "student_names", "旷课学生 旷课名单 缺勤学生 缺勤名单 缺课学生 未到学生 未到名单 旷课人员"
    ),
    "late_names": Meaning("people", "student_names", "迟到学生 迟到名单 迟到人员"),
    "early_names": Meaning("people", "student_names", "早退学生 早退名单 早退人员"),
    "leave_names": Meaning("people", "student_names", "请假学生 请假名单 请假人员"),
    "mixed_names": Meaning(
        "people",
        "student_names",
        "迟到早退 迟到早退学生 迟到早退名单 迟到/早退 迟到早退人员 考勤异常学生 异常学生 异常名单 "
        "缺勤学生及原因 缺勤名单及原因",
    ),
    "slot": Meaning("slot", "", "上课时间 测验时间 测试时间 考试时间 检测时间 考勤时间 课次 上课课次 课次时间 时间"),
    "old_slot": Meaning("slot", "", "原上课时间 原时间 调前时间 调课前时间 停课时间 调整前时间 调整前上课时间"),
    "new_slot": Meaning(
        "slot", "", "新上课时间 新时间 现上课时间 调后时间 调课后时间 补课时间 调整后时间 调整后上课时间"
    ),
    "step": Meaning(
        "ticket.action",
        "",
        "环节 流转环节 处理环节 流程环节 节点 流程节点 操作 操作类型 处理动作 动作 步骤 进度 action step",
    ),
    "step_time": Meaning("moment", "", "操作时间 处理时间 流转时间 环节时间 节点时间 发生时间 ?时间 actiontime"),
    "section_begins": Meaning(
        "clock", "", "上课 上课时间 开始时间 起始时间 开始 上课时刻 begin begins start starttime from"
    ),
    "section_ends": Meaning("clock", "", "下课 下课时间 结束时间 终止时间 结束 下课时刻 end ends endtime to"),
    "section_span": Meaning("clock_span", "", "起止时间 作息时间 上课时间 时间 时间段 上下课时间 课节时间 time"),
    "off_from": Meaning("span", "", "放假日期 放假时间 放假 放假开始 放假起止 放假安排 假期 假期时间 休息日期 holiday"),
    "off_to": Meaning("day", "", "放假结束 放假截止 收假日期"),
    "made_up": Meaning(
        "made_up",
        "",
        "调休 调休补课 调休上课 调休上班 调休日 调休日期 调休上课日 "
        "调课安排 调休安排 补课调休 补课 补课日期 补课日 补课安排 "
        "上班 上班日期 上班时间",
    ),
    "follows": Meaning("day", "", "补哪天的课 补哪天课 按哪天课表上课 对应日期 执行课表 上哪天的课"),
    "holiday": Meaning("", "", "节日 节假日 假日 假期名称 节日名称"),
    "marks": Meaning("marks", "", ""),
    "when": Meaning("when", "", "上课时间 时间安排 排课时间 上课时间地点"),
    "old_day": Meaning("day", "", "原上课日期 原日期 调前日期 调课前日期 停课日期"),
    "old_sections": Meaning("sections", "", "原节次 原上课节次 调前节次 调课前节次 停课节次"),
    "new_day": Meaning("day", "", "新上课日期 新日期 现上课日期 现日期 调后日期 调课后日期 补课日期"),
    "new_sections": Meaning("sections", "", "新节次 新上课节次 现节次 现上课节次 调后节次 调课后节次 补课节次"),
    "new_room": Meaning("", "", "新教室 现教室 调后教室 调课后教室 新上课地点"),
    "new_teacher": Meaning("names", "person_names", "代课教师 新教师 现任课教师 调后教师 调课后教师"),
    "lesson_change": Meaning(
        "timetable/changes.status", "", "调课类型 调停课类型 变动类型 变更类型 调课类别 申请类型 ?类别 ?类型"
    ),
}
