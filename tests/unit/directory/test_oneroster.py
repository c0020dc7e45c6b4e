"""OneRoster 1.1 CSV: what it tells is taken over, what it cannot tell stays, and nothing of it is believed unchecked."""

# ruff: noqa: E501 - a message, and a row of an export, is read as one line
from __future__ import annotations

import shutil
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.directory import load

AUTUMN = datetime(2026, 10, 8, tzinfo=UTC)
WINTER = datetime(2027, 2, 1, tzinfo=UTC)

EXPORT = {
    "manifest.csv": """\
propertyName,value
manifest.version,1.0
oneroster.version,1.1
file.academicSessions,bulk
file.categories,absent
file.classes,bulk
file.courses,bulk
file.demographics,absent
file.enrollments,bulk
file.orgs,bulk
file.users,bulk
source.systemName,SIS
""",
    "orgs.csv": """\
sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
college,,,职业技术学院,school,,
tech,,,工程系,department,,college
care,,,护理系,department,,college
mechatronics,,,机电一体化,department,,tech
maths,,,Mathematics,department,,tech
""",
    "academicSessions.csv": """\
sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear
autumn,,,秋季学期,term,2026-09-01,2027-01-17,,2027
""",
    "courses.csv": """\
sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes
of-mechatronics,,,,机电一体化班,,,mechatronics,,
of-care,,,,护理班,,,care,,
algebra,,,,代数,,,maths,,
english,,,,English,,,college,,
""",
    "classes.csv": """\
sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods
m2601,,,机电2601,,of-mechatronics,,homeroom,,college,autumn,,,
n2601,,,护理2601,,of-care,,homeroom,,college,autumn,,,
algebra-1,,,代数1,,algebra,,scheduled,,college,autumn,,,
english-1,,,英语1,,english,,scheduled,,college,,,,
""",
    "users.csv": """\
sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
anna,,,true,college,teacher,anna,,娜,安,,,anna@college.test,13800000000,,,,hunter2
bo,,,TRUE,college,teacher,bo,,Bo,Svensson,Erik,,bo@college.test,,,,,
chen,,,,college,administrator,chen,,主任,陈,,,,,,,,
old,,,false,college,teacher,old,,老,王,,,,,,,,
s1,,,true,college,student,s1,,一,李,,,s1@college.test,,,,,
s2,,,true,college,student,s2,,二,李,,,,,,,,
s3,,,true,college,student,s3,,三,李,,,,,,,,
mum,,,true,college,parent,mum,,妈妈,李,,,,,,,,
""",
    "enrollments.csv": """\
sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
e1,,,m2601,college,s1,student,,2026-09-01,
e2,,,n2601,college,s2,student,,,
e3,,,m2601,college,anna,teacher,true,,
e4,,,m2601,college,bo,teacher,false,,
e5,,,algebra-1,college,s1,student,,,
e6,,,algebra-1,college,s2,student,,,
e7,,,algebra-1,college,bo,teacher,true,,
e8,,,english-1,college,anna,teacher,,,
e9,,,algebra-1,college,old,teacher,true,,
""",
}
HEADERS = {name: text.splitlines()[0] for name, text in EXPORT.items()}


@pytest.fixture
def export(tmp_path):
    """Writes an export: the whole one, with changes."""

    def write(name="export", **changed):
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        for file, text in (EXPORT | {f"{stem}.csv": text for stem, text in changed.items()}).items():
            if text is None:
                (place / file).unlink(missing_ok=True)
            else:
                (place / file).write_text(text, "utf-8")
        return place

    return write


@pytest.fixture
def delta(tmp_path):
    """Writes an export with deltas of some files and nothing else."""

    def write(**rows):
        place = tmp_path / "delta"
        place.mkdir(exist_ok=True)
        modes = "".join(f"file.{stem},delta\n" for stem in rows)
        (place / "manifest.csv").write_text(f"propertyName,value\noneroster.version,1.1\n{modes}", "utf-8")
        for stem, text in rows.items():
            (place / f"{stem}.csv").write_text(f"{HEADERS[f'{stem}.csv']}\n{text}\n", "utf-8")
        return place

    return write


@pytest.fixture
def installed(home):
    return lambda: load(home / "directory")


def ids(people):
    return [person.id for person in people]


