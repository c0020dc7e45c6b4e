"""Files in through a mapping: as `ingest/files.py` does it with tables whose columns have our names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from services.ingest.files import BATCH, Summary, Waiting
from services.ingest.intake import UNHEARD, Intake, Note, Placed
from services.ingest.mappings.reading import MappedFile, event_of, raw_of
from services.messages import Rejection


def ingest_mapped(
    mapped: MappedFile,
    intake: Intake,
    waiting: Waiting,
    note: Note = UNHEARD,
    heard: Callable[[int, int], None] = lambda _read, _rows: None,
) -> Summary:
    """Reads the records of a file, to be taken in with those of others. Raises LogError.

    A row that cannot be read is a rejection and stops nothing. The summary is complete once `waiting` has taken all in.
    `heard`: told how many rows were read, and of how many.
    """
    summary = Summary()
    items = _items(mapped, intake)
    while batch := list(islice(items, BATCH)):
        waiting.add(mapped.name, batch, summary, note)
        heard(*mapped.progress())
    return summary


def _items(mapped: MappedFile, intake: Intake) -> Iterator[Placed | Rejection]:
    sheets = {id(one.found.sheet): one.found.sheet for one in mapped.readers}
    for sheet in sheets.values():
        for problem in sheet.problems:
            yield intake.validator.rejection(
                [problem], b"", mapped.name, problem.where, mapped.mapping.source.id or None
            )
    for reader, record in mapped.records():
        table = reader.found.table
        if record.problems:
            source = table.source or mapped.mapping.source.id
            yield intake.validator.rejection(record.problems, raw_of(record), mapped.name, record.position, source)
        else:
            yield Placed(event_of(record, table, mapped), record.position, record.columns)
