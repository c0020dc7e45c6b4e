"""`kill -9` at any moment: what was taken is there afterwards, and nothing is pushed twice without saying so."""

import random
import threading
import time
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPException

import pytest

from tests.faults.running import (
    PATIENCE,
    Served,
    free_port,
    receiving,
    running,
    serving,
    until,
    warnings,
    write_table,
)

KILLS = 20
STUDENTS = 300
ASSESSMENTS = 12
SEED = 20131001


@pytest.fixture
def excerpt(tmp_path):
    """Three courses of a made-up Open University: about a third of what is handed in fails or comes late."""
    folder, rng = tmp_path / "oulad", random.Random(SEED)
    courses = ("AAA", "BBB", "CCC")
    due = {1000 + n: (courses[n % 3], 20 + 15 * n) for n in range(ASSESSMENTS)}
    students = {30_000 + n: courses[n % 3] for n in range(STUDENTS)}
    handed_in = [
        (assessment, student, day + rng.choice((-3, -1, 0, 0, 4)), 0, rng.choice((20, 35, 55, 60, 80, 90)))
        for assessment, (course, day) in due.items()
        for student, own in students.items()
        if own == course and rng.random() < 0.9
    ]
    header = "code_module,code_presentation,id_assessment,assessment_type,date,weight"
    rows = [(course, "2013J", id_, "TMA", day, 10) for id_, (course, day) in due.items()]
    write_table(folder, "assessments.csv", header, rows)
    header = "code_module,code_presentation,id_student,date_registration,date_unregistration"
    write_table(folder, "studentRegistration.csv", header, [(c, "2013J", s, -20, "") for s, c in students.items()])
    write_table(
        folder, "studentAssessment.csv", "id_assessment,id_student,date_submitted,is_banked,score", handed_in
    )  # fmt: skip
    return folder


def wait_for(process, moment):
    """Until the moment has come or the process has ended."""
    end = time.monotonic() + PATIENCE
    while not (moment() or process.ended):
        assert time.monotonic() < end, process.said()
        time.sleep(0.005)


def moment(rng, receiver):
    """Half of the time anywhere from the first line of code on, half of the time among the pushes."""
    if rng.random() < 0.5:
        end = time.monotonic() + rng.uniform(0.2, 2.5)
        return lambda: time.monotonic() > end
    pushes = len(receiver.pushes) + rng.randint(1, 15)
    return lambda: len(receiver.pushes) >= pushes


PATIENT = {"PREWARN_QUIET": "00:00-23:59", "PREWARN_GROUP_WAIT": "3600", "PREWARN_GROUP_INTERVAL": "3600"}
"""Settings by which a live college would wait."""


def by_key(receiver):
    arrived = defaultdict(list)
    for push in receiver.pushes:
        arrived[push["key"]].append(push["possibly_duplicate"])
    return arrived


def test_an_import_that_is_killed_twenty_times_warns_as_if_it_had_never_been(tmp_path, excerpt):
    rng = random.Random(SEED)
    killed_home, calm_home = tmp_path / "killed", tmp_path / "calm"
    with receiving() as calm, receiving() as receiver:
        with running(calm_home, "import", "oulad", excerpt, "--push", calm.url, **PATIENT) as uninterrupted:
            kills = 0
            while kills < KILLS:
                with running(killed_home, "import", "oulad", excerpt, "--push", receiver.url, **PATIENT) as process:
                    wait_for(process, moment(rng, receiver))
                    if process.ended:
                        assert process.popen.returncode == 0, process.said()
                        continue
                    process.kill()
                    until(lambda process=process: not process.family(), "its child has ended too")
                    kills += 1
            assert uninterrupted.popen.wait(PATIENCE) == 0, uninterrupted.said()
        with running(killed_home, "import", "oulad", excerpt, "--push", receiver.url, **PATIENT) as process:
            assert process.popen.wait(PATIENCE) == 0, process.said()

        assert len(warnings(calm_home)) > STUDENTS
        assert warnings(killed_home) == warnings(calm_home)
        arrived = by_key(receiver)
        assert arrived.keys() == by_key(calm).keys()
        assert [key for key, marks in arrived.items() if not all(marks[1:])] == []
        assert len(receiver.pushes) - len(arrived) <= KILLS  # one push is in flight at a time, on the one channel


@pytest.fixture
def college(tmp_path):
    """A home with the rules that come with Prewarn, two classes and their tutor."""
    directory = tmp_path / "college" / "directory"
    write_table(directory, "people.csv", "id,name", [("anna", "Anna")])
    write_table(directory, "classes.csv", "id,name", [("m1", "M1")])
    write_table(directory, "roles.csv", "role,person,scope_kind,scope", [("class_tutor", "anna", "class", "m1")])
    return directory.parent


def absences(student):
    """Two in a row, which opens a yellow warning."""
    now = datetime.now(UTC)
    return [
        {
            "specversion": "1.0", "source": "test", "id": f"{student}-{n}", "type": "attendance",
            "time": (now - timedelta(hours=3 - n)).isoformat(),
            "data": {"lesson": f"l{n}", "course": "c", "class": "m1", "student": student, "status": "absent"},
        }
        for n in (1, 2)
    ]  # fmt: skip


def post_until_dead(served, number, answered):
    """Posts one student's absences after the other's; keeps the students for whom the answer was yes."""
    with suppress(OSError, HTTPException):
        while True:
            student = f"s{number}-{len(answered)}"
            if served.post(absences(student)).status == 202:
                answered.append(student)


def test_what_was_answered_with_yes_is_warned_of_after_a_kill(college):
    rng, answered = random.Random(SEED), {}
    port = str(free_port())
    for kill in range(4):
        with running(college, "run", "--port", port) as process:
            served = Served(process, int(port))
            until(served.ready, "the process serves")
            senders = []
            for number in (2 * kill, 2 * kill + 1):
                answered[number] = []
                senders.append(threading.Thread(target=post_until_dead, args=(served, number, answered[number])))
            for sender in senders:
                sender.start()
            enough = rng.randint(5, 60)
            try:
                until(lambda kill=kill, enough=enough: len(answered[2 * kill]) >= enough, "events were taken")
            finally:
                process.kill()
                for sender in senders:
                    sender.join()
    taken = {f"{student}/c" for students in answered.values() for student in students}
    assert len(taken) >= 20
    with serving(college):
        until(lambda: taken <= {one["subject"] for one in warnings(college)}, "a warning for everybody")