def rows(directory, table):
    return sorted(row.id for row in getattr(directory.tables, table))


def test_an_export_becomes_people_classes_and_courses(export, run, installed):
    assert run("import", export())[0] == 0
    college = installed()
    assert rows(college, "departments") == ["care", "tech"]
    assert rows(college, "majors") == ["mechatronics"]
    assert rows(college, "teaching_offices") == ["maths"]
    assert rows(college, "classes") == ["m2601", "n2601"]
    assert rows(college, "people") == ["anna", "bo", "chen"]
    assert [(row.id, row.class_id, row.teacher) for row in college.tables.courses] == [
        ("algebra", "m2601", "bo"), ("algebra", "n2601", "bo"), ("english", None, "anna"),
    ]  # fmt: skip
    assert [college.person(id_).name for id_ in ("anna", "bo", "chen", "s1")] == [
        "安娜",
        "Bo Erik Svensson",
        "陈主任",
        "李一",
    ]
    assert college.person("s1").email == "s1@college.test"
    data, problems = college.enrich("attendance", {"student": "s1", "course": "algebra"}, AUTUMN)
    assert problems == []
    assert data == {
        "student": "s1", "course": "algebra", "class": "m2601", "major": "mechatronics", "department": "tech",
        "teaching_office": "maths", "teacher": "bo",
    }  # fmt: skip
    assert college.enrich("attendance", {"student": "s2"}, AUTUMN)[0]["department"] == "care"
    names = college.names({"course": "english", "major": "mechatronics", "class": "m2601"})
    assert (names["course_en"], names["major_zh"], names["class"]) == ("English", "机电一体化", "机电2601")


def test_what_the_directory_has_no_place_for_is_told(export, run):
    told = run("import", export(), "--json")[1]
    assert [(one["where"], one["what"]) for one in told["left_out"]] == [
        ("users.csv row 5", "old is not enabled, and so is not there"),
        ("users.csv row 8", "student s3 has no class"),
        ("users.csv row 9", "mum is a parent; the directory has no parents"),
        ("enrollments.csv row 10", "old teaches, but is not among the staff who are there"),
    ]


def test_teachers_are_told_by_their_days_and_the_last_one_when_the_term_is_over(export, run, installed):
    later = EXPORT["academicSessions.csv"] + "spring,,,春季学期,term,2027-02-20,2027-07-10,,2027\n"
    classes = EXPORT["classes.csv"] + "algebra-2,,,代数2,,algebra,,scheduled,,college,spring,,,\n"
    enrollments = (
        EXPORT["enrollments.csv"]
        + "e10,,,algebra-2,college,s1,student,,,\ne11,,,algebra-2,college,anna,teacher,true,,\n"
    )
    assert run("import", export(academicSessions=later, classes=classes, enrollments=enrollments))[0] == 0
    pair, college = {"course": "algebra", "class": "m2601"}, installed()
    assert ids(college.holders("course_teacher", pair, AUTUMN)) == ["bo"]
    assert ids(college.holders("course_teacher", pair, datetime(2027, 3, 1, tzinfo=UTC))) == ["anna"]
    assert ids(college.holders("course_teacher", pair, datetime(2027, 8, 1, tzinfo=UTC))) == ["anna"]
    assert ids(college.holders("course_teacher", {"course": "algebra", "class": "n2601"}, WINTER)) == ["bo"]


def test_the_primary_teacher_of_a_homeroom_is_its_tutor_and_all_of_them_where_none_is_primary(export, run, installed):
    assert run("import", export())[0] == 0
    assert ids(installed().holders("class_tutor", {"class": "m2601"}, AUTUMN)) == ["anna"]
    assert run("import", export(enrollments=EXPORT["enrollments.csv"].replace("true", "")))[0] == 0
    assert ids(installed().holders("class_tutor", {"class": "m2601"}, AUTUMN)) == ["anna", "bo"]


def test_only_what_the_directory_needs_is_kept(export, run, home):
    assert run("import", export())[0] == 0
    everything = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"anna@college.test" in everything
    assert b"hunter2" not in everything
    assert b"13800000000" not in everything


