"""A college of one class whose teacher has a lesson now, on a real process: for what teachers do on their phones."""

import json
import shutil
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from playwright.sync_api import Browser, BrowserContext, Error, Page

from services.messages import CampusEvent
from services.web.visitor import SESSION
from tests.browser import PHONE
from tests.faults.running import ROOT, Process, Served, free_port, prewarn, running, until, write_table
from tests.signing_in import cookie_of

SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周", "伟芳娜敏静磊军洋勇艳杰娟涛明超霞平刚"
PEOPLE = [
    ("anna", "安娜"), ("bert", "贝特"), ("carl", "卡尔"), ("tutor", "高建国"),
    *((f"t-{language}-{scheme}", "陈晓燕") for language in ("zh", "en") for scheme in ("light", "dark")),
]  # fmt: skip
LONG = "阿卜杜热合曼·买买提依明"
ON_LEAVE, EXEMPT = 7, 11
"""Who is so, by number."""


def student(number: int) -> str:
    return f"2026{number:05}"


def name(number: int) -> str:
    return (
        LONG if number == 3 else SURNAMES[number % 10] + GIVEN[number // 2 % 18] * (number % 3 > 0) + GIVEN[number % 18]
    )


def _left(page: Page) -> bool:
    """Whether the page is at rest: Chromium never closes one that is on its way to another just then."""
    try:
        page.goto("about:blank")
    except Error:  # it went somewhere itself
        return False
    return True


class College(NamedTuple):
    """Its folder, and the port that its pages have whenever it runs."""

    home: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def open(self, **more: str) -> Iterator[Process]:
        """`prewarn run`, once it answers."""
        with running(self.home, "run", "--port", str(self.port), **more) as process:
            served = Served(process, self.port)
            until(served.ready, "the pages are there")
            yield process

    def teach(self, lesson: str, teacher: str = "anna", ago: timedelta = timedelta(minutes=10), **more: Any) -> str:
        """Publishes a lesson that began so long ago, as the timetable does; where its roll is called."""
        said = planned(lesson, datetime.now(UTC).replace(microsecond=0) - ago, teacher, **more)
        body, headers = json.dumps([said]).encode(), {"content-type": "application/cloudevents-batch+json"}
        with urllib.request.urlopen(urllib.request.Request(f"{self.address}/v1/events", body, headers)) as answer:
            assert answer.status < 300, answer.read()
        return f"{self.address}/lessons/{lesson}/roll-call"

    def sign_in(self, context: BrowserContext, person: str, address: str = "") -> None:
        """From now on this browser is that person's."""
        token = cookie_of(f"sqlite:///{self.home / 'notify.db'}", person, datetime.now(UTC)).partition("=")[2]
        context.add_cookies([{"name": SESSION, "value": token, "url": address or self.address}])

    @contextmanager
    def phone(
        self, browser: Browser, person: str = "anna", language: str = "zh", **more: Any
    ) -> Iterator[BrowserContext]:
        """Somebody's phone, signed in."""
        shown = {"viewport": {"width": PHONE[0], "height": PHONE[1]}, "has_touch": True, "is_mobile": True} | more
        with browser.new_context(locale="zh-CN" if language == "zh" else "en-GB", **shown) as context:
            self.sign_in(context, person)
            try:
                yield context
            finally:
                for page in context.pages:
                    until(lambda page=page: _left(page), "the page is left")

    def marks(self, lesson: str) -> dict[str, str]:
        """Student → what is on record of a lesson, of those who were not just present."""
        newest = {one.data["student"]: one.data["status"] for one in self.records("attendance", lesson)}
        return {student: status for student, status in newest.items() if status != "present"}

    def records(self, kind: str, lesson: str) -> list[CampusEvent]:
        """What has come to the log of a lesson from phones, oldest first."""
        return [one for one in self.events() if one.kind == kind and one.data["lesson"] == lesson]

    def events(self) -> list[CampusEvent]:
        """What phones have sent, oldest first, as the log has it; of a correction, what it says anew."""
        with closing(sqlite3.connect(f"file:{self.home / 'prewarn.db'}?mode=ro", uri=True)) as journal:
            packs = journal.execute("SELECT packed FROM log ORDER BY offset").fetchall()
        decoded = [one for (pack,) in packs for one in msgspec.json.decode(pack, type=list[CampusEvent])]
        return [one for one in decoded if one.source == "phone" and not one.retracted]


def college(folder: Path, students: int = 45) -> College:
    """Its lesson `now` is taught by anna; one student is on leave and one exempt."""
    home = folder / "home"
    shutil.copytree(ROOT / "rules", home / "rules", ignore=shutil.ignore_patterns("examples"))
    directory = home / "directory"
    write_table(directory, "people.csv", "id,name", PEOPLE)
    write_table(directory, "departments.csv", "id,name_zh,name_en", [("d1", "护理系", "Nursing")])
    write_table(directory, "majors.csv", "id,name_zh,name_en,department", [("m1", "护理", "Nursing", "d1")])
    write_table(directory, "classes.csv", "id,name,major", [("c1", "护理2601", "m1")])
    write_table(directory, "courses.csv", "id,name_zh,name_en", [("nursing", "内科护理", "Medical nursing")])
    roles = [("class_tutor", "tutor", "class", "c1", ""), ("course_teacher", "anna", "course", "nursing", "c1")]
    write_table(directory, "roles.csv", "role,person,scope_kind,scope,class", roles)
    rows = [(student(number), name(number), "c1") for number in range(1, students + 1)]
    write_table(directory, "students.csv", "id,name,class", rows)
    exempt = [(student(EXEMPT), "attendance", "2026-09-01", "免修")]
    write_table(directory, "exemptions.csv", "student,of,from,why", exempt)
    now = datetime.now(UTC).replace(microsecond=0)
    leave = {"leave": "L1", "student": student(ON_LEAVE), "status": "granted"}
    leave |= {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}
    events = [planned("now", now - timedelta(minutes=10), "anna"), event("leave", leave, now - timedelta(days=2))]
    file = folder / "events.ndjson"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in events), "utf-8")
    taken = prewarn(home, "ingest", file)
    assert taken.returncode == 0, taken.stdout + taken.stderr
    return College(home, free_port())


def planned(id_: str, begins: datetime, teacher: str, **more: Any) -> dict[str, Any]:
    times = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(minutes=90)).isoformat()}
    data = {"lesson": id_, "course": "nursing", "class": "c1", "teacher": teacher, "hours": 2, "status": "planned"}
    return event("lesson", data | times | {"sections": "1-2", "room": "A-301"} | more, begins - timedelta(days=9))


def event(kind: str, data: dict[str, Any], at: datetime) -> dict[str, Any]:
    id_ = f"{kind}/{data.get('lesson') or data.get('leave')}"
    return {"specversion": "1.0", "source": "sis", "type": kind, "id": id_, "time": at.isoformat(), "data": data}
