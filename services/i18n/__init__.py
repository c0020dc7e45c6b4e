"""Every text for people has an id, `area.name`, and parameters; its words are in `catalogue/<language>/<area>.toml`.

A text with parameters names them in braces, and doubles a brace that it shows; one without stands as it is. An area is
read when one of its texts is asked for. tests/unit/i18n says which id lacks a language, is not used, or is not known.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from services.messages import Message, Problem, Text

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_TERMS = "terms"
_FOLDER = Path(__file__).parent / "catalogue"
_BETWEEN_SCRIPTS = re.compile(r"(?<=[一-龥])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[一-龥])")
_BETWEEN_CHINESE = re.compile(r"(?<=[一-龥]) (?=[一-龥])")


def say(text: str, /, **parameters: object) -> Message:
    """The text of this id, with its parameters; KeyError if the catalogue has none, or if a parameter is missing."""
    given = {name: one if isinstance(one, Message) else str(one) for name, one in parameters.items()}
    return Message(id=text, parameters=given, english=_filled(text, given, "en"))


def render(text: Message | str, language: Language) -> str:
    """The words of a text in a language; what is no text of the catalogue is the same in all of them."""
    if isinstance(text, str):
        return text
    return text.english if language == "en" else _filled(text.id, text.parameters, language)


def both(text: Message) -> Text:
    """A text in both languages."""
    return Text(zh=render(text, "zh"), en=text.english)


def in_chinese(text: Message | str) -> str:
    """The Chinese of a text below its English line, with a blank between Chinese and what is filled in."""
    words = render(text, "zh")
    if isinstance(text, str) or not text.parameters:
        return words
    return _BETWEEN_SCRIPTS.sub(" ", _BETWEEN_CHINESE.sub("", words))


def problem_in_chinese(problem: Problem) -> str | None:
    """What is wrong and what would be right, without the place; None if no catalogue has what is wrong."""
    if isinstance(problem.what, str):
        return None
    what = in_chinese(problem.what)
    return f"{what}（应为：{in_chinese(problem.expected)}）" if problem.expected else what


def _filled(text: str, parameters: dict[str, Message | str], language: Language) -> str:
    area, _, name = text.partition(".")
    template = catalogue(language, area)[name]
    if not parameters:
        return template
    return template.format_map({key: render(value, language) for key, value in parameters.items()})


@cache
def catalogue(language: Language, area: str) -> dict[str, str]:
    """Name within the area → the text; what stands in a table is named `table.name`."""
    with (_FOLDER / language / f"{area}.toml").open("rb") as file:
        found = tomllib.load(file)
    tables = {name: table for name, table in found.items() if isinstance(table, dict)}
    within = {f"{name}.{key}": text for name, table in tables.items() for key, text in table.items()}
    return {name: text for name, text in found.items() if name not in tables} | within


def term(table: str, key: str) -> Text:
    """What a named reason, state, field or value is called; one that has no name stays as it is."""
    zh, en = (catalogue(language, _TERMS).get(f"{table}.{key}", key) for language in LANGUAGES)
    return Text(zh, en)


@cache
def terms(table: str) -> tuple[str, ...]:
    """The keys of a table that have names, in its order."""
    start = f"{table}."
    return tuple(name.removeprefix(start) for name in catalogue("en", _TERMS) if name.startswith(start))
