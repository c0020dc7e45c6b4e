import re
from datetime import timedelta

import msgspec
import pytest

from services.directory import Person
from services.notify.testing import CARD, MORNING, change, facts

WARNING = f"/warnings/{facts().warning_id}"


@pytest.fixture
def told(notify):
    notify.take_in([change()], 1)


@pytest.fixture
def at_the_warning(browser, told):
    return browser


def test_the_first_page_of_the_demo_lists_who_has_warnings_and_says_that_it_is_one(browser_of, notify, told):
    page = browser_of(notify, None, demo=True).get("/", headers={"accept-language": "zh-CN"}).text
    assert "王秀英" in page
    assert 'value="T1"' in page
    assert "这是示例学校" in page


def test_without_any_warning_the_first_page_of_the_demo_says_so(browser_of, notify):
    page = browser_of(notify, None, demo=True).get("/", headers={"accept-language": "zh-CN"}).text
    assert "还没有人收到预警" in page


def test_an_inbox_shows_level_in_words_message_and_age(browser, told):
    page = browser.get("/inbox/T1").text
    assert re.search(r"黄色.*连续旷课.*1 小时前.*张伟 在 高等数学 连续旷课 2 次", page, re.DOTALL)


def test_an_inbox_has_the_worst_first(browser, notify):
    notify.take_in(
        [change(subject="A/X"), change(subject="B/X", level="red"), change(subject="C/X", level="praise")], 1
    )
    page = browser.get("/inbox/T1").text
    places = [page.index(f">{word}<span>1<") for word in ("红色", "黄色")]
    assert places == sorted(places)
    assert "结果与激励 1<" in page  # apart, and counted alone
    assert "C/X" not in page


def test_an_inbox_keeps_open_and_ended_apart(browser, notify):
    notify.take_in([change(subject="Zhao/X"), change(subject="Qian/X")], 1)
    notify.take_in([change("resolved", 2, subject="Qian/X", closed_at=MORNING)], 2)
    still, ended = browser.get("/inbox/T1").text, browser.get("/inbox/T1?show=closed").text
    assert ("Zhao" in still, "Qian" in still) == (True, False)
    assert ("Zhao" in ended, "Qian" in ended) == (False, True)
    assert "已解除" in ended


def test_a_long_inbox_comes_in_pages(browser, notify):
    notify.take_in([change(subject=f"S{i:03}/X", opened_at=MORNING - timedelta(hours=i)) for i in range(120)], 1)
    pages = [browser.get(f"/inbox/T1?page={page}").text for page in (1, 2, 3, 4)]
    shown = [re.findall(r"(S\d{3}) 在", page) for page in pages]
    assert [len(part) for part in shown] == [30, 30, 30, 30]
    assert [student for part in shown for student in part] == [f"S{i:03}" for i in range(120)]
    assert "第 2 / 4 页" in pages[1]


@pytest.mark.parametrize("page", ["0", "-1", "x", "99", "²", "9" * 30])
def test_a_page_that_there_is_not_breaks_nothing(page, browser, told):
    assert browser.get(f"/inbox/T1?page={page}").status_code == 200


def test_somebody_unknown_has_no_inbox(browser):
    assert browser.get("/inbox/nobody").status_code == 404


def test_a_warning_shows_its_evidence_history_and_who_was_told(at_the_warning):
    page = at_the_warning.get(WARNING).text
    assert "张伟 在 高等数学 连续旷课 2 次" in page
    assert "11-22 09:00" in page  # 01:00 UTC in the college's zone
    for shown in (
        "旷课",
        "11-22 周日 高等数学",
        "rollcall · S1/MATH-1",
        "达到阈值",
        "班主任",
        "Li Qiang",
        "等待发送",
        "六(一) 学生日常考勤",
    ):
        assert shown in page


def test_a_warning_says_that_it_ended_as_the_student_has_left(at_the_warning, notify):
    notify.take_in([msgspec.structs.replace(change("resolved", 2), reason="left")], 2)
    page = at_the_warning.get(WARNING).text
    assert "当事人已离校，这条预警不再有效。" in page
    assert "指标已恢复" not in page


def test_a_warning_says_why_somebody_was_not_told(at_the_warning, notify, college):
    college.roles["course_teacher"] = []
    notify.take_in([change("raised", 2, level="red")], 2)
    assert re.search(r"任课教师.*升级 · 无人担任该职责", at_the_warning.get(WARNING).text, re.DOTALL)


