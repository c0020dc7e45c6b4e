"""What the values of a column look like, and how many of them the directory knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time

from services.ingest.mappings import cells, days, sections
from services.ingest.mappings.cells import WrongCell, plain, without_option, without_remark, word
from services.ingest.mappings.day_formats import formats_of
from services.ingest.mappings.days import Days
from services.ingest.mappings.draft_meaning import STARS
from services.ingest.mappings.known import Known, class_shape
from services.ingest.mappings.words import words_of
from services.tabular.sheets import Cell

_PARTS = re.compile(r"[/\\>;,、-]")
_ID = re.compile(r"[A-Za-z]{0,6}-?\d{2,}[\dA-Za-z-]*")
_CODE = re.compile(r"[A-Za-z]{0,6}\d{2,}[A-Za-z0-9]*")
_NAME = re.compile(r"[一-鿿·]{2,4}|[A-Z][a-z]+([ -][A-Z][a-z.]+)+")
_WEEKDAY = re.compile(r"(星期|周|礼拜)?[一二三四五六日天1-7]|(mon|tue|wed|thu|fri|sat|sun)\w*", re.IGNORECASE)
_UNIT = re.compile(r"\S*(系|部|院|处|室|办|办公室|中心|所|馆|领导|公司|科)")
_OFFICE = re.compile(r"\S*(教研室|教研组|系室|实训室|室|组|中心|部)")
_TEACHING = re.compile(r"教研[室组]$")
_SCORE_WORDS = frozenset(
    "优 良 中 及格 不及格 优秀 良好 中等 合格 不合格 缺考 缓考 免修 免考 作弊 未提交 未交 未作答 旷考".split()  # noqa: SIM905 - shorter
)
_LETTER = re.compile("[A-F][+-]?")
_ROLLCALL = re.compile(r"[已未](提交|点名|完成|上报|录入|登记|考勤|签到|保存)|提交|停课")
_HALVES = {"上午": time(8), "下午": time(14), "": time()}


TIMES = ("day", "moment", "half")
"""Shapes of days and instants, which may have a format of their own."""
MARKS = frozenset("√✓✔∨×✗✘xX△▲▽▼○◯●◎⊙⊕⊗◇◆□■☐☑☒☆★※#@*+∅/-")
"""Signs of which only a legend says what they mean."""
NOBODY = ("无", "没有", "全勤", "全到", "0", "/", "-")
_SECTIONS = re.compile(r"[节,、-]|^(?:0[1-9]|1\d){2,}$")
"""What numbers of sections have beside them: 3-4, 第3节, or both in two digits each (0304)."""
_NOTHING = frozenset({"无", "暂无", "没有", "-", "--", "—", "——", "/"})
"""What is written where there is nothing."""
_IN_BRACKETS = re.compile(r"\(([^()]+)\)")
"""Behind a name of a list: 李娜(病假)."""
_BLOCKS = re.compile(r"[;；\n]")
_WHEN = re.compile(r"(周|星期|礼拜)[一二三四五六日天].*\d.*节|\d.*周.*(周|星期|礼拜)[一二三四五六日天]")


class Shapes:
    """Tells by the values of a column what it may be."""

    def __init__(self, known: Known, dates: Days) -> None:
        self._known, self.days = known, dates
        self._tests: Mapping[str, Callable[[Cell], bool]] = {
            "id": lambda cell: _matches(_ID, cell),
            "ids": lambda cell: all(_matches(_ID, one.partition("(")[0]) for one in _pieces(cell)),
            "code": lambda cell: _matches(_CODE, cell),
            "name": lambda cell: isinstance(cell, str) and bool(_NAME.fullmatch(_bare(cells.person_name(cell)))),
            "names": lambda cell: all(map(_is_name, _pieces(cell))) or _is_name(plain(cell)),
            "class": _is_class,
            "course": lambda cell: (
                isinstance(cell, str) and not _is_class(cell) and bool(re.search(r"[^\W\d]", plain(cell)))
            ),
            "unit": lambda cell: (
                isinstance(cell, str) and bool(_UNIT.fullmatch(plain(cell))) and not _TEACHING.search(plain(cell))
            ),
            "office": lambda cell: isinstance(cell, str) and bool(_OFFICE.fullmatch(plain(cell))),
            "cohort": lambda cell: bool(re.fullmatch(r"(20)?\d\d[级届]?", plain(cell))),
            "day": self._reads(days.day),
            "month": self._reads(days.month),
            "moment": lambda cell: self._reads(days.moment)(cell) or _is_clock(cell),
            "half": self._half,
            "weekday": lambda cell: bool(_WEEKDAY.fullmatch(plain(cell))),
            "sections": _is_sections,
            "odd_weeks": lambda cell: bool(
                sections.EVERY_WEEK.fullmatch(plain(cell)) or plain(cell)[:1] in ("单", "双")
            ),
            "weeks": lambda cell: _read(sections.weeks, cell),
            "number": lambda cell: not isinstance(cell, date) and _read(cells.number, cell),
            "serial": lambda cell: isinstance(cell, int | float) or plain(cell).isdecimal(),
            "score": lambda cell: (
                _read(cells.number, cell)
                or plain(cell) in _SCORE_WORDS
                or bool(_LETTER.fullmatch(plain(cell)))
                or word(plain(cell)) in words_of("test", "status")
            ),
            "rating": lambda cell: _read(cells.number, cell) or plain(cell) in STARS,
            "rollcall": lambda cell: bool(_ROLLCALL.fullmatch(plain(cell))),
            "people": lambda cell: all(_is_person(one) for one in _names(cell)),
            "marks": lambda cell: plain(cell) in MARKS or word(plain(cell)) in words_of("attendance", "status"),
            "slot": self._is_slot,
            "clock": lambda cell: (isinstance(cell, float) and 0 < cell < 1) or _is_clock(cell),
            "clock_span": lambda cell: len(_ends(cell)) == 2 and all(map(_is_clock, _ends(cell))),  # noqa: PLR2004
            "half_span": lambda cell: len(halves := _halves(cell)) == 2 and all(map(self._half, halves)),  # noqa: PLR2004
            "span": self._reads(days.span),
            "made_up": lambda cell: any(self._is_day(one) for one in re.split("[;,、(补]", plain(cell))),
            "when": lambda cell: isinstance(cell, str) and all(map(_is_when, filter(str.strip, _BLOCKS.split(cell)))),
            "email": lambda cell: "@" in plain(cell),
            "phone": lambda cell: bool(re.fullmatch(r"1\d{2}[\d*]{8}|[\d-]{7,}", plain(cell))),
            "gender": lambda cell: plain(cell) in ("男", "女", "M", "F"),
        }

    def share(self, shape: str, values: Sequence[Cell]) -> float | None:
        """Which part of the values looks like that; None if nothing can be said."""
        if not shape or not values:
            return None
        test = self._tests.get(shape) or _of_words(shape)
        found = _part(test, values)
        return 1.0 if found < 1 and shape in TIMES and formats_of(values) else found

    def known_share(self, table: str, values: Sequence[Cell]) -> float | None:
        """Which part of the values the directory knows; None if it has no such rows."""
        name, ids_alone, names_alone = _TABLES.get(table, (table, False, False))
        rows = self._known.tables.get(name)
        if rows is None or not rows.ids or not values:
            return None

        def knows(cell: Cell) -> bool:
            pieces = _pieces(cell) or [plain(cell)]
            every = [rows.known(one.partition("(")[0]) for one in pieces]
            if None in every:
                every = [rows.known(cell)]
            by_id = [
                word(one.partition("(")[0]) in (word(found), word(found).lstrip("0")) if found else False
                for one, found in zip(pieces, every, strict=False)
            ]
            if ids_alone:
                return None not in every and all(by_id)
            if names_alone:
                return not any(by_id) and (None not in every or rows.is_called(plain(cell)))
            return None not in every

        return _part(knows, values)

    def _is_day(self, cell: Cell) -> bool:
        return self._reads(days.day)(cell)

    def _is_slot(self, cell: Cell) -> bool:
        return isinstance(cell, str) and self._is_day(cell) and _read(sections.sections, cell) and "节" in cell

    def _reads(self, reader: Callable[[Cell, Days], object]) -> Callable[[Cell], bool]:
        def test(cell: Cell) -> bool:
            return _read(lambda one: reader(one, self.days), cell)

        return test

    def _half(self, cell: Cell) -> bool:
        return _read(lambda one: days.moment(one, self.days, _HALVES), cell)


_TABLES = {
    "students": ("students", True, False),
    "student_names": ("students", False, True),
    "people": ("people", True, False),
    "person_names": ("people", False, True),
    "class_ids": ("classes", True, False),
    "course_ids": ("courses", True, False),
    "major_ids": ("majors", True, False),
    "courses": ("courses", False, True),
}
"""Table → (table of the directory, ids alone, names alone)."""


def _part(test: Callable[[Cell], bool], values: Sequence[Cell]) -> float:
    """Which part of the values passes; what stands there more than once is tested once."""
    how_often = Counter((type(one), one) for one in values)  # 1 and true are not the same
    return sum(count for (_, one), count in how_often.items() if test(one)) / len(values)


def _matches(form: re.Pattern[str], cell: Cell) -> bool:
    return not isinstance(cell, date | time) and form.fullmatch(plain(cell)) is not None


def _bare(text: str) -> str:
    """A name without the id beside it: 程浩(A0008), A0008/程浩."""
    return re.sub(r"[(\[]?\b[A-Za-z]{0,4}\d{3,}\b[)\]]?[/|-]?", "", text).strip("/|-") or text


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(_bare(text.partition("(")[0]).strip()) or _NAME.fullmatch(_bare(text)))


def _names(cell: Cell) -> list[str]:
    return [re.sub(r"\(.*", "", one).strip() for one in re.split("[;,、]", plain(cell)) if one.strip()]


def _is_person(text: str) -> bool:
    return text in NOBODY or bool(_NAME.fullmatch(text))


def _is_when(text: str) -> bool:
    return bool(_WHEN.search(plain(text)))


def _pieces(cell: Cell) -> list[str]:
    return [one.strip() for one in re.split(r"[;,、/]", plain(cell)) if one.strip()]


def _read(reader: Callable[[Cell], object], cell: Cell) -> bool:
    try:
        reader(cell)
    except WrongCell:
        return False
    return True


def _is_clock(cell: Cell) -> bool:
    return not isinstance(cell, int | float) and _read(days.clock, cell)


def _ends(cell: Cell) -> list[str]:
    return re.split(r"\s*[-~至到]\s*", plain(cell)) if isinstance(cell, str) else []


def _halves(cell: Cell) -> list[str]:
    return re.split(r"\s*[~至到]\s*|\s+-+\s+", plain(cell)) if isinstance(cell, str) else []


def _is_sections(cell: Cell) -> bool:
    """Days may be sections that a spreadsheet has spoilt, numbers alone say nothing."""
    if isinstance(cell, datetime | date):
        return cell.month <= cell.day <= 14 and cell.day - cell.month < 8  # noqa: PLR2004 - no more sections than that
    return isinstance(cell, str) and _read(sections.sections, cell) and bool(_SECTIONS.search(plain(cell)))


def _is_class(cell: Cell) -> bool:
    pieces = [one for one in _PARTS.split(word(plain(cell))) if one]
    return isinstance(cell, str) and any(class_shape(one) for one in (word(plain(cell)), *pieces))


def said_by(text: str) -> list[str]:
    """What a cell of words may say: as it is, without the letter of its option, without the remark behind it."""
    bare = without_option(text)
    return [text, bare, without_remark(bare)[0]]


def _of_words(shape: str) -> Callable[[Cell], bool]:
    words = words_of(*shape.split(".", 1))
    done = ("已完成", "完成") if shape == "leave.status" else ()
    return lambda cell: any(word(one) in words for one in said_by(plain(cell))) or plain(cell) in done


def told_beside(meaning: str, shape: str, cells: Sequence[Cell]) -> list[str]:
    """What stands in brackets behind the names of lists, and how a teaching office is written that is none."""
    if shape == "people":
        return list(dict.fromkeys(one for cell in cells for one in _IN_BRACKETS.findall(plain(cell))))
    return [plain(one) for one in cells if plain(one) in _NOTHING] if meaning == "teaching_office" else []
