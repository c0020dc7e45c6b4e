"""What open pages hear: that something has changed for whoever looks, and nothing of it."""

import asyncio
import re
import socket
import threading
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import msgspec
import pytest

from services.accounts import sessions
from services.accounts.asked import Who
from services.app.serving import server
from services.directory import Person
from services.messages import WarningReading
from services.notify.live import OF_ONE
from services.notify.store import accounts
from services.notify.testing import change, facts
from services.settings import Settings
from services.web.frame import Visitor
from services.web.live import told
from services.web.pages import Pages
from services.web.visitor import SESSION
from tests.patience import PATIENCE
from tests.signing_in import begin_session

WARNING = facts().warning_id


@pytest.fixture
def versions(notify):
    """The versions of the tutor, the teacher and of somebody else, after a look."""
    notify.live.begin()

    def versions():
        notify.live.look()
        return [notify.live.version(one) for one in ("T1", "T2", "T9")]

    return versions


def whose(before, after):
    return [one for one, was, now in zip(("T1", "T2", "T9"), before, after, strict=True) if was != now]


def test_what_is_taken_in_is_news_to_who_may_see_it_once(notify, versions):
    first = versions()
    notify.take_in([change()], 1)
    second = versions()
    assert whose(first, second) == ["T1", "T2"]
    assert versions() == second
    notify.take_in([change("withdrawn", 2)], 2)
    assert whose(second, versions()) == ["T1", "T2"]


def test_a_reading_that_only_moves_figures_is_news(notify, versions):
    notify.take_in([change()], 1)
    before = versions()
    now = msgspec.structs.replace(facts(), value=4.0)
    notify.take_in([WarningReading(rule=change().rule, subject=change().subject, at=change().at, facts=now)], 2)
    assert whose(before, versions()) == ["T1", "T2"]


def test_whoever_has_the_page_of_a_warning_by_their_role_alone_hears_of_it(notify, versions, college, browser_of):
    notify.take_in([change()], 1)
    college.roles["counsellor"] = [Person(id="T9", name="辅导员")]
    before = versions()
    assert notify.acts.acknowledge("T1", WARNING) is None
    before_the_page = versions()
    assert whose(before, before_the_page) == ["T1", "T2"]
    assert browser_of(notify, "T9").get(f"/warnings/{WARNING}").status_code == 200
    assert notify.acts.judge("T1", WARNING, "useful") is None
    after = versions()
    assert whose(before_the_page, after) == ["T1", "T2", "T9"]
    notify.take_in([change("withdrawn", 2)], 2)
    assert whose(after, versions()) == ["T1", "T2", "T9"]


def test_an_act_is_news_to_the_others_and_so_is_its_undoing(notify, versions):
    notify.take_in([change()], 1)
    before = versions()
    assert notify.acts.acknowledge("T1", WARNING) is None
    after = versions()
    assert whose(before, after) == ["T1", "T2"]
    with notify.database.reading() as connection:
        ((act,),) = connection.exec_driver_sql("SELECT max(id) FROM act").fetchall()
    assert notify.acts.undo("T1", WARNING, act) is None
    assert whose(after, versions()) == ["T1", "T2"]


def test_a_line_that_is_committed_behind_a_later_one_is_found(notify, versions):
    notify.take_in([change()], 1)
    notify.acts.acknowledge("T1", WARNING)
    before = versions()
    with notify.database.writing() as connection:  # as on PostgreSQL, of two transactions at once
        connection.exec_driver_sql("UPDATE act SET id = 9")
        connection.exec_driver_sql(
            "INSERT INTO act (id, warning, at, person, action, text)"
            " SELECT 7, warning, at, person, 'overdue', '' FROM act"
        )
    middle = versions()
    assert whose(before, middle) == ["T1", "T2"]
    with notify.database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO act (id, warning, at, person, action, text)"
            " SELECT 8, warning, at, person, 'overdue', '' FROM act WHERE id = 7"
        )
    assert whose(middle, versions()) == ["T1", "T2"]


def test_a_look_that_fails_is_repeated(notify, versions):
    before = versions()
    notify.take_in([change()], 1)
    with notify.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE recipient RENAME TO away")
    with pytest.raises(Exception, match="recipient"):
        notify.live.look()
    with notify.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO recipient")
    assert whose(before, versions()) == ["T1", "T2"]


def test_another_process_on_the_store_hears_of_it_too(notify, make):
    other = make("other")
    other.live.begin()
    before = other.live.version("T1")
    notify.take_in([change()], 1)
    other.live.look()
    assert other.live.version("T1") != before


def test_a_page_has_the_version_of_before_it_was_read_and_an_answer_to_a_form_has_none(notify, browser):
    notify.take_in([change()], 1)
    notify.live.look()
    page = browser.get("/inbox/T1").text
    assert f'data-version="{notify.live.version("T1")}"' in page
    assert "/static/live.js" in page
    refused = browser.post(f"/warnings/{WARNING}/improve", token=browser.token("/"), measure="", due="")
    assert refused.status_code == 422
    assert "live.js" not in refused.text


