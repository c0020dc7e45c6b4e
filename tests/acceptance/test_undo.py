"""A wrong export, by the commands that people type: it is pushed, undone, withdrawn, and whoever was told is told."""

import os
import re
import signal
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.running import PATIENCE, prewarn, receiving, running, serving, until, warnings, write_table
from tests.rule_files import folder, rule

TODAY = datetime.now(UTC)
ABSENT = rule("absent", by="[student]", levels="{at_least: {yellow: 2, red: 4}}", notify="{to: class_tutor}")


@pytest.fixture
def tutor():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def home(tmp_path, tutor):
    place = tmp_path / "college"
    folder(place / "rules", ABSENT)
    write_table(place / "directory", "people.csv", "id,name,channel", [("anna", "Anna", tutor.url)])
    write_table(place / "directory", "classes.csv", "id,name", [("m1", "M1")])
    write_table(place / "directory", "students.csv", "id,name,class", [(f"s{n}", f"S{n}", "m1") for n in range(1, 5)])
    roles = [("class_tutor", "anna", "class", "m1")]
    write_table(place / "directory", "roles.csv", "role,person,scope_kind,scope", roles)
    return place


def export(path, absences):
    """Student and how many of today's lessons they were not in, as the attendance office exports it, without ids."""
    rows = [
        f"{(TODAY - timedelta(hours=3, minutes=n)).isoformat()},l{n},{student},absent"
        for student, number in absences.items()
        for n in range(number)
    ]
    path.write_text("\n".join(["occurred_at,lesson,student,status", *rows]) + "\n", "utf-8")
    return path


def taken(home, path, *, code=0):
    """What the command says of the run: its number, and what its rows were."""
    told = prewarn(home, "ingest", path, "--kind", "attendance", "--source", "office")
    assert told.returncode == code, told.stderr
    line = told.stdout.splitlines()[-1]
    found = re.match(r"run 批次 (\d+)( went on 续前)?: ", line)
    assert found, line
    return int(found[1]), {name: number for name, number in re.findall(r"(\w+) \w+ (\d+|-)", line) if name != "run"}


def opened_by(pid):
    """The files that a process has open."""
    found = []
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found.append(str(one.readlink()))
    return found


def undone(home, run):
    told = prewarn(home, "ingest", "undo", str(run))
    assert told.returncode == 0, told.stderr
    return dict(re.findall(r"(taken back|given back|standing) \w+ (\d+)", told.stdout.splitlines()[0]))


def open_levels(home):
    return {one["subject"]: one["level"] for one in warnings(home) if one["status"] not in {"withdrawn", "resolved"}}


