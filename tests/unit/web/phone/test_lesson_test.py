"""A lesson's test from the page to the records, and what follows from it."""

from datetime import timedelta

import pytest

from tests.unit.web.phone.conftest import EIGHT, STUDENTS

PAGE = "/lessons/l1/test"
ROLL = "/lessons/l1/roll-call"
ALL_PASS = {f"score:{one}": "80" for one in STUDENTS}


@pytest.fixture
def taught(school):
    """The lesson is over, its roll was called: s01 was absent."""
    school.lesson()
    teacher = school.at("teacher")
    teacher.send(ROLL, teacher.form(ROLL) | {"status:s01": "absent"})
    school.later(hours=2)
    return school


def results(school):
    """(student, attempt) → status and score, of what counts."""
    return {
        (one.data["student"], one.data.get("attempt", 1)): (one.data["status"], one.data.get("score"))
        for one in school.told("test").values()
    }


def test_who_was_absent_is_not_tested_and_nothing_is_said_of_them(taught):
    teacher = taught.at("teacher")
    form = teacher.form(PAGE)
    assert form["state:s01"] == "not_tested"
    scores = {f"score:{one}": str(60 + n) for n, one in enumerate(STUDENTS[1:])}
    answer = teacher.send(PAGE, form | scores | {"score:s02": "", "state:s02": "not_submitted", "score:s03": "59.5"})
    assert (answer.status_code, answer.json()["state"]) == (200, "saved")
    said = results(taught)
    assert ("s01", 1) not in said
    assert said["s02", 1] == ("not_submitted", None)
    assert said["s03", 1] == ("graded", 59.5)
    assert len(said) == 11
    one = next(one for one in taught.told("test").values() if one.data["student"] == "s03")
    assert {name: one.data[name] for name in ("test", "lesson", "class", "course", "teacher")} == {
        "test": "l1", "lesson": "l1", "class": "c1", "course": "math", "teacher": "teacher",
    }  # fmt: skip
    assert [one.data[name] for name in ("max_score", "pass_score", "tested", "attended")] == [100, 60, 10, 10]
    assert one.time == EIGHT + timedelta(minutes=100), "the test was in the lesson, not when it was marked"
    assert taught.warnings("tests-not-submitted") == [("tests-not-submitted", "s02/math", "yellow", "open")]


def test_leave_that_was_granted_is_known_before_the_roll_is_called(school):
    school.lesson()
    times = {"from": EIGHT.isoformat(), "to": (EIGHT + timedelta(hours=4)).isoformat()}
    school.say("leave", leave="v1", student="s03", status="granted", **times)
    form = school.at("teacher").form(PAGE)
    assert [form[f"state:{one}"] for one in ("s02", "s03")] == ["graded", "not_tested"]


def test_many_who_failed_are_told_at_once_and_taken_back_with_a_correction(taught):
    teacher = taught.at("teacher")
    failing = {f"score:{one}": "30" for one in STUDENTS[1:5]}
    teacher.send(PAGE, teacher.form(PAGE) | {"state:s01": "graded"} | ALL_PASS | failing)
    assert taught.warnings("class-test-failed") == [("class-test-failed", "l1/c1", "orange", "open")]
    assert len(taught.warnings("tests-failed")) == 4
    taught.later(minutes=1)
    assert teacher.send(PAGE, teacher.form(PAGE) | ALL_PASS).json()["state"] == "saved"
    assert taught.warnings("class-test-failed") == [("class-test-failed", "l1/c1", "orange", "withdrawn")]
    assert {one[3] for one in taught.warnings("tests-failed")} == {"withdrawn"}


def test_the_teachers_standard_is_kept_for_the_course_and_holds_for_what_others_send(taught):
    teacher = taught.at("teacher")
    form = teacher.form(PAGE) | ALL_PASS | {"state:s01": "graded", "max_score": "50", "pass_score": "40"}
    form |= {f"score:{one}": "45" for one in STUDENTS} | {"questions": "判断题"}
    assert teacher.send(PAGE, form).json()["state"] == "saved"
    begins = EIGHT + timedelta(days=1)
    taught.lesson("l2", begins)
    taught.later(days=1)
    asked = teacher.form("/lessons/l2/test")
    assert [asked[name] for name in ("max_score", "pass_score", "questions")] == ["50", "40", "判断题"]
    taught.say(
        "test", source="platform", lesson="l2", test="q2", student="s05", course="math", status="graded", score=79,
        max_score=100,
    )  # fmt: skip
    assert taught.told("test")["q2/s05/1"].data["pass_score"] == 80
    assert taught.warnings("tests-failed") == [("tests-failed", "s05/math", "yellow", "open")]


def test_a_standard_set_behind_what_others_sent_holds_for_it_too(taught):
    taught.say(
        "test", source="platform", lesson="l1", test="l1", student="s05", course="math", status="graded", score=65,
        max_score=100,
    )  # fmt: skip
    assert not taught.warnings("tests-failed")
    teacher = taught.at("teacher")
    form = teacher.form(PAGE) | {"rest": "pending", "pass_score": "70"}
    assert form["score:s05"] == "65", "what the platform says stands on the page"
    assert teacher.send(PAGE, form).json()["state"] == "saved"
    assert taught.warnings("tests-failed") == [("tests-failed", "s05/math", "yellow", "open")]


