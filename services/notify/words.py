"""Every string of the pages, in both languages. A page asks for one by its key; a test holds both columns complete."""

from __future__ import annotations

from services.messages import Text

WORDS: dict[str, Text] = {
    "brand": Text("预警", "Prewarn"),
    "language": Text("English", "中文"),
    "skip": Text("跳到正文", "Skip to content"),
    "who_are_you": Text("您是哪一位？", "Who are you?"),
    "no_login": Text(
        "目前还没有登录：选择姓名即可查看其收件箱。正式使用前须接入学校的统一身份认证。",
        "There is no sign-in yet: choose a name to see that inbox. The college's sign-in comes before real use.",
    ),
    "nobody": Text("还没有人收到预警。", "Nobody has a warning yet."),
    "first_shown": Text("只列出待处理预警最多的前 {n} 位。", "Only the {n} people with the most open ones are listed."),
    "open_count": Text("{n} 条待处理", "{n} open"),
    "none_open": Text("无待处理", "nothing open"),
    "inbox": Text("收件箱", "Inbox"),
    "inbox_of": Text("{name} 的预警", "Warnings of {name}"),
    "change_person": Text("换人", "Someone else"),
    "open": Text("待处理", "Open"),
    "closed": Text("已结束", "Ended"),
    "filter": Text("筛选", "Filter"),
    "empty_open": Text("没有待处理的预警。", "Nothing is open."),
    "empty_open_more": Text("有新情况时会出现在这里。", "When something comes up, it appears here."),
    "empty_closed": Text("还没有结束的预警。", "Nothing has ended yet."),
    "acknowledged": Text("已受理", "Acknowledged"),
    "newer": Text("上一页", "Previous"),
    "older": Text("下一页", "Next"),
    "page_of": Text("第 {page} / {pages} 页", "Page {page} of {pages}"),
    "value": Text("当前值", "Value"),
    "value_closed": Text("结束时的值", "Value at the end"),
    "threshold": Text("阈值", "Threshold"),
    "window": Text("统计范围", "Window"),
    "opened_at": Text("开始时间", "Since"),
    "ended_at": Text("结束时间", "Ended"),
    "highest": Text("最高级别", "Highest level"),
    "rule": Text("规则", "Rule"),
    "standard": Text("标准", "Standard"),
    "source": Text("依据条款", "Asked for by"),
    "about": Text("涉及", "About"),
    "evidence": Text("依据：每一条记录", "Evidence: the exact records"),
    "evidence_withdrawn": Text("撤回前的依据", "What it had rested on"),
    "evidence_none": Text(
        "没有记录：这正是预警的原因，或记录已更正。", "No records: that is the reason, or they were corrected."
    ),
    "evidence_50": Text("最多显示最近 50 条。", "The newest 50 at most."),
    "time": Text("时间", "Time"),
    "record": Text("记录", "Record"),
    "zone": Text("时间均为学校所在时区（{zone}）。", "Times are in the college's zone ({zone})."),
    "history": Text("经过", "History"),
    "told": Text("通知情况", "Who was told"),
    "told_nobody": Text("没有向任何人推送。", "Nothing was sent to anybody."),
    "not_told": Text("未通知及原因", "Who was not told, and why"),
    "acts": Text("处理记录", "What was done"),
    "act": Text("处理", "What you can do"),
    "acknowledge": Text("我来处理", "I take this up"),
    "acknowledge_hint": Text("让其他责任人知道有人在跟进。", "Others who are accountable see that somebody is on it."),
    "taken_up": Text("{name} 已于 {at} 受理", "Taken up by {name}, {at}"),
    "measure": Text("改进措施", "Measure taken"),
    "measure_hint": Text(
        "采取了什么措施？例如：与学生谈话，约定补课时间。",
        "What was done? For example: talked to the student, agreed on catching up.",
    ),
    "measure_needed": Text(
        "请填写已采取的改进措施，再关闭预警。", "Say which measure was taken before closing the warning."
    ),
    "close": Text("关闭预警", "Close the warning"),
    "over_resolved": Text(
        "指标已恢复，预警自动解除，无需处理。", "The figures are back in order; the warning ended by itself."
    ),
    "over_withdrawn": Text(
        "相关记录已更正，这条预警撤回，不作数。",
        "A record was corrected: this warning is taken back and does not count.",
    ),
    "over_closed": Text("{name} 已关闭：{measure}", "Closed by {name}: {measure}"),
    "not_found": Text("没有找到", "Not found"),
    "not_found_more": Text(
        "这条预警不存在，或者不在您的职责范围内。", "There is no such warning, or it is not one of yours."
    ),
    "person_not_found": Text("名单中没有这个人。", "Nobody of that id is in the directory."),
    "expired": Text("页面已过期", "This page has expired"),
    "expired_more": Text("请返回重新打开，再提交一次。", "Go back, open it again and send once more."),
    "not_open_more": Text("这条预警已经结束，没有更改。", "This warning has ended already; nothing was changed."),
    "home": Text("回到首页", "To the start page"),
    "may_repeat": Text("可能重复", "may be a repeat"),
    "attempts": Text("第 {n} 次", "attempt {n}"),
    "now": Text("刚刚", "just now"),
    "minutes": Text("{n} 分钟前", "{n} min ago"),
    "hours": Text("{n} 小时前", "{n} h ago"),
    "days": Text("{n} 天前", "{n} d ago"),
    "date": Text("{y}年{m}月{d}日", "{y}-{m:02}-{d:02}"),
    "sink": Text("本机文件", "local file"),
}
