"""The inbox: one card for each student, found and filtered by an address, taken up together, handed over."""

import html
import re
from datetime import timedelta

import msgspec
import pytest

from services.directory import Person
from services.messages import EscalationStep, Text
from services.notify.testing import CARD, MORNING, change, facts

WARNING = f"/warnings/{facts().warning_id}"
OTHER = msgspec.structs.replace(CARD, rule="late", row="S3", title=Text("经常迟到", "Often late"))
COLLEAGUE = Person(id="T9", name="赵敏", channel="json://hooks.campus/z")


def cards(_version, rule):
    return {"late": OTHER}.get(rule, CARD)


def of(rule, subject, class_="C1", **more):
    """A warning of a rule; of CARD, or of `late`."""
    one = change(subject=subject, **more)
    context = one.facts.context | {"class": class_}
    shown = msgspec.structs.replace(one.facts, warning_id=f"{rule}-{subject}".replace("/", "-"), context=context)
    row = OTHER.row if rule == "late" else CARD.row
    return msgspec.structs.replace(one, rule=rule, row=row, warning_id=shown.warning_id, facts=shown)


@pytest.fixture
def notify(make, college):
    college.roles["class_tutor"].append(COLLEAGUE)
    college.known |= {"N2": "李雷", "C1": "护理2601", "C2": "护理2602"}
    by = ["student", "course"]
    known = {"late": msgspec.structs.replace(OTHER, by=by)}
    return make(cards=lambda _, rule: known.get(rule, msgspec.structs.replace(CARD, by=by)))


@pytest.fixture
def some(notify):
    """S1 with two rules, S2 of another class, a course of S3 in red."""
    notify.take_in(
        [
            of("absence-streak", "S1/MATH"), of("late", "S1/ART", level="orange"),
            of("absence-streak", "N2/MATH", "C2"), of("late", "S3/MATH", level="red"),
        ],
        1,
    )  # fmt: skip


def shown(page):
    """The warnings that a page links."""
    return re.findall(r'class="line" href="/warnings/([^"]+)"', page)


def boxes(page):
    """What the boxes of a page say."""
    return [html.unescape(one) for one in re.findall(r'type="checkbox" name="card\d+" value="([^"]+)"', page)]


def ticked(page):
    return {f"card{place}": one for place, one in enumerate(boxes(page))}


def test_a_student_has_one_card_whatever_the_number_of_rules(browser, some):
    page = browser.get("/inbox/T1").text
    assert page.count('<li class="card ') == 3
    assert shown(page) == ["late-S3-MATH", "late-S1-ART", "absence-streak-S1-MATH", "absence-streak-N2-MATH"]
    assert "3 条需要处理" in page
    assert len(boxes(page)) == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=张伟", ["late-S1-ART", "absence-streak-S1-MATH"]),
        ("q=n2", ["absence-streak-N2-MATH"]),
        ("q=ｎ2", ["absence-streak-N2-MATH"]),
        ("q=S3", ["late-S3-MATH", "late-S1-ART"]),
        ("q=护理2602", ["absence-streak-N2-MATH"]),
        ("q=经常迟到 s1", ["late-S1-ART"]),
        ("q=often", ["late-S3-MATH", "late-S1-ART"]),
        ("q=%25", []),
        ("q=%00%0a", ["late-S3-MATH", "late-S1-ART", "absence-streak-S1-MATH", "absence-streak-N2-MATH"]),
        ("class=C2", ["absence-streak-N2-MATH"]),
        ("rule=late", ["late-S3-MATH", "late-S1-ART"]),
        ("level=orange", ["late-S1-ART"]),
        ("level=purple", ["late-S3-MATH", "late-S1-ART", "absence-streak-S1-MATH", "absence-streak-N2-MATH"]),
        ("rule=late&level=red", ["late-S3-MATH"]),
        ("about=student/S1", ["late-S1-ART", "absence-streak-S1-MATH"]),
        ("class=none", []),
        ("state=overdue", []),
    ],
)
def test_an_address_says_what_is_shown_and_the_form_says_it_again(query, found, browser, some):
    page = browser.get(f"/inbox/T1?{query}").text
    assert shown(page) == found
    if query == "q=张伟":
        assert 'name="q" value="张伟"' in page
    if query == "class=C2":
        assert '<option value="C2" selected>护理2602</option>' in page
    if not found:
        assert "没有符合条件的预警" in page


