"""A window opened on the roll-call, the code on a student's phone, and what stands afterwards; and who cheats."""

import re
from datetime import timedelta

import pytest

from services.accounts.check_in import STEP
from services.web.phone.check_in_pages import DEVICE
from tests.unit.web.phone.conftest import EIGHT, STUDENTS, School

ROLL, CODE = "/lessons/l1/roll-call", "/lessons/l1/check-in"
NOW = "这个码现在不能用"


def token(browser, path="/check-in"):
    return re.search(r'name="token" value="([^"]+)"', browser.get(path).text)[1]


def opened(school, lesson="l1", minutes=2, person="teacher"):
    """The teacher's browser, with a window open."""
    teacher = school.at(person)
    page = f"/lessons/{lesson}"
    answer = teacher.send(
        f"{page}/check-in/open", {"token": token(teacher, f"{page}/roll-call"), "minutes": minutes}, asks="text/html"
    )
    assert answer.status_code == 303
    return teacher


def shown(teacher, lesson="l1"):
    return teacher.get(f"/lessons/{lesson}/check-in.json").json()


def phone(school, student, device=None):
    """A student's browser, with the cookie of its phone."""
    browser = school.at(student)
    cookie = browser.get("/check-in").cookies.get(DEVICE)
    browser.cookies.set(DEVICE, device or cookie)
    return browser


def enter(browser, code):
    """The answer: page and status."""
    return browser.send("/check-in", {"token": token(browser), "code": code}, asks="text/html")


def stands(school):
    """Student → status that counts, and who says so."""
    return {one.data["student"]: (one.data["status"], one.source) for one in school.told("attendance").values()}


def test_a_student_who_types_the_code_is_present_and_the_teacher_sees_it(school):
    school.lesson()
    school.later(minutes=3)
    teacher = opened(school)
    said = shown(teacher)
    assert (said["state"], said["came"], said["left"]) == ("open", {}, 120)
    student = phone(school, "s01")
    assert enter(student, said["code"]).status_code == 303
    assert stands(school) == {"s01": ("present", "check-in")}
    assert "11-23 08:03 已签到：数学" in student.get("/check-in").text
    assert shown(teacher)["came"] == {"s01": "08:03"}
    roll = teacher.get(ROLL).text
    assert "已签到 1/11" in roll
    assert re.search(r'data-student="s01".*?class="came">已签到 08:03<', roll, re.DOTALL)
    assert enter(student, said["code"]).status_code == 303, "once more changes nothing"
    assert len(stands(school)) == 1


def test_the_teachers_word_stands_above_it_before_and_after(school):
    school.lesson()
    teacher = opened(school)
    code = shown(teacher)["code"]
    form = teacher.form(ROLL) | {"status:s01": "absent", "status:s02": "absent"}
    assert enter(phone(school, "s01"), code).status_code == 303
    assert teacher.send(ROLL, form).json()["state"] == "saved", "codes that are typed meanwhile are in nobody's way"
    assert enter(phone(school, "s02"), code).status_code == 303
    assert {one: stands(school)[one] for one in ("s01", "s02")} == dict.fromkeys(("s01", "s02"), ("absent", "phone"))
    assert shown(teacher)["came"].keys() == {"s01", "s02"}, "and the teacher sees that they typed it"
    assert school.warnings("rollcall-missing") == []


def test_it_takes_no_roll_call_and_goes_behind_every_other_source(school):
    school.lesson()
    teacher = opened(school)
    assert enter(phone(school, "s01"), shown(teacher)["code"]).status_code == 303
    assert school.told("rollcall") == {}
    school.say("attendance", EIGHT - timedelta(minutes=1), lesson="l1", student="s01", status="late", **{"class": "c1"})
    assert stands(school)["s01"] == ("late", "sis")


def test_a_code_is_of_its_window(school):
    """Replayed after its step, after the window, and in the next window, it does not count."""
    school.lesson()
    teacher, student = opened(school), phone(school, "s01")
    first = shown(teacher)["code"]
    school.later(milliseconds=2 * STEP)
    assert NOW in enter(student, first).text
    last = shown(teacher)["code"]
    school.later(minutes=2)
    assert shown(teacher)["state"] == "over"
    assert NOW in enter(student, last).text
    opened(school)
    for code in (first, last):
        assert NOW in enter(student, code).text
    assert stands(school) == {}
    assert enter(student, shown(teacher)["code"]).status_code == 303


