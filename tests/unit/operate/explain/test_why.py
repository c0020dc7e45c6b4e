"""`prewarn why`: a warning, a non-warning with each named reason, and one that was not pushed."""

import json
import shutil
from datetime import datetime, timedelta, timezone

import pytest
from typer.testing import CliRunner

from services.app.embedded import Embedded
from services.cli import app
from services.errors import ConfigurationError, ProblemsError
from services.settings import Settings
from tests.faults.running import prewarn, write_table
from tests.unit.operate.explain.conftest import NOW, absent, make, take_in

pytestmark = pytest.mark.commands

DAY = "2026-11-23"
STREAK = ("absence-streak", "s1/algebra")


@pytest.fixture
def why(ask):
    """The only answer about a subject and a rule."""

    def asked(subject, rule, *more):
        (answer,) = ask("why", subject, "--rule", rule, "--json", *more)["answers"]
        return answer

    return asked


def test_a_warning_tells_value_threshold_standard_evidence_and_who_was_told(why):
    found = why("s1", "absence-streak")
    assert (found["subject"], found["status"], found["level"]) == ("s1/algebra", "open", "orange")
    assert (found["value"], found["threshold"], found["window"], found["records"]) == (3, 3, "all", 3)
    assert found["finding"]["reason"] == "threshold_reached"
    assert [one["id"] for one in found["evidence"]] == ["a17", "a18", "a19"]
    assert found["standard"]["standard"] == "student.absence_streak"
    assert found["standard"]["applies"]["reason"] == "applies"
    assert (found["stage"], found["reason"]) == ("outbox", "pending")
    notify = found["notify"]
    assert [(one["change"], one["level"]) for one in notify["changes"]] == [("opened", "yellow"), ("raised", "orange")]
    assert {one["recipient"] for one in notify["deliveries"]} == {"fang"}
    assert notify["rule_version"] == found["rule_version"]


@pytest.mark.parametrize(
    ("subject", "rule", "reason", "value", "threshold", "distance"),
    [
        ("s2", "absence-hours", "not_reached", 3, 4, 1),
        ("s3", "absence-hours", "no_matching_record", None, None, None),
        ("s4", "absence-streak", "retracted", None, None, None),
        ("s5", "failing-courses", "late", None, None, None),
        ("s6", "absence-hours", "window_empty", None, None, None),
        ("s8", "absence-hours", "no_record", None, None, None),
        ("s1", "absence-rate", "too_few_records", None, None, None),
        ("s1", "quotient", "not_evaluated", None, None, None),
        ("s7", "failing-courses", "nothing_counted", None, None, None),
        ("s2", "absence-forecast", "no_value", None, None, None),
        ("s3", "quotient", "not_evaluated", None, None, None),
        ("s1", "tomorrow", "standard_not_in_force", 3, None, None),
        ("lesson:L1", "rollcall-missing", "met", None, None, None),
        ("lesson:L2", "rollcall-missing", "not_due", None, None, None),
        ("s1", "tests-failed", "no_record", None, None, None),
    ],
)
def test_a_non_warning_tells_its_value_and_its_named_reason(why, subject, rule, reason, value, threshold, distance):
    found = why(subject, rule)
    assert (found["status"], found["stage"], found["reason"]) == ("silent", "rules", reason)
    assert (found["value"], found["threshold"], found["distance"]) == (value, threshold, distance)
    assert found["why"]["zh"] != found["why"]["en"]


def test_null_and_a_division_by_zero_are_told_apart(why):
    assert "division_by_zero" in why("s3", "quotient")["why"]["en"]
    assert "null" in why("s1", "quotient")["why"]["en"]


def test_outside_every_term_is_told_as_such(why):
    assert why("s6", "absence-hours", "--at", "2026-08-25")["reason"] == "outside_period"


def test_a_deadline_says_when_it_passes(why):
    assert why("lesson:L2", "rollcall-missing")["next_at"] == "2026-11-30T10:10:00+08:00"


def test_a_withdrawn_and_an_ended_warning_are_told_beside_the_present_reason(why):
    withdrawn = why("s4", "absence-streak")["last"]
    assert (withdrawn["change"], withdrawn["reason"]) == ("withdrawn", "retraction")
    ended = why("s2", "absence-streak")
    assert (ended["reason"], ended["value"], ended["last"]["change"]) == ("not_reached", 0, "resolved")
    assert ended["notify"]["status"] == "resolved"


