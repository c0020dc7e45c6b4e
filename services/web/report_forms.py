"""The effectiveness report as people take it along: a page that stands alone, a workbook, a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from services.i18n import terms
from services.messages import from_ms
from services.notify import texts, wording
from services.notify.open_now import OpenNow
from services.notify.ports import Cards
from services.notify.report import BYS, Line, Report
from services.notify.texts import LEVEL_WORDS
from services.web.appeals.view import source
from services.web.reader import Reader

_STYLE = Path(__file__).parent / "static" / "prewarn.css"
FIGURES = (
    "warned",
    "useful",
    "judged",
    "known",
    "acknowledged",
    "to_acknowledge",
    "to_measure",
    "to_end",
    "relapses",
    "overdue",
    "untold",
)
"""What a line counts, as the pages' texts call it with `report_` before it."""
APPEALS = ("asked", "granted", "refused", "settled", "open", "hours")
"""What a line counts of appeals, as the pages' texts call it with `report_appeals_` before it."""
_ACCIDENT = ("opened_at", "department", "level", "status", "closed_reason", "handled_in")


def figures(line: Line) -> tuple[float | None, ...]:
    """The columns of a line, without its name."""
    return (
        line.warnings,
        line.useful_percent,
        line.judged,
        line.known,
        line.acknowledged,
        line.hours_to_acknowledge,
        line.hours_to_measure,
        line.hours_to_end,
        line.relapses,
        line.overdue,
        line.nobody_told,
    )


def html(
    templates: Environment, found: Report, cards: Cards, reader: Reader, frame: Mapping[str, object] | None = None
) -> str:
    """The page in its `frame`; without one it stands alone, with its style in it and nothing to click: for paper."""
    paper = frame is None
    style = Markup(_STYLE.read_text("utf-8")) if paper else ""  # noqa: S704 - our own file
    return templates.get_template("report.html").render(
        base="paper.html" if paper else "base.html",
        paper=paper,
        css=style,
        w=reader.word,
        reader=reader,
        found=found,
        lines=lines(found, cards, reader),
        heads=FIGURES,
        bys=BYS,
        number=texts.number,
        improvement=improvement(found, reader),
        accidents=accidents(found, reader),
        accident_heads=_ACCIDENT,
        appeals=appeals(found, reader),
        appeal_heads=APPEALS,
        reason=reason,
        **({"of": ""} | dict(frame or {})),
    )


def lines(found: Report, cards: Cards, reader: Reader) -> list[tuple[str, tuple[float | None, ...]]]:
    """Every group, then the sum, the period before and the year before, with the names that people read."""
    sums = (("total", found.total), ("before", found.before), ("year_before", found.year_before))

    def name(key: str) -> str:
        card = cards(found.versions.get(key, ""), key) if found.by == "rule" else None
        return reader.of(card.title) if card else _name(key, found.by, reader)

    groups = [(name(one.name), figures(one)) for one in found.lines]
    return [*groups, *((reader.word(f"report_{key}"), figures(one)) for key, one in sums)]


def of_departments(departments: Collection[str] | None, reader: Reader) -> str:
    """The names of the departments whose figures are shown alone; empty where it is the whole college."""
    names = sorted(_name(one, "department", reader) for one in departments or ())
    return reader.word("report_of", names=" · ".join(names)) if names else ""


def open_lines(found: OpenNow, cards: Cards, reader: Reader) -> list[tuple[str, tuple[int, ...], str]]:
    """Every group, then the sum: name, figures, and the day since when the oldest is open."""

    def name(key: str) -> str:
        card = cards(found.versions.get(key, ""), key) if found.by == "rule" else None
        if key == "—":
            return reader.word("open_of_none")
        return reader.of(card.title) if card else _name(key, found.by, reader)

    sums = [(reader.word("report_total"), found.total)] if len(found.lines) > 1 else []
    named = [(name(one.name), one) for one in found.lines] + sums
    return [(title, one[1:7], "—" if one.oldest is None else reader.day(one.oldest)) for title, one in named]


