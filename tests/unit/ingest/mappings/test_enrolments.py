"""学籍异动 in a list of their own."""

from datetime import date

import pytest

from services.ingest.mappings.enrolments import Change, RowAt, with_changes

ROLL = {"id": "s1", "class": "k2", "from": "2026-09-01"}


def change(what, day, before="", after=""):
    return Change("s1", what, date.fromisoformat(day) if day else None, before, after, f"row {what}")


def spans(*changes, roll=ROLL):
    problems = []
    found = with_changes({"s1": [RowAt(roll, "roll row 2")]}, changes, problems)
    rows = [
        tuple(row.get(name) for name in ("class", "from", "to", "status") if row.get(name)) for row, _ in found["s1"]
    ]
    return rows, [str(one).partition(" (")[0] for one in problems]


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ([change("left", "2026-10-19")], [("k2", "2026-09-01", "2026-10-18")]),
        (
            [change("suspended", "2026-10-12")],
            [("k2", "2026-09-01", "2026-10-11"), ("k2", "2026-10-12", "suspended")],
        ),
        (
            [change("moved", "2026-10-05", "k1", "k2")],
            [("k1", "2026-09-01", "2026-10-04"), ("k2", "2026-10-05")],
        ),
        (
            [change("moved", "2026-10-05", "k1")],
            [("k1", "2026-09-01", "2026-10-04"), ("k2", "2026-10-05")],
        ),
        (
            [change("returned", "2026-11-02"), change("suspended", "2026-10-12")],
            [
                ("k2", "2026-09-01", "2026-10-11"),
                ("k2", "2026-10-12", "2026-11-01", "suspended"),
                ("k2", "2026-11-02"),
            ],
        ),
        ([change("returned", "2026-11-02")], [("k2", "2026-11-02")]),
        ([change("left", "2026-10-19"), change("left", None)], [("k2", "2026-09-01", "2026-10-18")]),
    ],
    ids=[
        "left",
        "suspended",
        "moved",
        "moved, where the list says only from where",
        "came back",
        "only that they came back",
        "the roll says it too",
    ],
)
def test_a_change_ends_what_was_and_begins_what_is(changes, rows):
    assert spans(*changes) == (rows, [])


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ([change("left", None)], ["row left: the roll says left, but no file says from which day on"]),
        ([change("moved", "2026-10-05", "k1", "k3")], ["row moved: leads to class k3, but the roll says k2"]),
        ([change("moved", "2026-10-05")], ["row moved: nothing there for class_before"]),
        (
            [Change("s9", "left", date(2026, 10, 1), "", "", "row 9")],
            ["row 9: s9 is not in the roll of students"],
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_with_the_roll_is_a_problem(changes, wrong):
    assert spans(*changes)[1] == wrong