def test_a_tap_ends_it(school):
    school.lesson()
    teacher, student = opened(school, minutes=10), phone(school, "s01")
    code = shown(teacher)["code"]
    assert teacher.send(f"{CODE}/close", {"token": token(teacher, CODE)}, asks="text/html").status_code == 303
    assert shown(teacher)["state"] == "over"
    assert NOW in enter(student, code).text
    assert teacher.get(f"{CODE}.svg").status_code == 404


def test_it_belongs_to_the_students_of_the_lesson(school):
    """The code of another class, of another group, of nobody's lesson: the answer is that of a wrong one."""
    school.lesson(students=STUDENTS[:5])
    teacher = opened(school)
    code = shown(teacher)["code"]
    for stranger in ("t0", "s06", "teacher", "tutor"):
        refused = enter(phone(school, stranger), code)
        assert refused.status_code == 422
        assert NOW in refused.text
        assert "数学" not in refused.text
    assert stands(school) == {}


def test_of_two_lessons_each_has_its_own_code(school):
    school.lesson()
    school.lesson("l2", **{"class": "c2"})
    mine, theirs = opened(school), opened(school, "l2")
    assert shown(mine)["code"] != shown(theirs, "l2")["code"]
    assert NOW in enter(phone(school, "s01"), shown(theirs, "l2")["code"]).text
    assert enter(phone(school, "t0"), shown(theirs, "l2")["code"]).status_code == 303
    assert stands(school) == {"t0": ("present", "check-in")}


def test_one_phone_checks_in_one_student_and_the_teacher_sees_the_second(school):
    school.lesson()
    teacher, first = opened(school), phone(school, "s01")
    code = shown(teacher)["code"]
    assert enter(first, code).status_code == 303
    second = phone(school, "s02", first.cookies[DEVICE])
    refused = enter(second, code)
    assert refused.status_code == 422
    assert "已经签过另一位同学" in refused.text
    assert "Student 01" not in refused.text
    assert stands(school).keys() == {"s01"}
    assert shown(teacher)["refused"] == ["Student 02 用了 Student 01 签到过的手机，没有计入。"]
    assert "Student 02 用了 Student 01 签到过的手机" in teacher.get(ROLL).text
    assert "Student 02" not in teacher.get(CODE).text, "no names on the wall"
    assert enter(phone(school, "s02"), code).status_code == 303, "with their own phone they may"
    assert stands(school).keys() == {"s01", "s02"}


def test_a_phone_that_keeps_no_cookie_is_asked_once_more(school):
    school.lesson()
    teacher, student = opened(school), school.at("s01")
    refused = enter(student, shown(teacher)["code"])
    assert refused.status_code == 422
    assert "请再点一次" in refused.text
    assert len(refused.cookies[DEVICE]) >= 32
    assert stands(school) == {}


def test_whoever_guesses_waits_and_the_right_code_does_not_help_then(school):
    school.lesson()
    teacher, student = opened(school, minutes=10), phone(school, "s01")
    code = shown(teacher)["code"]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert [enter(student, wrong).status_code for _ in range(6)] == [422] * 5 + [429]
    waits = enter(student, code)
    assert waits.status_code == 429
    assert "请等 30 秒" in waits.text
    assert enter(phone(school, "s02"), code).status_code == 303, "nobody else waits"
    school.later(seconds=31)
    assert enter(student, shown(teacher)["code"]).status_code == 303
    assert [enter(student, wrong).status_code for _ in range(5)] == [422] * 5, "a right one gives the tries back"


def test_the_clock_of_the_phone_does_not_matter(school):
    school.lesson()
    teacher, student = opened(school), phone(school, "s01")
    form = {"token": token(student), "code": shown(teacher)["code"], "elapsed": str(5 * 3_600_000)}
    assert student.send("/check-in", form).json()["state"] == "saved"
    (said,) = school.told("attendance").values()
    assert said.recordedat == EIGHT


