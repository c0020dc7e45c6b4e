"""A student says that a record is wrong, whoever took it decides, and the warnings that rested on it are withdrawn."""

import re
from datetime import timedelta

import pytest

from tests.unit.web.phone.conftest import EIGHT

RECORD = "/records/attendance/l1/s01/appeal"
ABSENT = ("attendance", "absent")


def at(school, person):
    """Their browser: one session each."""
    browsers = school.__dict__.setdefault("browsers", {})
    return browsers.setdefault(person, school.at(person))


def call(school, lesson="l1", person="teacher", **marks):
    """A roll-call on the phone."""
    teacher = at(school, person)
    page = f"/lessons/{lesson}/roll-call"
    form = teacher.form(page) | {f"status:{student}": status for student, status in marks.items()}
    assert teacher.send(page, form).json()["state"] == "saved"


def appeal(school, person="s01", path=RECORD, form=None, **said):
    """The answer, and the number of the appeal."""
    browser = at(school, person)
    form = (form or browser.form(path)) | {"claim": "was_there", "text": "我坐在最后一排"} | said
    answer = browser.send(path, form, asks="text/html")
    found = re.search(r"/appeals/(\d+)", answer.headers.get("location", ""))
    return answer, int(found[1]) if found else None


def decide(school, number, person="teacher", form=None, **said):
    browser = at(school, person)
    form = (form or browser.form(f"/appeals/{number}")) | said
    return browser.send(f"/appeals/{number}/decide", form, asks="text/html")


def absent(school):
    """s01 and three more are absent, which the tutor is warned of."""
    school.lesson()
    school.later(minutes=3)
    call(school, s01="absent", s02="absent", s03="absent", s04="absent")


def status(school, student="s01"):
    one = school.told("attendance").get(f"l1/{student}")
    return None if one is None else (one.data["status"], one.source, one.revision)


def test_a_student_sees_what_is_wrong_and_says_so_and_whoever_took_it_corrects_it(school):
    absent(school)
    mine = at(school, "s01").get("/my-records").text
    assert "旷课" in mine
    assert f'href="{RECORD}"' in mine
    answer, number = appeal(school)
    assert answer.status_code == 303
    page = at(school, "s01").get(f"/appeals/{number}").text
    assert "我坐在最后一排" in page
    assert "由Teacher决定" in page
    assert "您的决定" not in page, "nobody decides about themselves"
    assert "待我决定的申诉：1" in at(school, "teacher").get("/day").text
    assert "待我决定的申诉：1" in at(school, "teacher").get("/inbox/teacher").text
    assert "待我决定的申诉" not in at(school, "tutor").get("/day").text
    answer = decide(school, number, outcome="present", answer="看错了，抱歉")
    assert answer.status_code == 303, answer.text
    assert status(school)[:2] == ("present", "phone")
    (rollcall,) = school.told("rollcall").values()
    assert (rollcall.data["present"], rollcall.data["absent"]) == (8, 3)
    page = at(school, "s01").get(f"/appeals/{number}").text
    assert "记录已更正，现为：到课" in page
    assert "看错了，抱歉" in page
    assert "待我决定的申诉" not in at(school, "teacher").get("/day").text
    assert RECORD not in at(school, "s01").get("/my-records").text
    assert "taken_by" in school.told("attendance")["l1/s01"].data


