"""The lines of a draft for what a roll says of changes."""

from __future__ import annotations

from services.ingest.mappings.cells import word
from services.ingest.mappings.draft import SheetGuess
from services.ingest.mappings.draft_texts import quoted
from services.ingest.mappings.words import words_of


def state_lines(sheet: SheetGuess) -> list[str]:
    """What a roll says of changes: in columns of its own, or that somebody is no longer there."""
    change, day, before = sheet.of("change"), sheet.of("change_day"), sheet.of("class_before")
    state, student = sheet.of("student_status"), sheet.of("student")
    told = change or state
    if told is None or student is None:
        return []
    name = quoted(told.header)
    known = words_of("directory/student_changes", "change")
    gone = [one for one in dict.fromkeys([*told.unknown, *told.examples]) if word(one) in known]
    lines = ["- to: directory/student_changes"]
    lines += [f"  sheet: {quoted(sheet.sheet)}"] if sheet.sheet else []
    if change is None:
        gone = list(dict.fromkeys([*gone, "休学", "退学", "毕业"]))
        lines.append(f"  when: {{column: {name}, is: [{', '.join(gone)}]}}")
    else:
        lines.append(f'  when: [{name}, {{column: {name}, not: ["无", "正常", "否", "-"]}}]')
    lines += ["  fields:", f"    student: {{column: {quoted(student.header)}, as: student}}", f"    change: {name}"]
    lines += (
        [f"    day: {{column: {quoted(day.header)}, as: day}}"] if day else ["    # day: no column was found for it"]
    )
    lines += [f"    class_before: {{column: {quoted(before.header)}, blank: null}}"] if before else []
    return lines