def test_names_are_escaped(browser, notify, college):
    college.known["S1"] = "<script>alert(1)</script>"
    notify.take_in([change()], 1)
    for page in ("/inbox/T1", WARNING):
        text = browser.get(page).text
        assert "<script>" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_a_measure_is_escaped(at_the_warning, notify):
    notify.acts.close("T1", facts().warning_id, "<b>谈话</b>", "fixed")
    text = at_the_warning.get(WARNING).text
    assert "<b>谈话" not in text
    assert "&lt;b&gt;谈话" in text


def test_no_page_runs_a_script_but_modules_of_ours_or_loads_from_elsewhere(at_the_warning):
    for page in ("/", "/inbox/T1", WARNING):
        response = at_the_warning.get(page)
        ours = re.sub(r'<script type="module" src="/static/[a-z_/]+\.js"></script>', "", response.text)
        assert "<script" not in ours
        assert response.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")


def test_the_style_sheet_is_there(browser):
    (sheet,) = re.findall(r'rel="stylesheet" href="([^"]+)"', browser.get("/").text)
    assert browser.get(sheet).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    ("asked", "header", "shown"),
    [
        ("", "zh-CN,zh;q=0.9", "我的预警"),
        ("", "en-GB,en;q=0.9", "My warnings"),
        ("", "fr,en;q=0.5", "My warnings"),
        ("", "fr", "我的预警"),
        ("?lang=en", "zh-CN", "My warnings"),
        ("?lang=xx", "en", "My warnings"),
    ],
)
def test_a_page_comes_in_the_language_asked_for(asked, header, shown, browser):
    assert shown in browser.get(f"/{asked}", headers={"accept-language": header}).text


def test_a_language_once_chosen_stays(browser, told):
    browser.get("/?lang=en", headers={"accept-language": "zh-CN"})
    page = browser.get("/inbox/T1", headers={"accept-language": "zh-CN"}).text
    assert "Consecutive absences" in page
    assert 'href="/inbox/T1?lang=zh"' in page


def test_another_persons_warning_is_not_found(browser, notify, college):
    college.roles["quality_office"] = [Person(id="T3", name="质量办")]
    notify.take_in([change()], 1)
    browser.sign_in("T3")
    assert browser.get(WARNING).status_code == 404
    assert "张伟" not in browser.get(WARNING).text


def test_another_persons_warning_can_neither_be_taken_up_nor_closed(at_the_warning, notify, college):
    college.roles["quality_office"] = [Person(id="T3", name="质量办")]
    at_the_warning.sign_in("T3")
    token = at_the_warning.token("/")
    assert at_the_warning.post(f"{WARNING}/acknowledge", token=token).status_code == 404
    assert at_the_warning.post(f"{WARNING}/close", token=token, measure="x", reason="fixed").status_code == 404
    assert [found["status"] for found in notify.warnings()] == ["open"]


def test_a_warning_that_there_is_not_is_not_found(at_the_warning):
    assert at_the_warning.get("/warnings/none").status_code == 404


def test_a_warning_is_taken_up_once(at_the_warning, notify, rows):
    token = at_the_warning.token(WARNING)
    for _ in range(2):
        assert at_the_warning.post(f"{WARNING}/acknowledge", token=token).status_code == 303
    assert [row["action"] for row in rows(notify, "SELECT action FROM act")] == ["acknowledged"]
    page = at_the_warning.get(WARNING).text
    assert "王秀英 已于 11-23 09:00 受理" in page
    assert "我来处理" not in page


def test_closing_a_warning_needs_a_measure(at_the_warning, notify):
    token = at_the_warning.token(WARNING)
    refused = at_the_warning.post(f"{WARNING}/close", token=token, measure="  ", reason="fixed")
    assert refused.status_code == 422
    assert "请先填写改进措施" in refused.text
    assert [found["status"] for found in notify.warnings()] == ["open"]


@pytest.mark.parametrize("path", ["/inbox/a%00", "/warnings/a%00", "/inbox/a%1b", f"/inbox/{'x' * 129}"])
def test_an_id_that_no_database_can_hold_is_not_found(path, at_the_warning):
    assert at_the_warning.get(path).status_code == 404


def test_an_act_on_an_id_that_no_database_can_hold_finds_nothing(at_the_warning):
    token = at_the_warning.token(WARNING)
    assert at_the_warning.post("/warnings/a%00/close", token=token, measure="谈话", reason="fixed").status_code == 404