def accidents(found: Report, reader: Reader) -> list[tuple[str, ...]]:
    """When, where, how grave, what became of it, and in how many hours: nobody's name, and no text of anybody."""
    return [
        (
            f"{from_ms(one.opened_at).astimezone(reader.zone):%Y-%m-%d}",
            _name(one.department, "department", reader) if one.department else "—",
            reader.level(one.level).word,
            reader.term("status", one.status),
            reader.term("closing", one.closed_reason or "—"),
            texts.number(one.hours_to_end),
        )
        for one in found.accidents
    ]


def appeals(found: Report, reader: Reader) -> list[tuple[str, list[tuple[str, tuple[float | None, ...]]]]]:
    """By teacher and by source: what the groups are called, and each group with its figures, the sum last.

    Teachers by name: who sees the report of a department sees who teaches there. Empty where nobody has appealed.
    """
    if not found.appeals.total.asked:
        return []
    total = (reader.word("report_total"), found.appeals.total[1:])
    teachers = [(reader.person(one.name) or "—", one[1:]) for one in found.appeals.by_teacher]
    sources = [(source(one.name, reader), one[1:]) for one in found.appeals.by_source]
    return [
        (reader.word("report_appeals_by_teacher"), [*teachers, total]),
        (reader.word("report_appeals_by_source"), [*sources, total]),
    ]


def improvement(found: Report, reader: Reader) -> list[tuple[str, int]]:
    """What came after the measures, and what was said of them: no word of whether it came of them."""
    return [(reader.word(f"report_after_{name}"), count) for name, count in found.improvement._asdict().items()]


def table(found: Report, cards: Cards, reader: Reader) -> str:
    """The lines as CSV with a mark that spreadsheets take for UTF-8."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_head(found.by, reader), *_heads(FIGURES, reader)])
    writer.writerows([_plain(name), *numbers] for name, numbers in lines(found, cards, reader))
    return "\ufeff" + file.getvalue()


def workbook(found: Report, cards: Cards, reader: Reader) -> bytes:
    """The whole report as XLSX, a sheet for each part."""
    from services.web.workbooks import Sheet, written  # noqa: PLC0415 - who downloads none need not wait for openpyxl

    def sheet(part: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Sheet:
        plain = [[_plain(one) if isinstance(one, str) else one for one in row] for row in rows]
        return Sheet(reader.word(f"report_sheet_{part}"), heads, plain)

    load, after = found.load, reader.word("report_sheet_after")
    counts = [*found.not_told, *found.held, *((f"left_out_{name}", count) for name, count in found.left_out)]
    sheets = [
        sheet(
            "warnings",
            [_head(found.by, reader), *_heads(FIGURES, reader)],
            [[name, *numbers] for name, numbers in lines(found, cards, reader)],
        ),
        sheet(
            "load",
            _heads(("messages", "people", "median_a_day", "most_a_day"), reader),
            [[load.messages, load.people, load.median_a_day, load.most_a_day]],
        ),
        sheet(
            "reasons",
            _heads(("reason", "count"), reader),
            [[reason(name, reader), count] for name, count in counts],
        ),
        sheet("follow_up", _heads(found.follow_up._fields, reader), [[*found.follow_up]]),
        sheet("after", [after, *_heads(("count",), reader)], improvement(found, reader)),
        sheet("accidents", _heads(_ACCIDENT, reader), accidents(found, reader)),
    ]
    by = appeals(found, reader)
    if by:
        rows = [[f"{head}: {name}", *numbers] for head, groups in by for name, numbers in groups]
        heads = [reader.word("report_appeals"), *_heads((f"appeals_{one}" for one in APPEALS), reader)]
        sheets.append(sheet("appeals", heads, rows))
    return written(sheets)


def reason(name: str, reader: Reader) -> str:
    """Why somebody was not told, or warnings were not counted."""
    if name.startswith("left_out_"):
        return reader.word(f"report_{name}")
    return reader.term("reason", name) if name in terms("reason") else reader.term("delivery", name)


def _plain(text: str) -> str:
    """A spreadsheet takes what begins like a formula for one."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _head(by: str, reader: Reader) -> str:
    return reader.word(f"report_by_{by}")


def _heads(names: Iterable[str], reader: Reader) -> list[str]:
    return [reader.word(f"report_{name}") for name in names]


def _name(name: str, by: str, reader: Reader) -> str:
    if by == "level" and name in LEVEL_WORDS:
        return reader.level(name).word
    return wording.name(by, name, reader.listener) if by in ("department", "class") else name
