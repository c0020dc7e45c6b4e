"""The pages of referrals and talks: what is typed is kept, and who may not read notes does not."""

import re
from datetime import timedelta

import pytest

from services.directory import Person
from services.notify.testing import change, facts

ID = facts().warning_id
PAGE = f"/warnings/{ID}"
TALK = {"day": "2026-11-23", "way": "phone", "agreed": "每周一面谈"}


@pytest.fixture
def notify(make, college):
    college.roles |= {
        "student_affairs": [Person(id="A1", name="赵处")],
        "academic_affairs": [Person(id="B1", name="秦处", channel="no address")],
    }
    notify = make(mail="mailto://smtp.campus")
    college.roles["student_affairs"] = [Person(id="A1", name="赵处", email="a1@campus.example")]
    notify.take_in([change()], 1)
    return notify


@pytest.fixture
def tutor(browser_of, notify):
    return browser_of(notify)


@pytest.fixture
def affairs(browser_of, notify):
    return browser_of(notify, "A1")


def send(browser, page, **form):
    return browser.post(page, token=browser.token(PAGE), **form)


def test_only_offices_that_reach_somebody_are_offered(tutor):
    offered = re.findall(r'<option value="(\w+)"', tutor.get(f"{PAGE}/refer").text)
    assert offered == ["student_affairs"]


def test_a_question_is_asked_accepted_and_answered_on_the_pages(tutor, affairs):
    assert affairs.get(PAGE).status_code == 404
    sent = send(tutor, f"{PAGE}/refer", office="student_affairs", note="请核实困难情况")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}#follow-up")
    page = affairs.get(f"{PAGE}?lang=zh").text
    assert "请核实困难情况" in page
    assert "请您答复，预警由转介人处理" in page
    assert "/acknowledge" not in page
    assert "/hand-over" not in page
    assert "请核实困难情况" in affairs.get("/referrals").text
    assert "有 1 项转介待您的部门处理" in affairs.get("/inbox/A1?lang=zh").text
    assert "项转介待您" not in tutor.get("/inbox/T1?lang=zh").text
    assert send(affairs, f"{PAGE}/referral/accept", referral="1").status_code == 303
    assert send(affairs, f"{PAGE}/referral/answer", referral="1", answer="已发放补助").status_code == 303
    page = tutor.get(f"{PAGE}?lang=zh").text
    assert "已发放补助" in page
    assert "已答复 · 赵处 · 11-23 09:00" in page
    assert "项转介待您" not in affairs.get("/inbox/A1?lang=zh").text
    assert "答复了转介 · 学生工作处" in re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page))
    assert "已答复" in tutor.get("/referrals?lang=zh").text


def test_a_refusal_leads_away_from_what_is_not_theirs_any_more(tutor, affairs):
    send(tutor, f"{PAGE}/refer", office="student_affairs", note="?")
    sent = send(affairs, f"{PAGE}/referral/refuse", referral="1", why="不归我们管")
    assert (sent.status_code, sent.headers["location"]) == (303, "/referrals")
    assert affairs.get(PAGE).status_code == 404
    assert "不归我们管" in tutor.get(PAGE).text


LONG = "请核实" * 7_000


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"office": "student_affairs", "note": LONG}, 422, "最多 2000"),
        ({"office": "", "note": "请核实"}, 422, "请选择部门"),
        ({"office": "academic_affairs", "note": "请核实"}, 422, "无法通知到该部门"),
        ({"office": "hr_office", "note": "请核实"}, 422, "无人担任"),
    ],
    ids=["21,000 letters", "no office", "nobody can be told", "nobody holds it"],
)
def test_a_question_that_is_refused_stands_in_the_form_again(tutor, form, status, said):
    sent = send(tutor, f"{PAGE}/refer?lang=zh", **form)
    assert sent.status_code == status
    assert said in sent.text
    assert f">{form['note']}</textarea>" in sent.text


def test_of_two_tabs_the_second_is_told_and_keeps_its_text(tutor):
    send(tutor, f"{PAGE}/refer", office="student_affairs", note="请核实")
    assert send(tutor, f"{PAGE}/refer", office="student_affairs", note="请核实").status_code == 303
    sent = send(tutor, f"{PAGE}/refer", office="student_affairs", note="另一个问题")
    assert sent.status_code == 409
    assert ">另一个问题</textarea>" in sent.text


