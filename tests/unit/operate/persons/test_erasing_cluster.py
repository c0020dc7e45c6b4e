"""Of a cluster: what PostgreSQL has is written anew, a directory without the name is published, and Kafka is left."""

from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from services.accounts.rows import AccessRow
from services.directory import Directory
from services.directory.records import Enrolment, Person, SchoolClass, Tables
from services.errors import ConfigurationError
from services.log.postgres_erasure import SharedRecords
from services.log.postgres_records import PostgresRecords, address_of
from services.log.records import Record, Said, Told
from services.log.renaming import Renaming
from services.messages import CampusEvent
from services.notify.store import accounts
from services.notify.store.engine import Store
from services.notify.store.erasure import erasures
from services.operate.persons.erasing import erase, erased_in, plan
from services.operate.persons.holding import everything
from services.settings import Settings
from tests.unit.log.test_postgres_erasure import NoKafka

pytestmark = pytest.mark.postgres
NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
SUE, NAME = "20260117", "苏晓梅"


def directory(**sue):
    tables = Tables(
        people=(Person(id="anna", name="Anna"),),
        classes=(SchoolClass(id="m1", name="M1"),),
        students=(
            Enrolment(id=SUE, name=NAME, class_id="m1", email="su@college.example", **sue),
            Enrolment(id="tom", name="Tom", class_id="m1"),
        ),
    )
    return Directory(tables)


@pytest.fixture
def settings(postgres, tmp_path):
    url = postgres.database()
    store = PostgresRecords(address_of(url), "p.", NoKafka())
    data = {"student": SUE, "lesson": "l1", "note": NAME}
    event = CampusEvent(source="rollcall", id=f"l1/{SUE}", kind="attendance", time=NOW, data=data)
    record = Record("attendance", f"l1/{SUE}", "lesson/l1", SUE, "l1", 0, [Said(event, 0, False)], Told(event, True))
    with store.transaction() as commit:
        commit.records.save([record], [(f"rollcall l1/{SUE}", "attendance", f"l1/{SUE}")])
    store.close()
    with closing(Store(url)) as database, database.writing() as connection:
        accounts.refused(connection, AccessRow(at=1, person=SUE, what=f"inbox of {NAME}", why="not_yours"))
    return Settings(home=tmp_path / "home", brokers="127.0.0.1:9", topic_prefix="p.", database_url=url)


def test_what_postgresql_has_is_written_anew_and_a_directory_published(settings):
    gone, published = directory(to_day=date(2026, 11, 1)), []
    found = plan(settings, gone, SUE, NOW)
    assert found.refused == []
    assert found.counts == {"access": 1, "record": 1, "record_id": 1, "directory/students": 1}
    erase(settings, gone, found, NOW, author="office", reason="asked", publish=published.append)
    (new,) = published
    row = new.tables.students[0]
    assert (row.id, row.name, row.email) == (found.pseudonym, found.pseudonym, None)
    assert (row.class_id, row.to_day) == ("m1", date(2026, 11, 1))
    assert new.tables.students[1:] == gone.tables.students[1:]
    shared = SharedRecords(address_of(settings.records_url), "p.")
    assert shared.mentions(Renaming({SUE: "x"}, {NAME: "x"})) == {}
    with closing(Store(settings.store_url)) as database, database.reading() as connection:
        (line,) = erasures(connection)
        shown = repr(connection.exec_driver_sql("SELECT * FROM access").all())
    assert (line.pseudonym, line.author, line.reason) == (found.pseudonym, "office", "asked")
    assert SUE not in shown + repr(line)
    assert NAME not in shown
    with pytest.raises(ConfigurationError, match="nothing is held"):
        plan(settings, new, SUE, NOW)
    (again,) = erased_in(settings, directory())
    assert found.pseudonym in str(again)
    assert erased_in(settings, new) == []


def test_who_is_there_today_is_not_erased_and_is_handed_out(settings):
    assert "the directory has" in str(plan(settings, directory(), SUE, NOW).refused[0])
    held = everything(settings, directory(), SUE)
    assert {part: len(rows) for part, rows in held.items()} == {"directory": 1, "records": 1, "audit": 1}