def refused(home):
    """Where what is kept as rejected stood."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(home / "prewarn.db")) as db:
        return [position for (position,) in db.execute("select position from rejected order by id")]
    return []


def told(home, tutor):
    """Who the tutor was told of, and what: that their warning was opened, withdrawn …"""
    subjects = {one["id"]: one["subject"] for one in warnings(home)}
    return {(subjects[push["warning"]], push["change"]) for push in tutor.taken}


def test_a_wrong_export_is_undone_and_whoever_was_told_is_told(home, tutor, tmp_path):
    with serving(home):
        right = export(tmp_path / "right.csv", {"s1": 2, "s2": 1})
        first, counts = taken(home, right)
        late = counts.pop("late")  # the running process may not have come so far
        assert late in {"0", "-"}
        assert counts == {"accepted": "3", "replaced": "0", "retracted": "0", "unchanged": "0", "refused": "0"}
        until(lambda: len(tutor.taken) == 1, "the tutor hears of s1")
        wrong, counts = taken(home, export(tmp_path / "wrong.csv", {"s1": 2, "s2": 4, "s3": 3}))
        assert (counts["accepted"], counts["unchanged"]) == ("6", "3")
        until(lambda: open_levels(home) == {"s1": "yellow", "s2": "red", "s3": "yellow"}, "what the wrong one brought")
        until(lambda: {("s2", "opened"), ("s3", "opened")} <= told(home, tutor), "the tutor hears of s2 and s3")

        assert undone(home, wrong) == {"taken back": "6", "given back": "0", "standing": "3"}
        until(lambda: open_levels(home) == {"s1": "yellow"}, "s2 and s3 are withdrawn")
        until(lambda: {("s2", "withdrawn"), ("s3", "withdrawn")} <= told(home, tutor), "the tutor hears that they are")
        assert {one["status"] for one in warnings(home) if one["subject"] in {"s2", "s3"}} == {"withdrawn"}
        assert undone(home, wrong) == {"taken back": "0", "given back": "0", "standing": "0"}

        again, counts = taken(home, tmp_path / "wrong.csv")
        assert (again, counts["accepted"]) == (wrong + 1, "6")
        until(lambda: open_levels(home).keys() == {"s1", "s2", "s3"}, "imported again it counts again")
        assert ("s1", "withdrawn") not in told(home, tutor)
        listed = prewarn(home, "ingest", "runs").stdout
    assert re.findall(r"^(\d+)  \S+ \S+  (\w+) \w+  (\S+)$", listed, re.MULTILINE) == [
        (str(first), "done", "right.csv"), (str(wrong), "undone", "wrong.csv"), (str(again), "done", "wrong.csv"),
    ]  # fmt: skip
    assert listed.count("source 来源 office") == 3


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_run_that_was_interrupted_goes_on_with_the_same_file_and_can_be_undone(how, home, tmp_path):
    """More rows than one commit takes; some are refused, and kept once."""
    write_table(
        home / "directory", "students.csv", "id,name,class", [(f"s{n}", f"S{n}", "m1") for n in range(1, 45_001)]
    )
    big = export(tmp_path / "big.csv", {f"s{n}": 1 for n in range(1, 45_001)})
    lines = big.read_text("utf-8").splitlines(keepends=True)
    for place in range(1_001, len(lines), 4_000):
        lines[place] = lines[place].replace("absent", "elsewhere")
    big.write_text("".join(lines), "utf-8")
    wrong = [f"row {place + 1}" for place in range(1_001, len(lines), 4_000)]

    with running(home, "ingest", big, "--kind", "attendance", "--source", "office") as process:
        until(lambda: refused(home), "its first rows are in")
        os.killpg(process.popen.pid, how)  # as a terminal sends it: to its children, too
        code = process.popen.wait(PATIENCE)
    if how == signal.SIGINT:
        sentence = "interrupted; what is in stays, and the same command goes on with import 1, or prewarn ingest undo 1"
        assert (code, process.said().splitlines()[-2]) == (130, f"{sentence} takes it back")
        assert "Traceback" not in process.said()
    assert 0 < len(refused(home)) < len(wrong)
    listed = prewarn(home, "ingest", "runs").stdout
    assert "interrupted 中断  big.csv" in listed
    assert 0 < int(re.findall(r"accepted 接收 (\d+)", listed)[0]) < 45_000
    run, counts = taken(home, big, code=1)
    assert (run, counts["accepted"], counts["unchanged"]) == (1, str(45_000 - len(wrong)), "0")
    assert (refused(home), counts["refused"]) == (wrong, str(len(wrong)))
    assert undone(home, 1)["taken back"] == counts["accepted"]


@pytest.mark.parametrize("when", ["it looks what the file is", "it reads the first row"])
def test_who_interrupts_an_import_before_it_has_begun_is_told_so(when, home, tmp_path):
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    with running(home, "ingest", pipe, "--kind", "attendance", "--source", "office") as process:
        writer = os.open(pipe, os.O_RDWR)  # whoever reads does not wait for somebody who writes
        try:
            if when == "it reads the first row":
                os.write(writer, b"occurred_at,lesson,student,status\n" * 40)
            wal = home / "prewarn.db-wal"
            until(lambda: str(pipe) in opened_by(process.popen.pid) and (when[3:8] == "looks" or wal.exists()), when)
            os.killpg(process.popen.pid, signal.SIGINT)
            code = process.popen.wait(PATIENCE)
        finally:
            os.close(writer)
    assert (code, process.said().splitlines()) == (
        130,
        ["interrupted before anything was taken in; give the same command again",
         "    已中断，尚未导入任何内容；请再次运行同一命令"],
    )  # fmt: skip
    assert prewarn(home, "ingest", "runs").stdout.count("\n") <= 1


@pytest.mark.parametrize(
    ("run", "said"),
    [
        pytest.param("7", "there is no import 7 (expected: a number of prewarn ingest runs, such as -)", id="unknown"),
        pytest.param("all", "Invalid value for 'RUN'", id="no number"),
    ],
)
def test_what_is_no_run_is_refused(home, run, said):
    assert prewarn(home, "rejected", "list").returncode == 0
    told = prewarn(home, "ingest", "undo", run)
    assert told.returncode != 0
    assert said in told.stderr
    assert "Traceback" not in told.stderr
