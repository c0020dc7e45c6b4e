"""A college's Prewarn as processes under the clock of a file: what `story.py` is played on."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.patience import PATIENCE
from tests.upgrade import names
from tests.upgrade.story import moment

COLLEGE = Path(__file__).parent / "college"


class Installation(ExitStack):
    """`home` and the processes on it. `quiet`: seconds without news after which a step is over."""

    def __init__(self, folder, quiet):
        super().__init__()
        self.home, self.logs, self.quiet = folder / "home", folder, quiet
        self.home.mkdir(exist_ok=True)
        self.clock = folder / "clock"
        self.expected = None
        """What each point of the continuation must show; None while it is being recorded."""
        self.seen = {}
        self.told_before = len(self._sent())

    def environment(self):
        """Settings of every process."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREWARN_")}
        ours = {names.CLOCK: str(self.clock), names.HOME: str(self.home), "PYTHONPATH": str(names.ROOT)}
        return kept | names.ALWAYS | ours | {"PYTHONIOENCODING": "utf-8"}

    def prewarn(self, *arguments):
        """What a command prints."""
        told = subprocess.run(
            [*names.CLOCKED, *map(str, arguments)],
            cwd=names.ROOT,
            text=True,
            capture_output=True,
            check=False,
            env=self.environment(),
            timeout=120,
        )
        assert told.returncode == 0, f"{arguments}\n{told.stdout}{told.stderr}\n{self.said()}"
        return told.stdout

    def run(self, arguments, **more):
        """A process that ends with the installation."""
        log = self.enter_context((self.logs / f"{arguments[-1]}.log").open("a"))
        process = subprocess.Popen(
            [*names.CLOCKED, *arguments], cwd=names.ROOT, env=self.environment() | more, stdout=log, stderr=log
        )
        self.callback(end, process)
        return process

    def said(self):
        """The last words of each process."""
        return "\n".join(f"{path.name}: {path.read_text('utf-8')[-1500:]}" for path in self.logs.glob("*.log"))

    def wait_for(self, address):
        """Until it answers."""
        last = time.monotonic() + PATIENCE
        while time.monotonic() < last:
            with suppress(OSError), urllib.request.urlopen(address + names.HEALTH, timeout=5) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"{address} does not answer\n{self.said()}")

    # The story's steps

    def at(self, text):
        """Sets every process's clock."""
        new = self.clock.with_suffix(".new")
        new.write_text(moment(text).isoformat(), "ascii")
        new.replace(self.clock)

    def post(self, *events):
        """Hands events in, all of which are taken."""
        status, said = self._post(events)
        assert status == 202, said
        assert not said["rejected"], said
        return said

    def post_again(self, *events):
        """Hands in what was handed in before."""
        self.post(*events)

    def refused(self, *events):
        """Hands events in, none of which is taken."""
        _, said = self._post(events)
        assert (said["accepted"], len(said["rejected"])) == (0, len(events)), said

    def _post(self, events):
        request = urllib.request.Request(
            self.way_in + names.POST, json.dumps(events).encode(), {"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def silence(self, subject, *, until, author, comment):
        """Messages about a subject wait."""
        last = f"{moment(until):%Y-%m-%dT%H:%M}"
        self.prewarn(*names.SILENCE, "--subject", subject, "--until", last, "--author", author, "--comment", comment)

    def publish(self, folder, author, reason):
        """The next edition of the rules."""
        self.prewarn(*names.PUBLISH, folder, "--author", author, "--reason", reason)
        self.wait_for_editions()

    def roll_back(self, number, author):
        """An earlier edition once more."""
        self.prewarn(*names.ROLL_BACK, str(number), "--author", author)
        self.wait_for_editions()

    def wait_for_editions(self):
        """Until the newest edition is used."""

    def settle(self):
        """Waits until nothing more happens."""
        before = None
        while (now := self.short()) != before:
            before = now
            time.sleep(self.quiet)

    def shown(self, what, *, whole=False):
        """A point of the continuation: recorded, or compared with what was."""
        look = self.look if whole else self.short
        if self.expected is None:
            self.settle()
            self.seen[what] = look()
            return
        last, wanted = time.monotonic() + PATIENCE, self.expected[what]
        while (found := look()) != wanted and time.monotonic() < last:
            time.sleep(0.3)
        time.sleep(self.quiet)
        self.seen[what] = found | {"told": self.told()}
        assert self.seen[what] == wanted, f"{what}\n{difference(wanted, self.seen[what])}\n{self.said()}"

    # What there is

    def short(self):
        """The warnings, and what was told."""
        return {"warnings": self.warnings(), "told": self.told()}

    def look(self):
        """Everything that is known of the college."""
        return self.short() | {
            "silences": [
                {ours: one[present] for ours, present in names.SILENCE_FIELDS.items()}
                for one in map(json.loads, self.prewarn(*names.SILENCES).splitlines())
            ],
            "editions": names.editions(self.prewarn(*names.REVISIONS)),
            "rejected": self.rejected(),
        }

    def warnings(self):
        """Every warning that there ever was."""
        lines = self.prewarn(*names.WARNINGS).splitlines()
        return [{ours: one[present] for ours, present in names.WARNING.items()} for one in map(json.loads, lines)]

    def told(self):
        """What went out since the beginning, in no order: it is sent by several threads."""
        return sorted(map(list, self._sent()[self.told_before :]))

    def _sent(self):
        """(person, title, key) of what went out."""
        path = self.home / names.SENT
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [(one["to"], one["title"], one["key"]) for one in map(json.loads, lines)]


class InOneProcess(Installation):
    """One process, one folder."""

    def start(self):
        """Takes events in, evaluates, tells."""
        port = free_port()
        self.run(names.ALL, **{names.PORT: str(port)})
        self.way_in = self.pages = f"http://127.0.0.1:{port}"
        self.wait_for(self.pages)

    def upgrade(self):
        """What an operator does first."""
        for command in names.UPGRADE_HOME:
            self.prewarn(*command)

    def post_again(self, *events):
        """It is known as such."""
        said = self.post(*events)
        assert (said["accepted"], said["duplicate"]) == (0, len(events)), said

    def rejected(self):
        """Numbers of the rejects."""
        return [line.split()[0] for line in self.prewarn(*names.REJECTED).splitlines()]


def difference(wanted, found):
    """The parts that are not as they should be."""
    lines = []
    for name, value in wanted.items():
        if (got := found.get(name)) != value:
            lines += [f"{name}: not there: {one}" for one in value if one not in got]
            lines += [f"{name}: too much: {one}" for one in got if one not in value]
    return "\n".join(lines)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def end(process):
    """As an operator does."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
    if process.poll() is None:
        process.kill()
        process.wait()
