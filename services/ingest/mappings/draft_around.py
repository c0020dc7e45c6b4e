"""What stands around a table: titles above its header, and notes that say what signs mean."""

from __future__ import annotations

import re

from services.ingest.mappings.cells import plain, word
from services.ingest.mappings.draft_shapes import MARKS
from services.ingest.mappings.words import words_of
from services.tabular.sheets import Sheet

_TITLES = {
    "class": "班级|行政班|班级名称|上课班级",
    "course": "课程|课程名称",
    "max_score": "满分|卷面满分|总分",
    "pass_score": "及格线|合格线|及格分",
    "begins": "开始时间|签到时间|上课时间|考勤时间",
    "exported": "导出时间|导出日期|生成时间|制表时间|打印时间|统计时间|导出于",
    "covered": "(?:统计|考勤|查询|数据|日期)(?:日期|时间|周期|范围|区间|期间)",
    "day": "日期|上课日期|考勤日期|考试日期",
    "sections": "节次|上课节次",
}


def titles_of(sheet: Sheet, row: int) -> dict[str, str]:
    """What the rows above the header say before a colon."""
    texts = [plain(cell) for one in sheet.rows[:row] for cell in one if isinstance(cell, str)]
    found: dict[str, str] = {}
    for meaning, labels in _TITLES.items():
        for text in texts:
            behind = r"\S+\s*(?:至|到|~|-)\s*\d" if meaning == "covered" else r"\S"
            if match := re.search(rf"(?<![^\W_])({labels})\s*:\s*{behind}", text):
                found.setdefault(meaning, match[1])
    return found


def legend_of(sheet: Sheet) -> dict[str, str]:
    """Of notes such as 说明:√出勤 ×旷课 △迟到."""
    words = words_of("attendance", "status")
    found: dict[str, str] = {}
    for text in {plain(cell) for row in sheet.rows for cell in row[:3] if isinstance(cell, str)}:
        pairs = [_signed(one) for one in re.split(r"[\s,;、:]+", text)]
        signs = {sign: each for sign, each in filter(None, pairs) if word(each) in words}
        if len(signs) > 1:
            found |= signs
    return found


def _signed(text: str) -> tuple[str, str] | None:
    for sign, each in ((text[:1], text[1:]), (text[-1:], text[:-1])):
        if sign in MARKS and each:
            return sign, re.sub("^(=|-|表示|代表|为)|(=|-|表示|代表|为)$", "", each)
    return None
