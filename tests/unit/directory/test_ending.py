"""What the directory of a new year ends, before it is in use: who leaves, which roles, classes and courses are over."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.directory import Directory, Ending, concerns, endings, load

JULY = date(2027, 7, 12)
LAST = "last day; –: no longer listed"
ZH = "最后一天；– 表示不再列出"


@pytest.fixture
def old(folder, add) -> Directory:
    add("students.csv", "gone,高,m2601,2025-09-01,2026-07-11,,")
    return load(folder)


@pytest.fixture
def edited(folder, old):
    """The same college after changes to its files."""

    def edited(**changes: tuple[str, str]) -> Directory:
        for name, (before, after) in changes.items():
            path = folder / f"{name}.csv"
            text = path.read_text("utf-8")
            assert before in text
            path.write_text(text.replace(before, after), "utf-8")
        return load(folder)

    return edited


def told(old, new, day=JULY):
    return [(one.what, one.id, one.name, str(one.last or "–")) for one in endings(old, new, day)]


def test_nothing_ends_where_nothing_changes(old):
    assert told(old, old) == []


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        pytest.param(
            {"students": ("s2,李二,m2601,2026-09-01,,", "s2,李二,m2601,2026-09-01,2027-07-11,")},
            [("student", "s2", "李二", "2027-07-11")],
            id="a student who gets a last day",
        ),
        pytest.param(
            {"students": ("s2,李二,m2601,2026-09-01,,,\n", "")}, [("student", "s2", "李二", "–")], id="one who is gone"
        ),
        pytest.param(
            {"students": ("s1,,n2601,2026-10-08,,", "s1,,n2601,2026-10-08,2027-07-11,\ns1,,m2601,2027-07-12,,")},
            [],
            id="one who changes class stays",
        ),
        pytest.param({"students": ("gone,高,m2601,2025-09-01,2026-07-11,,\n", "")}, [], id="one who had left"),
        pytest.param(
            {"people": ("bo,薄老师,bo@college.test,,zh,,", "bo,薄老师,bo@college.test,,zh,,2027-07-31")},
            [("person", "bo", "薄老师", "2027-07-31")],
            id="a teacher who leaves",
        ),
        pytest.param(
            {"roles": ("counsellor,bo,class,n2601,,,", "counsellor,anna,class,n2601,,,")},
            [("role", "counsellor/bo/class/n2601", "薄老师", "–")],
            id="a role that another one holds",
        ),
        pytest.param(
            {"roles": ("course_teacher,dai,course,algebra,m2601,2026-09-01,",
                       "course_teacher,dai,course,algebra,m2601,2026-09-01,2027-01-17")},
            [("role", "course_teacher/dai/course/algebra/m2601", "戴老师", "2027-01-17")],
            id="a role that gets a last day",
        ),
        pytest.param(
            {"classes": ("nursing,2026,2026-09-01,2029-06-30", "nursing,2026,2026-09-01,2027-07-11")},
            [("class", "n2601", "护理2601", "2027-07-11")],
            id="a class that closes sooner than it would have",
        ),
        pytest.param({"classes": ("2029-06-30", "2029-07-11")}, [], id="classes that go on for longer"),
        pytest.param({"courses": ("english,英语,,,32.5,,\n", "")}, [("course", "english", "英语", "–")], id="a course"),
        pytest.param(
            {"courses": ("algebra,,,,72,n2601,\n", "")}, [("course", "algebra/n2601", "代数", "–")], id="in one class"
        ),
    ],
)  # fmt: skip
def test_what_ends_is_what_would_have_gone_on(old, edited, changes, ends):
    assert told(old, edited(**changes)) == ends


@pytest.mark.parametrize(("day", "ends"), [(date(2026, 10, 31), True), (date(2026, 11, 1), False)])
def test_whoever_is_there_until_today_is_there_still(folder, old, edited, day, ends):
    """Dai's last day is 31 October."""
    new = edited(people=("en,,2026-10-31", "en,,2026-10-30"))
    assert (told(old, new, day) != []) == ends