OWN = {
    "people.csv": "id,name,email,channel,language\nanna,安老师,,json://hooks.test/anna,en\ndesk,值班电话,,json://hooks.test/desk,\n",
    "departments.csv": "id,name_zh,name_en\ntech,工程系,Engineering\n",
    "majors.csv": "id,name_zh,department\nmechatronics,机电,tech\nrobotics,机器人,tech\n",
    "classes.csv": "id,name,major,cohort\nm2601,机电一班,mechatronics,2026\nn2601,护理班,,\n",
    "courses.csv": "id,name_zh,planned_hours,class,teacher\nalgebra,代数课,64,,\nalgebra,,72,m2601,anna\n",
    "roles.csv": "role,person,scope_kind,scope\nclass_tutor,desk,class,m2601\nclass_tutor,desk,class,n2601\ncollege_duty,desk,,\n"
    "counsellor,anna,class,m2601\n",
    "students.csv": "id,name,class,channel,from\ns1,李一,m2601,json://hooks.test/s1,2026-09-01\n",
    "leave.csv": "person,substitute,from\nanna,desk,2026-12-01\n",
    "sources.csv": "id,owner\nphone,anna\n",
}


@pytest.fixture
def own(tmp_path, run):
    """The college keeps a directory of its own already."""
    place = tmp_path / "own"
    place.mkdir()
    for name, text in OWN.items():
        (place / name).write_text(text, "utf-8")
    assert run("import", place)[0] == 0
    return place


def test_what_oneroster_cannot_tell_stays_as_it_was(own, export, run, installed):
    assert run("import", export())[0] == 0
    college = installed()
    anna = college.person("anna")
    assert (anna.name, anna.email, anna.channel, anna.language) == (
        "安娜", "anna@college.test", "json://hooks.test/anna", "en",
    )  # fmt: skip
    assert college.person("s1").channel == "json://hooks.test/s1"
    assert college.person("desk").name == "值班电话"
    assert "robotics" in rows(college, "majors")
    assert college.names({"department": "tech"})["department_en"] == "Engineering"
    data, _ = college.enrich("attendance", {"student": "s1", "course": "algebra"}, AUTUMN)
    assert (data["cohort"], data["planned_hours"], data["teacher"]) == ("2026", 72, "bo")
    assert ids(college.holders("class_tutor", {"class": "m2601"}, AUTUMN)) == ["anna"]
    assert ids(college.holders("class_tutor", {"class": "n2601"}, AUTUMN)) == ["desk"]
    assert ids(college.holders("college_duty", {}, AUTUMN)) == ["desk"]
    assert ids(college.holders("counsellor", {"class": "m2601"}, datetime(2026, 12, 8, tzinfo=UTC))) == ["desk"]
    assert college.tables.sources[0].owner == "anna"


def test_who_is_suspended_or_exempt_and_which_source_goes_first_stays_as_it_was(own, export, run, installed):
    """OneRoster cannot tell any of it."""
    (own / "students.csv").write_text(
        "id,name,class,from,to,status\ns1,李一,m2601,2026-09-01,,\ns1,,m2601,2026-10-01,2026-10-31,suspended\n", "utf-8"
    )
    (own / "exemptions.csv").write_text("student,of,from,why\ns1,test,2026-09-01,免修\n", "utf-8")
    (own / "sources.csv").write_text("id,owner,rank,lists\nphone,anna,1,all\n", "utf-8")
    assert run("import", own)[0] == 0
    assert run("import", export())[0] == 0
    college = installed()
    assert [college.enrolled("s1", day) for day in (AUTUMN, datetime(2026, 11, 8, tzinfo=UTC))] == [False, True]
    assert college.exempt("s1", "test", AUTUMN) == "免修"
    assert (college.source_rank("phone"), college.source_lists("phone")) == (1, "all")


def test_the_exemptions_of_a_student_who_goes_go_along(own, export, run, installed):
    assert run("import", export())[0] == 0
    edited = own.with_name("edited")
    shutil.copytree(own.parent / "home" / "directory", edited, ignore=shutil.ignore_patterns("oneroster"))
    (edited / "exemptions.csv").write_text(
        "student,of,from,why\ns1,test,2026-09-01,免修\ns2,test,2026-09-01,免修\n", "utf-8"
    )
    assert run("import", edited)[0] == 0
    gone = export(users=without("users", "s1"), enrollments=without("enrollments", "e1", "e5"))
    assert run("import", gone, "--yes-remove")[0] == 0
    assert [row.student for row in installed().tables.exemptions] == ["s2"]


