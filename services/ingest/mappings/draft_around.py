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


NUMBERS = ("max_score", "pass_score")
"""What is a number, so that no colon need stand before it: 满分20分, 12分合格."""
_BEHIND = {"covered": r"\S+\s*(?:至|到|~|-)\s*\d", "exported": r"\d{4}\S+.*\d:\d\d"}
"""What must follow the colon: two days, or an instant, for a day alone does not say which of two files is the newer."""
_FULL_DAY = r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?"
FIRST_DAY, LAST_DAY = (
    rf"({_FULL_DAY})\s*(?:至|到|~|-)\s*{_FULL_DAY}",
    rf"{_FULL_DAY}\s*(?:至|到|~|-)\s*({_FULL_DAY})",
)
"""Days of a title that has no word before them: 课堂考勤异常(2026-08-31 至 2026-09-27)."""
_BETWEEN_DAYS = re.compile(FIRST_DAY)
_SPACED = re.compile(r"(?<![^\s,;、:])(\S)\s+(?=[^\W\d_]{2,})")
"""A sign, and behind a blank the word for it: √ 出勤; × 旷课."""
_PASSED = re.compile(r"\d+分?(?:为|即)?(?:及格|合格)")


def titles_of(sheet: Sheet, row: int) -> dict[str, str]:
    """What the rows above the header say before a colon."""
    texts = [plain(cell) for one in sheet.rows[:row] for cell in one if isinstance(cell, str)]
    found: dict[str, str] = {}
    for meaning, labels in _TITLES.items():
        for text in texts:
            behind = _BEHIND.get(meaning, r"\S")
            said = r"\s*:?\s*为?\s*\d" if meaning in NUMBERS else rf"\s*:\s*{behind}"
            if match := re.search(rf"(?<![^\W_])({labels}){said}", text):
                found.setdefault(meaning, match[1])
    if "pass_score" not in found and any(map(_PASSED.search, texts)):
        found["pass_score"] = ""  # before the word
    if "covered" not in found and any(map(_BETWEEN_DAYS.search, texts)):
        found["covered"] = ""
    return found


def legend_of(sheet: Sheet) -> dict[str, str]:
    """Of notes such as 说明:√出勤 ×旷课 △迟到."""
    words = words_of("attendance", "status")
    found: dict[str, str] = {}
    for text in {plain(cell) for row in sheet.rows for cell in row[:3] if isinstance(cell, str)}:
        pairs = [_signed(one) for one in re.split(r"[\s,;、:]+", _SPACED.sub(r"\1", text))]
        signs = {sign: each for sign, each in filter(None, pairs) if word(each) in words}
        if len(signs) > 1:
            found |= signs
    return found


def _signed(text: str) -> tuple[str, str] | None:
    for sign, each in ((text[:1], text[1:]), (text[-1:], text[:-1])):
        if each and (sign in MARKS or re.fullmatch("[A-Za-z0-9]", sign)):
            return sign, re.sub("^(=|-|表示|代表|为)|(=|-|表示|代表|为)$", "", each)
    return None
