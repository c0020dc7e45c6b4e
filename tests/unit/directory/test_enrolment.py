"""What bounds a record: who is enrolled when, who is suspended or exempt, and which source speaks first."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.directory import UNRANKED, Directory, load

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=SHANGHAI)


@pytest.fixture
def students(folder):
    """Replaces the table of students."""

    def write(*rows: str) -> Directory:
        text = "\n".join(["id,class,from,to,status", *rows])
        (folder / "students.csv").write_text(text + "\n", encoding="utf-8")
        return load(folder)

    return write


@pytest.mark.parametrize(
    ("rows", "moment", "expected"),
    [
        pytest.param(["s1,m2601,2026-09-01,,"], at(8, 31, 23), (False, None), id="before the first day"),
        pytest.param(["s1,m2601,2026-09-01,,"], at(9, 1, 0), (True, "m2601"), id="from 00:00 of the first day"),
        pytest.param(["s1,m2601,,2026-10-31,"], at(10, 31, 23), (True, "m2601"), id="until the end of the last day"),
        pytest.param(["s1,m2601,,2026-10-31,"], at(11, 1, 0), (False, None), id="who left"),
        pytest.param(["s1,m2601,,,"], at(10, 1), (True, "m2601"), id="since ever and for ever"),
        pytest.param(["s1,m2601,,,suspended"], at(10, 1), (False, "m2601"), id="suspended from the beginning"),
        pytest.param(
            ["s1,m2601,2026-09-01,,", "s1,m2601,2026-10-01,2026-10-31,suspended"],
            at(10, 31, 23),
            (False, "m2601"),
            id="suspended within a longer enrolment",
        ),
        pytest.param(
            ["s1,m2601,2026-09-01,,enrolled", "s1,m2601,2026-10-01,2026-10-31,suspended"],
            at(11, 1, 0),
            (True, "m2601"),
            id="back after it",
        ),
        pytest.param(
            ["s1,m2601,2026-09-01,2026-09-30,", "s1,m2601,2026-10-01,,suspended", "s1,n2601,2026-11-01,,"],
            at(11, 1, 0),
            (True, "n2601"),
            id="back in another class",
        ),
        pytest.param(
            ["s1,m2601,2026-09-01,2026-09-30,", "s1,n2601,2026-11-01,,"], at(10, 15), (False, None), id="in a gap"
        ),
        pytest.param(["s2,m2601,,,"], at(10, 1), (True, None), id="whom nobody knows"),
    ],
)
def test_a_student_is_enrolled_on_the_days_of_the_rows_and_keeps_the_class_while_suspended(
    students, rows, moment, expected
):
    college = students(*rows)
    class_ = college.enrich("attendance", {"student": "s1"}, moment)[0].get("class")
    assert (college.enrolled("s1", moment), class_) == expected


def test_days_of_enrolment_are_days_in_the_time_zone_of_the_college(folder, students):
    students("s1,m2601,2026-09-01,,")
    moment = datetime(2026, 8, 31, 20, tzinfo=UTC)  # 04:00 of the 1st in Shanghai
    assert load(folder).enrolled("s1", moment)
    assert not load(folder, "UTC").enrolled("s1", moment)


def test_a_college_without_a_table_of_students_bounds_nothing(folder):
    (folder / "students.csv").unlink()
    (folder / "exemptions.csv").unlink()
    college = load(folder)
    assert college.enrolled("whoever", at(10, 1))
    assert college.class_members("m2601", at(10, 1)) == []


def test_the_members_of_a_class_are_those_of_that_instant_without_the_suspended(students):
    college = students(
        "s3,m2601,2026-09-01,,",
        "s1,m2601,2026-09-01,2026-10-07,",
        "s1,n2601,2026-10-08,,",
        "s2,m2601,2026-09-01,,",
        "s2,m2601,2026-10-01,2026-10-31,suspended",
    )
    seen = {moment: college.class_members("m2601", moment) for moment in (at(9, 30), at(10, 7), at(10, 8), at(11, 1))}
    assert list(seen.values()) == [["s1", "s2", "s3"], ["s1", "s3"], ["s3"], ["s2", "s3"]]
    assert college.class_members("n2601", at(10, 8)) == ["s1"]
    assert college.class_members("nowhere", at(10, 8)) == []


def test_a_student_whose_enrolments_overlap_is_a_member_of_one_class_only(students):
    college = students("s1,m2601,2026-09-01,,", "s1,n2601,2026-10-01,2026-10-07,")
    seen = [
        (college.class_members("m2601", day), college.class_members("n2601", day)) for day in (at(10, 7), at(10, 8))
    ]
    assert seen == [([], ["s1"]), (["s1"], [])]


def test_who_is_suspended_is_not_counted_among_the_students_of_the_major(students):
    college = students("s1,m2601,2026-09-01,,", "s1,m2601,2026-10-01,,suspended", "s2,m2601,2026-09-01,,")
    counted = [
        college.enrich("warning", {"major": "mechatronics"}, day)[0]["major_students"] for day in (at(9, 30), at(10, 1))
    ]
    assert counted == [2, 1]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(("s1", "attendance", at(9, 30, 23)), None, id="before the first day"),
        pytest.param(("s1", "attendance", at(10, 1, 0)), "免修", id="from 00:00 of the first day"),
        pytest.param(("s1", "attendance", at(10, 31, 23)), "免修", id="until the end of the last day"),
        pytest.param(("s1", "attendance", at(11, 1, 0)), None, id="after it"),
        pytest.param(("s1", "attendance", at(10, 10)), "病假", id="of two, the one that began last"),
        pytest.param(("s1", "test", at(10, 10)), None, id="another kind"),
        pytest.param(("s2", "attendance", at(10, 10)), None, id="another student"),
        pytest.param(("s2", "absence-streak", at(12, 1)), "竞赛", id="a rule, for ever"),
    ],
)
def test_an_exemption_holds_for_one_student_one_kind_or_rule_and_its_days(folder, add, asked, expected):
    add("exemptions.csv", "s1,attendance,2026-10-01,2026-10-31,免修")
    add("exemptions.csv", "s1,attendance,2026-10-10,2026-10-12,病假")
    add("exemptions.csv", "s2,absence-streak,2026-10-01,,竞赛")
    assert load(folder).exempt(*asked) == expected


def test_a_source_without_a_rank_comes_after_all_that_have_one(folder, add):
    add("sources.csv", "door,,,999999,all")
    add("sources.csv", "app,,,1,exceptions_only")
    college = load(folder)
    sources = ["kiosk", "nobody", "door", "app"]
    assert sorted(sources, key=college.source_rank) == ["app", "door", "kiosk", "nobody"]
    assert college.source_rank("kiosk") == UNRANKED
    assert [college.source_lists(one) for one in sources] == [None, None, "all", "exceptions_only"]


def test_our_own_phone_speaks_before_all_and_our_check_in_behind_all_unless_the_table_says_otherwise(folder, add):
    add("sources.csv", "app,,,1,")
    sources = ["check-in", "nobody", "app", "phone"]
    assert sorted(sources, key=load(folder).source_rank) == ["phone", "app", "nobody", "check-in"]
    add("sources.csv", "check-in,,,7,")
    assert load(folder).source_rank("check-in") == 7
