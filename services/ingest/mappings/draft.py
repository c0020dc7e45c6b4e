"""A first look at unknown files: what each column probably is, and how certain that is. No more than matching."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from services.ingest.mappings.blocks import blocks
from services.ingest.mappings.cells import WrongCell, number, plain, word, written
from services.ingest.mappings.day_formats import formats_of
from services.ingest.mappings.days import Days
from services.ingest.mappings.draft_around import legend_of, titles_of
from services.ingest.mappings.draft_forms import POINTS
from services.ingest.mappings.draft_meaning import CODES, DORMITORY, MINUTES, OF_LESSONS, points_of
from services.ingest.mappings.draft_scores import Evidence, Score, scores_of
from services.ingest.mappings.draft_shapes import TIMES, Shapes, said_by, told_beside
from services.ingest.mappings.draft_tables import header_of, repeated, values_of
from services.ingest.mappings.draft_words import KINDS, MEANINGS, UNIMPORTANT
from services.ingest.mappings.headers import header_at
from services.ingest.mappings.instants import at_midnight, says_a_time
from services.ingest.mappings.known import Known
from services.ingest.mappings.tables import letters
from services.ingest.mappings.words import words_of
from services.tabular.sheets import Cell, Sheet

Certainty = Literal["certain", "likely", "guess", "unknown"]
CERTAINTIES: tuple[Certainty, ...] = ("certain", "likely", "guess", "unknown")

_DAY_OF_WEEK = re.compile(r"(星期|周)?[一二三四五六日天]")
_SEVERAL = re.compile(r"[;,、]|\D\d{3,6}\s*[-~/]\s*\d{2,6}班?$")
"""软件2602;软件2603, 软件2602-2603."""
_SUM = re.compile(r"(?:总[计数]?|共计|合计|小计)(?:\(学时\))?")
"""Below another word: what that word says (学时分配/总计)."""
_PERCENT = re.compile(r"[确分]率|百分比|%|percent", re.IGNORECASE)
_STATES, _STATES_AT_MOST = ("student_status", "staff_status"), 30
"""Columns of a few words of a college's own."""
_TIMED = re.compile(r"\d[日\sT].*\d\s*[:时点]|[34]\d{4}\.\d")
_EXAMPLES, _LEAST = 3, 3
"""So many are shown; a table has so many columns that are known."""
_SURE, _PROBABLE, _POSSIBLE = 5.0, 4.0, 2.0
_AHEAD = 1.5
"""By so much what is certain is ahead of whatever comes next."""


class ColumnGuess(msgspec.Struct, kw_only=True):
    """What a column probably is."""

    column: str
    """As a spreadsheet calls it."""
    header: str
    above: str = ""
    meaning: str = ""
    """Of `MEANINGS`; empty: unknown."""
    certainty: Certainty = "unknown"
    why: list[Evidence] = []
    other: str = ""
    """What it may be as well."""
    examples: list[str] = []
    several: bool = False
    """Whether a cell names more than one (`软件2601;软件2602`)."""
    format: str = ""
    """Of days and times with the year behind: 11/18/2026 8:00 AM."""
    unknown: list[str] = []
    """Words that are no numbers, or that nobody knows, or that stand in brackets behind the names of a list."""
    full: int = 0
    """Of marks that are a percentage: 100, or 1 where a spreadsheet keeps 85 % as 0.85; 0 for other marks."""
    timed: bool = False
    """Whether days have a time of day behind them."""
    coded: str = ""
    """Where the code of a course stands beside its name: `before` or `behind` it."""
    strange: bool = False
    """Whether none of the words of a column of words is known."""
    minutes: bool = False
    """Whether words of attendance say how late somebody was (`迟到12分钟`)."""
    repeated: int = 1
    """How many columns like it stand side by side (a wide table); this is the first of them."""


class SheetGuess(msgspec.Struct, kw_only=True):
    """What a sheet probably holds."""

    file: str
    sheet: str
    kind: str = ""
    """Of `KINDS`; empty: nothing that is known."""
    header_row: int = 1
    header_rows: int = 1
    columns: list[ColumnGuess] = []
    titles: dict[str, str] = {}
    """Meaning → the words before its value above the header (`课程：高等数学`)."""
    legend: dict[str, str] = {}
    """Sign → the word that notes give it (`△迟到`)."""
    lists: str = ""
    """Of attendance: whether `all` students are named, or `exceptions_only`."""
    class_in_name: bool = False
    """Whether the name of the sheet is that of a class."""

    def of(self, meaning: str) -> ColumnGuess | None:
        """The column of a meaning."""
        found = [one for one in self.columns if one.meaning == meaning]
        return min(found, key=lambda one: CERTAINTIES.index(one.certainty)) if found else None