@pytest.mark.parametrize(
    ("subject", "context", "about"),
    [
        ("s2", {"student": "s2", "class": "m2601"}, True),
        ("s2/algebra", {"student": "s2", "course": "algebra"}, True),
        ("s1", {"student": "s1", "class": "m2601"}, False),
        ("n2601", {"class": "n2601"}, True),
        ("m2601", {"class": "m2601", "student": "s2", "teacher": "bo"}, False),
        ("bo", {"teacher": "bo"}, True),
        ("s1/english", {"student": "s1", "course": "english", "class": "m2601"}, True),
        ("algebra/x2601", {"course": "algebra", "class": "x2601"}, True),
        ("algebra/m2601", {"course": "algebra", "class": "m2601"}, False),
        ("algebra", {"course": "algebra", "class": "x2601"}, False),
        ("college", {}, False),
    ],
    ids=str,
)
def test_a_warning_is_about_what_ends_if_it_is_its_subject(subject, context, about):
    ends = [("student", "s2"), ("class", "n2601"), ("person", "bo"), ("course", "english"), ("course", "algebra/x2601")]
    assert concerns([Ending(what=what, id=id_, name=id_) for what, id_ in ends])(subject, context) == about


def graduates(folder):
    """The new year: nursing has graduated, and its tutor and course are no longer there."""
    for name, before, after in (
        ("students", "s2,李二,m2601,2026-09-01,,", "s2,李二,m2601,2026-09-01,2026-11-01,"),
        ("roles", "counsellor,bo,class,n2601,,,\n", ""),
        ("classes", "mechatronics,2026,2026-09-01,2029-06-30", "mechatronics,2026,2026-09-01,2027-07-11"),
        ("courses", "english,英语,,,32.5,,\n", ""),
    ):
        path = folder / f"{name}.csv"
        path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")


def test_an_import_shows_what_it_ends_in_both_languages(folder, run):
    assert run("import", folder)[0] == 0
    graduates(folder)
    code, said = run("import", folder, "--dry-run", "--yes-remove")
    lines = said.splitlines()
    begin = lines.index(f"students who leave: 1 ({LAST})")
    assert (code, lines[begin : begin + 12]) == (0, [
        f"students who leave: 1 ({LAST})",
        f"    离校学生：1 名（{ZH}）",
        "  s2 (李二) → 2026-11-01",
        f"roles that end: 1 ({LAST})",
        f"    结束的职责：1 项（{ZH}）",
        "  counsellor/bo/class/n2601 (薄老师) → –",
        f"classes that close: 1 ({LAST})",
        f"    结束的班级：1 个（{ZH}）",
        "  m2601 (机电2601) → 2027-07-11",
        "courses that are no longer there: 1",
        "    不再开设的课程：1 门",
        "  english (英语) → –",
    ])  # fmt: skip
    ends = run("import", folder, "--dry-run", "--json")[1]
    assert [one["id"] for one in ends["ends"]] == ["s2", "counsellor/bo/class/n2601", "m2601", "english"]
    assert (ends["ends"][0], ends["open_warnings"]) == (
        {"what": "student", "id": "s2", "name": "李二", "last": "2026-11-01"}, None,
    )  # fmt: skip


def absent(student, number):
    at = datetime.now(UTC) - timedelta(hours=3, minutes=-number)
    data = {"lesson": f"L{number}", "course": "algebra", "student": student, "status": "absent"}
    return {
        "specversion": "1.0", "source": "phone", "id": f"{student}-{number}", "type": "attendance",
        "time": at.isoformat(), "data": data,
    }  # fmt: skip


@pytest.mark.commands
def test_an_import_counts_the_open_warnings_about_what_it_ends(folder, home, run, tmp_path):
    (folder / "students.csv").write_text("id,name,class,to\ns1,李一,m2601,\ns2,李二,m2601,\n", "utf-8")
    assert run("import", folder)[0] == 0
    events = tmp_path / "events.ndjson"
    events.write_text("".join(json.dumps(absent(s, n)) + "\n" for s in ("s1", "s2") for n in range(2)), "utf-8")
    found = CliRunner().invoke(app, ["--home", str(home), "ingest", str(events)])
    assert "accepted 接收 4" in found.output
    listed = CliRunner().invoke(app, ["--home", str(home), "warnings", "--json"]).stdout.splitlines()
    subjects = [one["subject"].partition("/")[0] for one in map(json.loads, listed) if one["status"] == "open"]
    assert set(subjects) == {"s1", "s2"}
    (folder / "students.csv").write_text("id,name,class,to\ns1,李一,m2601,\ns2,李二,m2601,2099-07-11\n", "utf-8")
    told = run("import", folder)[1]
    number = subjects.count("s2")
    assert f"\nopen warnings about them: {number}\n    涉及以上对象的未结预警：{number} 条\n" in told
