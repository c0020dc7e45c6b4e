"""What Prewarn makes of the files, in the words of truth.json: the one place where names of fields are mapped."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from tests.acceptance.exports_a.cells import ZONE
from tests.acceptance.exports_a.term import week

_AGAIN = 20
_OFTEN = 3
"""Of the last four tests: below it the rule warns of nothing, and so says no number."""


@dataclass(frozen=True, repr=False)
class State:
    """One home as it stands: what counts, by kind, and the open warnings by rule."""

    records: dict
    """Kind → {key: (data, time)} of what counts."""
    uncounted: dict
    """Kind → {key: (reason, data)} of what does not."""
    warnings: dict
    """Rule → open warnings."""
    directory: object

    def data(self, kind):
        return [data for data, _ in self.records.get(kind, {}).values()]

    def attended(self):
        """(lesson, student) → data."""
        return {(one["lesson"], one["student"]): one for one in self.data("attendance")}

    def lessons(self):
        """The lessons that take place."""
        return {one["lesson"]: one for one in self.data("lesson") if one["status"] == "planned"}

    def rollcalls(self):
        return {one["lesson"]: one for one in self.data("rollcall")}


def open_warnings(state):
    """S1, S2, S5, K1 and T1."""
    rules = state.warnings
    return {
        "S1": [_absence_hours(one) for one in rules["absence-hours"]],
        "S2": {
            "student_course": [
                {"student": student, "course": course} | _streak(one)
                for one in rules["absence-streak"]
                for student, course in [one["subject"].split("/")]
            ],
            "student_all_courses": [
                {"student": one["subject"]} | _streak(one) for one in rules["absence-streak-all-courses"]
            ],
        },
        "S5": _tests_failed(rules),
        "K1": [_arrival(one) for one in rules["arrival-rate"]],
        "T1": {
            "lessons": [_rollcall_missing(one, state.lessons()) for one in rules["rollcall-missing"]],
            "teachers": [
                {"teacher": one["subject"], "level": one["level"], "value": one["value"]}
                for one in rules["rollcall-missing-often"]
            ],
        },
    }


def _absence_hours(one):
    again = one["threshold"] if one["threshold"] >= _AGAIN else None
    return {"student": one["subject"], "level": one["level"], "hours": round(one["value"], 6), "again": again}


def _streak(one):
    lessons = [event["fields"]["lesson"] for event in one["evidence"]]
    return {"level": one["level"], "value": one["value"], "lessons": lessons}


def _tests_failed(rules):
    """Two rules are one in truth.json; the higher level is told."""
    found = []
    running = {one["subject"]: one for one in rules["tests-failed"]}
    often = {one["subject"]: one for one in rules["tests-failed-often"]}
    for subject in running | often:
        student, course = subject.split("/")
        levels = [one[subject]["level"] for one in (running, often) if subject in one]
        found.append({
            "student": student, "course": course, "level": max(levels, key=["yellow", "orange", "red"].index),
            "running": running[subject]["value"] if subject in running else 0,
            "failed_of_last_four": often[subject]["value"] if subject in often else f"below {_OFTEN}",
        })  # fmt: skip
    return found


def _arrival(one):
    (event,) = one["evidence"]
    figures = {name: event["fields"][name] for name in ("expected", "present", "late", "leave", "absent")}
    return {"lesson": one["subject"], "level": one["level"], "rate": round(one["value"], 6)} | figures


def _rollcall_missing(one, lessons):
    ended = datetime.fromisoformat(one["evidence"][0]["fields"]["ends_at"]).astimezone(ZONE)
    lesson = one["subject"]
    told = {"lesson": lesson, "teacher": lessons[lesson]["teacher"], "level": one["level"]}
    return told | {"ended": ended.replace(tzinfo=None).isoformat()}


def without_numbers_below(truth):
    """truth.json's warnings without what a warning cannot say: how many of four failed, where that warns of nothing."""
    tests = [
        one | ({"failed_of_last_four": f"below {_OFTEN}"} if one["failed_of_last_four"] < _OFTEN else {})
        for one in truth["S5"]
    ]
    return truth | {"S5": tests}