def test_a_warning_is_closed_with_its_measure(at_the_warning, notify):
    token = at_the_warning.token(WARNING)
    assert at_the_warning.post(f"{WARNING}/close", token=token, measure="与学生谈话", reason="fixed").status_code == 303
    assert [(found["status"], found["closed_at"]) for found in notify.warnings()] == [
        ("closed", "2026-11-23T01:00:00Z")
    ]
    page = at_the_warning.get(WARNING).text
    assert "王秀英 已于 11-23 09:00 关闭 · 问题已解决" in page
    assert "<blockquote>与学生谈话</blockquote>" in page
    assert "没有待处理的预警" in at_the_warning.get("/inbox/T1").text
    again = at_the_warning.post(f"{WARNING}/close", token=token, measure="again", reason="fixed")
    assert again.status_code == 409


@pytest.mark.parametrize("token", ["", "another"])
def test_a_form_from_elsewhere_is_refused(token, at_the_warning, notify):
    at_the_warning.get(WARNING)
    refused = at_the_warning.post(f"{WARNING}/close", token=token, measure="x", reason="fixed")
    assert refused.status_code == 403
    assert [found["status"] for found in notify.warnings()] == ["open"]


def test_acts_are_handed_on_in_order_and_not_lost_when_nobody_takes_them(make, eventually):
    taken, broken = [], [True]

    def publish(events):
        if broken:
            raise OSError("the log is full")
        taken.extend((one.kind, one.data["action"], one.data["rule"]) for one in events)

    notify = make(publish=publish)
    notify.take_in([change()], 1)
    notify.acts.acknowledge("T1", facts().warning_id)
    assert notify.acts.close("T1", facts().warning_id, "谈话", "fixed") is None
    broken.clear()
    notify.start()
    eventually(lambda: len(taken) == 2)
    assert taken == [("feedback", "acknowledged", CARD.rule), ("feedback", "closed", CARD.rule)]


def test_a_measure_with_its_day_a_reason_and_a_verdict(at_the_warning, notify):
    token = at_the_warning.token(WARNING)
    assert at_the_warning.post(f"{WARNING}/improve", token=token, measure="谈话", due="soon").status_code == 422
    assert at_the_warning.post(f"{WARNING}/improve", token=token, measure="谈", due="2026-W50-1").status_code == 422
    past = at_the_warning.post(f"{WARNING}/improve", token=token, measure="谈话", due="2020-01-01")
    assert "该日期在一年以前" in past.text
    assert ">谈话</textarea>" in past.text, "what was typed stands there still"
    assert 'value="2020-01-01"' in past.text
    assert at_the_warning.post(f"{WARNING}/improve", token=token, measure="谈话", due="2026-12-01").status_code == 303
    page = at_the_warning.get(WARNING).text
    assert "王秀英 已于" in page
    assert "改进措施：谈话" in page
    assert at_the_warning.post(f"{WARNING}/judge", token=token, verdict="useful").status_code == 303
    assert at_the_warning.post(f"{WARNING}/judge", token=token, verdict="splendid").status_code == 422
    assert 'value="useful" aria-pressed="true"' in at_the_warning.get(WARNING).text
    assert at_the_warning.post(f"{WARNING}/close", token=token, reason="because").status_code == 422
    assert at_the_warning.post(f"{WARNING}/close", token=token, reason="no_response").status_code == 303
    page = at_the_warning.get(WARNING).text
    assert "多次联系无回应" in page
    assert at_the_warning.post(f"{WARNING}/judge", token=token, verdict="known").status_code == 303
    (found,) = notify.warnings()
    assert (found["status"], found["closed_reason"], found["measure"]) == ("closed", "no_response", "谈话")


def test_metrics_count_changes_deliveries_and_what_waits(browser, notify, eventually):
    notify.take_in([change(), change(subject="S2/X", level="red")], 1)
    waiting = browser.get("/metrics").text
    assert 'prewarn_warnings_total{change="opened",level="red",rule="absence-streak"} 1.0' in waiting
    assert 'prewarn_outbox_size{status="pending"} 4.0' in waiting
    assert "prewarn_notify_last_commit_age_seconds" in waiting
    notify.start()
    notify.beat("rules", 17)
    eventually(lambda: notify.waiting() == 0)
    sent = eventually(lambda: text if 'result="sent"} 4.0' in (text := browser.get("/metrics").text) else "")
    assert 'prewarn_lag{loop="rules"} 17.0' in sent


def test_health_is_well_and_then_says_what_stands_still(browser, notify):
    assert (browser.get("/healthz").status_code, browser.get("/healthz").text) == (200, "ok")
    notify.health._patience = -1
    notify.beat("rules", 0)
    unwell = browser.get("/healthz")
    assert unwell.status_code == 503
    assert unwell.text.startswith("loop rules stands still since")