def test_a_form_of_search_sends_nothing_by_script_and_keeps_its_address(browser, some):
    page = browser.get("/inbox/T1?show=closed&q=x").text
    assert '<form method="get" action="/inbox/T1"' in page
    assert '<input type="hidden" name="show" value="closed">' in page


def test_what_others_are_at_stands_behind_what_needs_me_and_is_not_counted(browser, notify, some):
    notify.acts.acknowledge("T2", "late-S3-MATH")
    notify.acts.acknowledge("T1", "absence-streak-N2-MATH")
    page = browser.get("/inbox/T1").text
    assert shown(page)[-1] == "late-S3-MATH"
    assert "2 条需要处理" in page
    assert "Li Qiang正在处理" in page
    assert shown(browser.get("/inbox/T1?state=others").text) == ["late-S3-MATH"]
    assert shown(browser.get("/inbox/T1?state=mine").text) == ["absence-streak-N2-MATH"]
    assert shown(browser.get("/inbox/T1?state=untaken").text) == ["late-S1-ART", "absence-streak-S1-MATH"]


def test_an_overdue_one_is_found_until_somebody_acts(browser, notify, clock, some):
    clock.advance(timedelta(days=30))
    while notify.scheduler.step():
        pass
    browser.sign_in("T1")
    assert len(shown(browser.get("/inbox/T1?state=overdue").text)) == 4
    notify.acts.acknowledge("T1", "late-S3-MATH")
    assert "late-S3-MATH" not in shown(browser.get("/inbox/T1?state=overdue").text)


def test_a_rise_makes_what_was_taken_up_untaken_again(browser, notify, some):
    notify.acts.acknowledge("T1", "absence-streak-N2-MATH")
    risen = of("absence-streak", "N2/MATH", "C2", level="red")
    notify.take_in([msgspec.structs.replace(risen, change="raised", sequence=2)], 2)
    assert "absence-streak-N2-MATH" in shown(browser.get("/inbox/T1?state=untaken&level=red").text)


def test_what_is_ticked_is_taken_up_at_once_and_a_double_click_changes_nothing(browser, notify, some, rows):
    page = browser.get("/inbox/T1").text
    form = ticked(page) | {"token": browser.token("/inbox/T1"), "note": "周三谈话"}
    for _ in range(2):
        answer = browser.post("/inbox/T1/acknowledge?q=s", **form)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/inbox/T1?q=s&done=4"
    acts = rows(notify, "SELECT action, person, text FROM act")
    assert acts == [{"action": "acknowledged", "person": "T1", "text": "周三谈话"}] * 4
    assert "已受理 4 条" in browser.get("/inbox/T1?done=4").text
    assert not boxes(browser.get("/inbox/T1").text)


def test_stale_ones_are_told_one_by_one_and_the_others_are_taken_up(browser, notify, some, rows):
    page = browser.get("/inbox/T1").text
    form = ticked(page) | {"token": browser.token("/inbox/T1"), "note": "x", "card9": "none:1", "card10": "crafted"}
    notify.acts.acknowledge("T2", "late-S3-MATH")
    notify.acts.close("T2", "late-S1-ART", "done", "fixed")
    risen = of("absence-streak", "N2/MATH", "C2", level="red")
    notify.take_in([msgspec.structs.replace(risen, change="raised", sequence=2)], 2)
    answer = browser.post("/inbox/T1/acknowledge", **form)
    assert answer.status_code == 409
    told = answer.text[answer.text.index("没有改动") : answer.text.index('class="bar"')]
    for said in ("已有其他人受理", "已经结束", "已有变化"):
        assert told.count(said) == 1
    assert told.count("不是您的预警") == 2
    assert "已受理 1 条" in answer.text
    mine = rows(notify, "SELECT id FROM warning WHERE acknowledged_by = 'T1'")
    assert [one["id"] for one in mine] == ["absence-streak-S1-MATH"]