def guess_sheets(file: str, sheets: Sequence[Sheet], known: Known, days: Days) -> list[SheetGuess]:
    """What the visible sheets of a file hold; those without a table are left out."""
    shapes = Shapes(known, days)
    found = [_guess(file, one, shapes) for sheet in sheets if not sheet.hidden for one in blocks(sheet)]
    alone = len(sheets) == 1
    return [msgspec.structs.replace(one, sheet="") if alone else one for one in found if one is not None]


def _guess(file: str, sheet: Sheet, shapes: Shapes) -> SheetGuess | None:
    place = header_of(sheet)
    if place is None:
        return None
    row, count = place
    header = header_at(sheet, row, count)
    values = [
        [at_midnight(one, shapes.days) for one in column] if any(map(says_a_time, column)) else column
        for column in values_of(sheet, row + count, len(header.texts))
    ]
    groups = repeated(header)
    titles, legend = titles_of(sheet, row), legend_of(sheet)
    scores: dict[int, list[Score]] = {}
    columns: dict[int, ColumnGuess] = {}
    for at, (above, own) in enumerate(header.pairs()):
        text = f"{above}/{own}" if above and _SUM.fullmatch(own) else own
        first, number = groups.get(at, (at, 1))
        if first != at or not (text or values[at]):
            continue
        merged = [one for each, (begin, _) in groups.items() if begin == at for one in values[each]] or values[at]
        scores[at] = [
            one
            for one in scores_of(
                text, [legend.get(plain(one), one) for one in merged] if number > 1 else merged, shapes
            )
            if one.meaning not in (("attendance_status", "rollcall_status") if number > 1 else ("marks",))
        ]
        examples = list(dict.fromkeys(written(one) for one in merged))[:_EXAMPLES]
        columns[at] = ColumnGuess(
            column=letters(at),
            header=text,
            above=above if number > 1 else "",
            examples=examples,
            several=any(isinstance(one, str) and _SEVERAL.search(plain(one)) for one in merged),
            repeated=number,
        )
    kind = _kind(scores, columns, titles)
    for at, column in columns.items():
        _decide(column, scores[at], kind)
        _look_closer(
            column, [one for each in range(len(values)) if groups.get(each, (each, 1))[0] == at for one in values[each]]
        )
    _once(list(columns.values()))
    if not any(one.meaning for one in columns.values()):
        return None
    return SheetGuess(
        file=file,
        sheet=sheet.name,
        kind=kind,
        header_row=row + 1,
        header_rows=count,
        columns=list(columns.values()),
        titles=titles,
        legend=legend,
        lists=_lists(kind, columns, groups, values, legend),
        class_in_name=shapes.share("class", [sheet.name]) == 1,
    )


_PRESENT_SIGNS = ("√", "✓", "∨")


def _lists(
    kind: str,
    columns: Mapping[int, ColumnGuess],
    groups: Mapping[int, tuple[int, int]],
    values: Sequence[Sequence[Cell]],
    legend: Mapping[str, str],
) -> str:
    if kind == "lists":
        return "exceptions_only"
    at = next((at for at, one in columns.items() if one.meaning in ("attendance_status", "marks")), None)
    if kind != "attendance" or at is None:
        return ""
    every = [one for each in range(len(values)) if groups.get(each, (each, 1))[0] == at for one in values[each]]
    words = words_of("attendance", "status")
    texts = [said_by(legend.get(plain(one), plain(one))) for one in every]
    said = [next((words[word(one)] for one in each if word(one) in words), None) for each in texts]
    present = sum(one == "present" or plain(cell) in _PRESENT_SIGNS for one, cell in zip(said, every, strict=True))
    return "all" if present * 2 > len(every) else "exceptions_only"


