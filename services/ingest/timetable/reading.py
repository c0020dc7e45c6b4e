"""All sheets of a timetable together: which is which, and the lessons that come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from services.i18n import say
from services.ingest.timetable import grid, lessons, tables
from services.ingest.timetable.grid import Names
from services.ingest.timetable.model import Bell, Change, Plan, Term
from services.messages import Problem
from services.tabular.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Known:
    """What the directory knows: names → ids."""

    classes: Mapping[str, set[str]]
    courses: Mapping[str, set[str]]
    people: Mapping[str, set[str]]


@dataclass(frozen=True, slots=True)
class Timetable:
    """What the sheets say."""

    term: Term
    bells: list[Bell]
    published: lessons.Lessons
    standing: lessons.Lessons
    """After the changes."""


def read(sheets: Iterable[Sheet], term: Term, known: Known, problems: list[Problem]) -> Timetable:
    """The timetable of all sheets, in whatever order they come. What is wrong is in `problems`, by sheet and cell."""
    sheets = list(sheets)
    for sheet in filter(tables.has_days_off, sheets):
        term = tables.with_days_off(sheet, term, problems)
    tasks = tables.Tasks()
    for sheet in filter(tables.has_tasks, sheets):
        tables.read_tasks(sheet, tasks, problems)
    names = _names(known, tasks)
    rung = [bell for sheet in filter(tables.has_bells, sheets) for bell in tables.bells(sheet, term, problems)]
    plans: list[Plan] = []
    for sheet in filter(grid.is_grid, sheets):
        plans += grid.plans(sheet, names, problems)
    changes: list[Change] = []
    for sheet in filter(tables.has_changes, sheets):
        changes += tables.read_changes(sheet, term, names, problems)
    published = lessons.planned(plans, term, problems)
    return Timetable(term, rung, published, lessons.changed(published, changes, problems))


def _names(known: Known, tasks: tables.Tasks) -> Names:
    class_names = {id_: name for name, ids in known.classes.items() for id_ in ids}

    def teacher(name: str, course: str, class_: str) -> str:
        name = "".join(name.split())
        found: set[str] = set()
        # The nearest circle that knows the name decides: two people of one name teach different courses.
        for found in (*tasks.teachers(name, course, class_names.get(class_, class_)), known.people.get(name, set())):
            if found:
                break
        return _one(name, found)

    def of(*books: Mapping[str, set[str]]) -> Callable[[str], str]:
        def find(name: str) -> str:
            return _one(name, next((book[name] for book in books if book.get(name)), set()))

        return find

    return Names(of(known.classes), of(tasks.courses, known.courses), teacher)


def _one(name: str, found: set[str]) -> str:
    if len(found) != 1:
        candidates = ", ".join(sorted(found)) or "-"
        raise ValueError(say("ingest.name_is_not_one", name=name, candidates=candidates))
    return next(iter(found))
