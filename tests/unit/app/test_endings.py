"""A student whose last enrolment has ended: what the log hears of it, and what becomes of their warnings."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.app.embedded import Embedded
from services.directory import Directory
from services.directory.records import Enrolment, SchoolClass, Tables
from services.ingest.records.endings import tell_who_left
from services.log.journal import Journal
from services.log.journal_records import JournalRecords
from services.messages import CampusEvent
from services.settings import Settings
from tests.rule_files import folder, rule

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
HERE = ZoneInfo("Asia/Shanghai")
_decode = msgspec.json.Decoder(list[CampusEvent]).decode
TERM = {"class_id": "k1", "from_day": date(2026, 9, 1)}


def directory(*rows):
    return Directory(Tables(classes=(SchoolClass(id="k1"),), students=rows))


LEFT = Enrolment(id="s1", to_day=date(2026, 11, 20), **TERM)


@pytest.fixture
def tell(tmp_path):
    journal = Journal(tmp_path / "prewarn.db", lambda: NOW)

    def told(*rows, now=NOW):
        """The events that the log hears of these enrolments."""
        end = journal.end()
        with JournalRecords(journal).transaction() as commit:
            tell_who_left(commit, directory(*rows).enrolled_until(), now)
        heard = [event for _, _, _, packed in journal.read(end) for event in _decode(packed)]
        return [(one.id, one.revision, one.retracted, one.time.astimezone(HERE).isoformat()[:16]) for one in heard]

    yield told
    journal.close()


def test_the_log_hears_once_of_a_student_who_has_left_at_the_end_of_their_last_day(tell):
    midnight = datetime(2026, 11, 21, tzinfo=HERE)
    assert tell(LEFT, now=midnight - timedelta(seconds=1)) == []
    assert tell(LEFT, now=midnight) == [("ending/student/s1", 0, False, "2026-11-21T00:00")]
    assert tell(LEFT) == []


@pytest.mark.parametrize(
    "rows",
    [
        [Enrolment(id="s1", **TERM)],
        [Enrolment(id="s1", to_day=date(2026, 11, 23), **TERM)],
        [LEFT, Enrolment(id="s1", class_id="k1", from_day=date(2027, 2, 20))],
        [LEFT, Enrolment(id="s1", class_id="k1", from_day=date(2026, 11, 21), status="suspended")],
        [],
    ],
    ids=["enrolled", "last day is to-day", "comes back", "suspended", "unknown"],
)
def test_who_is_enrolled_comes_back_or_is_suspended_has_not_left(tell, rows):
    assert tell(*rows) == []


def test_another_day_is_a_revision_and_a_return_a_retraction_and_both_may_come_again(tell):
    said = []
    for rows in ([LEFT], [msgspec.structs.replace(LEFT, to_day=date(2026, 11, 10))], [Enrolment(id="s1", **TERM)]):
        said += tell(*rows)
    assert said == [
        ("ending/student/s1", 0, False, "2026-11-21T00:00"),
        ("ending/student/s1", 1, False, "2026-11-11T00:00"),
        ("ending/student/s1", 2, True, "2026-11-11T00:00"),
    ]
    assert tell(Enrolment(id="s1", **TERM)) == []
    assert tell(LEFT) == [("ending/student/s1", 3, False, "2026-11-21T00:00")]
    assert tell() == []  # a directory that does not know them any more says nothing of them


@pytest.fixture
def college(tmp_path):
    home = tmp_path / "home"
    folder(home / "rules", rule(window="{within: 365d}"), rule("c", by="[student, course]"))
    (home / "directory").mkdir()
    clock = [NOW]

    def enrolled(to=""):
        rows = f"id,class,from,to\ns1,k1,2026-09-01,{to}\ns2,k1,2026-09-01,\n"
        (home / "directory" / "students.csv").write_text(rows, "utf-8")
        (home / "directory" / "classes.csv").write_text("id\nk1\n", "utf-8")

    enrolled()
    with Embedded(Settings(home=home), clock=lambda: clock[0]) as embedded:
        embedded.try_evaluating()
        yield embedded, clock, enrolled


def absences(embedded, day, *students):
    for student in students:
        for hour in (1, 2):
            at = f"2026-11-{day:02}T0{hour}:00:00Z"
            data = {"lesson": f"l{day}-{hour}", "student": student, "course": "a", "status": "absent"}
            one = {"specversion": "1.0", "source": "sis", "type": "attendance", "time": at, "data": data}
            outcome = embedded.intake.take(json.dumps(one).encode(), "test")
            assert outcome.accepted == 1, outcome


def told(embedded):
    embedded.catch_up()
    steps = embedded.journal.published(0, 1000)
    return [(one.subject, one.change, one.reason) for _, step in steps for one in step.changes]


def test_a_student_who_has_left_is_not_warned_of_any_more_and_comes_back_to_it(college):
    embedded, clock, enrolled = college
    absences(embedded, 20, "s1", "s2")
    opened = {(s, "opened", "threshold_reached") for s in ("s1", "s1/a", "s2", "s2/a")}
    assert set(told(embedded)) == opened
    enrolled(to="2026-11-23")
    embedded.look_at_files(embedded.worker)
    assert set(told(embedded)) == opened
    clock[0] += timedelta(days=1)
    embedded.look_at_files(embedded.worker)
    left = {("s1", "resolved", "left"), ("s1/a", "resolved", "left")}
    assert set(told(embedded)) == opened | left
    open_ = [one["subject"] for one in embedded.notify.warnings() if one["status"] == "open"]
    assert sorted(open_) == ["s2", "s2/a"]
    enrolled()
    embedded.look_at_files(embedded.worker)
    back = {("s1", "opened", "retraction"), ("s1/a", "opened", "retraction")}
    assert set(told(embedded)) == opened | left | back


def test_a_day_that_is_corrected_takes_records_behind_it_back_and_ends_there(college):
    embedded, _, enrolled = college
    absences(embedded, 10, "s1")
    absences(embedded, 20, "s1")
    enrolled(to="2026-11-15")
    embedded.look_at_files(embedded.worker)
    assert {one for one in told(embedded) if one[1] == "resolved"} == {
        ("s1", "resolved", "left"),
        ("s1/a", "resolved", "left"),
    }
    closed = {one["closed_at"] for one in embedded.notify.warnings()}
    assert closed == {"2026-11-15T16:00:00Z"}


def test_an_ending_from_outside_is_refused_with_what_to_do_instead(college):
    embedded, *_ = college
    data = {"subject_field": "student", "value": "s1", "reason": "left"}
    one = CampusEvent(source="sis", id="1", kind="ending", time=NOW, data=data)
    for outcome in (
        embedded.intake.take(msgspec.json.encode(one), "test"),
        embedded.intake.take_events([one]),
        embedded.replay_intake().take_events([one]),
    ):
        assert outcome.accepted == 0
        (reason,) = outcome.rejections[0].reasons
        assert (reason.where, str(reason.what)) == ("type", "Prewarn makes events of kind ending itself")
        assert "directory" in str(reason.expected)
