"""The switch of the language, on pages that were reached by a link: what was typed and not sent comes along."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import DESK, PHONE
from tests.browser.test_referral import QUESTION, signed_in, told  # noqa: F401 - a fixture
from tests.faults.running import warnings

LOOKS = [pytest.param("zh", PHONE, id="phone, zh"), pytest.param("en", DESK, id="desk, en")]


def switch(page, language):
    """To the other language and there."""
    page.locator("#switch").click()
    expect(page.locator("html")).to_have_attribute("lang", "en" if language == "zh" else "zh-CN")


@pytest.mark.parametrize(("language", "size"), LOOKS)
def test_what_was_typed_on_a_warnings_page_comes_along_once_and_does_nothing(chromium, sample, told, language, size):  # noqa: F811
    person, link = told[0]
    before = [one for one in warnings(sample.home) if one["id"] in link]
    with signed_in(chromium, sample, person, size, language) as context:
        page = context.new_page()
        page.goto(link)
        measure, reason = (page.locator(f'#act form[action$="/{one}"]') for one in ("improve", "close"))
        for form in (measure, reason):
            form.locator("..").locator("summary").click()
        measure.locator("textarea").fill("<b>每天</b> “签到”")
        measure.locator("[name=due]").fill("2026-12-24")
        reason.locator("select").select_option(index=1)
        chosen = reason.locator("select").input_value()
        switch(page, language)
        expect(measure.locator("textarea")).to_have_value("<b>每天</b> “签到”")
        expect(measure.locator("textarea")).to_be_visible()
        expect(measure.locator("[name=due]")).to_have_value("2026-12-24")
        expect(reason.locator("select")).to_have_value(chosen)
        expect(page.locator("#live-offer")).to_be_hidden()
        page.goto(link)
        expect(measure.locator("textarea")).to_have_value("")
    assert [one for one in warnings(sample.home) if one["id"] in link] == before


@pytest.mark.parametrize(("language", "size"), LOOKS)
def test_the_question_to_an_office_comes_along_and_can_then_be_sent(chromium, sample, told, language, size):  # noqa: F811
    person, link = told[0]
    with signed_in(chromium, sample, person, size, language) as context:
        page = context.new_page()
        page.goto(f"{link}/refer")
        page.select_option("select[name=office]", "student_affairs")
        page.fill("textarea[name=note]", QUESTION[language])
        switch(page, language)
        expect(page.locator("select[name=office]")).to_have_value("student_affairs")
        expect(page.locator("textarea[name=note]")).to_have_value(QUESTION[language])


def test_a_name_to_sign_in_with_comes_along_and_a_password_does_not(chromium, place):
    with chromium.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"{place.address}/sign-in")
        page.fill("[name=name]", "wang")
        page.fill("[name=password]", "kept by nobody")
        page.locator("#switch").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.locator("[name=name]")).to_have_value("wang")
        expect(page.locator("[name=password]")).to_have_value("")
        assert "kept by nobody" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_without_script_the_switch_is_a_link(chromium, place):
    with chromium.new_context(locale="en-GB", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{place.address}/sign-in")
        page.locator("#switch").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        assert re.search(r"lang=zh", page.url)
