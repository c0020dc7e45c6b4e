"""The ways to values of a draft that want more than a column: signs, codes beside names, words of the college's own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from services.ingest.mappings.cells import word
from services.ingest.mappings.draft import ColumnGuess, SheetGuess
from services.ingest.mappings.draft_forms import POINTS, Form, Line
from services.ingest.mappings.draft_meaning import CODES
from services.ingest.mappings.draft_texts import quoted, remark, single
from services.ingest.mappings.words import words_of

_REPAIR = re.compile("维修|报修|故障")


def legend_values(sheet: SheetGuess) -> str:
    """The value table of signs."""
    known = words_of("attendance", "status")
    signs = {alike: word(each) for sign, each in sheet.legend.items() for alike in _alike_signs(sign)}
    signs |= {sign: word(each) for sign, each in sheet.legend.items()}
    pairs = ", ".join(f'"{sign}": {known[each]}' for sign, each in signs.items())
    return f"values: {{{pairs}}}"


def _alike_signs(sign: str) -> str:
    """The signs that people take for this one: their inputs have several circles."""
    return next((one for one in ("○◯〇⭕", "×✕✗", "√✓✔") if sign in one), sign)


def of_code(sheet: SheetGuess, form: Form, line: Line) -> str:
    """The id or the name of a course where both stand in one cell: [G0101]高等数学."""
    course = sheet.of("course")
    if (
        form.to != "directory/courses"
        or course is None
        or not course.coded
        or sheet.of("course_id")
        or line.field not in ("id", "name_zh")
    ):
        return ""
    _, code, name = CODES[course.coded]
    way = f"{{column: {quoted(course.header)}, pattern: {single(code if line.field == 'id' else name)}}}"
    return f"{way}{remark(course)}"


def kind_of_tickets(sheet: SheetGuess, form: Form, line: Line) -> str:
    """Of a system for repairs, whose own kinds (水电, 门窗) are none of ours."""
    ticket, category = sheet.of("ticket"), sheet.of("ticket_category")
    if form.to != "ticket" or line.field != "category" or (category is not None and not category.strange):
        return ""  # some of its words are known
    repairs = [one.header for one in (ticket, category) if one and _REPAIR.search(one.header)]
    return f"{{is: repair}}  # likely: {', '.join(repairs)}" if repairs else ""


def worth_unknown(line: Line, found: ColumnGuess) -> Iterable[str]:
    """Words of marks that are worth what only the college can say."""
    known = words_of("test", "status")
    if line.field == "score" and (words := [one for one in found.unknown if word(one) not in {*known, *POINTS}]):
        said = ", ".join(f"{quoted(one)}: …" for one in words)
        yield f"    # score: the college says what these are worth: values: {{{said}}}"


def end_of_span(line: Line, found: ColumnGuess, extra: str) -> str:
    """The begin or the end of a time that one column says: 08:20-09:05, 2026-09-08 08:00 ~ 2026-09-08 12:00."""
    between, before, behind = r"\s*[-~至到]", r"^(.*?\d)", r"[-~至到]\s*(\d.*)$"
    if found.meaning == "leave_span":  # days have a dash of their own
        between, before, behind = r"\s*(?:[~至到]|\s-+\s)", r"^(.+?)", r"(?:[~至到]|\s-+\s)\s*(.+)$"
    edge = before + between if line.field in ("begins", "from") else behind
    return f"{{{', '.join(filter(None, (f'column: {quoted(found.header)}', extra, f'pattern: {single(edge)}')))}}}"