def test_without_a_tick_or_with_a_long_note_nothing_happens_and_nothing_typed_is_lost(browser, notify, some, rows):
    token = browser.token("/inbox/T1")
    none = browser.post("/inbox/T1/acknowledge", token=token, note="\u200fשלום <b>🙂")
    assert (none.status_code, "请至少勾选一张卡片" in none.text) == (422, True)
    assert 'value="\u200fשלום &lt;b&gt;🙂"' in none.text
    page = browser.get("/inbox/T1").text
    long = browser.post("/inbox/T1/acknowledge", token=token, note="长" * 2001, **ticked(page))
    assert (long.status_code, "备注最多 2000 字" in long.text) == (422, True)
    assert "长" * 2001 in long.text
    assert long.text.count(" checked>") == 3
    assert rows(notify, "SELECT * FROM act") == []


def test_a_session_that_ends_while_a_note_is_typed_keeps_the_note(browser, notify, some, rows):
    page = browser.get("/inbox/T1").text
    form = ticked(page) | {"token": browser.token("/inbox/T1"), "note": "要留住的话"}
    with notify.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM session")
    answer = browser.post("/inbox/T1/acknowledge", **form)
    assert answer.status_code == 403
    assert "要留住的话" in answer.text
    assert 'name="next" value="/inbox/T1"' in answer.text
    assert rows(notify, "SELECT * FROM act") == []


def test_somebody_with_two_roles_has_each_warning_once(browser, notify, college):
    college.roles["course_teacher"].append(college.roles["class_tutor"][0])
    notify.take_in([of("absence-streak", "S1/MATH")], 1)
    assert shown(browser.get("/inbox/T1").text) == ["absence-streak-S1-MATH"]


def test_a_card_shows_some_lines_and_leads_to_all_of_one_student(browser, notify):
    notify.take_in([of("absence-streak", f"S1/M{n}", opened_at=MORNING - timedelta(hours=n)) for n in range(30)], 1)
    page = browser.get("/inbox/T1").text
    assert len(shown(page)) == 3
    assert "另有 27 条" in page
    (more,) = re.findall(r'class="small more" href="([^"]+)"', page)
    assert len(shown(browser.get(html.unescape(more)).text)) == 30


def test_results_say_when_they_end_by_themselves(browser, notify):
    one = of("absence-streak", "S1/MATH", level="praise")
    week = msgspec.structs.replace(one, facts=msgspec.structs.replace(one.facts, window="within 7d"))
    notify.take_in([week], 1)
    assert "11-29 09:00 自动结束" in browser.get("/inbox/T1?show=results").text


def test_that_only_the_newest_of_what_has_ended_are_searched_is_said_also_where_nothing_is_found(browser, notify):
    def end(numbers):
        items = [of("absence-streak", f"S{n}/MATH", opened_at=MORNING - timedelta(minutes=n)) for n in numbers]
        over = [msgspec.structs.replace(one, change="resolved", sequence=2) for one in items]
        notify.take_in([*items, *over], numbers[-1] + 1)

    def page(query, language="zh"):
        return browser.get(f"/inbox/T1?show=closed&lang={language}{query}").text

    end(range(2000))
    assert "更早的不在其中" not in page("") + page("&q=nobody")
    end(range(2000, 2001))
    for query, found in {"": True, "&q=S1999": True, "&q=S2000": False, "&q=nobody": False}.items():
        assert "已结束的预警只列出、查找最新的 2000 条，更早的不在其中。" in page(query)
        assert bool(shown(page(query))) == found
        assert "the newest 2000 are listed and searched; older ones are not" in page(query, "en")


def test_long_names_scripts_and_other_directions_break_no_card(browser, notify, college):
    college.known["S1"] = "<script>alert(1)</script>" + "很长的名字" * 40 + "\u202eשם🙂"
    notify.take_in([of("absence-streak", "S1/MATH")], 1)
    page = browser.get("/inbox/T1?q=<script>").text
    assert "<script>" not in page
    assert 'dir="auto">&lt;script&gt;' in page
    assert len(shown(page)) == 1


