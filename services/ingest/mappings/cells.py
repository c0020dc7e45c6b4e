"""What stands in a cell, however it is written: texts, ids, numbers. One that is not what it should be: WrongCell.

Systems and people write full-width signs, pad with blanks and tabs, put an apostrophe before a number so that a
spreadsheet leaves it alone, and write numbers as texts and texts as numbers.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from services.i18n import say
from services.messages import Message
from services.tabular.sheets import Cell

_EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number."""
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_APOSTROPHES = "'`‘’"
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+")
_DECIMAL_COMMA = re.compile(r"([-+]?(?:\d{1,3}(?:\.\d{3})+|\d+)),(\d{1,2}|\d{4,})(\D*)")
"""8,5 and 1.234,50: with three digits behind it the comma is one of thousands."""
_TAKEN_OFF = re.compile(r"[扣减负]")
_ORDINAL = re.compile(r"第\s*\d")
_QUOTED = re.compile(r'="([^"]*)"')
"""A text that looks like a formula, so that a spreadsheet leaves the zeros of an id alone."""
_STARS = re.compile("(★+)☆*")
_SIGNS = set("()[]{}.*+?|^$\\")
_OPTION = re.compile(r"[A-Ha-h]\s*[.、:)]\s*(?=[^\W\d])")
_REMARK = re.compile(
    r"(?P<word>[^()\[\]\d]+?)\s*(?:[(\[](?P<remark>[^()\[\]]*)[)\]]|\d+(?:\.\d+)?\s*(?:分钟?|min\w*|小?时|课时|学时|节课?|次|h))",
    re.IGNORECASE,
)
_DASHES = str.maketrans(dict.fromkeys("–—―−‐‑﹣", "-") | dict.fromkeys("～〜∼", "~"))


class WrongCell(Exception):  # noqa: N818 - it is the cell that is wrong
    """A cell that cannot be read as what it should be: what is wrong, and what would be right."""

    def __init__(self, what: Message, expected: Message | str = "", *, column: str = "") -> None:
        super().__init__(str(what))
        self.what, self.expected, self.column = what, expected, column


@lru_cache(1 << 16)
def half_width(text: str) -> str:
    """Full-width letters, digits and signs as ASCII has them, without what nobody sees and blanks around it."""
    found = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_DASHES).strip()
    return found[1:].strip() if found[:1] and found[0] in _APOSTROPHES and found.count(found[0]) == 1 else found


def written(cell: Cell) -> str:  # noqa: PLR0911 - one for each type
    """A cell as a person would write it: whole numbers without a point, days as 2026-09-08. Empty if it is blank."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        found = _QUOTED.fullmatch(cell.strip())
        return found[1] if found else cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, time):
        return cell.isoformat("minutes" if cell.second == 0 else "seconds")
    return str(cell)


def plain(cell: Cell) -> str:
    """A cell as it is compared: as written, in half-width."""
    return half_width(written(cell))


def is_blank(cell: Cell) -> bool:
    """Whether nothing stands in it that anybody sees."""
    return cell is None or (isinstance(cell, str) and not half_width(cell))


@lru_cache(1 << 14)
def word(text: str) -> str:
    """A header, a name or a word of a value table as it is compared: half-width, no blanks, lower case."""
    return re.sub(r"\s", "", half_width(text)).casefold()


def without_option(text: str) -> str:
    """An answer of a form without the letter of its option: A. 事假, B、病假."""
    return _OPTION.sub("", text, count=1) if _OPTION.match(text) else text


def without_remark(text: str) -> tuple[str, str]:
    """(word, remark) of a word with a remark or a quantity behind it: 在籍(转入), 迟到12分钟."""
    match = _REMARK.fullmatch(text)
    if match is None:
        return text, ""
    return match["word"].strip(), (match["remark"] or "").strip()


def free_text(cell: Cell) -> str:
    """What somebody wrote, as it is; only blanks around it and the apostrophe of a spreadsheet go."""
    text = _INVISIBLE.sub("", written(cell)).strip()
    return text[1:] if text[:1] == "'" and text.count("'") == 1 else text


def person_name(cell: Cell) -> str:
    """A name without blanks between Chinese characters: two of them may be spread (李　娜)."""
    return re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", half_width(written(cell)))


def ident(cell: Cell) -> str:
    """An id as text. Raises WrongCell for a number of which a spreadsheet has lost digits, and for no number at all."""
    if isinstance(cell, bool | date | time | timedelta):
        raise WrongCell(say("mapping.not_an_id", shown=written(cell)), say("mapping.column_as_text"))
    if isinstance(cell, int | float):
        if abs(cell) >= _EXACT:
            raise WrongCell(say("mapping.lost_digits", shown=written(cell)), say("mapping.column_as_text"))
        if not float(cell).is_integer():
            raise WrongCell(say("mapping.not_an_id", shown=written(cell)), say("mapping.column_as_text"))
    text = plain(cell)
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
        raise WrongCell(say("mapping.lost_digits", shown=text), say("mapping.column_as_text"))
    return text.removesuffix(".0") if re.fullmatch(r"\d+\.0", text) else text


def number(cell: Cell) -> int | float:
    """A number, with a unit or words around it or without: 85, 85分, 迟到8分钟, １２, 8,5, ★★★☆☆. Raises WrongCell.

    A text with two numbers is none, and neither is one that takes something off (扣5分) or counts on (第1次检测).
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        found: int | float = cell
    else:
        text = plain(cell)
        if stars := _STARS.fullmatch(text):
            return len(stars[1])
        if comma := _DECIMAL_COMMA.fullmatch(text):
            text = f"{comma[1].replace('.', '')}.{comma[2]}{comma[3]}"
        every = [] if isinstance(cell, date | time | timedelta | bool) else _NUMBER.findall(text)
        if len(every) != 1 or _TAKEN_OFF.search(text) or _ORDINAL.search(text):
            raise WrongCell(say("mapping.not_a_number", shown=written(cell)), say("mapping.number_such_as"))
        found = float(every[0].replace(",", ""))
    if found != found or abs(found) >= _EXACT:  # noqa: PLR0124 - NaN
        raise WrongCell(say("mapping.not_a_number", shown=written(cell)), say("mapping.number_such_as"))
    return int(found) if float(found).is_integer() else found


def integer(cell: Cell) -> int:
    """A whole number. Raises WrongCell."""
    found = number(cell)
    if isinstance(found, float):
        raise WrongCell(say("mapping.not_a_whole_number", shown=written(cell)), str(round(found)))
    return found


def pattern(text: str) -> re.Pattern[str]:
    """A pattern that is tried on half-width text, so its own full-width signs stand for the half-width ones.

    A full-width bracket is a bracket of the text, not one of the pattern. Raises re.error.
    """
    signs = []
    for sign in text.translate(_DASHES):
        half = unicodedata.normalize("NFKC", sign) if not sign.isascii() else sign
        signs.append("".join("\\" + one if one in _SIGNS else one for one in half) if half != sign else sign)
    return re.compile("".join(signs))
