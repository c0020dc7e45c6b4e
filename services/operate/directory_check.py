"""`prewarn directory check` put together: the rules, the people, and whether messages can be sent to them.

And what a table of the directory alone cannot show: exemptions of what there is not, sources that nothing ranks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from services import directory as directories
from services.directory import Asked, Checked, Directory
from services.i18n import say
from services.ingest.schemas import Schema
from services.messages import Problem, nearest
from services.notify.channels.addresses import doubt
from services.notify.recipients import STUDENT
from services.rules.language.load import RuleSet

_SHOWN = 10
_STUDENT = frozenset({"student", "subject"})
"""Names in `by` that may hold a student; an indicator calls whomever it is about its subject."""


def check(rules: RuleSet, directory: Directory, at: datetime, *, mail: bool, students: bool = False) -> Checked:
    """Each rule with all that it can warn about on the day of `at`.

    `mail`: the college has named its mail server; `students`: they are told, too, where a rule names them.
    """

    def told(words: Iterable[str]) -> tuple[str, ...]:
        return tuple(word for word in words if students or directories.role_word(word) != STUDENT)

    asked = [
        Asked(rule.id, rule.by, told(rule.card.to), told(step.to for step in rule.card.escalate))
        for rule in rules.plan.rules
    ]
    return directories.check(directory, asked, at, partial(doubt, mail=mail))


def exemptions_of_nothing(
    rules: RuleSet, kinds: Mapping[str, Schema], directory: Directory, at: datetime
) -> Iterator[Problem]:
    """Exemptions, still or not yet in force on the day of `at`, that exempt nobody from anything: one for each `of`."""
    day = at.astimezone(ZoneInfo(directory.time_zone)).date()
    students: defaultdict[str, set[str]] = defaultdict(set)
    for row in directory.tables.exemptions:
        if row.to_day is None or row.to_day >= day:  # a rule that has been removed since may stand in one that is over
            students[row.of].add(row.student)
    about_students = [kind for kind, schema in kinds.items() if schema.key and "student" in schema.properties]
    known = {*about_students, *(rule.id for rule in rules.plan.rules if not _STUDENT.isdisjoint(rule.by))}
    for of, who in sorted(students.items()):
        if of not in known:
            what, near = "operate.neither_kind_nor_rule", nearest(of, known)
            if of in kinds or of in rules.cards:
                what, near = "operate.records_about_no_student" if of in kinds else "operate.rule_about_no_student", ""
            expected = near or say("operate.kind_or_rule", kinds=", ".join(about_students))
            yield Problem(where="exemptions", what=say(what, of=of, who=_listed(who)), expected=expected)


def sources_of_one_rank(directory: Directory) -> Iterator[Problem]:
    """Ranks that several sources have: the newer word counts then, whichever of them says it."""
    ranked: defaultdict[int, set[str]] = defaultdict(set)
    for source in directory.tables.sources:
        if source.rank is not None:
            ranked[source.rank].add(source.id)
    for rank, sources in sorted(ranked.items()):
        if len(sources) > 1:
            what = say("operate.sources_of_one_rank", rank=rank, sources=_listed(sources))
            yield Problem(where="sources", what=what, expected=say("operate.rank_for_each"))


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - _SHOWN
    return ", ".join(ordered[:_SHOWN]) + (f" (+{more})" if more > 0 else "")
