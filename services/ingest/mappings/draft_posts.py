"""The roles that a draft takes from a column of posts, as schemas/mappings/staff-list.yaml does."""

from __future__ import annotations

from services.ingest.mappings.draft import SheetGuess
from services.ingest.mappings.draft_texts import place_lines, quoted, remark

_COLLEGE = (
    ("college_head", "^校长$"),
    ("college_office", "^(党?[院校]办|[院校](长|党)?办公室|党政办公?室?)主任$"),
    ("academic_affairs", "^教务.*(处|部)(处|部)?长$"),
    ("student_affairs", "^学(生工作|生|工)(处|部)(处|部)?长$"),
    ("supervision_office", "^督导(办公室|办|室|处)(主任|处长)$"),
    ("quality_office", "^质量.*(办公室|办|处|中心)(主任|处长)$"),
    ("hr_office", "^(组织)?人事.*(处|部)(处|部)?长$"),
)
"""Role of the whole college, and what its post is called."""
_OF_UNIT = (
    ("college_office", "^(党?[院校]办|[院校](长|党)?办公室|党政办公?室?)$"),
    ("academic_affairs", "^教务.*(处|部)$"),
    ("student_affairs", "^学(生工作|生|工)(处|部)$"),
    ("supervision_office", "^督导(办公室|办|室|处)$"),
    ("quality_office", "^质量.*(办公室|办|处|中心)$"),
    ("hr_office", "^(组织)?人事.*(处|部)$"),
)
"""The same where the post is 处长 alone, and its unit stands in another column."""
_HEAD = "^(处长|部长|主任)$"


def post_lines(sheet: SheetGuess) -> list[str]:
    """Roles of the college, of departments and of teaching offices; empty where the table has no posts."""
    person, post = sheet.of("person") or sheet.of("teacher_id"), sheet.of("post")
    if person is None or post is None:
        return []
    held = quoted(post.header)
    lines = ["- to: directory/roles", *place_lines(sheet)]
    lines += ["  fields:", f"    person: {quoted(person.header)}", f"  rows:{remark(post)}"]
    for role, like in _COLLEGE:
        lines += [f"  - when: {{column: {held}, like: '{like}'}}", f"    fields: {{role: {{is: {role}}}}}"]
    if unit := sheet.of("department"):
        of = quoted(unit.header)
        both = "  - when: [{column: %s, like: '%s'}, {column: %s, like: '%s'}]"
        lines += [both % (held, "^院长$", of, "领导|^院办$|^校办$"), "    fields: {role: {is: college_head}}"]
        for role, like in _OF_UNIT:
            lines += [both % (held, _HEAD, of, like), f"    fields: {{role: {{is: {role}}}}}"]
        lines += [both % (held, "^(处长|部长|馆长|中心主任)$", of, "(处|部|馆|中心)$")]
        lines += [f"    fields: {{role: {{is: department_head}}, scope_kind: {{is: department}}, scope: {of}}}"]
        lines += [both % (held, "^((系|部)主任|院长)$", of, "(学院|系|部|分院)$")]
        lines += [f"    fields: {{role: {{is: department_head}}, scope_kind: {{is: department}}, scope: {of}}}"]
    lines += _named(held, "department_head", "department", "^(.+(?:系|部|分院|学院))主任$")
    lines += _named(held, "teaching_office_head", "teaching_office", "^(.+教研室)主任$")
    if office := sheet.of("teaching_office"):
        scope = f"scope_kind: {{is: teaching_office}}, scope: {{column: {quoted(office.header)}, blank: null}}"
        lines += [f"  - when: {{column: {held}, like: '^教研室主任$'}}"]
        lines += [f"    fields: {{role: {{is: teaching_office_head}}, {scope}}}"]
    if note := sheet.of("remark"):
        major = r"专业(?:带头人|负责人)\((.+?)\)"
        scope = f"scope_kind: {{is: major}}, scope: {{column: {quoted(note.header)}, pattern: '{major}'}}"
        lines += [f"  - when: {{column: {quoted(note.header)}, like: '{major}'}}"]
        lines += [f"    fields: {{role: {{is: major_head}}, {scope}}}"]
    return lines


def _named(held: str, role: str, kind: str, like: str) -> list[str]:
    """A role whose post names what it is held for."""
    scope = f"scope: {{column: {held}, pattern: '{like}'}}"
    fields = f"role: {{is: {role}}}, scope_kind: {{is: {kind}}}, {scope}"
    return [f"  - when: {{column: {held}, like: '{like}'}}", f"    fields: {{{fields}}}"]
