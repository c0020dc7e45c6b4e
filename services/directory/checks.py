"""Does every warning reach somebody? Asked before the rules and the directory go live.

A rule card names roles but not subjects, so each role is tried with everything that it can be held for on that day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.directory.reading import nearest_of
from services.directory.records import Enrolment, Person, SchoolClass
from services.directory.roles import ALIASES, ROLES, role_word
from services.directory.snapshot import Directory
from services.messages import Problem, RuleCard

_SHOWN = 10

_Subjects = list[tuple[str, dict[str, str]]]
"""What a role is tried with: what a person would call it, and the context of such a warning."""


def check(directory: Directory, cards: Iterable[RuleCard], at: datetime) -> list[Problem]:
    """Roles that a rule names and nobody holds on the day of `at`, and holders whom nothing can reach.

    One problem for each role without holders (with the classes, courses … and the rules concerned) and one for each
    person without channel and e-mail (with what they would be told about); the students without are one together.
    """
    cards = list(cards)
    day = at.astimezone(ZoneInfo(directory.time_zone)).date()
    problems: list[Problem] = []
    unreachable: defaultdict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for role, rules in _named_roles(cards).items():
        if role not in ROLES:
            expected = nearest_of(role, (*ROLES, *ALIASES))
            problems.append(Problem(where=_rules(rules), what=f"there is no role {role!r}", expected=expected))
            continue
        subjects = _SUBJECTS[ROLES[role].scopes[0]](directory, day)
        nobody = []
        for name, context in subjects:
            holders = directory.holders(role, context, at)
            if not holders:
                nobody.append(name)
            for person in holders:
                if not (person.channel or person.email):
                    unreachable[person.id][role].append(name)
        if nobody or not subjects:
            problems.append(_without_holder(role, rules, nobody, len(subjects)))
    return problems + _out_of_reach(directory, unreachable)


def vacant(directory: Directory, role: str, at: datetime) -> bool:
    """Whether nobody at all holds a role word or alias on the day of `at`, whatever it could be held for."""
    found = ROLES.get(role_word(role))
    if found is None:
        return True
    day = at.astimezone(ZoneInfo(directory.time_zone)).date()
    subjects = _SUBJECTS[found.scopes[0]](directory, day)
    return not any(directory.holders(role, context, at) for _, context in subjects)


def _named_roles(cards: Sequence[RuleCard]) -> dict[str, list[str]]:
    rules: defaultdict[str, list[str]] = defaultdict(list)
    for card in cards:
        for role in dict.fromkeys(role_word(word) for word in (*card.to, *(step.to for step in card.escalate))):
            rules[role].append(card.rule)
    return rules


def _without_holder(role: str, rules: list[str], nobody: list[str], tried: int) -> Problem:
    title = f"{role} {ROLES[role].title.zh}"
    kind = ROLES[role].scopes[0]
    if not tried:
        what = f"the directory has nothing of the kind {kind}; named by {_rules(rules)}"
        return Problem(where=f"role {title}", what=what)
    whom = "" if kind == "college" else f" for {len(nobody)} of {tried}: {_listed(nobody)}"
    return Problem(
        where=f"role {title}",
        what=f"nobody holds it{whom}; named by {_rules(rules)}",
        expected=f"a row of roles with role {role}" if role != "student" else "students who are enrolled on that day",
    )


def _out_of_reach(directory: Directory, unreachable: dict[str, dict[str, list[str]]]) -> list[Problem]:
    expected = "a channel or an e-mail address"
    problems = []
    for id_, roles in sorted(unreachable.items()):
        person = directory.person(id_)
        if person is None or "student" in roles:
            continue
        told_as = "; ".join(f"{role} ({_listed(names)})" if any(names) else role for role, names in roles.items())
        what = f"has neither channel nor email, but is to be told as {told_as}"
        problems.append(Problem(where=f"person {_called(person)}", what=what, expected=expected))
    students = sorted(id_ for id_, roles in unreachable.items() if "student" in roles)
    if students:
        what = f"{len(students)} have neither channel nor email, but are to be told: {_listed(students)}"
        problems.append(Problem(where="students", what=what, expected=expected))
    return problems


def _college(_directory: Directory, _day: date) -> _Subjects:
    return [("", {})]


def _departments(directory: Directory, _day: date) -> _Subjects:
    return [(row.id, {"department": row.id}) for row in directory.tables.departments]


def _teaching_offices(directory: Directory, _day: date) -> _Subjects:
    return [(row.id, {"teaching_office": row.id}) for row in directory.tables.teaching_offices]


def _majors(directory: Directory, _day: date) -> _Subjects:
    return [(row.id, {"major": row.id}) for row in directory.tables.majors]


def _classes(directory: Directory, day: date) -> _Subjects:
    return [(row.id, {"class": row.id}) for row in directory.tables.classes if _there(row, day)]


def _students(directory: Directory, day: date) -> _Subjects:
    return [
        (id_, {"student": id_}) for id_ in sorted({row.id for row in directory.tables.students if _there(row, day)})
    ]


def _sources(directory: Directory, _day: date) -> _Subjects:
    return [(row.id, {"source": row.id}) for row in directory.tables.sources]


def _courses(directory: Directory, day: date) -> _Subjects:
    # A course is tried with the classes that the directory knows to take it; with itself where it knows none.
    tables = directory.tables
    pairs = {(row.id, row.class_id) for row in tables.courses if row.class_id}
    pairs |= {(row.scope or "", row.class_id) for row in tables.roles if row.role == "course_teacher" and row.class_id}
    ended = {row.id for row in tables.classes if not _there(row, day)}
    alone = {row.id for row in tables.courses} - {course for course, _ in pairs}
    return [
        *(
            (f"{course} in {class_}", {"course": course, "class": class_})
            for course, class_ in sorted(pairs)
            if class_ not in ended
        ),
        *((course, {"course": course}) for course in sorted(alone)),
    ]


_SUBJECTS: dict[str, Callable[[Directory, date], _Subjects]] = {
    "college": _college,
    "department": _departments,
    "teaching_office": _teaching_offices,
    "major": _majors,
    "class": _classes,
    "course": _courses,
    "student": _students,
    "source": _sources,
}


def _there(row: SchoolClass | Enrolment, day: date) -> bool:
    return (row.from_day is None or row.from_day <= day) and (row.to_day is None or day <= row.to_day)


def _called(person: Person) -> str:
    return f"{person.id} ({person.name})"


def _rules(rules: list[str]) -> str:
    return ("rule " if len(rules) == 1 else "rules ") + _listed(rules)


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