def test_the_warnings_that_rested_on_it_are_withdrawn_and_whoever_was_told_hears_it_and_why(school):
    for number in (1, 2):
        school.lesson(f"l{number}", EIGHT + timedelta(hours=3 * (number - 1)))
    school.later(hours=4)
    for number in (1, 2):
        call(school, f"l{number}", s01="absent")
    streak = ("absence-streak", "s01/math", "yellow")
    assert (*streak, "open") in school.warnings()
    _, number = appeal(school)
    assert decide(school, number, outcome="present").status_code == 303
    assert (*streak, "withdrawn") in school.warnings()
    with school.embedded.notify.database.reading() as connection:
        (warning, row), *_ = connection.exec_driver_sql(
            "SELECT id, number FROM warning WHERE rule = 'absence-streak'"
        ).fetchall()
        told = connection.exec_driver_sql(
            f"SELECT d.recipient, c.change, d.status, d.last_error FROM delivery d JOIN warning_change c"
            f" ON c.warning = d.warning AND c.sequence = d.sequence WHERE d.warning = {row}"
        ).fetchall()
    opened = {one[0] for one in told if one[1] == "opened"}
    assert opened
    taken_back = {one[0] for one in told if one[1] == "opened" and one[3] == "withdrawn_before_sent"}
    assert {one[0] for one in told if one[1] == "withdrawn"} | taken_back == opened, told
    assert "经申诉更正" in at(school, "tutor").get(f"/warnings/{warning}").text


def test_it_is_kept_as_it_is_with_a_reason(school):
    absent(school)
    other_tab = at(school, "s01").form(RECORD)
    _, number = appeal(school)
    answer = decide(school, number, outcome="stays", answer=" ")
    assert answer.status_code == 422
    assert "请说明为什么维持原记录" in answer.text
    assert decide(school, number, outcome="stays", answer="座位是空的").status_code == 303
    assert status(school)[0] == "absent"
    page = at(school, "s01").get(f"/appeals/{number}").text
    assert "维持原记录" in page
    assert "座位是空的" in page
    again, second = appeal(school, form=other_tab, claim="slip")
    assert (again.status_code, second) == (303, number), "against the same word is appealed once"


def test_twice_shows_the_first(school):
    absent(school)
    of_tutor = at(school, "tutor").form(RECORD)
    _, first = appeal(school)
    browser = at(school, "s01")
    assert f'href="/appeals/{first}"' in browser.get(RECORD).text
    answer, second = appeal(school, "tutor", form=of_tutor, text="他在")
    assert (answer.status_code, second) == (303, first)
    assert "saved=first" in answer.headers["location"]


def test_it_is_decided_once_in_two_tabs(school):
    absent(school)
    _, number = appeal(school)
    teacher = at(school, "teacher")
    form = teacher.form(f"/appeals/{number}")
    assert decide(school, number, form=form, outcome="present").status_code == 303
    assert decide(school, number, form=form, outcome="present").status_code == 303, "the same once more"
    other = decide(school, number, form=form | {"submission": "another-tab-1"}, outcome="stays", answer="nein")
    assert other.status_code == 409
    assert "已有决定" in other.text
    assert status(school)[0] == "present"


def test_a_record_that_was_corrected_meanwhile_is_not_overwritten_and_both_words_are_shown(school):
    absent(school)
    _, number = appeal(school)
    form = at(school, "teacher").form(f"/appeals/{number}")
    call(school, s01="late")
    answer = decide(school, number, form=form, outcome="present", answer="bitte")
    assert answer.status_code == 409
    assert "原为“旷课”，现为“迟到”" in answer.text
    assert "bitte" in answer.text, "what was typed stands still"
    assert status(school)[0] == "late"
    assert "此后记录已被更正" in at(school, "teacher").get(f"/appeals/{number}").text
    assert decide(school, number, outcome="present").status_code == 303, "by what stands now"
    assert status(school)[0] == "present"


def test_what_somebody_else_has_corrected_can_be_left_at_that(school):
    absent(school)
    _, number = appeal(school)
    call(school, s01="present")
    assert decide(school, number, outcome="stays").status_code == 303
    page = at(school, "s01").get(f"/appeals/{number}").text
    assert "已了结" in page
    assert status(school)[0] == "present"


