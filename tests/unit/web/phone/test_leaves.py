"""Leave on the phone: asked for, decided, ended; what it lies over, and who may."""

import re
from datetime import timedelta

import pytest

from tests.faults.running import write_table
from tests.unit.web.phone.conftest import EIGHT, School, directory

NEW = "/leaves/new"
TODAY = "2026-11-23"
ROLL = "/lessons/l1/roll-call"
SWITCH, LIVE = (f'<script type="module" src="/static/{one}.js">' for one in ("switch", "live"))


def college(place):
    """A tutor and a counsellor of c1, a head of the department, an office; `ill`, tutor of c2, is away."""
    directory(place)
    people = ["teacher", "other", "tutor", "ill", "stand_in", "counsellor", "head", "office", "gone"]
    rows = [(one, one.title(), "2026-11-01" if one == "gone" else "") for one in people]
    write_table(place, "people.csv", "id,name,to", rows)
    write_table(place, "departments.csv", "id,name_zh", [("d1", "护理系")])
    write_table(place, "classes.csv", "id,name,department", [("c1", "Class 1", "d1"), ("c2", "Class 2", "d1")])
    roles = [
        ("class_tutor", "tutor", "class", "c1", ""), ("class_tutor", "ill", "class", "c2", ""),
        ("class_tutor", "gone", "class", "c1", ""), ("counsellor", "counsellor", "department", "d1", ""),
        ("department_head", "head", "department", "d1", ""), ("student_affairs", "office", "", "", ""),
        ("course_teacher", "teacher", "course", "math", "c1"),
    ]  # fmt: skip
    write_table(place, "roles.csv", "role,person,scope_kind,scope,class", roles)
    write_table(place, "leave.csv", "person,substitute,from", [("ill", "stand_in", "2026-11-01")])


def opened(home, **settings):
    if not (home / "directory").exists():
        college(home / "directory")
    return School(home, **settings)


@pytest.fixture
def school(tmp_path):
    found = opened(tmp_path / "home", student_leave=True)
    yield found
    found.embedded.stop()


def form_of(browser, page=NEW, **typed):
    """What the first form of a page would send; filled in as `typed`."""
    shown = browser.get(page).text
    fields = browser.fields(shown) | dict(re.findall(r'<input id="[^"]+" name="([^"]+)"[^>]* value="([^"]*)"', shown))
    fields.pop("sure", None)
    return fields | typed


def ask(school, person="s01", **typed):
    """The address of the leave that was asked for today."""
    browser = school.at(person)
    typed = {"reason": "发烧"} | ({} if re.fullmatch(r"[st]\d+", person) else {"student": "s01"}) | typed
    answer = browser.send(NEW, form_of(browser, **typed))
    assert (answer.status_code, answer.json()["state"]) == (200, "saved"), answer.text
    return answer.json()["page"]


def decide(school, person, page, what="decide", **typed):
    browser = school.at(person)
    return browser.send(f"{page}/{what}", form_of(browser, page, **typed))


def leave(school, student="s01"):
    """What counts of the one leave of a student."""
    (found,) = [one for one in school.told("leave").values() if one.data["student"] == student]
    return found


def test_what_a_student_asks_for_waits_is_granted_and_is_one_record_with_who_did_what(school):
    page = ask(school)
    asked = leave(school)
    assert {**asked.data, "leave": ""} == {
        "leave": "", "student": "s01", "class": "c1", "department": "d1", "status": "pending", "category": "sick",
        "reason": "发烧", "asked_by": "s01", "from": "2026-11-22T16:00:00Z", "to": "2026-11-23T16:00:00Z",
    }  # fmt: skip
    assert asked.source == "phone"
    school.later(minutes=5)
    assert decide(school, "tutor", page, verdict="grant").json()["state"] == "saved"
    granted = leave(school)
    assert (granted.data["status"], granted.data["decided_by"]) == ("granted", "tutor")
    assert (granted.id, granted.time) == (asked.id, asked.time), "it is the same record"
    shown = school.at("s01").get(page).text
    assert "Tutor 已于 11-23 08:05 准假" in shown
    assert "verdict" not in shown
    assert "销假" in shown


