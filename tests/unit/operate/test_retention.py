"""What is kept for how long, on a whole home: what goes, what stays; the rules go on as if nothing had gone."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from typer.testing import CliRunner

from services.app.embedded import Embedded
from services.cli import app
from services.directory import Directory, load_installed
from services.errors import ConfigurationError
from services.log.journal import Journal
from services.messages import CampusEvent, Problem, Rejection, to_ms
from services.notify.rows import OwnChannelRow, OwnChoiceRow
from services.notify.store import own
from services.notify.suppression import Silence
from services.operate import retention
from services.operate.retention import DEFAULTS, read_policy
from services.settings import Settings
from tests.faults.running import until, write_table
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands

DAY = timedelta(days=1)
LONG_AGO = datetime(2023, 9, 1, 2, 0, tzinfo=UTC)
NOW = LONG_AGO + 1300 * DAY
FORTNIGHT = '{count: status == "absent"}'
STREAK = rule("streak", measure='{streak: status == "absent"}', levels="{at_least: {yellow: 2, orange: 5}}")
OFTEN = rule("often", measure=FORTNIGHT, window="{within: 14d}", levels="{at_least: {yellow: 2}}")
RULES = (STREAK, OFTEN)


def absence(student, n, at, status="absent"):
    data = {"lesson": f"l{n}", "course": "algebra", "student": student, "class": "m1", "status": status, "hours": 1}
    return CampusEvent(source="rollcall", id=f"{student}-{n}", kind="attendance", time=at, data=data)


class College:
    """A home whose wall clock the test sets."""

    def __init__(self, home):
        self.now = LONG_AGO
        self.settings = Settings(home=home)
        folder(home / "rules", *RULES)
        write_table(home / "directory", "people.csv", "id,name", [("anna", "Anna")])
        write_table(home / "directory", "classes.csv", "id,name", [("m1", "M1")])
        roles = [("class_tutor", "anna", "class", "m1")]
        write_table(home / "directory", "roles.csv", "role,person,scope_kind,scope", roles)

    def live(self, *events, act=lambda _embedded: None):
        """Takes events in at the present instant, and lets time come so far."""
        with Embedded(self.settings, clock=lambda: self.now) as embedded:
            assert embedded.try_evaluating()
            if events:
                assert set(embedded.journal.append(events)) <= {"accepted"}
            embedded.journal.tick(int(self.now.timestamp() * 1000))
            embedded.catch_up()
            act(embedded)
            embedded.notify.start()
            until(lambda: embedded.notify.waiting() == 0, "every message is out")
            return {(one["rule"], one["subject"], one["status"], one["level"]) for one in embedded.notify.warnings()}

    def journal(self):
        return Journal(self.settings.home / "prewarn.db", lambda: self.now)

    def apply(self, dry_run=False, **policy):
        directory = load_installed(self.settings.directory_folder)
        return retention.apply(self.settings, DEFAULTS | policy, directory, self.now, dry_run=dry_run).deleted

    def rows(self, query, file="prewarn.db"):
        with closing(sqlite3.connect(self.settings.home / file)) as connection:
            return connection.execute(query).fetchall()

    def has(self, text):
        """Whether the text stands in any byte of the home's databases, once their write-ahead logs are emptied."""
        for file in ("prewarn.db", "notify.db"):
            self.rows("PRAGMA wal_checkpoint(TRUNCATE)", file)
        return any(text.encode() in path.read_bytes() for path in self.settings.home.glob("*.db*"))


@pytest.fixture
def college(tmp_path):
    return College(tmp_path / "home")


def acted(embedded):
    """The tutor has taken up and closed what is open about sue, in her words."""
    for one in list(embedded.notify.warnings()):
        if (one["rule"], one["subject"]) == ("streak", "sue"):
            assert embedded.notify.acts.close("anna", one["id"], "talked to her mother", "explained") is None


@pytest.fixture
def old(college):
    """Long ago sue was absent twice and is back; tom was absent twice and was never seen again."""
    first = [absence(who, n, LONG_AGO - (3 - n) * DAY) for who in ("sue", "tom") for n in (1, 2)]
    college.live(*first, act=acted)
    college.now += DAY
    college.live(absence("sue", 3, college.now - timedelta(hours=1), "present"))
    college.now += 60 * DAY
    college.live()
    reasons = [Problem(where="student", what="unknown", expected="one of the directory")]
    with closing(college.journal()) as journal:
        journal.reject([
            Rejection(received_at=college.now, origin="POST", position="1", reasons=reasons, raw=b"the bytes of wei")
        ])  # fmt: skip
    college.now = NOW
    college.live()
    return college


