"""What is wrong with somebody's input, in Chinese too, below the English line.

The texts are composed where the input is read, in English. Here their shapes are looked up in `chinese.yaml`, as
gettext does it with whole texts; where a shape has no entry, the English text stands alone.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import typer
import yaml

from services.errors import PrewarnError, ProblemsError
from services.messages import Problem

_CATALOGUE = Path(__file__).with_suffix(".yaml")
_SLOT = re.compile(r"\{([a-e])\}")
_PARTS = re.compile(r"(\{[a-e]\})")
_BETWEEN_SCRIPTS = re.compile(r"(?<=[一-龥])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[一-龥])")
_BETWEEN_CHINESE = re.compile(r"(?<=[一-龥]) (?=[一-龥])")


def tell(problem: Problem, before: str = "", *, err: bool = False) -> None:
    """A line in English, `before` in front of it, and one in Chinese without the place."""
    typer.echo(f"{before}{problem}", err=err)
    chinese = of_problem(problem)
    if chinese is not None:
        typer.echo(f"    {chinese}", err=err)


def tell_error(error: PrewarnError) -> None:
    """All that is wrong, on stderr."""
    if isinstance(error, ProblemsError):
        for problem in error.problems:
            tell(problem, err=True)
        return
    for line in str(error).splitlines():
        typer.echo(line, err=True)
        what, _, expected = line.removesuffix(")").partition(" (expected: ")
        chinese = of_problem(Problem(where="", what=what if expected else line, expected=expected))
        if chinese is not None:
            typer.echo(f"    {chinese}", err=True)


def of_problem(problem: Problem) -> str | None:
    """`what` and `expected` in Chinese; None where there is no Chinese for `what`."""
    what = of_text(problem.what)
    if what is None or not problem.expected:
        return what
    return f"{what}（应为：{of_text(problem.expected) or problem.expected}）"


def of_text(english: str) -> str | None:
    """A text in Chinese, or None. What fills its slots stays as it is, unless it is a text of the catalogue itself."""
    whole, shapes = _catalogue()
    if english in whole:
        return whole[english]
    for shape, chinese in shapes:
        if found := shape.fullmatch(english):
            filled = {f"{{{slot}}}": whole.get(value, value) for slot, value in found.groupdict().items()}
            text = "".join(filled.get(part, part) for part in _PARTS.split(chinese))
            return _BETWEEN_SCRIPTS.sub(" ", _BETWEEN_CHINESE.sub("", text))
    return None


@cache
def _catalogue() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Texts without slots; and the others, those with most text of their own first."""
    entries: dict[str, str] = yaml.safe_load(_CATALOGUE.read_text("utf-8"))
    whole = {english: chinese for english, chinese in entries.items() if not _SLOT.search(english)}
    shapes = sorted(entries.items() - whole.items(), key=lambda entry: (-len(_SLOT.sub("", entry[0])), entry))
    return whole, [(_pattern(english), chinese) for english, chinese in shapes]


def _pattern(english: str) -> re.Pattern[str]:
    parts = _SLOT.split(english)
    return re.compile(
        "".join(f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts)), re.DOTALL
    )
