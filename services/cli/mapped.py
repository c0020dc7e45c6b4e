"""`prewarn ingest --mapping`: files of other systems in, or what would become of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import typer

from services.cli import telling
from services.cli.progress import rows_of
from services.errors import ProblemsError
from services.i18n import say
from services.ingest.files import Summary, Waiting, event_members
from services.ingest.intake import UNHEARD, Intake
from services.ingest.mappings.catalog import fitting, known_mappings, mapping_of
from services.ingest.mappings.language import Known
from services.ingest.mappings.mapped_files import ingest_mapped
from services.ingest.mappings.reading import College, MappedFile, is_event, open_mapped
from services.ingest.mappings.targets import Target, targets
from services.ingest.records.coverage import Coverage
from services.ingest.schemas import load_schemas
from services.ingest.validation import wire_value
from services.messages import CampusEvent, Problem
from services.settings import Settings, resource
from services.tabular.sheets import read_sheets

SHOWN = 20
FIRST_ROWS = 5


class MappedWayIn(Protocol):
    """Of one process, or of the cluster."""

    def dry_intake(self) -> Intake:
        """Checks all that a real one checks, and takes nothing in."""

    def college(self) -> College:
        """What files are read by."""

    def coverage(self, text: str) -> Coverage:
        """What files cover. Raises ConfigurationError."""


def all_targets() -> dict[str, Target]:
    """What the rows of a file can become: event kinds, and tables of directory and timetable."""
    return targets(load_schemas(resource("schemas")))


def ours() -> Path:
    """The folder of the mappings that come with Prewarn."""
    return resource("schemas") / "mappings"


def own(settings: Settings) -> Path:
    """The folder of a college's own."""
    return settings.home / "mappings"


def named(settings: Settings, name: str) -> Known:
    """The mapping of a name or path. Raises PrewarnError."""
    return mapping_of(name, ours(), own(settings), all_targets())


def suggestions(settings: Settings, path: Path) -> list[str]:
    """The mappings that fit a file that cannot be read otherwise."""
    try:
        sheets = list(read_sheets(path))
    except ProblemsError:
        return []
    return fitting(path.name, sheets, known_mappings(ours(), own(settings), all_targets()), is_event)


def refuse_workbooks(settings: Settings, files: list[Path]) -> None:
    """Raises ProblemsError for workbooks, which no kind has, with the mappings that fit them."""
    workbooks = [path for path in files if _is_workbook(path)]
    if problems := [one for path in workbooks for one in _unreadable(path) or [_unmapped(settings, path)]]:
        raise ProblemsError(problems)


def _unreadable(path: Path) -> list[Problem]:
    """Why a file cannot be read as tables, if it cannot."""
    try:
        for _ in read_sheets(path):
            pass
    except ProblemsError as error:
        return list(error.problems)
    return []


def hint(settings: Settings, files: list[Path]) -> None:
    """Tells of tables whose columns are not ours which mapping fits them."""
    for path in files:
        if path.suffix.lower() not in _EVENTS:
            telling.tell(_unmapped(settings, path), err=True)


_EVENTS = {".ndjson", ".jsonl", ".json"}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def _is_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(_WORKBOOKS) and event_members(path):
        return False
    return head.startswith(_WORKBOOKS) or (path.suffix.lower() == ".xls" and b"<" in head)


def _unmapped(settings: Settings, path: Path) -> Problem:
    names = suggestions(settings, path)
    what = say("mapping.workbook_fits", names=", ".join(names)) if names else say("mapping.workbook_needs_mapping")
    expected = say("mapping.with_mapping", names=names[0]) if names else say("mapping.draft_one", file=path)
    return Problem(where=path.name, what=what, expected=expected)


