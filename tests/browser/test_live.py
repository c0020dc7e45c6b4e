"""Open pages show what has changed, without reload: a tutor's inbox while a teacher calls the roll."""

import re
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import DESK, PHONE, findings, picture, sideways
from tests.browser.teaching import college, student
from tests.faults.running import until

ABSENT = range(20, 28)
"""Enough of 45 for the class tutor to be told. Whoever stays absent is so once: twice would be a warning of its own."""
PRESENT_AGAIN = 3
"""Taps on somebody who is marked as absent."""


def call(place, browser, lesson, taps=1, absent=ABSENT):
    """Anna calls the roll on her phone, or corrects it."""
    with place.phone(browser) as phone:
        page = phone.new_page()
        page.goto(f"{place.address}/lessons/{lesson}/roll-call")
        page.wait_for_selector(".roll.taps")
        for number in absent:
            for _ in range(taps):
                page.locator(f'li[data-student="{student(number)}"] .tap').tap()
        page.locator(".saving button").tap()
        expect(page).to_have_url(re.compile("saved"))


def inbox(context, place, address=""):
    """An inbox that is listening; it knows whether it was loaded anew."""
    page = context.new_page()
    with page.expect_event("request", lambda request: request.url.endswith("/live")):
        page.goto(f"{address or place.address}/inbox/tutor")
    page.evaluate("window.same = true")
    return page


def lines(page):
    return page.locator(".line")


def is_same(page):
    return page.evaluate("window.same === true")


@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")])
def test_a_roll_call_makes_a_card_and_its_correction_takes_it_away(chromium, place, axe_source, size, language):
    lesson = f"card-{language}"
    place.teach(lesson)
    with place.phone(chromium, "tutor", language, viewport={"width": size[0], "height": size[1]}) as tutor:
        page = inbox(tutor, place)
        before = lines(page).count()
        call(place, chromium, lesson)
        expect(lines(page)).to_have_count(before + 1)
        updated = "页面已更新。" if language == "zh" else "This page has been updated."
        expect(page.locator("#live")).to_have_text(updated)
        picture(page, f"live-card-{size[0]}-{language}")
        assert not sideways(page)
        warning = tutor.new_page()
        warning.goto(f"{place.address}{lines(page).first.get_attribute('href')}")
        warning.evaluate("window.same = true")
        call(place, chromium, lesson, PRESENT_AGAIN)
        expect(lines(page)).to_have_count(before)
        expect(warning.locator(".lead .chip.state").first).to_have_text("已撤回" if language == "zh" else "Taken back")
        assert is_same(page)
        assert is_same(warning)
        assert not findings(page, axe_source)


def test_what_is_ticked_and_typed_stays_until_the_change_is_asked_for(chromium, place):
    for lesson in ("typed-1", "typed-2"):
        place.teach(lesson)
    call(place, chromium, "typed-1", absent=range(12, 20))
    with place.phone(chromium, "tutor") as tutor:
        page = inbox(tutor, place)
        expect(lines(page)).to_have_count(1)
        page.locator(".tick input").check()
        page.locator(".together summary").tap()
        page.locator('.together [name="note"]').fill("已联系家长")
        call(place, chromium, "typed-2", absent=range(28, 36))
        expect(page.locator("#live-offer")).to_be_visible()
        expect(lines(page)).to_have_count(1)
        picture(page, "live-offer")
        page.locator("#live-offer button").tap()
        expect(lines(page)).to_have_count(2)
        expect(page.locator("#live-offer")).to_be_hidden()
        expect(page.locator('.together [name="note"]')).to_have_value("已联系家长")
        expect(page.locator(".tick input:checked")).to_have_count(1)
        assert is_same(page)


def test_of_eight_tabs_one_holds_the_stream_and_all_show_the_card(chromium, place):
    place.teach("tabs")
    with place.phone(chromium, "tutor") as tutor:
        streams = []
        tutor.on("request", lambda request: request.url.endswith("/live") and streams.append(request))
        pages = [inbox(tutor, place)]
        for _ in range(7):
            pages.append(tutor.new_page())
            pages[-1].goto(f"{place.address}/inbox/tutor")
        before = lines(pages[0]).count()
        call(place, chromium, "tabs")
        for page in pages:
            expect(lines(page)).to_have_count(before + 1)
        assert len(streams) == 1
        pages[0].close()  # another one takes over
        call(place, chromium, "tabs", PRESENT_AGAIN)
        for page in pages[1:]:
            expect(lines(page)).to_have_count(before)


