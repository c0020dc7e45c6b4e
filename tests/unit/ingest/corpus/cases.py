"""One file of the corpus, the door it goes through, and the answer that it must have."""

from collections.abc import Callable
from typing import NamedTuple

DAY = "2024-09-09"
"""A Monday that is past wherever the tests run."""
AT = f"{DAY}T08:00:00+08:00"
OURS = "occurred_at,lesson,student,status"
THEIRS = ("时间", "课次", "学号", "状态")


class Case(NamedTuple):
    """A file; `takes` and `refused` are all that it must give."""

    name: str
    raw: bytes | Callable[[], bytes]
    takes: tuple[str, ...] = ()
    """`s1 absent`: of each record that counts afterwards."""
    refused: tuple[str, ...] = ()
    """Of each refused row a pattern of its first reason, in the order of the file."""
    stops: str = ""
    """A pattern of the sentence that refuses the whole file."""
    door: str = "csv"
    """csv: our columns. json: events. mapped: the columns of a system, through a mapping. directory, timetable."""
    options: tuple[str, ...] = ()
    passes: str = ""
    """A pattern of what the command says besides."""


def ours(*rows: str, header: str = OURS) -> str:
    """A table with our columns; a row is `s1 absent`, or a whole line."""
    lines = [row if "," in row else f"{AT},L1,{row.replace(' ', ',')}" for row in rows]
    return "\n".join([header, *lines]) + "\n"


def theirs(*rows: tuple[object, ...], header: tuple[object, ...] = THEIRS) -> list[list[object]]:
    """The rows of a table of another system; a row is (student, status), or a whole one."""
    pair = 2
    return [[*header], *([f"{DAY} 08:00", "L1", *row] if len(row) == pair else [*row] for row in rows)]


def text(rows: list[list[object]], separator: str = ",", end: str = "\n") -> str:
    """Such rows as text."""
    return "".join(separator.join("" if cell is None else str(cell) for cell in row) + end for row in rows)