@pytest.mark.parametrize("late", [False, True], ids=["before the roll-call", "after the absence"])
def test_a_granted_leave_takes_the_warnings_of_its_hours_back_and_cancelled_they_return(school, late):
    """S1, S2."""
    for n in range(2):
        school.lesson(f"l{n + 1}", EIGHT + timedelta(hours=2 * n))
    school.later(hours=4)
    page = None if late else ask(school)
    for n in (1, 2):
        teacher, roll = school.at("teacher"), f"/lessons/l{n}/roll-call"
        form = form_of(teacher, roll) | {"status:s01": "absent"}
        assert teacher.send(roll, form).json()["state"] == "saved"
    rules = ("absence-hours", "absence-streak")
    warned = [("absence-hours", "s01", "yellow", "open"), ("absence-streak", "s01/math", "yellow", "open")]
    assert school.warnings(*rules) == warned
    page = page or ask(school)
    shown = school.at("tutor").get(page).text
    assert shown.count("旷课</span>") == 2, "who decides sees what the roll-calls say"
    assert school.warnings(*rules) == warned, "nobody has granted it"
    assert decide(school, "tutor", page, verdict="grant").json()["state"] == "saved"
    assert {one[3] for one in school.warnings(*rules)} == {"withdrawn"}
    assert decide(school, "s01", page, "end", act="cancel").json()["state"] == "saved"
    assert [one for one in school.warnings(*rules) if one[3] == "open"] == warned
    assert leave(school).data["ended_by"] == "s01"
    assert "Tutor 已准假；Student 01 已于 " in school.at("tutor").get(page).text, "who had granted it is still said"


def test_the_figures_of_a_roll_call_follow_the_leave_so_that_k1_falls_and_returns(school):
    school.lesson()
    teacher = school.at("teacher")
    teacher.send(ROLL, form_of(teacher, ROLL) | {"status:s01": "absent", "status:s02": "absent"})
    assert school.warnings("arrival-rate") == [("arrival-rate", "l1", "orange", "open")]
    page, open_page = ask(school), form_of(teacher, ROLL)
    decide(school, "tutor", page, verdict="grant")
    (rolled,) = school.told("rollcall").values()
    figures = {name: rolled.data[name] for name in ("expected", "present", "leave", "absent")}
    assert figures == {"expected": 11, "present": 9, "leave": 1, "absent": 1}
    assert school.warnings("arrival-rate") == [("arrival-rate", "l1", "orange", "withdrawn")]
    assert teacher.send(ROLL, open_page).json()["state"] == "changed", "a page from before shows the leave first"
    decide(school, "s01", page, "end", act="cancel")
    (rolled,) = school.told("rollcall").values()
    assert (rolled.data["leave"], rolled.data["absent"]) == (0, 2)
    assert ("arrival-rate", "l1", "orange", "open") in school.warnings("arrival-rate")


def test_k1_follows_leave_that_another_system_grants_and_cancels_where_the_roll_was_called_here(school):
    school.lesson()
    teacher = school.at("teacher")
    teacher.send(ROLL, form_of(teacher, ROLL) | {"status:s01": "absent", "status:s02": "absent"})
    assert school.warnings("arrival-rate") == [("arrival-rate", "l1", "orange", "open")]
    hours = {"from": EIGHT.isoformat(), "to": (EIGHT + timedelta(hours=2)).isoformat()}
    school.say("leave", leave="v", student="s01", status="granted", **hours)
    assert school.warnings("arrival-rate") == [("arrival-rate", "l1", "orange", "withdrawn")]
    teacher.send(ROLL, form_of(teacher, ROLL) | {"status:s02": "late"})  # it is counted anew with s01 on leave
    school.later(hours=1)
    school.say("leave", leave="v", student="s01", status="cancelled", **hours)
    (rolled,) = school.told("rollcall").values()
    figures = {name: rolled.data[name] for name in ("expected", "present", "late", "leave", "absent")}
    assert figures == {"expected": 11, "present": 9, "late": 1, "leave": 0, "absent": 1}


