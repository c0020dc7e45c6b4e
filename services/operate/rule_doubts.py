"""`prewarn rules check` beyond errors: what is allowed in a rule folder and probably not meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from services import directory as directories
from services.directory import Directory, Tables
from services.i18n import say
from services.messages import Problem, nearest
from services.operate.rule_tests import read_rule_tests
from services.rules.language.fields import read_fields
from services.rules.language.lint import lint
from services.rules.language.load import RuleSet
from services.rules.language.reading import Place, Report, items

_IDS: Mapping[str, Callable[[Tables], Iterable[str | None]]] = {
    "department": lambda tables: (row.id for row in tables.departments),
    "major": lambda tables: (row.id for row in tables.majors),
    "course": lambda tables: (row.id for row in tables.courses),
    "cohort": lambda tables: (row.cohort for row in tables.classes),
    "class": lambda tables: (row.id for row in tables.classes),
    "teacher": lambda tables: (row.id for row in tables.people),
    "student": lambda tables: (row.id for row in tables.students),
}
"""Name in a scope → the ids that the directory has for it; it knows nothing of a teacher's stage."""


def doubts(
    folder: Path, rules: RuleSet, schemas: Path, directory: Directory | None = None, at: datetime | None = None
) -> list[Problem]:
    """A level that no value reaches, a rule without a test, and so on.

    Rules without a test are told of where the folder has tests; roles that nobody in the `directory` holds on the day
    of `at`, and scopes that it does not know, where one is given.
    """
    kinds = read_fields(schemas)
    found = lint(rules, kinds)
    if directory is not None and at is not None:
        found += [*_vacant(rules, directory, at), *_nowhere(rules, directory)]
    if (folder / "tests").is_dir():
        tested = {case.rule for case in read_rule_tests(folder, rules, kinds, Report())}
        found += [
            Problem(
                where=_shown(placed.place),
                what=say("operate.has_no_test", id=placed.rule.id),
                expected=say("operate.tests_test_yaml_with_rule", id=placed.rule.id),
            )
            for placed in rules.placed
            if placed.rule.id not in tested
        ]
    return found


def _vacant(rules: RuleSet, directory: Directory, at: datetime) -> Iterator[Problem]:
    vacant = cache(lambda role: directories.vacant(directory, role, at))
    for placed in rules.placed:
        card = placed.rule.card
        for role in dict.fromkeys((*card.to, *(step.to for step in card.escalate))):
            if vacant(role):
                word = directories.ROLES[directories.role_word(role)]
                table, column = word.column
                held = say("operate.column_of_table_prewarn", table=table, column=column) if table else None
                yield Problem(
                    where=_shown(placed.place),
                    what=say(
                        "operate.tells_nobody_in_directory_holds", id=placed.rule.id, role=role, called=word.title.zh
                    ),
                    expected=held or say("operate.row_roles_with_role_prewarn", role=role),
                )


def _nowhere(rules: RuleSet, directory: Directory) -> Iterator[Problem]:
    """Scopes of standards with an id that the directory does not have, where it has any of the kind."""
    known = {name: {one for one in ids(directory.tables) if one} for name, ids in _IDS.items()}
    for standard in rules.standards.values():
        for value in items(standard.place.value["values"], Report(), "values"):
            scope = value.value["scope"].value if "scope" in value.value else {}
            for name, place in scope.items():
                if known.get(name) and place.text not in known[name]:
                    near = nearest(place.text, known[name])
                    yield Problem(
                        where=_shown(place),
                        what=say("operate.for_which_not_in_directory", id=standard.id, name=name, text=place.text),
                        expected=near or say("directory.id", kind=name),
                    )


def _shown(place: Place) -> str:
    return f"{place.file}:{place.line}:{place.column}"
