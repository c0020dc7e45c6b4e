"""A teacher calls the roll on a phone: taps, no network, a dead server, a dead battery, two phones, wrong clocks."""

import os
import re
import shutil
import signal
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect

from tests.browser import DESK, PHONE, findings, picture, sideways
from tests.browser.teaching import EXEMPT, ON_LEAVE, College, college, name, student
from tests.faults.running import prewarn, until, write_table

WAITS = 30_000
"""Milliseconds until an unsent form is sent again: the page asks every few seconds."""
AWAY = {student(ON_LEAVE): "leave"}
"""On record of every roll-call."""


def button(page, number):
    return page.locator(f'li[data-student="{student(number)}"] .tap')


def open_roll(context, address):
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".roll.taps")
    return page


def is_ready(page):
    """The service worker has this page, so that it opens without network."""
    until(lambda: len(page.evaluate(LAID_UP)) > 0, "the page is laid up", 30)


LAID_UP = """async () => { const found = []
    for (const name of await caches.keys()) if (name.includes(":pages:"))
        found.push(...(await (await caches.open(name)).keys()).map(one => one.url))
    return found }"""
"""The pages that the service worker has."""


def open_day(page, place):
    """My day, once it has the lesson: the lessons of a day are read once for all who ask within some seconds."""
    until(lambda: page.goto(f"{place.address}/day") and page.locator(ROLL_CALL).count(), "the lesson is there", 60)


ROLL_CALL = '.lesson.now a[href$="/roll-call"]'


def save(page):
    page.locator(".saving button").tap()


def state(page):
    return page.locator("#queue")


def once(place, lesson, marks):
    """What stands in the log: one roll-call, and of each student one word."""
    assert len(place.records("rollcall", lesson)) == 1
    said = [one.data["student"] for one in place.records("attendance", lesson)]
    assert len(said) == len(set(said)) == 44
    assert place.marks(lesson) == AWAY | marks


class Taps:
    """Counts what the thumb does."""

    def __init__(self):
        self.count = 0

    def on(self, locator):
        box = locator.bounding_box()
        assert min(box["width"], box["height"]) >= 44, f"too small for a thumb: {box}"
        locator.tap()
        self.count += 1


LOOKS = [
    pytest.param("zh", "light", PHONE, id="phone, zh, light"),
    pytest.param("en", "dark", PHONE, id="phone, en, dark"),
    pytest.param("zh", "dark", DESK, id="desk, zh, dark"),
    pytest.param("en", "light", DESK, id="desk, en, light"),
]


@pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
def test_of_45_students_3_are_absent_five_taps_from_my_day_to_saved(
    chromium, place, axe_source, language, scheme, size
):
    lesson = f"five-{language}-{scheme}"
    place.teach(lesson, teacher=f"t-{language}-{scheme}")
    viewport = {"width": size[0], "height": size[1]}
    taps, missing = Taps(), (4, 23, 45)
    with place.phone(
        chromium, f"t-{language}-{scheme}", language, viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        open_day(page, place)
        picture(page, f"taps-day-{size[0]}-{language}-{scheme}")
        found = findings(page, axe_source)
        taps.on(page.locator(ROLL_CALL))
        page.wait_for_selector(".roll.taps")
        expect(page.locator(".counts")).to_have_text(re.compile("43"))
        for number in missing:
            taps.on(button(page, number))
        expect(page.locator(".counts")).to_have_text(re.compile("40.*3"))
        assert button(page, 4).get_attribute("aria-pressed") == "true"
        expect(button(page, 4)).to_have_accessible_name(re.compile(f"{name(4)} 0004 (旷课|absent)"))
        picture(page, f"taps-roll-{size[0]}-{language}-{scheme}")
        assert not sideways(page)
        found += findings(page, axe_source)
        taps.on(page.locator(".saving button"))
        expect(page.locator(".taken")).to_be_visible()
        picture(page, f"taps-saved-{size[0]}-{language}-{scheme}")
        assert not (found + findings(page, axe_source))
    assert taps.count == 5
    once(place, lesson, {student(number): "absent" for number in missing})
    assert place.records("rollcall", lesson)[0].data | {"expected": 44, "absent": 3, "leave": 1} == (
        place.records("rollcall", lesson)[0].data
    )
    assert student(EXEMPT) not in {one.data["student"] for one in place.records("attendance", lesson)}


def test_one_tap_is_absent_two_late_three_leave_four_present_and_holding_left_early(phone, place):
    page = open_roll(phone, place.teach("words"))
    for number, taps in ((1, 1), (2, 2), (3, 3), (4, 4)):
        for _ in range(taps):
            button(page, number).tap()
    button(page, 5).click(delay=700)
    button(page, 6).click(button="right")
    button(page, 8).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    button(page, 9).dispatch_event("contextmenu")  # as the key for a context menu does
    button(page, 10).click(delay=700)
    button(page, 10).tap()
    page.locator(".marked summary").tap()
    late = page.locator(".extra", has_text=name(2))
    late.locator('input[name^="minutes:"]').fill("12")
    late.locator('input[name^="note:"]').fill("公交车晚点")
    save(page)
    expect(page.locator(".taken")).to_be_visible()
    early = {student(number): "early_leave" for number in (5, 6, 9)}
    said = {student(1): "absent", student(2): "late", student(3): "leave", student(8): "late"}
    assert place.marks("words") == AWAY | said | early
    told = next(one.data for one in place.records("attendance", "words") if one.data["student"] == student(2))
    assert (told["minutes_late"], told["note"]) == (12, "公交车晚点")


def test_without_network_it_is_kept_over_a_reload_and_sent_once_when_the_network_is_back(phone, place):
    page = open_roll(phone, place.teach("offline"))
    is_ready(page)
    phone.set_offline(True)
    button(page, 2).tap()
    save(page)
    expect(state(page)).to_have_attribute("data-state", "unsent")
    page.reload()
    expect(button(page, 2)).to_have_attribute("aria-pressed", "true")
    expect(state(page)).to_contain_text("没有网络")
    picture(page, "taps-offline-390-zh")
    button(page, 3).tap()
    save(page)
    expect(page.locator("#queue")).to_contain_text("1 份尚未发送")
    assert not place.records("rollcall", "offline")
    phone.set_offline(False)
    expect(page.locator(".taken")).to_be_visible(timeout=WAITS)
    once(place, "offline", {student(2): "absent", student(3): "absent"})


def test_my_day_lays_the_next_roll_calls_up_so_that_they_open_without_network(chromium, place):
    place.teach("ahead", teacher="carl")
    with place.phone(chromium, "carl") as context:
        page = context.new_page()
        open_day(page, place)
        until(lambda: len(page.evaluate(LAID_UP)) == 2, "the day and its roll-call are laid up", 30)
        context.set_offline(True)
        page.reload()
        expect(state(page)).to_have_attribute("data-state", "unsent")  # its line moves the list under the thumb
        page.locator(ROLL_CALL).tap()
        expect(page).to_have_url(f"{place.address}/lessons/ahead/roll-call")
        page.evaluate("window.stays = true; dispatchEvent(new Event('online'))")  # a Wi-Fi that leads nowhere
        button(page, 1).tap()
        save(page)
        expect(state(page)).to_contain_text("1 份尚未发送")
        assert page.evaluate("window.stays"), "it was loaded anew for nothing"
        page.goto(f"{place.address}/my-channels")
        expect(page.locator("h1")).to_have_text("没有网络")
        context.set_offline(False)
        page.goto(f"{place.address}/day")
        expect(page.locator(ROLL_CALL)).to_contain_text("旷课 1", timeout=WAITS)
    once(place, "ahead", {student(1): "absent"})


def test_a_server_killed_in_the_middle_gets_everything_once(chromium, tmp_path):
    own = college(tmp_path)
    with own.phone(chromium) as context:
        with own.open() as process:
            page = open_roll(context, f"{own.address}/lessons/now/roll-call")
            button(page, 2).tap()
            process.kill()
            button(page, 3).tap()
            save(page)
            expect(state(page)).to_have_attribute("data-state", "unsent", timeout=WAITS)
        with own.open():
            expect(page.locator(".taken")).to_be_visible(timeout=2 * WAITS)
            once(own, "now", {student(2): "absent", student(3): "absent"})


def test_an_answer_that_is_lost_after_the_server_has_it_saves_it_once(chromium, place):
    address = place.teach("lost")
    with place.phone(chromium, service_workers="block") as context:
        page, lost = open_roll(context, address), []

        def lose(route):
            if route.request.method == "POST" and not lost:
                lost.append(route.fetch().status)
                route.abort()
            else:
                route.continue_()

        page.route("**/roll-call", lose)
        button(page, 2).tap()
        save(page)
        expect(page.locator(".taken")).to_be_visible(timeout=WAITS)
        assert lost == [200]
    once(place, "lost", {student(2): "absent"})


def test_the_sign_in_page_of_a_campus_network_takes_nothing(chromium, place):
    address = place.teach("portal")
    with place.phone(chromium, service_workers="block") as context:
        page = open_roll(context, address)
        page.route("**/me.json", lambda route: route.fulfill(status=200, content_type="text/html", body="<p>Wi-Fi"))
        button(page, 2).tap()
        save(page)
        expect(state(page)).to_have_attribute("data-state", "unsent")
        page.unroute("**/me.json")
        page.locator("#queue button").tap()
        expect(page.locator(".taken")).to_be_visible(timeout=WAITS)
    once(place, "portal", {student(2): "absent"})


def test_a_battery_that_dies_takes_no_tap_with_it(chromium, place, tmp_path):
    address, folder = place.teach("battery"), tmp_path / "profile"

    @contextmanager
    def profile():
        context = chromium.browser_type.launch_persistent_context(
            folder, executable_path=shutil.which("chromium"), args=["--no-sandbox"], has_touch=True
        )
        try:
            place.sign_in(context, "anna")
            yield context
        finally:
            with suppress(Error):  # it was killed
                context.close()

    with profile() as context:
        page = open_roll(context, address)
        for number in (2, 3, 4):
            button(page, number).tap()
        until(lambda: page.evaluate(KEPT) == 3, "the draft is on the disk")
        for one in processes_of(folder):
            os.kill(one, signal.SIGKILL)
    with profile() as context:
        page = open_roll(context, address)
        expect(state(page)).to_contain_text(re.compile("恢复|is back"))
        expect(button(page, 4)).to_have_attribute("aria-pressed", "true")
        assert not place.records("rollcall", "battery")
        save(page)
        expect(page.locator(".taken")).to_be_visible(timeout=WAITS)
    once(place, "battery", {student(number): "absent" for number in (2, 3, 4)})


KEPT = """() => new Promise(done => { const request = indexedDB.open("prewarn"); request.onsuccess = () => {
    const all = request.result.transaction("drafts").objectStore("drafts").getAll()
    all.onsuccess = () => { request.result.close(); done(all.result[0]?.touched.length) } } })"""
"""How many fields the draft has."""


def processes_of(folder):
    """The browser of a profile."""
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            try:
                command = (one / "cmdline").read_text("utf-8", "replace")
            except OSError:
                continue
            if f"--user-data-dir={folder}" in command and "--type=" not in command:
                yield int(one.name)


@pytest.mark.parametrize("wrong", [timedelta(hours=-7), timedelta(hours=30)], ids=["behind", "ahead"])
def test_a_phone_whose_clock_is_hours_wrong_dates_its_roll_call_right(chromium, place, wrong):
    lesson = f"clock{wrong.total_seconds():.0f}"
    address = place.teach(lesson, ago=timedelta(minutes=40))
    with place.phone(chromium, service_workers="block") as context:
        page = context.new_page()
        page.clock.install(time=datetime.now(UTC) + wrong)
        page.goto(address)
        page.wait_for_selector(".roll.taps")
        context.set_offline(True)
        button(page, 2).tap()
        save(page)
        page.clock.run_for(5_000)
        expect(state(page)).to_have_attribute("data-state", "unsent")
        page.clock.fast_forward("25:00")
        context.set_offline(False)
        until(lambda: page.clock.run_for(1_000) or place.records("rollcall", lesson), "it is sent")
    passed = datetime.now(UTC) - place.records("rollcall", lesson)[0].time
    assert timedelta(minutes=25) <= passed < timedelta(minutes=29)


def test_of_two_phones_the_second_sees_both_words_keeps_its_own_and_decides(chromium, place):
    address = place.teach("two")
    with place.phone(chromium) as first, place.phone(chromium) as second:
        mine, other = open_roll(first, address), open_roll(second, address)
        button(mine, 2).tap()
        button(other, 3).tap()
        save(mine)
        expect(mine.locator(".taken")).to_be_visible()
        save(other)
        expect(state(other)).to_contain_text("此后记录有变化")
        expect(button(other, 3)).to_have_attribute("aria-pressed", "true")
        differs = button(other, 2).locator(".status")
        expect(differs).to_have_text("到课 · 现在记录为：旷课")
        assert differs.bounding_box()["width"] > 44, "only a screen reader sees what differs"
        picture(other, "taps-two-phones-390-zh")
        assert place.marks("two") == AWAY | {student(2): "absent"}
        button(other, 2).tap()
        save(other)
        expect(other.locator(".taken")).to_be_visible()
    assert place.marks("two") == AWAY | {student(2): "absent", student(3): "absent"}


def test_two_tabs_send_once(phone, place):
    address = place.teach("tabs")
    page = open_roll(phone, address)
    is_ready(page)
    other = open_roll(phone, address)
    phone.set_offline(True)
    button(page, 2).tap()
    save(page)
    expect(state(other)).to_contain_text("1 份尚未发送")
    phone.set_offline(False)
    for one in (page, other):
        expect(one.locator(".taken")).to_be_visible(timeout=WAITS)
    once(place, "tabs", {student(2): "absent"})


def test_signing_out_asks_while_something_is_unsent_and_nobody_else_sends_it(chromium, place):
    address = place.teach("shared")
    with place.phone(chromium) as context:
        page = open_roll(context, address)
        is_ready(page)
        page.route("**/me.json", lambda route: route.abort())
        button(page, 2).tap()
        save(page)
        expect(state(page)).to_have_attribute("data-state", "unsent")
        page.goto(f"{place.address}/?lang=zh")
        asked = []
        page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        page.locator('form[action$="/sign-out"] button').first.tap()
        until(lambda: page.wait_for_timeout(50) or asked, "it asks")
        assert "1 份" in asked[0]
        expect(page.locator('form[action$="/sign-out"]')).to_be_visible()
        page.once("dialog", lambda dialog: dialog.accept())
        page.locator('form[action$="/sign-out"] button').first.tap()
        page.wait_for_url("**/sign-in")
        assert page.evaluate(LAID_UP) == []
        page.unroute("**/me.json")
        place.sign_in(context, "bert")
        page.goto(f"{place.address}/day")
        expect(state(page)).to_contain_text("他人填写的 1 份")
        page.wait_for_timeout(1_000)
        assert not place.records("rollcall", "shared")
        place.sign_in(context, "anna")
        page.goto(f"{place.address}/day")
        until(lambda: page.wait_for_timeout(100) or place.records("rollcall", "shared"), "it is sent", 30)
    once(place, "shared", {student(2): "absent"})
    assert {one.data["taken_by"] for one in place.records("attendance", "shared")} == {"anna"}


def test_without_network_nobody_is_signed_out_and_that_is_said(chromium, place):
    with place.phone(chromium) as context:
        page = context.new_page()
        page.goto(f"{place.address}/?lang=zh")
        context.set_offline(True)
        page.locator('form[action$="/sign-out"] button').first.tap()
        expect(page.locator(".offline")).to_contain_text("尚未退出登录")
        context.set_offline(False)
        page.locator('form[action$="/sign-out"] button').first.tap()
        page.wait_for_url("**/sign-in")


def test_a_sign_in_that_is_lost_without_network_keeps_all_and_says_so(phone, place):
    page = open_roll(phone, place.teach("lapsed"))
    is_ready(page)
    phone.set_offline(True)
    button(page, 2).tap()
    save(page)
    expect(state(page)).to_have_attribute("data-state", "unsent")
    phone.clear_cookies()
    phone.set_offline(False)
    expect(state(page).locator("a")).to_have_attribute("href", re.compile("/sign-in.next="), timeout=WAITS)
    assert not place.records("rollcall", "lapsed")
    place.sign_in(phone, "anna")
    page.reload()
    expect(page.locator(".taken")).to_be_visible(timeout=WAITS)
    once(place, "lapsed", {student(2): "absent"})


def test_the_back_button_brings_no_stale_form_back(phone, place):
    page = open_roll(phone, place.teach("back"))
    button(page, 2).tap()
    save(page)
    expect(page.locator(".taken")).to_be_visible()
    page.goto(f"{place.address}/day")
    page.go_back()
    page.wait_for_selector(".roll.taps")
    expect(button(page, 2)).to_have_attribute("aria-pressed", "true")
    button(page, 2).tap()
    save(page)
    until(
        lambda: page.wait_for_timeout(50) or place.marks("back") == AWAY | {student(2): "late"}, "it is a revision", 30
    )


def test_the_roll_of_yesterday_is_taken_today(phone, place):
    page = open_roll(phone, place.teach("yesterday", ago=timedelta(days=1)))
    button(page, 2).tap()
    save(page)
    expect(page.locator(".taken")).to_be_visible()
    once(place, "yesterday", {student(2): "absent"})


def test_a_student_who_moved_meanwhile_is_named_as_gone_and_the_rest_is_kept(chromium, tmp_path):
    own = college(tmp_path)
    with own.phone(chromium) as context, own.open():
        page = open_roll(context, f"{own.address}/lessons/now/roll-call")
        for number in (2, 3):
            button(page, number).tap()
        rows = [(student(number), name(number), "c1") for number in range(1, 46) if number != 3]
        write_table(tmp_path / "new", "students.csv", "id,name,class", rows)
        for file in (own.home / "directory").glob("*.csv"):
            if file.name != "students.csv":
                shutil.copy(file, tmp_path / "new")
        done = prewarn(own.home, "directory", "import", tmp_path / "new")
        assert done.returncode == 0, done.stdout + done.stderr
        until(lambda: student(3) not in context.request.get(page.url).text(), "the process has the new directory", 60)
        save(page)
        expect(state(page)).to_contain_text("已不在这份名单里", timeout=WAITS)
        expect(button(page, 3)).to_have_count(0)
        expect(button(page, 2)).to_have_attribute("aria-pressed", "true")
        save(page)
        expect(page.locator(".taken")).to_be_visible()
        assert own.marks("now") == AWAY | {student(2): "absent"}


def test_a_merged_lecture_of_200_is_found_by_name_and_number(chromium, tmp_path, axe_source):
    own: College = college(tmp_path, students=200)
    with own.phone(chromium) as context, own.open():
        page = open_roll(context, f"{own.address}/lessons/now/roll-call")
        find = page.locator("#find")
        find.fill("0187")
        expect(page.locator(".tap:visible")).to_have_count(1)
        button(page, 187).tap()
        find.fill("")
        picture(page, "taps-200-390-zh")
        assert not findings(page, axe_source)
        save(page)
        expect(page.locator(".taken")).to_be_visible()
        assert own.marks("now") == AWAY | {student(187): "absent"}
        page.locator('.order button[value="name"]').tap()
        page.reload()
        expect(page.locator('.order button[value="name"]')).to_have_attribute("aria-pressed", "true")


def test_where_the_browser_has_no_service_worker_the_queue_works_while_the_page_is_open_and_says_so(chromium, tmp_path):
    own = college(tmp_path)
    browser = chromium.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", "--host-resolver-rules=MAP college.test 127.0.0.1"],
    )
    address = f"http://college.test:{own.port}"
    try:
        with own.open(PREWARN_HOSTS="college.test"), own.phone(browser) as context:
            own.sign_in(context, "anna", address)
            page = open_roll(context, f"{address}/lessons/now/roll-call")
            assert not page.evaluate("isSecureContext")
            context.set_offline(True)
            button(page, 2).tap()
            save(page)
            expect(state(page)).to_contain_text("请不要关闭此页")
            context.set_offline(False)
            expect(page.locator(".taken")).to_be_visible(timeout=WAITS)
        once(own, "now", {student(2): "absent"})
    finally:
        browser.close()


def test_below_a_sub_path_pages_open_without_network_and_what_is_saved_is_sent_once(chromium, tmp_path):
    own = college(tmp_path)
    address = f"{own.address}/prewarn"
    with own.phone(chromium) as context, own.open(PREWARN_BASE_URL=address):
        page = open_roll(context, f"{address}/lessons/now/roll-call")
        is_ready(page)
        assert page.evaluate("navigator.serviceWorker.ready.then(one => one.scope)") == f"{address}/"
        context.set_offline(True)
        page.reload()
        button(page, 2).tap()
        save(page)
        expect(state(page)).to_have_attribute("data-state", "unsent")
        context.set_offline(False)
        expect(page.locator(".taken")).to_be_visible(timeout=WAITS)
        assert page.url.startswith(address)
        once(own, "now", {student(2): "absent"})
