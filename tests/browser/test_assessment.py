"""A teacher makes the month's assessment on a phone, also without network; students check in by a lesson's code."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from services.web.phone.check_in_pages import DEVICE
from tests.browser import DESK, PHONE, findings, picture, sideways
from tests.browser.teaching import student
from tests.faults.running import until

WAITS = 30_000
"""Milliseconds until an unsent form is sent again."""
TOO_LONG = """field => {
    field.value = "长".repeat(4001)
    field.dispatchEvent(new Event("input", { bubbles: true }))
}"""
LOOKS = [
    pytest.param("zh", "light", PHONE, id="phone, zh, light"),
    pytest.param("en", "dark", PHONE, id="phone, en, dark"),
    pytest.param("en", "light", DESK, id="desk, en, light"),
]


def open_month(context, place):
    """By the list of her classes."""
    page = context.new_page()
    page.goto(f"{place.address}/assessments")
    page.locator(".lesson a.button").first.tap()
    page.wait_for_selector(".assess")
    return page


def of(page, number):
    return page.locator(f'li[data-student="{student(number)}"]')


def grade(page, number, value, name="overall"):
    of(page, number).locator(f'input[name^="{name}:"][value="{value}"]').check()


def said(place):
    """Student → overall, of all that came to the log, which has nobody twice."""
    found = [one.data for one in place.events() if one.kind == "assessment"]
    assert len({one["student"] for one in found}) == len(found)
    return {one["student"]: one["overall"] for one in found}


def test_students_are_saved_one_by_one_without_network_and_nothing_that_was_typed_is_lost(phone, place):
    page = open_month(phone, place)
    grade(page, 1, "good")
    grade(page, 2, "fair")
    comment = of(page, 2).locator('input[name^="comment:"]')
    comment.tap()
    of(page, 2).locator(".phrases button").first.tap()
    of(page, 2).locator(".phrases button").nth(1).tap()
    typed = comment.input_value()
    assert typed == "上课专注，积极参与，比上月有进步"
    of(page, 1).locator(".save-one").tap()
    expect(of(page, 1)).to_have_class("assessed")
    assert comment.input_value() == typed
    phone.set_offline(True)
    for number in (3, 4):
        grade(page, number, "poor")
        of(page, number).locator(".save-one").tap()
        expect(page.locator("#queue")).to_contain_text(f"{number - 2} 份尚未发送")
    phone.set_offline(False)
    until(lambda: len(said(place)) == 3, "what was saved without network has come")
    assert said(place) == {student(1): "good", student(3): "poor", student(4): "poor"}
    page.goto(page.url)
    expect(of(page, 2).locator('input[name^="comment:"]')).to_have_value(typed)
    page.locator(".saving button").tap()
    page.wait_for_url("**?saved=1")
    expect(page.locator(".counts")).to_contain_text("已评 4/45")
    assert said(place) == {student(1): "good", student(2): "fair", student(3): "poor", student(4): "poor"}


def test_what_is_refused_is_there_again_with_the_reason(phone, place):
    page = open_month(phone, place)
    grade(page, 9, "good")
    of(page, 9).locator('input[name^="comment:"]').evaluate(TOO_LONG)
    page.locator(".saving button").tap()
    expect(page.locator("#queue")).to_contain_text("评语最多 4000 字")
    expect(page.locator("#queue")).not_to_contain_text("不在这份名单")
    assert of(page, 9).locator('input[name^="overall:"][value="good"]').is_checked()
    assert student(9) not in said(place)


def test_a_student_of_whom_the_grade_that_counts_is_missing_is_marked_at_once(phone, place):
    page = open_month(phone, place)
    grade(page, 10, "good", "skill")
    for button in (page.locator(".saving button"), of(page, 10).locator(".save-one")):
        button.tap()
        expect(of(page, 10)).to_be_focused()
        expect(of(page, 10).locator(".partly")).to_be_visible()
        assert page.locator(".partly:visible").count() == 1
        page.locator("h1").tap()
    grade(page, 10, "fair")
    of(page, 10).locator(".save-one").tap()
    expect(of(page, 10).locator(".done")).to_be_visible()
    expect(page.locator(".partly:visible")).to_have_count(0)
    assert said(place)[student(10)] == "fair"


def test_a_code_is_scanned_by_one_student_and_not_by_a_second_on_the_same_phone(chromium, phone, place):
    lesson = place.teach("code")
    roll = phone.new_page()
    roll.goto(lesson)
    roll.wait_for_selector(".roll.taps")
    roll.locator(f'li[data-student="{student(5)}"] .tap').tap()
    roll.locator("#check-in summary").tap()
    with phone.expect_page() as opened:
        roll.evaluate("document.querySelector('#check-in form').target = '_blank'")
        roll.locator("#check-in button").nth(1).tap()
    shown = opened.value
    code = shown.locator(".digits").inner_text()
    shown.wait_for_function("document.querySelector('.code img').naturalWidth > 0")
    roll.goto(lesson)
    expect(roll.locator(f'li[data-student="{student(5)}"]')).to_have_class("absent")
    with place.phone(chromium, student(1)) as mine:
        page = mine.new_page()
        page.goto(f"{place.address}/check-in?code={code}")
        page.locator("main button").tap()
        expect(page.locator(".taken")).to_contain_text("内科护理")
        (device,) = [one for one in mine.cookies() if one["name"] == DEVICE]
    with place.phone(chromium, student(2)) as other:
        other.add_cookies([device])
        page = other.new_page()
        page.goto(f"{place.address}/check-in?code={code}")
        page.locator("main button").tap()
        expect(page.locator(".error")).to_contain_text("已经签过另一位同学")
    expect(roll.locator(f'li[data-student="{student(1)}"] .came')).to_be_visible(timeout=WAITS)
    expect(roll.locator("#check-in .refused li")).to_have_count(1, timeout=WAITS)
    expect(roll.locator(f'li[data-student="{student(5)}"]')).to_have_class("absent")
    expect(shown.locator(".digits")).not_to_have_text(code, timeout=WAITS)
    expect(shown.locator(".n")).to_contain_text("1/44")
    roll.locator(".saving button").tap()
    expect(roll.locator(".taken")).to_be_visible()
    assert place.marks("code")[student(5)] == "absent"
    shown.locator("form button").last.tap()
    shown.wait_for_url("**/roll-call**")


@pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
def test_the_pages_can_be_read_and_used_by_everybody(chromium, place, axe_source, language, scheme, size):
    id_ = f"look-{language}-{scheme}-{size[0]}"
    lesson = place.teach(id_, ago=timedelta(minutes=20))
    look = {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": scheme, "has_touch": True}
    with place.phone(chromium, "anna", language, **look) as context:
        page = open_month(context, place)
        of(page, 7).locator('input[name^="comment:"]').tap()
        pages = [("assessment", page)]
        roll = context.new_page()
        roll.goto(lesson)
        roll.locator("#check-in summary").tap()
        roll.locator("#check-in button").nth(2).tap()
        pages.append(("check-in-code", roll))
        roll.wait_for_selector(".digits")
        with place.phone(chromium, student(8), language, **look) as mine:
            typing = mine.new_page()
            typing.goto(f"{place.address}/check-in")
            pages.append(("check-in", typing))
            for name, one in pages:
                picture(one, f"{name}-{language}-{scheme}-{size[0]}")
                assert findings(one, axe_source) == [], name
                assert not sideways(one), name