def _look_closer(column: ColumnGuess, values: Sequence[Cell]) -> None:
    """At what the mapping of a column must say besides its name."""
    shape = MEANINGS[column.meaning].shape if column.meaning else ""
    different = list({written(one): one for one in values}.values())
    if shape in TIMES and (formats := formats_of(different)):
        column.format = formats[0]
        if len(formats) > 1:  # 08/09/2026 is September or August
            column.certainty, column.other = "guess", formats[1]
    column.timed = shape in TIMES and bool(different) and all(_TIMED.search(written(one)) for one in different)
    if column.meaning == "course":
        column.coded = next(
            (at for at, one in CODES.items() if all(re.search(one[0], plain(each)) for each in different)), ""
        )
    column.unknown = told_beside(column.meaning, shape, different)
    if shape == "score" or column.meaning == "rating":
        column.unknown = [written(one) for one in different if not _is_number(one)]
        column.full = points_of(column.header) if column.repeated == 1 else 0
        if _PERCENT.search(column.header) or any(plain(one).endswith("%") for one in different):
            numbers = [number(one) for one in different if _is_number(one)]
            column.full = 1 if numbers and max(numbers) <= 1 and "%" not in "".join(map(plain, different)) else 100
        elif len(column.unknown) == len(different) and any(one in POINTS for one in column.unknown):
            column.full = 100  # what words are worth is of so many
    elif column.meaning in _STATES:
        column.unknown = [written(one) for one in different] if len(different) <= _STATES_AT_MOST else []
    elif "." in shape:
        words = words_of(*shape.split(".", 1))
        column.minutes = any(re.search(MINUTES, plain(one)) for one in different)
        column.unknown = [
            one for one in map(written, different) if not any(word(each) in words for each in said_by(plain(one)))
        ]
        column.strange = len(column.unknown) == len(different) > 0


def _is_number(cell: Cell) -> bool:
    try:
        number(cell)
    except WrongCell:
        return False
    return True


def _kind(scores: Mapping[int, Sequence[Score]], columns: Mapping[int, ColumnGuess], titles: Mapping[str, str]) -> str:
    """What the table is, by what only such tables have."""
    votes: Counter[str] = Counter()
    having: set[str] = set()
    for at, every in scores.items():
        best = [one for one in every if one.points >= every[0].points - 0.5 and "header" in one.why] or every[:1]
        for kind, (only, beside) in KINDS.items():
            own, shared = only.split(), beside.split()
            if any(one.meaning in own for one in best):
                votes[kind] += 4 if best[0].points >= _PROBABLE else 2
                having.add(kind)
            elif any(one.meaning in shared for one in best):
                votes[kind] += 1
            if columns[at].repeated > 1 and any(one.meaning in own for one in best):
                votes[kind] += 4
    known = [every for every in scores.values() if every and "header" in every[0].why] + [*titles]
    said = {every[0].meaning for every in scores.values() if every and every[0].exact}
    if "score" in said:
        del votes["leave"]  # an attempt has begin, end and state as well
    headers = " ".join(one.header for one in columns.values())
    grid = sum(bool(_DAY_OF_WEEK.fullmatch(one.header)) for one in columns.values()) >= _LEAST
    if grid or len(known) < _LEAST or not votes:
        return ""
    kind, most = next((one for one in votes.most_common() if one[0] in having), ("", 0))
    if kind in OF_LESSONS and not said & {"course", "sections", "slot"} and DORMITORY.search(headers):
        return ""  # how tidy the rooms are, or who came home
    if kind == "students" and "day" in said and "enrolled" not in said:
        return ""  # a register of something that happened, such as who came home late
    return kind if most > _LEAST else ""


def _decide(column: ColumnGuess, scores: Sequence[Score], kind: str) -> None:
    members = set(" ".join(KINDS[kind]).split()) if kind else set()
    ranked = sorted(
        ((one, one.points + (1.0 if one.meaning in members else 0.0)) for one in scores), key=lambda one: -one[1]
    )
    if not ranked or ranked[0][1] < _POSSIBLE:
        return
    (best, points), *others = ranked
    rival = others[0] if others else None
    column.meaning, column.why = best.meaning, list(best.why)
    column.why += ["beside"] if best.meaning in members and others and others[0][1] > points - _AHEAD else []
    ahead = points - (rival[1] if rival else 0)
    certain = best.exact and best.fits and points >= _SURE and ahead >= _AHEAD
    free = best.exact and not MEANINGS[best.meaning].shape and best.meaning in members and ahead >= _AHEAD
    if certain or free:
        column.certainty = "certain"
    else:
        column.certainty = "likely" if points >= _PROBABLE else "guess"
    if rival is not None and rival[1] >= _POSSIBLE and ahead < _AHEAD:
        column.other = rival[0].meaning


def _once(columns: Sequence[ColumnGuess]) -> None:
    """Of two columns of one meaning at most one is it for certain."""
    for meaning, times in Counter(one.meaning for one in columns if one.meaning).items():
        if times > 1 and meaning not in UNIMPORTANT:
            same = sorted(
                (one for one in columns if one.meaning == meaning), key=lambda one: CERTAINTIES.index(one.certainty)
            )
            for one in same[1:] if same[0].certainty != same[1].certainty else same:
                one.certainty = "guess"
