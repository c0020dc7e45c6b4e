"""The form of a lesson test as it was typed: what is right of it, and what is wrong where. Nothing typed is lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from services.ingest.phone.lesson_test import LONGEST_QUESTIONS, LessonTest, Taking
from services.ingest.phone.results import STATES, Result, Standard, State
from services.ingest.phone.scores import Fault, Pasted, read_score
from services.notify.texts import number
from services.web.phone.sending import Form
from services.web.visitor import said

_MOST = 100_000.0
"""Points of a test."""


class Cell(NamedTuple):
    """What stands in a student's row."""

    score: str = ""
    """As it was typed."""
    state: State = "graded"
    fault: Fault | None = None
    was: str = ""
    """What stood there before something was pasted over it."""


@dataclass
class Typing:
    """The whole form of a lesson's test, as it was typed."""

    highest: str
    pass_mark: str
    questions: str
    rest: str = ""
    """The state of everybody who has no score; empty: nobody has said."""
    cells: dict[str, Cell] = field(default_factory=dict)
    """By student."""
    faults: dict[str, str] = field(default_factory=dict)
    """highest, pass_mark, questions, rest → which word says what is wrong with it."""
    paste: str = ""
    read: str = ""
    """Which paste was put into the rows already (`mark`)."""
    pasted: Pasted | None = None

    @property
    def mark(self) -> str:
        """By which it is known whether the same was pasted before."""
        text = self.paste.replace("\r\n", "\n").strip()  # a browser sends other ends of lines than it was given
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16] if text else ""

    @property
    def paste_waits(self) -> bool:
        """Whether something is pasted that was not put into the rows."""
        return self.mark not in ("", self.read)

    @property
    def is_right(self) -> bool:
        """Whether it can be saved."""
        return not self.faults and not any(cell.fault for cell in self.cells.values())

    @property
    def standard(self) -> Standard:
        """Of a form in which that is right."""
        highest, mark = (read_score(one, _MOST) for one in (self.highest, self.pass_mark))
        assert not isinstance(highest, Fault)
        assert not isinstance(mark, Fault)
        return Standard(highest, mark, self.questions.strip())

    @property
    def bound(self) -> float:
        """The highest score, as far as it can be read."""
        found = read_score(self.highest, _MOST)
        return _MOST if isinstance(found, Fault) else found

    def results(self) -> dict[str, Result]:
        """Of a form that is right."""
        found = {}
        for student, cell in self.cells.items():
            score = read_score(cell.score, self.bound) if cell.score.strip() else None
            assert not isinstance(score, Fault)
            state = cell.state
            if state == "graded" and score is None and self.rest:
                state = next(one for one in STATES if one == self.rest)
            found[student] = Result(state, score)
        return found


def standing(test: LessonTest) -> Typing:
    """What a page begins with."""
    standard = test.standard
    cells = {one.student: Cell(points(one.preset.score), one.preset.state) for one in test.students if not one.exempt}
    return Typing(number(standard.highest, 4), number(standard.pass_mark, 4), standard.questions, cells=cells)


def typed(form: Form, test: LessonTest) -> Typing:
    """What somebody has typed, with what is wrong of it."""
    highest, mark, questions, rest = (said(form, name) for name in ("max_score", "pass_score", "questions", "rest"))
    found = Typing(highest, mark, questions, rest)
    found.paste, found.read = said(form, "paste"), said(form, "was_read")
    found.faults = dict(_faults(found))
    found.cells = {
        one.student: _checked(_cell(form, one), one, found, test.attempt) for one in test.students if not one.exempt
    }
    if any(cell.fault and cell.fault.kind == "missing" for cell in found.cells.values()):
        found.faults.setdefault("rest", "test_rest_missing")
    return found


def with_pasted(found: Typing, pasted: Pasted, before: Typing) -> Typing:
    """What was pasted goes into the rows; what was not understood stays where it was pasted.

    Whose cell is empty is as `before` anything was typed: an earlier paste may have said something.
    """
    found.pasted = pasted
    found.read = "" if pasted.fault else found.mark
    if not pasted.fault and not pasted.lines:
        found.paste = ""
    found.cells |= {one: before.cells[one] for one in pasted.unsaid if one in before.cells}
    for student, one in pasted.results.items():
        cell, now = found.cells[student], points(one.score)
        was = cell.score.strip() if cell.score.strip() not in ("", now) else ""
        found.cells[student] = Cell(now, one.state, None, was)
    return unfinished(found)


def unfinished(found: Typing) -> Typing:
    """Of a form that nobody wants to save yet: nobody has left anything out."""
    for student, cell in found.cells.items():
        if cell.fault and cell.fault.kind == "missing":
            found.cells[student] = cell._replace(fault=None)
    found.faults.pop("rest", None)
    return found


def points(score: float | None) -> str:
    """A score as it is typed; empty of none."""
    return "" if score is None else number(score, 4)


def offered(one: Taking) -> Iterable[State]:
    """What can be said of a student: what somebody else has said cannot be made unsaid."""
    return (state for state in STATES if state != "not_tested" or not one.by_others)


def _cell(form: Form, one: Taking) -> Cell:
    name = f"state:{one.student}"
    state = next((each for each in STATES if each == form.get(name)), one.preset.state if name not in form else None)
    return Cell(said(form, f"score:{one.student}"), state or "graded", None if state else Fault("reload"))


def _checked(cell: Cell, one: Taking, found: Typing, attempt: int) -> Cell:
    if cell.fault is not None:
        return cell
    fault: Fault | None = None
    if cell.state == "not_tested" and one.by_others:
        fault = Fault("by_others")
    elif cell.score.strip() and cell.state != "graded":
        fault = Fault("both")
    elif cell.score.strip():
        score = read_score(cell.score, found.bound)
        fault = score if isinstance(score, Fault) else None
    elif cell.state == "graded" and attempt == 1:
        if not found.rest:
            fault = Fault("missing")
        elif found.rest == "not_tested" and one.by_others:
            fault = Fault("by_others")
    return cell._replace(fault=fault)


def _faults(found: Typing) -> Iterable[tuple[str, str]]:
    highest = read_score(found.highest, _MOST)
    if isinstance(highest, Fault) or not highest:
        yield "highest", "test_highest_wrong"
    elif isinstance(read_score(found.pass_mark, highest), Fault):
        yield "pass_mark", "test_pass_mark_wrong"
    if len(found.questions) > LONGEST_QUESTIONS or "\0" in found.questions:
        yield "questions", "test_questions_wrong"
    if found.rest and found.rest not in STATES[1:]:
        yield "rest", "test_rest_missing"
