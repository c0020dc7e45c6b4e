"""One change that notify cannot take in is set aside with its reason, and the rest goes on."""

import asyncio
import sqlite3
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from services.app.embedded import Embedded
from services.app.embedded_routes import embedded_routes
from services.app.first_account import one_time_link
from services.app.serving import application
from services.app.taking_in import Again
from services.clock import wall_clock
from services.errors import LogError, UnstorableError
from services.ingest.rejected import retry
from services.messages import Changes, WarningChange
from services.notify.testing import change
from services.settings import Settings
from services.web.visitor import SESSION
from tests.rule_files import folder, rule
from tests.signing_in import begin_session

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def college(tmp_path):
    folder(tmp_path / "rules", rule())
    with Embedded(Settings(home=tmp_path)) as embedded:
        yield embedded


def publish(college, *subjects):
    changes = [msgspec.structs.replace(change(subject=one), warning_id=f"w-{one}") for one in subjects]
    changes = [
        msgspec.structs.replace(one, facts=msgspec.structs.replace(one.facts, warning_id=one.warning_id))
        for one in changes
    ]
    college.journal.commit(0, 0, [], Changes(changes, []))


def refusing(college, monkeypatch, error):
    """A store that cannot hold what is about s2."""
    take_in = college.notify.take_in

    def taken(items, offset):
        if any(isinstance(one, WarningChange) and one.subject == "s2" for one in items):
            raise error
        return take_in(items, offset)

    monkeypatch.setattr(college.notify, "take_in", taken)


def take_in(college, tries):
    for _ in range(tries):
        try:
            college.take_in()
        except Exception as error:  # noqa: BLE001 - whatever it is
            raised = error
        else:
            return None
    return raised


def subjects(college):
    return sorted(one["subject"] for one in college.notify.warnings())


def test_a_change_that_cannot_be_taken_in_is_set_aside_and_may_be_tried_again(college, monkeypatch):
    publish(college, "s1", "s2", "s3")
    publish(college, "s4")
    with monkeypatch.context() as patched:
        refusing(college, patched, UnstorableError("no room for NUL"))
        assert isinstance(take_in(college, 2), UnstorableError)
        assert take_in(college, 1) is None
        assert subjects(college) == ["s1", "s3", "s4"]
        assert college.notify.offset() == college.journal.last_change()
        [(number, rejection)] = college.journal.list()
        assert "no room for NUL" in str(rejection.reasons[0])
        assert any("set aside: 1" in line for line in college.degraded())
        assert b"prewarn_changes_set_aside 1.0" in college.notify.metrics.exposition()
        again = Again(college.intake, college.taking_in)
        assert retry(college.journal, again).failed.keys() == {number}
    assert retry(college.journal, again).passed == [number]
    assert subjects(college) == ["s1", "s2", "s3", "s4"]
    assert college.degraded() == []


def test_a_step_that_cannot_be_read_is_set_aside(college):
    publish(college, "s1")
    with college.journal.transaction() as db:
        db.execute("insert into change (packed) values (?)", (b"\xc1 no msgpack",))
    publish(college, "s2")
    assert take_in(college, 3) is None
    assert subjects(college) == ["s1", "s2"]
    assert [one.raw for _, one in college.journal.list()] == [b"\xc1 no msgpack"]


def test_a_store_that_is_away_is_no_fault_of_a_change(college, monkeypatch):
    publish(college, "s2")
    with monkeypatch.context() as patched:
        refusing(college, patched, LogError("away"))
        assert isinstance(take_in(college, 5), LogError)
        assert list(college.journal.list()) == []
    college.take_in()
    assert subjects(college) == ["s2"]


def page(college, language, path="/set-aside"):
    """As an operator sees it, of a college without a directory."""
    one_time_link(college.notify.database, "admin", "", wall_clock(), operator=True)
    cookies = {SESSION: begin_session(college.notify.database, "admin", wall_clock())}

    async def asked():
        transport = httpx.ASGITransport(application(embedded_routes(college), college.settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as client:
            return await client.get(f"{path}?lang={language}")

    return asyncio.run(asked())


def test_a_page_shows_what_is_set_aside_and_how_to_try_it_again(college, monkeypatch):
    for language, nothing in (("en", "Nothing is set aside."), ("zh", "没有搁置的变化。")):
        assert nothing in page(college, language).text
        assert 'href="/set-aside"' in page(college, language, "/").text
    publish(college, "s1", "s2")
    with monkeypatch.context() as patched:
        refusing(college, patched, UnstorableError("no room for <NUL>\n[parameters: s2]"))
        assert take_in(college, 3) is None
        [(number, _)] = college.journal.list()
        english, chinese = page(college, "en").text, page(college, "zh").text
        assert f"<td>{change().rule}</td>" in english  # which has no card here
        assert "cannot be taken in: UnstorableError: no room for &lt;NUL&gt;" in english
        assert "无法写入：UnstorableError: no room for &lt;NUL&gt;" in chinese
        assert f"prewarn rejected retry {number}</code>" in english
        assert "s2" not in english
        assert 'data-label="Tries">4<' in english
        retry(college.journal, Again(college.intake, college.taking_in))
        assert 'data-label="尝试次数">5<' in page(college, "zh").text
    retry(college.journal, Again(college.intake, college.taking_in))
    assert "Nothing is set aside." in page(college, "en").text


def test_a_log_of_before_tries_were_counted_is_read(tmp_path):
    folder(tmp_path / "rules", rule())
    Embedded(Settings(home=tmp_path)).stop()
    with sqlite3.connect(tmp_path / "prewarn.db") as db:
        db.execute("alter table rejected drop column tries")
        db.execute(
            "insert into rejected (received_at, origin, position, reasons, raw) values (?, 'warnings', '', ?, ?)",
            (NOW.isoformat(), b'[{"where":"warning","what":"no"}]', b"\xc1"),
        )
    with Embedded(Settings(home=tmp_path)) as embedded:
        assert [(one.tries, one.rule) for one in embedded.taking_in.waiting(5)] == [(1, None)]
        assert "A step that cannot be read" in page(embedded, "en").text
