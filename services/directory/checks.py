"""Does every warning reach somebody? Each rule is tried with everything that it can warn about, before both go live.

Who is told depends on the role and the subject only, so each role is resolved once for each kind of subject.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from services.directory.reading import nearest_of
from services.directory.records import Person
from services.directory.roles import ALIASES, ROLES, role_word
from services.directory.snapshot import Directory
from services.directory.subjects import Subjects, named_for, subjects_of, there
from services.messages import Text

_SHOWN = 10

NOBODY = Text("无人担任", "nobody holds it")
NOT_THERE = Text("担任者当日不在岗，且无他人担任", "who holds it is not there on that day")
SEVERAL = Text("应由一人担任，却有多人", "several hold it, and one should")
NO_ROLE = Text("没有这一职责", "there is no such role")
NOTHING = Text("目录中没有可对应的内容", "the directory has nothing that it could be held for")

Doubt = Callable[[Person], Text | None]
"""Why a person cannot be reached, if so."""


class Asked(NamedTuple):
    """A rule, as far as it says who is to be told of what."""

    rule: str
    by: tuple[str, ...]
    to: tuple[str, ...]
    later: tuple[str, ...] = ()
    """Roles of its escalation."""


class Hole(msgspec.Struct, frozen=True, kw_only=True):
    """One cause for which warnings do not reach whom they should."""

    cause: Text
    who: str
    """The role; `people` or `students` when it is about their addresses."""
    of: list[str]
    """What the role is not held for, or the people."""
    rules: list[str]
    pairs: int
    """How many rule × subject pairs it concerns."""
    unheard: list[str] = []
    """Rules of which, for that, nobody hears at once about something; of the others somebody else does."""
    expected: str = ""

    def __str__(self) -> str:
        of = f" ({_listed(self.of)})" if any(self.of) else ""
        rules = ("rule " if len(self.rules) == 1 else f"{len(self.rules)} rules: ") + _listed(self.rules)
        expected = f" (expected: {self.expected})" if self.expected else ""
        return f"{self.who}: {self.cause.zh} {self.cause.en}{of}; {self.pairs} pairs of {rules}{expected}"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for all rules."""

    pairs: int
    """Rule × subject."""
    reached: int
    """Of these, those of which somebody hears at once."""
    holes: list[Hole]


class _Cause(NamedTuple):
    cause: Text
    who: str
    expected: str = ""


