"""What an org is in the directory: the college itself, a department, a major, a teaching office, or both of these.

OneRoster knows departments within departments only; what stands below a department is told by who refers to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.directory.columns import day
from services.directory.oneroster.columns import last_day
from services.directory.oneroster.files import Export, Record
from services.directory.oneroster.naming import named
from services.directory.records import Tables
from services.tabular.rows import Row


class Orgs:
    """The orgs of one export."""

    def __init__(self, export: Export, known: Tables) -> None:
        self._orgs = {id_: one for id_, one in export["orgs"].items() if not _is_college(one)}
        above = {one.values["parentSourcedId"] for one in self._orgs.values()}
        below = {id_ for id_ in self._orgs if self._parent(id_) and id_ not in above}
        homerooms = [one for one in export["classes"].values() if one.values["classType"] == "homeroom"]
        self._courses = export["courses"]
        self.taught = _taught(export)
        self.majors = below & ({self.of_class(one) for one in homerooms} | {row.id for row in known.majors})
        offices = {self._courses[id_].values["orgSourcedId"] for id_ in self.taught}
        self.offices = below & (offices | {row.id for row in known.teaching_offices})
        self._known_majors = {row.id: row.major for row in known.classes}

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Table and row of each org."""
        for id_, one in self._orgs.items():
            cells, parent = {"id": id_, **named(one.values["name"])}, self._parent(id_)
            if id_ in self.majors:
                yield "majors", Row({**cells, "department": parent}, one.place)
            if id_ in self.offices:
                yield "teaching_offices", Row({**cells, "department": parent}, one.place)
            if id_ not in self.majors | self.offices:
                yield "departments", Row({**cells, "parent": parent}, one.place)

    def of_class(self, one: Record) -> str:
        """The org of a class; of one that belongs to the college as a whole, that of its course."""
        school, course = one.values["schoolSourcedId"], self._courses.get(one.values["courseSourcedId"])
        found = school if school in self._orgs else course.values["orgSourcedId"] if course else ""
        return found if found in self._orgs else ""

    def office_of(self, course: Record) -> dict[str, str]:
        """The cell of a course, if its org is a teaching office."""
        org = course.values["orgSourcedId"]
        return {"teaching_office": org} if org in self.offices else {}

    def class_row(self, id_: str, one: Record, export: Export) -> Row:
        """A homeroom: it lasts from the first day of its terms to the last."""
        org = self.of_class(one)
        cells = {"id": id_, "name": one.values["title"]}
        if org in self.majors:
            cells |= {"major": org, "department": ""}
        elif org and not self._known_majors.get(id_):  # that a class has a major, only a major's org can tell
            cells["department"] = self._parent(org) if org in self.offices else org
        first, last = term_days(one, export)
        if first and last:
            cells |= {"from": first.isoformat(), "to": last.isoformat()}
        return Row(cells, one.place)

    def _parent(self, id_: str) -> str:
        parent = self._orgs[id_].values["parentSourcedId"]
        return parent if parent in self._orgs else ""


def days_of(enrollment: Record, export: Export) -> tuple[date | None, date | None]:
    """First and last day of an enrollment; what it does not say of a scheduled class is as the terms of that class."""
    first, last = day(enrollment.values["beginDate"]), last_day(enrollment.values["endDate"])
    class_ = export["classes"].get(enrollment.values["classSourcedId"])
    if class_ is not None and class_.values["classType"] == "scheduled":
        begins, ends = term_days(class_, export)
        return first or begins, last or ends
    return first, last


def term_days(one: Record, export: Export) -> tuple[date | None, date | None]:
    """First and last day of the terms of a class."""
    terms = [export["academicSessions"][id_] for id_ in one.each("termSourcedIds") if id_ in export["academicSessions"]]
    starts = [found for term in terms if (found := day(term.values["startDate"]))]
    ends = [found for term in terms if (found := last_day(term.values["endDate"]))]
    return min(starts, default=None), max(ends, default=None)


def _is_college(org: Record) -> bool:
    return org.values["type"] != "department" and not org.values["parentSourcedId"]


def _taught(export: Export) -> set[str]:
    """Courses that are more than the name of a homeroom."""
    kinds: dict[str, set[str]] = {}
    for one in export["classes"].values():
        kinds.setdefault(one.values["courseSourcedId"], set()).add(one.values["classType"])
    return {id_ for id_ in export["courses"] if kinds.get(id_) != {"homeroom"}}
