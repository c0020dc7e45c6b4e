"""What README's first command leads a newcomer to: as a teacher to a roll-call, as the tutor to its warning.

From there to the office that is asked, and to what a student of the class reads.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import PHONE, picture, sideways

SAID = {"zh": ("点名已保存", "课堂到课率"), "en": ("The roll-call is saved", "Arrival rate of a lesson")}

QUESTION = "Would you talk with them? 请约谈"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_newcomer_calls_a_roll_and_sees_its_warning(chromium, sample, language):
    saved, warning = SAID[language]
    with chromium.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}) as context:
        page = context.new_page()
        page.goto(f"{sample.address}/?lang={language}")
        tour = page.locator(".tour button")
        people = [one.get_attribute("value") for one in tour.all()]
        assert people[0] != people[1], "one calls the roll, the other is warned"
        tour.first.click()
        lesson = page.locator("h1").inner_text()
        taps = page.locator(".tap")
        expect(taps.nth(3)).to_be_visible()  # the script makes them, in its time
        for row in taps.all()[1:4]:
            if row.get_attribute("aria-pressed") == "false":
                row.click()
        page.locator("#roll-call .saving button").click()
        expect(page.get_by_text(saved).first).to_be_visible()
        picture(page, f"tour-{language}")
        assert not sideways(page)
        page.goto(f"{sample.address}/")
        page.locator(".tour button").nth(1).click()
        there = page.locator("li.card", has_text=warning).filter(has_text=lesson)
        expect(there).to_be_visible()  # without a reload
        there.locator("a").first.click()
        page.locator('a[href$="/refer"]').click()
        page.locator("#office").select_option("mental_health")
        page.locator("#note").fill(QUESTION)
        page.locator("main form button").click()
        page.goto(f"{sample.address}/")
        page.locator(".tour button").nth(3).click()
        expect(page.locator("main")).to_contain_text(QUESTION)
        page.goto(f"{sample.address}/")
        page.locator(".tour button").nth(2).click()
        expect(page).to_have_url(re.compile("/students/"))
        expect(page.locator('a[href*="/appeal"]').first).to_be_visible()
