"""What named reasons, states, fields and values are called in front of people; unknown ones stay as they are."""

from __future__ import annotations

import re

from services.messages import Text

STATUS: dict[str, Text] = {
    "open": Text("待处理", "Open"),
    "resolved": Text("已解除", "Over"),
    "withdrawn": Text("已撤回", "Taken back"),
    "closed": Text("已关闭", "Closed"),
}
CHANGE: dict[str, Text] = {
    "opened": Text("开始", "Opened"),
    "raised": Text("升级", "Raised"),
    "lowered": Text("降级", "Lowered"),
    "resolved": Text("解除", "Over"),
    "withdrawn": Text("撤回", "Taken back"),
}
ACTION: dict[str, Text] = {
    "acknowledged": Text("受理", "Took it up"),
    "measure": Text("制定改进措施", "Named a measure"),
    "closed": Text("关闭", "Closed it"),
    "verdict": Text("评价", "Judged it"),
    "overdue": Text("已超过处置期限", "Past its deadline"),
    "escalated": Text("无人受理，已上报", "Nobody took it up: escalated to"),
    "escalation_failed": Text("无人受理，上报对象空缺", "Nobody took it up, and nobody holds the next role"),
}
DELIVERY: dict[str, Text] = {
    "pending": Text("等待发送", "waiting"),
    "sending": Text("正在发送", "being sent"),
    "sent": Text("已送达", "delivered"),
    "failed": Text("未成功，将重试", "failed, will be tried again"),
    "unknown": Text("结果不明", "unknown whether it arrived"),
    "dead": Text("无法送达", "could not be delivered"),
    "cancelled": Text("已取消", "cancelled"),
}
CLOSING: dict[str, Text] = {
    "fixed": Text("问题已解决", "fixed"),
    "explained": Text("情况属实但有正当原因", "explained"),
    "no_response": Text("多次联系无回应", "no response to repeated outreach"),
    "handed_over": Text("已转交他人或部门", "handed over"),
    "mistaken": Text("记录或规则有误", "mistaken"),
}
VERDICT: dict[str, Text] = {
    "useful": Text("有用", "useful"),
    "not_useful": Text("无用", "not useful"),
    "known": Text("早已知道", "known already"),
}
STEP: dict[str, Text] = {
    "waiting": Text("届时仍无人受理则通知", "will be told if nobody has taken it up"),
    "sent": Text("已通知", "was told"),
    "stopped": Text("不再需要", "not needed any more"),
    "vacant": Text("无人担任", "nobody holds the role"),
}
REASON: dict[str, Text] = {
    "threshold_reached": Text("达到阈值", "the threshold was reached"),
    "threshold_left": Text("回到阈值以内", "the figures left the threshold"),
    "time_passed": Text("时间推移", "time passed"),
    "late_record": Text("迟到的记录补入", "a record came late"),
    "correction": Text("记录被更正", "a record was corrected"),
    "retraction": Text("记录被撤销", "a record was taken back"),
    "rule_changed": Text("规则或阈值调整", "the rule or its threshold was changed"),
    "rule_removed": Text("规则已停用", "the rule was removed"),
    "overtaken": Text("已有更新的变化", "a later change was known already"),
    "mode_shadow": Text("规则试运行，只记录不推送", "the rule is on trial: recorded, not sent"),
    "mode_warm_up": Text("新规则预热，只记录不推送", "a new rule is warming up: recorded, not sent"),
    "mode_replay": Text("历史数据回放，不推送", "replay of history: not sent"),
    "push_off": Text("推送已关闭", "sending is switched off"),
    "lowered_is_not_pushed": Text("降级不另行推送", "a lower level is shown, not sent"),
    "end_of_praise_is_not_pushed": Text("激励或结果到期不另行推送", "that praise or results are over is not sent"),
    "was_not_told": Text("此前未收到通知，不再打扰", "had not been told of it, so not of its end"),
    "channel_stopped": Text("渠道已停用：对方不接受", "the channel is stopped: its provider refuses it"),
    "no_channel": Text("联系方式不是有效地址", "the channel is not an address"),
    "students_off": Text("未开通向学生推送", "telling students is switched off"),
    "nobody_holds_role": Text("无人担任该职责", "nobody holds this role"),
    "person_unknown": Text("名单中已无此人", "no longer in the directory"),
    "rule_unknown": Text("找不到该规则的说明", "the rule's card is not known"),
    "no connection to this address": Text("地址无法连接", "no connection to this address"),
    "nobody answers at this address": Text("地址没有应答", "nobody answers at this address"),
    "no answer in time": Text("等待答复超时", "no answer in time"),
    "the connection broke before an answer came": Text("答复前连接中断", "the connection broke before an answer came"),
    "the address is not one that Apprise knows": Text(
        "联系方式不是有效地址", "the address is not one that Apprise knows"
    ),
    "only_shown_at_this_level": Text("此级别只在页面和结果汇总中显示", "at this level it is shown, and in summaries"),
    "part_of_case": Text("已并入更高级别的综合预警", "part of a case of a higher level: sent if that is over first"),
    "silenced": Text("已静默，静默结束时再发送", "silenced: sent when the silence ends"),
    "quiet_hours": Text("免打扰时段，结束时再发送", "quiet hours: sent when they end"),
    "overtaken_while_held": Text("发送前预警已变化", "the warning had changed before it was sent"),
    "person_left": Text("已离校或离职", "has left"),
    "acted_on_before_sent": Text("发送前已有人处理", "somebody had acted on it before it was sent"),
    "given_up": Text("多次未成功，已放弃", "given up after many attempts"),
    "withdrawn_before_sent": Text("发送前预警已撤回", "the warning was taken back before it was sent"),
}
HELD = frozenset({"silenced", "quiet_hours", "part_of_case"})
"""Reasons for which a message waits."""
FIELD: dict[str, Text] = {
    "student": Text("学生", "Student"), "class": Text("班级", "Class"), "course": Text("课程", "Course"),
    "teacher": Text("教师", "Teacher"), "lesson": Text("课次", "Lesson"), "test": Text("检测", "Test"),
    "ticket": Text("工单", "Ticket"), "task": Text("任务", "Task"), "indicator": Text("指标", "Indicator"),
    "period": Text("时期", "Period"), "department": Text("系（部）", "Department"),
    "teaching_office": Text("教研室", "Teaching office"), "major": Text("专业", "Major"),
    "cohort": Text("年级", "Cohort"),
    "teacher_stage": Text("教师阶段", "Teacher's stage"), "source_name": Text("数据源", "Source"),
    "responsible": Text("负责人", "Responsible"), "room": Text("教室", "Room"), "location": Text("地点", "Place"),
    "status": Text("状态", "Status"), "hours": Text("学时", "Hours"), "minutes_late": Text("迟到分钟", "Minutes late"),
    "expected": Text("应到", "Expected"), "present": Text("实到", "Present"), "late": Text("迟到", "Late"),
    "leave": Text("请假", "On leave"), "absent": Text("旷课", "Absent"), "score": Text("得分", "Score"),
    "pass_score": Text("及格线", "Pass mark"), "max_score": Text("满分", "Out of"),
    "attempt": Text("第几次", "Attempt"),
    "overall": Text("总评", "Overall"), "dimension": Text("维度", "Dimension"), "target": Text("目标", "Target"),
    "value": Text("数值", "Value"), "n": Text("样本数", "Sample"), "table": Text("数据表", "Table"),
    "starts_at": Text("上课", "Begins"), "ends_at": Text("下课", "Ends"), "due_at": Text("截止", "Due"),
    "submitted_at": Text("提交", "Handed in"), "action": Text("环节", "Step"), "category": Text("类别", "Category"),
    "severity": Text("等级", "Severity"), "priority": Text("紧急程度", "Priority"), "rating": Text("评分", "Rating"),
}  # fmt: skip
VALUE: dict[str, Text] = {
    "present": Text("到课", "present"), "late": Text("迟到", "late"), "early_leave": Text("早退", "left early"),
    "leave": Text("请假", "on leave"), "absent": Text("旷课", "absent"), "planned": Text("已排", "planned"),
    "held": Text("已上", "held"), "cancelled": Text("停课", "cancelled"), "moved": Text("调课", "moved"),
    "good": Text("好", "good"), "fair": Text("中", "fair"), "poor": Text("差", "poor"),
    "graded": Text("已评分", "graded"), "not_submitted": Text("未提交", "not handed in"),
    "exempt": Text("免测", "exempt"), "pending": Text("待评分", "to be graded"),
    "ideology": Text("思想品德", "ideology"), "culture": Text("文化素质", "culture"),
    "health": Text("身心健康", "health"), "practice": Text("实践能力", "practice"),
    "created": Text("提交", "created"), "responded": Text("响应", "responded"),
    "reassigned": Text("转派", "reassigned"),
    "confirmed": Text("确认", "confirmed"), "reopened": Text("重新打开", "reopened"), "rated": Text("已评价", "rated"),
    "done": Text("完成", "done"), "resolved": Text("办结", "resolved"), "normal": Text("一般", "normal"),
    "urgent": Text("紧急", "urgent"), "minor": Text("一般", "minor"), "serious": Text("严重", "serious"),
    "major": Text("重大", "major"), "repair": Text("报修", "repair"), "complaint": Text("投诉", "complaint"),
    "request": Text("诉求", "request"), "quality_accident": Text("质量事故", "quality accident"),
    "safety_incident": Text("安全事故", "safety incident"),
}  # fmt: skip

_WINDOWS: tuple[tuple[re.Pattern[str], Text], ...] = (
    (re.compile(r"all"), Text("全部记录", "all records")),
    (re.compile(r"last (\d+)"), Text(r"最近 \1 条", r"the last \1 records")),
    (re.compile(r"within (\d+)d"), Text(r"近 \1 天", r"the last \1 days")),
    (re.compile(r"within (\d+)h"), Text(r"近 \1 小时", r"the last \1 hours")),
    (re.compile(r"within (\d+)m"), Text(r"近 \1 分钟", r"the last \1 minutes")),
    (re.compile(r"calendar day"), Text("当天", "that day")),
    (re.compile(r"calendar week"), Text("本周", "that week")),
    (re.compile(r"calendar month"), Text("本月", "that month")),
    (re.compile(r"calendar term"), Text("本学期", "this term")),
    (re.compile(r"calendar year"), Text("本学年", "this school year")),
)


def window(shown: str) -> Text:
    """`within 14d`, as the rules write it, in words."""
    for pattern, text in _WINDOWS:
        if match := pattern.fullmatch(shown):
            return Text(match.expand(text.zh), match.expand(text.en))
    return Text(shown, shown)