def counts(state, exports, days):
    """What truth.json counts of what stands in the end, enrolments on these days."""
    return {
        **_people(state.directory.tables, exports),
        "enrolments_on": {day: _enrolled(state.directory, day) for day in days},
        "lessons": _lessons(state),
        "rollcalls": {"handed_in": len(state.rollcalls()), "missing": _missing(state)},
        "leave_requests": _leave(state),
        "tests": _tests(state),
        "assessments": _assessments(state),
        "tickets": _tickets(state),
    }


def _people(tables, exports):
    held = Counter(one.role for one in tables.roles)
    spans = [one for one in tables.students if one.status != "suspended"]
    majors = {one.department for one in tables.majors}
    roles = ("class_tutor", "counsellor", "class_mentor", "department_head", "teaching_office_head", "major_head")
    last = date(2026, 11, 27)
    return {
        "people": len(tables.people),
        f"people_who_left_by_{last}": sum(one.to_day is not None and one.to_day <= last for one in tables.people),
        "departments_with_majors": len(majors),
        "units": len(tables.departments),
        "teaching_offices": len(tables.teaching_offices),
        "majors": len(tables.majors),
        "classes": len(tables.classes),
        "courses": len({one.id for one in tables.courses}),
        "teaching_tasks": exports.college.tasks,
        "course_class_pairs": len(tables.courses),
        "roles": {role: held[role] for role in roles},
        "students_ever": len({one.id for one in tables.students}),
        "enrolment_spans": len(spans),
    }


def _enrolled(directory, day):
    at = datetime.fromisoformat(f"{day}T12:00:00+08:00")
    by_class = {one.id: len(directory.class_members(one.id, at)) for one in directory.tables.classes}
    return {"total": sum(by_class.values()), "by_class": by_class}


def _lessons(state):
    given = state.lessons().values()
    begun = {one["lesson"]: datetime.fromisoformat(one["starts_at"]).astimezone(ZONE).date() for one in given}
    weeks = Counter(week(day) for day in begun.values())
    past = [one for one in given if begun[one["lesson"]] <= date(2026, 11, 27)]
    return {
        "take_place": len(given),
        "cancelled": sum(one["status"] == "cancelled" for one in state.data("lesson")),
        "moved_to_another_time": sum(reason == "moved" for reason, _ in state.uncounted["lesson"].values()),
        "by_week": {str(number): weeks[number] for number in range(1, 21)},
        "until_2026-11-27": len(past),
        "hours_until_2026-11-27": sum(one["hours"] for one in past),
    }


def _missing(state):
    past = [one for one in state.lessons().values() if one["starts_at"] < "2026-11-28"]
    return sum(one["lesson"] not in state.rollcalls() for one in past)


def _leave(state):
    words = {"granted": "agreed", "refused": "refused", "cancelled": "withdrawn", "pending": "undecided"}
    found = Counter(words[one["status"]] for one in state.data("leave"))
    return {"rows": found.total(), **{word: found[word] for word in words.values()}}


def _tests(state):
    tests = state.data("test")
    failed = [one for one in tests if one["status"] == "graded" and one["score"] < one["pass_score"]]
    return {
        "tests": len({one["test"] for one in tests}),
        "results": dict(Counter(one["status"] for one in tests)),
        "failed": len(failed),
    }


def _assessments(state):
    given = state.data("assessment")
    periods = sorted({one["period"] for one in given})
    return {
        "rows": len(given),
        "by_period": {
            period: dict(Counter(one["overall"] for one in given if one["period"] == period)) for period in periods
        },
        "with_comment": sum("comment" in one for one in given),
    }


def _tickets(state):
    """Whoever withdraws a ticket takes back that it was created, so it stands among what does not count."""
    steps = state.data("ticket")
    withdrawn = [data for reason, data in state.uncounted["ticket"].values() if reason == "retracted"]
    created = [one for one in steps if one["action"] == "created"] + withdrawn
    return {
        "tickets": len(created),
        "by_category": dict(Counter(one["category"] for one in created)),
        "urgent": sum(one["priority"] == "urgent" for one in created),
        "steps": dict(Counter(one["action"] for one in [*steps, *withdrawn])),
        "withdrawn_by_the_reporter": len(withdrawn),
        "ratings": {str(n): sum(one.get("rating") == n for one in steps) for n in range(1, 6)},
    }