@contextmanager
def cutting(address, every=2.0):
    """A proxy that cuts every connection after some seconds; its address, and how often it has cut."""
    goal, cuts = (urlsplit(address).hostname, urlsplit(address).port), []
    listening = socket.create_server(("127.0.0.1", 0))

    pumps = []

    def pump(one, other):
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def carry(near):
        with near, socket.create_connection(goal) as far:
            back = threading.Thread(target=pump, args=(far, near))
            back.start()
            timer = threading.Timer(every, cut, (near,))
            timer.start()
            pump(near, far)
            back.join()
            timer.cancel()

    def cut(near):
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
            cuts.append(time.monotonic())

    def serve():
        with suppress(OSError):
            while True:
                pumps.append(threading.Thread(target=carry, args=(listening.accept()[0],)))
                pumps[-1].start()

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", cuts
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for one in (serving, *pumps):
            one.join()


def test_a_stream_that_a_proxy_cuts_comes_back_and_misses_nothing(chromium, place):
    place.teach("cut")
    with cutting(place.address) as (address, cuts), place.phone(chromium, "tutor") as tutor:
        place.sign_in(tutor, "tutor", address)
        page = inbox(tutor, place, address)
        before = lines(page).count()
        until(lambda: page.evaluate("1") and len(cuts) > 2, "the stream was cut")
        call(place, chromium, "cut")
        expect(lines(page)).to_have_count(before + 1)
        call(place, chromium, "cut", PRESENT_AGAIN)
        expect(lines(page)).to_have_count(before)
        assert is_same(page)


def test_a_server_that_was_restarted_and_what_happened_meanwhile_are_found(chromium, tmp_path):
    own = college(tmp_path)
    with ExitStack() as held:
        with own.open():
            own.teach("restarted")
            page = inbox(held.enter_context(own.phone(chromium, "tutor")), own)
        with own.open():
            call(own, chromium, "restarted")
            expect(lines(page)).to_have_count(1)
            assert is_same(page)


def test_a_page_that_cannot_be_seen_asks_for_nothing_and_catches_up_when_it_is_seen(chromium, place):
    place.teach("slept")
    with place.phone(chromium, "tutor") as tutor:
        page = inbox(tutor, place)
        before = lines(page).count()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        see(page, "hidden")
        call(place, chromium, "slept", absent=range(36, 44))
        page.wait_for_timeout(3000)
        assert asked == []
        see(page, "visible")
        expect(lines(page)).to_have_count(before + 1)
        assert is_same(page)


def see(page, state):
    page.evaluate(
        """state => { Object.defineProperty(document, "visibilityState", { value: state, configurable: true })
        document.dispatchEvent(new Event("visibilitychange")) }""",
        state,
    )


@pytest.mark.parametrize("missing", ["EventSource", "BroadcastChannel", "navigator.locks"])
def test_a_browser_that_lacks_something_has_the_page_as_before(chromium, place, missing):
    with place.phone(chromium, "tutor") as tutor:
        owner, _, name = f"window.{missing}".rpartition(".")
        away = "{ value: undefined, configurable: true }"
        tutor.add_init_script(f"Object.defineProperty({owner}, '{name}', {away}); delete {owner}.{name}")
        page, errors = tutor.new_page(), []
        page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - Playwright marks what it calls
        page.goto(f"{place.address}/inbox/tutor")
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(500)
        assert errors == []


def test_a_page_that_was_left_open_over_midnight_comes_anew_unless_somebody_types_in_it(chromium, place):
    behind_midnight = """
        window.Date = class extends Date { toDateString() { return "the next day" } }
        document.dispatchEvent(new Event("visibilitychange"))
    """
    with place.phone(chromium, "tutor") as tutor:
        page = inbox(tutor, place)
        page.locator("[name=q]").fill("王")
        page.evaluate(behind_midnight)
        assert is_same(page)
        page.locator("[name=q]").fill("")
        page.locator("[name=q]").blur()
        assert is_same(page)
        page.evaluate(behind_midnight)
        page.wait_for_function("!window.same")


@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")])
def test_the_page_of_a_warning_with_a_measure_shows_the_figure_before_and_after(
    chromium, place, axe_source, size, language
):
    lesson, absent = f"measure-{language}", range(28, 36) if language == "zh" else range(36, 44)
    place.teach(lesson)
    call(place, chromium, lesson, absent=absent)
    with place.phone(chromium, "tutor", language, viewport={"width": size[0], "height": size[1]}) as tutor:
        page = inbox(tutor, place)
        expect(lines(page).first).to_be_visible()
        lines(page).first.tap()
        page.locator("details.form summary").first.tap()
        page.locator("#plan").fill("到班里了解情况" if language == "zh" else "Talk to the class")
        page.locator("#due").fill((datetime.now(UTC) - timedelta(days=2)).date().isoformat())
        page.locator('form[action$="/improve"] button').tap()
        expect(page.locator("#look-back dd").first).to_be_visible()
        picture(page, f"look-back-{size[0]}-{language}")
        assert not sideways(page)
        assert not findings(page, axe_source)
