"""A roll-call from the page to the records, and what follows from it."""

import re
from datetime import timedelta

import pytest

from tests.unit.web.phone.conftest import EIGHT, STUDENTS

PAGE = "/lessons/l1/roll-call"


def marked(form, **marks):
    return form | {f"status:{student}": status for student, status in marks.items()}


def test_everybody_is_present_but_those_who_are_not(school):
    school.lesson()
    school.later(minutes=12)
    teacher = school.at("teacher")
    form = marked(teacher.form(PAGE), s01="absent", s02="late") | {"minutes:s02": "7", "note:s02": "bus"}
    answer = teacher.send(PAGE, form)
    assert (answer.status_code, answer.json()["state"]) == (200, "saved")
    said = school.told("attendance")
    assert len(said) == 11, "who is exempt is not spoken of"
    statuses = {one.data["student"]: one.data["status"] for one in said.values()}
    assert statuses == dict.fromkeys(STUDENTS[:-1], "present") | {"s01": "absent", "s02": "late"}
    late = next(one for one in said.values() if one.data["student"] == "s02")
    assert (late.data["minutes_late"], late.data["note"], late.data["taken_by"]) == (7, "bus", "teacher")
    (rolled,) = school.told("rollcall").values()
    assert {name: rolled.data[name] for name in ("expected", "present", "late", "leave", "absent")} == {
        "expected": 11, "present": 9, "late": 1, "leave": 0, "absent": 1,
    }  # fmt: skip
    assert rolled.time == EIGHT + timedelta(minutes=12)


def test_two_who_are_missing_are_told_to_the_teacher_at_once_and_taken_back_with_a_correction(school):
    school.lesson()
    teacher = school.at("teacher")
    teacher.send(PAGE, marked(teacher.form(PAGE), s01="absent", s02="absent"))
    assert school.warnings("arrival-rate") == [("arrival-rate", "l1", "orange", "open")]
    teacher.send(PAGE, marked(teacher.form(PAGE), s01="late", s02="present"))
    assert school.warnings("arrival-rate") == [("arrival-rate", "l1", "orange", "withdrawn")]


def test_sent_twice_it_is_taken_once_and_taken_again_it_is_a_revision(school):
    school.lesson()
    teacher = school.at("teacher")
    form = marked(teacher.form(PAGE), s01="absent")
    assert [teacher.send(PAGE, form).json()["state"] for _ in range(2)] == ["saved", "known"]
    again = teacher.form(PAGE)
    assert again["status:s01"] == "absent"
    assert teacher.send(PAGE, marked(again, s01="present")).json()["state"] == "saved"
    assert {one.data["status"] for one in school.told("attendance").values()} == {"present"}


def test_a_correction_goes_before_what_was_seen_though_the_phone_dates_it_earlier(school):
    school.lesson()
    school.later(minutes=10)
    teacher = school.at("teacher")
    teacher.send(PAGE, marked(teacher.form(PAGE), s01="absent"))
    corrected = marked(teacher.form(PAGE), s01="present") | {"elapsed": "300000"}
    assert teacher.send(PAGE, corrected).json()["state"] == "saved"
    assert {one.data["status"] for one in school.told("attendance").values()} == {"present"}


def test_what_somebody_else_took_meanwhile_is_shown_and_decided(school):
    school.lesson()
    first, second = school.at("teacher"), school.at("teacher")
    forms = [marked(one.form(PAGE), s01=status) for one, status in ((first, "absent"), (second, "late"))]
    assert first.send(PAGE, forms[0]).json()["state"] == "saved"
    refused = second.send(PAGE, forms[1])
    assert (refused.status_code, refused.json()["state"]) == (409, "changed")
    assert {one.data["status"] for one in school.told("attendance").values()} == {"present", "absent"}
    shown = second.send(PAGE, forms[1], asks="text/html")
    assert shown.status_code == 409
    assert "现在记录为：旷课" in shown.text
    assert '<option value="late" selected>' in shown.text, "what was typed is kept"


def test_typed_in_time_and_sent_late_it_was_taken_in_time(school):
    """T1 is withdrawn; it was opened for a roll-call that lay on a phone without a net."""
    school.lesson()
    school.later(minutes=12)
    teacher = school.at("teacher")
    form = teacher.form(PAGE)
    school.later(hours=3)
    assert [one[2:] for one in school.warnings("rollcall-missing")] == [("yellow", "open")]
    passed = str(3 * 3_600_000 - 60_000)
    assert teacher.send(PAGE, form | {"elapsed": passed}).json()["state"] == "saved"
    assert [one[3] for one in school.warnings("rollcall-missing")] == ["withdrawn"]