def without(file, *ids_):
    return "".join(line for line in EXPORT[f"{file}.csv"].splitlines(keepends=True) if line.split(",")[0] not in ids_)


def test_who_is_not_in_the_next_export_goes_with_all_that_refers_to_them(own, export, run, installed):
    assert run("import", export())[0] == 0
    gone = export(users=without("users", "anna", "s1"), enrollments=without("enrollments", "e1", "e3", "e5", "e8"))
    code, told = run("import", gone)
    assert code == 1
    assert told.startswith("people: 1 of 4 would go (expected: the whole table, or --yes-remove if that is meant)\n")
    assert run("import", gone, "--yes-remove")[0] == 0
    college = installed()
    assert rows(college, "people") == ["bo", "chen", "desk"]
    assert rows(college, "students") == ["s2"]
    assert college.tables.leave == ()
    assert college.tables.sources[0].owner is None
    assert ids(college.holders("counsellor", {"class": "m2601"}, AUTUMN)) == []
    assert ids(college.holders("college_duty", {}, AUTUMN)) == ["desk"]


def test_importing_the_same_export_again_changes_nothing(own, export, run):
    assert run("import", export())[0] == 0
    assert "\n0 differences 处不同; " in run("import", export())[1]


def test_a_delta_changes_adds_and_deletes(export, delta, run, installed):
    assert run("import", export())[0] == 0
    found = delta(
        users="zoe,active,2026-11-01T00:00:00Z,true,college,teacher,zoe,,Zoe,Li,,,,,,,,\n"
        "chen,tobedeleted,2026-11-01T00:00:00Z,,,administrator,,,,,,,,,,,,",
        enrollments="e7,tobedeleted,2026-11-01T00:00:00Z,algebra-1,college,bo,teacher,true,,\n"
        "e12,active,2026-11-01T00:00:00Z,algebra-1,college,zoe,teacher,true,,",
    )
    assert run("import", found, "--yes-remove")[0] == 0
    college = installed()
    assert rows(college, "people") == ["anna", "bo", "zoe"]
    assert ids(college.holders("course_teacher", {"course": "algebra", "class": "m2601"}, AUTUMN)) == ["zoe"]
    assert ids(college.holders("class_tutor", {"class": "m2601"}, AUTUMN)) == ["anna"]


def test_a_delta_that_deletes_a_class_takes_its_enrollments_along(export, delta, run, installed):
    assert run("import", export())[0] == 0
    deleted = "m2601,tobedeleted,2026-11-01T00:00:00Z,,,,,,,,,,,"
    code, told = run("import", delta(classes=deleted), "--yes-remove")
    assert code == 0
    assert "student s1 has no class" not in told  # the directory in use knew it until now
    college = installed()
    assert rows(college, "classes") == ["n2601"]
    assert rows(college, "students") == ["s2"]
    assert ids(college.holders("class_tutor", {"class": "m2601"}, AUTUMN)) == []


def days(*numbers, month=11):
    """At 10:00 in China."""
    return [datetime(2026, month, number, 2, tzinfo=UTC) for number in numbers]


def with_ends(**ends):
    """The enrollments, some of them with `begin end`."""
    lines = EXPORT["enrollments.csv"].splitlines()
    for id_, end in ends.items():
        place = next(n for n, line in enumerate(lines) if line.startswith(f"{id_},"))
        lines[place] = ",".join([*lines[place].split(",")[:-2], *end.split(" ")])
    return "\n".join(lines) + "\n"


def test_a_teacher_who_hands_over_has_the_day_before_and_the_next_one_the_day_of_the_end(export, run, installed):
    """OneRoster's endDate is exclusive: the first day on which it does not hold any more."""
    lines = with_ends(e7="2026-09-01 2026-11-16") + "e10,,,algebra-1,college,anna,teacher,true,2026-11-16,\n"
    assert run("import", export(enrollments=lines))[0] == 0
    pair = {"course": "algebra", "class": "m2601"}
    assert [ids(installed().holders("course_teacher", pair, day)) for day in days(15, 16)] == [["bo"], ["anna"]]
    given = [installed().enrich("lesson", pair, day)[0].get("teacher") for day in days(15, 16)]
    assert given == ["bo", "anna"]


