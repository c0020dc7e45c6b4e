"""How a draft writes names, patterns and remarks."""

from __future__ import annotations

import json
import re

from services.ingest.mappings.draft import ColumnGuess, SheetGuess

_WORDS_SHOWN = 6
_CLOCK = re.compile(r"(?:[上下中]午|晚上)?\d{1,2}[:点]\d\d(?::\d\d|分)?")


def single(text: str) -> str:
    """A pattern in quotes in which a backslash is one."""
    return "'" + text.replace("'", "''") + "'"


def place_lines(sheet: SheetGuess) -> list[str]:
    """Where a table stands: its sheet, where the file has more than one, and how many rows its header has."""
    lines = [f"  sheet: {quoted(sheet.sheet)}"] if sheet.sheet else []
    return lines + ([f"  header_rows: {sheet.header_rows}"] if sheet.header_rows > 1 else [])


def formatted(column: ColumnGuess) -> str:
    """The way to a day or an instant, with its format if it has one of its own."""
    name = quoted(column.header)
    return f'{{column: {name}, format: "{column.format}"}}' if column.format else name


def instant_of(sheet: SheetGuess, column: ColumnGuess) -> str:
    """The way to an instant, of which the day may stand in a column beside it: 创建日期, 创建时间."""
    day = next((one for one in sheet.columns if one.header == column.header.replace("时间", "日期")), column)
    apart = day is not column and all(map(_CLOCK.fullmatch, column.examples))
    return f"{{join: [{quoted(day.header)}, {quoted(column.header)}]}}" if apart else formatted(column)


def remark(column: ColumnGuess) -> str:
    """How certain it is, and what stands in it."""
    other = f", or {column.other}" if column.other else ""
    every = list(dict.fromkeys([*column.unknown[:_WORDS_SHOWN], *column.examples]))
    shown = ", ".join(every[: max(len(column.examples), _WORDS_SHOWN)])
    return f"  # {column.certainty}{other}: {shown}".replace("\n", " ").rstrip(": ")


def quoted(text: str) -> str:
    """A word as YAML has it."""
    plain = re.fullmatch(r"[\w一-鿿/-]+", text) and not re.fullmatch(
        r"[\d.-]+|true|false|null|yes|no|on|off", text, re.IGNORECASE
    )
    return text if plain else json.dumps(text, ensure_ascii=False)