@pytest.mark.parametrize("listed", [True, False], ids=["by name", "as figures alone"])
def test_k1_follows_leave_where_another_system_called_the_roll_and_says_who_was_absent(school, listed):
    school.lesson()
    school.later(minutes=20)
    at = EIGHT + timedelta(minutes=10)
    of = {"lesson": "l1", "class": "c1", "course": "math"}
    for student in ("s01", "s02") if listed else ():
        school.say("attendance", at, student=student, status="absent", hours=2, **of)
    school.say("rollcall", at, expected=11, present=9, late=0, leave=0, absent=2, **of)
    open_ = ("arrival-rate", "l1", "orange", "open")
    assert school.warnings("arrival-rate") == [open_]
    page = ask(school)
    decide(school, "tutor", page, verdict="grant")
    assert school.warnings("arrival-rate") == [("arrival-rate", "l1", "orange", "withdrawn") if listed else open_]
    decide(school, "s01", page, "end", act="cancel")
    assert open_ in school.warnings("arrival-rate")


def test_back_sooner_the_lessons_after_that_count_again(school):
    for n in range(2):
        school.lesson(f"l{n + 1}", EIGHT + timedelta(hours=6 * n))
    page = ask(school)
    decide(school, "tutor", page, verdict="grant")
    school.later(hours=8)
    for n in (1, 2):
        teacher, roll = school.at("teacher"), f"/lessons/l{n}/roll-call"
        teacher.send(roll, form_of(teacher, roll) | {"status:s01": "absent"})
    marks = lambda: {one.data["lesson"]: one.data["status"] for one in school.told("attendance").values()  # noqa: E731
                     if one.data["student"] == "s01"}  # fmt: skip
    assert marks() == {"l1": "leave", "l2": "leave"}
    answer = decide(school, "s01", page, "end", act="shorten", to_day=TODAY, to_part="noon", to_time="")
    assert answer.json()["state"] == "saved", answer.text
    assert marks() == {"l1": "leave", "l2": "absent"}
    shown = school.at("tutor").get(page).text
    assert "Tutor 已准假；Student 01 已于 11-23 16:00 提前销假" in shown


def test_a_roll_call_names_who_has_asked_and_presets_who_was_granted(school):
    school.lesson()
    page = ask(school)
    teacher = school.at("teacher")
    assert "已请假，待批" in teacher.get(ROLL).text
    assert teacher.form(ROLL)["status:s01"] == "present", "what is not granted is no leave"
    decide(school, "tutor", page, verdict="grant")
    assert "待批" not in teacher.get(ROLL).text
    assert teacher.form(ROLL)["status:s01"] == "leave"


def test_sent_twice_it_is_one_and_asked_again_over_the_same_time_it_is_asked_once_more(school):
    student = school.at("s01")
    form = form_of(student, reason="x")
    assert [student.send(NEW, form).json()["state"] for _ in range(2)] == ["saved", "known"]
    again = form_of(student, reason="x")
    refused = student.send(NEW, again, asks="text/html")
    assert refused.status_code == 409
    assert "时间重叠" in refused.text
    assert len(school.told("leave")) == 1
    sure = student.fields(refused.text)
    assert student.send(NEW, again | {"sure": sure["sure"]}).json()["state"] == "saved"
    assert len(school.told("leave")) == 2


def test_what_was_seen_of_an_overlap_counts_for_that_alone(school):
    """In another tab more was asked for meanwhile: what is confirmed is what was shown."""
    student = school.at("s01")
    ask(school)
    shown = student.fields(student.send(NEW, form_of(student, reason="x"), asks="text/html").text)
    ask(school, from_day="2026-11-25", to_day="2026-11-25")
    answer = student.send(NEW, form_of(student, reason="x", sure=shown["sure"]))
    assert answer.json()["state"] == "refused"
    assert len(school.told("leave")) == 2


