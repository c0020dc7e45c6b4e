"""What the log is told, and when: clocks, kinds without a key, logs from before records were kept."""

from datetime import timedelta

import msgspec
import pytest

from services.directory import Directory
from services.directory.records import SchoolClass, Source
from services.ingest.records.keys import Keys
from services.log.journal import Journal
from services.log.journal_records import JournalRecords
from services.messages import CampusEvent, to_ms
from tests.unit.ingest.records.conftest import MONDAY, NOW, TABLES, College, absent, lesson, said

HOUR = timedelta(hours=1)
_decode = msgspec.json.Decoder(list[CampusEvent]).decode


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "prewarn.db", lambda: NOW)
    yield journal
    journal.close()


@pytest.fixture
def started(journal, schemas):
    """Starts a college over the journal."""

    def start():
        def heard():
            return [event for _, _, _, packed in journal.read(0, 10_000) for event in _decode(packed)]

        return College(JournalRecords(journal), Keys(schemas), heard)

    return start


def test_rows_of_the_log_come_in_the_order_of_their_clocks_whatever_is_in_them(started):
    college = started()
    report = said("source_report", source="prewarn/ingest", ident="r", at=MONDAY + HOUR, source_name="app")
    events = [report, absent("s1", at=MONDAY), absent("s2", at=MONDAY + 2 * HOUR)]
    college.log.append(events, [to_ms(event.time) for event in events])
    assert [event.time for event in college.heard()] == sorted(event.time for event in events)


def test_a_key_that_is_said_twice_in_one_call_counts_from_the_first_time(started, journal):
    college = started()
    first, second = absent(_recordedat=MONDAY), absent(status="late", _recordedat=MONDAY + HOUR)
    college.log.append([first, lesson(), second], [1, 2, 3])
    ((_, clock, count, _),) = journal.read(0)
    assert (clock, count) == (2, 2)
    assert college.statuses() == {"s1": "late"}


def test_a_kind_without_a_key_is_completed_and_known_by_its_id(started):
    college = started()
    tables = msgspec.structs.replace(TABLES, sources=(Source(id="app", expected_interval=3600),))
    college.directory = Directory(tables)
    report = said("source_report", source="prewarn/ingest", ident="r", source_name="app")
    assert college.take(report, absent(), report) == ["accepted", "accepted", "duplicate"]
    found = [one.data["interval_minutes"] for one in college.heard() if one.kind == "source_report"]
    assert found == [60]


def test_a_log_from_before_records_were_kept_goes_on_and_counts_each_thing_once(started, journal):
    with_class = {"class": "k1", "cohort": "2026"}
    old = [
        absent("s1", ident="row-1", **with_class),
        absent("s1", ident="row-2", status="leave", **with_class),  # the sheet was corrected: both stood
        absent("s2", ident="x", **with_class),
        msgspec.structs.replace(absent("s3", ident="y", **with_class), revision=3),
    ]
    journal.append(old)
    again = started()
    again.directory = Directory(msgspec.structs.replace(TABLES, classes=(SchoolClass(id="k1", cohort="2026"),)))
    assert again.statuses() == {"s1": "leave", "s2": "absent", "s3": "absent"}
    # What a source sends again, it does not contradict itself with; a correction goes on behind what the log has.
    assert again.take(absent("s2", ident="x")) == ["duplicate"]
    again.take(absent("s3", ident="y", status="late", _revision=4))
    again.take(absent("s1", ident="row-1", status="present", _revision=1))
    assert again.statuses() == {"s1": "present", "s2": "absent", "s3": "late"}


def test_what_cannot_be_read_in_an_old_log_is_passed_over(started, journal):
    with journal.transaction() as db:
        db.execute("insert into log (clock, events, packed) values (1, 1, ?)", (b'[{"no": "event"}, not json',))
        db.execute("insert into log (clock, events, packed) values (1, 1, ?)", (b'[{"no": "event"}]',))
    journal.append([absent()])
    again = started()
    assert again.take(msgspec.structs.replace(absent(), revision=1, retracted=True)) == ["accepted"]
    last: CampusEvent = msgspec.json.decode(journal.read(0)[-1][3], type=list[CampusEvent])[-1]
    assert last.retracted