# Handing over


def hand_over(browser, to="T9", note="请跟进", **form):
    page = browser.get(f"{WARNING}/hand-over").text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    form = {"to": to, "note": note, "seen": seen[1] if seen else "1", "token": browser.token("/")} | form
    return browser.post(f"{WARNING}/hand-over", **form)


def test_a_colleague_who_takes_a_warning_over_is_accountable_told_and_named(browser, notify, rows, eventually, channel):
    notify.take_in([change()], 1)
    page = browser.get(f"{WARNING}/hand-over").text
    assert '<option value="T9">赵敏</option>' in page
    assert '<option value="T1"' not in page
    for _ in range(2):  # a double click
        assert hand_over(browser).status_code == 303
    (act,) = rows(notify, "SELECT person, action, text, detail FROM act")
    assert act == {"person": "T1", "action": "handed_over", "text": "请跟进", "detail": "T9"}
    (told,) = rows(notify, "SELECT recipient, channel FROM delivery WHERE news = 'handed_over 1'")
    assert told == {"recipient": "T9", "channel": "json://hooks.campus"}
    page = browser.get(WARNING).text
    assert "已移交给赵敏" in page
    assert "王秀英 · 已移交给赵敏" in page
    assert "请跟进" in page
    assert shown(browser.get("/inbox/T1?state=others").text) == [facts().warning_id]
    browser.sign_in("T9")
    assert "已移交给您" in browser.get("/inbox/T9").text


def test_what_was_taken_up_begins_anew_with_the_new_person(make, college, browser_of, rows, clock):
    college.roles["class_tutor"].append(COLLEAGUE)
    card = msgspec.structs.replace(CARD, escalate=[EscalationStep(to="counsellor", after=3600.0)])
    notify = make(cards=lambda *_: card)
    notify.take_in([change()], 1)
    notify.acts.acknowledge("T1", facts().warning_id)
    clock.advance(timedelta(days=2))
    assert hand_over(browser_of(notify)).status_code == 303
    (row,) = rows(notify, "SELECT acknowledged_by, handed_to, deadline FROM warning")
    now = int(clock().timestamp() * 1000)
    assert row == {"acknowledged_by": None, "handed_to": "T9", "deadline": now + 3_600_000}
    waiting = rows(notify, "SELECT cause, due_at FROM escalation WHERE status = 'waiting'")
    assert waiting == [{"cause": "unacknowledged", "due_at": now + 3_600_000}]
    clock.advance(timedelta(hours=2))
    while notify.scheduler.step():
        pass
    told = rows(notify, "SELECT recipient FROM delivery WHERE substr(news, 1, 7) = 'overdue'")
    assert told == [{"recipient": "T9"}]


def test_handing_over_what_nobody_has_taken_up_wins_no_time(make, college, browser_of, rows, clock):
    college.roles["class_tutor"].append(COLLEAGUE)
    card = msgspec.structs.replace(CARD, escalate=[EscalationStep(to="counsellor", after=3600.0)])
    notify = make(cards=lambda *_: card)
    notify.take_in([change()], 1)
    before = rows(notify, "SELECT due_at, status FROM escalation")
    deadline = rows(notify, "SELECT deadline FROM warning")
    clock.advance(timedelta(minutes=30))
    assert hand_over(browser_of(notify)).status_code == 303
    assert rows(notify, "SELECT due_at, status FROM escalation") == before
    assert rows(notify, "SELECT deadline FROM warning") == deadline


def test_a_rise_is_told_to_whom_it_was_handed_too(notify, browser, college, rows):
    notify.take_in([change()], 1)
    assert hand_over(browser).status_code == 303
    college.roles["class_tutor"] = [college.roles["class_tutor"][0]]
    college.roles["counsellor"] = [COLLEAGUE]
    notify.take_in([change("raised", 2, level="red")], 2)
    told = rows(notify, "SELECT recipient FROM delivery WHERE sequence = 2")
    assert {one["recipient"] for one in told} == {"T1", "T2", "T9"}


