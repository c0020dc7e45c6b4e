"""docs/what-counts.md once more, slow and obviously right: what counts of all that was sent.

Everything is recomputed from all words, the rows of the directory and the closed days; it shares no code with
`services/ingest/records`, which is held to it. Days are those of `zone`. Two words of one (source, id) at one revision
and one instant (a conflict), and files that cover something, are not its business.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.directory.records import Enrolment, Tables
from services.messages import CampusEvent

Key = tuple[Any, ...]
DERIVED = "prewarn/derived"
FIGURES = ("expected", "present", "late", "leave", "absent")
TICKET = ("category", "priority", "department")


class Counted(NamedTuple):
    """One record: who speaks, what the rules see of it, and why it does not count (None: it counts)."""

    source: str
    data: dict[str, Any]
    reason: str | None


class Word(NamedTuple):
    event: CampusEvent
    said: datetime

    @property
    def age(self) -> tuple[int, datetime]:
        return self.event.revision, self.said


def key_of(event: CampusEvent) -> Key:
    """The kind and the natural key."""
    data = event.data
    match event.kind:
        case "lesson" | "rollcall":
            return event.kind, data["lesson"]
        case "attendance":
            return event.kind, data["lesson"], data["student"]
        case "test":
            return event.kind, data["test"], data["student"], data.get("attempt", 1)
        case "ticket":
            return event.kind, data["ticket"], data["action"], data.get("step", event.time)
        case "leave":
            return event.kind, data["student"], data.get("leave", data["from"])
    raise ValueError(f"{event.kind}: not one of the kinds that this evaluator knows")


def what_counts(
    sent: Iterable[tuple[CampusEvent, datetime]], tables: Tables, closed: Collection[date], zone: ZoneInfo
) -> dict[Key, Counted]:
    """Every record, by kind and natural key; `sent` are events in any order, each with the instant at which it came."""
    return _College(sent, tables, closed, zone).records()


class _College:
    def __init__(
        self,
        sent: Iterable[tuple[CampusEvent, datetime]],
        tables: Tables,
        closed: Collection[date],
        zone: ZoneInfo,
    ) -> None:
        self.tables, self.closed_days, self.zone = tables, closed, zone
        words = [Word(event, event.recordedat or came) for event, came in sent]
        self.keys = {key_of(word.event) for word in words}
        self.spoken: dict[Key, CampusEvent] = {}
        """Who speaks about each record, unless all took their word back."""
        self.silent: dict[Key, CampusEvent] = {}
        for key in self.keys:
            newest = []
            for source in {word.event.source for word in words}:
                of_source = [word for word in words if word.event.source == source and key_of(word.event) == key]
                if of_source:
                    newest.append(max(of_source, key=lambda word: word.age))
            standing = [word for word in newest if not word.event.retracted]
            (self.spoken if standing else self.silent)[key] = min(
                standing or newest,
                key=lambda word: (self.rank(word.event.source), -word.event.revision, -word.said.timestamp()),
            ).event

    def rank(self, source: str) -> float:
        ranks = [row.rank for row in self.tables.sources if row.id == source]
        return ranks[0] if ranks and ranks[0] is not None else float("inf")

    def lists(self, source: str) -> str | None:
        return next((row.lists for row in self.tables.sources if row.id == source), None)

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def rows(self, student: str, at: datetime) -> list[Enrolment]:
        return [row for row in self.tables.students if row.id == student and _holds(row, self.day(at))]

    def enrolled(self, student: str, at: datetime) -> list[str]:
        """The classes in which the student is enrolled then."""
        return [row.class_id for row in self.rows(student, at) if row.status != "suspended"]

    def exempt(self, student: str, kind: str, at: datetime) -> bool:
        return any(
            row.student == student and row.of == kind and _holds(row, self.day(at)) for row in self.tables.exemptions
        )

    def lesson_of(self, event: CampusEvent) -> dict[str, Any] | None:
        spoken = self.spoken.get(("lesson", event.data.get("lesson")))
        return spoken.data if spoken else None

    def reason(self, event: CampusEvent) -> str | None:
        """The first reason for which it does not count, attempts aside."""
        kind = event.kind
        lesson = self.lesson_of(event)
        at = _time(lesson["starts_at"]) if lesson else event.time
        if lesson and lesson.get("moved_to"):
            return "moved"
        if lesson and lesson["status"] == "cancelled" and kind != "lesson":
            return "cancelled"
        if (lesson or kind in ("attendance", "rollcall")) and self.day(at) in self.closed_days:
            return "closed_day"
        return self.reason_of_student(event, lesson, at)

    def reason_of_student(self, event: CampusEvent, lesson: dict[str, Any] | None, at: datetime) -> str | None:
        data, kind = event.data, event.kind
        student = data.get("student")
        mine = [row for row in self.tables.students if row.id == student]
        if not mine or kind == "leave":
            return None
        if not self.enrolled(student, at):
            return "not_enrolled"
        if kind == "attendance" and student not in (lesson or {}).get("students", ()):
            classes = _classes(lesson or data)
            if any(row.class_id in classes for row in mine) and not any(
                row.class_id in classes for row in self.rows(student, at)
            ):
                return "other_class"
        return "exempt" if self.exempt(student, kind, at) else None

    def records(self) -> dict[Key, Counted]:
        found = {key: Counted(event.source, event.data, "retracted") for key, event in self.silent.items()}
        for key, event in self.spoken.items():
            found[key] = Counted(event.source, event.data, self.reason(event))
        self.attempts(found)
        self.tickets(found)
        self.leaves(found)
        for lesson in {key[1] for key in self.keys if key[0] in ("attendance", "rollcall")}:
            self.follow(lesson, found)
        return found

    def attempts(self, found: dict[Key, Counted]) -> None:
        counting = [key for key, one in found.items() if key[0] == "test" and one.reason is None]
        for pair in {key[1:3] for key in counting}:
            attempts = [key for key in counting if key[1:3] == pair]
            graded = [key for key in attempts if found[key].data["status"] == "graded"]
            best = max(graded or attempts, key=lambda key: key[3])
            for key in attempts:
                if key != best:
                    found[key] = found[key]._replace(reason="newer_attempt")

    def tickets(self, found: dict[Key, Counted]) -> None:
        steps = [key for key, one in found.items() if key[0] == "ticket" and one.reason is None]
        for ticket in {key[1] for key in steps}:
            mine = sorted((key for key in steps if key[1] == ticket), key=lambda key: self.spoken[key].time)
            newest = found[mine[-1]].data
            now = {name: newest[name] for name in TICKET if name in newest}
            for key in mine:
                found[key] = found[key]._replace(data=found[key].data | now)

    def granted(self, student: str, found: dict[Key, Counted]) -> list[tuple[datetime, datetime]]:
        return [
            (_time(one.data["from"]), _time(one.data["to"]))
            for key, one in found.items()
            if key[:2] == ("leave", student) and one.reason is None and one.data["status"] == "granted"
        ]

    def hours(self, event: CampusEvent) -> tuple[datetime, datetime]:
        """Those of its lesson; of one that nobody published, the instant of the record."""
        lesson = self.lesson_of(event)
        return (_time(lesson["starts_at"]), _time(lesson["ends_at"])) if lesson else (event.time, event.time)

    def leaves(self, found: dict[Key, Counted]) -> None:
        for key, one in list(found.items()):
            if key[0] == "attendance" and one.reason is None and one.data["status"] == "absent":
                begin, end = self.hours(self.spoken[key])
                granted = self.granted(key[2], found)
                if any((first < end and begin < last) or first <= begin < last for first, last in granted):
                    found[key] = one._replace(data=one.data | {"status": "leave"})

    def expected(self, lesson: dict[str, Any], at: datetime) -> set[str]:
        enrolled = {row.id: self.enrolled(row.id, at) for row in self.tables.students}
        if "students" in lesson:
            there = {one for one in lesson["students"] if enrolled.get(one)}
        else:
            there = {one for one, classes in enrolled.items() if set(classes) & set(_classes(lesson))}
        return {one for one in there if not self.exempt(one, "attendance", at)}

    def follow(self, name: str, found: dict[Key, Counted]) -> None:
        """What follows from the records of one lesson; of one that nobody published, by what its records say of it."""
        about = [key for key in self.spoken if key[0] in ("rollcall", "attendance") and key[1] == name]
        if not about:
            return
        first = self.spoken[max(about, key=lambda key: key[0])]  # the roll-call, if there is one
        lesson = self.lesson_of(first)
        at = _time(lesson["starts_at"]) if lesson else first.time
        if self.reason(CampusEvent(source=DERIVED, id="", kind="rollcall", time=at, data={"lesson": name})):
            return
        lists = {self.lists(found[key].source) for key in about}
        listed = {self.lists(found[key].source) for key in about if key[0] == "attendance"}
        said = {key[2]: one for key, one in found.items() if key[:2] == ("attendance", name) and one.reason is None}
        expected = self.expected(lesson or first.data, at)
        if ("rollcall", name) in self.spoken:
            if "exceptions_only" in lists:
                for student in expected - said.keys():
                    status = "leave" if self.away(student, first, found) else "present"
                    said[student] = Counted(DERIVED, {"lesson": name, "student": student, "status": status}, None)
                    found["attendance", name, student] = said[student]
            roll_call = found["rollcall", name]
            if lists != {None} and not any(figure in roll_call.data for figure in FIGURES):
                found["rollcall", name] = roll_call._replace(data=roll_call.data | _figures(expected, said))
            elif "present" in roll_call.data:
                found["rollcall", name] = self.with_leave(name, roll_call, found)
        elif "all" in listed and said:
            figures = _figures(expected, said) if expected <= said.keys() else {"expected": len(expected)}
            found["rollcall", name] = Counted(DERIVED, {"lesson": name, **figures}, None)

    def with_leave(self, name: str, roll_call: Counted, found: dict[Key, Counted]) -> Counted:
        """Of figures that were sent, whom leave lies over is on leave; those whom they do not have as absent, were."""
        on_record = [
            found[key].data["status"]
            for key, event in self.spoken.items()
            if key[:2] == ("attendance", name) and event.data["status"] == "absent" and found[key].reason is None
        ]
        leave, absent = roll_call.data["leave"], roll_call.data["absent"]
        had_leave = max(0, len(on_record) - absent)
        others = on_record.count("leave") - had_leave
        if roll_call.source != "phone":
            others = max(0, others)
        others = max(others, -leave)
        return roll_call._replace(data=roll_call.data | {"leave": leave + others, "absent": absent - others})

    def away(self, student: str, event: CampusEvent, found: dict[Key, Counted]) -> bool:
        begin, end = self.hours(event)
        return any(first <= begin and end <= last for first, last in self.granted(student, found))


def _holds(row: Any, day: date) -> bool:
    return (row.from_day is None or row.from_day <= day) and (row.to_day is None or day <= row.to_day)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _classes(data: dict[str, Any]) -> list[str]:
    return data.get("classes") or [data["class"]] if "classes" in data or "class" in data else []


def _figures(expected: set[str], said: dict[str, Counted]) -> dict[str, int]:
    statuses = [said[student].data["status"] for student in expected if student in said]
    return {
        "expected": len(expected),
        "present": sum(status in ("present", "early_leave") for status in statuses),
        **{name: statuses.count(name) for name in ("late", "leave", "absent")},
    }