def test_of_two_who_decide_the_second_sees_both_words_and_overwrites_nothing(school):
    page = ask(school)
    tutor, counsellor = school.at("tutor"), school.at("counsellor")
    first, second = (form_of(one, page) for one in (tutor, counsellor))
    assert tutor.send(f"{page}/decide", first | {"verdict": "grant"}).json()["state"] == "saved"
    refused = counsellor.send(f"{page}/decide", second | {"verdict": "refuse", "answer": "期中考试"}, asks="text/html")
    assert refused.status_code == 409
    assert "现在：Tutor 已于 11-23 08:00 准假。您要做的：不准 “期中考试”。" in refused.text
    assert leave(school).data["status"] == "granted"
    assert tutor.send(f"{page}/decide", first | {"verdict": "grant"}).json()["state"] == "known", "the answer was lost"


def test_what_a_file_says_of_the_same_leave_meanwhile_is_seen_first(school):
    page = ask(school)
    asked = leave(school).data
    tutor = school.at("tutor")
    form = form_of(tutor, page, verdict="grant")
    given = {name: asked[name] for name in ("leave", "student", "from", "to")}
    school.say("leave", source="slips", **given, status="refused")
    refused = tutor.send(f"{page}/decide", form)
    assert (refused.status_code, refused.json()["state"]) == (409, "changed")
    assert leave(school).data["status"] == "pending", "what is said on our pages goes before"