def test_what_people_did_with_a_warning_is_told(college, tmp_path):
    home = tmp_path / "copy"
    shutil.copytree(college, home)
    with Embedded(Settings(home=home), clock=lambda: NOW) as embedded:
        told = [one for one in embedded.notify.warnings() if (one["rule"], one["subject"]) == STREAK]
        (warning,) = [one["id"] for one in told]
        assert embedded.notify.acts.acknowledge("fang", warning) is None
        assert embedded.notify.referrals.refer("fang", warning, "student_affairs", "can you help?") is None
        assert embedded.notify.acts.close("fang", warning, "talked to the parents", "explained") is None
    arguments = ("--home", str(home), "why", "s1", "--rule", "absence-streak", "--language", "en")
    said = CliRunner().invoke(app, arguments).stdout
    assert "fang: Took it up\n" in said
    assert "fang: Referred; student affairs office; can you help?\n" in said
    assert "fang: Closed it; explained; talked to the parents\n" in said
    before = CliRunner().invoke(app, (*arguments, "--at", "2026-11-20")).stdout
    assert "Closed it" not in before


def test_a_silent_rule_says_in_its_line_how_its_last_warning_ended(ask):
    (line,) = [
        one for one in ask("why", "s2", "--language", "en").splitlines() if one.startswith("· absence-streak s2/")
    ]
    assert "[not_reached]; the last warning: Over 2026-11-19T08:00:00+08:00, " in line


def test_an_instant_to_come_says_that_it_is(ask):
    sentence = "! that instant is still to come: this is what is known so far"
    assert sentence in ask("why", "s1", "--at", "2099-01-01", "--language", "en").splitlines()
    assert sentence not in ask("why", "s1", "--at", "2026-11-18", "--language", "en")


def test_an_earlier_instant_sees_only_what_was_dated_by_then(why, ask):
    assert why("s1", "absence-streak", "--at", "2026-11-17")["reason"] == "not_reached"
    found = why("s1", "absence-streak", "--at", "2026-11-18 12:00")
    assert (found["level"], found["value"], found["threshold"]) == ("yellow", 2, 2)
    assert [one["change"] for one in found["notify"]["changes"]] == ["opened"]
    whole = ask("why", "s1", "--rule", "absence-streak", "--at", "2026-11-18 12:00", "--json")
    assert (whole["at"], whole["known_later"]) == ("2026-11-18T12:00:00+08:00", 2)


def test_a_shadow_rule_is_open_and_was_kept_from_everybody_by_its_mode(why):
    found = why("s1", "on-trial")
    assert (found["status"], found["level"]) == ("open", "yellow")
    assert (found["stage"], found["reason"]) == ("notify: mode", "mode_shadow")
    assert found["notify"]["deliveries"] == []


def test_a_warning_that_reaches_nobody_says_which_role_is_vacant(why):
    found = why("s1", "told-to-nobody")
    assert found["stage"].startswith("notify: ")
    assert found["reason"] == "nobody_holds_role"
    assert [one["whom"] for one in found["notify"]["decisions"]] == ["source_owner"]


def test_what_was_refused_at_the_door_decides_for_who_has_no_other_record(why):
    found = why("s9", "absence-hours")
    assert (found["status"], found["stage"], found["reason"]) == ("silent", "ingest", "rejected")
    (reject,) = found["rejects"]  # that of s99 is not its
    assert "gone" in reject["reasons"][0]


def test_without_a_record_the_directory_chooses_the_standard(why):
    assert why("s8", "scopes")["standard"]["applies"]["scope"] == {"major": "mechatronics"}


def test_rules_about_something_else_say_so(ask):
    assert ask("why", "dai", "--rule", "absence-hours", "--json")["note"]["reason"] == "other_subject"


def test_a_whole_subject_has_its_warnings_first_and_agrees_with_the_store(ask, college):
    with Embedded(Settings(home=college), clock=lambda: NOW) as embedded:
        stored = {(one["rule"], one["subject"]): one for one in embedded.notify.warnings() if one["status"] == "open"}
    told = {}
    for student in ("s1", "s2", "s3", "s4", "s5", "s6"):
        answers = ask("why", student, "--json")["answers"]
        assert [one["status"] for one in answers] == sorted(one["status"] for one in answers)  # open before silent
        told |= {(one["rule"], one["subject"]): one for one in answers if one["status"] == "open"}
    mine = {key: one for key, one in stored.items() if key[1].startswith("s")}
    assert {*mine} == {*told}
    for key, one in mine.items():
        assert [told[key][name] for name in ("level", "value", "threshold")] == [
            one[name] for name in ("level", "value", "threshold")
        ]
        assert {x["id"] for x in told[key]["evidence"]} == {x["id"] for x in one["evidence"]}


