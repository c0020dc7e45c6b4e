"""Timetables (timetables/README.md): read them, and play them on a running Prewarn, whichever its mode."""

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from services.notify.store.engine import Store
from services.notify.store.views import every_warning
from services.settings import resource
from services.web.phone.check_in_pages import DEVICE
from tests.faults.running import ROOT, environment, receiving
from tests.patience import PATIENCE
from tests.signing_in import cookie_of

HERE = Path(__file__).parent
SCENARIOS = sorted((HERE / "timetables").glob("*.yaml"))
CLOCKED = (sys.executable, str(HERE / "clocked.py"))
ZONE = ZoneInfo("Asia/Shanghai")
# Far ahead: Kafka stamps messages with its own clock, and time never goes back.
TERM = datetime(2035, 3, 5, tzinfo=ZONE)
CALENDAR = """\
time_zone: Asia/Shanghai
school_year_starts: 09-01
terms: [{id: 2035-spring, from: 2035-03-05, to: 2035-07-08}]
service_hours: {mon-fri: ["08:00-12:00", "14:00-18:00"]}
"""
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOMENT = re.compile(r"(?P<day>\w{3}) w(?P<week>\d+) (?P<hour>\d\d):(?P<minute>\d\d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PHONE = {"check_in": "check_in", "roll_call": "call_roll", "test": "enter_scores", "assess": "assess",
          "leave": "take_leave", "appeal": "appeal", "decide": "decide"}  # fmt: skip
"""What people fill in on their phones, in the order in which it is played; the method that does it."""
_STEP = {"at", "send", *_PHONE, "told", "act", "inbox", "server", "files", "command", "page"}
_QUIET = 2.0
"""Seconds without a message after which nothing more is expected of a step; what comes later counts for the next."""


def named(path):
    return path.stem


class Yaml12(yaml.SafeLoader):
    """In which `on` is a word."""


Yaml12.yaml_implicit_resolvers = {
    first: [(tag, found) for tag, found in known if tag != "tag:yaml.org,2002:bool"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Yaml12.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), list("tf"))


def moment(text, before):
    """`tue w3 08:31`, or `+9m` after the step before."""
    if text.startswith("+"):
        return before + timedelta(**{_UNITS[text[-1]]: float(text[1:-1])})
    found = _MOMENT.fullmatch(text)
    assert found, f"{text}: neither like `mon w2 08:31` nor like `+9m`"
    days = 7 * (int(found["week"]) - 1) + _WEEKDAYS.index(found["day"])
    return TERM + timedelta(days=days, hours=int(found["hour"]), minutes=int(found["minute"]))


def read(path):
    story = yaml.safe_load(path.read_text("utf-8"))
    unknown = {key for step in story["timetable"] for key in step} - _STEP
    assert not unknown, f"{path.name}: {sorted(unknown)} is none of {sorted(_STEP)}"
    return story


def rules_of(folder, wanted, calendar=""):
    """The default pack with the wanted rules only, and a calendar that is far ahead, with what else it is to say."""
    pack, kept = resource("rules"), []
    for path in sorted(pack.glob("*.yaml")):
        given = yaml.load(path.read_text("utf-8"), Yaml12)
        mine = [one for one in given.get("rules", ()) if one["id"] in wanted]
        kept += [one["id"] for one in mine]
        if mine:
            target = folder / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(yaml.safe_dump(given | {"rules": mine}, allow_unicode=True, sort_keys=False), "utf-8")
    assert sorted(kept) == sorted(wanted), set(wanted) ^ set(kept)
    (folder / "calendar.yaml").write_text(CALENDAR + calendar, "utf-8")
    (folder / "standards").mkdir()
    for path in (pack / "standards").glob("*.yaml"):
        (folder / "standards" / path.name).write_bytes(path.read_bytes())
    return folder


