"""Files through a mapping, several at once: what is one commit, and what becomes of each."""

import pytest

from services.ingest.files import BATCH, Waiting
from services.ingest.intake import Intake
from services.ingest.mappings.mapped_files import ingest_mapped
from services.ingest.mappings.reading import open_mapped
from services.ingest.schemas import load_schemas
from services.ingest.testing import KnownPeople, MemoryLog
from services.ingest.validation import Validator
from tests.unit.ingest.mappings.conftest import NOW, SCHEMAS

TICKETS = """mapping: m
source: s
tables:
- to: ticket
  time: 时间
  fields: {ticket: 单号, category: 类别, action: {is: created}}
"""


class Counting(MemoryLog):
    """Keeps how many events came at once."""

    def __init__(self):
        super().__init__()
        self.appended = []

    def append(self, events):
        self.appended.append(len(events))
        return super().append(events)


@pytest.fixture
def log():
    return Counting()


@pytest.fixture
def take(log, mapping, book, known_targets, college):
    """Files of so many tickets, and what became of each; a bad category is in each."""
    intake = Intake(Validator(load_schemas(SCHEMAS), lambda: NOW), KnownPeople, log, lambda: NOW)

    def run(*sizes, at_once):
        waiting, summaries, first = Waiting(intake, at_once), [], 0
        for n, size in enumerate(sizes):
            rows = [["单号", "类别", "时间"], [f"x{n}", "没听过", "2026-09-08 8:00"]]
            rows += [[f"T{first + k}", "报修", "2026-09-08 8:00"] for k in range(size)]
            path, sheets = book(name=f"{n}.xlsx", 工单=rows)
            first += size
            mapped = open_mapped(path, mapping(TICKETS), known_targets, college, sheets=sheets)
            summaries.append(ingest_mapped(mapped, intake, waiting))
        waiting.take()
        return [(one.accepted, one.rejected, [bad.origin for bad in one.rejections]) for one in summaries]

    return run


@pytest.mark.parametrize(
    ("at_once", "appended"), [(10 * BATCH, [6]), (BATCH, [2, 3, 1])], ids=["all together", "file by file"]
)
def test_rows_of_several_files_are_taken_together_and_told_apart(take, log, at_once, appended):
    found = take(2, 3, 1, at_once=at_once)
    assert found == [(2, 1, ["0.xlsx"]), (3, 1, ["1.xlsx"]), (1, 1, ["2.xlsx"])]
    assert log.appended == appended


def test_of_a_ticket_that_two_files_have_the_second_word_is_a_duplicate_of_that_file(log, take):
    take(2, at_once=BATCH)
    assert take(3, at_once=BATCH) == [(1, 1, ["0.xlsx"])]


def test_it_is_told_how_many_rows_were_read_and_of_how_many(log, mapping, book, known_targets, college):
    intake = Intake(Validator(load_schemas(SCHEMAS), lambda: NOW), KnownPeople, log, lambda: NOW)
    rows = [["工单"], ["单号", "类别", "时间"], *([f"T{n}", "报修", "2026-09-08 8:00"] for n in range(BATCH + 1))]
    path, sheets = book(工单=[*rows, [], ["合计", 3], ["x", "没听过", "2026-09-08 8:00"]])
    mapped = open_mapped(path, mapping(TICKETS), known_targets, college, sheets=sheets)
    heard = []
    waiting = Waiting(intake)
    ingest_mapped(mapped, intake, waiting, heard=lambda read, of: heard.append((read, of)))
    assert heard == [(BATCH, BATCH + 4), (BATCH + 4, BATCH + 4)]
