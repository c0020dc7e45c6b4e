"""A first mapping out of what columns probably are, as YAML with a remark for each of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

import msgspec

from services.ingest.mappings.cells import word
from services.ingest.mappings.draft import CERTAINTIES, ColumnGuess, SheetGuess
from services.ingest.mappings.draft_around import FIRST_DAY, LAST_DAY, NUMBERS
from services.ingest.mappings.draft_days import day_lines
from services.ingest.mappings.draft_forms import FORMS, LETTERS, OF_NAMES, POINTS, Form, Line
from services.ingest.mappings.draft_posts import post_lines
from services.ingest.mappings.draft_shapes import NOBODY
from services.ingest.mappings.draft_states import begin_line, left_line, minutes_line, state_lines, teacher_way
from services.ingest.mappings.draft_steps import stars_of, step_lines
from services.ingest.mappings.draft_texts import instant_of, place_lines, quoted, remark, single
from services.ingest.mappings.draft_ways import end_of_span, kind_of_tickets, legend_values, of_code, worth_unknown
from services.ingest.mappings.draft_wide import wide_lines
from services.ingest.mappings.draft_words import UNIMPORTANT
from services.ingest.mappings.words import words_of

_OF_ROWS = {f"directory/{name}" for name in ("roles", "departments", "teaching_offices", "majors")}
"""What a table says beside its own rows, where it has the column."""
_FIRST_DAY, _LAST_DAY = r"(\d\S*?)\s*(?:至|到|~|-(?=\s*\d{4}))", r"\d\S*?\s*(?:至|到|~|-(?=\s*\d{4}))\s*(\d\S+)"
_HANDED_IN = "^(已|提交$)"
_AGREED = "^(审核|审批)?(已)?(通过|同意|批准|完成)"


def draft_mapping(sheets: Sequence[SheetGuess], name: str = "draft") -> str:
    """The YAML; what is not certain says so behind its line, and what is lacking stands as a remark."""
    files = sorted({one.file for one in sheets})
    known = [one for one in sheets if one.kind]
    lists = next((one.lists for one in known if one.lists), "")
    source = (
        f"{{id: {name}, lists: {lists}}}  # how Prewarn calls the system; whether it names all students, by its look"
    )
    lines = [
        f"mapping: {name}",
        f"files: [{', '.join(json.dumps(_general(one), ensure_ascii=False) for one in files)}]",
        "source: " + (source if lists else f"{name}  # how Prewarn calls the system"),
        *_of_the_file(known, lists),
        "tables:",
    ]
    for one in _alike(known):
        if one.kind == "days":
            lines += day_lines(one)
            continue
        if one.kind == "lists":
            lines += _of_names(one)
            continue
        for form in (*FORMS[one.kind], *(FORMS["plan"] if one.kind == "courses" and _is_plan(one) else ())):
            if form.to in _OF_ROWS and not any(one.of(each) for each in form.lines[0].meanings):
                continue
            lines += _table(one, form)
        if one.kind == "people":
            lines += post_lines(one)
        if one.kind == "students":
            lines += state_lines(one)
    if not known:
        lines[-1] = "tables: []  # none of the tables is of a kind that is known"
    return "\n".join(lines) + "\n"


def _of_the_file(sheets: Sequence[SheetGuess], lists: str) -> list[str]:
    """When it was made and which days it covers, where that stands above a table."""
    titles = {name: label for one in sheets for name, label in one.titles.items()}
    lines: list[str] = []
    if label := titles.get("exported"):
        moment = single(label + r"[:]\s*(\d{4}\S+(?: (?:[上下中]午|晚上|凌晨)?\d{1,2}:\d\d(?::\d\d)?)?)")
        lines.append(f"exported_at: {{title: {moment}}}")
        if lists and (days := titles.get("covered")) is not None:
            first, last = (single(days + rf"[:]\s*{one}") for one in (_FIRST_DAY, _LAST_DAY))
            if not days:
                first, last = single(FIRST_DAY), single(LAST_DAY)
            lines += ["covers:  # what it no longer says of these days is taken back", "  kind: attendance"]
            lines += [f"  from: {{title: {first}}}", f"  to: {{title: {last}}}"]
    return lines


def _is_plan(sheet: SheetGuess) -> bool:
    """Whether a list of courses says when they are taught."""
    return bool(sheet.of("when") or (sheet.of("weekday") and sheet.of("sections")))


def _alike(sheets: Sequence[SheetGuess]) -> list[SheetGuess]:
    """One of the sheets that have the same columns; which sheets those are, their columns say."""
    same: dict[tuple[object, ...], list[SheetGuess]] = {}
    for one in sheets:
        headers = tuple((each.header, each.meaning) for each in one.columns if each.repeated == 1)
        same.setdefault((one.file, one.kind, one.header_rows, headers), []).append(one)
    return [every[0] if len(every) == 1 else msgspec.structs.replace(every[0], sheet="*") for every in same.values()]


def _general(file: str) -> str:
    """The name of a file without what changes from one export to the next."""
    path = PurePath(file)
    stem = re.sub(r"[\d_.() -]*\d{2,}[\d_.() -]*", "*", path.stem)
    return f"*{stem.strip('*')}*{path.suffix}" if stem.strip("*") else f"*{path.suffix}"


def _table(sheet: SheetGuess, form: Form) -> list[str]:
    lines = [f"- to: {form.to}", *place_lines(sheet)]
    repeated = [one for one in sheet.columns if one.repeated > 1]
    wide = min(
        (one for one in repeated if one.meaning in ("overall", "score", "marks")),
        key=lambda one: CERTAINTIES.index(one.certainty),
        default=None,
    )
    of_header: dict[str, str] = {}
    if wide is not None:
        told, of_header = wide_lines(wide)
        lines += told
    lines += _timing(sheet, form)
    if form.filled and (filled := sheet.of(form.filled)):
        name = quoted(filled.header)
        empty = ", ".join(json.dumps(one, ensure_ascii=False) for one in filled.unknown)
        lines.append(f"  when: [{name}, {{column: {name}, not: [{empty}]}}]" if empty else f"  when: {name}")
    class_ = sheet.of("class")
    if class_ is not None and class_.several and any(one.field == "class" for one in form.lines):
        lines.append(f"  parts: {{class: {{column: {quoted(class_.header)}, split: '[;,、]'}}}}")
    fields = [*_fields(sheet, form, wide, of_header)]
    if wide is not None and form.to == "assessment" and sheet.of("period") is None:
        lines.append("  time: {part: period, as: month, take: ends}")
        fields.insert(0, "    period: {part: period, as: month}")
    fields += [f"    teacher: {teacher_way(sheet)}"] if form.to == "assessment" else []
    fields += left_line(sheet) if form.to == "directory/people" else []
    lines += ["  fields:", *fields, *(f"    {name}: {value}" for name, value in form.fixed.items())]
    if form.to == "attendance" and sheet.of("minutes_late") is None:
        lines += minutes_line(sheet.of("attendance_status"))
    if form.lesson:
        lines += ["    begins: {part: begins}"] if "begins" in of_header else begin_line(sheet)
        if "begins" in sheet.titles and sheet.of("sections") is None:
            clock = single(sheet.titles["begins"] + r"[:]\s*\S+\s+(\d{1,2}:\d\d)")
            lines.append(f"    begins: {{title: {clock}}}")
        lines.append("    lesson: {as: lesson}")
    return lines + (step_lines(sheet) if form.to == "ticket" and sheet.of("step") is None else [])


def _timing(sheet: SheetGuess, form: Form) -> Iterable[str]:
    """When it occurred and was recorded, and whether it was agreed to."""
    for key, meanings in (("time", form.time), ("recorded", form.recorded)):
        if found := _first(sheet, meanings):
            yield f"  {key}: {instant_of(sheet, found)}{remark(found)}"
    if form.to == "assessment" and (month := sheet.of("period")):
        yield f"  time: {{column: {quoted(month.header)}, as: month, take: ends}}"
    if form.to == "rollcall" and (handed_in := sheet.of("rollcall_status")):
        yield f"  when: {{column: {quoted(handed_in.header)}, like: {single(_HANDED_IN)}}}{remark(handed_in)}"
    agreed = sheet.of("leave_result") or sheet.of("leave_status")
    if agreed is not None and form.to in ("timetable/changes", "directory/student_changes"):
        yield f"  when: {{column: {quoted(agreed.header)}, like: {single(_AGREED)}}}"


def _fields(sheet: SheetGuess, form: Form, wide: ColumnGuess | None, of_header: Mapping[str, str]) -> Iterable[str]:
    for line in form.lines:
        found = (
            _deciding(sheet, line)
            or _first(sheet, line.meanings)
            or (sheet.of("weekday") if line.field == "weekday" else None)
        )
        if line.field == "rating" and sheet.of("step") is None:
            continue  # it belongs to the step that rates
        if line.field in of_header:
            yield f"    {line.field}: {{part: {of_header[line.field]}}}"
        elif special := of_code(sheet, form, line) or kind_of_tickets(sheet, form, line):
            yield f"    {line.field}: {special}"
        elif found is None and (around := _around(sheet, line)):
            yield f"    {line.field}: {around}"
        elif found is not None:
            yield f"    {line.field}: {_way(sheet, form, line, found, wide)}{remark(found)}"
            yield from worth_unknown(line, found)
        elif line.field == "max_score" and (score := sheet.of("score")) and score.full:
            yield f"    max_score: {{is: {score.full}}}  # likely: a percentage, or words worth so much"
        elif line.needed and not (line.field == "sections" and ("begins" in of_header or begin_line(sheet))):
            yield f"    # {line.field}: no column was found for it"


def _way(sheet: SheetGuess, form: Form, line: Line, found: ColumnGuess, wide: ColumnGuess | None) -> str:
    """The way to a value that stands in a column."""
    extra = legend_values(sheet) if found.meaning == "marks" and sheet.legend else _extra(line, found)
    if found is wide:
        return f"{{{', '.join(filter(None, ('part: value', extra)))}}}"
    if found.meaning in ("section_span", "leave_span"):
        return end_of_span(line, found, extra)
    if line.field == "class" and found.several:
        return "{part: class, as: class}"
    name = quoted(found.header)
    if line.field == "weeks" and (odd := sheet.of("odd_weeks")):
        return f"{{join: [{name}, {quoted(odd.header)}]}}"
    if line.field == "teacher" and found.several and not form.to.startswith("timetable"):
        extra += ", pattern: '^([^,;、(]+)'"
    if form.to == "leave" and line.field == "status" and (both := sheet.of("leave_status")) and both is not found:
        name = f"[{name}, {quoted(both.header)}]"
    if (
        form.to == "directory/roles"
        and line.field == "person"
        and sheet.of("department")
        and "_id" not in found.meaning
    ):
        extra += "as: person, within: department"  # of two of one name, who teaches there
    if line.field == "minutes_late" and (status := sheet.of("attendance_status")):
        extra += f", when: {{column: {quoted(status.header)}, like: '迟|[Ll]ate|LATE'}}"
    if line.field == "student" and found.meaning == "student_name" and sheet.of("class"):
        extra += ", within: class"
    return f"{{column: {name}, {extra}}}" if extra else name


def _extra(line: Line, found: ColumnGuess) -> str:
    """What a line says besides its column, with the words that occur there; one that nobody knows stays out."""
    extra = line.extra
    if "values: S" in extra:
        known = words_of("test", "status")
        status = {one: known[word(one)] for one in found.unknown if word(one) in known}
        points = {one: POINTS[one] for one in found.unknown if one in POINTS}
        score = {**dict.fromkeys(status, "null"), **points}
        for name, table in (("SCORE", score), ("STATUS", status)):
            said = ", ".join(f"{quoted(one)}: {value}" for one, value in table.items())
            extra = extra.replace(f"values: {name}", f"values: {{{said}}}")
    if line.field == "rating" and (stars := stars_of(found)):
        extra += f", {stars}"
    if line.field == "overall" and {word(one) for one in found.unknown} == set("abc"):
        letters = ", ".join(f"{one}: {LETTERS[word(one)]}" for one in sorted(found.unknown))
        extra = f"values: {{{letters}}}"
    if found.format:
        extra = ", ".join(filter(None, (re.sub(r"halves: \{[^}]*\}", "", extra), f'format: "{found.format}"')))
    return extra


def _around(sheet: SheetGuess, line: Line) -> str:
    """The way to a value that stands in no column, but above the header, or is the name of the sheet."""
    extra = f", {line.extra}" if line.extra.startswith("as:") else ""
    for meaning in line.meanings:
        label = sheet.titles.get(meaning)
        if label is None and meaning == "day":
            label = sheet.titles.get("begins")
        if label is not None and meaning in NUMBERS:
            behind = label + r"\s*[:]?\s*为?\s*([\d.]+)" if label else r"([\d.]+)分?(?:为|即)?(?:及格|合格)"
            return f"{{title: {single(behind)}}}"
        if label is not None:
            behind = single(label + r"[:]\s*(\S+)")
            return f"{{title: {behind}{extra}}}"
    if line.field == "class" and sheet.class_in_name:
        return "{sheet: '^(.+)$', as: class}"
    return ""


def _of_names(sheet: SheetGuess) -> list[str]:
    """A table for each column in which students are named, and one that says that the roll was called."""
    (form,) = FORMS["lists"]
    where = [one for one in _fields(sheet, form, None, {}) if not one.strip().startswith(("student:", "# student"))]
    place = place_lines(sheet)
    lines = ["- to: rollcall", *place, "  fields:", *where, "    lesson: {as: lesson}"]
    nobody = ", ".join(f'"{one}"' for one in NOBODY)
    for meaning, status in OF_NAMES:
        if (found := sheet.of(meaning)) is None:
            continue
        name = quoted(found.header)
        names, said = r"^\s*([^()]+)", f"{{is: {status}}}"
        if any(word(one) in words_of("attendance", "status") for one in found.unknown):
            names = r"^\s*(?P<student>[^()]+)(?:\((?P<said>[^()]*)\))?"
            said = f"{{part: said, blank: {status}}}" if status else "{part: said}"
        elif not status:
            lines.append(f"# {name}: nothing behind the names says what they are{remark(found)}")
            continue
        lines += [
            "- to: attendance",
            *place,
            f"  when: [{name}, {{column: {name}, not: [{nobody}]}}]{remark(found)}",
            f"  parts: {{student: {{column: {name}, split: '[;,、]', pattern: {single(names)}}}}}",
            "  fields:",
            *where,
            "    student: {part: student, as: student, within: class}",
            f"    status: {said}",
            "    lesson: {as: lesson}",
        ]
    return lines


def _deciding(sheet: SheetGuess, line: Line) -> ColumnGuess | None:
    """Where the words beside a decision are free text (审批意见: 理由不足), the column whose words are known."""
    status = sheet.of("leave_status")
    told = sheet.of("leave_result")
    return status if "leave_status" in line.meanings and told and told.unknown and status else None


def _first(sheet: SheetGuess, meanings: Sequence[str]) -> ColumnGuess | None:
    return next((found for one in meanings if one not in UNIMPORTANT and (found := sheet.of(one))), None)
