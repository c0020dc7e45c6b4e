"""A month's assessment from the page to the records, and what follows from it: S8, T3, what is owed."""

import html
import re
from datetime import timedelta

import pytest

from tests.faults.running import write_table
from tests.unit.web.phone.conftest import EIGHT, STUDENTS, School, directory

DUE = EIGHT + timedelta(days=2)


def path(period="2026-11", course="math", class_="c1"):
    return f"/assessments/{period}/{course}/{class_}"


PAGE, SAVE, FILL = (f"{path()}{act}" for act in ("", "/save", "/fill"))


def typed(page):
    """What the form of a page says before anything is typed."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page[max(0, page.find("<main")) :])
    fields += re.findall(r'<input type="radio" name="([^"]+)" value="([^"]*)" checked>', page)
    fields += re.findall(r'<input name="(comment:[^"]+)"[^>]* value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in fields}


def graded(form, **grades):
    return form | {f"overall:{student}": grade for student, grade in grades.items()}


def month(school, **more):
    """A lesson of the month, whose assessment is due in two days."""
    return school.lesson(period="2026-11", assessment_due=DUE.isoformat(), **more)


def stands(school):
    """Student → the assessment that counts."""
    return {one.data["student"]: one for one in school.told("assessment").values()}


def test_who_is_filled_in_is_saved_and_nobody_else(school):
    month(school)
    teacher = school.at("teacher")
    form = graded(typed(teacher.get(PAGE).text), s01="poor", s02="good")
    form |= {"skill:s01": "fair", "attitude:s01": "good", "comment:s01": "课堂参与不足"}
    answer = teacher.send(SAVE, form)
    assert (answer.status_code, answer.json()["state"]) == (200, "saved")
    said = stands(school)
    assert said.keys() == {"s01", "s02"}
    assert said["s01"].data.items() >= {
        "period": "2026-11", "course": "math", "class": "c1", "teacher": "teacher", "overall": "poor",
        "ratings": {"attitude": "good", "skill": "fair"}, "comment": "课堂参与不足",
    }.items()  # fmt: skip
    again = typed(teacher.get(PAGE).text)
    assert (again["overall:s01"], again["skill:s01"], again["comment:s01"]) == ("poor", "fair", "课堂参与不足")


def test_a_poor_assessment_opens_s8_and_one_of_the_class_withdraws_or_resolves_t3(school):
    """Typed in time and sent late withdraws T3; made late resolves it."""
    month(school)
    month(school, id_="l2", course="art", teacher="ill")
    form = graded(typed(school.at("teacher").get(PAGE).text), s01="poor")
    school.later(days=4)
    missing = school.warnings("assessment-missing")
    assert missing == [
        ("assessment-missing", "c1/art/2026-11", "yellow", "open"),
        ("assessment-missing", "c1/math/2026-11", "yellow", "open"),
    ]
    teacher, stand_in = school.at("teacher"), school.at("stand_in")  # the sessions of before are over
    signed_in = {"token": typed(teacher.get(PAGE).text)["token"]}
    assert teacher.send(SAVE, form | signed_in | {"elapsed": str(4 * 86_400_000 - 1)}).json()["state"] == "saved"
    late = graded(typed(stand_in.get(path(course="art")).text), s02="good")
    assert stand_in.send(f"{path(course='art')}/save", late).json()["state"] == "saved"
    assert [one[3] for one in school.warnings("assessment-missing")] == ["resolved", "withdrawn"]
    assert school.warnings("assessment-poor-months") == [("assessment-poor-months", "s01/math", "yellow", "open")]
    assert stands(school)["s02"].data["teacher"] == "ill", "the stand-in speaks for the one on leave"
    fixed = graded(typed(teacher.get(PAGE).text), s01="fair")
    assert teacher.send(SAVE, fixed).json()["state"] == "saved"
    assert [one[3] for one in school.warnings("assessment-poor-months")] == ["withdrawn"]


def test_one_student_is_saved_alone_and_what_was_typed_of_the_others_stays(school):
    month(school)
    teacher = school.at("teacher")
    form = graded(typed(teacher.get(PAGE).text), s01="good", s02="fair") | {"comment:s02": "进步"}
    shown = teacher.send(f"{SAVE}-s01", form, asks="text/html")
    assert shown.status_code == 200
    assert stands(school).keys() == {"s01"}
    kept = typed(shown.text)
    assert (kept["overall:s02"], kept["comment:s02"]) == ("fair", "进步")
    assert teacher.send(SAVE, kept, asks="text/html").status_code == 303
    assert {one: said.data["overall"] for one, said in stands(school).items()} == {"s01": "good", "s02": "fair"}


def test_students_are_saved_one_after_the_other_from_one_page_that_was_not_loaded_again(school):
    """As the queue of a phone does that had no net."""
    month(school)
    teacher = school.at("teacher")
    form = typed(teacher.get(PAGE).text)
    for student in ("s01", "s02"):
        form = graded(form, **{student: "good"})
        assert teacher.send(f"{SAVE}-{student}", form).json()["state"] == "saved"
    assert teacher.send(SAVE, form).json()["state"] == "known", "all of it stands already"
    assert stands(school).keys() == {"s01", "s02"}


def test_sent_twice_it_is_taken_once_and_a_correction_keeps_its_day(school):
    month(school)
    teacher = school.at("teacher")
    form = graded(typed(teacher.get(PAGE).text), s01="good")
    assert [teacher.send(SAVE, form).json()["state"] for _ in range(2)] == ["saved", "known"]
    first = stands(school)["s01"].time
    school.later(days=2)
    assert teacher.send(SAVE, graded(typed(teacher.get(PAGE).text), s01="fair")).json()["state"] == "saved"
    corrected = stands(school)["s01"]
    assert (corrected.data["overall"], corrected.time) == ("fair", first)


def test_of_two_words_in_one_instant_the_later_one_counts(school):
    """As in a sample college, whose clock stands still once its day is over."""
    month(school)
    teacher = school.at("teacher")
    for grade in ["good", "poor"] * 4:
        assert teacher.send(SAVE, graded(typed(teacher.get(PAGE).text), s01=grade)).json()["state"] == "saved"
        assert stands(school)["s01"].data["overall"] == grade


def test_what_another_phone_said_meanwhile_is_shown_and_decided(school):
    month(school)
    first, second = school.at("teacher"), school.at("teacher")
    forms = [graded(typed(one.get(PAGE).text), s01=grade) for one, grade in ((first, "poor"), (second, "good"))]
    assert first.send(SAVE, forms[0]).json()["state"] == "saved"
    refused = second.send(SAVE, forms[1])
    assert (refused.status_code, refused.json()["state"]) == (409, "changed")
    assert stands(school)["s01"].data["overall"] == "poor"
    shown = second.send(SAVE, forms[1], asks="text/html")
    assert shown.status_code == 409
    assert "现在记录为：总体 差" in shown.text
    decided = typed(shown.text)
    assert decided["overall:s01"] == "good", "what was typed is kept"
    assert second.send(SAVE, decided).json()["state"] == "saved"
    assert stands(school)["s01"].data["overall"] == "good"


def test_who_was_changed_meanwhile_and_is_not_touched_here_is_in_nobodys_way(school):
    month(school)
    first, second = school.at("teacher"), school.at("teacher")
    assert first.send(SAVE, graded(typed(first.get(PAGE).text), s01="good")).json()["state"] == "saved"
    form = typed(second.get(PAGE).text)
    assert form["overall:s01"] == "good"
    assert first.send(SAVE, graded(typed(first.get(PAGE).text), s01="poor")).json()["state"] == "saved"
    assert second.send(SAVE, graded(form, s02="good")).json()["state"] == "saved"
    assert {one: said.data["overall"] for one, said in stands(school).items()} == {"s01": "poor", "s02": "good"}


@pytest.mark.parametrize(
    ("filled", "words"),
    [
        ({}, "还没有填写任何学生"),
        ({"skill:s01": "good"}, "请先选择总体评价：Student 01"),
        ({"comment:s01": "x"}, "请先选择总体评价：Student 01"),
        ({"overall:s01": "best"}, "页面内容不完整"),
        ({"overall:s01": "good", "comment:s01": "长" * 4001}, "评语最多 4000 字：Student 01"),
        ({"overall:s01": "good", "submission": "x"}, "页面内容不完整"),
    ],
    ids=["nothing", "a rating alone", "a comment alone", "no grade of ours", "too long", "no page of ours"],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(school, filled, words):
    month(school)
    teacher = school.at("teacher")
    form = typed(teacher.get(PAGE).text) | {"overall:s02": "fair"} if filled else typed(teacher.get(PAGE).text)
    refused = teacher.send(SAVE, form | filled, asks="text/html")
    assert refused.status_code == 422
    assert words in refused.text
    assert refused.text.count('class="error partly">') == ("总体评价" in words), "it stands at the student, too"
    assert stands(school) == {}
    if filled:
        kept = typed(refused.text)
        assert kept["overall:s02"] == "fair"
        assert kept["comment:s01"] == filled.get("comment:s01", "")


def test_last_months_stand_beside_and_are_taken_over_for_one_student_alone(school):
    last = {"period": "2026-10", "course": "math", "class": "c1", "teacher": "teacher"}
    for student, overall in (("s01", "poor"), ("s02", "good")):
        ratings = {"attitude": "fair", "skill": "poor"}
        school.say("assessment", EIGHT - timedelta(days=25), **last, student=student, overall=overall, ratings=ratings)
    month(school)
    teacher = school.at("teacher")
    page = teacher.get(PAGE).text
    assert "上月：总体 差 · 学习态度 中 · 技能 差" in page
    filled = teacher.send(FILL, typed(page) | {"as_last": "s01", "comment:s03": "kept"}, asks="text/html")
    assert filled.status_code == 200
    form = typed(filled.text)
    assert (form["overall:s01"], form["attitude:s01"], form["skill:s01"]) == ("poor", "fair", "poor")
    assert "classroom:s01" not in form
    assert "overall:s02" not in form
    assert form["comment:s03"] == "kept"
    assert {one.data["period"] for one in school.told("assessment").values()} == {"2026-10"}, "nothing is saved yet"


def test_who_joined_or_left_in_the_month_is_listed_and_who_was_not_there_is_not(tmp_path):
    directory(tmp_path / "directory")
    rows = [
        ("stays", "Stays", "c1", "", ""), ("joined", "Joined", "c1", "2026-11-16", ""),
        ("left", "Left", "c1", "", "2026-11-10"), ("gone", "Gone", "c1", "", "2026-10-31"),
        ("moved", "Moved", "c1", "", "2026-11-19"), ("moved", "Moved", "c2", "2026-11-20", ""),
        ("next", "Next", "c1", "2026-12-01", ""),
    ]  # fmt: skip
    school = School.over(tmp_path, rows)
    try:
        month(school)
        teacher = school.at("teacher")
        page = teacher.get(PAGE).text
        assert re.findall(r'data-student="([^"]+)"', page) == ["joined", "left", "moved", "stays"]
        assert "11-16 转入" in page
        assert "11-10 后不在本班" in page
        form = graded(typed(page), joined="good", left="poor", moved="fair", stays="good")
        assert teacher.send(SAVE, form).json()["state"] == "saved"
        assert stands(school).keys() == {"joined", "left", "moved", "stays"}
        assert {one.data["class"] for one in stands(school).values()} == {"c1"}
    finally:
        school.embedded.stop()


def test_of_a_course_that_is_taught_in_groups_the_group_is_assessed(school):
    month(school, students=["s01", "s02"])
    month(school, id_="l2", begins=EIGHT - timedelta(days=3), students=["s05"])
    assert re.findall(r'data-student="([^"]+)"', school.at("teacher").get(PAGE).text) == ["s01", "s02", "s05"]


def test_what_is_owed_stands_on_my_day_with_its_due_day_until_everybody_is_assessed(school):
    month(school)
    month(school, id_="l2", begins=EIGHT + timedelta(days=1))
    teacher = school.at("teacher")
    day = teacher.get("/day").text
    assert "未完成月度评学：1 个班" in day
    assert "2026年11月 · 数学 · Class 1 · 11-25 截止 · 已评 0/12" in day
    assert f'href="{PAGE}"' in day
    assert "未完成月度评学" not in school.at("other").get("/day").text
    form = graded(typed(teacher.get(PAGE).text), **dict.fromkeys(STUDENTS[:-1], "good"))
    assert teacher.send(SAVE, form).json()["state"] == "saved"
    assert "已评 11/12" in teacher.get("/day").text
    assert teacher.send(SAVE, graded(typed(teacher.get(PAGE).text), s12="good")).json()["state"] == "saved"
    assert "未完成月度评学" not in teacher.get("/day").text


def test_a_month_whose_due_day_is_far_off_is_not_owed_yet_and_can_be_made_already(school):
    school.lesson(period="2026-11", assessment_due=(EIGHT + timedelta(days=11)).isoformat())
    teacher = school.at("teacher")
    assert "未完成月度评学" not in teacher.get("/day").text
    listed = teacher.get("/assessments").text
    assert f'href="{PAGE}"' in listed
    assert "12-04 截止" in listed


def test_who_stood_in_for_a_lesson_and_does_no_more_owes_nothing(tmp_path):
    directory(tmp_path / "directory")
    away = [("ill", "stand_in", "2026-11-01", "2026-11-20")]
    write_table(tmp_path / "directory", "leave.csv", "person,substitute,from,to", away)
    school = School(tmp_path)
    try:
        month(school, course="art", teacher="ill", begins=EIGHT - timedelta(days=5))
        for page in ("/day", "/assessments"):
            assert "/assessments/2026-11/art/c1" in school.at("ill").get(page).text
            assert "/assessments/2026-11/art/c1" not in school.at("stand_in").get(page).text
    finally:
        school.embedded.stop()


@pytest.mark.parametrize(
    ("person", "asked", "status"),
    [
        ("teacher", path(), 200), ("other", path(), 404), ("tutor", path(), 404), ("s01", path(), 404),
        ("stand_in", path(course="art"), 200), ("teacher", path(course="art"), 404),
        ("teacher", path(class_="c2"), 404), ("teacher", path(period="2026-12"), 404),
        ("teacher", path(period="2026-13"), 404), ("teacher", path(course="no%252Fsuch"), 404),
        (None, path(), 303),
    ],
    ids=[
        "who teaches it", "another teacher", "the tutor", "a student", "who stands in", "another course",
        "another class", "a month to come", "no month", "no course", "nobody",
    ],
)  # fmt: skip
def test_whoever_teaches_it_sees_it_and_nobody_else(school, person, asked, status):
    """By the directory, too, where the timetable says nothing of the month."""
    browser = school.at(person)
    page = browser.get(asked)
    assert page.status_code == status
    token = re.search(r'name="token" value="([^"]+)"', browser.get("/day").text + browser.get("/my-channels").text)
    form = {"token": token[1] if token else "x", "submission": "12345678"} | typed(page.text) | {"overall:s01": "good"}
    for act in ("save", "save-s01", "fill"):
        sent = browser.send(f"{asked}/{act}", form, asks="text/html").status_code
        assert sent == (403 if person is None else 404 if status != 200 else 200 if act == "fill" else 303), act
    assert (len(stands(school)) == 1) == (status == 200)


def test_ids_may_hold_any_characters(tmp_path):
    directory(tmp_path / "directory")
    strange = "a/b?c=d&e #%2F é<"
    write_table(
        tmp_path / "directory", "classes.csv", "id,name", [(strange, "Strange"), ("c1", "Class 1"), ("c2", "2")]
    )
    school = School.over(tmp_path, [(strange, "Stranger", strange, "", "")])
    try:
        month(school, **{"class": strange})
        teacher = school.at("teacher")
        (found,) = re.findall(r'href="(/assessments/[^"]+)"', teacher.get("/assessments").text)
        page = teacher.get(found).text
        (action,) = re.findall(r'action="([^"]+/save)"', page)
        assert teacher.send(action, graded(typed(page), **{strange: "good"})).json()["state"] == "saved"
        assert stands(school)[strange].data["class"] == strange
        (in_english,) = re.findall(r'href="([^"]+)" lang="en"', page)
        assert teacher.get(html.unescape(in_english)).status_code == 200
    finally:
        school.embedded.stop()


def test_a_session_that_ended_meanwhile_loses_no_comment(school):
    month(school)
    teacher = school.at("teacher")
    form = typed(teacher.get(PAGE).text) | {"overall:s01": "good", "comment:s01": "只写在这里"}
    school.later(days=4)
    lost = teacher.send(SAVE, form, asks="text/html")
    assert lost.status_code == 403
    assert "只写在这里" in lost.text