def test_a_record_that_is_gone_leaves_nothing_to_correct(school):
    absent(school)
    _, number = appeal(school)
    teacher = at(school, "teacher")
    form = teacher.form("/lessons/l1/roll-call")
    assert teacher.send("/lessons/l1/cancel", form).json()["state"] == "saved"
    answer = decide(school, number, outcome="present")
    assert answer.status_code == 409
    assert "已不再计入" in answer.text
    assert decide(school, number, outcome="stays").status_code == 303
    assert "已了结" in at(school, "s01").get(f"/appeals/{number}").text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"text": "  "}, "请用一句话说明哪里有误"),
        ({"text": "长" * 1001}, "超过了 1000 个字"),
        ({"claim": "score"}, "请选择哪里有误"),
    ],
    ids=["nothing", "too long", "no such claim"],
)
def test_what_cannot_be_said_is_refused_and_kept(school, said, why):
    absent(school)
    answer, number = appeal(school, **said)
    assert (answer.status_code, number) == (422, None)
    assert why in answer.text
    assert said.get("text", "我坐在最后一排") in answer.text


def test_nobody_appeals_against_what_is_not_theirs_and_it_is_written_down(school):
    absent(school)
    for person in ("s02", "other", "teacher"):
        assert at(school, person).get(RECORD).status_code == 404, person
    _, number = appeal(school)
    for person in ("s02", "other"):
        assert at(school, person).get(f"/appeals/{number}").status_code == 404
        assert decide(school, number, person, form={"token": token(at(school, person))}).status_code == 404
    assert (
        decide(school, number, "tutor", form={"token": token(at(school, "tutor"))}, outcome="present").status_code
        == 404
    ), "who looks after them sees it only"
    assert at(school, "tutor").get(f"/appeals/{number}").status_code == 200
    with school.embedded.notify.database.reading() as connection:
        lines = connection.exec_driver_sql("SELECT person, what FROM access").fetchall()
    assert ("s02", "record attendance l1/s01") in [tuple(one) for one in lines]
    assert ("other", f"appeal {number}") in [tuple(one) for one in lines]


def token(browser):
    return re.search(r'name="token" value="([^"]+)"', browser.get("/check-in").text)[1]


def test_what_says_present_is_none_to_appeal_against(school):
    absent(school)
    page = "/records/attendance/l1/s05/appeal"
    assert "没有可申诉的内容" in at(school, "s05").get(page).text
    form = {"token": token(at(school, "s05")), "claim": "was_there", "text": "x"}
    assert at(school, "s05").send(page, form, asks="text/html").status_code == 409


def test_a_school_that_allows_none_has_no_such_pages(school, monkeypatch):
    absent(school)
    config = school.embedded.notify.config
    monkeypatch.setattr(type(config), "__setattr__", object.__setattr__)
    object.__setattr__(config, "appeals", config.appeals._replace(is_on=False))
    assert at(school, "s01").get("/my-records").status_code == 404
    assert at(school, "s01").get(RECORD).status_code == 404
    assert "我的记录" not in at(school, "s01").get("/").text


def test_a_score_is_corrected_and_a_wrong_one_refused(school):
    school.lesson()
    said = {"test": "q1", "lesson": "l1", "course": "math", "class": "c1", "teacher": "teacher", "student": "s01"}
    school.say("test", EIGHT, **said, score=52, max_score=100, status="graded")
    assert "52 / 100" in at(school, "s01").get("/my-records").text
    path = re.search(r'href="(/records/test/[^"]+)"', at(school, "s01").get("/my-records").text)[1]
    _, number = appeal(school, path=path, claim="score", text="第三题算错了")
    for score in ("", "101", "-1", "abc", "1e9", "nan"):
        answer = decide(school, number, outcome="score", score=score)
        assert answer.status_code == 422, score
        assert "分数须为 0 到 100 之间的数" in answer.text
    assert decide(school, number, outcome="score", score="72.5").status_code == 303
    (result,) = school.told("test").values()
    assert (result.data["score"], result.source) == (72.5, "phone")
    assert "记录已更正，现为：72.5" in at(school, "s01").get(f"/appeals/{number}").text


def test_the_page_of_a_student_leads_to_it_for_who_may_appeal(school):
    absent(school)
    object.__setattr__(school.embedded.notify.config, "student_pages", True)
    for person, leads in (("s01", True), ("tutor", True), ("teacher", False)):
        page = at(school, person).get("/students/s01")
        assert page.status_code == 200, person
        assert (f'href="{RECORD}"' in page.text) == leads, person
