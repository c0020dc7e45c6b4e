"""The tables of a draft for days off, and for the days on which lessons are made up for."""

from __future__ import annotations

from services.ingest.mappings.draft import SheetGuess
from services.ingest.mappings.draft_texts import place_lines, quoted, remark

_DAY = r"(?:(?:19|20)\d\d[-/.年])?\d{1,2}[-/.月]\d{1,2}日?"
_ANOTHER = rf"[;\n]|[,、](?=\s*(?:{_DAY}|\d{{1,2}}日))"
"""Between two of several days in one cell."""
_LIKE = rf"^\D*?(?P<value>{_DAY}|第?\d{{1,2}}周\s*(?:星期|周)[一二三四五六日天])"
_FOLLOWS = rf"\d.*?(?:补|上|按|调)\D*?(?P<value>{_DAY})"


def day_lines(sheet: SheetGuess) -> list[str]:
    """Spans of days off, and made-up days each with the day whose lessons it has; where none is said, it is refused."""
    place = place_lines(sheet)
    lines: list[str] = []
    first, last, made, follows = (sheet.of(one) for one in ("off_from", "off_to", "made_up", "follows"))
    if first is not None:
        name = quoted(first.header)
        until = (
            f"{{column: {quoted(last.header)}, blank: null}}" if last else f"{{column: {name}, as: span, take: ends}}"
        )
        lines += ["- to: timetable/days", *place, f"  when: {name}{remark(first)}", "  fields:"]
        lines += [f"    from: {{column: {name}, as: span, take: begins}}", f"    to: {until}"]
    if made is not None:
        name = quoted(made.header)
        lines += ["- to: timetable/days", *place, f"  when: {{column: {name}, like: '\\d'}}{remark(made)}"]
        if follows is not None:
            lines += ["  fields:", f"    from: {name}", f"    follows: {quoted(follows.header)}{remark(follows)}"]
        else:
            lines += [f"  parts: {{made: {{column: {name}, split: '{_ANOTHER}'}}}}", "  fields:"]
            lines += [f"    from: {{part: made, as: day, pattern: '{_LIKE}'}}"]
            lines += [f"    follows: {{part: made, as: day, pattern: '{_FOLLOWS}'}}"]
    return lines
