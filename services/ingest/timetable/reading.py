"""All sheets of a timetable together: which is which, and the lessons that come of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.i18n import say
from services.ingest.mappings.cells import WrongCell
from services.ingest.mappings.known import Known, KnownTable, Narrow
from services.ingest.mappings.reading import MappedFile
from services.ingest.timetable import grid, lessons, mapped, tables
from services.ingest.timetable.grid import Names
from services.ingest.timetable.model import Bell, Change, Plan, Term
from services.messages import Problem
from services.tabular.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Timetable:
    """What all sheets of a timetable say together."""

    term: Term
    bells: list[Bell]
    published: lessons.Lessons
    standing: lessons.Lessons
    """After the changes."""


def is_part(sheet: Sheet) -> bool:
    """Whether a sheet is read without a mapping."""
    return any(one(sheet) for one in (grid.is_grid, tables.has_days_off, tables.has_tasks, tables.has_bells)) or (
        tables.has_changes(sheet)
    )


def read(
    sheets: Iterable[Sheet], term: Term, known: Known, problems: list[Problem], lists: Sequence[MappedFile] = ()
) -> Timetable:
    """The timetable of all sheets and of `lists`, in whatever order they come.

    What is wrong is in `problems`, by sheet and cell.
    """
    sheets = list(sheets)
    for sheet in filter(tables.has_days_off, sheets):
        term = tables.with_days_off(sheet, term, problems)
    term = mapped.term_with_days(lists, term, problems)
    tasks = tables.Tasks()
    for sheet in filter(tables.has_tasks, sheets):
        tables.read_tasks(sheet, tasks, problems)
    names = _names(known, tasks)
    rung = [bell for sheet in filter(tables.has_bells, sheets) for bell in tables.bells(sheet, term, problems)]
    rung += mapped.bells(lists, problems)
    plans: list[Plan] = []
    for sheet in filter(grid.is_grid, sheets):
        plans += grid.plans(sheet, names, problems)
    plans += mapped.plans(lists, term, names, problems)
    changes: list[Change] = []
    for sheet in filter(tables.has_changes, sheets):
        changes += tables.read_changes(sheet, term, names, problems)
    changes += mapped.changes(lists, names, problems)
    published = lessons.planned(plans, term, problems)
    return Timetable(term, rung, published, lessons.changed(published, changes, problems))


def _names(known: Known, tasks: tables.Tasks) -> Names:
    classes, people = known.tables["classes"], known.tables["people"]

    def teacher(name: str, course: str, class_: str) -> str:
        name = "".join(name.split())
        called = classes.label(class_) if class_ in classes.ids else class_
        # The nearest circle that knows the name decides: two people of one name teach different courses.
        found = next((some for some in tasks.teachers(name, course, called) if some), None)
        if found is not None:
            return _one(name, found)
        return _found(people, name, lambda every: _of_course(every, known, course, class_))

    def is_teacher(name: str) -> bool:
        return bool(people.called(name)) or any(name in one for one in tasks.taught.values())

    def course(name: str) -> str:
        if found := tasks.courses.get(name):
            return _one(name, found)
        return _found(known.tables["courses"], name)

    return Names(lambda name: _found(classes, name), course, teacher, is_teacher)


def _of_course(every: list[str], known: Known, course: str, class_: str) -> list[str]:
    """Of people of one name those who teach the course in the class; one alone is who is meant."""
    return [one for one in every if known.teaches(one, course, class_)] or every


def _found(table: KnownTable, name: str, narrow: Narrow | None = None) -> str:
    try:
        found = table.find(name, narrow)
    except WrongCell as wrong:
        raise ValueError(wrong.what) from None
    if table.ids and found not in table.ids:
        raise ValueError(say("ingest.name_is_not_one", name=name, candidates="-"))
    return found


def _one(name: str, found: set[str]) -> str:
    if len(found) != 1:
        candidates = ", ".join(sorted(found)) or "-"
        raise ValueError(say("ingest.name_is_not_one", name=name, candidates=candidates))
    return next(iter(found))
