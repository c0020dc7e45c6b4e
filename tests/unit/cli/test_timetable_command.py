"""`prewarn timetable` on the sheets of shared/exports/a."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from services import directory as directories
from services.settings import Settings
from tests.acceptance.exports_a import exports
from tests.acceptance.exports_a.home import RULES
from tests.acceptance.timetable import rules_of
from tests.cluster import Cluster
from tests.faults.running import PATIENCE, running, until

pytestmark = [pytest.mark.shared, pytest.mark.commands]

ROOT = Path(__file__).parents[3]
PLAN = ("班级课表.xlsx", "校历与作息.xlsx", "教学任务.xlsx")
TERM = ("--on", "2026-09-01")


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data.parent / "exports" / "a"


@pytest.fixture(scope="module")
def home(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("timetable")
    exports.read(folder).write(place / "a")
    home = place / "home"
    rules_of(home / "rules", RULES)
    shutil.copy(place / "a" / "calendar.yaml", home / "rules" / "calendar.yaml")
    directories.install(place / "a" / "directory", Settings(home=home).directory_folder)
    return home


def prewarn_of(home, **mode):
    def run(*arguments):
        command = [
            sys.executable,
            "-c",
            "from services.cli import main; main()",
            "--home",
            str(home),
            *map(str, arguments),
        ]
        env = {**os.environ, "PYTHONPATH": str(ROOT), **mode}
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
        return ran.returncode, ran.stdout + ran.stderr

    return run


@pytest.fixture(scope="module")
def prewarn(home):
    return prewarn_of(home)


def test_a_term_is_published_once_and_then_only_what_is_another_one(prewarn, folder):
    publish_a_term_and_its_changes(prewarn, folder)


def test_on_a_cluster_too(home, folder, broker, postgres, tmp_path):
    prefix = "timetable."
    with Cluster(broker, prefix, home / "rules", tmp_path):
        prewarn = prewarn_of(
            tmp_path / "home", PREWARN_BROKERS=broker.address, PREWARN_TOPIC_PREFIX=prefix,
            PREWARN_DATABASE_URL=postgres.database(),
        )  # fmt: skip
        code, told = prewarn("directory", "publish", home.parent / "a" / "directory")
        assert code == 0, told
        publish_a_term_and_its_changes(prewarn, folder)


def publish_a_term_and_its_changes(prewarn, folder):
    plan = [folder / name for name in PLAN]
    code, told = prewarn("timetable", "import", *plan, *TERM)
    assert code == 0, told
    assert "lessons 课次 1962: accepted 接收 1962, unchanged 未变 0, retracted 撤回 0" in told
    code, told = prewarn("timetable", "import", folder / "调停课信息.xls", *plan, *TERM)
    assert "lessons 课次 1966: accepted 接收 13, unchanged 未变 1953, retracted 撤回 0" in told, told

    code, told = prewarn("timetable", "show", "护理2501", "--week", "7", *TERM)
    assert code == 0, told
    moved = next(line for line in told.splitlines() if line.startswith("10-12 周一 08:00-09:40"))
    assert moved.split()[3:] == ["内科护理", "谭晓慧", "明德楼A101", "moved", "25030101|H0201|2026-10-24|5-6"]
    assert "10-24 周六 14:00-15:40  内科护理" in prewarn("timetable", "show", "25030101", "--week", "8", *TERM)[1]

    # Without the changes the four lessons at another time are no more, and nine are what they were.
    assert "accepted 接收 9, unchanged 未变 1953, retracted 撤回 4" in prewarn("timetable", "import", *plan, *TERM)[1]
    assert "10-24 周六" not in prewarn("timetable", "show", "25030101", "--week", "8", *TERM)[1]


def test_of_what_is_over_nobody_is_told_if_that_is_asked(home, folder, tmp_path):
    place = Path(shutil.copytree(home, tmp_path / "home"))
    for old in place.glob("*.db*"):
        old.unlink()
    prewarn = prewarn_of(place)
    code, told = prewarn("timetable", "import", *[folder / name for name in PLAN], *TERM, "--past")
    assert code == 0, told
    assert "what is open now, by rule and class" in told
    with closing(sqlite3.connect(place / "notify.db")) as store:
        query = "SELECT DISTINCT w.rule, c.mode FROM warning w JOIN warning_change c ON c.warning = w.number"
        found = store.execute(query).fetchall()
    assert {*found} == {("rollcall-missing", "past"), ("rollcall-missing-often", "past")}


def test_what_is_wrong_refuses_all(prewarn, folder):
    code, told = prewarn("timetable", "import", folder / "教学任务.xlsx", *TERM)
    assert code == 1, told
    assert "教学任务.xlsx: no lessons come of these files" in told.splitlines()
    assert "no class 护理9999" in prewarn("timetable", "show", "护理9999", *TERM)[1]
    tickets = folder / "报修服务台账.csv"
    code, told = prewarn("timetable", "import", *[folder / name for name in PLAN], tickets, *TERM)
    assert (code, "报修服务台账.csv: none of its sheets is a timetable" in told) == (1, True), told


def test_who_interrupts_an_import_is_told_how_to_go_on(home, folder, tmp_path):
    place = Path(shutil.copytree(home, tmp_path / "home"))
    for old in place.glob("prewarn.db*"):
        old.unlink()
    with running(place, "timetable", "import", *(folder / name for name in PLAN), *TERM) as process:
        until((place / "prewarn.db-wal").exists, "it has begun")
        os.killpg(process.popen.pid, signal.SIGINT)
        code = process.popen.wait(PATIENCE)
    said = process.said()
    assert "Traceback" not in said
    sentence = "interrupted before anything was taken in; give the same command again"
    goes_on = "interrupted; what is in stays, and the same command goes on with import 1"
    assert code == 130
    assert said.splitlines()[-2].startswith((sentence, goes_on))
