"""From the inbox to the warning, the student and their time line, and to my classes; on a phone and on a desk."""

import csv
import re

import pytest
from playwright.sync_api import expect

from tests.browser import DESK, PHONE, findings, picture, sideways

CLASS = "automotive-2601"
SHEET = (1017, 688)
"""A4, landscape, within its margins of 14 mm; in pixels."""
WORDS = {"zh": ("学业状态", "我的班级"), "en": ("Study state", "My classes")}


@pytest.fixture(scope="module")
def tutor(sample):
    """Who looks after a class of the sample college that has problems planted."""
    with (sample.home / "directory" / "roles.csv").open(encoding="utf-8-sig") as rows:
        return next(
            one["person"] for one in csv.DictReader(rows) if (one["role"], one["scope"]) == ("class_tutor", CLASS)
        )


def looks(page, source, name):
    picture(page, name)
    return [*findings(page, source), *([f"{page.url} is wider than its window"] if sideways(page) else [])]


def explained_once(page):
    """Each sign of the week that is shown; early in a week nobody may have been absent yet."""
    signs = "all => all.map(one => [one.classList.item(one.classList.length - 1), one.textContent])"
    shown = page.locator(".register tbody td:not(.sum)").evaluate_all(signs)
    explained = page.locator(".legend .cell").evaluate_all(signs)
    assert sorted(explained) == [list(sign) for sign in sorted({tuple(one) for one in shown if one[1]})]


@pytest.mark.parametrize(
    ("size", "scheme", "language"), [(PHONE, "light", "zh"), (DESK, "dark", "en")], ids=["phone", "desk"]
)
def test_from_the_inbox_to_the_student_and_through_my_classes(
    chromium, sample, axe_source, tutor, size, scheme, language
):
    state, classes = WORDS[language]
    found = []
    viewport = {"width": size[0], "height": size[1]}
    with chromium.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{sample.address}/?lang={language}")
        page.locator(f'.people button[value="{tutor}"]').click()
        expect(page.locator(".cards .line").first).to_be_visible()

        page.locator(".cards .line").first.click()
        message = page.locator(".lead .message").inner_text()
        page.locator('.lead a[href*="/students/"]').click()
        expect(page.locator("#state")).to_contain_text(state)
        expect(page.locator(".timeline").first).to_be_visible()
        expect(page.locator("main")).to_contain_text(message)
        found += looks(page, axe_source, f"student-{size[0]}-{language}")
        for fold in page.locator("details summary").all()[:2]:
            fold.click()
        found += looks(page, axe_source, f"student-open-{size[0]}-{language}")
        assert page.locator(".timeline a").count() > 0, "a warning leads back to its page"

        page.locator("header nav a", has_text=classes).click()
        expect(page.locator(".talks a").first).to_be_visible()
        expect(page.locator(".register")).to_be_visible()
        found += looks(page, axe_source, f"classes-{size[0]}-{language}")
        explained_once(page)
        first = page.locator(".register tbody th").first
        page.locator(".register").evaluate("table => { table.parentElement.scrollLeft = 400 }")
        assert first.bounding_box()["x"] < size[0] / 4, "names stay while the lessons move under the thumb"

        page.locator(".tabs a").first.click()
        expect(page.locator('.tabs a[aria-current="page"]')).to_have_count(0)
        explained_once(page)
        page.locator(".tabs a").nth(1).click()
        expect(page.locator('.tabs a[aria-current="page"]')).to_be_visible()
        name = page.locator(".talks a").first.inner_text()
        page.locator(".talks a").first.click()
        expect(page.locator("h1")).to_have_text(name)
    assert not found, "\n".join(found)


def test_both_pages_work_without_scripts_and_fit_on_paper(chromium, sample, tutor):
    viewport = {"width": SHEET[0], "height": SHEET[1]}
    with chromium.new_context(java_script_enabled=False, locale="en-GB", viewport=viewport) as context:
        page = context.new_page()
        page.goto(f"{sample.address}/?lang=en")
        page.locator(f'.people button[value="{tutor}"]').click()
        page.goto(f"{sample.address}/classes?class={CLASS}")
        rows = page.locator(".register tbody tr")
        expect(rows.first).to_be_visible()
        page.emulate_media(media="print")
        assert page.locator(".register").bounding_box()["width"] <= SHEET[0], "the whole week is on the sheet"
        page.emulate_media(media="screen")
        page.locator(".register tbody a").first.click()
        expect(page.locator("#state")).to_contain_text("Study state")
        page.locator("#course").select_option(index=1)
        page.locator(".find button").click()
        expect(page).to_have_url(re.compile("course="))
