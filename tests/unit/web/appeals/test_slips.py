"""The picture of a slip: its type is read from its bytes, its size is bounded before it is read, few see it."""

import asyncio
import struct
import zlib
from datetime import timedelta

import httpx
import pytest

from services.directory import Directory
from services.messages import to_ms
from services.notify.store.retention import StoreSweep
from services.operate import retention
from services.operate.retention import DEFAULTS
from services.web.appeals.pictures import MOST, type_of
from tests.unit.web.appeals.test_appeals import absent, appeal, at, decide, token


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_head(width, height):
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))


def png(width=2, height=2):
    rows = zlib.compress(b"".join(b"\0" + b"\xff" * width for _ in range(height)))
    return png_head(width, height) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x0b\x08\0\x10\0\x20\x01\x01\x11\0\xff\xd9"
WEBP = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + b"\x0f\0\0\x0f\0\0"


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (png(), "image/png"),
        (JPEG, "image/jpeg"),
        (WEBP, "image/webp"),
        (b"", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", None),
        (b"%PDF-1.7", None),
        (b"GIF89a" + b"\0" * 20, None),
        (png()[:-8], None),
        (JPEG[:-2], None),
        (JPEG[:12], None),
        (b"\xff\xd8\xff" + b"\0" * 30 + b"\xff\xd9", None),
        (WEBP + b"more", None),
        (png_head(100_000, 100_000) + png()[-12:], None),
    ],
    ids=["png", "jpeg", "webp", "nothing", "svg", "pdf", "gif", "cut png", "cut jpeg", "head of a jpeg", "no frame",
         "longer webp", "a trap"],
)  # fmt: skip
def test_the_type_is_read_from_the_bytes(picture, kind):
    assert type_of(picture) == kind


def send(school, number, picture, person="s01", name="slip.png", headers=None):
    browser = at(school, person)
    return browser.ask(
        "POST",
        f"/appeals/{number}/slip",
        data={"token": token(browser)},
        files={"slip": (name, picture, "image/png")},
        headers=headers,
    )


def test_who_appeals_adds_a_picture_and_who_decides_sees_it(school):
    absent(school)
    _, number = appeal(school)
    answer = send(school, number, png())
    assert (answer.status_code, answer.headers["location"]) == (303, f"/appeals/{number}?saved=slip")
    for person in ("s01", "teacher", "tutor"):
        shown = at(school, person).get(f"/appeals/{number}/slip")
        assert (shown.status_code, shown.content) == (200, png()), person
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert shown.headers["content-disposition"] == f'inline; filename="slip-{number}.png"'
    assert shown.headers["cache-control"] == "no-store"
    for person in ("s02", "other"):
        assert at(school, person).get(f"/appeals/{number}/slip").status_code == 404, person
    assert send(school, number, JPEG, name="../../evil.html").status_code == 303, "in its place"
    assert at(school, "teacher").get(f"/appeals/{number}/slip").headers["content-type"] == "image/jpeg"
    assert send(school, number, png(), "teacher").status_code == 404, "nobody adds one to what others have asked"


def test_what_is_no_picture_is_refused_and_the_appeal_stands(school):
    absent(school)
    _, number = appeal(school)
    answer = send(school, number, b"<script>alert(1)</script>")
    assert answer.status_code == 422
    assert "JPEG" in answer.text
    assert at(school, "s01").get(f"/appeals/{number}/slip").status_code == 404
    assert "我坐在最后一排" in at(school, "s01").get(f"/appeals/{number}").text


def test_one_of_40_mb_is_refused_before_it_is_read(school):
    absent(school)
    _, number = appeal(school)
    browser, read = at(school, "s01"), 0

    async def body():
        nonlocal read
        for _ in range(40):
            read += 1 << 20
            yield b"\0" * (1 << 20)

    async def ask(headers):
        transport = httpx.ASGITransport(school.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=browser.cookies) as it:
            return await it.post(f"/appeals/{number}/slip", content=body(), headers=headers)

    form = {"content-type": "multipart/form-data; boundary=x"}
    announced = asyncio.run(ask(form | {"content-length": str(40 << 20)}))
    assert (announced.status_code, read) == (413, 0) if announced.status_code == 413 else False
    assert "5 MB" in announced.text
    unannounced = asyncio.run(ask(form))
    assert unannounced.status_code == 413
    assert read <= MOST + (2 << 20), "no more of it is read than may be"


def test_none_is_taken_where_the_college_takes_none_or_the_appeal_is_decided(school):
    absent(school)
    _, number = appeal(school)
    config = school.embedded.notify.config
    allowed = config.appeals
    object.__setattr__(config, "appeals", allowed._replace(slips=False))
    assert send(school, number, png()).status_code == 404
    assert 'type="file"' not in at(school, "s01").get(f"/appeals/{number}").text
    object.__setattr__(config, "appeals", allowed)
    decide(school, number, outcome="stays", answer="x")
    assert send(school, number, png()).status_code == 409


def test_it_is_deleted_some_weeks_after_the_decision(school):
    absent(school)
    _, number = appeal(school)
    send(school, number, png())
    school.later(days=100)
    database, now = school.embedded.notify.database, school.clock
    month = timedelta(days=DEFAULTS["slips"])
    assert StoreSweep(database, dry_run=False).slips(to_ms(now() - month)) == 0, "nobody has decided"
    school.browsers.clear()
    decide(school, number, outcome="stays", answer="x")
    school.later(days=29)
    assert StoreSweep(database, dry_run=False).slips(to_ms(now() - month)) == 0
    school.later(days=2)
    assert StoreSweep(database, dry_run=True).slips(to_ms(now() - month)) == 1
    deleted = retention.apply(school.settings, DEFAULTS, Directory(), now(), dry_run=True).deleted
    assert "slips" in deleted
    assert StoreSweep(database, dry_run=False).slips(to_ms(now() - month)) == 1
    school.browsers.clear()
    assert at(school, "s01").get(f"/appeals/{number}/slip").status_code == 404
    assert at(school, "s01").get(f"/appeals/{number}").status_code == 200
