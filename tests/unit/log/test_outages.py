"""The notes on outages, in a journal and in PostgreSQL: several processes take in, and one of them ends an outage."""

from datetime import UTC, datetime

import pytest

from services.log.journal import Journal
from services.log.outages import JournalOutages, Noted
from services.log.postgres_outages import PostgresOutages
from services.log.postgres_records import address_of

OUTAGE = 100


@pytest.fixture(params=["journal", pytest.param("postgresql", marks=pytest.mark.postgres)])
def notes(request, tmp_path):
    """The same notes, of two processes, and those of another college."""
    if request.param == "journal":
        held = [Journal(tmp_path / name / "prewarn.db", lambda: datetime.now(UTC)) for name in ("a", "a", "b")]
        made = [JournalOutages(journal) for journal in held]
    else:
        address = address_of(request.getfixturevalue("postgres_of_session").database())
        held = made = [PostgresOutages(address, prefix) for prefix in ("a.", "a.", "b.")]
    yield made
    for one in held:
        one.close()


def begin(notes, now):
    notes.begin(now, now - OUTAGE)


def test_the_first_start_of_all_ends_no_outage(notes):
    here, there, elsewhere = notes
    begin(here, 1000)
    assert here.noted() == there.noted() == Noted(1000, 0, {})
    assert elsewhere.noted() == Noted(0, 0, {})


@pytest.mark.parametrize(("after", "ended"), [(OUTAGE, 0), (OUTAGE + 1, 1000 + OUTAGE + 1)])
def test_a_start_ends_an_outage_if_nothing_took_in_for_so_long(notes, after, ended):
    here, there, _ = notes
    begin(here, 900)
    there.beat(1000)
    begin(here, 1000 + after)
    assert there.noted() == Noted(1000 + after, ended, {})


def test_of_two_that_begin_at_once_one_ends_the_outage_and_what_sources_said_since_stays(notes):
    here, there, _ = notes
    begin(here, 1000)
    here.tell({"phone": 990})
    begin(here, 2000)
    assert here.noted() == Noted(2000, 2000, {}), "what they said before it says nothing"
    here.tell({"phone": 1990})
    begin(there, 2001)
    assert there.noted() == Noted(2001, 2000, {"phone": 1990})


def test_of_what_two_processes_have_of_a_source_the_newest_counts(notes):
    here, there, elsewhere = notes
    here.tell({"phone": 990, "edu/考勤": 5})
    there.tell({"phone": 900, "door": 7})
    here.tell({"door": 10})
    assert there.noted().newest == {"phone": 990, "edu/考勤": 5, "door": 10}
    assert elsewhere.noted().newest == {}