def test_who_stands_in_sets_no_standard_for_somebody_else(school):
    school.lesson("l9", course="art", teacher="ill")
    school.later(hours=2)
    stand_in = school.at("stand_in")
    form = stand_in.form("/lessons/l9/test") | ALL_PASS | {"pass_score": "75"}
    assert stand_in.send("/lessons/l9/test", form).json()["state"] == "saved"
    assert not school.told("test_standard")
    assert {one.data["pass_score"] for one in school.told("test").values()} == {75}


def test_a_second_attempt_is_of_those_who_have_a_score_in_it(taught):
    teacher = taught.at("teacher")
    teacher.send(PAGE, teacher.form(PAGE) | {f"score:{one}": "80" for one in STUDENTS[1:]} | {"score:s03": "20"})
    assert taught.warnings("tests-failed") == [("tests-failed", "s03/math", "yellow", "open")]
    again = f"{PAGE}/2"
    page = teacher.get(again)
    assert "上次：20" in page.text
    assert page.text.index('data-student="s03"') < page.text.index('data-student="s02"'), "who failed stands first"
    answer = teacher.send(again, teacher.form(again) | {"score:s03": "70"})
    assert (answer.json()["state"], answer.json()["page"]) == ("saved", again)
    assert results(taught)["s03", 2] == ("graded", 70)
    assert len(results(taught)) == 11, "nobody else has taken it again"
    assert [one[3] for one in taught.warnings("tests-failed")] != ["open"]


def test_a_result_that_is_taken_back_is_gone(taught):
    teacher = taught.at("teacher")
    teacher.send(PAGE, teacher.form(PAGE) | {f"score:{one}": "80" for one in STUDENTS[1:]})
    taught.later(minutes=1)
    teacher.send(PAGE, teacher.form(PAGE) | {"score:s02": "", "state:s02": "not_tested"})
    assert ("s02", 1) not in results(taught)
    assert {one.data["tested"] for one in taught.told("test").values()} == {9}
    assert taught.at("teacher").form(PAGE)["state:s02"] == "graded", "they had come"


def test_what_another_system_says_can_be_corrected_and_not_made_unsaid(taught):
    taught.say(
        "test", source="platform", lesson="l1", test="q7", student="s02", course="math", status="graded", score=65,
        max_score=100,
    )  # fmt: skip
    teacher = taught.at("teacher")
    form = teacher.form(PAGE) | {f"score:{one}": "80" for one in STUDENTS[1:]}
    refused = teacher.send(PAGE, form | {"score:s02": "", "state:s02": "not_tested"}, asks="text/html")
    assert refused.status_code == 422
    assert "其他系统已有该生的成绩" in refused.text
    assert teacher.send(PAGE, form).json()["state"] == "saved"
    assert {one.data["test"] for one in taught.told("test").values()} == {"q7"}, "it is the same test"


def test_sent_twice_it_is_taken_once_and_what_came_meanwhile_is_shown(taught):
    first, second = taught.at("teacher"), taught.at("teacher")
    mine, other = first.form(PAGE) | ALL_PASS | {"state:s01": "graded"}, second.form(PAGE) | ALL_PASS
    other |= {"state:s01": "graded", "score:s04": "33"}
    assert [first.send(PAGE, mine).json()["state"] for _ in range(2)] == ["saved", "known"]
    refused = second.send(PAGE, other, asks="text/html")
    assert refused.status_code == 409
    assert "现在记录为：80" in refused.text
    assert refused.text.count("现在记录为：80") == 1
    assert 'value="33"' in refused.text
    assert second.send(PAGE, other).json()["state"] == "changed"


WRONG = {
    "letters": ({"score:s02": "8O"}, "“8O”不是成绩"),
    "above the highest": ({"score:s02": "101"}, "101 超过满分 100"),
    "negative": ({"score:s02": "-1"}, "成绩不能小于 0"),
    "a score and a reason": ({"score:s02": "50", "state:s02": "exempt"}, "既有成绩，又选了没有成绩的原因"),
    "no score and no reason": ({"score:s02": ""}, "有学生没有成绩"),
    "no highest score": ({"max_score": "0"}, "满分请填大于 0 的数"),
    "a pass mark above it": ({"pass_score": "101"}, "合格分请填 0 到满分之间的数"),
    "a state that is none": ({"state:s02": "ill"}, "这一行内容不完整"),
    "a paste that waits": ({"paste": "80\n90"}, "粘贴的内容尚未填入名单"),
    "no submission": ({"submission": ""}, "页面内容不完整"),
}