class Playing(ExitStack):
    """One story on one running Prewarn. `prepare`, `start`, `store_url` and what is `of_…` are the mode's."""

    def __init__(self, story, tmp_path):
        super().__init__()
        self.story, self.tmp_path, self.home = story, tmp_path, tmp_path / "home"
        self.home.mkdir()
        self.now = TERM
        self.clock_file = tmp_path / "clock"
        self.set_clock(TERM)
        self.receiver = self.enter_context(receiving())
        self.people = tmp_path / "people"
        self.people.mkdir()
        given = HERE / "timetables" / "people"
        for path in given.glob("*.csv"):
            address = self.receiver.url.rpartition("/")[0]
            (self.people / path.name).write_text(path.read_text("utf-8").replace("RECEIVER", address), "utf-8")
        self.rules = rules_of(tmp_path / "rules", story["rules"], story.get("calendar", ""))
        group = {f"PREWARN_GROUP_{name.upper()}": str(value) for name, value in story.get("group", {}).items()}
        appeals = str(story.get("appeals", False)).lower()
        self.college = {"PREWARN_TRIAL": str(story.get("trial", False)).lower(), "PREWARN_APPEALS": appeals, **group}
        self.running = []
        self.heard = 0
        self.leave_page = ""
        self.appeal_pages = {}
        self.sent = Counter()
        self.occurred = {}

    def set_clock(self, at):
        self.now = at
        new = self.clock_file.with_suffix(".new")
        new.write_text(at.isoformat(), "ascii")
        new.replace(self.clock_file)

    def run(self, arguments, log, **settings):
        """A process of ours under the timetable's clock; it is ended with the story."""
        given = {f"PREWARN_{name.upper()}": str(value) for name, value in settings.items()}
        env = environment(
            PREWARN_TEST_CLOCK=str(self.clock_file), PREWARN_HOME=str(self.home),
            PREWARN_QUIET=self.story.get("quiet", ""), **self.college, **given,
        )  # fmt: skip
        file = self.enter_context((self.tmp_path / log).open("a"))
        process = subprocess.Popen([*CLOCKED, *map(str, arguments)], cwd=ROOT, env=env, stdout=file, stderr=file)
        self.callback(end_of, process)
        self.running.append(process)
        return process

    def prewarn(self, *arguments, **more):
        """A command under the timetable's clock, on the college's store."""
        env = environment(
            PREWARN_TEST_CLOCK=str(self.clock_file), PREWARN_RULES=str(self.rules),
            **(self.of_store | self.college | more),
        )  # fmt: skip
        told = subprocess.run(
            [*CLOCKED, "--home", self.home, *arguments], cwd=ROOT, text=True, capture_output=True, check=False, env=env,
            timeout=60,
        )  # fmt: skip
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    def silence(self):
        """What stands before the first minute."""
        for one in self.story.get("silences", ()):
            matchers = [f"--{name}={one[name]}" for name in ("rule", "subject", "department") if name in one]
            until = f"{moment(one['until'], TERM):%Y-%m-%dT%H:%M}"
            self.prewarn(
                "silences", "add", *matchers, "--until", until, "--author", one["author"], "--comment", one["comment"]
            )

    def play(self):
        self.prepare()
        self.start()
        self.silence()
        for n, step in enumerate(self.story["timetable"]):
            self.set_clock(moment(step["at"], self.now))
            self.switch(step.get("server"))
            self.ingest(step.get("files", {}))
            self.send(step.get("send", ()))
            for name, does in _PHONE.items():
                for person, given in step.get(name, {}).items():
                    for about, what in given.items():
                        getattr(self, does)(person, about, what)
            if "command" in step:
                self.prewarn(*step["command"].split(), **self.of_mode)
            for person, deed in step.get("act", {}).items():
                self.act(person, deed)
            self.listen(f"step {n + 1}, {step['at']}", step.get("told", "nobody"))
            for path, rows in step.get("page", {}).items():
                self.look(path, rows)
        self.compare_warnings()

    def switch(self, state):
        """All processes of ours are ended, or started anew; what they keep, and the broker, stay."""
        if state == "off":
            for process in self.running:
                end_of(process)
            self.running.clear()
        elif state == "on":
            self.start()

    def ingest(self, files):
        """Each as a file, in one command."""
        paths = []
        for name, events in files.items():
            paths.append(self.tmp_path / f"{name}.ndjson")
            lines = [json.dumps(self.envelope(given), ensure_ascii=False) for given in events]
            paths[-1].write_text("\n".join(lines), "utf-8")
        if paths:
            self.prewarn("ingest", "--past", *map(str, paths), **self.of_ingest)

    def look(self, path, rows):
        """A page has, soon, a table with these rows, for somebody of an office that sees figures."""
        browser, end, found = self.browser_of("eve"), time.monotonic() + PATIENCE, None
        while found != rows and (found is None or time.monotonic() < end):
            page = browser.open(f"{self.pages}{path}", timeout=30).read().decode()
            cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL)]
            found = [" ".join(row) for row in cells if row]
        assert found == rows, found

    def send(self, events):
        if not events:
            return
        whole = [self.envelope(given) for given in events]
        request = urllib.request.Request(
            f"{self.way_in}/v1/events", json.dumps(whole).encode(), {"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{whole} was not taken: {error.read().decode()}") from error
        assert not said.get("rejected"), said

    def envelope(self, given):
        """An event of the story as CloudEvents has it; it occurs now, unless it says `when`."""
        one = dict(given if "type" in given else self.story.get("each", {}) | given)
        kind = one.pop("type")
        self.sent[kind] += 1
        name = str(one.pop("id", f"{kind}-{self.sent[kind]}"))
        now = moment(one.pop("when"), self.now) if "when" in one else self.now
        occurred = self.occurred.setdefault(name, now)  # a copy or a correction is of the same lesson
        return {
            "specversion": "1.0", "type": kind, "source": one.pop("source", "phone"), "id": name,
            "time": occurred.isoformat(),
            "revision": one.pop("revision", 0), "retracted": one.pop("retracted", False),
            "data": {key: self.filled(value) for key, value in one.items()},
        }  # fmt: skip

    def filled(self, value):
        """`in 48h` in an event is an instant."""
        found = re.fullmatch(r"in (\d+)([mhd])", value) if isinstance(value, str) else None
        return (self.now + timedelta(**{_UNITS[found[2]]: int(found[1])})).isoformat() if found else value

    def listen(self, where, wanted):
        """Waits for the messages that are to come, and a little for those that are not."""
        expected = Counter(
            (person, title)
            for person, titles in ({} if wanted == "nobody" else wanted).items()
            for title in ([titles] if isinstance(titles, str) else titles)
        )
        end = time.monotonic() + PATIENCE
        while self.got() != expected and time.monotonic() < end and not self.got() - expected:
            time.sleep(0.1)
        quiet = time.monotonic() + _QUIET
        while time.monotonic() < quiet:
            time.sleep(0.1)
        got = self.got()
        assert got == expected, f"{where}: got {dict(got)}, expected {dict(expected)}\n{self.said()}"
        self.heard = len(self.receiver.pushes)

    def got(self):
        new = list(zip(self.receiver.paths, self.receiver.pushes, strict=False))[self.heard :]
        return Counter((path.strip("/"), push["title"]) for path, push in new)

    def act(self, person, deed):
        """`acknowledge RULE`, `close RULE: measure` and the like, on the pages, as the person's browser does it."""
        what, _, text = deed.partition(": ")
        action, rule, *about = what.split()
        one = next(
            w for w in reversed(self.warnings()) if w["rule"] == rule and (not about or w["subject"] == about[0])
        )
        browser = self.browser_of(person)
        page = browser.open(f"{self.pages}/warnings/{one['id']}", timeout=30).read().decode()
        token = re.search(r'name="token" value="([^"]+)"', page)[1]
        form = {"token": token, **dict(urllib.parse.parse_qsl(text) if "=" in text else [("measure", text)])}
        address = f"{self.pages}/warnings/{one['id']}/{action}"
        browser.open(address, urllib.parse.urlencode(form).encode(), timeout=30).read()

    def call_roll(self, person, lesson, marks):
        """On the phone page: everybody as it is set there, but those who are marked."""
        marked = {f"status:{student}": status for student, status in marks.items()}
        self.fill_in(person, f"/lessons/{lesson}/roll-call", lambda _: marked)

    def enter_scores(self, person, lesson, scores):
        """On the phone page: of `all` who are not set as not tested, and of those who are named."""
        scores = dict(scores)
        more = {name: scores.pop(name) for name in ("max_score", "pass_score") if name in scores}
        every = scores.pop("all", None)

        def filled(form):
            tested = [name for name, state in form.items() if name.startswith("state:") and state == "graded"]
            general = {} if every is None else {name.replace("state:", "score:"): every for name in tested}
            return more | general | {f"score:{student}": score for student, score in scores.items()}

        self.fill_in(person, f"/lessons/{lesson}/test", filled)

    def take_leave(self, person, act, what):
        """On the phone: `ask` for a student's day; `grant`, with an answer, until a day; `end`. Of the newest leave."""
        day = f"{moment(what['day'] + ' 00:00', self.now):%Y-%m-%d}" if "day" in what else ""
        if act == "ask":
            typed = {"student": what["student"], "from_day": day, "to_day": day, "reason": what["reason"]}
            self.leave_page = self.fill_in(person, "/leaves/new", lambda _: typed)["page"]
        elif act == "grant":
            typed = {"verdict": "grant", "to_day": day, "answer": what["answer"]}
            self.fill_in(person, self.leave_page, lambda _: typed, to="/decide")
        else:
            self.fill_in(person, self.leave_page, lambda _: {"act": what}, to="/end")

    def appeal(self, student, lesson, text):
        """On the page of a record of attendance: they were there, and why that can be."""
        said = {"claim": "was_there", "text": text}
        answer = self.fill_in(student, f"/records/attendance/{lesson}/{student}/appeal", lambda _: said)
        self.appeal_pages[lesson, student] = answer["page"].partition("?")[0]

    def decide(self, person, record, outcome):
        """On an appeal against the record of `lesson/student`: `present`, or why it stays."""
        typed = {"outcome": outcome} if outcome == "present" else {"outcome": "stays", "answer": outcome}
        self.fill_in(person, self.appeal_pages[tuple(record.split("/"))], lambda _: typed, to="/decide")

    def assess(self, person, month, grades):
        """On the phone page of `course/class/period`: those who are named, by their overall grade."""
        course, class_, period = month.split("/")
        overall = {f"overall:{student}": grade for student, grade in grades.items()}
        self.fill_in(person, f"/assessments/{period}/{course}/{class_}", lambda _: overall, to="/save")

    def check_in(self, person, lesson, students):
        """The teacher opens the lesson's window; each student types the code that it shows, on a phone of their own."""
        path = f"/lessons/{lesson}/check-in"
        self.fill_in(person, path, lambda _: {"minutes": 5}, to="/open")
        code = json.load(self.browser_of(person).open(f"{self.pages}{path}.json", timeout=30))["code"]
        for student in students:
            self.fill_in(student, "/check-in", lambda _: {"code": code}, cookie=f"{DEVICE}=phone-of-{student}")

    def fill_in(self, person, path, filled, to="", cookie=""):
        """The form of a phone page, as it is set there, but what is `filled` in; it goes `to` what follows the path.

        Returns what was answered.
        """
        browser, address = self.browser_of(person, cookie), f"{self.pages}{path}"
        browser.addheaders.append(("Accept", "application/json"))
        page = browser.open(address, timeout=30).read().decode()
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        for name, choices in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
            form[name] = re.search(r'value="([^"]*)" selected', choices)[1]
        form |= dict(re.findall(r'<input name="([^"]+)"[^>]* value="([^"]*)"', page))
        form = {name: html.unescape(value) for name, value in form.items()}
        form |= filled(form)
        with browser.open(address + to, urllib.parse.urlencode(form).encode(), timeout=30) as answer:
            found = json.load(answer)
        assert found["state"] == "saved", found
        return found

    def browser_of(self, person, cookie=""):
        """Signed in; with another cookie, too."""
        browser = urllib.request.build_opener()
        signed_in = cookie_of(self.store_url, person, self.now)
        browser.addheaders = [("Cookie", "; ".join(filter(None, (signed_in, cookie))))]
        return browser

    def warnings(self):
        """As the store has them now."""
        store = Store(self.store_url)
        try:
            with store.reading() as connection:
                return list(every_warning(connection))
        finally:
            store.close()

    def compare_warnings(self):
        keys = ("rule", "subject", "level", "status")
        told = map(json.loads, self.prewarn("warnings", "--json").splitlines())
        wanted = Counter(tuple(one[key] for key in keys) for one in self.story["warnings"])
        found = Counter(tuple(one[key] for key in keys) for one in told)
        assert found == wanted, (found - wanted, wanted - found, self.said())

    def said(self):
        return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in self.tmp_path.glob("*.log"))

    def wait_for(self, address):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(OSError):
                if urllib.request.urlopen(f"{address}/healthz", timeout=5).status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"{address} does not answer\n{self.said()}")


def end_of(process):
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