def test_an_answer_to_what_is_answered_already_is_kept(tutor, affairs):
    send(tutor, f"{PAGE}/refer", office="student_affairs", note="?")
    send(affairs, f"{PAGE}/referral/answer", referral="1", answer="一")
    sent = send(affairs, f"{PAGE}/referral/answer", referral="1", answer="二")
    assert sent.status_code == 409
    assert "<textarea" in sent.text
    assert ">二</textarea>" in sent.text
    for number in ("9", "x", "1" * 40):
        assert send(affairs, f"{PAGE}/referral/accept", referral=number).status_code == 409


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("refer", {"office": "student_affairs", "note": "写了很久"}),
        ("referral/answer", {"referral": "1", "answer": "写了很久"}),
        ("talk", {**TALK, "agreed": "写了很久"}),
    ],
)
def test_what_was_typed_while_the_session_ended_is_shown_and_the_page_comes_back(tutor, notify, clock, path, form):
    token = tutor.token(PAGE)
    clock.advance(timedelta(days=400))
    sent = tutor.post(f"{PAGE}/{path}", token=token, **form)
    assert sent.status_code == 403
    assert "写了很久" in sent.text
    assert f'name="next" value="{PAGE}' in sent.text


def test_a_talk_that_is_refused_says_why_beside_each_field_and_keeps_all_of_it(tutor):
    typed = {"day": "2026-11-20", "clock": "10:00", "way": "home_visit", "place": "家中", "agreed": "字" * 20_000}
    sent = send(tutor, f"{PAGE}/talk?lang=zh", **typed, notes="备注", visibility="all", next_day="2026-11-19")
    assert sent.status_code == 422
    for said in ("预警在那天之后才开始", "最多 2000 字", "下次谈话应在这次之后"):
        assert said in sent.text
    for value in ("2026-11-20", "10:00", "家中", "2026-11-19"):
        assert f'value="{value}"' in sent.text
    assert f">{typed['agreed']}</textarea>" in sent.text
    assert '<option value="home_visit" selected>' in sent.text
    assert 'name="earlier" value="yes">' in sent.text
    again = {**typed, "agreed": "每周一面谈", "next_day": "", "earlier": "yes"}
    assert send(tutor, f"{PAGE}/talk", **again).status_code == 303


def test_notes_for_a_role_stand_on_no_page_of_others_and_on_no_paper(tutor, browser_of, notify):
    send(tutor, f"{PAGE}/talk", **TALK, notes="家里出了事", visibility="role", next_day="2026-11-25")
    mine = tutor.get(f"{PAGE}?lang=zh").text
    assert "家里出了事" in mine
    assert "仅班主任可见" in mine
    theirs = browser_of(notify, "T2").get(f"{PAGE}?lang=zh").text
    assert "家里出了事" not in theirs
    assert "另有备注，仅班主任可见" in theirs
    for reader in (tutor, browser_of(notify, "T2")):
        paper = reader.get(f"{PAGE}/notice?lang=zh").text
        assert "每周一面谈" in paper
        assert "家里出了事" not in paper


def test_attempts_are_counted_where_everybody_sees_them(tutor, clock):
    for _ in range(2):
        assert send(tutor, f"{PAGE}/not-reached").status_code == 303
        clock.advance(timedelta(minutes=5))
    assert "Not reached: 2 ×, last 11-23 09:05" in tutor.get(f"{PAGE}?lang=en").text


def test_of_parents_there_is_a_form_only_where_the_college_wants_that(tutor, make, browser_of):
    assert "consent" not in tutor.get(f"{PAGE}/talk").text
    assert send(tutor, f"{PAGE}/parents", consent="x", consent_day="2026-11-22").status_code == 404
    wanted = browser_of(make(parents=True))
    sent = send(wanted, f"{PAGE}/parents", consent="张伟", consent_day="2026-12-22")
    assert sent.status_code == 422
    assert 'value="张伟"' in sent.text
    assert send(wanted, f"{PAGE}/parents", consent="张伟", consent_day="2026-11-22").status_code == 303
    assert "Parents informed, with consent" in wanted.get(f"{PAGE}?lang=en").text