@pytest.mark.parametrize(
    ("to", "status", "said"),
    [
        ("", 422, "请选择另一个人接手"),
        ("T1", 422, "请选择另一个人接手"),
        ("nobody", 422, "人员名册中没有此人"),
        ("a\0b", 422, "请选择另一个人接手"),
        ("x" * 3000, 422, "请选择另一个人接手"),
        ("GONE", 422, "对方已离校"),
        ("AWAY", 422, "对方正在休假"),
        ("T8", 422, "对方无权查看"),
        ("MUTE", 422, "无法通知对方"),
    ],
)
def test_who_cannot_take_it_is_refused_in_words_and_the_note_is_kept(to, status, said, browser, notify, college, rows):
    college.roles["class_tutor"] += [Person(id=one, name=one) for one in ("GONE", "AWAY")]
    college.roles["class_tutor"].append(Person(id="MUTE", name="无法通知", channel="no address"))
    college.roles["quality_office"] = [Person(id="T8", name="质量办")]
    college.gone.add("GONE")
    college.away["AWAY"] = [COLLEAGUE]
    notify.take_in([change()], 1)
    answer = hand_over(browser, to=to, note="<b>留住</b>")
    assert (answer.status_code, said in answer.text) == (status, True)
    assert "&lt;b&gt;留住&lt;/b&gt;</textarea>" in answer.text
    listed = browser.get(f"{WARNING}/hand-over").text
    assert not any(f'<option value="{one}"' in listed for one in ("GONE", "AWAY", "MUTE", "T8"))
    assert rows(notify, "SELECT * FROM act") == []


def test_a_page_from_before_a_rise_hands_nothing_over_and_keeps_the_note(browser, notify, rows):
    notify.take_in([change()], 1)
    browser.get(f"{WARNING}/hand-over")
    notify.take_in([change("raised", 2, level="red")], 2)
    answer = hand_over(browser, seen="1")
    assert answer.status_code == 409
    assert "已有变化" in answer.text
    assert "请跟进</textarea>" in answer.text
    assert 'name="seen" value="2"' in answer.text
    notify.acts.close("T2", facts().warning_id, "x", "fixed")
    ended = hand_over(browser, seen="2")
    assert ended.status_code == 409
    assert "请跟进</textarea>" in ended.text
    assert rows(notify, "SELECT count(*) AS n FROM act WHERE action = 'handed_over'") == [{"n": 0}]


def test_while_nothing_is_pushed_a_colleague_is_told_nothing_and_the_page_says_why(make, college, browser_of, rows):
    college.roles["class_tutor"].append(COLLEAGUE)
    notify = make(on_trial=lambda _rule: True)
    notify.take_in([change()], 1)
    browser = browser_of(notify)
    assert hand_over(browser).status_code == 303
    assert rows(notify, "SELECT * FROM delivery") == []
    page = browser.get(WARNING, headers={"accept-language": "zh-CN"}).text
    assert re.search(r"赵敏</span><span class=\"fine\">.*试运行", page)


def test_who_stands_in_reads_who_is_at_it_as_themselves(notify, browser, college, some):
    college.away["T1"] = [COLLEAGUE]
    notify.acts.acknowledge("T1", "late-S3-MATH")
    notify.acts.acknowledge("T9", "absence-streak-N2-MATH")
    browser.sign_in("T9")
    page = browser.get("/inbox/T1").text
    assert "王秀英正在处理" in page
    assert page.count("您正在处理") == 1


def test_of_two_who_close_a_warning_the_second_reads_so_and_keeps_their_words(browser, notify):
    notify.take_in([change()], 1)
    token = browser.token(WARNING)
    notify.acts.close("T2", facts().warning_id, "先来的", "fixed")
    answer = browser.post(f"{WARNING}/close", token=token, measure="后来的话", reason="fixed")
    assert answer.status_code == 409
    assert "后来的话</textarea>" in answer.text
    assert "先来的" in answer.text


