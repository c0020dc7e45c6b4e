"""Scores as people write them: one in a field, or many that were pasted from a sheet. Pure; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.ingest.phone.results import Result, State

LONGEST_PASTE = 200_000
"""Characters; what is longer is no list of a lesson."""
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,4})?")
_NEGATIVE = re.compile(r"-[0-9.]+")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x2212: "-", 0xA0: " "}
_SEPARATORS = ("\t", ";", "|", ",", "、")


class Fault(NamedTuple):
    """What is wrong with a score or a line; `kind` names the words for it."""

    kind: str
    text: str = ""
    """What was written there."""
    line: int = 0
    """Of the other line that is meant."""


class Line(NamedTuple):
    """A line of what was pasted that could not be read."""

    number: int
    text: str
    fault: Fault


@dataclass
class Pasted:
    """What was understood of it."""

    results: dict[str, Result] = field(default_factory=dict)
    """By student; whoever has an empty cell is not among them."""
    unsaid: set[str] = field(default_factory=set)
    """Students whose cell is empty."""
    lines: list[Line] = field(default_factory=list)
    """What was not understood."""
    fault: Fault | None = None
    """Why nothing of it was taken."""
    heading: str = ""
    """The first line, where it is one."""


def plain(text: str) -> str:
    """Without full-width digits and signs, as input methods of Chinese write them."""
    return text.translate(_FULL_WIDTH).strip()


def read_score(text: str, highest: float) -> float | Fault:
    """A number from 0 to `highest`, as `85`, `85.5`, `８５`."""
    given = plain(text)
    if _NEGATIVE.fullmatch(given):
        return Fault("negative", text.strip())
    if not _NUMBER.fullmatch(given):
        return Fault("no_number", text.strip())
    return found if (found := float(given)) <= highest else Fault("too_high", text.strip())


def read_pasted(
    text: str,
    students: Sequence[tuple[str, str]],
    highest: float,
    words: Mapping[str, State],
    exempt: Collection[str] = (),
) -> Pasted:
    """A column in the order of `students` (id, name), or columns of which some name the student.

    `words`: what stands where there is no score, as `absent`. `exempt`: students of whom nothing is said.
    """
    if len(text) > LONGEST_PASTE:
        return Pasted(fault=Fault("too_long"))
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if text.endswith("\n"):
        lines.pop()  # behind the last row of a sheet
    while lines and not lines[-1].strip() and len(lines) > len(students):
        lines.pop()
    if not any(line.strip() for line in lines):
        return Pasted(fault=Fault("empty"))
    reading = _Reading(_Names(students), highest, {_key(word): state for word, state in words.items()}, exempt)
    named = any(len(cells) > 1 and reading.names.of(cells) for cells in map(_cells, lines))
    return reading.table(lines) if named or any("\t" in line for line in lines) else reading.column(lines)


def _cells(line: str) -> list[str]:
    """By what separates them: tabs, else signs, else the blank behind or before what looks like a score."""
    for sign in _SEPARATORS:
        if sign in line.translate(_FULL_WIDTH):
            return [one.strip() for one in line.translate(_FULL_WIDTH).split(sign)]
    parts = line.translate(_FULL_WIDTH).split()
    if len(parts) < 2:  # noqa: PLR2004 - one cell
        return parts
    if _NUMBER.fullmatch(parts[0]) and not _has_digit(parts[-1]):
        return [parts[0], " ".join(parts[1:])]
    return [" ".join(parts[:-1]), parts[-1]]


def _has_digit(text: str) -> bool:
    return any(one in "0123456789" for one in text)


def _key(text: str) -> str:
    return "".join(plain(text).casefold().split())


class _Names:
    """Who is meant by an id or a name."""

    def __init__(self, students: Sequence[tuple[str, str]]) -> None:
        self.students = [id_ for id_, _ in students]
        self._ids = {_key(id_): id_ for id_ in self.students}
        self._named: dict[str, list[str]] = {}
        for id_, name in students:
            self._named.setdefault(_key(name), []).append(id_)

    def of(self, cells: Iterable[str]) -> set[str]:
        """All whom the cells can mean; an id says more than a name."""
        cells = list(cells)
        known = {_key(part) for cell in cells for part in (cell, *cell.split())} - {""}
        if ids := {self._ids[one] for one in known if one in self._ids}:
            return ids
        return {id_ for one in known for id_ in self._named.get(one, ())}


class _Reading(NamedTuple):
    names: _Names
    highest: float
    words: Mapping[str, State]
    exempt: Collection[str]

    def column(self, lines: Sequence[str]) -> Pasted:
        """One line a student, in their order; an empty one says nothing."""
        found, students = Pasted(), self.names.students
        if len(lines) == len(students) + 1 and not _has_digit(plain(lines[0])) and _key(lines[0]) not in self.words:
            found.heading, lines = lines[0].strip(), lines[1:]
        first = 2 if found.heading else 1
        if len(lines) != len(students):
            # Whose score is missing, nobody can tell.
            found.fault = Fault("wrong_number", str(sum(bool(line.strip()) for line in lines)), len(lines))
            return found
        for number, (student, line) in enumerate(zip(students, lines, strict=True), first):
            self._put(found, number, line, student, line)
        return found

    def table(self, lines: Sequence[str]) -> Pasted:
        """Of each line the cells that name a student, and the one beside them that is the score."""
        found = Pasted()
        rows = [(n, line, _cells(line)) for n, line in enumerate(lines, 1) if line.strip()]
        named = self._named(rows)
        if not named:
            found.fault = Fault("nobody_named")
            return found
        scored = [at for at in range(max(len(cells) for _, _, cells in rows)) if at not in named]
        scored = [at for at in scored if any(self._is_result(_at(cells, at)) for _, _, cells in rows)]
        if len(scored) != 1:
            found.fault = Fault("no_scores" if not scored else "several_scores")
            return found
        seen: dict[str, int] = {}
        for number, line, cells in rows:
            who = self.names.of(_at(cells, at) for at in named)
            score = _at(cells, scored[0])
            if number == rows[0][0] and not who and not self._is_result(score) and not _has_digit(plain(line)):
                found.heading = " ".join(cells)
            elif len(who) != 1:
                called = " ".join(filter(None, (_at(cells, at) for at in named)))
                found.lines.append(Line(number, line.strip(), Fault("homonym" if who else "unknown", called)))
            elif (student := who.pop()) in seen:
                found.results.pop(student, None)  # which of the two is right, nobody can tell
                found.lines.append(Line(number, line.strip(), Fault("twice", student, seen[student])))
            else:
                seen[student] = number
                self._put(found, number, line, student, score)
        return found

    def _named(self, rows: Sequence[tuple[int, str, list[str]]]) -> list[int]:
        """The columns that name students: those in which at least half as many are found as in the best one."""
        width = max(len(cells) for _, _, cells in rows)
        hits = [sum(bool(self.names.of([_at(cells, at)])) for _, _, cells in rows) for at in range(width)]
        best = max(hits)
        found = [at for at, n in enumerate(hits) if n and 2 * n >= best]
        if len(found) < width:
            return found
        # Where ids look like scores, the one column that names somebody on each line is that of the ids.
        return [at for at in found if hits[at] == best] if hits.count(best) == 1 and best >= len(rows) - 1 else []

    def _is_result(self, cell: str) -> bool:
        return bool(_NUMBER.fullmatch(plain(cell)) or _NEGATIVE.fullmatch(plain(cell)) or _key(cell) in self.words)

    def _put(self, found: Pasted, number: int, line: str, student: str, cell: str) -> None:
        if not cell.strip():
            found.unsaid.add(student)
            return
        state = self.words.get(_key(cell))
        score = read_score(cell, self.highest)
        if student in self.exempt:
            found.lines += [] if state is not None else [Line(number, line.strip(), Fault("exempt", student))]
        elif state is not None:
            found.results[student] = Result(state)
        elif isinstance(score, Fault):
            found.lines.append(Line(number, line.strip(), score))
        else:
            found.results[student] = Result("graded", score)


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""
