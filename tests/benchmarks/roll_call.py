"""The roll-call of a class on a phone: taps, seconds, bytes, first paint. A real process, Debian's Chromium.

    python tests/benchmarks/roll_call.py [--students 45] [--absent 3] [--json]

The thumb: a look of 1.5 s at my day before its first tap, 1.2 s for each name to be found after the page has been
scrolled to it (0.6 s), 1 s before it saves; until the page says that it is saved. Bytes are all that comes over the
wire to a phone that has never been here. First contentful paint: the same, at 1.6 Mbit/s and 150 ms to each answer,
on a processor that is four times slower (Chromium's own throttling); the median of five.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.teaching import College, college, student

LOOK, SCROLL, FIND, SURE = 1.5, 0.6, 1.2, 1.0
"""Seconds: at my day, to a name, for a name, before it is saved."""
DOWN, UP, LATENCY, SLOWER = 1_600_000 / 8, 750_000 / 8, 150, 4
PAINTS = 5


def called(browser: Browser, place: College, absent: list[int]) -> dict[str, Any]:
    """From my day to saved."""
    taps = 0
    with place.phone(browser) as context:
        page = context.new_page()
        page.goto(f"{place.address}/day")
        start = time.monotonic()

        def tap(selector: str, wait: float) -> None:
            nonlocal taps
            found = page.locator(selector)
            if not in_sight(page, selector):
                found.scroll_into_view_if_needed()
                time.sleep(SCROLL)
            time.sleep(wait)
            found.tap()
            taps += 1

        tap('.lesson.now a[href$="/roll-call"]', LOOK)
        page.wait_for_selector(".roll.taps")
        for number in absent:
            tap(f'li[data-student="{student(number)}"] .tap', FIND)
        tap(".saving button", SURE)
        page.wait_for_selector(".taken")
        took = time.monotonic() - start
    assert place.marks("now").keys() >= {student(number) for number in absent}
    waited = LOOK + FIND * len(absent) + SURE
    return {"taps": taps, "seconds": round(took, 1), "of_them_looking": round(waited, 1)}


def in_sight(page: Page, selector: str) -> bool:
    """Whether the thumb can reach it without scrolling: above the bar that sticks to the bottom."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"] >= 0 and box["y"] + box["height"] <= 760


def loaded(browser: Browser, place: College, *, throttled: bool) -> tuple[int, float]:
    """Bytes over the wire, and milliseconds to the first contentful paint, of a first visit."""
    with place.phone(browser, service_workers="block") as context:
        page = context.new_page()
        session, sizes = context.new_cdp_session(page), list[int]()
        session.on("Network.loadingFinished", lambda one: sizes.append(int(one["encodedDataLength"])))
        session.send("Network.enable")
        if throttled:
            speed = {"offline": False, "latency": LATENCY, "downloadThroughput": DOWN, "uploadThroughput": UP}
            session.send("Network.emulateNetworkConditions", speed)
            session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(f"{place.address}/lessons/now/roll-call", wait_until="networkidle")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        return sum(sizes), float(paint)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=45)
    parser.add_argument("--absent", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    absent = [4 + n * (given.students - 5) // max(1, given.absent - 1) for n in range(given.absent)]
    with tempfile.TemporaryDirectory(prefix="prewarn-benchmark-") as folder, sync_playwright() as playwright:
        place = college(Path(folder), given.students)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with place.open():
            size, quick = loaded(browser, place, throttled=False)
            found = called(browser, place, absent)
            paints = [loaded(browser, place, throttled=True)[1] for _ in range(PAINTS)]
        browser.close()
    found |= {"page_kb": round(size / 1000, 1), "first_paint_ms": round(quick)}
    found |= {"first_paint_slow_ms": round(statistics.median(paints)), "slowest_ms": round(max(paints))}
    lines = [json.dumps(found)] if given.json else [f"{figure:20} {value!s:>12}" for figure, value in found.items()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
