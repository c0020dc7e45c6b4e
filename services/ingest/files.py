"""Files in: NDJSON and CSV, batch by batch, with everything that was wrong kept by its row."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from services.i18n import say
from services.ingest.intake import Intake, Outcome
from services.ingest.lines import Line, Lines
from services.ingest.schema_errors import reason_name
from services.ingest.table import Table, TableOptions
from services.messages import Problem, Rejection

BATCH = 2000
BATCH_BYTES = 4 << 20
SHOWN_REJECTIONS = 1000
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
        """Count one batch."""
        self.accepted += outcome.accepted
        self.duplicate += outcome.duplicate
        self.rejected += len(outcome.rejections)
        self.rejections += outcome.rejections[: max(0, SHOWN_REJECTIONS - len(self.rejections))]
        self.reasons = dict(Counter(self.reasons) + Counter(reason_name(one) for one in outcome.rejections))


Item = tuple[Any, str] | Rejection
"""Something to take, with its position, or something unreadable."""


def ingest_files(
    paths: Iterable[Path], intake: Intake, progress: Progress | None = None, options: TableOptions | None = None
) -> Summary:
    """Take files in, one after another. A file or a row that cannot be read is a rejection and stops nothing.

    `.ndjson`, `.jsonl` and `.json` hold one CloudEvents object, or an array of them, on each line; `.csv` is a table;
    other names are guessed from their first character. Each may be compressed with gzip. Raises LogError.
    """
    summary = Summary()
    for path in paths:
        try:
            file = path.open("rb")
        except OSError as error:
            problem = Problem(
                where="file",
                what=say("ingest.unreadable", reason=error.strerror),
                expected=say("ingest.file_that_can_be_read"),
            )
            summary.add(intake.keep([intake.validator.rejection([problem], b"", path.name, "file")]))
            continue
        with file:
            told = 0
            for outcome in _outcomes(path, Lines(file), intake, options or TableOptions()):
                summary.add(outcome)
                if progress is not None:
                    progress(file.tell() - told)
                    told = file.tell()
    return summary


def _outcomes(path: Path, lines: Lines, intake: Intake, options: TableOptions) -> Iterator[Outcome]:
    origin = path.name
    as_json = _is_json(path, lines.head)
    items = _json_items(lines, origin, intake) if as_json else _table_items(lines, origin, intake, options)
    take = intake.take_many if as_json else intake.take_values
    while batch := list(_some(items)):
        good = [item for item in batch if not isinstance(item, Rejection)]
        if good:
            yield take(good, origin)
        yield intake.keep([item for item in batch if isinstance(item, Rejection)])


def _some(items: Iterator[Item]) -> Iterator[Item]:
    """As many items as make a batch, in number or in bytes."""
    size = 0
    for item in islice(items, BATCH):
        yield item
        raw = item.raw if isinstance(item, Rejection) else item[0]
        size += len(raw) if isinstance(raw, bytes) else 0
        if size > BATCH_BYTES:
            return


def _is_json(path: Path, head: bytes) -> bool:
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(_JSON_SUFFIXES) or (not name.endswith(".csv") and head.lstrip()[:1] in {b"{", b"["})


def _json_items(lines: Lines, origin: str, intake: Intake) -> Iterator[Item]:
    for number, line in enumerate(lines, 1):
        if line.problem is not None:
            yield intake.validator.rejection([line.problem], line.raw, origin, f"line {number}")
        elif line.raw and not line.raw.isspace():
            yield line.raw, f"line {number}"


def _table_items(lines: Lines, origin: str, intake: Intake, options: TableOptions) -> Iterator[Item]:
    def refused(problems: list[Problem], raw: bytes, row: int) -> Rejection:
        return intake.validator.rejection(problems, raw, origin, f"row {row}", options.source)

    table: Table | None = None
    for row, (cells, raw) in enumerate(_rows(lines), 1):
        if isinstance(cells, Problem):
            yield refused([cells], raw, row)
        elif table is None:
            table = Table(intake.validator.schemas, options, cells)
            problems = table.header_problems()
            if problems:
                yield refused(problems, raw, row)
                return
        elif any(cell.strip() for cell in cells):
            value = table.value(cells)
            yield refused([value], raw, row) if isinstance(value, Problem) else (value, f"row {row}")


def _rows(lines: Lines) -> Iterator[tuple[list[str] | Problem, bytes]]:
    """The rows of a CSV file with their original text, and the lines in between that could not be read."""
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=_delimiter(lines.head), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            problem = Problem(
                where="row", what=say("ingest.not_csv", error=error), expected=say("ingest.quotes_in_pairs_for_one")
            )
            yield problem, feed.first_line()
            continue
        yield from feed.unreadable()
        yield cells, feed.lines_of_row()
    yield from feed.unreadable()


def _delimiter(head: bytes) -> str:
    first = head.partition(b"\n")[0]
    return max(",;\t", key=lambda delimiter: first.count(delimiter.encode()))


class _Feed:
    """Lines for the csv reader, which remembers those of the present row.

    A quote that opens and never closes would swallow the rows after it: on an error all lines but the first are read
    again.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._bad: list[tuple[Problem, bytes]] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = self._again.popleft() if self._again else self._next()
        self._row.append(text)
        return text + "\n"

    def _next(self) -> str:
        for line in self._lines:
            if line.problem is None:
                return line.raw.decode()
            self._bad.append((line.problem, line.raw))
        raise StopIteration

    def lines_of_row(self) -> bytes:
        """The text of the row that was read, in UTF-8."""
        row, self._row = self._row, []
        return "\n".join(row).encode()

    def first_line(self) -> bytes:
        """The line at which a row that is none began; the lines after it come again."""
        first, *others = self._row
        self._row = []
        self._again.extendleft(reversed(others))
        return first.encode()

    def unreadable(self) -> Iterator[tuple[Problem, bytes]]:
        """The lines that were passed over."""
        bad, self._bad = self._bad, []
        yield from bad
