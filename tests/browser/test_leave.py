"""Leave asked for after the absence, by the student or the tutor for them: the warning falls in the tutor's inbox."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser import DESK, PHONE, findings, picture, sideways
from tests.browser.teaching import college, name, student

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Students may ask here; whatever day it is, it is one of a term."""
    found, today = college(tmp_path_factory.mktemp("leave")), datetime.now(ZONE).date()
    term = f"{{id: now, from: {today - timedelta(days=60)}, to: {today + timedelta(days=60)}}}"
    calendar = f"time_zone: Asia/Shanghai\nschool_year_starts: 09-01\nterms: [{term}]\n"
    hours = 'service_hours: {mon-sun: ["08:00-12:00", "14:00-18:00"]}\n'
    (found.home / "rules" / "calendar.yaml").write_text(calendar + hours, "utf-8")
    with found.open(PREWARN_STUDENT_LEAVE="true"):
        yield found


def absent(place, chromium, number, lessons):
    """A student misses these lessons, two hours each."""
    with place.phone(chromium, "anna") as phone:
        page = phone.new_page()
        for n, lesson in enumerate(lessons):
            page.goto(place.teach(lesson, ago=timedelta(hours=3 - 1.5 * n)))
            page.locator(f'li[data-student="{student(number)}"] .tap').click()
            page.locator("#roll-call .saving button").click()
            page.wait_for_url(re.compile("saved=1"))


LOOKS = [
    pytest.param("zh", PHONE, "light", 21, id="phone, zh"),
    pytest.param("en", PHONE, "dark", 22, id="phone, en"),
    pytest.param("zh", DESK, "dark", 23, id="desk, zh"),
    pytest.param("en", DESK, "light", 24, id="desk, en"),
]
WORDS = {
    "zh": {"s1": "旷课累计学时", "reason": "发烧，去了校医院", "end": "销假"},
    "en": {"s1": "Hours absent without leave", "reason": "A fever", "end": "Cancel or end sooner"},
}


@pytest.mark.parametrize(("language", "size", "scheme", "number"), LOOKS)
def test_leave_asked_for_after_the_absence_takes_s1_back_and_cancelled_it_is_there_again(
    chromium, place, axe_source, language, size, scheme, number
):
    words, who = WORDS[language], name(number)
    absent(place, chromium, number, [f"a{number}", f"b{number}"])
    shown = {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": scheme, "reduced_motion": "reduce"}
    asks_alone = number % 2 == 1
    found = []

    def looks(page, what):
        picture(page, f"leave-{what}-{size[0]}-{language}")
        assert not sideways(page), what
        found.extend(findings(page, axe_source))

    with (
        place.phone(chromium, student(number) if asks_alone else "tutor", language, **shown) as asking,
        place.phone(chromium, "tutor", language, **shown) as deciding,
    ):
        inbox = deciding.new_page()
        s1 = inbox.locator(".card").filter(has_text=who).locator("strong").filter(has_text=words["s1"])

        def warned(times):
            """The inbox as it is once the rules and the inbox have followed."""
            for _ in range(60):
                inbox.goto(f"{place.address}/inbox/tutor")
                if s1.count() == times:
                    break
                inbox.wait_for_timeout(500)
            expect(s1).to_have_count(times)

        warned(1)
        page = asking.new_page()
        page.goto(f"{place.address}/leaves/new")
        looks(page, "new")
        if not asks_alone:
            page.locator("#student").select_option(student(number))
        yesterday = datetime.now(UTC).astimezone(ZONE) - timedelta(days=1)
        page.locator("#from_day").fill(f"{yesterday:%Y-%m-%d}")
        page.locator("#reason").fill(words["reason"])
        page.locator("form button").click()
        page.wait_for_url(re.compile("saved=asked"))
        looks(page, "asked")

        inbox.goto(f"{place.address}/day")
        looks(inbox, "day")
        inbox.locator('a[href$="/leaves"]').first.click()
        looks(inbox, "list")
        inbox.locator("#mine li").filter(has_text=who).locator("a").click()
        expect(inbox.locator("#decide")).to_be_visible()
        expect(inbox.get_by_text(words["reason"])).to_be_visible()
        looks(inbox, "decide")
        inbox.locator('button[value="grant"]').click()
        inbox.wait_for_url(re.compile("saved=grant"))
        warned(0)
        expect(page.locator(".leave.granted")).to_be_visible()  # without a reload, as what follows
        page.get_by_text(words["end"], exact=True).click()
        looks(page, "granted")
        page.locator('button[value="cancel"]').click()
        page.wait_for_url(re.compile("saved=cancel"))
        warned(1)
    assert found == []


def test_a_double_tap_and_the_way_back_ask_once(chromium, place):
    with place.phone(chromium, student(31)) as phone:
        page = phone.new_page()
        page.goto(f"{place.address}/leaves/new")
        page.locator("#reason").fill("复查")
        page.locator("form button").dblclick()
        page.wait_for_url(re.compile("saved=asked"))
        page.go_back()
        expect(page.locator("#reason")).to_be_visible()
        page.locator("#reason").fill("复查")
        page.locator("form button").click()
        expect(page.locator("h1")).to_be_visible()
        page.goto(f"{place.address}/leaves")
        expect(page.locator(".leave-line")).to_have_count(1)


@pytest.mark.parametrize(("language", "words"), [("zh", "已请假，待批"), ("en", "asked for leave, not decided")])
def test_the_roll_call_says_who_has_asked_and_presets_nobody_for_it(chromium, place, axe_source, language, words):
    with place.phone(chromium, student(3)) as phone:
        page = phone.new_page()
        page.goto(f"{place.address}/leaves/new")
        page.locator("#reason").fill("复查")
        page.locator("form button").click()
        page.wait_for_url(re.compile("saved=asked"))
        page.get_by_text("撤回申请", exact=True).first.click()
        with place.phone(chromium, "anna", language) as other:
            roll = other.new_page()
            roll.goto(place.teach(f"asked-{language}"))
            one = roll.locator(f'li[data-student="{student(3)}"]')
            expect(one.get_by_text(words)).to_be_visible()
            expect(one.locator("select")).to_have_value("present")
            picture(roll, f"leave-roll-call-{language}")
            assert not sideways(roll)
            assert findings(roll, axe_source) == []
        page.locator('button[value="cancel"]').click()
        page.wait_for_url(re.compile("saved=cancel"))