def test_what_is_old_goes_and_what_is_open_stays(old):
    before = old.live(absence("uma", 1, NOW - DAY))
    assert ("streak", "tom", "open", "yellow") in before
    deleted = old.apply()
    assert deleted["events"] > 0
    assert deleted["rejected"] == 1
    assert deleted["changes"] > 0
    assert deleted["warnings"] == 3  # both of sue's, and tom's of the fortnight
    kept = [event for (packed,) in old.rows("SELECT packed FROM log") for event in msgspec.json.decode(packed)]
    assert {event["data"]["student"] for event in kept if event["type"] == "attendance"} == {"tom", "uma"}
    assert old.live() == before


def test_what_went_is_in_no_byte_of_the_files(old):
    assert old.has("the bytes of wei")
    assert old.has("talked to her mother")
    old.apply()
    assert not old.has("the bytes of wei")
    assert not old.has("talked to her mother")
    assert not old.has("sue-1")


def test_the_audit_trail_keeps_who_when_and_what(old):
    trail = "SELECT at, person, action, detail FROM act ORDER BY id"
    before = old.rows(trail, "notify.db")
    old.apply()
    assert old.rows(trail, "notify.db") == before
    assert ("anna", "closed") in [row[1:3] for row in before]
    assert old.rows("SELECT DISTINCT text FROM act WHERE person <> ''", "notify.db") == [("",)]


def test_a_second_time_there_is_nothing_left_and_each_time_is_written_down(old):
    first, second = old.apply(), old.apply()
    assert sum(first.values()) > 0
    assert set(second.values()) == {0}
    assert len(old.rows("SELECT * FROM retention", "notify.db")) == 2


def test_a_dry_run_counts_the_same_and_changes_nothing(old):
    files = {name: old.rows("SELECT count(*), sum(length(packed)) FROM " + name) for name in ("log", "change")}
    dry = old.apply(dry_run=True)
    assert files == {name: old.rows("SELECT count(*), sum(length(packed)) FROM " + name) for name in files}
    assert old.rows("SELECT * FROM retention", "notify.db") == []
    assert dry == old.apply()


def test_the_rules_go_on_as_if_nothing_had_gone(old, tmp_path):
    other = College(tmp_path / "other")
    for name in ("prewarn.db", "notify.db"):
        with closing(sqlite3.connect(old.settings.home / name)) as source:
            (tmp_path / "other").mkdir(exist_ok=True)
            with closing(sqlite3.connect(tmp_path / "other" / name)) as target:
                source.backup(target)
    other.now = NOW
    old.apply()
    for home in (old, other):
        for n in (3, 4, 5):
            home.now += DAY
            home.live(absence("tom", n, home.now - timedelta(hours=1)), absence("sue", n + 1, home.now))
    assert old.live() == other.live()
    assert ("streak", "tom", "open", "orange") in old.live()


@pytest.mark.parametrize("recent", [True, False])
def test_a_new_rule_is_warmed_up_from_what_is_kept(old, recent):
    old.live(*[absence("uma", n, NOW - (3 - n) * DAY) for n in (1, 2)] if recent else ())
    old.apply()
    folder(old.settings.home / "rules", *RULES, rule("new", window="{within: 30d}"))
    found = old.live()
    assert (("new", "uma", "open", "yellow") in found) is recent
    assert ("streak", "tom", "open", "yellow") in found


def test_all_is_evaluated_anew_from_what_is_kept_and_what_is_open_stays_open(old):
    old.live(*[absence("uma", n, NOW - (3 - n) * DAY) for n in (1, 2)])
    old.apply()
    folder(old.settings.home / "rules", *(text.replace('"absent"', '"absent" and hours > 0') for text in RULES))
    found = old.live()
    assert {("streak", "tom", "open", "yellow"), ("streak", "uma", "open", "yellow")} <= found


def test_what_was_not_evaluated_or_not_taken_in_stays(old):
    with closing(old.journal()) as journal:
        journal.append([absence("vic", 1, LONG_AGO)], [int(LONG_AGO.timestamp() * 1000)])
    old.apply()
    assert old.rows("SELECT count(*) FROM identity WHERE ident LIKE '%vic%'") == [(1,)]


def test_events_shorter_than_the_rules_need_are_refused_before_anything_is_deleted(old):
    with pytest.raises(ConfigurationError, match=r"events: 100 days is too short: rule streak .*at least 397"):
        old.apply(events=100)
    assert old.rows("SELECT count(*) FROM rejected") == [(1,)]
    assert old.rows("SELECT * FROM retention", "notify.db") == []


def test_while_the_service_writes_both_get_on(old):
    with Embedded(old.settings, clock=lambda: old.now) as embedded:
        embedded.start_evaluating()
        for n in range(30):
            embedded.journal.append([absence(f"s{n}", 1, NOW - DAY), absence(f"s{n}", 2, NOW)])
            if n == 10:
                deleted = old.apply()
        embedded.catch_up()
        found = {one["subject"] for one in embedded.notify.warnings() if one["status"] == "open"}
    assert deleted["events"] > 0
    assert {f"s{n}" for n in range(30)} <= found
    assert old.rows("PRAGMA integrity_check") == [("ok",)]


