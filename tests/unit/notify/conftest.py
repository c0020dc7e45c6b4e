import re
import socket
import threading
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from services.directory import Person
from services.notify.config import NotifyConfig
from services.notify.ports import Ports
from services.notify.service import Notify
from services.notify.testing import CARD, College, ManualClock, RecordingChannel
from services.web.failures import HANDLERS
from services.web.pages import Pages
from services.web.visitor import SESSION
from tests.asking import ask
from tests.patience import PATIENCE
from tests.signing_in import begin_session
from tests.stores import empty_store

TUTOR = Person(id="T1", name="王秀英")
ONE = {"class_tutor": [Person(id="T1", name="王秀英", channel="json://hooks.campus/a")], "course_teacher": []}
TEACHER = Person(id="T2", name="Li Qiang", language="en")


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def college():
    return College({"class_tutor": [TUTOR], "course_teacher": [TEACHER]}, {"S1": "张伟", "MATH": "高等数学"})


@pytest.fixture
def channel():
    return RecordingChannel()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request, tmp_path):
    """The address of an empty store: each test runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'notify.db'}"
    return request.getfixturevalue("postgres").store()


@pytest.fixture
def make(tmp_path, store_url, college, clock, channel):
    """Makes Notifies, by default on one store; all are stopped at the end."""
    kind, _, file = store_url.partition(":///")
    if kind == "sqlite" and not Path(file).exists():
        Path(file).write_bytes(empty_store())
    with ExitStack() as made:

        def make(home="home", *, push=True, store=None, **options):
            defaults = {
                "directory": lambda: college,
                "cards": cards,
                "clock": clock,
                "publish": lambda _: None,
                "set_aside": None,
            }
            ports = Ports(**{name: options.pop(name, port) for name, port in defaults.items()})
            send = options.pop("send", channel)
            where = {"store_url": store or store_url, "home": tmp_path / home, "base_url": "http://campus"}
            notify = Notify(NotifyConfig(**where, push=push, **options), ports, send)
            made.callback(notify.stop)
            return notify

        yield make


def cards(_version, rule):
    return CARD if rule == CARD.rule else None


@pytest.fixture
def notify(make):
    return make()


@pytest.fixture
def rows():
    """Runs a query and gives its rows as dictionaries."""

    def rows(notify, query):
        with notify.database.reading() as connection:
            return [dict(row) for row in connection.exec_driver_sql(query).mappings()]

    return rows


@pytest.fixture
def deliveries(rows):
    return lambda notify: rows(notify, "SELECT * FROM delivery ORDER BY id")


@pytest.fixture
def one_recipient(college):
    college.roles.clear()
    college.roles.update({role: [*people] for role, people in ONE.items()})


@pytest.fixture
def status_of(deliveries):
    """The status of the only delivery."""

    def status_of(notify):
        (row,) = deliveries(notify)
        return row["status"]

    return status_of


@pytest.fixture
def eventually():
    """Waits until something is so; fails after a generous while."""

    def eventually(holds):
        until = time.monotonic() + PATIENCE
        while not (found := holds()):
            assert time.monotonic() < until, "it never came to be so"
            time.sleep(0.01)
        return found

    return eventually


class Browser:
    """Follows links and sends forms like a person's browser: with cookies."""

    def __init__(self, notify, person="T1", **options):
        """Signed in as `person`; as nobody if that is None."""
        self._notify = notify
        self._app = Starlette(routes=Pages(notify, **options).routes(), exception_handlers=HANDLERS)
        self.cookies = httpx.Cookies()
        if person is not None:
            self.sign_in(person)

    def sign_in(self, person):
        token = begin_session(self._notify.database, person, self._notify.ports.clock())
        self.cookies = httpx.Cookies({SESSION: token})

    def get(self, path, **options):
        return self._ask("GET", path, **options)

    def post(self, path, **form):
        return self._ask("POST", path, data=form)

    def token(self, path):
        return re.search(r'name="token" value="([^"]+)"', self.get(path).text)[1]

    def _ask(self, method, path, **options):
        headers = {"accept": "text/html"} | options.pop("headers", {})
        return ask(self._app, method, f"http://campus.test{path}", self.cookies, headers=headers, **options)


@pytest.fixture
def browser(notify):
    return Browser(notify)


@pytest.fixture
def stranger(notify):
    """A browser in which nobody is signed in."""
    return Browser(notify, None)


@pytest.fixture
def browser_of():
    """A browser for a Notify that the test has made itself."""
    return Browser


class Provider(ThreadingHTTPServer):
    """A webhook that answers as it is told: a status, (status, body), or `hang`, `reset`, `garbage`."""

    daemon_threads = True
    answer = 200
    location = None
    """Where a redirect leads."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Webhook)
        self.requests, self.paths, self.released = [], [], threading.Event()
        self.address = f"json://127.0.0.1:{self.server_port}/hook?rto=2&cto=5"

    def handle_error(self, *_):
        pass


class _Webhook(BaseHTTPRequestHandler):
    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.paths.append(self.path)
        self.server.requests.append((self.headers, body))
        match self.server.answer:
            case "hang":
                self.server.released.wait(30)
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                self.connection.close()
            case "garbage":
                self.wfile.write(b"\x00\xff not http at all\r\n\r\n")
            case int() as status:
                self._reply(status, b"")
            case (status, reply):
                self._reply(status, reply)
        self.close_connection = True

    def _reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def provider():
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class MailServer:
    """As much SMTP (RFC 5321) as a client needs; `refusals` says which command, or whole line, gets which reply."""

    def __init__(self):
        self.refusals, self.mails = {}, []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream):
        replies = {"EHLO": "250 campus", "DATA": "354 go on", "QUIT": "221 bye"} | self.refusals
        _say(stream, "220 campus ready")
        for line in stream:
            word = line[:4].decode().upper()
            reply = replies.get(line.decode().strip(), replies.get(word, "250 ok"))
            if reply == "hang up":
                return
            _say(stream, reply)
            if word == "DATA" and reply.startswith("354"):
                mail = b"".join(iter(stream.readline, b".\r\n"))
                if self.refusals.get("BODY") == "hang up":
                    return
                self.mails.append(mail.decode())
                _say(stream, self.refusals.get("BODY", "250 taken"))
            if word == "QUIT":
                return


def _say(stream, line):
    stream.write(line.encode() + b"\r\n")
    stream.flush()


@pytest.fixture
def mail_server():
    server = MailServer()
    try:
        yield server
    finally:
        server.stop()
