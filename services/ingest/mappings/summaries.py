"""Rows that are no records, by their first cell: totals, and notes."""

from __future__ import annotations

import re

from services.ingest.mappings.cells import word

_TOTALS = re.compile(
    r"(合计|总计|小计|累计|总数|总人数|((全|本)?班|总|全部|整体)?(平均分?|均分)|平均值|平均成绩|最高分|最低分|及格率|合格率|优秀率|标准差"
    r"|(应到|实到|出勤|到课|缺勤|缺课|旷课|迟到|早退|请假|及格|合格|参考|缺考)(总?人[数次]|学?生?数|率)|total|sub-?total|sum|average|mean|grandtotal)([:(].*|[\d.,%]+\D{0,3})?"
    r"|共[\d.]+.*",
    re.IGNORECASE | re.DOTALL,
)
_NOTES = re.compile(
    r"(注|备注|说明|注意|附注|填表说明|填表人|制表人|审核人|打印时间|制表|note|remark|图例|符号"
    r"|(符号|记号|考勤|图例|填写|使用)说明|(打印|制表|导出|填表)(时间|日期)|\S{0,8}\(?签[字名章]\)?)s?\d*[:].*"
    r"|[^\W\d]{2,12}\((盖章|公章|签?章|签字|签名)\)",
    re.IGNORECASE | re.DOTALL,
)


def is_summary(first: str) -> bool:
    """Whether a row that begins with this is one of totals or a note."""
    compact = word(first)
    return bool(_TOTALS.fullmatch(compact) or _NOTES.fullmatch(compact))
