"""A teacher enters the scores of a lesson's test on a phone: by keyboard, from a sheet, without network."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser import DESK, PHONE, findings, picture, sideways
from tests.browser.teaching import name, student

PASTE = """(field, text) => {
    const data = new DataTransfer()
    data.setData("text", text)
    field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}))
}"""


def at_test(place, context, lesson):
    address = place.teach(lesson).replace("roll-call", "test")
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".counts")).to_have_text("0 / 45")  # the script has run
    return page


def score(page, number):
    return page.locator(f'input[name="score:{student(number)}"]')


def results(place, lesson):
    """Student's number → (status, score), the newest word of each."""
    said = place.records("test", lesson)
    return {int(one.data["student"][4:]): (one.data["status"], one.data.get("score")) for one in said}


def is_saved(page):
    page.wait_for_url(re.compile("saved=1"))


LOOKS = [
    pytest.param("zh", "light", PHONE, id="phone, zh, light"),
    pytest.param("en", "dark", PHONE, id="phone, en, dark"),
    pytest.param("en", "light", DESK, id="desk, en, light"),
]


@pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
def test_enter_goes_from_row_to_row_and_what_is_wrong_stands_in_its_row(
    chromium, place, axe_source, language, scheme, size
):
    lesson = f"keys-{language}-{scheme}"
    viewport = {"width": size[0], "height": size[1]}
    with place.phone(
        chromium, "anna", language, viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        page = at_test(place, context, lesson)
        score(page, 1).focus()
        for number in range(1, 46):
            page.keyboard.type("8O" if number == 3 else "120" if number == 4 else str(50 + number))
            page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "save"
        page.keyboard.press("Enter")
        expect(page.locator(".scoring .error")).to_have_count(2)
        expect(score(page, 3)).to_be_focused()
        expect(score(page, 3)).to_have_accessible_description(re.compile("8O"))
        picture(page, f"test-wrong-{size[0]}-{language}-{scheme}")
        found = findings(page, axe_source)
        assert not sideways(page)
        score(page, 3).fill("80")
        score(page, 4).fill("８５")
        page.locator("#save").click()
        is_saved(page)
        picture(page, f"test-saved-{size[0]}-{language}-{scheme}")
        assert not sideways(page)
        assert found + findings(page, axe_source) == []
    assert results(place, lesson)[4] == ("graded", 85)
    assert len(results(place, lesson)) == 45


def test_what_comes_back_is_read_also_where_the_page_s_own_script_comes_late(chromium, place):
    with place.phone(chromium, service_workers="block") as context:
        page = at_test(place, context, "late")
        score(page, 1).fill("1000")
        expect(page.locator(".counts")).to_have_text("1 / 45")
        page.wait_for_function("indexedDB.databases().then(all => all.length > 0)")
        page.route("**/lesson_test.js", lambda route: (time.sleep(1), route.continue_()))
        page.reload()
        expect(score(page, 1)).to_have_value("1000")
        expect(page.locator(".scoring .error")).to_have_count(1)


def test_a_column_that_is_pasted_into_a_score_goes_to_all(chromium, place):
    with place.phone(chromium) as context:
        page = at_test(place, context, "column")
        for text, shown in (("7\n" * 44, "45"), ("\n".join(map(str, range(40, 85))), "45")):
            score(page, 1).evaluate(PASTE, text)
            expect(page.locator("#report p")).to_contain_text(shown)
        expect(score(page, 45)).to_have_value("84")
        expect(page.locator('textarea[name="paste"]')).to_have_value("")
        page.locator("#save").tap()
        is_saved(page)
    assert results(place, "column")[45] == ("graded", 84)


def test_scores_are_kept_without_network_and_sent_once(chromium, place):
    with place.phone(chromium) as context:
        page = at_test(place, context, "offline")
        page.locator("#rest").select_option("pending")
        score(page, 1).fill("90")
        page.reload()
        expect(score(page, 1)).to_have_value("90")
        context.set_offline(True)
        score(page, 2).fill("1000")
        page.locator("#save").tap()
        expect(page.locator("#queue")).to_contain_text("未发送")
        context.set_offline(False)
        expect(page.locator("#queue")).to_contain_text(f"{name(2)}：1000 超过满分 100", timeout=30_000)
        expect(page.locator(".scoring .error")).to_have_count(1)
        expect(page.locator("#queue")).not_to_contain_text("已不在")
        score(page, 2).fill("100")
        page.locator("#save").tap()
        is_saved(page)
    said = results(place, "offline")
    assert (said[1], said[2], said[3]) == (("graded", 90), ("graded", 100), ("pending", None))
    assert len(place.records("test", "offline")) == 44, "of whom is on leave nothing is said"
