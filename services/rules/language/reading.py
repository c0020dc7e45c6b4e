"""The YAML of rules, with hints for those who write comparisons as other languages do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from services.i18n import say
from services.messages import Message
from services.rules.language import slips
from services.tabular import places
from services.tabular.places import (
    LARGEST_NUMBER,
    Place,
    Report,
    items,
    known_words,
    number,
    read_yaml,
    without_quotes,
)

__all__ = [
    "LARGEST_NUMBER",
    "Place",
    "Report",
    "fields",
    "items",
    "known_words",
    "number",
    "read_yaml",
    "without_quotes",
    "word",
]


def fields(place: Place, known: Mapping[str, bool], report: Report, what: Message | str) -> dict[str, Place]:
    """The entries of a mapping with exactly these fields (name → required)."""
    return places.fields(place, known, report, what, _field_meant)


def _field_meant(name: str, value: Place, known: Iterable[str]) -> Message | str:
    if (sign := slips.of_comparison(name)) is not None and name not in known:
        return sign
    if value.value is None and re.search(r"[\])\"'<>=]", name):
        return say("rules.quotes_around_expression")
    return places.field_meant(name, value, known)


def word(place: Place | None, report: Report, what: Message | str, known: Iterable[str] | None = None) -> str:
    """A word, of the known ones if they are given."""
    return places.word(place, report, what, known, _word_meant)


def _word_meant(value: str, known: Iterable[str]) -> Message | str:
    sign = slips.of_comparison(value)
    return sign if sign and sign in known else known_words(value, known)
