"""The page of one warning: acts that can be undone, forms that keep what was typed, evidence that people can read."""

import re
from datetime import timedelta

import msgspec
import pytest

from services.directory import Person
from services.messages import Evidence
from services.notify.testing import CARD, MORNING, change, facts

ID = facts().warning_id
WARNING = f"/warnings/{ID}"
ZH = {"accept-language": "zh-CN"}


def only(notify):
    """The one warning that there is; read to the end, so that no cursor stays open."""
    (found,) = notify.warnings()
    return found


@pytest.fixture
def told(notify):
    notify.take_in([change()], 1)


@pytest.fixture
def page(browser, told):
    return lambda: browser.get(WARNING, headers=ZH).text


def fields(page, action):
    """What the form of an act carries and nobody types."""
    form = page[page.index(f'{WARNING}/{action}"') :]
    form = form[: form.index("</form>")]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def words(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


ACTS = {
    "acknowledge": {}, "improve": {"measure": "谈话", "due": "2026-12-01"},
    "close": {"measure": "谈话", "reason": "fixed"}, "judge": {"verdict": "useful"},
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_each_act_has_a_button_that_undoes_it_for_a_minute(act, browser, page, clock, notify, rows):
    before = page()
    assert f"{WARNING}/undo" not in before
    browser.post(f"{WARNING}/{act}", **fields(before, act), **ACTS[act])
    after = page()
    assert "09:01:00 之前可以撤销" in after
    undo = fields(after, "undo")
    assert [browser.post(f"{WARNING}/undo", **undo).status_code for _ in range(2)] == [303, 303]
    assert f"{WARNING}/undo" not in page()
    assert rows(notify, "SELECT action FROM act ORDER BY id DESC LIMIT 1") == [{"action": "undone"}]
    assert [one["status"] for one in notify.warnings()] == ["open"]
    browser.post(f"{WARNING}/{act}", **fields(page(), act), **ACTS[act])
    undo = fields(page(), "undo")
    clock.advance(timedelta(minutes=1, seconds=1))
    assert f"{WARNING}/undo" not in page()
    late = browser.post(f"{WARNING}/undo", **undo)
    assert late.status_code == 409
    assert "已超过一分钟，不能再撤销" in late.text


@pytest.mark.parametrize("number", ["", "x", "-1", "²", "9" * 40, "1' OR 1=1"])
def test_a_crafted_number_undoes_nothing(number, browser, page, notify):
    browser.post(f"{WARNING}/acknowledge", **fields(page(), "acknowledge"))
    token = fields(page(), "undo")["token"]
    assert browser.post(f"{WARNING}/undo", token=token, act=number).status_code == 409
    assert only(notify)["acknowledged_at"]


def test_a_measure_that_was_taken_is_shown_with_its_day(browser, page, notify, rows):
    done = {"measure": "已谈话", "due": "2026-11-20"}
    assert browser.post(f"{WARNING}/improve", **fields(page(), "improve"), **done).status_code == 303
    text = words(page())
    assert "改进措施：已谈话（已于 2026-11-20 完成）" in text
    assert "已采取改进措施" in text
    found = only(notify)
    assert (found["done_at"], found["due_at"]) == ("2026-11-20T15:59:59.999000Z", None)
    assert found["deadline"] == "2026-12-03T01:00:00Z", "so long it has to show"
    acts = rows(notify, "SELECT action, detail FROM act")
    assert acts[-1] == {"action": "measure_done", "detail": "2026-11-20"}


@pytest.mark.parametrize(
    ("act", "typed", "field", "error"),
    [
        ("improve", {"measure": " ", "due": "2026-12-01"}, "measure", "请先填写改进措施"),
        ("improve", {"measure": "x" * 2001, "due": "2026-12-01"}, "measure", "最多 2000 字"),
        ("improve", {"measure": "谈话", "due": "soon"}, "due", "请选择完成日期"),
        ("improve", {"measure": "谈话", "due": "2028-01-01"}, "due", "一年内"),
        ("improve", {"measure": "谈话", "due": "2020-01-01"}, "due", "一年以前"),
        ("close", {"measure": " ", "reason": "explained"}, "measure", "请先填写改进措施"),
        ("close", {"measure": "谈<话>", "reason": "because"}, "reason", "请选择关闭原因"),
    ],
)
def test_an_error_stands_beside_its_field_and_what_was_typed_in_it(act, typed, field, error, browser, page):
    refused = browser.post(f"{WARNING}/{act}", **fields(page(), act), **typed)
    assert refused.status_code == 422
    form = refused.text[refused.text.index(f'{WARNING}/{act}"') :]
    form = form[: form.index("</form>")]
    beside = rf'name="{field}"[^>]*aria-describedby="wrong-{act}-{field}" autofocus>.*id="wrong-{act}-{field}">([^<]*)<'
    assert error in re.search(beside, form, re.DOTALL)[1]
    assert refused.text.count('role="alert"') == 1
    for name, value in typed.items():
        shown = value.replace("<", "&lt;").replace(">", "&gt;")
        assert shown in form if name == "measure" else name == "reason" or f'value="{shown}"' in form
    if typed.get("reason") == "explained":
        assert 'value="explained" selected' in form
    opened = refused.text[: refused.text.index(f'{WARNING}/{act}"')]
    assert opened.rpartition("<details")[2].startswith(' class="form" open')


def test_of_two_who_close_one_the_second_reads_who_did_and_has_the_text_still(browser, browser_of, page, notify):
    theirs = browser_of(notify, "T2")
    stale = fields(theirs.get(WARNING).text, "close")
    browser.post(f"{WARNING}/close", **fields(page(), "close"), measure="与学生谈话", reason="fixed")
    refused = theirs.post(f"{WARNING}/close", **stale, measure="打了电话", reason="fixed")
    assert refused.status_code == 409
    text = words(refused.text)
    assert "这条预警已经结束，无需再处理；您填写的内容在下方" in text
    assert "王秀英 已于 11-23 09:00 关闭" in text
    assert "打了电话</textarea>" in refused.text
    assert only(notify)["measure"] == "与学生谈话"


def test_a_stale_page_shows_what_somebody_named_meanwhile_and_sends_again_with_one_tap(
    browser, browser_of, page, notify
):
    theirs = browser_of(notify, "T2")
    stale = fields(theirs.get(WARNING).text, "improve")
    browser.post(f"{WARNING}/improve", **fields(page(), "improve"), measure="与学生谈话", due="2026-12-01")
    mine = {"measure": "打电话", "due": "2026-12-02"}
    refused = theirs.post(f"{WARNING}/improve", **stale, **mine)
    assert refused.status_code == 409
    assert "尚未保存您的内容" in refused.text
    assert "改进措施：与学生谈话" in refused.text
    assert ">打电话</textarea>" in refused.text
    assert 'value="2026-12-02"' in refused.text
    again = fields(refused.text, "improve")
    assert theirs.post(f"{WARNING}/improve", **again, **mine).status_code == 303
    assert only(notify)["measure"] == "打电话"


def with_records(*records, **context):
    one = change()
    found = [
        Evidence(source="s", id=f"e{n}", at=MORNING - timedelta(days=len(records) - n), fields=fields)
        for n, fields in enumerate(records)
    ]
    return msgspec.structs.replace(
        one, facts=msgspec.structs.replace(one.facts, evidence=found, context=one.facts.context | context)
    )


def test_attendance_is_a_strip_by_date_with_words_for_who_does_not_see_it(browser, notify):
    statuses = ("present", "late", "leave", "absent")
    notify.take_in([with_records(*({"status": one, "lesson": f"l{one}"} for one in statuses))], 1)
    page = browser.get(WARNING, headers=ZH).text
    strip = page[page.index('<ol class="strip"') : page.index("</ol>", page.index('<ol class="strip"'))]
    assert re.findall(r'<li class="(\w+)"><b aria-hidden="true">(.)</b>', strip) == [
        ("present", "到"), ("late", "迟"), ("leave", "假"), ("absent", "旷"),
    ]  # fmt: skip
    assert re.findall(r'only-read">([^<]*)<', strip)[-1] == "11-22 周日: 旷课"


def test_scores_are_a_line_with_the_pass_score_and_its_words(browser, notify):
    notify.take_in([with_records(*({"test": f"t{n}", "score": n, "pass_score": 60} for n in (70, 50, 40.5)))], 1)
    page = browser.get(WARNING, headers=ZH).text
    picture = page[page.index("<svg") : page.index("</svg>")]
    assert re.findall(r'<circle class="(\w+)"', picture) == ["above", "below", "below"]
    assert 'class="bound"' in picture
    assert "3 次：11-20 周五 70、11-21 周六 50、11-22 周日 40.5。 界限 60" in picture
    assert 'role="img" aria-labelledby="score-line score-says"' in picture
    assert "style=" not in picture


@pytest.mark.parametrize(
    "records",
    [
        [{"status": "absent"}], [{"status": "absent"}, {"status": "done"}], [{"score": 50, "pass_score": 60}],
        [{"score": 1, "student": "a"}, {"score": 2, "student": "b"}], [{"score": "x"}, {"score": True}],
        [{"status": "absent", "student": "a"}, {"status": "late", "student": "b"}],
    ],
)  # fmt: skip
def test_what_the_records_do_not_bear_is_no_picture(records, browser, notify):
    notify.take_in([with_records(*records)], 1)
    page = browser.get(WARNING).text
    assert "<svg" not in page
    assert 'class="strip"' not in page


def test_a_lesson_is_told_with_date_course_and_teacher(browser, notify, college):
    college.known |= {"C1": "护理2601", "MATH": "高等数学"}
    college.roles["course_teacher"] = [Person(id="T2", name="李强")]
    notify.take_in([with_records({"status": "absent", "lesson": "l-17"}, **{"class": "C1"})], 1)
    text = words(browser.get(WARNING, headers=ZH).text)
    assert "11-22 周日 高等数学 护理2601 李强" in text
    assert "l-17" not in text


def test_a_case_shows_its_parts_as_cards_that_open(browser_of, make, college):
    case_card = msgspec.structs.replace(CARD, rule="case", row="S9", mutes=["S2"], by=["student"])
    notify = make(cards=lambda _, rule: case_card if rule == "case" else msgspec.structs.replace(CARD, by=["student"]))
    part = msgspec.structs.replace(change(subject="S1"), warning_id="part")
    part = msgspec.structs.replace(part, facts=msgspec.structs.replace(part.facts, warning_id="part"))
    over = msgspec.structs.replace(change(subject="S1"), warning_id="over", rule="other")
    over = msgspec.structs.replace(over, facts=msgspec.structs.replace(over.facts, warning_id="over"))
    record = Evidence(source="prewarn", id="over/000001", at=MORNING, fields={"row": "S5"})
    case = msgspec.structs.replace(change(subject="S1", level="orange"), warning_id="case", rule="case", row="S9")
    case = msgspec.structs.replace(
        case, facts=msgspec.structs.replace(case.facts, warning_id="case", evidence=[record], context={"student": "S1"})
    )
    notify.take_in([part, over, case, msgspec.structs.replace(over, change="resolved", sequence=2)], 1)
    page = browser_of(notify).get("/warnings/case", headers=ZH).text
    cards = page[page.index('class="panel parts"') : page.index("</section>", page.index('class="panel parts"'))]
    assert re.findall(r'href="/warnings/(\w+)"', cards) == ["part", "over"]
    assert "黄色 · 待处理" in words(cards)
    assert "已解除" in words(cards)
    college.roles["quality_office"] = [Person(id="T3", name="质量办")]
    columns = "(warning, person, role, is_open, rank, opened_at)"
    with notify.database.writing() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO recipient {columns} SELECT number, 'T3', 'x', 1, 2, 0 FROM warning WHERE id = 'case'"
        )
    for one in ("case", "part", "over"):
        assert browser_of(notify, "T3").get(f"/warnings/{one}").status_code == 200


def test_the_buttons_come_before_figures_and_evidence(page):
    places = [page().index(mark) for mark in ('class="lead', 'class="panel numbers"', 'class="panel evidence"')]
    assert places == sorted(places)
    assert re.findall(r"<summary[^>]*>([^<]*)<", page()) == ["填写改进措施", "关闭预警"]


def test_why_a_warning_is_closed_is_chosen_by_nobody_but_who_closes_it(browser, page, notify):
    form = page()[page().index(f'{WARNING}/close"') :]
    select = re.search(r'<select id="reason" name="reason" required>(.*?)</select>', form, re.DOTALL)[1]
    assert re.match(r'<option value="">请选择</option>', select)
    assert "selected" not in select
    given = fields(page(), "close")
    for reason in ("", "because"):
        refused = browser.post(f"{WARNING}/close", **given, measure="与学生谈话", reason=reason)
        assert refused.status_code == 422
        assert 'id="wrong-close-reason">请选择关闭原因。' in refused.text
        assert ">与学生谈话</textarea>" in refused.text
    assert only(notify)["status"] == "open"
    assert browser.post(f"{WARNING}/close", **given, measure="与学生谈话", reason="explained").status_code == 303
    assert (only(notify)["status"], only(notify)["closed_reason"]) == ("closed", "explained")
