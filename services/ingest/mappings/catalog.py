"""The mappings that there are: ours, and those of a college in its home, which go before ours of the same name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from services.errors import ConfigurationError, ProblemsError
from services.i18n import say
from services.ingest.mappings.language import Known, Table
from services.ingest.mappings.loading import load_mapping
from services.ingest.mappings.reading import Wanted
from services.ingest.mappings.tables import Found, find_tables
from services.ingest.mappings.targets import Target
from services.messages import Problem, nearest
from services.tabular.sheets import Sheet

SUFFIX = ".yaml"


def known_mappings(ours: Path, own: Path, targets: Mapping[str, Target]) -> dict[str, Known]:
    """By name. A file of the college's own that is wrong is passed over: whoever names it hears why."""
    found: dict[str, Known] = {}
    for folder, is_ours in ((ours, True), (own, False)):
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                mapping = load_mapping(path, targets)
            except ProblemsError:
                if is_ours:
                    raise
                continue
            found[mapping.name] = Known(mapping, str(path), is_ours)
    return found


def mapping_of(name: str, ours: Path, own: Path, targets: Mapping[str, Target]) -> Known:
    """The mapping of a name or a path. Raises ProblemsError if it is wrong, ConfigurationError if there is none."""
    path = Path(name)
    if path.suffix in (SUFFIX, ".yml") or path.is_file():
        if not path.is_file():
            raise ConfigurationError(say("mapping.no_such_file", path=path))
        return Known(load_mapping(path, targets, str(path)), str(path), ours=False)
    for folder in (own, ours):
        if (file := folder / f"{name}{SUFFIX}").is_file():
            return Known(load_mapping(file, targets), str(file), ours=folder == ours)
    names = sorted({one.stem for folder in (own, ours) for one in folder.glob(f"*{SUFFIX}")})
    meant = nearest(name, names) or ", ".join(names)
    raise ConfigurationError(say("mapping.no_such_mapping", name=name, meant=meant))


def fitting(
    file: str, sheets: Sequence[Sheet], known: Mapping[str, Known], wanted: Wanted = lambda _: True
) -> list[str]:
    """The mappings whose tables all stand in a file: called so first, the college's own, what reads the most."""
    found: list[tuple[int, bool, int, str]] = []
    for name, one in known.items():
        tables = [table for table in one.mapping.tables if wanted(table)]
        if tables and (columns := _columns(file, sheets, tables)):
            called = any(fnmatch(file, each) for each in one.mapping.files)
            found.append((-called, one.ours, -columns, name))
    return [name for *_, name in sorted(found)]


def nearly_fitting(
    file: str, sheets: Sequence[Sheet], known: Mapping[str, Known], wanted: Wanted = lambda _: True
) -> tuple[str, list[Problem]]:
    """Of mappings that do not fit, the one that lacks least, and what it lacks; empty if none reads anything."""
    best: tuple[str, list[Problem]] = "", []
    for name, one in known.items():
        tables = [table for table in one.mapping.tables if wanted(table)]
        located = [find_tables(file, sheets, table) for table in tables]
        lacking = [each for some in located for each in some if isinstance(each, Problem)]
        read = sum(any(isinstance(each, Found) for each in some) for some in located)
        if read and (not best[0] or len(lacking) < len(best[1])):
            best = name, list(dict.fromkeys(lacking))
    return best


def unread_columns(file: str, sheets: Sequence[Sheet], tables: Sequence[Table]) -> list[str]:
    """The headers of columns that no table reads, of the sheets in which one stands: something may be in them."""
    read: dict[tuple[str, int], set[int]] = {}
    headers: dict[tuple[str, int], list[str]] = {}
    for table in tables:
        for one in find_tables(file, sheets, table):
            if isinstance(one, Found):
                at = one.sheet.name, one.first
                read.setdefault(at, set()).update((*one.used_columns(), *one.header.find(table.fill)))
                headers[at] = list(one.header.texts)
    return [text for at, texts in headers.items() for n, text in enumerate(texts) if text and n not in read[at]]


def _columns(file: str, sheets: Sequence[Sheet], tables: Sequence[Table]) -> int:
    """How many columns are read; 0 if a table is missing."""
    total = 0
    for table in tables:
        located = find_tables(file, sheets, table)
        places = [len(one.used_columns()) for one in located if isinstance(one, Found)]
        if not places:
            return 0
        total += max(places)
    return total
