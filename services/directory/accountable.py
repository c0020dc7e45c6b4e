"""Who is accountable: from a role and what a warning is about to the people who hold that role on that day."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.directory.enrichment import class_of, teachers_of
from services.directory.index import Index, present
from services.directory.records import Person
from services.directory.roles import ROLES, role_word

Context = Mapping[str, str]


def holders(index: Index, role: str, context: Context, second: float) -> list[Person]:
    """See `Directory.holders`."""
    word = role_word(role)
    find = _SPECIAL.get(word)
    found = find(index, context, second) if find else _of_nearest_scope(index, word, context, second)
    there = instead(index, found, second)
    return sorted({person.id: person for person in there}.values(), key=lambda person: person.id)


def posts(index: Index, role: str, context: Context, second: float) -> list[str]:
    """See `Directory.posts`."""
    word = role_word(role)
    find = _SCOPES.get(ROLES[word].scopes[0]) if word in ROLES else None
    return find(index, context, second) if find else []


def instead(index: Index, found: list[Person], second: float) -> list[Person]:
    """Whoever is away is left out, and their substitutes put in; if nobody is left then, all are told."""
    return [one for person in found for one in _stand_ins(index, person, second, set())] or found


def _stand_ins(index: Index, person: Person, second: float, seen: set[str]) -> list[Person]:
    """The person; of somebody who is away, whoever stands in by any of the rows of leave of that day."""
    if person.id in seen:  # a circle: nobody in it is there
        return []
    seen.add(person.id)
    away = present(index.leave.get(person.id, ()), second)
    if not away:
        return [person]
    named = [index.people[one.id] for one in away if one is not None]
    return [one for instead in present(named, second) for one in _stand_ins(index, instead, second, seen)]


def _of_nearest_scope(index: Index, word: str, context: Context, second: float) -> list[Person]:
    for kind in ROLES[word].scopes if word in ROLES else ():
        found = [
            person
            for scope in _SCOPES[kind](index, context, second)
            for person in present(index.holders.get((word, kind, scope), ()), second)
        ]
        if found:
            return found
    return []


def _student(index: Index, context: Context, second: float) -> list[Person]:
    row = index.students.get(context.get("student", ""))
    return present([row], second) if row else []


def _course_teacher(index: Index, context: Context, second: float) -> list[Person]:
    named = index.people.get(context.get("teacher", ""))
    if named and (there := present([named], second)):
        return there
    course = context.get("course")
    return teachers_of(index, course, _class(index, context, second), second) if course else []


def _department_head(index: Index, context: Context, second: float) -> list[Person]:
    """Of each department, the nearest up the tree with a head; where there is none at all, the college's own.

    Two-level intake (附件1 5.2): department, then college.
    """
    found = [one for start in _departments(index, context, second) for one in _nearest_head(index, start, second)]
    return found or present(index.holders.get(("department_head", "college", ""), ()), second)


def _nearest_head(index: Index, start: str, second: float) -> list[Person]:
    department: str | None = start
    while department is not None:
        found = present(index.holders.get(("department_head", "department", department), ()), second)
        if found:
            return found
        row = index.departments.get(department)
        department = row.parent if row else None
    return []


_SPECIAL: dict[str, Callable[[Index, Context, float], list[Person]]] = {
    "student": _student,
    "course_teacher": _course_teacher,
    "department_head": _department_head,
}


def _class(index: Index, context: Context, second: float) -> str | None:
    student = context.get("student")
    return context.get("class") or (class_of(index, student, second) if student else None)


def _classes(index: Index, context: Context, second: float) -> list[str]:
    class_ = _class(index, context, second)
    return [class_] if class_ else []


def _majors(index: Index, context: Context, second: float) -> list[str]:
    if context.get("major"):
        return [context["major"]]
    row = index.classes.get(_class(index, context, second) or "")
    return [row.major] if row and row.major else []


def _offices(index: Index, context: Context, second: float) -> list[str]:
    if context.get("teaching_office"):
        return [context["teaching_office"]]
    if context.get("course"):
        courses = [context["course"]]
    else:  # a warning about a teacher alone: wherever they teach at present
        courses = present(index.taught.get(context.get("teacher", ""), ()), second)
    offices = (index.course_fields.get(course, {}).get("teaching_office") for course in courses)
    return sorted({office for office in offices if office})


def _departments(index: Index, context: Context, second: float) -> list[str]:
    if context.get("department"):
        return [context["department"]]
    class_ = index.class_fields.get(_class(index, context, second) or "", {})
    if "department" in class_:
        return [class_["department"]]
    majors = [index.majors[major].department for major in _majors(index, context, second) if major in index.majors]
    offices = [index.offices[id_].department for id_ in _offices(index, context, second) if id_ in index.offices]
    return majors or sorted(set(offices))


def _sources(_index: Index, context: Context, _second: float) -> list[str]:
    # A source report comes from ingest; the source that it is about is its field source_name.
    source = context.get("source_name") or context.get("source")
    return [source] if source else []


_SCOPES: dict[str, Callable[[Index, Context, float], list[str]]] = {
    "college": lambda _index, _context, _second: [""],
    "department": _departments,
    "teaching_office": _offices,
    "major": _majors,
    "class": _classes,
    "source": _sources,
}