def test_a_tutor_who_hands_over_has_the_day_before_too(export, run, installed):
    lines = with_ends(e3="2026-09-01 2026-11-16", e4="2026-11-16 ").replace(",false,", ",true,")
    assert run("import", export(enrollments=lines))[0] == 0
    tutors = [ids(installed().holders("class_tutor", {"class": "m2601"}, day)) for day in days(15, 16)]
    assert tutors == [["anna"], ["bo"]]


def test_a_student_who_moves_is_of_one_class_on_each_day_and_one_who_leaves_is_there_until_the_day_before(
    export, run, installed
):
    lines = with_ends(e1="2026-09-01 2026-11-16", e2="2026-09-01 2026-11-20") + (
        "e10,,,n2601,college,s1,student,,2026-11-16,\n"
    )
    assert run("import", export(enrollments=lines))[0] == 0
    college = installed()
    of = {class_: [college.class_members(class_, day) for day in days(15, 16, 19, 20)] for class_ in ("m2601", "n2601")}
    assert of == {"m2601": [["s1"], [], [], []], "n2601": [["s2"], ["s1", "s2"], ["s1", "s2"], ["s1"]]}
    assert [college.enrolled("s2", day) for day in days(19, 20)] == [True, False]


def test_a_class_and_who_teaches_in_it_end_on_the_day_before_the_end_of_the_term(export, run, installed):
    assert run("import", export())[0] == 0
    assert {row.to_day.isoformat() for row in installed().tables.classes} == {"2027-01-16"}
    (taught, *_) = [row for row in installed().tables.roles if row.role == "course_teacher"]
    assert (taught.from_day.isoformat(), taught.to_day.isoformat()) == ("2026-09-01", "2027-01-16")


def test_terms_that_follow_each_other_leave_no_gap_in_a_class(export, run, installed):
    terms = EXPORT["academicSessions.csv"] + "spring,,,春季学期,term,2027-01-17,2027-07-10,,2027\n"
    classes = EXPORT["classes.csv"].replace("homeroom,,college,autumn,", 'homeroom,,college,"autumn,spring",')
    assert run("import", export(academicSessions=terms, classes=classes))[0] == 0
    assert {row.to_day.isoformat() for row in installed().tables.classes} == {"2027-07-09"}


def test_the_end_of_all_days_is_no_end(export, run, installed):
    assert run("import", export(enrollments=with_ends(e1="2026-09-01 9999-12-31")))[0] == 0
    assert [row.to_day.isoformat() for row in installed().tables.students if row.id == "s1"] == ["9999-12-31"]


@pytest.mark.parametrize(
    ("changed", "holder"),
    [
        pytest.param({"e7": "2026-11-16 2026-11-16"}, "course_teacher", id="a teacher who ends as they begin"),
        pytest.param({"e7": " 2026-09-01"}, "course_teacher", id="a teacher who ends as the term begins"),
        pytest.param({"e3": "2026-11-16 2026-11-16", "e4": "2026-11-16 2026-11-16"}, "class_tutor", id="tutors"),
        pytest.param({"e1": "2026-11-16 2026-11-16"}, "student", id="a student"),
    ],
)
def test_an_enrollment_that_holds_on_no_day_is_told_and_left_out(export, run, installed, changed, holder):
    told = run("import", export(enrollments=with_ends(**changed)), "--json")[1]
    where = [f"enrollments.csv row {int(id_[1:]) + 1}, column endDate" for id_ in changed]
    assert [one["where"] for one in told["left_out"] if "holds on any day" in one["what"]] == where
    context = {"student": "s1", "class": "m2601", "course": "algebra"}
    assert ids(installed().holders(holder, context, days(16)[0])) == []


@pytest.mark.commands
def test_only_the_new_teacher_hears_of_a_lesson_on_the_day_of_the_hand_over(shared_data, home, run):
    """From the export to the people who are told."""
    (case,) = (shared_data.parent / "cases").glob("17-*")
    assert run("import", case / "24_or.zip")[0] == 0
    found = CliRunner().invoke(app, ["--home", str(home), "ingest", str(case / "24.ndjson")])
    assert found.exit_code == 0, found.output
    with closing(sqlite3.connect(home / "notify.db")) as store:
        told = store.execute(  # from December on the teacher is praised for November, too
            "select person, role from recipient where warning = (select number from warning where rule = 'arrival-rate')"
        )
        assert sorted(told) == [("anna", "class_tutor"), ("eli", "course_teacher")]