def test_a_correction_of_the_next_day_makes_no_roll_call_late(school):
    school.lesson()
    teacher = school.at("teacher")
    teacher.send(PAGE, marked(teacher.form(PAGE), s01="absent"))
    school.later(hours=25)
    assert teacher.send(PAGE, marked(teacher.form(PAGE), s01="late")).json()["state"] == "saved"
    assert school.warnings("rollcall-missing") == []


def test_taken_late_it_ends_what_it_was_missed_for(school):
    school.lesson()
    school.later(hours=3)
    school.settle()
    teacher = school.at("teacher")
    assert teacher.send(PAGE, teacher.form(PAGE)).json()["state"] == "saved"
    assert [one[3] for one in school.warnings("rollcall-missing")] == ["resolved"]


def test_who_has_leave_is_named_and_leave_that_is_cancelled_lifts(school):
    school.lesson()
    slip = {"leave": "v1", "student": "s03", "from": EIGHT.isoformat(), "to": (EIGHT + timedelta(hours=4)).isoformat()}
    school.say("leave", EIGHT - timedelta(days=1), **slip, status="granted")
    teacher = school.at("teacher")
    form = teacher.form(PAGE)
    assert form["status:s03"] == "leave"
    assert "已准假" in teacher.get(PAGE).text
    teacher.send(PAGE, form)
    statuses = {one.data["student"]: one.data["status"] for one in school.told("attendance").values()}
    assert statuses["s03"] == "leave"
    school.later(minutes=1)
    school.say("leave", EIGHT - timedelta(days=1), **slip, status="cancelled")
    statuses = {one.data["student"]: one.data["status"] for one in school.told("attendance").values()}
    assert statuses["s03"] == "absent"


def test_the_phone_speaks_before_other_sources(school):
    school.lesson()
    school.say("attendance", lesson="l1", student="s05", status="absent", source="door")
    teacher = school.at("teacher")
    form = teacher.form(PAGE)
    assert form["status:s05"] == "absent", "what is known is set"
    teacher.send(PAGE, marked(form, s05="present"))
    school.later(minutes=5)
    school.say("attendance", lesson="l1", student="s05", status="absent", minutes_late=0, source="door")
    assert {one.data["status"] for one in school.told("attendance").values()} == {"present"}


@pytest.mark.parametrize(
    ("person", "status"),
    [("teacher", 200), ("stand_in", 404), ("other", 404), ("tutor", 404), ("s01", 404), (None, 303)],
)
def test_whoever_teaches_it_takes_it_and_nobody_else(school, person, status):
    school.lesson()
    browser = school.at(person)
    assert browser.get(PAGE).status_code == status
    form = school.at("teacher").form(PAGE) | {"token": "none"}
    if person is not None:
        form |= {"token": browser.ask("GET", "/me.json").json()["token"]}
    found = {200: "saved", 404: "refused", 303: "sign_in"}[status]
    for act in ("roll-call", "cancel", "move"):
        answer = browser.send(f"/lessons/l1/{act}", form | {"begins": "2026-11-24T10:00", "submission": f"{act}-12345"})
        if person != "teacher" or act == "roll-call":
            assert answer.json()["state"] == found, act
    assert bool(school.told("rollcall")) == (person == "teacher")


def test_a_substitute_takes_it_for_the_one_on_leave(school):
    school.lesson("l2", course="art", teacher="ill")
    browser = school.at("stand_in")
    page = "/lessons/l2/roll-call"
    assert browser.send(page, browser.form(page)).json()["state"] == "saved"
    assert "/lessons/l2/roll-call" in browser.get("/day").text


def test_a_merged_lecture_has_the_students_of_all_its_classes(school):
    school.lesson(classes=["c1", "c2"])
    teacher = school.at("teacher")
    form = marked(teacher.form(PAGE), t0="absent")
    teacher.send(PAGE, form)
    said = {one.data["student"]: one.data for one in school.told("attendance").values()}
    assert (len(said), said["t0"]["class"], said["s01"]["class"]) == (14, "c2", "c1")


