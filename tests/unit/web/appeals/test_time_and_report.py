"""An appeal that nobody decides goes up, each is told; a term that is over; and what the report counts."""

from datetime import UTC, date, datetime

import pytest

from services.notify.report import Period
from tests.faults.running import until, write_table
from tests.unit.web.appeals.test_appeals import RECORD, absent, appeal, at, decide, token
from tests.unit.web.phone.conftest import School, directory, rules


@pytest.fixture
def school(tmp_path, monkeypatch):
    """With heads of an office and a department."""
    monkeypatch.setenv("PREWARN_APPEALS", "true")
    home = tmp_path / "home"
    place = home / "directory"
    directory(place)
    rules(home / "rules")
    people = ["teacher", "other", "tutor", "ill", "stand_in", "office", "dean"]
    write_table(place, "people.csv", "id,name,channel", [(one, one.title(), "json://127.0.0.1:9/x") for one in people])
    write_table(place, "departments.csv", "id,name_zh", [("d1", "护理系")])
    write_table(place, "teaching_offices.csv", "id,name_zh,department", [("o1", "数学教研室", "d1")])
    write_table(place, "majors.csv", "id,name_zh,department", [("m1", "护理", "d1")])
    write_table(place, "classes.csv", "id,name,major", [("c1", "Class 1", "m1"), ("c2", "Class 2", "m1")])
    courses = [("math", "数学", "Maths", "o1"), ("art", "美术", "Art", "o1")]
    write_table(place, "courses.csv", "id,name_zh,name_en,teaching_office", courses)
    roles = [
        ("class_tutor", "tutor", "class", "c1", ""), ("course_teacher", "teacher", "course", "math", "c1"),
        ("course_teacher", "ill", "course", "art", "c1"),
        ("teaching_office_head", "office", "teaching_office", "o1", ""),
        ("department_head", "dean", "department", "d1", ""),
    ]  # fmt: skip
    write_table(place, "roles.csv", "role,person,scope_kind,scope,class", roles)
    found = School(home)
    yield found
    found.embedded.stop()


def told(school):
    """(news, recipient) of all messages about appeals."""
    with school.embedded.notify.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT news, recipient FROM delivery WHERE warning IS NULL ORDER BY id")
        return [tuple(row) for row in rows.fetchall()]


def waits_for(school):
    people = ("teacher", "stand_in", "office", "dean", "tutor", "other")
    return {one for one in people if school.embedded.notify.appeals.waiting_for(one)}


def test_whoever_took_it_is_told_and_after_three_working_days_who_is_above_them(school):
    absent(school)
    _, number = appeal(school)
    assert told(school) == [(f"appeal {number}", "teacher")]
    assert waits_for(school) == {"teacher"}
    school.later(days=3, minutes=-5)  # from Monday morning to Thursday morning
    school.embedded.notify.scheduler.step()
    assert waits_for(school) == {"teacher"}
    school.later(minutes=10)
    assert school.embedded.notify.scheduler.step() >= 1
    assert told(school)[1:] == [(f"appeal {number}", "office")]
    assert waits_for(school) == {"teacher", "office"}, "whoever took it may still answer"
    school.later(days=5)  # over a weekend
    school.embedded.notify.scheduler.step()
    assert told(school)[2:] == [(f"appeal {number}", "dean")]
    assert waits_for(school) == {"teacher", "office", "dean"}
    school.later(days=30)
    school.embedded.notify.scheduler.step()
    assert len(told(school)) == 3, "further it does not go"
    assert decide(school, number, "dean", outcome="present").status_code == 303
    assert waits_for(school) == set()