def test_who_asked_takes_it_back_with_a_reason_which_stands_on_the_page(tutor, affairs):
    send(tutor, f"{PAGE}/refer", office="student_affairs", note="请核实困难情况")
    assert "撤回转介" in tutor.get(f"{PAGE}?lang=zh").text
    assert "撤回转介" not in affairs.get(f"{PAGE}/referral?lang=zh").text
    refused = send(tutor, f"{PAGE}/referral/take-back", referral="1", why=" ")
    assert refused.status_code == 422
    assert 'id="wrong-take-back-1-why">请写明撤回的原因。' in refused.text
    sent = send(tutor, f"{PAGE}/referral/take-back", referral="1", why="学生已自行办理")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}#follow-up")
    page = tutor.get(PAGE).text
    assert "已撤回 · 11-23 09:00" in page
    assert "撤回了转介 · 学生工作处" in re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page))
    assert "学生已自行办理" in page
    assert "撤回转介" not in page
    assert affairs.get(PAGE).status_code == 404
    assert "请核实困难情况" not in affairs.get("/referrals").text
    assert "已撤回" in tutor.get("/referrals").text


def test_what_is_typed_to_take_back_what_was_answered_meanwhile_is_still_there(tutor, affairs):
    send(tutor, f"{PAGE}/refer", office="student_affairs", note="?")
    tutor.get(f"{PAGE}?lang=zh")
    token = tutor.token(PAGE)
    send(affairs, f"{PAGE}/referral/answer", referral="1", answer="已发放补助")
    refused = tutor.post(f"{PAGE}/referral/take-back", token=token, referral="1", why="学生已自行办理")
    assert refused.status_code == 409
    assert "这项转介已经答复、退回或撤回" in refused.text
    assert "学生已自行办理" in refused.text[refused.text.index('id="kept"') :]


@pytest.mark.parametrize(("act", "typed"), [("answer", "answer"), ("refuse", "why")])
def test_what_an_office_typed_to_what_was_taken_back_meanwhile_is_still_there(tutor, affairs, act, typed):
    send(tutor, f"{PAGE}/refer", office="student_affairs", note="?")
    token = affairs.token(f"{PAGE}/referral?lang=zh")
    send(tutor, f"{PAGE}/referral/take-back", referral="1", why="学生已自行办理")
    refused = affairs.post(f"{PAGE}/referral/{act}", token=token, referral="1", **{typed: "已发放 <补助>"})
    assert refused.status_code == 404
    assert "学生已自行办理" not in refused.text
    assert "已发放 &lt;补助&gt;" in refused.text[refused.text.index('id="kept"') :]


def test_a_talk_is_corrected_by_who_wrote_it_and_its_earlier_words_stay(tutor, affairs):
    send(tutor, f"{PAGE}/refer", office="student_affairs", note="?")
    send(tutor, f"{PAGE}/talk", **TALK, notes="备注", visibility="all")
    page = tutor.get(f"{PAGE}?lang=zh").text
    assert f"{PAGE}/talk?corrects=1" in page
    assert "?corrects=" not in affairs.get(PAGE).text
    form = tutor.get(f"{PAGE}/talk?corrects=1").text
    assert "更正这次谈话记录" in form
    assert 'name="corrects" value="1"' in form
    assert ">每周一面谈</textarea>" in form
    assert '<option value="phone" selected' in form
    refused = send(tutor, f"{PAGE}/talk", **TALK | {"agreed": ""}, notes="备注", visibility="all", corrects="1")
    assert refused.status_code == 422
    assert 'name="corrects" value="1"' in refused.text[refused.text.index("<main") :]
    changed = TALK | {"agreed": "每两周面谈"}
    assert send(tutor, f"{PAGE}/talk", **changed, notes="备注", visibility="all", corrects="1").status_code == 303
    page = re.sub(r"\s+", " ", tutor.get(PAGE).text)
    page = page[page.index('id="follow-up"') :]
    assert page.index("每两周面谈") < page.index("原记录，更正于 11-23 09:00") < page.index("每周一面谈")
    assert f"{PAGE}/talk?corrects=2" in page
    assert f"{PAGE}/talk?corrects=1" not in page
    printed = tutor.get(f"{PAGE}/notice").text
    assert "每两周面谈" in printed
    assert "每周一面谈" not in printed
    assert '<option value="all" selected' in tutor.get(f"{PAGE}/talk?corrects=2").text
    send(tutor, f"{PAGE}/talk", **TALK | {"agreed": "另一次"})
    assert '<option value="all" selected' not in tutor.get(f"{PAGE}/talk?corrects=3").text
    for number in ("1", "9", "x"):
        assert tutor.get(f"{PAGE}/talk?corrects={number}").status_code == 404
    again = send(tutor, f"{PAGE}/talk", **TALK | {"agreed": "太晚"}, corrects="1")
    assert again.status_code == 409
    assert ">太晚</textarea>" in again.text
    others = send(affairs, f"{PAGE}/talk", **TALK | {"agreed": "不是我写的"}, corrects="2")
    assert others.status_code == 409