def test_a_lesson_that_is_cancelled_takes_its_records_along(school):
    school.lesson()
    teacher = school.at("teacher")
    teacher.send(PAGE, teacher.form(PAGE))
    assert (
        teacher.send("/lessons/l1/cancel", teacher.form(PAGE) | {"submission": "cancel-1"}).json()["state"] == "saved"
    )
    assert school.told("attendance") == {}
    assert "已停课" in teacher.get(PAGE).text
    assert teacher.send(PAGE, {**teacher.form("/day"), "submission": "again-123"}).status_code in (403, 422)


def test_a_lesson_that_is_moved_stands_on_its_new_day(school):
    school.lesson()
    teacher = school.at("teacher")
    form = teacher.form(PAGE)
    for wrong in ("", "tomorrow", "2026-11-23T08:00"):
        assert teacher.send("/lessons/l1/move", form | {"begins": wrong, "submission": "move-0000"}).status_code == 422
    answer = teacher.send("/lessons/l1/move", form | {"begins": "2026-11-24T10:00", "submission": "move-0001"})
    assert answer.json()["state"] == "saved"
    assert "已调课" in teacher.get("/day").text
    assert "10:00–11:40" in teacher.get("/day?day=2026-11-24").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"minutes:s01": "three"}, "迟到分钟"), ({"minutes:s01": "9999"}, "迟到分钟"),
        ({"note:s01": "x" * 201}, "备注最多"),
        ({"status:s01": "asleep"}, "刷新"), ({"submission": "?"}, "刷新"), ({"submission": ""}, "刷新"),
    ],
)  # fmt: skip
def test_what_is_typed_wrong_is_said_and_kept(school, wrong, said):
    school.lesson()
    teacher = school.at("teacher")
    form = marked(teacher.form(PAGE), s02="absent") | wrong
    assert said in teacher.send(PAGE, form).json()["words"]
    page = teacher.send(PAGE, form, asks="text/html")
    assert (page.status_code, said in page.text) == (422, True)
    assert school.told("attendance") == {}


@pytest.mark.parametrize("elapsed", ["-5", "1e9", "99999999999999", "٣", "", "0"])
def test_what_a_phone_says_of_time_cannot_lead_far(school, elapsed):
    school.lesson()
    teacher = school.at("teacher")
    assert teacher.send(PAGE, teacher.form(PAGE) | {"elapsed": elapsed}).json()["state"] == "saved"
    (rolled,) = school.told("rollcall").values()
    assert EIGHT - timedelta(days=14) <= rolled.time <= EIGHT


def test_an_id_may_hold_whatever_an_id_may(school):
    school.lesson("2026/护理 ?&#1")
    teacher = school.at("teacher")
    link = teacher.get("/day").text.split('href="/lessons/')[1].split('"')[0]
    page = f"/lessons/{link}"
    assert teacher.send(page, teacher.form(page)).json()["state"] == "saved"


def test_my_day_says_what_is_owed_and_what_is_next(school):
    school.lesson("before", EIGHT - timedelta(days=3))
    school.lesson("now")
    school.lesson("later", EIGHT + timedelta(hours=6))
    school.later(minutes=10)
    page = school.at("teacher").get("/day").text
    assert "正在上课" in page
    assert "下一次课" in page
    assert "未点名：1 次课" in page
    assert page.index("/lessons/now/roll-call") < page.index("/lessons/before/roll-call")
    assert 'class="quiet" href="/lessons/later/roll-call"' in page, "no button yet; kept for where there is no net"
    assert "没有您的课" in school.at("other").get("/day").text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "x", "", "2026-11-23T08:00", "٢٠٢٦-11-23"])
def test_a_day_that_is_none_is_today(school, day):
    school.lesson()
    page = school.at("teacher").get("/day", params={"day": day})
    assert (page.status_code, "正在上课" in page.text) == (200, True)


def test_a_day_that_was_read_shows_at_once_that_a_lesson_was_cancelled(school):
    school.lesson()
    teacher = school.at("teacher")
    assert "已停课" not in teacher.get("/day").text
    teacher.send("/lessons/l1/cancel", teacher.form(PAGE))
    assert "已停课" in teacher.get("/day").text


