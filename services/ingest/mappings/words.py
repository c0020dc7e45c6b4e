"""Words that systems write in Chinese and English, and what they mean here; a mapping's own go before them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from services.ingest.mappings.cells import word

_STATUS = {
    "absent": "旷课 缺勤 缺课 未到 未到课 旷到 无故缺勤 缺席 旷 未签 未签到 × ✗ absent truant unexcused",
    "late": "迟到 迟 late tardy",
    "early_leave": "早退 早 提前离开 left-early leftearly early_leave earlyleave",
    "leave": "请假 病假 事假 公假 公差 婚假 丧假 产假 已请假 假 leave excused sick",
    "present": "正常 出勤 到课 已到 已到课 到 在 出席 实到 已签到 已签 签到 √ ✓ ∨ present ok attended",
}
_TEST = {
    "not_submitted": "缺考 缺 旷考 未交 未提交 未作答 未答 未参加 未参与 未完成 absent missing notsubmitted",
    "pending": "缓考 缓 待批改 未批改 批改中 待补考 pending deferred",
    "exempt": "免修 免 免考 免试 免测 ex exempt excused waived",
}
_LEAVE = {
    "granted": "同意 已同意 通过 已通过 批准 已批准 准假 审批通过 已销假 完成 已完成 approved granted",
    "refused": "拒绝 已拒绝 不同意 驳回 已驳回 不通过 未通过 审批拒绝 rejected refused denied",
    "cancelled": "撤销 已撤销 撤回 已撤回 取消 已取消 作废 cancelled canceled withdrawn",
    "pending": "审批中 待审批 审核中 待审核 处理中 未审批 pending waiting",
}
_CATEGORY = {
    "sick": "病假 生病 就医 sick illness",
    "personal": "事假 私事 personal private",
    "official": "公假 公差 因公 比赛 竞赛 official",
    "other": "其他 其它 丧假 婚假 other",
}
_TICKET = {
    "repair": "报修 维修 故障 故障报修 repair",
    "complaint": "投诉 complaint",
    "request": "建议 咨询 求助 申请 意见 request suggestion",
    "quality_accident": "教学事故 质量事故",
    "safety_incident": "安全 安全事件 安全隐患 安全事故",
}
_PRIORITY = {"urgent": "紧急 特急 加急 非常紧急 高 urgent high", "normal": "一般 普通 正常 不紧急 中 低 normal low"}
_ACTION = {
    "created": "提交 提交申请 提交报修 报修 报修申请 上报 发起 申报 登记 新建 创建 提单 created opened submitted",
    "responded": "受理 已受理 接单 已接单 派单 派单受理 受理派单 响应 已响应 responded accepted acknowledged assigned",
    "reassigned": "转派 改派 转单 转办 reassigned transferred forwarded",
    "resolved": "完工 维修完工 已完工 办结 已办结 完成 已完成 处理完成 维修完成 解决 已解决 resolved closed finished",
    "reopened": "重开 重新打开 退回重修 返修 reopened",
    "rated": "评价 用户评价 已评价 评分 服务评价 满意度评价 回访评价 rated rating feedback",
}
_OVERALL = {
    "good": "好 优 优秀 良 良好 达到 good excellent",
    "fair": "中 一般 合格 及格 中等 基本达到 fair average",
    "poor": "差 较差 不合格 不及格 未达到 没有达到 poor bad",
}
_LESSON = {
    "planned": "正常 计划 planned",
    "held": "已上 已上课 held",
    "cancelled": "停课 取消 已停课 cancelled",
    "moved": "调课 moved",
}
_CHANGE = {
    "moved": "调课 调时间 换时间 改期 补课 moved rescheduled",
    "cancelled": "停课 取消 cancelled canceled",
    "substituted": "代课 换教师 调教师 换教室 调教室 换地点 调地点 substituted",
}
_ENROLLED = {
    "suspended": "休学 保留学籍 suspended",
    "enrolled": "在读 在校 在籍 注册 正常 复学 转专业 转班 enrolled active",
}
_ENROLMENT_CHANGE = {
    "left": "退学 转学 转出 毕业 结业 肄业 开除 开除学籍 取消学籍 取消入学资格 死亡 left withdrawn graduated expelled",
    "suspended": "休学 保留学籍 参军 入伍 suspended",
    "moved": "转专业 转班 调班 换班 留级 降级 跳级 moved transferred",
    "returned": "复学 恢复学籍 转入 returned resumed",
}
_SCOPES = {"college": "学院 全院", "department": "系 系部 部门", "class": "班级", "major": "专业", "course": "课程"}
_LISTS = {"all": "all 全部 全员", "exceptions_only": "exceptions_only 异常 仅异常"}

_WORDS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("attendance", "status"): _STATUS,
    ("test", "status"): _TEST,
    ("leave", "status"): _LEAVE,
    ("leave", "category"): _CATEGORY,
    ("ticket", "category"): _TICKET,
    ("ticket", "priority"): _PRIORITY,
    ("ticket", "action"): _ACTION,
    ("assessment", "overall"): _OVERALL,
    ("lesson", "status"): _LESSON,
    ("timetable/changes", "status"): _CHANGE,
    ("directory/students", "status"): _ENROLLED,
    ("directory/student_changes", "change"): _ENROLMENT_CHANGE,
    ("directory/roles", "scope_kind"): _SCOPES,
    ("directory/sources", "lists"): _LISTS,
}
TRUTH = {
    "true": True,
    "yes": True,
    "y": True,
    "1": True,
    "是": True,
    "有": True,
    "√": True,
    "false": False,
    "no": False,
    "n": False,
    "0": False,
    "否": False,
    "无": False,
    "×": False,
}


@cache
def words_of(target: str, field: str) -> dict[str, str]:
    """Word → value, of a field whose words are known; the values themselves among them."""
    found = _WORDS.get((target, field), {})
    return {word(one): value for value, words in found.items() for one in (value, *words.split())}
