"""The test of a lesson: who was there to take it, what stands of each, and what a teacher's word becomes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.directory import Directory
from services.ingest.phone.lessons import Lesson, lesson_of, students_of
from services.ingest.phone.results import STANDARD_SHARE, Result, Standard
from services.ingest.phone.roll_call import on_leave
from services.ingest.phone.saving import SOURCE, Typed
from services.ingest.records.resolve import speaking
from services.ingest.records.test_standards import pass_mark, standard_at
from services.log.records import Record, Records
from services.messages import CampusEvent, Json

LONGEST_QUESTIONS = 200
MOST_ATTEMPTS = 9
_MISSED = ("absent", "leave")


class Taking(NamedTuple):
    """A student of the lesson."""

    student: str
    result: Result | None
    """What stands of this attempt; None: nobody has said anything."""
    before: Result | None
    """Of the attempt before this one."""
    said: CampusEvent | None
    """Our own word about this attempt, if it stands."""
    by_others: bool
    """Somebody else speaks of this attempt, too: our word can be taken back, theirs cannot."""
    missed: str = ""
    """absent, leave: what the roll-call, or a leave that was granted, says of who was not there."""
    exempt: str = ""
    """Why they need not take it; nothing is said of them."""

    @property
    def preset(self) -> Result:
        """What a page begins with."""
        return self.result or Result("not_tested" if self.missed else "graded")


class LessonTest(NamedTuple):
    """A lesson's, as it stands, and one attempt at it."""

    lesson: Lesson
    test: str
    """Its id: of the one test that is known of the lesson, or a new one."""
    others: Sequence[str]
    """Ids of further tests of the lesson, of other systems."""
    attempt: int
    attempts: int
    """How many there are."""
    students: Sequence[Taking]
    standard: Standard
    """Of the results that stand; else the teacher's own; else the college's."""
    teachers_own: CampusEvent | None
    """What its teacher asks of tests of the course."""
    came: frozenset[str] | None
    """Who came to the lesson; None: the roll was not taken."""
    tested: frozenset[str]
    """Who came and has a result of an earlier attempt or of none."""
    version: str

    @property
    def teacher(self) -> str:
        """Whose lesson it is; empty where nobody says."""
        return str(self.lesson.event.data.get("teacher", ""))


def read_lesson_test(
    records: Records,
    lesson: str,
    directory: Directory,
    closed: Callable[[datetime], bool],
    attempt: int = 1,
    seen: str = "",
) -> LessonTest | None:
    """None if there is no such lesson. `seen`: the test that was shown, if it is there."""
    group = list(records.of_groups([f"lesson/{lesson}"]))
    found = lesson_of(next((one for one in group if one.kind == "lesson"), None), directory, closed)
    if found is None:
        return None
    rank = directory.source_rank
    tests = [one for one in records.of_groups(records.groups_of_lessons([lesson])) if one.kind == "test"]
    spoken = {one.key: said.event for one in tests if (said := speaking(one, rank))}
    ids = sorted({event.data["test"] for event in spoken.values()})
    chosen = seen if seen in ids else _mine(spoken.values(), lesson, ids)
    mine = [one for one in tests if any(said.event.data["test"] == chosen for said in one.said)]
    by = {(said.event.data["student"], _attempt(said.event)): one for one in mine for said in one.said}
    heard = {key: spoken[one.key] for key, one in by.items() if one.key in spoken}
    students = students_of(found, directory)
    came_or_not = _marks(group)
    marks = dict.fromkeys(on_leave(records, found, students), "leave") | came_or_not
    taking = [_taking(one, attempt, by, heard, marks, directory, found) for one in students]
    own = _teachers_own(records, found, rank)
    standing = next((event for (_, n), event in heard.items() if n == attempt and event.data.get("max_score")), None)
    came = frozenset(student for student, mark in came_or_not.items() if mark not in _MISSED)
    return LessonTest(
        found,
        chosen,
        [one for one in ids if one != chosen],
        attempt,
        max((n for _, n in heard), default=1),
        taking,
        _standard_of(standing, own),
        own,
        came if came_or_not else None,
        frozenset(student for (student, n), event in heard.items() if n < attempt and _was_tested(_result(event))),
        _version(mine, students, found, chosen),
    )


def _standard_of(result: CampusEvent | None, own: CampusEvent | None) -> Standard:
    """What a result asks of its test, where it says so; else its teacher; else the college."""
    standard = Standard()
    if own is not None:
        data = own.data
        standard = Standard(float(data["max_score"]), float(data["pass_score"]), str(data.get("questions", "")))
    highest = None if result is None else result.data.get("max_score")
    if result is None or highest is None:
        return standard
    mark = result.data.get("pass_score")
    if mark is None:
        mark = STANDARD_SHARE * highest if own is None else pass_mark(result, own)
    return Standard(float(highest), float(mark), standard.questions)


def said(test: LessonTest, results: Mapping[str, Result], standard: Standard, typed: Typed) -> list[CampusEvent]:
    """What a teacher's word becomes: a result of each student who was tested, and a new standard of the teacher.

    Of who was not tested nothing is said, and what was said before is taken back.
    """
    taking = [one for one in test.students if not one.exempt]
    now = {one.student: results.get(one.student, one.preset) for one in taking}
    figures = _figures(test, now)
    events = []
    for one in taking:
        result = now[one.student]
        if result.state == "not_tested" or (result.state == "graded" and result.score is None):
            events += [_taken_back(one.said, typed)] if one.said is not None else []
        else:
            events.append(_said(test, one, result, standard, figures, typed))
    return [*events, *_standard(test, standard, typed)]