def test_a_person_reads_it_in_chinese_and_in_english(ask):
    text = ask("why", "s2", "--rule", "absence-hours")
    zh, en = text.split("\n\n\n") if "\n\n\n" in text else (text, text)
    assert "当前值 3 未达到最低预警线（≥ 4），还差 1 [not_reached]" in zh
    assert "3 does not reach the lowest threshold (≥ 4): 1 away [not_reached]" in en
    only = ask("why", "s2", "--rule", "absence-hours", "--language", "zh")
    assert "away" not in only


def test_without_a_rule_each_silent_one_takes_one_line(ask):
    lines = ask("why", "s2", "--language", "en").splitlines()
    hours = "· absence-hours s2: 3 does not reach the lowest threshold (≥ 4): 1 away [not_reached]"
    assert lines.count(hours) == 1
    assert [line for line in lines if line.startswith("on-trial")]  # a warning, in full
    answers = ask("why", "s2", "--json")["answers"]
    assert sum(line.startswith("· ") for line in lines) == sum(one["status"] == "silent" for one in answers)


def test_edited_files_are_told_apart_from_the_running_rules(college, tmp_path):
    home = tmp_path / "copy"
    shutil.copytree(college, home)
    standards = home / "rules" / "standards" / "student.yaml"
    standards.write_text(
        standards.read_text("utf-8").replace("{yellow: 4, orange: 8", "{yellow: 3, orange: 8"), "utf-8"
    )
    told = prewarn(home, "why", "s2", "--rule", "absence-hours", "--language", "en")
    assert told.returncode == 0, told.stderr
    assert "! the running rule set is" in told.stdout
    assert "decided by take-in" in told.stdout
    assert "[not_taken_in]" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("s1x",), "s1x is not known (expected: s1"),
        (("李一",), "(expected: s1 (李一)"),
        (("",), "nothing is not known"),
        (
            ("s99",),
            "s99 is in no event, but in what was refused (expected: prewarn rejected show",
        ),
        (("s1", "--rule", "absence-strek"), "there is no such rule (expected: absence-streak"),
        (("s1", "--rule", "S1"), "(expected: absence-hours)"),
        (("s1", "--at", "tomorrow"), "--at: tomorrow is not a date (expected: 2026-10-01"),
        (("s1", "--at", "2026-02-30"), "--at: 2026-02-30 is not a date"),
    ],
)
def test_what_is_asked_wrongly_is_told_with_what_would_be_right(ask, arguments, sentence):
    with pytest.raises(ProblemsError) as error:
        ask("why", *arguments)
    assert sentence in str(error.value)


def test_a_college_without_a_log_is_named(ask, tmp_path):
    (tmp_path / "new" / "rules").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="holds no college"):
        ask("--home", str(tmp_path / "new"), "why", "s1")


def test_a_home_made_by_the_command_line_is_answered(tmp_path):
    home, file = make(tmp_path / "college"), tmp_path / "today.ndjson"
    begin = datetime.now(timezone(timedelta(hours=8))) - timedelta(hours=3)
    times = [f"{begin + timedelta(minutes=n):%Y-%m-%dT%H:%M}" for n in range(2)]
    file.write_text("".join(json.dumps(absent("s1", f"a{n}", at)) + "\n" for n, at in enumerate(times)), "utf-8")
    taken = prewarn(home, "ingest", file)
    assert taken.returncode == 0, taken.stderr
    told = prewarn(home, "why", "student:s1", "--rule", "absence-streak", "--json")
    assert told.returncode == 0, told.stderr
    (answer,) = json.loads(told.stdout)["answers"]
    assert (answer["level"], answer["value"], answer["stage"]) == ("yellow", 2, "outbox")


def test_a_silenced_warning_says_so_with_its_value_threshold_and_rule_version(tmp_path):
    home, file = make(tmp_path / "college"), tmp_path / "today.ndjson"
    begin = datetime.now(timezone(timedelta(hours=8))) - timedelta(hours=3)
    times = [f"{begin + timedelta(minutes=n):%Y-%m-%dT%H:%M}" for n in range(2)]
    file.write_text("".join(json.dumps(absent("s1", f"a{n}", at)) + "\n" for n, at in enumerate(times)), "utf-8")
    whole = ("--author", "Anna", "--comment", "in hospital", "--until", f"{begin + timedelta(days=3):%Y-%m-%d}")
    assert prewarn(home, "silences", "add", "--subject", "s1", *whole).returncode == 0
    assert prewarn(home, "ingest", file).returncode == 0
    told = prewarn(home, "why", "student:s1", "--rule", "absence-streak", "--json")
    (answer,) = json.loads(told.stdout)["answers"]
    assert (answer["level"], answer["value"], answer["threshold"]) == ("yellow", 2, 2)
    assert (answer["stage"], answer["reason"]) == ("notify: silence", "silenced")
    assert answer["notify"]["deliveries"][0]["held_until"] is not None
    assert answer["why"]["en"] == "silenced: sent when the silence ends"
    assert (answer["standard"]["standard"], len(answer["rule_version"])) == ("student.absence_streak", 12)
    listed = prewarn(home, "silences", "list").stdout
    assert "subject=s1" in listed
    assert "Anna: in hospital" in listed
    assert prewarn(home, "silences", "end", "1").returncode == 0
    again = prewarn(home, "why", "student:s1", "--rule", "absence-streak", "--json")
    assert json.loads(again.stdout)["answers"][0]["stage"] == "outbox"


