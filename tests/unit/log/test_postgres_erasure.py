"""What a cluster's ingest keeps of somebody in PostgreSQL, under a pseudonym."""

from datetime import UTC, datetime

import psycopg
import pytest

from services.log.held import of_shared
from services.log.postgres_erasure import SharedRecords
from services.log.postgres_records import PostgresRecords, address_of
from services.log.records import Record, Run, Said, Told
from services.log.renaming import Renaming
from services.messages import CampusEvent

pytestmark = pytest.mark.postgres
AT = datetime(2026, 9, 1, tzinfo=UTC)
RENAMING = Renaming({"s1": "gone-x"}, {"苏晓梅": "gone-x"})


class NoKafka:
    """Of which nothing is asked."""

    trouble = None

    def append(self, events):
        return ["accepted"] * len(events)

    def reject(self, rejections):
        del rejections

    def past(self):
        return iter(())


def record(student, n, *, counts=True):
    data = {"student": student, "lesson": f"l{n}", "note": "苏晓梅" if student == "s1" else "another"}
    event = CampusEvent(source="rollcall", id=f"l{n}/{student}", kind="attendance", time=AT, data=data)
    return Record(
        "attendance", f"l{n}/{student}", f"lesson/l{n}", student, f"l{n}", at=0,
        said=[Said(event, 0, False)], told=Told(event, counts), reason="" if counts else "not_enrolled",
    )  # fmt: skip


@pytest.fixture
def address(postgres):
    found = address_of(postgres.database())
    for prefix in ("a.", "b."):
        store = PostgresRecords(found, prefix, NoKafka())
        with store.transaction() as commit:
            commit.records.save(
                [record("s1", 1), record("s1", 2, counts=False), record("s11", 1)],
                [("rollcall l1/s1", "attendance", "l1/s1")],
            )
            commit.records.save_run(Run(begun=0, heard=0, files=["苏晓梅.csv"], digest="d", host="h", pid=1))
        store.close()
    return found


def whole(address, prefix):
    with psycopg.connect(**address) as db:
        tables = ("record", "record_id", "run", "meta")
        return {one: db.execute(f"select * from ingest_{one} where log = %s", (prefix,)).fetchall() for one in tables}


def test_all_that_names_them_is_written_anew_and_other_prefixes_are_not(address):
    other = whole(address, "b.")
    shared = SharedRecords(address, "a.")
    assert shared.mentions(RENAMING) == {"record": 2, "record_id": 1, "run": 1}
    assert shared.rename(RENAMING, "who was erased") == {"record": 2, "record_id": 1, "run": 1}
    left = repr(whole(address, "a.")).replace("s11", "")
    assert "s1" not in left
    assert repr("苏晓梅".encode())[2:-1] not in left
    assert shared.mentions(RENAMING) == {}
    assert shared.kept() == "who was erased"
    assert whole(address, "b.") == other
    assert SharedRecords(address, "b.").kept() == ""


def test_what_does_not_count_goes_and_what_counts_stays(address):
    SharedRecords(address, "a.").rename(RENAMING, "")
    keys = {(row[2], row[4]) for row in whole(address, "a.")["record"]}
    assert keys == {("l1/gone-x", "gone-x"), ("l1/s11", "s11")}


def test_what_is_held_is_theirs_alone(address):
    found = of_shared(address, "a.", "s1")["records"]
    assert [(one["key"], one["counts"]) for one in found] == [("l1/s1", True), ("l2/s1", False)]
    assert of_shared(address, "a.", "nobody") == {}