@pytest.mark.parametrize(("typed", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_beside_it_and_nothing_typed_is_lost(taught, typed, words):
    teacher = taught.at("teacher")
    form = teacher.form(PAGE) | {f"score:{one}": "80" for one in STUDENTS[1:]} | {"score:s09": "77.5"} | typed
    refused = teacher.send(PAGE, form, asks="text/html")
    assert refused.status_code == 422
    assert words in refused.text
    for name, value in ({"score:s09": "77.5"} | typed).items():
        if value and name.startswith(("score", "max", "pass")):
            assert f'name="{name}"' in refused.text
            assert f'value="{value}"' in refused.text
    assert teacher.send(PAGE, form).json()["state"] == "refused"
    assert not taught.told("test")


def test_everybody_without_a_score_at_once(taught):
    teacher = taught.at("teacher")
    answer = teacher.send(PAGE, teacher.form(PAGE) | {"score:s02": "８０", "rest": "pending"})
    assert answer.json()["state"] == "saved"
    said = results(taught)
    assert said["s02", 1] == ("graded", 80)
    assert said["s03", 1] == ("pending", None)
    assert {one.data["tested"] for one in taught.told("test").values()} == {1}


def test_a_column_is_shown_in_the_list_before_anything_is_saved(taught):
    teacher = taught.at("teacher")
    column = "\n".join(["", *(str(70 + n) for n in range(11))]) + "\n"
    form = teacher.form(PAGE) | {"paste": column, "score:s05": "12", "questions": "选择题"}
    shown = teacher.send(f"{PAGE}/1/read", form, asks="text/html")
    assert shown.status_code == 200
    assert "已填入 11 人的成绩" in shown.text
    assert "原为 12" in shown.text
    assert 'value="选择题"' in shown.text
    assert not taught.told("test")
    read = teacher.fields(shown.text)
    assert (read["score:s02"], read["score:s12"], read["state:s01"]) == ("70", "80", "not_tested")
    assert teacher.send(PAGE, read).json()["state"] == "saved"
    assert results(taught)["s12", 1] == ("graded", 80)


def test_a_column_that_is_one_short_is_not_placed_at_all(taught):
    teacher = taught.at("teacher")
    column = "\n".join(["80"] * 11)
    shown = teacher.send(f"{PAGE}/1/read", teacher.form(PAGE) | {"paste": column}, asks="text/html")
    assert "共 11 行，而名单有 12 名学生" in shown.text
    assert column in shown.text, "it stands where it was pasted"
    assert not any(value for name, value in teacher.fields(shown.text).items() if name.startswith("score:"))


def test_what_is_not_understood_stays_and_the_rest_is_in_the_list(taught):
    teacher = taught.at("teacher")
    paste = "姓名\t成绩\nStudent 02\t８１\ns03\t8x\nNobody\t70\n-3\tStudent 04\nStudent 05\t缺考"
    shown = teacher.send(f"{PAGE}/1/read", teacher.form(PAGE) | {"paste": paste}, asks="text/html")
    for words in ("第 3 行", "“8x”不是成绩", "第 4 行", "名单中没有“Nobody”", "第一行作为表头"):
        assert words in shown.text
    read = teacher.fields(shown.text)
    assert (read["score:s02"], read["state:s05"]) == ("81", "not_tested")
    assert "Nobody\t70" in shown.text


def test_the_summary_says_what_came_of_it(taught):
    teacher = taught.at("teacher")
    form = teacher.form(PAGE) | {f"score:{one}": "80" for one in STUDENTS[1:]} | {"score:s02": "20"}
    saved = teacher.send(PAGE, form, asks="text/html")
    assert saved.status_code == 303
    page = teacher.get(saved.headers["location"]).text
    assert "成绩已保存" in page
    assert "不合格：Student 02" in page
    assert "<dd>74.5</dd>" in page


def test_a_lesson_that_has_not_begun_has_no_results(school):
    school.lesson("l5", EIGHT + timedelta(hours=5))
    teacher = school.at("teacher")
    assert "尚未开始" in teacher.get("/lessons/l5/test").text
    form = teacher.form("/lessons/l5/roll-call") | ALL_PASS | {"max_score": "100"}
    assert teacher.send("/lessons/l5/test", form | {"pass_score": "60"}).json()["state"] == "refused"


def test_who_does_not_teach_it_finds_no_such_page(taught):
    assert taught.at("other").get(PAGE).status_code == 404
    tutor = taught.at("tutor")
    token = tutor.get("/me.json").json()["token"]
    for path in (PAGE, f"{PAGE}/1/read"):
        assert tutor.send(path, ALL_PASS | {"token": token, "submission": "12345678"}).status_code == 404
    assert taught.at(None).get(PAGE).status_code == 303
    assert taught.at("teacher").get("/lessons/none/test").status_code == 404
    assert not taught.told("test")


def test_a_later_paste_with_an_empty_cell_takes_back_what_an_earlier_one_said(taught):
    """s01 was absent; a first paste gave them a score by mistake."""
    teacher = taught.at("teacher")
    first = teacher.form(PAGE) | {"score:s01": "66", "state:s01": "graded"}
    column = "\n".join(["", *["80"] * 11])
    shown = teacher.send(f"{PAGE}/1/read", first | {"paste": column}, asks="text/html").text
    row = shown.split('data-student="s01"')[1].split("</li>")[0]
    assert 'value="66"' not in row
    assert '<option value="not_tested" selected>' in row