@dataclass(slots=True)
class _Resolved:
    """A role and all subjects of one kind."""

    shape: str
    subjects: Subjects
    reached: list[bool] = field(default_factory=list)
    hit: defaultdict[_Cause, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Cause → positions of subjects."""

    @property
    def pairs(self) -> int:
        return sum(one.size for one in self.subjects)


def check(directory: Directory, asked: Iterable[Asked], at: datetime, doubt: Doubt | None = None) -> Checked:
    """Tries each rule with everything that it can warn about on the day of `at`.

    `doubt` says whom messages cannot reach; without it, those with neither channel nor e-mail.
    """
    look = _Look(directory, at, doubt or _without_address)
    total = reached = 0
    found: dict[_Cause, tuple[list[str], int]] = {}
    unheard: defaultdict[_Cause, list[str]] = defaultdict(list)
    for one in asked:
        told, later = _resolved(look, one, one.to), _resolved(look, one, one.later)
        pairs, heard = max((each.pairs for each in told), default=0), _reached(told)
        total, reached = total + pairs, reached + heard
        if heard < pairs or not pairs:
            for cause in {cause for each in told for cause in each.hit}:
                unheard[cause].append(one.rule)
        for cause, count in _pairs([*told, *later]).items():
            rules, before = found.setdefault(cause, ([], 0))
            rules.append(one.rule)
            found[cause] = rules, before + count
        for word in (*one.to, *one.later):
            if role_word(word) not in ROLES:
                unknown = _Cause(NO_ROLE, word, nearest_of(word, (*ROLES, *ALIASES)))
                found.setdefault(unknown, ([], 0))[0].append(one.rule)
    holes = [
        Hole(
            cause=cause.cause,
            who=cause.who,
            of=sorted(look.of[cause]),
            rules=list(dict.fromkeys(rules)),
            pairs=pairs,
            unheard=unheard[cause],
            expected=cause.expected,
        )
        for cause, (rules, pairs) in found.items()
    ]
    return Checked(pairs=total, reached=reached, holes=sorted(holes, key=lambda hole: -hole.pairs))


def empty_roles(directory: Directory, holes: Iterable[Hole], at: datetime) -> list[Hole]:
    """The holes of roles that nobody at all holds on the day of `at`."""
    return [one for one in holes if one.cause in (NOBODY, NOTHING) and vacant(directory, one.who.split(" ")[0], at)]


def vacant(directory: Directory, role: str, at: datetime) -> bool:
    """Whether nobody at all holds a role word or alias on the day of `at`, whatever it could be held for."""
    found = ROLES.get(role_word(role))
    if found is None:
        return True
    subjects = named_for(found.scopes[0], directory, at.astimezone(ZoneInfo(directory.time_zone)).date())
    return not any(directory.holders(role, one.context, at) for one in subjects)


def _resolved(look: _Look, one: Asked, roles: Sequence[str]) -> list[_Resolved]:
    words = dict.fromkeys(role_word(word) for word in roles)
    return [look.resolve(one.by, word) for word in words if word in ROLES]


def _reached(told: list[_Resolved]) -> int:
    """Of the finest kind of subjects, those of which the holder of some role hears."""
    finest = max(told, key=lambda each: each.pairs, default=None)
    if finest is None:
        return 0
    alike = [each.reached for each in told if each.shape == finest.shape]
    if any(all(each.reached) for each in told if each.reached and each.shape != finest.shape):
        return finest.pairs
    return sum(one.size for one, flags in zip(finest.subjects, zip(*alike, strict=True), strict=True) if any(flags))


def _pairs(resolved: list[_Resolved]) -> dict[_Cause, int]:
    """Subjects that a cause concerns, each once, whatever the roles through which it does."""
    seen: defaultdict[_Cause, dict[tuple[str, int], int]] = defaultdict(dict)
    for each in resolved:
        for cause, positions in each.hit.items():
            seen[cause].update({(each.shape, place): each.subjects[place].size for place in positions})
        if not each.subjects:
            seen[next(iter(each.hit))] = {}
    return {cause: sum(counts.values()) for cause, counts in seen.items()}


class _Look:
    """What has been resolved so far."""

    def __init__(self, directory: Directory, at: datetime, doubt: Doubt) -> None:
        self._directory, self._at, self._doubt = directory, at, doubt
        self._day = at.astimezone(ZoneInfo(directory.time_zone)).date()
        self._known: dict[tuple[str, str], _Resolved] = {}
        self._doubts: dict[str, Text | None] = {}
        self.of: defaultdict[_Cause, set[str]] = defaultdict(set)

    def resolve(self, by: tuple[str, ...], role: str) -> _Resolved:
        """Tries a role with everything that rules with this `by` warn about."""
        scope = ROLES[role].scopes[0]
        shape, subjects = subjects_of(by, role, scope, self._directory, self._day)
        if not subjects:  # a college that does not list its students, say
            shape, subjects = scope, named_for(scope, self._directory, self._day)
        if (shape, role) not in self._known:
            self._known[shape, role] = self._resolve(_Resolved(shape, subjects), role)
        return self._known[shape, role]

    def _resolve(self, found: _Resolved, role: str) -> _Resolved:
        title = f"{role} {ROLES[role].title.zh}"
        if not found.subjects:
            table, column = ROLES[role].column
            expected = f"a row of {table} with its {column}" if table else f"a table of what has a {role}"
            cause = _Cause(NOTHING, title, expected)
            found.hit[cause] = set()
        for place, subject in enumerate(found.subjects):
            holders = self._directory.holders(role, subject.context, self._at)
            doubts = [(person, doubt) for person in holders if (doubt := self._doubted(person))]
            found.reached.append(len(doubts) < len(holders))
            for person, doubt in doubts:
                cause = _Cause(doubt, "students" if role == "student" else "people")
                self._note(found, cause, place, [f"{person.id} ({person.name})"])
            if not holders:
                self._note_vacancy(found, role, title, place)
            elif len(holders) > 1 and (posts := self._posts_of_several(role, subject.context)):
                self._note(found, _Cause(SEVERAL, title), place, posts)
        return found

    def _note_vacancy(self, found: _Resolved, role: str, title: str, place: int) -> None:
        subject = found.subjects[place]
        if away := self._ever.holders(role, subject.context, self._at):
            people = [f"{one.id} ({one.name})" for one in away]
            self._note(found, _Cause(NOT_THERE, title, "somebody who is there"), place, people)
            return
        posts = self._directory.posts(role, subject.context, self._at) or [subject.name]
        self._note(found, _Cause(NOBODY, title, _expected(role)), place, posts)

    def _note(self, found: _Resolved, cause: _Cause, place: int, of: Iterable[str]) -> None:
        found.hit[cause].add(place)
        self.of[cause].update(of)

    def _doubted(self, person: Person) -> Text | None:
        if person.id not in self._doubts:
            self._doubts[person.id] = self._doubt(person)
        return self._doubts[person.id]

    def _posts_of_several(self, role: str, context: dict[str, str]) -> list[str]:
        return [post for post in self._directory.posts(role, context, self._at) if post in self._held_by_several[role]]

    @cached_property
    def _held_by_several(self) -> dict[str, set[str]]:
        """Role that one should hold → what several hold it for, whoever stands in for them."""
        present = {person.id for person in self._directory.tables.people if there(person, self._day)}
        people: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for row in self._directory.tables.roles:
            if row.person in present and there(row, self._day) and ROLES[row.role].single:
                people[row.role, row.scope or ""].add(row.person)
        found: defaultdict[str, set[str]] = defaultdict(set)
        for (role, scope), held in people.items():
            if len(held) > 1:
                found[role].add(scope)
        return found

    @cached_property
    def _ever(self) -> Directory:
        """As if nobody had ever left, or not come yet."""
        tables = self._directory.tables
        people = tuple(msgspec.structs.replace(one, from_day=None, to_day=None) for one in tables.people)
        return Directory(msgspec.structs.replace(tables, people=people), self._directory.time_zone)


def _expected(role: str) -> str:
    """What would make somebody hold a role."""
    table, column = ROLES[role].column
    if role == "student":
        return "students who are enrolled on that day"
    return f"column {column} of {table}" if table else f"a row of roles with role {role}"


def _without_address(person: Person) -> Text | None:
    return None if person.channel or person.email else Text("既无渠道也无邮箱", "has neither channel nor e-mail")


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