def test_what_is_ticked_goes_to_a_colleague_together(browser, notify, some, rows):
    page = browser.get("/inbox/T1").text
    assert 'formaction="/inbox/T1/hand-over?"' in page
    form = ticked(page) | {"token": browser.token("/inbox/T1"), "note": "我去培训", "to": "T9"}
    notify.acts.close("T2", "late-S1-ART", "done", "fixed")
    answer = browser.post("/inbox/T1/hand-over", **form)
    assert answer.status_code == 409
    assert "已移交 3 条" in answer.text
    assert "已经结束" in answer.text
    del form["card1"]
    again = browser.post("/inbox/T1/hand-over", **form)  # a double click
    assert again.headers["location"] == "/inbox/T1?handed=2"
    acts = rows(notify, "SELECT person, text, detail FROM act WHERE action = 'handed_over'")
    assert acts == [{"person": "T1", "text": "我去培训", "detail": "T9"}] * 3
    told = rows(notify, "SELECT recipient FROM delivery WHERE news = 'handed_over 1'")
    assert told == [{"recipient": "T9"}] * 3


@pytest.mark.parametrize("act", ["hand-over", "acknowledge"])
def test_what_was_done_together_is_undone_together_within_a_minute(act, browser, notify, some, rows, clock):
    def undo():
        page = browser.get("/inbox/T1").text
        form = re.search(r'<form method="post" action="(/inbox/T1/undo\?[^"]*)".*?</form>', page, re.DOTALL)
        return (html.unescape(form[1]), dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0])), form[0])

    page = browser.get("/inbox/T1").text
    assert "/inbox/T1/undo" not in page
    form = ticked(page) | {"token": browser.token("/inbox/T1"), "to": "T9"}
    browser.post(f"/inbox/T1/{act}", **form)
    address, hidden, said = undo()
    assert {"hand-over": "撤销刚才的操作：移交 (4)", "acknowledge": "撤销刚才的操作：受理 (4)"}[act] in said
    assert "09:01:00 之前可以撤销" in said
    acted = [one["action"] for one in rows(notify, "SELECT action FROM act")]
    answers = [browser.post(address, **hidden) for _ in range(2)]
    assert [one.headers["location"] for one in answers] == ["/inbox/T1?undone=4"] * 2
    assert "已撤销 4 条操作" in browser.get("/inbox/T1?undone=4").text
    assert "/inbox/T1/undo" not in browser.get("/inbox/T1").text
    assert [one["action"] for one in rows(notify, "SELECT action FROM act ORDER BY id")] == acted + ["undone"] * 4
    assert rows(notify, "SELECT * FROM warning WHERE handed_to IS NOT NULL OR acknowledged_by IS NOT NULL") == []
    assert boxes(browser.get("/inbox/T1").text) == boxes(page)

    browser.post(f"/inbox/T1/{act}", **form)
    address, hidden, _ = undo()
    notify.acts.improve("T2", "late-S3-MATH", "call", "2026-12-01")
    partly = browser.post(address, **hidden)
    assert partly.status_code == 409
    assert "已撤销 3 条操作" in partly.text
    assert partly.text.count("此后这条预警又有了变化") == 1
    browser.post(f"/inbox/T1/{act}", **form)
    address, hidden, _ = undo()
    clock.advance(timedelta(minutes=1, seconds=1))
    assert "/inbox/T1/undo" not in browser.get("/inbox/T1").text
    assert browser.post(address, **hidden).text.count("已超过一分钟") >= 3


def test_handing_over_together_needs_somebody_and_keeps_what_was_typed(browser, notify, some, rows):
    page = browser.get("/inbox/T1").text
    form = ticked(page) | {"token": browser.token("/inbox/T1"), "note": "留住"}
    answer = browser.post("/inbox/T1/hand-over", to="", **form)
    assert (answer.status_code, "请选择另一个人接手" in answer.text, 'value="留住"' in answer.text) == (422, True, True)
    crafted = browser.post("/inbox/T1/hand-over", to="nobody", **form)
    assert crafted.status_code == 409
    assert crafted.text.count("人员名册中没有此人") == 4
    assert rows(notify, "SELECT * FROM act") == []
