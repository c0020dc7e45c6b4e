"""Classes that are taught together, as plans write them: 护理2601-2602, 护理2601/2602, 护理2601、02."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_RANGE = re.compile(r"(?P<name>[^\d-]+)(?P<first>\d{3,6})\s*[-~至到]\s*(?P<last>\d{2,6})(?P<behind>班?)")
_SLASH = re.compile(r"(?P<name>[^\d/]+)(?P<first>\d{3,6})(?P<others>(?:\s*/\s*\d{2,6})+)(?P<behind>班?)")
_NAMED = re.compile(r"(?P<name>\D+)(?P<first>\d{3,6})(?P<behind>班?)")
_NUMBER = re.compile(r"\d{2,6}(?P<behind>班?)")
_MOST = 12
"""Classes of one range; a longer one is none."""


def with_names(texts: Iterable[str]) -> Iterator[str]:
    """Each class by a name of its own: of what follows a class with a name, the number may be enough."""
    before: re.Match[str] | None = None
    for text in map(str.strip, texts):
        if match := _RANGE.fullmatch(text):
            yield from _of_range(text, match)
        elif match := _SLASH.fullmatch(text):
            name, first, behind = match["name"], match["first"], match["behind"]
            yield f"{name}{first}{behind}"
            for other in re.findall(r"\d+", match["others"]):
                yield f"{name}{_completed(first, other)}{behind}"
        elif before is not None and (number := _NUMBER.fullmatch(text)):
            digits = text.removesuffix("班") if number["behind"] else text
            yield f"{before['name']}{_completed(before['first'], digits)}{before['behind']}"
            continue
        else:
            yield text
        before = _NAMED.match(text)


def _of_range(text: str, match: re.Match[str]) -> Iterator[str]:
    first = match["first"]
    last = _completed(first, match["last"])
    numbers = range(int(first), int(last) + 1)
    if len(last) != len(first) or not 1 < len(numbers) <= _MOST:
        yield text  # whoever looks it up says that there is no such class
        return
    for number in numbers:
        yield f"{match['name']}{number:0{len(first)}}{match['behind']}"


def _completed(first: str, number: str) -> str:
    """2602 for 02 behind 2601."""
    return first[: max(0, len(first) - len(number))] + number