def test_who_stands_in_decides_and_who_has_left_does_not(school):
    school.lesson("l1", course="art", teacher="ill")
    school.later(minutes=3)
    page = "/lessons/l1/roll-call"
    form = at(school, "stand_in").form(page) | {"status:s01": "absent"}
    assert at(school, "stand_in").send(page, form).json()["state"] == "saved"
    _, number = appeal(school)
    assert waits_for(school) == {"stand_in"}
    people = [
        (one, one.title(), "2026-11-22" if one == "stand_in" else "")
        for one in ("teacher", "tutor", "ill", "office", "stand_in")
    ]
    write_table(school.settings.home / "directory", "people.csv", "id,name,to", people)
    (school.settings.home / "directory" / "leave.csv").unlink()
    roles = [
        ("course_teacher", "ill", "course", "art", "c1"),
        ("teaching_office_head", "office", "teaching_office", "o1", ""),
    ]
    write_table(school.settings.home / "directory", "roles.csv", "role,person,scope_kind,scope,class", roles)
    school.embedded.files.look()
    waiting = school.embedded.notify.appeals.waiting_for
    assert [row.id for row in waiting("ill")] == [number], "the lesson's teacher, as who took it has left"
    assert waiting("stand_in") == []


def test_the_tutor_appeals_for_a_student_and_is_told_the_answer(school):
    absent(school)
    _, number = appeal(school, "tutor", claim="slip")
    assert decide(school, number, outcome="leave", answer="已见假条").status_code == 303
    assert told(school) == [(f"appeal {number}", "teacher"), (f"appeal_answered {number}", "tutor")]
    assert "已见假条" in at(school, "tutor").get(f"/appeals/{number}").text


def test_what_is_said_of_it_names_nobody_and_leads_to_the_page(school):
    absent(school)
    sent = []
    object.__setattr__(school.embedded.notify.outbox.sender, "send", lambda *said: sent.append(said))
    _, number = appeal(school)
    school.later(minutes=2)
    school.embedded.notify.outbox.start()
    with school.embedded.notify.database.reading() as connection:
        waiting = connection.exec_driver_sql("SELECT status FROM delivery WHERE warning IS NULL").fetchall()
    assert waiting
    until(lambda: any("申诉" in said[2].title for said in sent), "the message about the appeal is sent")
    (message,) = [said[2] for said in sent if "申诉" in said[2].title]
    assert f"/appeals/{number}" in message.body
    assert "s01" not in message.body + message.title + str(message.extras)
    assert "Student" not in message.body


def test_after_its_term_a_record_can_no_longer_be_appealed_against(school):
    absent(school)
    form = at(school, "s01").form(RECORD)
    school.clock.now = datetime(2027, 2, 20, tzinfo=UTC)
    school.browsers.clear()  # nobody is signed in for so long
    page = at(school, "s01").get(RECORD).text
    assert "不能再在这里申诉" in page
    answer, number = appeal(school, form=form | {"token": token(at(school, "s01"))})
    assert (answer.status_code, number) == (422, None)
    assert "不能再在这里申诉" in answer.text
    assert "我坐在最后一排" in answer.text


def test_the_report_counts_them_by_teacher_and_source_and_heads_see_their_own(school):
    absent(school)
    numbers = [appeal(school, f"s0{n}", f"/records/attendance/l1/s0{n}/appeal")[1] for n in (1, 2, 3)]
    school.later(hours=2)
    decide(school, numbers[0], outcome="present")
    school.later(days=1)
    decide(school, numbers[1], outcome="stays", answer="nein")
    period = Period(date(2026, 11, 1), date(2026, 11, 30))
    found = school.embedded.notify.effectiveness(period, "rule").appeals
    (teacher,), (source,) = found.by_teacher, found.by_source
    assert teacher[:6] == ("teacher", 3, 1, 1, 0, 1)
    assert source[:6] == ("phone", 3, 1, 1, 0, 1)
    assert teacher.hours is not None
    assert 2 < teacher.hours < 24, "working hours, and not those of the night"
    assert school.embedded.notify.effectiveness(period, "rule", frozenset({"d1"})).appeals.total.asked == 3
    assert school.embedded.notify.effectiveness(period, "rule", frozenset({"d2"})).appeals.total.asked == 0
    page = at(school, "dean").get("/reports/effectiveness?from=2026-11-01&to=2026-11-30").text
    assert "教师点名" in page
    assert "Teacher" in page
    answer = at(school, "dean").get("/reports/effectiveness.xlsx?from=2026-11-01&to=2026-11-30")
    assert answer.status_code == 200
