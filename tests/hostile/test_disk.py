"""A disk that is really full, and one that may only be read: nothing is lost, and what is said is true."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress

import pytest

from tests.faults.running import PREWARN, ROOT, environment, free_port, until
from tests.patience import PATIENCE
from tests.rule_files import folder, rule
from tests.what_counts import absence

SECONDS_TO_TELL = 10
COMMANDS = [
    ["run", "--port", "1"], ["warnings"], ["why", "s1"], ["ingest", "sent.ndjson"], ["doctor"], ["backup", "copy"],
    ["report", "effectiveness"], ["silences", "list"], ["sources", "add", "x"], ["retention", "show"],
    ["accounts", "list"],
]  # fmt: skip


def lacking(what):
    """In CI nobody would see that it was skipped."""
    if os.environ.get("PREWARN_CI"):
        pytest.fail(what)
    pytest.skip(what)


class Disk:
    """A small disk of its own, seen by those alone who are started with `inside`."""

    def __init__(self, there) -> None:
        self.there = there
        script = f"mount -t tmpfs -o size=24m,mode=0700 tmpfs '{there}' && echo ready && exec sleep 900"
        self.holder = subprocess.Popen(["unshare", "-rm", "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "ready\n":
            lacking("no disk of one's own: unshare may not mount here")

    def call(self, *command) -> list[str]:
        entered = ["nsenter", "-t", str(self.holder.pid), "-U", "-m", "--preserve-credentials"]
        return [*entered, f"--wdns={self.there}", *map(str, command)]

    def inside(self, *command, check=True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.call(*command), capture_output=True, text=True, check=check, timeout=2 * PATIENCE, env=environment()
        )

    def prewarn(self, *arguments) -> subprocess.CompletedProcess[str]:
        return self.inside(*PREWARN, "--home", "home", *arguments, check=False)

    def fill(self) -> None:
        self.inside("sh", "-c", "dd if=/dev/zero of=fill bs=1k 2>/dev/null || true")

    def free(self) -> None:
        self.inside("rm", "fill")

    def close(self) -> None:
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


@pytest.fixture
def disk(tmp_path):
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        lacking("no disk of one's own: unshare and nsenter are missing")
    (tmp_path / "disk").mkdir()
    made = folder(tmp_path / "rules", rule("mine", by="[student]", levels="{at_least: {yellow: 1}}"))
    (tmp_path / "sent.ndjson").write_text(json.dumps(absence("s1", 0)) + "\n")
    one = Disk(tmp_path / "disk")
    try:
        one.inside("mkdir", "home")
        one.inside("cp", "-r", made, "home/rules")
        one.inside("cp", tmp_path / "sent.ndjson", ".")
        yield one
    finally:
        one.close()


@contextmanager
def running(disk, log):
    port = free_port()
    with log.open("wb") as file:
        call = disk.call(*PREWARN, "--home", "home", "run", "--port", port)
        process = subprocess.Popen(call, env=environment(), stdout=file, stderr=file, cwd=ROOT)
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()


def health(address):
    with suppress(OSError):
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
    return 0, ""


def send(address, event):
    request = urllib.request.Request(
        f"{address}/v1/events", json.dumps(event).encode(), {"content-type": "application/cloudevents+json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_disk_that_fills_up_is_told_and_loses_nothing(disk, tmp_path):
    log = tmp_path / "run.log"
    with running(disk, log) as (address, process):
        until(lambda: health(address)[0] == 200 or process.poll(), "the start", 60)
        assert process.poll() is None, log.read_text()
        taken = [n for n in range(20) if send(address, absence(f"s{n}", n)) == 202]
        assert len(taken) == 20
        disk.fill()
        filled = time.monotonic()
        refused = [n for n in range(20, 40) if send(address, absence(f"s{n}", n)) == 503]
        assert refused, "what cannot be written is not accepted"
        until(lambda: health(address)[0] == 503, "not ready", patience=SECONDS_TO_TELL)
        assert "full" in health(address)[1]
        assert time.monotonic() - filled < 3 * SECONDS_TO_TELL
        time.sleep(2)
        assert log.read_bytes().count(b"\n") < 60, "the same line is logged once a minute"
        disk.free()
        until(lambda: health(address)[0] == 200, "ready again")
        assert [send(address, absence(f"s{n}", n)) for n in range(40)] == [202] * 40
        until(lambda: len(said_of(disk)) == 40, "every absence has its warning")
    assert b"Traceback" not in log.read_bytes()


def said_of(disk):
    told = disk.prewarn("warnings", "--json")
    return {json.loads(line)["subject"] for line in told.stdout.splitlines()}


@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_a_command_says_what_is_wrong_with_the_disk(kind, disk):
    assert disk.prewarn("ingest", "sent.ndjson").returncode == 0
    if kind == "full":
        disk.fill()
    else:
        disk.inside("mount", "-o", "remount,ro", disk.there)
    for command in COMMANDS:
        done = disk.prewarn(*command)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, (command, said)
        assert "damaged" not in said, (command, said)
        assert done.returncode in (1, 78), (command, said)
        assert ("disk is full" if kind == "full" else "only be read") in said, (command, said)
        assert ("磁盘已满" if kind == "full" else "只能读取") in said, (command, said)
    if kind == "full":
        disk.free()
    else:
        disk.inside("mount", "-o", "remount,rw", disk.there)
    assert disk.prewarn("doctor").returncode == 0
    assert len(said_of(disk)) == 1
