"""Takes the pictures of README.md and README.zh.md from a running sample college, so that they stay true.

    .venv/bin/python deploy/pictures.py [FOLDER]

It starts `prewarn demo` in a folder of its own, calls a roll as its teacher, and shows what follows from that: the
push as it was sent, the warning, and the report; on a phone and on a desk, in both languages. Needs Chromium and
Playwright (the extra `test`).
"""

from __future__ import annotations

import base64
import html
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pictures"
SIZES = {"phone": (390, 844), "desk": (1080, 760)}
LANGUAGES = ("en", "zh")
SAVED = {"en": "The roll-call is saved", "zh": "点名已保存"}
_QUALITY = 60
_PATIENCE = 300
_OF_ALL = 8
"""Lines of the report; of one department it has fewer."""
_PUSH = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 20px; background: #dfe6e6; font: 16px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 17px; margin: 0 0 14px; color: #35474a; }
section { background: #fff; border-radius: 14px; padding: 12px 16px; margin-bottom: 12px; max-width: 520px; }
p { margin: 0; color: #596264; white-space: pre-line; overflow-wrap: anywhere; }
</style><h1>"""


@contextmanager
def sample(home: Path) -> Iterator[str]:
    """The address of a sample college whose day is over."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-c", "from services.cli import main; main()", "--home", str(home)]
    settings = {"GROUP_WAIT": "0", "GROUP_INTERVAL": "0", "BASE_URL": "https://prewarn.example.edu"}
    env = {**os.environ, "PYTHONPATH": str(ROOT)} | {f"PREWARN_{name}": value for name, value in settings.items()}
    log = home.with_suffix(".log")
    with log.open("w") as file:
        given = ["demo", "--port", str(port), "--seconds", "1"]
        process = subprocess.Popen([*command, *given], stdout=file, stderr=file, env=env)
    try:
        end = time.monotonic() + _PATIENCE
        while "the pages stay" not in log.read_text("utf-8"):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"the sample college did not start:\n{log.read_text('utf-8')}")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def take(folder: Path) -> list[Path]:
    """All of them, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="prewarn-pictures-") as place:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for language in LANGUAGES:
            home = Path(place) / language
            with sample(home) as address:
                found += _of_language(browser, address, home, language, folder)
        browser.close()
    return found


def _of_language(browser: Browser, address: str, home: Path, language: str, folder: Path) -> list[Path]:
    found = []
    people = _people(browser, address)
    for person in people:
        with _page(browser, "desk", language, address) as page:  # whose pushes are then in this language
            _sign_in(page, address, person, "/my-channels")
            page.select_option("select[name=language]", language)
            page.locator('form[action$="/choose"] button').click()
    for device in SIZES:
        with _page(browser, device, language, address) as page:
            _sign_in(page, address, people[0], "")
            marked = page.locator(".tap[aria-pressed=true]")
            for row in page.locator(".tap").all()[2 : 5 if device == "phone" else 2]:
                row.click()
            marked.first.wait_for()
            page.evaluate("document.activeElement?.blur()")
            found.append(_shot(page, folder / f"roll-call-{device}.{language}.webp"))
            page.locator("#roll-call .saving button").click()
            page.get_by_text(SAVED[language]).first.wait_for()
    pushes = _pushes(home, people[1])
    link = pushes[-1]["link"]
    for device in SIZES:
        with _page(browser, device, language, "") as page:
            head = {"en": "To the class tutor", "zh": "发给班主任"}[language]
            texts = [(html.escape(one["title"]), html.escape(one["body"])) for one in pushes]
            shown = "".join(f"<section><b>{title}</b><p>{body}</p></section>" for title, body in texts)
            page.set_content(f"{_PUSH}{head}</h1>{shown}")
            found.append(_shot(page, folder / f"push-{device}.{language}.webp"))
        with _page(browser, device, language, address) as page:
            _sign_in(page, address, people[1], "/warnings/" + link.rpartition("/")[2])
            found.append(_shot(page, folder / f"warning-{device}.{language}.webp"))
        with _page(browser, device, language, address) as page:
            _sign_in(page, address, _office(page, address), "/reports/effectiveness")
            found.append(_shot(page, folder / f"report-{device}.{language}.webp"))
    return found


@contextmanager
def _page(browser: Browser, device: str, language: str, address: str) -> Iterator[Page]:
    width, height = SIZES[device]
    with browser.new_context(viewport={"width": width, "height": height}, color_scheme="light") as context:
        page = context.new_page()
        if address:
            page.goto(f"{address}/?lang={language}")
        yield page


def _people(browser: Browser, address: str) -> list[str]:
    """The teacher and the tutor of the demo's tour."""
    with _page(browser, "desk", "en", address) as page:
        return [str(one.get_attribute("value")) for one in page.locator(".tour button").all()]


def _sign_in(page: Page, address: str, person: str, path: str) -> None:
    page.goto(address)
    page.locator(f'button[name=person][value="{person}"]').first.click()
    page.wait_for_load_state()
    if path:
        page.goto(f"{address}{path}")


def _office(page: Page, address: str) -> str:
    """Somebody who sees the report."""
    people = [str(one.get_attribute("value")) for one in page.locator(".people button[name=person]").all()]
    for person in people:
        _sign_in(page, address, person, "/reports/effectiveness")
        if page.locator("table").first.locator("tbody tr").count() > _OF_ALL:
            return person
    raise SystemExit("nobody of the sample college sees the report")


def _pushes(home: Path, person: str) -> list[dict[str, str]]:
    """The last one that somebody was sent: that of the roll-call."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        lines = [json.loads(line) for line in (home / "outbox.log").read_text("utf-8").splitlines()]
        mine = [one for one in lines if one["to"] == person and "/warnings/" in one.get("link", "")]
        if mine and time.time() - (home / "outbox.log").stat().st_mtime > 2:  # noqa: PLR2004 - seconds: all are out
            return mine[-1:]
        time.sleep(0.5)
    raise SystemExit(f"{person} was sent nothing")


def _shot(page: Page, path: Path) -> Path:
    """As WebP, which Playwright's own screenshots are not."""
    page.wait_for_timeout(300)
    session = page.context.new_cdp_session(page)
    taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
    path.write_bytes(base64.b64decode(taken["data"]))
    return path


if __name__ == "__main__":
    taken = take(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
    print(f"{len(taken)} pictures, {sum(one.stat().st_size for one in taken) / 1024:.0f} KB")
