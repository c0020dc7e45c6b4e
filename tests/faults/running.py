"""Prewarn as its users have it: processes of their own, real HTTP, and a receiver that counts what arrives."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from services.clock import wall_clock
from tests.patience import PATIENCE
from tests.signing_in import cookie_of

ROOT = Path(__file__).parents[2]
PREWARN = (sys.executable, "-c", "from services.cli import main; main()")


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREWARN_")}
    at_once = {"PREWARN_GROUP_WAIT": "0", "PREWARN_GROUP_INTERVAL": "0"}
    return kept | at_once | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | more


def prewarn(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [*PREWARN, "--home", home, *arguments],
        env=environment(), capture_output=True, text=True, timeout=2 * PATIENCE, check=False, cwd=home.parent,
    )  # fmt: skip


def warnings(home: Path) -> list[dict[str, Any]]:
    """What `prewarn warnings --json` prints."""
    told = prewarn(home, "warnings", "--json")
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def until(look: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The first true answer."""
    end = time.monotonic() + patience
    while not (found := look()):
        assert time.monotonic() < end, f"waited {patience} s in vain: {what}"
        time.sleep(0.05)
    return found


class Process:
    """A `prewarn` in a session of its own; what it says goes to a file."""

    def __init__(self, home: Path, *arguments: str | Path, **more: str) -> None:
        self.log = home.parent / f"{home.name}.log"
        with self.log.open("ab") as file:
            self.popen = subprocess.Popen(
                [*PREWARN, "--home", home, *arguments],
                env=environment(**more), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                cwd=home.parent,
            )  # fmt: skip

    @property
    def ended(self) -> bool:
        return self.popen.poll() is not None

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)

    def kill(self) -> None:
        """`kill -9`, of this process alone; its children are left to themselves."""
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def family(self) -> list[int]:
        """The processes of its session that still live."""
        return [pid for pid, session in _sessions() if session == self.popen.pid]

    def stop(self) -> int:
        """Ends it and all that it started, as politely as it lets us."""
        if not self.ended:
            self.signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(timeout=PATIENCE)
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        return self.popen.wait()


def _sessions() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                state, _, _, session, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
                if state != "Z":
                    yield int(folder.name), int(session)


@contextmanager
def running(home: Path, *arguments: str | Path, **more: str) -> Iterator[Process]:
    process = Process(home, *arguments, **more)
    try:
        yield process
    finally:
        process.stop()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Answer(NamedTuple):
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Served:
    """A process that serves, and its address."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def sign_in(self, home: Path, person: str) -> None:
        """From now on pages are asked for as this person."""
        self._browser.addheaders = [("Cookie", cookie_of(f"sqlite:///{home / 'notify.db'}", person, wall_clock()))]

    def get(self, path: str) -> Answer:
        return self._ask(urllib.request.Request(self.url + path, headers={"accept-language": "en"}))

    def post(self, events: Sequence[dict[str, Any]]) -> Answer:
        """Raises OSError if no answer came."""
        headers = {"content-type": "application/cloudevents-batch+json"}
        return self._ask(urllib.request.Request(f"{self.url}/v1/events", json.dumps(events).encode(), headers))

    def ready(self) -> bool:
        assert not self.process.ended, self.process.said()
        with suppress(OSError):
            return self.get("/healthz").status == 200
        return False

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self._browser.open(request, timeout=PATIENCE) as response:
                return Answer(response.status, response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode())


@contextmanager
def serving(home: Path, command: str = "run", *arguments: str) -> Iterator[Served]:
    """`prewarn run` (or `demo`) on a free port, once it answers."""
    port = free_port()
    with running(home, command, "--port", str(port), *arguments) as process:
        served = Served(process, port)
        until(served.ready, "the process serves")
        yield served


class Receiver:
    """A webhook on a free port that keeps what comes in the order of arrival, and answers with `status`."""

    def __init__(self) -> None:
        self.pushes: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []
        """What was answered with 200."""
        self.times: list[float] = []
        self.paths: list[str] = []
        """Of the addresses that were asked, beside `pushes`."""
        self.status = 200
        self.before_answering: Callable[[], Any] = lambda: None
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    outer.pushes.append(body)
                    outer.times.append(time.time())
                    outer.paths.append(self.path)
                    outer.before_answering()
                    status = outer.status
                    if status == 200:
                        outer.taken.append(body)
                with suppress(OSError):  # whoever sent it may be dead by now
                    self.send_response(status)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """A sender that was killed breaks its connection."""

        outer = self
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"json://127.0.0.1:{self.server.server_port}/hook"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()


def write_table(folder: Path, name: str, header: str, rows: Sequence[Sequence[Any]]) -> None:
    lines = [header, *(",".join(str(cell) for cell in row) for row in rows)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