def _said(
    test: LessonTest, one: Taking, result: Result, standard: Standard, figures: Mapping[str, int], typed: Typed
) -> CampusEvent:
    before = one.said
    same = before is not None and one.result == result
    known = before.data.get("known_at", typed.at.isoformat()) if same and before is not None else typed.at.isoformat()
    data: Json = {**test.lesson.facts, "test": test.test, "student": one.student, "attempt": test.attempt}
    data |= {"status": result.state, "known_at": known, **figures}
    if result.state == "graded":
        data |= {"score": result.score, "max_score": standard.highest, "pass_score": standard.pass_mark}
    at = before.time if before is not None else min(test.lesson.ends, typed.at)
    return CampusEvent(source="", id="", kind="test", time=at, recordedat=typed.at, data=data)


def _taken_back(before: CampusEvent, typed: Typed) -> CampusEvent:
    return msgspec.structs.replace(before, revision=0, retracted=True, recordedat=typed.at)


def _figures(test: LessonTest, now: Mapping[str, Result]) -> dict[str, int]:
    """How many were tested of those who came, which rules ask; without a roll-call nobody knows who came.

    Who need not be tested counts for neither, and who makes up for it later had not come.
    """
    if test.came is None:
        return {}
    freed = {one.student for one in test.students if one.exempt}
    freed |= {student for student, one in now.items() if one.state == "exempt"}
    tested = {student for student, one in now.items() if _was_tested(one)} | test.tested
    came = test.came - freed
    return {"tested": len(came & tested), "attended": len(came)}


def _was_tested(one: Result) -> bool:
    """Who handed nothing in had the test before them, too."""
    return one.state == "not_submitted" or (one.state == "graded" and one.score is not None)


def _standard(test: LessonTest, standard: Standard, typed: Typed) -> list[CampusEvent]:
    """The teacher's own for the course, from this lesson on. Who stands in sets none for somebody else."""
    course, own = test.lesson.event.data.get("course"), test.teachers_own
    if course is None or typed.by != test.teacher or (own and _standard_of(None, own) == standard):
        return []
    data: Json = {"teacher": test.teacher, "course": course, "from": test.lesson.begins.isoformat()}
    data |= {"max_score": standard.highest, "pass_score": standard.pass_mark}
    data |= {"questions": standard.questions} if standard.questions else {}
    at = min(test.lesson.ends, typed.at)
    return [CampusEvent(source="", id="", kind="test_standard", time=at, recordedat=typed.at, data=data)]


def _teachers_own(records: Records, lesson: Lesson, rank: Callable[[str], int]) -> CampusEvent | None:
    data = lesson.event.data
    if data.get("course") is None or data.get("teacher") is None:
        return None
    found = records.of_groups([f"test_standard/{data['course']}"])
    events = [one.event for record in found if (one := speaking(record, rank))]
    return standard_at(events, data["teacher"], lesson.begins)


def _mine(spoken: Iterable[CampusEvent], lesson: str, ids: Sequence[str]) -> str:
    """The test that is meant where none is named: ours, the only one, or a new one, which is called as the lesson."""
    ours = sorted({event.data["test"] for event in spoken if event.source == SOURCE})
    return ours[0] if ours else ids[0] if len(ids) == 1 else lesson


def _taking(
    student: str,
    attempt: int,
    by: Mapping[tuple[str, int], Record],
    heard: Mapping[tuple[str, int], CampusEvent],
    marks: Mapping[str, str],
    directory: Directory,
    lesson: Lesson,
) -> Taking:
    event, before = heard.get((student, attempt)), heard.get((student, attempt - 1))
    record = by.get((student, attempt))
    words = [] if record is None else [one.event for one in record.said if not one.event.retracted]
    missed = marks.get(student, "")
    return Taking(
        student,
        None if event is None else _result(event),
        None if before is None else _result(before),
        next((one for one in words if one.source == SOURCE), None),
        any(one.source != SOURCE for one in words),
        missed if missed in _MISSED and attempt == 1 else "",
        directory.exempt(student, "test", lesson.begins) or "",
    )


def _result(event: CampusEvent) -> Result:
    graded = event.data["status"] == "graded"
    return Result(event.data["status"], float(event.data["score"]) if graded else None)


def _attempt(event: CampusEvent) -> int:
    return int(event.data.get("attempt") or 1)


def _marks(group: Iterable[Record]) -> dict[str, str]:
    """Student → what the roll-call says of them."""
    told = (one.told for one in group if one.kind == "attendance")
    return {one.event.data["student"]: one.event.data["status"] for one in told if one is not None and one.counts}


def _version(tests: Iterable[Record], students: Sequence[str], lesson: Lesson, test: str) -> str:
    """Another one whenever somebody has said something of the test, or somebody else is expected."""
    said_of = sorted(
        (one.key, word.event.source, word.event.revision, word.recorded, word.event.retracted)
        for one in tests
        for word in one.said
    )
    encoded = msgspec.json.encode([lesson.id, lesson.reason, test, students, said_of])
    return hashlib.sha256(encoded).hexdigest()[:16]
