"""Who asks under another name, for what there is not, slowly, or too often: each is answered, and nobody else waits."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from services.app.doors import LIMITS, Door
from services.app.serving import application, serve_beside, server
from services.clock import wall_clock
from services.directory import Person
from services.errors import LogError, SettingError
from services.i18n import catalogue
from services.notify.config import NotifyConfig
from services.notify.ports import Ports
from services.notify.service import Notify
from services.notify.testing import College
from services.settings import Settings, read_settings
from services.web.pages import Pages
from services.web.templating import HEADERS
from services.web.visitor import SESSION
from tests.rule_files import folder, rule
from tests.signing_in import begin_session

PAGE = {"accept": "text/html,*/*", "accept-language": "en"}


def boom(request):
    error = request.path_params["error"]
    raise {"log": LogError("locked"), "bug": ValueError("<secret>")}.get(error) or HTTPException(int(error))


ROUTES = [
    Route("/", lambda _: PlainTextResponse("well")),
    Route("/raise/{error}", boom),
    Route("/v1/raise/{error}", boom),
]


def ask(path="/", *, settings=None, method="GET", headers=()):
    """The answer of a service; the names of hosts stand in `headers`."""

    async def asked():
        transport = httpx.ASGITransport(application(ROUTES, settings or Settings()), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers=dict(headers))

    return asyncio.run(asked())


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST:8321", "localhost.", "127.0.0.1:8321", "[::1]:8321", "10.1.2.3",
        "prewarn.college.example", "prewarn.college.example:443", "warnings", "other.example:1",
    ],
)  # fmt: skip
def test_a_service_answers_to_its_names_and_to_addresses(host):
    settings = Settings(base_url="https://Prewarn.College.example/x", hosts="warnings, Other.example")
    assert ask(settings=settings, headers={"host": host}).text == "well"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost", "localhost/", "[x]", ""],
)  # fmt: skip
def test_another_name_is_refused_to_a_page_that_made_it_mean_this_machine(host):
    answer = ask(headers={"host": host})
    assert (answer.status_code, answer.headers["content-type"]) == (421, "application/problem+json")
    assert "PREWARN_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize(
    "wrong", [{"hosts": "https://a"}, {"hosts": "a,b c"}, {"base_url": "x"}, {"base_url": "ftp://a"}]
)
def test_a_name_that_is_none_is_a_wrong_setting(wrong, monkeypatch):
    ((name, value),) = wrong.items()
    monkeypatch.setenv(f"PREWARN_{name.upper()}", value)
    with pytest.raises(SettingError, match=f"PREWARN_{name.upper()}"):
        read_settings(None)


FAILURES = [
    ("404", 404),
    ("403", 403),
    ("405", 405),
    ("413", 413),
    ("500", 500),
    ("418", 418),
    ("log", 503),
    ("bug", 500),
]


@pytest.mark.parametrize(("error", "status"), FAILURES)
def test_machines_get_problem_details(error, status):
    for path in (f"/raise/{error}", f"/v1/raise/{error}"):
        answer = ask(path, headers=PAGE if path.startswith("/v1") else {})
        told = answer.json()
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert (told["type"], told["status"]) == ("about:blank", status)
        assert min(told["title"], told["detail"])
        assert "secret" not in answer.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("error", "status"), FAILURES)
def test_people_get_a_page_in_their_language(error, status, language):
    answer = ask(f"/raise/{error}", headers=PAGE | {"accept-language": language})
    texts = catalogue(language, "pages")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert texts.get(f"failed_{status}", texts["failed_other"]) in answer.text
    assert "secret" not in answer.text
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_what_is_not_there_and_what_is_not_done_there():
    assert ask("/nowhere", headers=PAGE).status_code == 404
    answer = ask("/", method="POST", headers=PAGE)
    assert (answer.status_code, "GET" in answer.headers["allow"]) == (405, True)


@pytest.fixture(params=["pages", "figures"])
def service(monkeypatch, request):
    """The address of a service on a thread of its own that is patient for moments only, and of whose connections ten
    may be open."""
    for name in LIMITS:
        monkeypatch.setitem(LIMITS, name, 0.5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def read(request):
        return PlainTextResponse(str(len(await request.body())))

    routes = [*ROUTES, Route("/read", read, methods=["POST"])]
    if request.param == "figures":  # of a rules worker, beside what it does
        served = serve_beside(routes, Settings(), port)
        [thread] = [one for one in threading.enumerate() if one.name == "metrics"]
    else:
        served = server(routes, Settings(port=port))
        thread = threading.Thread(target=served.run)
        thread.start()
    monkeypatch.setattr(Door, "most", 10)
    while not served.started:
        time.sleep(0.01)
    yield "127.0.0.1", port
    served.should_exit = True
    thread.join()


def until_closed(connection):
    """What came until the service closed it."""
    connection.settimeout(20)
    found = b""
    try:
        while chunk := connection.recv(65536):
            found += chunk
    except ConnectionError:
        pass
    return found


SLOW = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nhost: localhost\r\nx: ",
    "half a body": b"POST /read HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nabc",
    "half a second head": b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\nGET / HT",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_who_is_slow_is_not_waited_for(sent, service):
    with socket.create_connection(service) as connection:
        connection.sendall(sent)
        until_closed(connection)
    assert httpx.get("http://{}:{}/".format(*service)).text == "well"


def test_who_comes_byte_by_byte_is_not_waited_for_either(service):
    with socket.create_connection(service) as connection, suppress(ConnectionError):
        for _ in range(1000):
            connection.sendall(b"x")
            time.sleep(0.02)
        pytest.fail("twenty seconds of one head")


def test_connections_have_a_limit_and_whoever_is_there_is_served(service, caplog):
    with ExitStack() as held:
        first = held.enter_context(socket.create_connection(service))
        more = [held.enter_context(socket.create_connection(service)) for _ in range(60)]
        assert until_closed(more[-1]).startswith(b"HTTP/1.1 503 ")
        first.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert until_closed(first).endswith(b"well")
    assert httpx.get("http://{}:{}/".format(*service)).text == "well"


def test_without_file_descriptors_a_service_stays_and_says_little(tmp_path):
    """Its limit is half of the descriptors that it may have; whoever comes beyond it is told so."""
    home = tmp_path / "home"
    folder(home / "rules", rule("mine"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    call = f"ulimit -n 100; exec {sys.executable} -c 'from services.cli import main; main()' --home {home} run"
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(["sh", "-c", f"{call} --port {port}"], stderr=log)
    address = f"http://127.0.0.1:{port}/healthz"
    try:
        assert eventually(lambda: httpx.get(address).status_code == 200)
        with ExitStack() as held:

            def is_said_after(more):
                for _ in range(more):  # of many at once the system may turn some away before the service sees them
                    connection = held.enter_context(socket.socket())
                    connection.setblocking(False)
                    connection.connect_ex(("127.0.0.1", port))
                return "connections" in (tmp_path / "log").read_text()

            assert is_said_after(300) or eventually(lambda: is_said_after(2))
            time.sleep(2)
        assert eventually(lambda: httpx.get(address).status_code == 200)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    said = (tmp_path / "log").read_text()
    assert "connections" in said
    assert len(said.splitlines()) < 20, said


def eventually(works):
    for _ in range(300):
        with suppress(httpx.HTTPError):
            if works():
                return True
        time.sleep(0.1)
    return False


def post_form(notify, cookies, chunks, way="/warnings/w/close"):
    """What the page of a warning answers, and how much of the body it has read."""
    read = 0

    async def body():
        nonlocal read
        for chunk in chunks:
            read += len(chunk)
            yield chunk

    async def asked():
        transport = httpx.ASGITransport(application(Pages(notify).routes(), Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as client:
            return await client.post(way, content=body(), headers=FORM)

    return asyncio.run(asked()), read


@pytest.fixture
def notify(tmp_path):
    ports = Ports(lambda: College({"class_tutor": [Person(id="p", name="P")]}), lambda *_: None, wall_clock, print)
    store_url = f"sqlite:///{tmp_path / 'notify.db'}"
    notify = Notify(NotifyConfig(store_url=store_url, home=tmp_path, base_url="http://x", push=False), ports)
    yield notify
    notify.stop()


FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("way", ["/warnings/w/close", "/sign-in", "/sign-out", "/password", "/link/x"])
def test_the_form_of_a_stranger_is_refused(way, notify):
    answer, read = post_form(notify, {}, [b"token=t&reason=fixed"], way)
    assert (answer.status_code, read) == (403, 0)


@pytest.mark.parametrize(
    ("chunks", "status"),
    [([b"token=x"], 403), ([b"a" * 10_000] * 100, 413), ([b"a=1&" * 1000], 400), ([b"\xff"], 400)],
    ids=["another token", "too large", "too many fields", "no text"],
)
def test_a_form_that_is_none_of_ours_is_refused(chunks, status, notify):
    session = {SESSION: begin_session(notify.database, "p", wall_clock())}
    answer, read = post_form(notify, session, chunks)
    assert answer.status_code == status
    assert read < 100_000
