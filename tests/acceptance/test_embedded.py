"""The one-process mode as its users have it: the `prewarn` command, a folder, HTTP."""

import gzip
import json
import re
import shutil
import signal
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from services.app.demo import College
from tests.acceptance.demo_expected import Expectations
from tests.faults.running import ROOT, free_port, prewarn, serving, until, warnings, write_table

PLACE = re.compile(r"\S+\.yaml:\d+:\d+: ")
TODAY = datetime.now(UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A college with rules of its own, a class, its tutor and some students."""
    folder = tmp_path_factory.mktemp("embedded") / "college"
    shutil.copytree(ROOT / "rules", folder / "rules", ignore=shutil.ignore_patterns("examples"))
    write_directory(folder / "directory", ["sue", "tom", "uma", "vic", "wes", "xia"])
    return folder


@pytest.fixture(scope="module")
def served(home):
    with serving(home) as process:
        process.sign_in(home, "anna")
        yield process


def write_directory(folder, students):
    write_table(folder, "people.csv", "id,name", [("anna", "Anna"), ("bo", "Bo")])
    write_table(folder, "classes.csv", "id,name", [("m1", "M1")])
    write_table(folder, "courses.csv", "id,name_zh,name_en", [("algebra", "代数", "Algebra")])
    roles = [("class_tutor", "anna", "class", "m1"), ("counsellor", "bo", "", "")]
    write_table(folder, "roles.csv", "role,person,scope_kind,scope", roles)
    write_table(folder, "students.csv", "id,name,class", [(student, student.title(), "m1") for student in students])


def absence(student, number=1, **changed):
    """The student was not in a lesson of today."""
    at = TODAY - timedelta(hours=3, minutes=-number)
    data = {"lesson": f"l{number}", "course": "algebra", "student": student, "status": "absent", "hours": 1}
    return {
        "specversion": "1.0", "source": "test", "id": f"{student}-{number}", "type": "attendance",
        "time": at.isoformat(), "data": data,
    } | changed  # fmt: skip


def absences(student, how_many):
    return [absence(student, number) for number in range(1, how_many + 1)]


def in_inbox(served, student, person="anna"):
    return student.title() in served.get(f"/inbox/{person}").text


def write_events(path, events):
    path.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    return path


def edit(path, before, after):
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def test_an_event_over_http_becomes_a_warning_on_a_page_and_a_message(served, home):
    answer = served.post(absences("sue", 2))
    assert (answer.status, answer.json) == (202, {"accepted": 2, "duplicate": 0, "rejected": []})
    until(lambda: in_inbox(served, "sue"), "the warning is in the inbox of the tutor")
    sink = home / "outbox.log"
    until(sink.exists, "the message is out")
    message = until(lambda: [json.loads(line) for line in sink.read_text("utf-8").splitlines()], "its line")[0]
    assert (message["to"], message["change"], message["level"]) == ("anna", "opened", "yellow")
    assert message["link"] == f"{served.url}/warnings/{message['warning']}"
    page = served.get(f"/warnings/{message['warning']}")
    assert (page.status, "Sue" in page.text, "Algebra" in page.text) == (200, True, True)


def test_the_same_event_again_is_a_duplicate(served):
    served.post(absences("sue", 2))
    assert served.post(absences("sue", 2)).json == {"accepted": 0, "duplicate": 2, "rejected": []}


def test_a_file_beside_the_running_process_is_evaluated_by_it(served, home, tmp_path):
    told = prewarn(home, "ingest", write_events(tmp_path / "today.ndjson", absences("tom", 2)))
    assert (told.returncode, told.stdout.splitlines()[0]) == (0, "accepted 接收 2, duplicate 重复 0, rejected 拒收 0")
    until(lambda: in_inbox(served, "tom"), "the running process warns of it")


def test_a_second_process_on_the_same_folder_is_refused(served, home):
    told = prewarn(home, "run", "--port", str(free_port()))
    assert told.returncode == 1
    assert told.stderr.splitlines()[-2:] == [
        f"another process is running on {home}", f"    另一进程正在使用 {home}"
    ]  # fmt: skip
    assert "Traceback" not in told.stderr
    assert served.ready()


def test_a_wrong_edit_changes_nothing_and_a_right_one_acts(served, home):
    standards = home / "rules" / "standards" / "student.yaml"
    before = standards.read_text("utf-8")
    served.post(absences("uma", 1))
    try:
        edit(standards, "{yellow: 2, orange: 3, red: 5}", "{yellow: one, orange: 3, red: 5}")
        place = re.compile(
            r"^standards/student\.yaml:\d+:\d+: yellow must be a number, not one \(expected: ", re.MULTILINE
        )
        until(lambda: place.search(served.process.said()), "what is wrong stands in the log")
        served.post(absences("vic", 2))
        until(lambda: in_inbox(served, "vic"), "the old threshold still acts")
        assert not in_inbox(served, "uma")

        edit(standards, "{yellow: one, orange: 3, red: 5}", "{yellow: 1, orange: 3, red: 5}")
        until(lambda: in_inbox(served, "uma"), "the new threshold acts on what was there already")
    finally:
        standards.write_text(before, "utf-8")
    until(lambda: not in_inbox(served, "uma"), "the old one acts again")


def bad_lines():
    """Name → a line that is refused, and what is said of it."""
    return {
        "not a number": (json.dumps(absence("wes", 11)).replace('"hours": 1', '"hours": NaN'), "not a number"),
        "no zone": (json.dumps(absence("wes", 12, time="2026-09-07T08:00:00")), "time without zone"),
        "unknown kind": (json.dumps(absence("wes", 13, type="attendence")), "attendance"),
        "10 MB": (json.dumps(absence("wes", 14, data={"lesson": "l" * 10_000_000})), "too large"),
        "unknown student": (json.dumps(absence("zoe", 15)), "zoe"),
    }


def write_bad_files(folder):
    """Files with something wrong, each with one good absence of `wes` more; and two that only look odd."""
    bad = bad_lines()
    good = [json.dumps(absence("wes", number)) for number in (1, 2, 3, 4)]
    lines = [good[0], *(line for line, _ in bad.values()), good[1]]
    (folder / "mixed.ndjson").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "bom.ndjson").write_bytes(b"\xef\xbb\xbf" + good[2].encode() + b"\n")
    filler = "".join(json.dumps(absence("xia", n, type="unheard")) + "\n" for n in range(2000))
    whole = gzip.compress((good[3] + "\n" + filler).encode())
    (folder / "cut.ndjson.gz").write_bytes(whole[: len(whole) * 3 // 4])
    table = f"occurred_at,lesson,student,status\n{absence('wes', 5)['time']},代数第五讲,wes,absent\n"
    (folder / "excel.csv").write_bytes(table.encode("gb18030"))
    return [folder / name for name in ("mixed.ndjson", "bom.ndjson", "excel.csv", "cut.ndjson.gz")]


def test_bad_input_is_kept_with_its_reasons_and_the_rest_goes_on(served, home, tmp_path):
    files = write_bad_files(tmp_path)
    told = prewarn(home, "ingest", "--kind", "attendance", "--source", "excel", *files)
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    counts = dict(re.findall(r"(accepted|duplicate|rejected) \w+ (\d+)", told.stdout.splitlines()[-2]))
    assert (counts["accepted"], counts["duplicate"]) == ("5", "0")
    for number, (name, (_, reason)) in enumerate(bad_lines().items(), start=2):
        said = [line for line in told.stderr.splitlines() if line.startswith(f"mixed.ndjson line {number}: ")]
        assert said, name
        assert reason in said[0], name
    until(lambda: in_inbox(served, "wes"), "the good absences are warned of")

    listed = prewarn(home, "rejected", "list").stdout.splitlines()
    assert len(listed) == int(counts["rejected"])
    assert any("cut.ndjson.gz" in line and "cut off" in line for line in listed)
    number = next(line.split()[0] for line in listed if "zoe" in line)
    shown = prewarn(home, "rejected", "show", number)
    assert shown.returncode == 0
    assert '"id": "zoe-15"' in shown.stdout
    assert "data.student" in shown.stdout

    again = prewarn(home, "rejected", "retry", number)
    assert (again.returncode, again.stdout) == (1, "accepted 接收 0, still rejected 仍拒收 1\n")
    write_directory(tmp_path / "new", ["sue", "tom", "uma", "vic", "wes", "xia", "zoe"])
    dry = prewarn(home, "directory", "import", tmp_path / "new", "--dry-run")
    assert dry.returncode == 0
    assert re.fullmatch(r"1 differences 处不同; version \w+ is not in use", dry.stdout.splitlines()[-1])
    assert "zoe" in dry.stdout
    assert prewarn(home, "rejected", "retry", number).returncode == 1  # it was a rehearsal
    assert prewarn(home, "directory", "import", tmp_path / "new").returncode == 0
    again = prewarn(home, "rejected", "retry", number)
    assert (again.returncode, again.stdout) == (0, "accepted 接收 1, still rejected 仍拒收 0\n")
    until(lambda: served.post([absence("zoe", 16)]).status == 202, "the running process knows the new directory")
    until(lambda: in_inbox(served, "zoe"), "what was tried again counts")


def test_a_reject_that_does_not_exist_is_told(home, served):
    told = prewarn(home, "rejected", "show", "4711")
    assert (told.returncode, told.stderr.splitlines()[-1]) == (
        1, "no reject has number 4711 没有此编号; see prewarn rejected list",
    )  # fmt: skip


def test_a_bad_rules_folder_is_told_by_file_line_and_column(tmp_path):
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder, ignore=shutil.ignore_patterns("examples"))
    edit(folder / "attendance.yaml", 'streak: status == "absent"', 'streak: statsu == "absent"')
    edit(folder / "tests.yaml", "on: test", "on: tset")
    told = prewarn(tmp_path / "home", "rules", "check", folder)
    assert told.returncode == 1
    assert {line.partition(":")[0] for line in told.stdout.splitlines() if PLACE.match(line)} == {
        "attendance.yaml", "tests.yaml",
    }  # fmt: skip
    assert "expected: status" in told.stdout
    assert "expected: test" in told.stdout


@pytest.mark.parametrize("folder", ["rules", "rules/examples/nyc", "rules/examples/oulad"])
def test_the_rules_that_come_with_prewarn_are_right(tmp_path, folder):
    told = prewarn(tmp_path / "home", "rules", "check", ROOT / folder)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.endswith("no error 无错误\n")


def test_the_directory_check_names_roles_that_nobody_holds_and_people_whom_nothing_reaches(home, served):
    told = prewarn(home, "directory", "check")
    assert told.returncode == 1
    assert "student_affairs" in told.stdout
    assert "anna" in told.stdout
    assert told.stdout.splitlines()[-1].startswith("2 people, ")


def test_a_wrong_directory_is_refused_with_everything_that_is_wrong(home, served, tmp_path):
    write_directory(tmp_path, ["sue"])
    write_table(tmp_path, "roles.csv", "role,person,scope_kind,scope", [("class_tutr", "anna", "class", "m2")])
    told = prewarn(home, "directory", "import", tmp_path)
    assert told.returncode == 1
    assert "roles.csv row 2, column role: there is no role 'class_tutr' (expected: class_tutor)" in told.stderr
    assert "Traceback" not in told.stderr


def expected(home):
    truth = json.loads((home / "truth.json").read_text("utf-8"))
    college = College(date.fromisoformat(truth["day"]), truth["seed"])
    assert truth["planted"] == [msgspec.to_builtins(one) for one in college.planted]
    return told_apart([one._asdict() for one in Expectations(college).found])


UNTOLD = {"major-students-warned", "lesson-test-results", "assessment-results", "assessment-month"}
"""The share of students with an open orange or red one, and summaries, follow from all the others; the scenarios do not
add them up.
"""


def told_apart(found):
    found = [one for one in found if one["rule"] not in UNTOLD]
    return Counter((one["rule"], one["subject"], one["level"], one["status"]) for one in found)


def test_the_demo_can_be_interrupted_and_ends_with_exactly_what_was_planted(tmp_path):
    home = tmp_path / "demo"
    with serving(home, "demo", "--seconds", "60") as served:
        assert served.get("/").status == 200
        served.process.signal(signal.SIGINT)
        assert served.process.popen.wait(20) in {0, 130}
        assert "Traceback" not in served.process.said()
        assert "The day is over" not in served.process.said()
    with serving(home, "demo", "--seconds", "3") as served:
        until(lambda: "The day is over" in served.process.said(), "the day ends")
        wanted = expected(home)
        until(lambda: told_apart(warnings(home)) == wanted, "the warnings are those of what was planted, both ways")
        assert served.get("/").status == 200
        served.process.signal(signal.SIGINT)
        assert served.process.popen.wait(20) in {0, 130}
    assert "Traceback" not in served.process.said()