@pytest.mark.parametrize("token", ["é", "", "other"])
def test_a_form_of_another_site_is_refused_whatever_its_token(token, at_the_warning):
    at_the_warning.token(WARNING)
    assert at_the_warning.post(f"{WARNING}/acknowledge", token=token).status_code == 403


def test_a_file_where_a_text_belongs_is_refused(at_the_warning):
    form = {"data": {"token": at_the_warning.token(WARNING), "reason": "fixed"}, "files": {"measure": b"x"}}
    assert at_the_warning._ask("POST", f"{WARNING}/close", **form).status_code == 415


def test_of_one_row_and_subject_the_gravest_stands_for_all_in_the_inbox(browser_of, make):
    def again(rule, level, **more):
        one = change(level=level, **more)
        id_ = f"{rule}-{one.subject}".replace("/", "-")
        return msgspec.structs.replace(
            one, rule=rule, warning_id=id_, facts=msgspec.structs.replace(one.facts, warning_id=id_)
        )

    notify = make(cards=lambda *_: CARD)
    browser = browser_of(notify)
    same = [again("a", "yellow"), again("b", "red"), again("c", "orange")]
    notify.take_in([*same, again("a", "yellow", subject="S2/MATH")], 1)
    page = browser.get("/inbox/T1").text
    assert [id_ for id_ in ("a-S1-MATH", "b-S1-MATH", "c-S1-MATH", "a-S2-MATH") if f"/warnings/{id_}" in page] == [
        "b-S1-MATH", "a-S2-MATH",
    ]  # fmt: skip
    assert page.count('class="card ') == 2
    gravest = browser.get("/warnings/b-S1-MATH").text
    assert gravest.index("/warnings/c-S1-MATH") < gravest.index("/warnings/a-S1-MATH")
    notify.take_in([msgspec.structs.replace(again("b", "red"), change="resolved", sequence=2)], 2)
    assert "/warnings/c-S1-MATH" in browser.get("/inbox/T1").text


def test_each_page_of_a_college_on_trial_says_so(browser, browser_of, make):
    on_trial = make(on_trial=lambda _rule: True)
    for page in ("/", "/inbox/T1"):
        assert "试运行中" in browser_of(on_trial).get(page, headers={"accept-language": "zh-CN"}).text
        assert "试运行中" not in browser.get(page, headers={"accept-language": "zh-CN"}).text


def test_results_are_folded_by_course_and_not_counted_with_what_is_to_be_done(browser_of, make):
    results = msgspec.structs.replace(CARD, rule="results", row=None, summary=600, to=["class_tutor"])
    notify = make(cards=lambda _, rule: results if rule == "results" else CARD)
    summary = [
        msgspec.structs.replace(change(level="praise", subject=f"S{n}/MATH"), rule="results", row=None)
        for n in range(3)
    ]
    notify.take_in([change(subject="S9/MATH"), *summary], 1)
    page = browser_of(notify).get("/inbox/T1", headers={"accept-language": "zh-CN"}).text
    assert "1 条需要处理" in page
    assert "高等数学：3 条" not in page
    page = browser_of(notify).get("/inbox/T1?show=results", headers={"accept-language": "zh-CN"}).text
    assert "高等数学：3 条" in page
    fold = page[page.index('<details class="fold"') : page.index("</details>", page.index('class="fold"'))]
    assert fold.count('class="card praise"') == page.count('class="card praise"') == 3


def test_praise_is_folded_by_its_kind_and_a_single_one_stands_by_itself(browser_of, make):
    notify = make(cards=lambda *_: CARD)
    notify.take_in([change(level="praise", subject="S1/MATH")], 1)
    assert '<details class="fold"' not in browser_of(notify).get("/inbox/T1?show=results").text
    notify.take_in([change(level="praise", subject=f"S{n}/MATH") for n in range(2, 9)], 2)
    page = browser_of(notify).get("/inbox/T1?show=results", headers={"accept-language": "zh-CN"}).text
    assert f"{CARD.title.zh}：8 条" in page
    assert "条待处理" not in browser_of(notify).get("/", headers={"accept-language": "zh-CN"}).text
    fold = page[page.index('<details class="fold"') : page.index("</details>", page.index('class="fold"'))]
    assert '<details class="fold">' in fold  # so many are not shown until they are asked for
    assert fold.count('class="card praise"') == page.count('class="card praise"') == 8
