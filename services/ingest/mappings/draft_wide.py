"""The lines of a draft for columns that repeat, and what their headers say."""

from __future__ import annotations

import re

from services.ingest.mappings.draft import ColumnGuess
from services.ingest.mappings.draft_tables import MONTH
from services.ingest.mappings.draft_texts import single

_PARTS = (
    (
        "day",
        r"第\d{1,2}周[\s,]*(?:星期|周)[一二三四五六日天]",
        r"第\d{1,2}周[\s,]*(?:星期|周)[一二三四五六日天]",
    ),
    (
        "day",
        r"(?:\d{4}\s*[-/.年]\s*)?\d{1,2}\s*[-/.月]\s*\d{1,2}日?",
        r"(?:\d{4}\s*[-/.年]\s*)?\d{1,2}\s*[-/.月]\s*\d{1,2}日?",
    ),
    ("sections", r"第?\d+(?:[-,、]\d+)*节", r"第?[\d,、-]+节"),
    ("begins", r"\d{1,2}:\d\d", r"\d{1,2}:\d\d"),
    ("max_score", r"(?<=满分)\d+|(?<=总分)\d+|\d+(?=分\))", r"[\d.]+"),
    ("week", r"第\d+周", r"第\d+周"),
)
"""What a header of repeated columns may say: part → how it is written there, and a pattern for all of them."""


_BARE_SECTIONS = re.compile(r"第?\d{1,2}(?:[-,、]\d{1,2})*节?")
"""Below a day: 1-2."""


def wide_lines(column: ColumnGuess) -> tuple[list[str], dict[str, str]]:
    """The lines for repeated columns, and the fields that their headers give."""
    if not column.above:
        groups, fields = _pattern(column.header, whole=True)
        if "day" in fields:
            return ["  wide:", f"    columns: {{value: {single('^' + groups + '$')}}}"], fields
        return ["  wide:", "    columns: {value: '^(?P<period>(?:\\d{4}年?)?\\d{1,2}月份?)$'}"], {}
    if MONTH.fullmatch(column.above):
        groups = single(f"^(?P<period>{MONTH.pattern})$")
        return [
            "  wide:",
            f"    groups: {groups}",
            f"    columns: {{value: {single(f'^{re.escape(column.header)}$')}}}",
        ], {}
    groups, fields = _pattern(column.above)
    if "sections" not in fields and _BARE_SECTIONS.fullmatch(column.header):
        value = f"^(?P<sections>{_BARE_SECTIONS.pattern})$"
        lines = ["  wide:", f"    groups: {single(groups)}", f"    columns: {{value: {single(value)}}}"]
        return lines, {**fields, "sections": "sections"}
    header, full = column.header, re.search(r"\(\D*([\d.]+)\D*\)", column.header)
    value = re.escape(re.sub(r"\(.*", "", header))
    if full:
        value += r"(?:\(\D*(?P<full>[\d.]+)\D*\))?"
        fields["max_score"] = "full"
    lines = ["  wide:", f"    groups: {single(groups)}", f"    columns: {{value: {single('^' + value)}}}"]
    return lines, fields


def _pattern(text: str, *, whole: bool = False) -> tuple[str, dict[str, str]]:
    """A pattern for headers like this one, with names for what they say."""
    found: list[tuple[int, int, str, str]] = []
    for name, written, general in _PARTS:
        if (match := re.search(written, text)) and not any(
            other == name or (begin < match.end() and match.start() < end) for begin, end, other, _ in found
        ):
            found.append((match.start(), match.end(), name, general))
    parts, at = [], 0
    for begin, end, name, general in sorted(found):
        parts += [_general_text(text[at:begin]), f"(?P<{name}>{general})"]
        at = end
    if whole and parts:
        parts.append(_general_text(text[at:]))
    return "".join(parts) or _general_text(text), {name: name for *_, name, _ in found if name != "week"}


def _general_text(text: str) -> str:
    escaped = re.sub(r"(?:\\?\s)+", lambda one: " " if one[0] == "\\ " else r"\s*", re.escape(text))
    return re.sub(r"\d+", r"\\d+", escaped)