def test_a_lesson_that_was_cancelled_by_mistake_is_held_after_all_with_what_was_said_of_it(school):
    school.lesson()
    teacher = school.at("teacher")
    teacher.send(PAGE, marked(teacher.form(PAGE), s01="absent"))
    answer = teacher.send("/lessons/l1/cancel", teacher.form(PAGE) | {"submission": "cancel-01"}, asks="text/html")
    assert answer.headers["location"].endswith("/roll-call?saved=cancel")
    page = teacher.get("/lessons/l1/roll-call?saved=cancel").text
    assert "这次课已停课。" in page
    assert "点名已保存" not in page
    assert "roll_call.js" not in page, "there is no list for it"
    assert teacher.send("/lessons/l1/restore", teacher.form(PAGE)).json()["state"] == "saved"
    assert {one.data["status"] for one in school.told("attendance").values()} == {"present", "absent"}
    assert teacher.send("/lessons/l1/restore", teacher.form(PAGE)).json()["state"] == "refused", "it is held already"


def test_a_lesson_that_was_moved_is_led_to_and_comes_back(school):
    school.lesson()
    teacher = school.at("teacher")
    form = teacher.form(PAGE) | {"begins": "2026-11-24T10:00"}
    assert teacher.send("/lessons/l1/move", form).json()["state"] == "saved"
    page = teacher.get(PAGE).text
    other = page.split('已调课 → <a href="')[1].split('"')[0]
    assert teacher.get(other).status_code == 200
    assert teacher.send("/lessons/l1/restore", teacher.form(PAGE)).json()["state"] == "saved"
    assert teacher.get(other).status_code == 404
    assert teacher.get(PAGE).text.count("</select>") == 11


def test_a_move_that_clashes_is_asked_once_more(school):
    school.lesson()
    school.lesson("l2", EIGHT + timedelta(hours=24), course="art", teacher="other")
    teacher = school.at("teacher")
    form = teacher.form(PAGE) | {"begins": "2026-11-24T09:00"}
    refused = teacher.send("/lessons/l1/move", form, asks="text/html")
    assert refused.status_code == 422
    assert "美术 Class 1”时间冲突" in refused.text
    assert '<input type="hidden" name="sure" value="2026-11-24T09:00">' in refused.text
    assert teacher.send("/lessons/l1/move", form | {"sure": "2026-11-24T09:00"}).json()["state"] == "saved"
    assert "09:00–10:40" in teacher.get("/day?day=2026-11-24").text


def test_where_nobody_else_is_a_lesson_is_moved_at_once(school):
    school.lesson()
    school.lesson("l3", EIGHT + timedelta(hours=48), course="art", teacher="other", **{"class": "c2"})
    teacher = school.at("teacher")
    form = teacher.form(PAGE) | {"begins": "2026-11-25T08:00"}
    assert teacher.send("/lessons/l1/move", form).json()["state"] == "saved"


def test_whoever_is_warned_of_a_lesson_sees_who_was_not_there(school):
    school.lesson()
    teacher = school.at("teacher")
    teacher.send(PAGE, marked(teacher.form(PAGE), s01="absent", s02="absent", s03="late"))
    school.settle()
    with school.embedded.notify.database.reading() as connection:
        ((id_,),) = connection.exec_driver_sql("SELECT id FROM warning WHERE rule = 'arrival-rate'").fetchall()
    page = school.at("tutor").get(f"/warnings/{id_}").text
    shown = page.split('class="missed"')[1].split("</ul>")[0]
    assert [shown.count(word) for word in ("Student 01", "Student 02", "Student 03", "旷课", "迟到")] == [1, 1, 1, 2, 1]
    assert "Student 04" not in shown


@pytest.mark.parametrize("path", ["/lessons/l1/roll-call", "/lessons/l1/move"])
def test_the_other_language_shows_the_form_again_and_the_sign_in_leads_back_to_its_page(school, path):
    school.lesson()
    teacher = school.at("teacher")
    form = teacher.form(PAGE) | {"minutes:s01": "999", "begins": "never"}
    refused = teacher.send(path, form, asks="text/html").text
    assert f'action="{path}?lang=en" id="switch"' in refused
    switch = refused[refused.index('id="switch"') : refused.index("<main")]
    switch = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', switch))
    assert switch.items() >= {"minutes:s01": "999", "begins": "never", "shown_again": "yes"}.items()
    shown = teacher.send(f"{path}?lang=en", switch, asks="text/html")
    assert (shown.status_code, '<html lang="en">' in shown.text) == (422, True)
    school.later(days=40)
    assert f'name="next" value="{PAGE}"' in teacher.send(path, form, asks="text/html").text
