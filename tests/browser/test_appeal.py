"""A student appeals on a phone, the teacher decides on theirs, the tutor sees at a desk why a warning was withdrawn."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser import DESK, findings, picture, sideways
from tests.browser.teaching import college, name, student
from tests.faults.running import until
from tests.unit.web.appeals.test_slips import png

NUMBER = 5
WHO = student(NUMBER)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One whose students may appeal, with a picture of the slip."""
    found = college(tmp_path_factory.mktemp("appeals"))
    with found.open(PREWARN_APPEALS="true", PREWARN_APPEAL_SLIPS="true"):
        yield found


def absent(place, context, lesson, ago):
    """Anna calls the roll of a lesson, in which one student is absent."""
    page = context.new_page()
    address = place.teach(lesson, ago=ago)
    page.goto(address)
    page.wait_for_selector(".roll.taps")
    page.locator(f'li[data-student="{WHO}"] .tap').tap()
    page.locator(".saving button").tap()
    expect(page.get_by_text("点名已保存").first).to_be_visible()
    page.close()


def listed(context, place):
    """The list of appeals, open."""
    page = context.new_page()
    page.goto(f"{place.address}/appeals")
    page.evaluate("window.same = true")
    return page


def of_student(page, part):
    """Their line in a part of the list."""
    page.bring_to_front()
    return page.locator(f'[data-live="{part}"]').get_by_role("link", name=re.compile(name(NUMBER)))


def looks_right(page, source, what):
    """What somebody with a screen reader, or with a narrow phone, meets."""
    picture(page, what)
    assert findings(page, source) == []
    assert not sideways(page)


def add_a_slip(page):
    """A picture is kept, and what is none is refused."""
    page.locator("#slip").set_input_files({"name": "假条.png", "mimeType": "image/png", "buffer": png(40, 30)})
    page.get_by_role("button", name="提交图片").tap()
    expect(page.locator("img.slip")).to_be_visible()
    assert page.locator("img.slip").evaluate("one => one.complete && one.naturalWidth") == 40
    page.locator("#slip").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"<script>"})
    page.get_by_role("button", name="提交图片").tap()
    expect(page.get_by_text("这不是完整的")).to_be_visible()
    page.get_by_role("link", name="返回申诉").tap()
    expect(page.locator("img.slip")).to_be_visible()


def test_a_student_appeals_the_teacher_corrects_it_and_the_tutor_sees_the_warning_withdrawn(
    chromium, place, axe_source
):
    with (
        place.phone(chromium) as anna,
        place.phone(chromium, WHO) as phone,
        chromium.new_context(viewport={"width": DESK[0], "height": DESK[1]}, locale="zh-CN") as desk,
    ):
        for lesson, ago in (("first", timedelta(hours=9)), ("second", timedelta(hours=6))):
            absent(place, anna, lesson, ago)
        place.sign_in(desk, "tutor")
        tutor = desk.new_page()
        warning = tutor.locator("a.line", has_text="连续旷课").first
        until(lambda: tutor.goto(f"{place.address}/inbox/tutor") and warning.count(), "the tutor is warned", 60)
        warning.click()
        expect(tutor.get_by_role("link", name="这条有误").first).to_be_visible()
        looks_right(tutor, axe_source, "appeal-warning-desk")
        address = tutor.url

        mine = phone.new_page()
        mine.goto(place.address)
        mine.get_by_role("link", name="我的记录").tap()
        looks_right(mine, axe_source, "appeal-records-phone")
        mine.get_by_role("link", name="这条有误").last.tap()
        mine.get_by_label("我在课堂上").check()
        mine.get_by_label("情况说明").fill("我坐在最后一排，和王芳一起")
        looks_right(mine, axe_source, "appeal-ask-phone")
        waiting = listed(anna, place)
        mine.get_by_role("button", name="提交申诉").tap()
        expect(mine.get_by_text("申诉已提交")).to_be_visible()
        expect(of_student(waiting, "waiting")).to_be_visible()  # without a reload
        add_a_slip(mine)

        until(lambda: tutor.reload() and tutor.get_by_text("申诉待决定").count() == 1, "the tutor sees the appeal")

        teacher = anna.new_page()
        teacher.goto(f"{place.address}/day")
        teacher.get_by_role("link", name="待我决定的申诉：1").tap()
        teacher.get_by_role("link", name=re.compile(name(NUMBER))).tap()
        expect(teacher.locator("img.slip")).to_be_visible()
        teacher.get_by_label("更正为：到课").check()
        teacher.get_by_label("理由").fill("看错了，抱歉")
        looks_right(teacher, axe_source, "appeal-decide-phone")
        teacher.get_by_role("button", name="决定", exact=True).tap()
        expect(teacher.get_by_text("已决定。")).to_be_visible()

        expect(tutor.locator(".lead")).to_contain_text("已撤回")  # without a reload
        expect(tutor.get_by_text("经申诉更正")).to_be_visible()
        assert tutor.url == address
        looks_right(tutor, axe_source, "appeal-withdrawn-desk")

        expect(of_student(waiting, "others")).to_be_visible()
        expect(of_student(waiting, "waiting")).to_have_count(0)
        assert waiting.evaluate("window.same === true")
        looks_right(waiting, axe_source, "appeals-phone")
        expect(mine.locator("#answer")).to_contain_text("记录已更正，现为：到课")  # without a reload, either
        expect(mine.locator("#answer")).to_contain_text("看错了，抱歉")
        mine.goto(f"{mine.url.partition('?')[0]}?lang=en")
        expect(mine.locator("#answer")).to_contain_text("The record was corrected. It says now: present")
        looks_right(mine, axe_source, "appeal-answer-phone")


def test_a_picture_of_40_mb_is_refused_with_a_page_that_says_so(chromium, place, tmp_path):
    large = tmp_path / "large.jpg"
    large.write_bytes(b"\xff\xd8\xff" + b"\0" * (40 << 20))
    with place.phone(chromium) as anna:
        absent(place, anna, "third", timedelta(hours=3))
    with place.phone(chromium, WHO) as phone:
        page = phone.new_page()
        page.goto(f"{place.address}/my-records")
        page.get_by_role("link", name="这条有误").first.tap()
        page.get_by_label("我在课堂上").check()
        page.get_by_label("情况说明").fill("我在")
        page.get_by_role("button", name="提交申诉").tap()
        page.locator("#slip").set_input_files(large)
        page.get_by_role("button", name="提交图片").tap()
        expect(page.get_by_text("图片超过 5 MB")).to_be_visible()
        page.get_by_role("link", name="返回申诉").tap()
        expect(page.get_by_text("我在", exact=True)).to_be_visible()