def test_leave_of_another_system_stands_on_the_list_and_can_be_cancelled_here(school):
    school.say("leave", source="slips", student="s02", status="granted",
               **{"from": f"{TODAY}T00:00:00+08:00", "to": "2026-11-24T00:00:00+08:00"})  # fmt: skip
    (page,) = re.findall(r'href="(/leaves/s02[^"]+)"', school.at("tutor").get("/leaves").text)
    assert "来自数据来源 slips" in school.at("tutor").get(page).text
    assert decide(school, "tutor", page, "end", act="cancel").json()["state"] == "saved"
    assert leave(school, "s02").data["status"] == "cancelled"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"to_day": "2026-11-22"}, "结束时间应晚于开始时间"),
        ({"from_day": "2026-11-08"}, "最早只能补请 14 天以内的假（2026-11-09 起）"),
        ({"from_day": "2025-03-03", "to_day": "2025-03-03"}, "最早只能补请"),
        ({"to_day": "2027-12-27"}, "请假不能超过本学期末"),
        ({"from_day": "2026-13-40"}, "“开始”的日期不对"),
        ({"to_day": ""}, "“结束”的日期不对"),
        ({"to_time": "25:00"}, "“结束”的时间不对"),
        ({"from_part": "7"}, "课表中那天没有这一节"),
        ({"from_part": "x"}, "课表中那天没有这一节"),
        ({"reason": "  "}, "请填写事由"),
        ({"reason": "长" * 10_000}, "文字最多 2000 字，您写了 10000 字"),
        ({"category": "holiday"}, "页面内容不完整"),
        ({"submission": "x"}, "页面内容不完整"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(school, typed, words):
    student = school.at("s01")
    answer = student.send(NEW, form_of(student, **({"reason": "看病"} | typed)), asks="text/html")
    assert answer.status_code == 422
    assert words in answer.text
    if "reason" not in typed:
        assert "看病</textarea>" in answer.text
    assert not school.told("leave")


def test_a_tutor_who_chose_nobody_is_asked_to(school):
    tutor = school.at("tutor")
    answer = tutor.send(NEW, form_of(tutor, reason="看病", student=""), asks="text/html")
    assert answer.status_code == 422
    assert "请选择学生；尚未提交" in answer.text
    assert "看病</textarea>" in answer.text


def test_sections_are_those_of_the_lessons_of_that_day(school):
    school.lesson()
    ask(school, from_part="1", to_part="2")
    assert (leave(school).data["from"], leave(school).data["to"]) == (
        f"{TODAY}T00:00:00Z", f"{TODAY}T01:40:00Z",
    )  # fmt: skip


def test_longer_leave_is_the_heads_and_a_tutor_may_grant_a_part(school):
    page = ask(school, to_day="2026-11-26")
    tutor = school.at("tutor")
    assert "更长的由 Head 审批" in tutor.get(page).text
    refused = tutor.send(f"{page}/decide", form_of(tutor, page, verdict="grant"))
    assert (refused.status_code, refused.json()["state"]) == (422, "refused")
    refused = tutor.send(f"{page}/decide", form_of(tutor, page, verdict="refuse", answer="不行"))
    assert refused.status_code == 422
    longer = form_of(tutor, page, verdict="grant", to_day="2026-11-27")
    assert tutor.send(f"{page}/decide", longer).status_code == 422, "nobody grants more than was asked for"
    part = form_of(tutor, page, verdict="grant", to_day="2026-11-25")
    assert tutor.send(f"{page}/decide", part).json()["state"] == "saved"
    assert leave(school).data["to"] == "2026-11-25T16:00:00Z"


def test_who_is_to_decide_has_it_on_their_pages_and_nobody_else(school):
    ask(school)
    ask(school, "t0")
    ask(school, "s02", to_day="2026-11-26")
    for person, n in {"tutor": 1, "stand_in": 1, "head": 1, "counsellor": 0, "office": 0, "teacher": 0}.items():
        browser = school.at(person)
        for page in ("/day", "/", f"/inbox/{person}"):
            shown = browser.get(page).text
            assert (
                f'<span class="count">{n}</span>' in shown if page == "/" else f"{n} 条请假申请等我审批" in shown
            ) == (n > 0), (person, page)
    assert "待 Tutor 审批" in school.at("counsellor").get("/leaves").text
    assert "请假" not in school.at("teacher").get("/").text


def test_a_refusal_needs_a_reason_which_the_student_reads(school):
    page = ask(school)
    assert decide(school, "tutor", page, verdict="refuse").status_code == 422
    assert decide(school, "tutor", page, verdict="refuse", answer="今天有实训考核").json()["state"] == "saved"
    shown = school.at("s01").get(page).text
    assert "不准" in shown
    assert "今天有实训考核" in shown


def test_nobody_may_what_is_not_theirs_and_a_line_is_written(school):
    page = ask(school)
    for person in ("s02", "teacher", "ill"):
        browser = school.at(person)
        assert browser.get(page).status_code == 404
        assert browser.send(f"{page}/decide", {"token": form_of(browser, "/")["token"]}).status_code == 404
        assert browser.send(f"{page}/end", {"token": form_of(browser, "/")["token"]}).status_code == 404
        asked = browser.send(NEW, {"token": form_of(browser, "/")["token"], "student": "s01"})
        assert asked.status_code == 404
    own = school.at("s01")
    assert own.send(f"{page}/decide", form_of(own, page, verdict="grant")).status_code == 404, "nobody grants their own"
    with school.embedded.notify.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT person, what FROM access ORDER BY id").fetchall()
    assert [tuple(one) for one in rows] == [
        (person, f"{act} leave of s01")
        for person in ("s02", "teacher", "ill")
        for act in ("see", "decide", "end", "ask")
    ] + [("s01", "decide leave of s01")]
    assert leave(school).data["status"] == "pending"


def test_students_ask_and_see_nothing_unless_the_college_says_so(tmp_path):
    school = opened(tmp_path / "home")
    try:
        page = ask(school, "tutor")
        student = school.at("s01")
        assert student.get(NEW).status_code == 404
        assert student.get(page).status_code == 404
        assert "/leaves/" not in student.get("/leaves").text
        assert "请假" not in student.get("/").text
        assert leave(school).data["asked_by"] == "tutor"
        assert decide(school, "tutor", page, verdict="grant").json()["state"] == "saved"
    finally:
        school.embedded.stop()


def test_of_a_student_who_has_moved_the_new_tutor_decides_and_of_one_who_left_nothing_is_asked(tmp_path):
    home = tmp_path / "home"
    college(home / "directory")
    rows = [
        ("s01", "Student 01", "c1", "", "2026-11-23"), ("s01", "Student 01", "c2", "2026-11-24", ""),
        ("s02", "Student 02", "c1", "", "2026-11-23"),
    ]  # fmt: skip
    (home / "directory" / "exemptions.csv").unlink()
    write_table(home / "directory", "students.csv", "id,name,class,from,to", rows)
    school = School(home, student_leave=True)
    try:
        moved, left = ask(school), ask(school, "s02")
        school.later(days=1)
        assert school.at("tutor").get(moved).status_code == 404
        assert decide(school, "stand_in", moved, verdict="grant").json()["state"] == "saved"
        tutor = school.at("tutor")
        assert tutor.send(NEW, form_of(tutor, "/") | {"student": "s02"}).status_code == 404
        assert decide(school, "tutor", left, verdict="grant").json()["state"] == "saved", (
            "of the days that they were here"
        )
        assert tutor.send(f"{left}/end", form_of(tutor, left, act="cancel")).json()["state"] == "saved"
    finally:
        school.embedded.stop()


def test_leave_that_reaches_beyond_the_students_last_day_is_refused(tmp_path):
    home = tmp_path / "home"
    college(home / "directory")
    (home / "directory" / "exemptions.csv").unlink()
    write_table(home / "directory", "students.csv", "id,name,class,to", [("s01", "Student 01", "c1", "2026-11-23")])
    school = School(home, student_leave=True)
    try:
        student = school.at("s01")
        answer = student.send(NEW, form_of(student, reason="x", to_day="2026-11-24"))
        assert answer.status_code == 422
        assert "2026-11-24 不在读" in answer.json()["words"]
    finally:
        school.embedded.stop()


def test_every_page_of_leave_is_there_in_english_and_without_script(school):
    page = ask(school)
    for person in ("s01", "tutor", "head"):
        for path in ("/leaves", page, *((NEW,) if person != "head" else ())):
            shown = school.at(person).get(f"{path}?lang=en")
            assert shown.status_code == 200
            text = re.sub(r"<[^>]+>|中文|发烧|护理系", "", shown.text)
            assert not re.findall(r"[\u4e00-\u9fff]+", text), (person, path)
            assert re.findall(r"<script[^>]*>", shown.text) == [SWITCH, *([] if path == NEW else [LIVE])]


def test_an_address_that_is_none_is_not_there(school):
    for path in ("/leaves/none", "/leaves/s01/none", "/leaves/%00", f"/leaves/{'x' * 3000}"):
        assert school.at("tutor").get(path).status_code == 404, path


def test_in_the_other_language_what_was_typed_stays_and_nothing_is_asked_for(school):
    student = school.at("s01")
    refused = student.send(f"{NEW}?lang=zh", form_of(student, reason="看" * 3_000), asks="text/html")
    switch = refused.text[refused.text.index('id="switch"') : refused.text.index("<main")]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', switch))
    shown = student.send(f"{NEW}?lang=en", fields, asks="text/html")
    assert shown.status_code == 422
    assert '<html lang="en">' in shown.text
    assert "看" * 3_000 in shown.text[shown.text.index("<main") :]
    right = student.send(f"{NEW}?lang=en", fields | {"reason": "看病"}, asks="text/html")
    assert right.status_code == 409
    assert "Not sent yet" in right.text
    assert "看病" in right.text
    assert not school.told("leave")
    fields.pop("shown_again")
    assert student.send(NEW, fields | {"reason": "看病"}).json()["state"] == "saved"
