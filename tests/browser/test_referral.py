"""A warning is referred, answered, talked about and printed: the tutor on a phone, the office on a desk.

Each of the two has a warning of its own, as they share one college.
"""

import csv
import io
import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from services.i18n import catalogue
from services.web.visitor import SESSION
from tests.browser import DESK, PHONE, findings, picture, sideways
from tests.faults.running import until, warnings
from tests.signing_in import cookie_of

STORIES = [pytest.param("zh", 0, id="zh"), pytest.param("en", 1, id="en")]
QUESTION = {"zh": "学生反映生活费有困难，请核实能否资助。", "en": "They say that money is short: can you help?"}
ANSWER = {"zh": "已核实，本月起发放困难补助。", "en": "Checked: a grant from this month on."}
AGREED = {
    "zh": "每周一下午面谈一次，缺的课由班级导师安排补上。",
    "en": "We meet every Monday; missed lessons are caught up.",
}
NOTES = {"zh": "家中近期有变故", "en": "Trouble at home"}


@pytest.fixture(scope="module")
def told(sample):
    """(person, link) of class tutors' and counsellors' pushes about a student's absences."""
    open_ = [one for one in warnings(sample.home) if one["status"] == "open"]
    cases = {one["subject"] for one in open_ if one["row"] == "S9"}  # what is said of their parts waits for their end
    mine = {one["id"] for one in open_ if one["row"] in ("S1", "S2") and one["subject"].split("/")[0] not in cases}
    with (sample.home / "directory" / "roles.csv").open(encoding="utf-8") as file:
        tutors = {one["person"] for one in csv.DictReader(file) if one["role"] in ("class_tutor", "counsellor")}
    found = [one for one in sent(sample) if one[1].rpartition("/")[2] in mine and one[0] in tutors]
    return list({link: (person, link) for person, link in found}.values())[::-1]


def sent(sample):
    lines = (sample.home / "outbox.log").read_text("utf-8").splitlines()
    return [(one["to"], one["link"]) for one in map(json.loads, lines) if "/warnings/" in one.get("link", "")]


def office_of(sample):
    with (sample.home / "directory" / "roles.csv").open(encoding="utf-8") as file:
        return next(one["person"] for one in csv.DictReader(file) if one["role"] == "student_affairs")


def signed_in(chromium, sample, person, size, language):
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="zh-CN" if language == "zh" else "en-GB"
    )
    token = cookie_of(f"sqlite:///{sample.home / 'notify.db'}", person, datetime.now(UTC)).partition("=")[2]
    context.add_cookies([{"name": SESSION, "value": token, "url": sample.address}])
    return context


@pytest.fixture
def look(axe_source):
    """Keeps a picture, and finds the page fit for a screen reader and no wider than its window."""

    def look(page, name):
        picture(page, name)
        assert not findings(page, axe_source)
        assert not sideways(page)

    return look


def refer(page, look, language):
    page.locator('a[href$="/refer"]').click()
    page.select_option("select[name=office]", "student_affairs")
    page.fill("textarea[name=note]", QUESTION[language])
    look(page, f"refer-{language}")
    page.locator('form[action$="/refer"] button').click()
    expect(page.get_by_text(QUESTION[language]).first).to_be_visible()
    look(page, f"referred-{language}")


def listed(page, address):
    """The list of referrals, open."""
    page.goto(f"{address}/referrals")
    page.evaluate("window.same = true")
    return page


def answer(page, look, language, accepted):
    look(page, f"referral-desk-{language}")
    page.locator('form[action$="/referral/accept"] button').click()
    expect(page.get_by_text(accepted).first).to_be_visible()
    page.locator('a[href$="/referral"]').click()
    page.locator("textarea[name=answer]").fill(ANSWER[language])
    look(page, f"answer-desk-{language}")
    page.locator('form[action$="/referral/answer"] button').click()
    expect(page.get_by_text(ANSWER[language]).first).to_be_visible()


def typing(page, link, language):
    """Somebody of the office begins to answer, in another window."""
    page.goto(f"{link}/referral")
    page.locator("textarea[name=answer]").fill(NOTES[language])
    page.evaluate("window.same = true")


def still_there(page, look, language):
    """Somebody else has answered: what was typed stays until the change is asked for, and then to be copied."""
    page.bring_to_front()
    expect(page.locator("textarea[name=answer]")).to_have_value(NOTES[language])
    page.locator("#live-offer button").click()
    expect(page.get_by_text(ANSWER[language])).to_be_visible()
    expect(page.locator("textarea[readonly]")).to_have_value(NOTES[language])
    assert page.evaluate("window.same === true")
    look(page, f"referral-kept-desk-{language}")


def talk(page, look, language):
    page.locator('a[href$="/talk"]').click()
    page.fill("textarea[name=agreed]", AGREED[language])
    page.fill("textarea[name=notes]", NOTES[language])
    today = datetime.fromisoformat(page.locator("input[name=day]").input_value())
    page.fill("input[name=next_day]", (today + timedelta(days=7)).date().isoformat())
    look(page, f"talk-{language}")
    page.locator('form[action$="/talk"] button').click()
    expect(page.get_by_text(AGREED[language]).first).to_be_visible()
    expect(page.get_by_text(NOTES[language])).to_be_visible()
    look(page, f"talked-{language}")
    page.locator('a[href*="/talk?corrects="]').click()
    expect(page.locator("textarea[name=agreed]")).to_have_value(AGREED[language])
    page.fill("textarea[name=agreed]", f"{AGREED[language]} 2")
    look(page, f"talk-correct-{language}")
    page.locator('form[action$="/talk"] button').click()
    expect(page.get_by_text(f"{AGREED[language]} 2").first).to_be_visible()
    page.locator("details.former summary").click()
    expect(page.locator("details.former blockquote").first).to_have_text(AGREED[language])
    look(page, f"talk-corrected-{language}")


