"""The lines of a draft for what lists of people say of changes, and of who is no longer there."""

from __future__ import annotations

import re

from services.ingest.mappings.cells import plain, without_remark, word
from services.ingest.mappings.draft import ColumnGuess, SheetGuess
from services.ingest.mappings.draft_meaning import MINUTES
from services.ingest.mappings.draft_texts import place_lines, quoted, remark, single
from services.ingest.mappings.words import words_of

_CHANGED = "休学|保留|退学|转学|转出|转入|毕业|结业|肄业|开除|取消|入伍|参军"
"""In whatever words a state says that something has changed: 休学, 休学(因病), 在籍(转入)."""
_A_DAY = re.compile(r"(?:19|20)\d\d\s*[-/.年]\s*\d")
_GONE = r"(离校|离职|退休|调出|辞职|解聘|离退).*\d"


def state_lines(sheet: SheetGuess) -> list[str]:
    """What a roll says of changes: in columns of its own, or that somebody is no longer there."""
    change, day, before = sheet.of("change"), sheet.of("change_day"), sheet.of("class_before")
    state, student = sheet.of("student_status"), sheet.of("student")
    told = change or state
    if told is None or student is None:
        return []
    name = quoted(told.header)
    lines = ["- to: directory/student_changes", *place_lines(sheet)]
    if change is None:
        lines.append(f"  when: {{column: {name}, like: '{_CHANGED}'}}")
        if others := [one for one in told.unknown if not _is_known(one)]:
            lines.append(f"  # what these mean is yours to say, if nobody is enrolled any more: {', '.join(others)}")
    else:
        lines.append(f'  when: [{name}, {{column: {name}, not: ["无", "正常", "否", "-"]}}]')
    lines += ["  fields:", f"    student: {{column: {quoted(student.header)}, as: student}}", f"    change: {name}"]
    on = day or (told if says_a_day(told) else None)
    lines += [f"    day: {{column: {quoted(on.header)}, as: day}}"] if on else ["    # day: no column was found for it"]
    lines += [f"    class_before: {{column: {quoted(before.header)}, blank: null}}"] if before else []
    return lines


def minutes_line(status: ColumnGuess | None) -> list[str]:
    """How late somebody was, where the word says it: 迟到12分钟."""
    if status is None or not status.minutes:
        return []
    name = quoted(status.header)
    return [f"    minutes_late: {{column: {name}, as: number, when: {{column: {name}, like: {single(MINUTES)}}}}}"]


def begin_line(sheet: SheetGuess) -> list[str]:
    """When the lesson began, or a time within it, where the day has one and nothing says the sections."""
    if sheet.of("sections") or sheet.of("slot"):
        return []
    on = sheet.of("day") or sheet.of("lesson_begins")
    return [f"    begins: {quoted(on.header)}"] if on is not None and on.timed and not on.format else []


def teacher_way(sheet: SheetGuess) -> str:
    """Who assessed: whom the list names, or who filled the form in; else, and where that is blank, who teaches."""
    named = [one for each in ("teacher", "author", "person_name") if (one := sheet.of(each)) is not None]
    found = next((one for one in named if one.certainty != "guess" or one.meaning == "person_name"), None)
    if found is None:
        return "{of: course.teacher}"
    way = f"{{column: {quoted(found.header)}, as: person, within: [course, class], blank: null}}"
    return f"[{way}, {{of: course.teacher}}]{remark(found)}"


def left_line(sheet: SheetGuess) -> list[str]:
    """Until when somebody was there, where the state of a person says it."""
    state = sheet.of("staff_status")
    if state is None or sheet.of("left") or not says_a_day(state):
        return []
    name = quoted(state.header)
    return [f"    to: {{column: {name}, as: day, when: {{column: {name}, like: {single(_GONE)}}}}}{remark(state)}"]


def says_a_day(column: ColumnGuess) -> bool:
    """Whether words of a column have their day with them: 离校(2026-10-11)."""
    return any(_A_DAY.search(one) for one in (*column.unknown, *column.examples))


def _is_known(text: str) -> bool:
    words = words_of("directory/students", "status")
    return bool(re.search(_CHANGED, plain(text))) or any(word(one) in words for one in without_remark(plain(text))[:1])
