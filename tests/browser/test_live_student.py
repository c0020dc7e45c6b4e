"""A student's page and my classes show what has changed, in a college of their own: it would be news to others."""

from datetime import timedelta

from playwright.sync_api import expect

from tests.browser.teaching import student
from tests.browser.test_live import call, is_same


def test_a_students_page_and_my_classes_show_a_warning_of_theirs_without_a_reload(chromium, place):
    alone = 40
    with place.phone(chromium, "tutor") as tutor:
        place.teach("absent-once", ago=timedelta(hours=5))
        call(place, chromium, "absent-once", absent=[alone])
        page, classes = tutor.new_page(), tutor.new_page()
        page.goto(f"{place.address}/students/{student(alone)}")
        classes.goto(f"{place.address}/classes")
        state, talks = page.locator("#state"), classes.locator(".talks .chip.yellow")
        before, needing = state.inner_text(), talks.count()
        page.evaluate("window.same = true")
        place.teach("absent-twice", ago=timedelta(hours=2))
        call(place, chromium, "absent-twice", absent=[alone])
        expect(state).not_to_have_text(before)
        expect(page.locator(".timeline")).to_contain_text("连续旷课")
        assert is_same(page)
        classes.bring_to_front()
        expect(talks).to_have_count(needing + 1)