def only(export, file, text):
    """A bulk export of one file; the others are absent."""
    absent = {
        stem: None
        for stem in ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
        if stem != file
    }
    head = f"propertyName,value\noneroster.version,1.1\nfile.{file},bulk\n"
    return export("part", manifest=head, **absent, **{file: text})


@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_a_class_that_comes_back_has_nobody_of_before(export, delta, run, installed, mode):
    assert run("import", export())[0] == 0
    gone = delta(classes="m2601,tobedeleted,2026-11-01T00:00:00Z,,,,,,,,,,,")
    if mode == "bulk":
        gone = only(export, "classes", without("classes", "m2601"))
    assert run("import", gone, "--yes-remove")[0] == 0
    assert rows(installed(), "students") == ["s2"]
    assert run("import", only(export, "classes", EXPORT["classes.csv"]), "--yes-remove")[0] == 0
    assert rows(installed(), "classes") == ["m2601", "n2601"]
    assert rows(installed(), "students") == ["s2"]


def test_what_the_college_has_entered_of_a_class_goes_with_it(own, export, delta, run, installed):
    courses = own / "courses.csv"
    courses.write_text(courses.read_text("utf-8") + "drawing,制图,32,m2601,anna\ndrawing,,32,n2601,desk\n", "utf-8")
    assert run("import", own)[0] == 0
    assert run("import", export())[0] == 0
    assert run("import", delta(classes="m2601,tobedeleted,2026-11-01T00:00:00Z,,,,,,,,,,,"), "--yes-remove")[0] == 0
    assert [row.class_id for row in installed().tables.courses if row.id == "drawing"] == ["n2601"]
    assert ids(installed().holders("counsellor", {"class": "m2601"}, AUTUMN)) == []


def test_a_delta_survives_an_edition_of_the_colleges_own(export, delta, run, installed, home, tmp_path):
    """Channels are entered by hand in between."""
    assert run("import", export())[0] == 0
    own = tmp_path / "edited"
    shutil.copytree(home / "directory", own, ignore=shutil.ignore_patterns("oneroster"))
    people = own / "people.csv"
    people.write_text(
        people.read_text("utf-8").replace("anna@college.test,", "anna@college.test,json://hooks.test"), "utf-8"
    )
    assert run("import", own)[0] == 0
    renamed = "anna,active,2026-11-01T00:00:00Z,true,college,teacher,anna,,Anna,Smith,,,,,,,,"
    assert run("import", delta(users=renamed))[0] == 0
    anna = installed().person("anna")
    assert (anna.name, anna.channel, anna.email) == ("Anna Smith", "json://hooks.test", "anna@college.test")


@pytest.mark.parametrize("nested", ["", "export/"], ids=["flat", "in a folder"])
def test_a_zip_is_the_same_as_a_folder_whatever_its_encoding(export, run, installed, tmp_path, nested):
    assert run("import", export())[0] == 0
    version = installed().version
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in EXPORT.items():
            archive.writestr(nested + name, text.replace("\n", "\r\n").encode("gb18030"))
        archive.writestr("__MACOSX/manifest.csv", b"\0")
    assert "\n0 differences 处不同; " in run("import", path)[1]
    assert installed().version == version


def manifest(before, after):
    return {"manifest": EXPORT["manifest.csv"].replace(before, after)}


def row(file, text):
    return {file: EXPORT[f"{file}.csv"] + text + "\n"}