def test_messages_and_decisions_go_with_their_warning_and_silences_after_their_end(old):
    with Embedded(old.settings, clock=lambda: LONG_AGO) as embedded:
        begins = int(LONG_AGO.timestamp() * 1000)
        embedded.notify.silence(Silence(0, None, "sue", None, begins, begins + 1000, "anna", "in hospital"))
    old.apply()
    left = old.rows("SELECT DISTINCT subject FROM warning JOIN delivery ON warning = number", "notify.db")
    assert left == [("tom",)]
    assert old.rows("SELECT * FROM silence", "notify.db") == []


def test_what_shall_be_kept_for_ever_is(old):
    expected = {"texts": 2, "silences": 0, "warnings": 3, "own": 0, "slips": 0}
    assert old.apply(events=None, rejected=None, messages=None) == expected
    assert old.has("the bytes of wei")


def test_what_people_have_set_for_themselves_goes_some_weeks_after_they_have_left(college):
    college.now = NOW

    def set_by(people, at):
        def act(embedded):
            with embedded.notify.database.writing() as connection:
                for person in people:
                    row = {
                        "person": person,
                        "proved": 1,
                        "kind": "mail",
                        "address": f"{person}@x.example",
                        "at": to_ms(at),
                    }
                    own.put_channel(connection, OwnChannelRow(**row))
                    own.put_choice(connection, OwnChoiceRow(person=person, language="en", at=to_ms(at)))

        college.live(act=act)

    days = {"anna": "", "left": f"{NOW - 31 * DAY:%Y-%m-%d}", "lately": f"{NOW - 29 * DAY:%Y-%m-%d}"}
    write_table(
        college.settings.home / "directory", "people.csv", "id,name,to", [(id_, id_, to) for id_, to in days.items()]
    )
    set_by(["anna", "left", "lately", "unknown"], NOW - 400 * DAY)
    set_by(["new"], NOW - DAY)
    left = "SELECT person FROM own_channel JOIN own_choice USING (person) ORDER BY person"
    assert college.apply(dry_run=True)["own"] == 4
    assert college.apply(own=None).get("own") is None
    assert len(college.rows(left, "notify.db")) == 5
    assert college.apply()["own"] == 4
    assert college.rows(left, "notify.db") == [("anna",), ("lately",), ("new",)]
    assert college.apply(own=10)["own"] == 2
    assert college.rows(left, "notify.db") == [("anna",), ("new",)]
    college.now += 400 * DAY
    assert (
        retention.apply(college.settings, DEFAULTS, Directory(), college.now, dry_run=True).deleted.get("own") is None
    )


def test_a_home_whose_events_are_past_counts_their_days(college):
    """A data set of long ago, taken in today: none of its events is older than its newest one by so much."""
    with Embedded(college.settings, clock=lambda: NOW, past=True, mode="replay") as embedded:
        embedded.try_evaluating()
        intake = embedded.replay_intake()
        for n in range(5):
            intake.take_events([absence("sue", n, LONG_AGO + n * DAY, "present")])
        embedded.catch_up()
    college.now = NOW
    assert college.apply()["events"] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("event: 1000", "event: no kind (expected: one of events, rejected"),
        ("events: soon", "events: soon is no number of days (expected: such as 1100, or keep)"),
        ("rejected: 0", "rejected: 0 is no number of days"),
        ("rejected: true", "rejected: True is no number of days"),
        ("- events", "not a policy (expected: lines such as `rejected: 180`)"),
        ("events: [", "not YAML"),
        ("events: 01100", "01100 is not the same number to every program (expected: 1100, or '01100' in quotes"),
        ("events: yes", "events: yes is no number of days"),
    ],
)
def test_a_policy_that_is_none_says_where_and_what_would_be_one(text, said, tmp_path):
    path = tmp_path / "retention.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_policy(path)
    assert said in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_policy_says_what_differs_from_the_default(tmp_path):
    path = tmp_path / "retention.yaml"
    path.write_text("rejected: 30\nevents: keep\n", "utf-8")
    assert read_policy(path) == DEFAULTS | {"rejected": 30, "events": None}
    assert read_policy(tmp_path / "absent") == DEFAULTS


def test_the_command_prints_what_was_deleted_and_when(old):
    def run(*arguments):
        return CliRunner().invoke(app, ["--home", str(old.settings.home), "retention", *arguments])

    (old.settings.home / "retention.yaml").write_text("rejected: 30\n", "utf-8")
    dry = run("apply", "--dry-run")
    assert "nothing was deleted" in dry.output
    assert "rejected          1" in run("apply").output
    shown = run("show").output
    assert "rejected      30" in shown
    assert "rejected 1" in shown


def test_where_nothing_is_kept_it_says_so(tmp_path):
    with pytest.raises(ConfigurationError, match="nothing is kept here"):
        retention.apply(Settings(home=tmp_path), DEFAULTS, Directory(), NOW, dry_run=True)