class Tally:
    """Hears what files say, for showing it."""

    def __init__(self) -> None:
        self.first: list[CampusEvent] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        """(kind, its status or action) → how many."""

    def taken(self, event: CampusEvent) -> None:
        """See Note."""
        if len(self.first) < FIRST_ROWS:
            self.first.append(event)
        word = next((str(event.data[name]) for name in ("status", "action", "overall") if name in event.data), "")
        self.counts[event.kind, "retracted" if event.retracted else word] += 1

    def refused(self, event: CampusEvent | None, unknown: Collection[str]) -> None:
        """See Note."""

    def show(self) -> None:
        """The first rows as events, and how many there are of each kind."""
        for event in self.first:
            typer.echo("  " + msgspec.json.encode(wire_value(event)).decode())
        for (kind, word), number in sorted(self.counts.items()):
            typer.echo(f"  {kind} {word}: {number}".replace(" :", ":"))


def dry_run(way_in: MappedWayIn, known: Known, files: list[Path]) -> Summary:
    """Shows what would become of files; nothing is taken in."""
    summary = Summary()
    for path in files:
        tally = Tally()
        mapped = open_mapped(path, known.mapping, all_targets(), way_in.college())
        intake = way_in.dry_intake()
        waiting = Waiting(intake)
        found = ingest_mapped(mapped, intake, waiting, tally)
        waiting.take()
        _show(mapped, tally)
        merge(summary, found)
    return summary


def _show(mapped: MappedFile, tally: Tally) -> None:
    typer.echo(f"{mapped.name}: {mapped.mapping.name}")
    tally.show()
    passed = mapped.passed_over()
    for place, text in passed[:SHOWN]:
        typer.echo(f"  passed over 略过 {place}: {text[:60]}")
    if len(passed) > SHOWN:
        typer.echo(f"  … {len(passed) - SHOWN} more 行")
    if mapped.exported:
        typer.echo(f"  exported at 导出时间 {mapped.exported.isoformat()}")
    if mapped.covers:
        typer.echo(f"  covers 覆盖 {mapped.covers}")


def merge(summary: Summary, other: Summary) -> None:
    """Adds the counts of one file to those of all."""
    summary.accepted += other.accepted
    summary.duplicate += other.duplicate
    summary.rejected += other.rejected
    summary.rejections += other.rejections
    summary.reasons = dict(Counter(summary.reasons) + Counter(other.reasons))


class Taken(NamedTuple):
    """One file, what became of it, and what it covers, if it says so and when it was made."""

    path: Path
    summary: Summary
    coverage: Coverage | None
    made: datetime | None


def take_in(
    way_in: MappedWayIn,
    intake: Intake,
    known: Known,
    files: Sequence[Path],
    covers: str | None,
    at_once: int,
    taken: list[Taken],
) -> None:
    """Takes files in together, `at_once` rows a commit, and adds what became of each to `taken`.

    Raises ProblemsError for one that the mapping does not fit; those before it are taken in.
    """
    waiting = Waiting(intake, at_once)
    makes_lessons = any(one.to == "lesson" for one in known.mapping.tables)
    try:
        for path in files:
            if makes_lessons:  # by which the rows of the next file are read
                waiting.take()
            with rows_of(path.name) as bar:
                mapped = open_mapped(path, known.mapping, all_targets(), way_in.college(), heard=bar.come)
                text = covers or mapped.covers
                coverage = way_in.coverage(text) if text and mapped.exported else None
                found = ingest_mapped(mapped, intake, waiting, coverage or UNHEARD, bar.taken)
                taken.append(Taken(path, found, coverage, mapped.exported))
    except ProblemsError:
        waiting.take()
        raise
    waiting.take()


def covered(taken: Sequence[Taken]) -> list[tuple[Path, Coverage, datetime]]:
    """The files that cover something, in the order in which they were made, with what they cover.

    What stands in one of several that were made at one time no other one of them takes back: they are one export.
    """
    found = [(one.path, one.coverage, one.made) for one in taken if one.coverage is not None and one.made is not None]
    for _, coverage, made in found:
        for _, other, then in found:
            if then == made and other is not coverage:
                coverage.hear(other)
    return sorted(found, key=itemgetter(2))