@pytest.mark.parametrize(
    ("shift", "held", "opens"),
    [
        (-31, "planned", False), (-30, "planned", True), (0, "planned", True), (100, "planned", True),
        (101, "planned", False), (0, "cancelled", False),
    ],
)  # fmt: skip
def test_it_is_opened_for_a_lesson_that_is_held_and_about_its_time(school, shift, held, opens):
    school.lesson(status=held)
    school.clock.now = EIGHT + timedelta(minutes=shift)
    teacher = school.at("teacher")
    form = {"token": token(teacher, "/my-channels"), "minutes": "5"}
    answer = teacher.send(f"{CODE}/open", form, asks="text/html")
    assert answer.status_code == (303 if opens else 422)
    assert (shown(teacher)["state"] == "open") == opens


@pytest.mark.parametrize("minutes", ["", "0", "3", "10000", "x", "-5"])
def test_a_window_is_open_for_two_five_or_ten_minutes(school, minutes):
    school.lesson()
    teacher = school.at("teacher")
    form = {"token": token(teacher, ROLL), "minutes": minutes}
    assert teacher.send(f"{CODE}/open", form, asks="text/html").status_code == 422
    assert shown(teacher)["state"] == "over"


@pytest.mark.parametrize(
    ("person", "sees"), [("teacher", True), ("other", False), ("tutor", False), ("s01", False), (None, False)]
)
def test_whoever_teaches_the_lesson_sees_its_code_and_nobody_else(school, person, sees):
    school.lesson()
    code = shown(opened(school))["code"]
    browser = school.at(person)
    for page in (CODE, f"{CODE}.json", f"{CODE}.svg"):
        answer = browser.get(page)
        assert answer.status_code == (200 if sees else 404 if person else 303), page
        assert sees or code not in answer.text
    form = {"token": token(browser, "/my-channels") if person else "x", "minutes": "5"}
    for act in ("open", "close"):
        answer = browser.send(f"{CODE}/{act}", form, asks="text/html")
        assert answer.status_code == (303 if sees else 404 if person else 403), act


def test_the_picture_is_an_image_of_ours_with_the_address_and_the_code(school):
    school.lesson()
    teacher = opened(school)
    picture = teacher.get(f"{CODE}.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["cache-control"] == "no-store"
    assert picture.text.startswith("<svg")
    school.later(milliseconds=STEP)
    assert teacher.get(f"{CODE}.svg").text != picture.text
    page = teacher.get(CODE).text
    assert "<style" not in page
    assert "style=" not in page


def test_whoever_comes_by_the_picture_finds_the_code_filled_in_also_behind_the_sign_in(school):
    school.lesson()
    code = shown(opened(school))["code"]
    assert f'value="{code}"' in school.at("s01").get(f"/check-in?code={code}").text
    asked = school.at(None).get(f"/check-in?code={code}")
    assert asked.headers["location"] == f"/sign-in?next=/check-in%3Fcode%3D{code}"


def test_windows_and_phones_are_known_after_a_restart(tmp_path):
    school = School(tmp_path / "home")
    school.lesson()
    teacher, first = opened(school), phone(school, "s01")
    code = shown(teacher)["code"]
    assert enter(first, code).status_code == 303
    school.embedded.stop()
    again = School(school.settings.home)
    try:
        again.clock.now = school.clock.now
        teacher.over(again)
        first.over(again)
        assert shown(teacher)["code"] == code
        assert shown(teacher)["came"] == {"s01": "08:00"}
        second = phone(again, "s02", first.cookies[DEVICE])
        assert "已经签过另一位同学" in enter(second, code).text
    finally:
        again.embedded.stop()


def test_a_student_on_leave_who_comes_after_all_is_present(school):
    school.lesson()
    leave = {"from": EIGHT.isoformat(), "to": (EIGHT + timedelta(hours=4)).isoformat(), "status": "granted"}
    school.say("leave", EIGHT - timedelta(hours=1), leave="v1", student="s01", **leave)
    teacher = opened(school)
    assert teacher.form(ROLL)["status:s01"] == "leave"
    assert enter(phone(school, "s01"), shown(teacher)["code"]).status_code == 303
    assert teacher.form(ROLL)["status:s01"] == "present"