def test_a_student_who_is_exempt_from_the_rule_is_warned_about_and_nobody_is_told(tmp_path):
    home, file = make(tmp_path / "college"), tmp_path / "today.ndjson"
    begin = datetime.now(timezone(timedelta(hours=8))) - timedelta(hours=3)
    times = [f"{begin + timedelta(minutes=n):%Y-%m-%dT%H:%M}" for n in range(2)]
    file.write_text(
        "".join(json.dumps(absent(s, f"{s}{n}", at)) + "\n" for s in ("s1", "s2") for n, at in enumerate(times)),
        "utf-8",
    )
    write_table(
        home / "directory",
        "exemptions.csv",
        "student,of,from,to,why",
        [["s1", "absence-streak", "2026-01-01", "", "竞赛"]],
    )
    assert prewarn(home, "ingest", file).returncode == 0
    asked = (prewarn(home, "why", f"student:{s}", "--rule", "absence-streak", "--json") for s in ("s1", "s2"))
    (answer,), (other,) = (json.loads(told.stdout)["answers"] for told in asked)
    assert (answer["level"], answer["stage"], answer["reason"]) == ("yellow", "notify: exemption", "exempt")
    assert answer["notify"]["deliveries"] == []
    assert (other["level"], other["stage"]) == ("yellow", "outbox")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--until", "2099-01-01"], "--rule, --subject or --department"),
        (["--until", "soon", "--subject", "s1"], "--until soon is no moment (expected: such as 2026-12-01"),
        (["--until", "2020-01-01", "--subject", "s1"], "--until 2020-01-01 is past"),
        (["--until", "2099-01-01", "--rule", "absence-streek"],
         "--rule absence-streek is no rule in use (expected: absence-streak, "),
        (["--until", "2099-01-01", "--department", "tehc"],
         "--department tehc is no department of the directory (expected: tech"),
        (["--until", "2099-01-01", "--subject", "s1/algebar"],
         "--subject algebar is in no event and not in the directory (expected: algebra"),
        (["--until", "2099-01-01", "--subject", "s1"], "(expected: within 180 days, or --long if it is meant)"),
    ],
)  # fmt: skip
def test_a_silence_that_cannot_be_is_refused_with_what_would_be_right(tmp_path, arguments, sentence):
    told = prewarn(make(tmp_path / "college"), "silences", "add", "--author", "A", "--comment", "c", *arguments)
    assert told.returncode == 1
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("about", ["s1/algebra", "college", "l-a1", "k1"])
def test_a_silence_is_about_whom_the_directory_or_an_event_knows(tmp_path, about):
    home = make(tmp_path / "college")
    take_in(home, [absent("s1", "a1", "2026-11-17T08:00")])
    add = ("silences", "add", "--author", "A", "--comment", "c", "--subject", about, "--until", "2099-01-01", "--long")
    told = prewarn(home, *add)
    assert (told.returncode, "is in force until 静默生效至 2099-01-01" in told.stdout) == (0, True), told.stderr


def test_an_id_of_two_kinds_asks_which(tmp_path):
    home = make(tmp_path / "twice")
    write_table(
        home / "directory",
        "majors.csv",
        "id,name_zh,department",
        [("algebra", "代数", "tech"), ("mechatronics", "机电", "tech")],
    )
    take_in(home, [absent("s1", "a1", "2026-11-17T08:00")])
    told = prewarn(home, "why", "algebra")
    assert told.returncode == 1
    assert "course:algebra or major:algebra" in told.stderr
    assert "Traceback" not in told.stderr


def test_what_was_said_and_does_not_count_is_named_with_its_reason(ask):
    found = ask("why", "s4", "--json")["not_counted"]
    assert [(one["kind"], one["source"], one["id"], one["reason"]) for one in found] == [
        ("attendance", "phone", "d16", "retracted"),
        ("attendance", "phone", "d17", "retracted"),
    ]
    assert "attendance phone d16 does not count: taken back" in ask("why", "s4", "--language", "en")
    assert ask("why", "s1", "--json")["not_counted"] == []