BAD = {
    "another version": (manifest("version,1.1", "version,1.2"), "manifest.csv row 3: oneroster.version is 1.2 (expected: 1.1)"),
    "no version": (manifest("oneroster.version,1.1\n", ""), "manifest.csv row 1: oneroster.version is missing (expected: 1.1)"),
    "a mode": (manifest("users,bulk", "users,bulc"), "manifest.csv row 11, file.users: there is no mode 'bulc' (expected: bulk)"),
    "absent but there": (manifest("users,bulk", "users,absent"),
                         "manifest.csv row 11, file.users: is absent, but users.csv is there (expected: bulk or delta)"),
    "a file is missing": ({"academicSessions": None},
                          "manifest.csv row 4, file.academicSessions: there is no academicSessions.csv (expected: academicSessions.csv, or absent)"),
    "a delta of nothing": (manifest("users,bulk", "users,delta"),
                           "manifest.csv, file.users: is a delta, and no bulk export was imported before (expected: a bulk export first)"),
    "a column is missing": ({"orgs": EXPORT["orgs.csv"].replace("type", "typ")},
                            "orgs.csv row 1, column type: is missing (expected: type instead of typ)"),
    "a required cell": (row("orgs", "x,,,,department,,"), "orgs.csv row 7, column name: is empty (expected: a text)"),
    "a word": (row("users", "x,,,true,college,techer,x,,X,X,,,,,,,,"),
               "users.csv row 10, column role: there is no role 'techer' (expected: teacher)"),
    "a status": (row("orgs", "x,gone,,X,department,,"),
                 "orgs.csv row 7, column status: there is no status 'gone' (expected: active, inactive, tobedeleted)"),
    "a day": (row("enrollments", "x,,,m2601,college,s1,student,,2026-13-01,"),
              "enrollments.csv row 11, column beginDate: '2026-13-01' is wrong (expected: 2026-09-01)"),
    "an address": (row("users", "x,,,true,college,teacher,x,,X,X,,,x,,,,,"),
                   "users.csv row 10, column email: 'x' is wrong (expected: name@domain)"),
    "an id twice": (row("orgs", "tech,,,X,department,,"), "orgs.csv row 7, column sourcedId: tech is already in orgs.csv row 3"),
    "a reference": (row("enrollments", "x,,,m2602,college,s1,student,,,"),
                    "enrollments.csv row 11, column classSourcedId: 'm2602' is not in classes.csv (expected: m2601)"),
    "a reference among several": ({"classes": EXPORT["classes.csv"].replace("college,autumn,,,\nn2601", 'college,"autumn,sprin",,,\nn2601')},
                                  "classes.csv row 2, column termSourcedIds: 'sprin' is not in academicSessions.csv"),
    "not CSV": (row("orgs", 'x,"y'), "orgs.csv line 7: is not CSV: unexpected end of data"),
    "orgs in a circle": ({"orgs": EXPORT["orgs.csv"].replace("工程系,department,,college", "工程系,department,,maths")},
                         "orgs.csv row 3, column parent: a loop: tech → maths → tech (expected: a department above it, or blank)"),
    "a student with two classes": (row("enrollments", "x,,,n2601,college,s1,student,,2026-09-01,"),
                    "enrollments.csv row 11, column id: s1, 2026-09-01 is already in enrollments.csv row 2 (expected: one row for each id and from)"),
    "days out of order": (row("enrollments", "x,,,n2601,college,s3,student,,2026-09-01,2026-08-01"),
                    "enrollments.csv row 11, column endDate: 2026-08-01 is not after 2026-09-01 (expected: the day after the last one: OneRoster's endDate is exclusive)"),
    "a term that ends as it begins": (row("academicSessions", "x,,,X,term,2026-09-01,2026-09-01,,2027"),
                    "academicSessions.csv row 3, column endDate: 2026-09-01 is not after 2026-09-01 (expected: the day after the last one: OneRoster's endDate is exclusive)"),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "told"), BAD.values(), ids=BAD)
def test_a_wrong_export_is_refused_with_the_place_and_what_would_be_right(export, run, home, changed, told):
    assert run("import", export(**changed)) == (1, told)
    assert not (home / "directory").exists()


def test_everything_that_is_wrong_is_told_at_once(export, run):
    told = run(
        "import", export(**row("orgs", "x,,,,department,,nowhere"), **row("users", "x,,,maybe,,techer,,,,,,,,,,,,"))
    )[1]
    assert [line.partition(":")[0] for line in told.splitlines()] == [
        "orgs.csv row 7, column name", "users.csv row 10, column enabledUser", "users.csv row 10, column role",
        "orgs.csv row 7, column parentSourcedId",
    ]  # fmt: skip