def test_a_page_that_fetches_itself_is_no_use_of_the_session(notify, browser, clock, rows):
    seen = lambda: rows(notify, "SELECT seen FROM session")[0]["seen"]  # noqa: E731
    before = seen()
    clock.now += timedelta(hours=1)
    browser.get("/inbox/T1", headers={"prewarn-by-itself": "1"})
    assert seen() == before
    browser.get("/inbox/T1")
    assert seen() > before


class Listening:
    """The events of one stream, without HTTP."""

    def __init__(self, notify, beat=PATIENCE, longest=PATIENCE, person="T1"):
        token = begin_session(notify.database, person, notify.ports.clock())
        self.digest = sessions.digest_of(token)
        self.events = told(notify.live, Visitor(Who(person), self.digest, ""), beat, longest)

    async def next(self):
        return await asyncio.wait_for(anext(self.events, None), PATIENCE)


def test_a_stream_begins_with_the_version_and_says_each_new_one_and_no_names(notify):
    notify.live.begin()

    async def listen():
        one = Listening(notify)
        assert re.fullmatch(r"retry: \d{4}\n\n", await one.next())
        first = await one.next()
        assert re.fullmatch(r"id: ([0-9a-f]{8}-0)\ndata: \1\n\n", first)
        notify.take_in([change()], 1)
        await asyncio.to_thread(notify.live.look)
        second = await one.next()
        assert second != first
        assert re.fullmatch(r"id: ([0-9a-f]{8}-1)\ndata: \1\n\n", second)
        await one.events.aclose()
        assert notify.live.streams == 0

    asyncio.run(listen())


def test_what_is_silent_beats_and_after_a_while_it_ends_so_that_the_page_comes_anew(notify):
    async def listen():
        one = Listening(notify, beat=0.01, longest=0.2)
        found = []
        while (event := await one.next()) is not None:
            found.append(event)
        assert found[2:]
        assert set(found[2:]) == {"event: beat\ndata:\n\n"}

    asyncio.run(listen())


@pytest.mark.parametrize("how", ["signed out", "too old", "left"])
def test_a_stream_is_over_with_its_session(notify, college, clock, how):
    async def listen():
        one = Listening(notify)
        await one.next(), await one.next()
        if how == "signed out":
            with notify.database.writing() as connection:
                accounts.sign_out(connection, one.digest)
        elif how == "too old":
            clock.now += timedelta(days=4)
        else:
            college.gone.add("T1")
        await asyncio.to_thread(notify.live.look)
        assert await one.next() == "event: over\ndata:\n\n"
        assert await one.next() is None

    asyncio.run(listen())


@contextmanager
def served(notify, tmp_path, **options):
    """Its pages behind the door that a college has; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = server(Pages(notify, **options).routes(), Settings(home=tmp_path))
        thread = threading.Thread(target=found.run, args=([listening],))
        thread.start()
        try:
            yield listening.getsockname()[1], found
        finally:
            found.should_exit = True
            thread.join()


def cookie(notify, person):
    return f"{SESSION}={begin_session(notify.database, person, notify.ports.clock())}"


def ask(held, port, cookie):
    """A request for the stream, and what comes of it."""
    one = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
    one.sendall(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
    return held.enter_context(one.makefile("rb"))


def status(answer):
    return int(answer.readline().split()[1])


def test_one_person_has_so_many_streams_and_all_together_so_many(notify, tmp_path):
    notify.live.begin()
    cookies = {person: cookie(notify, person) for person in ("T1", "T2")}
    with served(notify, tmp_path, streams=OF_ONE + 1) as (port, _), ExitStack() as held:
        mine = [ask(held, port, cookies["T1"]) for _ in range(OF_ONE)]
        for one in mine:
            assert status(one) == 200
            while not one.readline().startswith(b"id:"):
                pass
        assert status(ask(held, port, cookies["T1"])) == 503
        other = ask(held, port, cookies["T2"])
        assert status(other) == 200
        while not other.readline().startswith(b"id:"):
            pass
        assert status(ask(held, port, cookies["T2"])) == 503


def test_who_is_not_signed_in_gets_no_stream(notify, tmp_path):
    with served(notify, tmp_path) as (port, _), ExitStack() as held:
        assert status(ask(held, port, "none=1")) == 303


def test_open_streams_hold_no_process_up_that_is_to_end_and_none_stays(notify, tmp_path, eventually, caplog):
    with served(notify, tmp_path) as (port, found), ExitStack() as held:
        one = ask(held, port, cookie(notify, "T1"))
        while not one.readline().startswith(b"id:"):
            pass
        found.should_exit = True
        one.read()  # it is closed
        eventually(lambda: notify.live.streams == 0)
    assert not [one for one in caplog.messages if "graceful" in one]  # uvicorn had to cancel nothing