def printed(page):
    """What stands on the paper, without blanks; one or two pages of A4."""
    paper = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(paper.pages) in (1, 2)
    width, height = (round(float(one) / 72 * 25.4) for one in paper.pages[0].mediabox[2:])
    assert (width, height) == (210, 297)
    return plain("".join(one.extract_text() for one in paper.pages))


def plain(text):
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize(("language", "nth"), STORIES)
def test_referred_answered_talked_about_and_printed(chromium, sample, told, look, language, nth):
    (person, link), office, w = told[nth], office_of(sample), catalogue(language, "pages")
    with (
        signed_in(chromium, sample, person, PHONE, language) as phone,
        signed_in(chromium, sample, office, DESK, language) as desk,
    ):
        mine, theirs = phone.new_page(), desk.new_page()
        assert theirs.goto(link).status == 404
        before, asked = listed(desk.new_page(), sample.address), listed(phone.new_page(), sample.address)
        mine.bring_to_front()
        mine.goto(link)
        refer(mine, look, language)
        until(lambda: (office, link) in sent(sample), "the office is told")
        before.bring_to_front()
        expect(before.locator('[data-live="before"]')).to_contain_text(QUESTION[language])  # without a reload
        typing(before, link, language)
        theirs.bring_to_front()
        theirs.goto(link)
        answer(theirs, look, language, w["referral_state_accepted"])
        theirs.goto(f"{sample.address}/referrals")
        look(theirs, f"referrals-desk-{language}")
        still_there(before, look, language)

        expect(mine.get_by_text(ANSWER[language]).first).to_be_visible()  # without a reload
        asked.bring_to_front()
        line = asked.locator('[data-live="asked"]').get_by_role("link").filter(has_text=QUESTION[language])
        expect(line).to_contain_text(w["referral_state_answered"])
        assert asked.evaluate("window.same === true")
        mine.bring_to_front()
        mine.locator('form[action$="/not-reached"] button').click()
        expect(mine.get_by_text(w["not_reached_n"].partition("{")[0]).first).to_be_visible()
        talk(mine, look, language)
        theirs.goto(link)
        expect(theirs.get_by_text(AGREED[language]).first).to_be_visible()
        expect(theirs.get_by_text(NOTES[language])).to_have_count(0)

        mine.locator('a[href$="/notice"]').click()
        expect(mine.locator("main h1")).to_have_text(w["notice_student"])
        look(mine, f"notice-{language}")
        paper = printed(mine)
        heads = ("谈话记录", "回执") if language == "zh" else ("Record of talks", "Receipt")
        assert [one for one in (w["notice_student"], AGREED[language], *heads) if plain(one) not in paper] == []
        kept = (NOTES[language], w["notice_hint"], link.rpartition("/")[2])
        assert [one for one in kept if plain(one) in paper] == []
        for page in (mine, theirs):
            page.goto("about:blank")


@pytest.mark.parametrize(("language", "nth", "size"), [("zh", 0, PHONE), ("en", 1, DESK)], ids=["zh", "en"])
def test_what_was_typed_survives_the_other_language_and_a_referral_is_taken_back(
    chromium, sample, told, look, language, nth, size
):
    (person, link), other = told[nth], "en" if language == "zh" else "zh"
    w, others = catalogue(language, "pages"), catalogue(other, "pages")
    with signed_in(chromium, sample, person, size, language) as context:
        page = context.new_page()
        page.goto(f"{link}/refer")
        page.locator("select[name=office]").evaluate("one => one.required = false")
        page.fill("textarea[name=note]", QUESTION[language])
        page.locator('form[action$="/refer"] button').click()
        expect(page.get_by_role("alert")).to_have_text(w["refused_office_not_chosen"])
        look(page, f"refused-{language}")
        page.fill("textarea[name=note]", f"{QUESTION[language]} 1")
        page.locator("#switch button").click()
        expect(page.get_by_role("alert")).to_have_text(others["refused_office_not_chosen"])
        expect(page.locator("textarea[name=note]")).to_have_value(f"{QUESTION[language]} 1")
        look(page, f"refused-in-{other}")
        page.select_option("select[name=office]", "student_affairs")
        page.locator("#switch button").click()
        expect(page.locator("h1")).to_have_text(w["failed_shown_again"])
        look(page, f"not-sent-yet-{language}")
        page.locator("main form button").click()
        expect(page.get_by_text(f"{QUESTION[language]} 1").first).to_be_visible()

        page.locator('a[href$="/referral"]').click()
        page.locator("summary").get_by_text(w["referral_take_back"]).click()
        page.locator("textarea[name=why]").fill(ANSWER[language])
        look(page, f"take-back-{language}")
        page.locator('form[action$="/take-back"] button').click()
        expect(page.locator("#follow-up").get_by_text(w["referral_state_taken_back"]).last).to_be_visible()
        look(page, f"taken-back-{language}")

        page.locator('form[action$="/close"]').locator("..").locator("summary").click()
        expect(page.locator("#reason")).to_have_value("")
        page.locator("#reason").evaluate("one => one.required = false")
        measure = page.locator('form[action$="/close"] textarea')
        if measure.count():
            measure.fill(ANSWER[language])
        page.locator('form[action$="/close"] button').click()
        expect(page.locator("#wrong-close-reason")).to_have_text(w["refused_needs_reason"])
        look(page, f"close-refused-{language}")
