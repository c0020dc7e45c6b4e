"""From the rows of OneRoster to rows of the directory: a pure function of the whole export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.directory.oneroster.columns import FAMILY, STAFF, iso
from services.directory.oneroster.files import Export, Record
from services.directory.oneroster.naming import name_of
from services.directory.oneroster.orgs import Orgs, days_of
from services.directory.oneroster.teaching import course_rows, tutors
from services.directory.records import Tables
from services.i18n import say
from services.messages import Problem
from services.tabular.rows import Row


@dataclass(slots=True)
class Derived:
    """Table → rows that the export tells; a cell that is absent is not told, one that is blank is told to be so."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    left_out: list[Problem] = field(default_factory=list)
    """What the directory has no place for, and why."""


def derive(export: Export, known: Tables) -> Derived:
    """What an export tells; `known` is the directory in use, whose majors and teaching offices stay what they are."""
    derived = Derived()
    export, empty = _without_empty_enrollments(export)
    orgs = Orgs(export, known)
    for table, row in orgs.rows():
        derived.rows[table].append(row)
    people = dict(_users(export, STAFF))
    staff = set(people)
    derived.rows["people"] = [
        Row({"id": id_, "name": name_of(user), **_said(user, "email")}, user.place) for id_, user in people.items()
    ]
    homerooms = {id_: one for id_, one in export["classes"].items() if one.values["classType"] == "homeroom"}
    derived.rows["classes"] = [orgs.class_row(id_, one, export) for id_, one in homerooms.items()]
    derived.rows["students"] = list(_students(export, homerooms))
    derived.rows["courses"], teachers = course_rows(export, orgs, staff)
    derived.rows["roles"] = [*tutors(export, homerooms, staff), *teachers]
    derived.left_out = [*_left_out(export, staff, known), *empty]
    return derived


def _without_empty_enrollments(export: Export) -> tuple[Export, list[Problem]]:
    """Enrollments that end before they hold on any day are left out, and told."""
    empty = {}
    for id_, one in export["enrollments"].items():
        first, last = days_of(one, export)
        if first and last and last < first:
            what = say("directory.holds_on_no_day", id=one.values["userSourcedId"])
            empty[id_] = Problem(where=one.at("endDate"), what=what, expected=say("directory.day_after_the_last"))
    lasting = {id_: one for id_, one in export["enrollments"].items() if id_ not in empty}
    return Export(export.files | {"enrollments": lasting}), list(empty.values())


def _enabled(user: Record) -> bool:
    return user.values["enabledUser"] != "false"


def _users(export: Export, roles: tuple[str, ...]) -> Iterator[tuple[str, Record]]:
    for id_, user in export["users"].items():
        if user.values["role"] in roles and _enabled(user):
            yield id_, user


def _said(record: Record, column: str) -> dict[str, str]:
    return {column: record.values[column]} if record.values[column] else {}


def _students(export: Export, homerooms: dict[str, Record]) -> Iterator[Row]:
    users = dict(_users(export, ("student",)))
    for enrollment in export["enrollments"].values():
        values = enrollment.values
        user = users.get(values["userSourcedId"])
        if user and values["role"] == "student" and values["classSourcedId"] in homerooms:
            first, last = days_of(enrollment, export)
            cells = {
                "id": values["userSourcedId"],
                "name": name_of(user),
                "class": values["classSourcedId"],
                **_said(user, "email"),
                "from": iso(first),
                "to": iso(last),
            }
            marks = {"email": user.at("email"), "name": user.place}
            yield Row(cells, enrollment.place, marks)


def _left_out(export: Export, staff: set[str], known: Tables) -> Iterator[Problem]:
    enrolled = {
        one.values["userSourcedId"]
        for one in export["enrollments"].values()
        if (found := export["classes"].get(one.values["classSourcedId"])) and found.values["classType"] == "homeroom"
    } | {row.id for row in known.students}
    for id_, user in export["users"].items():
        if user.values["role"] in FAMILY:
            yield Problem(
                where=user.place, what=say("directory.directory_has_no_parents", id=id_, role=user.values["role"])
            )
        elif not _enabled(user):
            yield Problem(where=user.place, what=say("directory.not_enabled_so_not_there", id=id_))
        elif user.values["role"] == "student" and id_ not in enrolled:
            expected = say("directory.enrollment_in_class_classtype_homeroom")
            yield Problem(where=user.place, what=say("directory.student_has_no_class", id=id_), expected=expected)
    for one in export["enrollments"].values():
        if one.values["role"] == "teacher" and one.values["userSourcedId"] not in staff:
            what = say("directory.teaches_but_not_among_staff", id=one.values["userSourcedId"])
            yield Problem(where=one.place, what=what)
