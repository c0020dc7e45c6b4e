"""Writes `at_34562ab`: README.md says from where and how."""

import json
import re
import shutil
import sqlite3
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from deploy.kafka.broker import Broker
from tests.upgrade import names, story
from tests.upgrade.installation import COLLEGE, InOneProcess, end
from tests.upgrade.on_kafka import OnKafka, dump, restore

OUT = Path(__file__).parent / "at_34562ab"


class Writing:
    """What only the first part of the story does: editions, and people on the pages as they were at 34562ab."""

    def act(self, person, rule, subject, action, **form):
        """What a person's browser sends."""
        warning = next(one for one in reversed(self.warnings()) if (one["rule"], one["subject"]) == (rule, subject))
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        browser.open(f"{self.pages}/inbox/{person}", timeout=30).read()
        page = browser.open(f"{self.pages}/warnings/{warning['id']}", timeout=30).read().decode()
        form["token"] = re.search(r'name="token" value="([^"]+)"', page)[1]
        address = f"{self.pages}/warnings/{warning['id']}/{action}"
        browser.open(address, urllib.parse.urlencode(form).encode(), timeout=30).read()

    def publish_second_edition(self, author, reason):
        """The first one, with what lies in `college/second`."""
        folder = self.logs / "second"
        shutil.copytree(COLLEGE / "rules", folder)
        shutil.copytree(COLLEGE / "second", folder, dirs_exist_ok=True)
        self.publish(folder, author, reason)


class WritingHome(Writing, InOneProcess):
    """In one process."""

    def prepare(self):
        """Rules and people."""
        shutil.copytree(COLLEGE / "rules", self.home / "rules")
        self.prewarn(*names.PUBLISH, "--author", "song", "--reason", "学期开始")
        self.prewarn(*names.IMPORT_DIRECTORY, COLLEGE / "people")


class WritingTopics(Writing, OnKafka):
    """In cluster mode."""

    def prepare(self):
        """Topics, rules and people."""
        self.prewarn("topics", "apply")
        self.prewarn(*names.PUBLISH, COLLEGE / "rules", "--author", "song", "--reason", "学期开始")
        self.prewarn(*names.PUBLISH_DIRECTORY, COLLEGE / "people")

    def stop_one_by_one(self):
        """So that something is under way to each of them: no topic that was read can be forgotten."""
        for process, event in zip((self.notify, self.evaluate, self.route), story.under_way(), strict=True):
            end(process)
            self.post(event)
            time.sleep(3 * self.quiet)


def make_home():
    """`home`, and `expected_home.json`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with WritingHome(folder, 3) as it:
            it.at("mon w1 08:00")
            it.prepare()
            it.start()
            story.written(it)
        kept = OUT / "home"
        keep(folder / "home", kept)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(OUT / "home", folder / "home")
        expect("home", InOneProcess(folder, 4))


def make_topics():
    """`topics`, `home_of_notify`, and `expected_topics.json`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder / "kafka")
        broker.start()
        try:
            (folder / "first").mkdir()
            with WritingTopics(folder / "first", 8, broker, "first.") as it:
                it.at("mon w1 08:00")
                it.prepare()
                it.start()
                story.written(it)
                it.stop_one_by_one()
            (folder / "first" / "home" / "prewarn.db").unlink()  # of commands that were asked; nothing is in it
            keep(folder / "first" / "home", OUT / "home_of_notify")
            shutil.rmtree(OUT / "topics", ignore_errors=True)
            (OUT / "topics").mkdir()
            dump(broker, "first.", OUT / "topics")
            restore(broker, "second.", OUT / "topics")
            shutil.copytree(OUT / "home_of_notify", folder / "second" / "home")
            expect("topics", OnKafka(folder / "second", 10, broker, "second."))
        finally:
            broker.stop()


def expect(name, installation):
    """How the story ends at 34562ab."""
    with installation as it:
        it.at("tue w3 08:41")
        it.start()
        story.continuation(it)
        write(f"expected_{name}.json", it.seen)


def keep(home, kept):
    """The folder without what only lives while a process does, and each database as one small file."""
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(home, kept, ignore=shutil.ignore_patterns("*.lock", "lock", "*-wal", "*-shm"))
    for path in home.glob("*.db"):
        shrink(path)
        shutil.copy(path, kept / path.name)


def shrink(path):
    """Everything in the file itself, and nothing deleted in it."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("pragma wal_checkpoint(truncate)")
    db.execute("vacuum")
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


def write(name, what):
    """As JSON that a person can compare."""
    (OUT / name).write_text(json.dumps(what, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    {"home": make_home, "topics": make_topics}[sys.argv[1]]()
