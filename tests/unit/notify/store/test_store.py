import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from services.notify.rows import WarningRow
from services.notify.store import engine, intake, tables, views
from services.notify.store.engine import Store
from services.notify.testing import change


@pytest.fixture
def database(store_url):
    database = Store(store_url)
    yield database
    database.close()


def test_the_migrations_lead_to_the_tables_that_the_code_knows(database):
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": engine.VERSION_TABLE})
        assert compare_metadata(context, tables.metadata) == []


def test_the_newest_migration_is_the_one_that_the_code_expects():
    config = Config()
    config.set_main_option("script_location", str(engine._MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [engine.HEAD]


def test_a_second_start_finds_the_schema_present(database, store_url):
    with database.writing():  # a start that had to write would wait here for ever
        Store(store_url).close()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 30000), ("synchronous", 1)]
)
def test_sqlite_is_opened_for_several_readers_and_one_writer(pragma, value, database):
    with database.reading() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_the_tables_can_be_made_in_postgresql():
    dialect = postgresql.dialect()
    for table in tables.metadata.sorted_tables:
        assert "WITHOUT" not in str(CreateTable(table).compile(dialect=dialect))
        assert all(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)


@pytest.mark.parametrize(
    "statement",
    [intake._NEW_WARNING, intake._WARNING, intake._STANDING, intake._TOLD],
    ids=["new warning", "warning", "standing", "told"],
)
def test_the_statements_of_an_import_can_be_said_in_postgresql(statement):
    assert str(statement.compile(dialect=postgresql.dialect()))


def test_an_exception_takes_back_what_was_written(database):
    def write():
        with database.writing() as connection:
            intake.advance(connection, "warnings", 5)
            twice = [WarningRow(number=number, id="w", rule="r", subject="s") for number in (1, 2)]
            database.bulk(connection, intake._NEW_WARNING, twice)

    with pytest.raises(IntegrityError):
        write()
    with database.reading() as connection:
        assert intake.positions(connection)["warnings"] == 0


@pytest.mark.parametrize("count", [1, *(pytest.param(many, marks=pytest.mark.properties) for many in (4001, 9000))])
def test_a_chunk_of_any_size_is_taken_in(count, notify):
    chunk = [change(subject=f"S{i}/MATH") for i in range(count)]
    notify.take_in(chunk, 1)
    notify.take_in([*chunk, change("raised", 2, subject="S0/MATH", level="red")], 2)
    assert notify.count() == count


def test_an_inbox_of_an_earlier_release_is_found_by_what_it_is_about(store_url, request):
    """The columns of the ninth migration hold what the warnings that were there say."""
    if store_url.startswith("postgresql"):  # of SQLite there is no store yet
        store_url = request.getfixturevalue("postgres").database()
    engine_ = engine._engine(store_url)
    context = '{"student":"s1","class":"c1","course":"m","department":"d1"}'
    with engine_.execution_options(writes=True).begin() as connection:
        _upgrade(connection, "0008")
        row = {"number": 1, "id": "w", "rule": "r", "rule_version": "", "subject": "s1/m", "level": "red"} | {
            "highest_level": "red", "status": "open", "window": "", "opened_at": 1, "evidence": "[]", "mode": "live",
            "reason": "", "sequence": 1, "acknowledged_at": 5, "acknowledged_by": "anna", "context": context,
        }  # fmt: skip
        names = ", ".join(f'"{one}"' for one in row)
        values = ", ".join(f":{one}" for one in row)
        connection.execute(text(f"INSERT INTO warning ({names}) VALUES ({values})"), row)
        of_class = row | {"number": 2, "id": "v", "subject": "c1", "acknowledged_at": None, "acknowledged_by": None}
        connection.execute(text(f"INSERT INTO warning ({names}) VALUES ({values})"), of_class)
        for number in (1, 2):
            connection.exec_driver_sql(f"INSERT INTO recipient VALUES ({number}, 'anna', 'x', 1, 3, 1)")
    engine_.dispose()
    database = Store(store_url)
    with database.reading() as connection:
        found = views.inbox(connection, "anna", is_open=True)
        departments = connection.exec_driver_sql("SELECT department FROM warning").scalars().all()
    database.close()
    assert [(one.warning, one.about, one.class_id, one.rule, one.holder, one.taken) for one in found] == [
        (2, "class/c1", "c1", "r", "", 0), (1, "student/s1", "c1", "r", "anna", 1),
    ]  # fmt: skip
    assert departments == ["d1", "d1"]


def _upgrade(connection, revision):
    config = Config()
    config.set_main_option("script_location", str(engine._MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
