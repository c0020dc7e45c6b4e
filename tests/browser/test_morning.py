"""A morning of people who were warned, on phone and desk.

Push link → sign-in → act → next; a case with its parts; handed over to a colleague.

Each of the two has people and warnings of its own, as they share one college.
"""

import json

import pytest
from playwright.sync_api import expect

from tests.browser import DESK, PHONE, findings, picture, sideways
from tests.faults.running import until, warnings

MORNINGS = [pytest.param(PHONE, "zh", 0, id="phone, zh"), pytest.param(DESK, "en", 1, id="desk, en")]
CASE = "student-case"


@pytest.fixture(scope="module")
def pushes(sample):
    """(person, link) of pushes that are about one warning which somebody still has to act on."""
    todo = {
        one["id"]
        for one in warnings(sample.home)
        if one["status"] == "open" and one["level"] != "praise" and one["rule"] != CASE
    }
    lines = (sample.home / "outbox.log").read_text("utf-8").splitlines()
    sent = [(one["to"], one["link"]) for one in map(json.loads, lines) if "/warnings/" in one.get("link", "")]
    return [one for one in dict.fromkeys(sent) if one[1].rpartition("/")[2] in todo]


@pytest.fixture
def page(chromium, request):
    size = request.node.callspec.params["size"]
    with chromium.new_context(viewport={"width": size[0], "height": size[1]}) as context:
        yield context.new_page()


def sign_in(page, person):
    page.locator(f'.people button[value="{person}"]').click()
    page.wait_for_load_state()


def press(page, act):
    """The button of an act, wherever the page has folded its form."""
    form = page.locator(f'form[action$="/{act}"]')
    if not form.is_visible():
        form.locator("xpath=ancestor::details/summary").click()
    return form


def waiting(page):
    """How many warnings the inbox says need this person."""
    found = page.locator(".tally b").first.inner_text()
    return int("".join(letter for letter in found if letter.isdigit()) or 0)


@pytest.mark.parametrize(("size", "language", "nth"), MORNINGS)
def test_a_push_leads_through_sign_in_to_its_warning_which_is_acted_on_and_to_the_next(
    page, sample, pushes, size, language, nth
):
    person, link = pushes[nth]
    page.goto(f"{sample.address}/?lang={language}")  # whoever has chosen a language once
    page.goto(link)
    assert "next=" in page.url
    sign_in(page, person)
    assert page.url == link
    acknowledge = page.locator('form[action$="/acknowledge"] button')
    box = acknowledge.bounding_box()
    picture(page, f"morning-push-{size[0]}-{language}")
    assert box["y"] + box["height"] <= size[1], "what to do stands below the first screen"
    page.goto(f"{sample.address}/inbox/{person}")
    before = waiting(page)
    page.goto(link)
    acknowledge.click()
    expect(page.locator(".chip.state", has_text="✓")).to_be_visible()
    form = press(page, "close")
    form.locator("select").select_option("explained")
    form.locator("textarea").fill("谈话后学生已保证出勤" if language == "zh" else "Talked to the student")
    form.locator("button").click()
    expect(page.locator(".act blockquote, .act .taken").first).to_be_visible()
    picture(page, f"morning-done-{size[0]}-{language}")
    page.goto(f"{sample.address}/inbox/{person}")
    assert waiting(page) == before - 1
    following = page.locator("a.line").first
    if before > 1:
        following.click()
        expect(page.locator("h1")).to_be_visible()
        assert page.url != link
    assert not sideways(page)


@pytest.mark.parametrize(("size", "language", "nth"), MORNINGS)
def test_a_case_shows_its_parts_and_whoever_sees_it_opens_them(page, sample, size, language, nth):
    case = next(one for one in warnings(sample.home) if one["rule"] == CASE and one["status"] == "open")
    lines = (sample.home / "outbox.log").read_text("utf-8").splitlines()
    told = next(one["to"] for one in map(json.loads, lines) if case["id"] in json.dumps(one))
    page.goto(f"{sample.address}/?lang={language}")
    page.goto(f"{sample.address}/warnings/{case['id']}")
    sign_in(page, told)
    parts = page.locator(f'main a[href*="/warnings/"]:not([href*="{case["id"]}"]):not([href$="hand-over"])')
    assert parts.count() >= 2
    picture(page, f"case-{size[0]}-{language}")
    for link in [one.get_attribute("href") for one in parts.all()]:
        assert page.goto(f"{sample.address}{link}").ok
        assert not sideways(page)


@pytest.mark.parametrize(("size", "language", "nth"), MORNINGS)
def test_what_is_handed_over_with_a_note_stands_in_the_inbox_of_whoever_took_it(
    page, chromium, sample, pushes, size, language, nth
):
    for person, link in pushes[2 + nth :: 2]:
        page.context.clear_cookies()
        page.goto(f"{sample.address}/?lang={language}")
        page.goto(link)
        sign_in(page, person)
        page.locator('a[href$="/hand-over"]').click()
        choices = page.locator("select[name=to] option")
        if choices.count() > 1:
            break
    taker = choices.nth(1).get_attribute("value")
    page.select_option("select[name=to]", taker)
    page.locator('form[action$="/hand-over"] button').click()
    undo = page.locator('form[action$="/undo"] button')
    picture(page, f"hand-over-undo-{size[0]}-{language}")
    undo.click()  # the wrong one
    expect(undo).to_have_count(0)
    page.locator('a[href$="/hand-over"]').click()
    page.select_option("select[name=to]", taker)
    note = "我去市里开会，请您今天联系" if language == "zh" else "I am at a meeting, please call today"
    page.fill("textarea[name=note]", note)
    picture(page, f"hand-over-{size[0]}-{language}")
    page.locator('form[action$="/hand-over"] button').click()
    page.wait_for_load_state()
    assert page.url.startswith(link)
    with chromium.new_context() as other:
        theirs = other.new_page()
        theirs.goto(link)
        sign_in(theirs, taker)
        assert theirs.url == link
        expect(theirs.get_by_text(note).first).to_be_visible()
        theirs.goto(f"{sample.address}/inbox/{taker}")
        expect(theirs.locator(f'a[href="/warnings/{link.rpartition("/")[2]}"]')).to_be_visible()


@pytest.mark.parametrize(("size", "language", "nth"), MORNINGS)
def test_what_was_handed_over_together_is_undone_together(page, sample, axe_source, size, language, nth):
    for other in range(nth, 40, 2):  # somebody who has a colleague
        page.context.clear_cookies()
        page.goto(f"{sample.address}/?lang={language}")
        page.locator(".people button").nth(other).click()
        page.wait_for_load_state()
        if page.locator(".together select[name=to]").count() and waiting(page):
            break
    before, undo = waiting(page), page.locator('form[action*="/undo"] button')

    def hand_over():
        page.locator("label.tick input").first.check()
        page.locator(".together summary").click()
        page.locator(".together select[name=to]").select_option(index=1)
        page.locator('button[formaction*="/hand-over"]').click()
        expect(undo.first).to_be_visible()

    hand_over()
    assert waiting(page) < before
    undo.first.click()  # within a minute, before anything takes its time; what they handed over before is behind it
    until(lambda: waiting(page) == before, "they have it back")
    hand_over()
    picture(page, f"inbox-undo-{size[0]}-{language}")
    assert not findings(page, axe_source)
    assert not sideways(page)
