"""Files in: NDJSON and CSV, batch by batch, with everything that was wrong kept by its row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BufferedReader
from itertools import islice
from pathlib import Path

import msgspec

from services.errors import ProblemsError
from services.i18n import say
from services.ingest.intake import UNHEARD, Intake, Note, Outcome, Part, Placed
from services.ingest.schema_errors import reason_name
from services.ingest.table import Table, TableOptions
from services.ingest.validation import MAX_EVENT_BYTES, too_large
from services.ingest.zones import with_zone
from services.messages import Problem, Rejection
from services.tabular.archives import opened
from services.tabular.formats.sniffing import is_workbook
from services.tabular.lines import Lines
from services.tabular.rows import csv_rows

BATCH = 2000
BATCH_BYTES = 4 << 20
SHOWN_REJECTIONS = 1000
_HEAD = 512
"""Bytes by which a workbook is known."""
_ARCHIVE = b"PK\x03\x04"
_JSON_SUFFIXES = (".ndjson", ".jsonl", ".json")

Progress = Callable[[int], None]
"""Told how many more bytes of the files were read (compressed, as they lie on the disk)."""


class Summary(msgspec.Struct):
    """What became of the files."""

    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    reasons: dict[str, int] = msgspec.field(default_factory=dict)
    """Rejected by named reason."""
    rejections: list[Rejection] = msgspec.field(default_factory=list)
    """The first 1,000; the log has kept all."""

    def add(self, outcome: Outcome) -> None:
        """Counts what became of one batch."""
        self.accepted += outcome.accepted
        self.duplicate += outcome.duplicate
        self.rejected += len(outcome.rejections)
        self.rejections += outcome.rejections[: max(0, SHOWN_REJECTIONS - len(self.rejections))]
        self.reasons = dict(Counter(self.reasons) + Counter(reason_name(one) for one in outcome.rejections))


Item = tuple[bytes, str] | Placed | Rejection
"""Something to take, with its position, or something unreadable."""


def ingest_files(
    paths: Iterable[Path],
    intake: Intake,
    progress: Progress | None = None,
    options: TableOptions | None = None,
    note: Note = UNHEARD,
    at_once: int = BATCH,
) -> Summary:
    """Take files in, one after another. A file or a row that cannot be read is a rejection and stops nothing.

    `.ndjson`, `.jsonl` and `.json` hold one CloudEvents object, or an array of them, on each line; `.csv` is a table;
    other names are guessed from their first character. Each may be compressed with gzip, or be in a .zip with others.
    `note` hears what the files say. `at_once` rows, of several files too, are one commit. Raises LogError.
    """
    summary, options = Summary(), options or TableOptions()
    waiting = Waiting(intake, at_once)
    for path in paths:
        try:
            file = path.open("rb")
        except OSError as error:
            waiting.take()
            problem = Problem(
                where="file",
                what=say("ingest.unreadable", reason=error.strerror),
                expected=say("ingest.file_that_can_be_read"),
            )
            summary.add(intake.keep([intake.validator.rejection([problem], b"", path.name, "file")]))
            note.refused(None, ())
            continue
        with file:
            told = 0
            for name, stream in _streams(path, file, intake, summary, note):
                for batch in _batches(name, Lines(stream, MAX_EVENT_BYTES, too_large), intake, options):
                    waiting.add(name, batch, summary, note)
                    if progress is not None:
                        progress(file.tell() - told)
                        told = file.tell()
    waiting.take()
    return summary


class Waiting:
    """Rows that have been read, of several files, until there are enough of them to be taken in together.

    The more are one commit, the less it costs that the rows of one lesson stand apart. Raises LogError.
    """

    def __init__(self, intake: Intake, at_once: int = BATCH) -> None:
        self._intake, self._at_once = intake, at_once
        self._read: list[tuple[Part, list[Rejection], Summary]] = []

    def add(self, origin: str, batch: Sequence[Item], summary: Summary, note: Note = UNHEARD) -> None:
        """A batch of one file; `summary` is told what became of it, `note` what it says."""
        part = Part(origin, [item for item in batch if not isinstance(item, Rejection)], note)
        self._read.append((part, [item for item in batch if isinstance(item, Rejection)], summary))
        if sum(len(part.items) + len(unreadable) for part, unreadable, _ in self._read) > self._at_once - BATCH:
            self.take()

    def take(self) -> None:
        """Takes all of it in."""
        read, self._read = self._read, []
        if any(part.items for part, _, _ in read):
            outcomes = self._intake.take_parts([part for part, _, _ in read])
            for outcome, (_, _, summary) in zip(outcomes, read, strict=True):
                summary.add(outcome)
        for part, unreadable, summary in read:
            if unreadable:
                part.note.refused(None, ())
                summary.add(self._intake.keep(unreadable))


def _streams(
    path: Path, file: BufferedReader, intake: Intake, summary: Summary, note: Note
) -> Iterator[tuple[str, BufferedReader]]:
    """The file with its name; of an archive of files of events each of them. What is none of it is a rejection."""
    head = file.peek(_HEAD)[:_HEAD]
    if not head.startswith(_ARCHIVE) and not is_workbook(head):
        yield path.name, file
        return
    members = event_members(path)
    if not members:
        what, expected = say("ingest.is_a_workbook"), say("ingest.workbook_as_csv")
        problem = Problem(where="file", what=what, expected=expected)
        summary.add(intake.keep([intake.validator.rejection([problem], b"", path.name, "file")]))
        note.refused(None, ())
        return
    with opened(path) as archive:
        for member in members:
            with archive.open(member) as stream:
                yield f"{path.name}, {member}", BufferedReader(stream)  # type: ignore[arg-type]


def event_members(path: Path) -> list[str]:
    """The files of events in a .zip that holds nothing else; none of a workbook, or of what is no archive."""
    try:
        with opened(path) as archive:
            names = [one for one in archive.namelist() if not one.endswith("/") and not one.startswith("__MACOSX/")]
    except ProblemsError:
        return []
    return names if all(one.lower().removesuffix(".gz").endswith((*_JSON_SUFFIXES, ".csv")) for one in names) else []


def _batches(origin: str, lines: Lines, intake: Intake, options: TableOptions) -> Iterator[list[Item]]:
    as_json = _is_json(origin, lines.head)
    items = _json_items(lines, origin, intake, options) if as_json else _table_items(lines, origin, intake, options)
    while batch := list(_some(items)):
        yield batch


def _some(items: Iterator[Item]) -> Iterator[Item]:
    """As many items as make a batch, in number or in bytes."""
    size = 0
    for item in islice(items, BATCH):
        yield item
        raw = item.raw if isinstance(item, Rejection) else item[0]
        size += len(raw) if isinstance(raw, bytes) else 0
        if size > BATCH_BYTES:
            return


def _is_json(name: str, head: bytes) -> bool:
    name = name.lower().removesuffix(".gz")
    return name.endswith(_JSON_SUFFIXES) or (not name.endswith(".csv") and head.lstrip()[:1] in {b"{", b"["})


def _json_items(lines: Lines, origin: str, intake: Intake, options: TableOptions) -> Iterator[Item]:
    zone, schemas = options.time_zone, intake.validator.schemas
    for number, line in enumerate(lines, 1):
        if line.problem is not None:
            yield intake.validator.rejection([line.problem], line.raw, origin, f"line {number}")
        elif line.raw and not line.raw.isspace():
            yield (line.raw if zone is None else with_zone(line.raw, zone, schemas)), f"line {number}"


def _table_items(lines: Lines, origin: str, intake: Intake, options: TableOptions) -> Iterator[Item]:
    def refused(problems: list[Problem], raw: bytes, row: int) -> Rejection:
        return intake.validator.rejection(problems, raw, origin, f"row {row}", options.source)

    table: Table | None = None
    for row, (cells, raw) in enumerate(csv_rows(lines), 1):
        if isinstance(cells, Problem):
            yield refused([cells], raw, row)
        elif not any(cell.strip() for cell in cells):
            continue
        elif table is None:
            table = Table(intake.validator.schemas, options, cells)
            problems = table.header_problems()
            if problems:
                yield refused(problems, raw, row)
                return
        else:
            value = table.value(cells)
            yield refused([value], raw, row) if isinstance(value, Problem) else Placed(value, f"row {row}")
