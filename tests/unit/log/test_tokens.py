"""The tokens of sources, in a journal and in PostgreSQL: what one process does, the others see, and undo not."""

from datetime import UTC, datetime
from itertools import count

import msgspec
import pytest

from services.errors import LogError
from services.log.journal import Journal
from services.log.postgres_records import address_of
from services.log.postgres_tokens import PostgresTokens
from services.log.tokens import JournalTokens, SourceToken

EDU = SourceToken(id="e1", digest=b"\0\xff" * 16, source="edu/考勤", kinds=("leave", "test"), per_minute=5, made=1)
PHONE = SourceToken(id="p1", digest=b"\1" * 32, source="phone", made=2)
_prefixes = count()


@pytest.fixture(params=["journal", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stores(request, tmp_path):
    """The same tokens, asked for by two processes, and those of another college."""
    if request.param == "journal":
        paths = [tmp_path / name for name in ("a", "a", "b")]
        journals = [Journal(path / "prewarn.db", lambda: datetime.now(UTC)) for path in paths]
        yield [JournalTokens(journal) for journal in journals]
        for journal in journals:
            journal.close()
    else:
        address = address_of(request.getfixturevalue("postgres_of_session").database())
        yield [PostgresTokens(address, prefix) for prefix in ("a.", "a.", "b.")]


def test_what_is_kept_comes_back_oldest_first_in_every_process_and_in_no_other_college(stores):
    here, there, elsewhere = stores
    here.add(PHONE)
    here.add(EDU)
    assert here.tokens() == there.tokens() == [EDU, PHONE]
    assert elsewhere.tokens() == []
    elsewhere.add(EDU)
    assert elsewhere.revoke("e1", 9)
    assert here.tokens() == [EDU, PHONE]


def test_a_token_is_revoked_once(stores):
    here, there, _ = stores
    here.add(EDU)
    here.add(PHONE)
    assert [here.revoke("e1", 7), there.revoke("e1", 8), there.revoke("x", 8)] == [True, False, False]
    assert there.tokens() == [msgspec.structs.replace(EDU, revoked=7), PHONE]


def test_to_note_a_use_takes_nothing_back(stores):
    here, there, _ = stores
    here.add(EDU)
    there.revoke("e1", 7)
    for at in (20, 10, 15):
        here.used("e1", at)
    here.used("x", 30)
    assert there.tokens() == [msgspec.structs.replace(EDU, used=20, revoked=7)]


def test_an_id_is_of_one_token(stores):
    here, there, _ = stores
    here.add(EDU)
    with pytest.raises(LogError):
        there.add(msgspec.structs.replace(PHONE, id="e1"))
    assert there.tokens() == [EDU]


@pytest.mark.postgres
def test_a_database_of_a_release_before_gets_the_table_and_one_that_is_away_is_a_log_error(postgres_of_session):
    address = address_of(postgres_of_session.database())
    store = PostgresTokens(address, "")
    store._write("drop table ingest_source_token", [])
    with pytest.raises(LogError, match="tokens cannot be read"):
        store.tokens()
    assert PostgresTokens(address, "").tokens() == []
    with pytest.raises(LogError, match="tokens cannot be read"):
        PostgresTokens({**address, "port": "1"}, "")
