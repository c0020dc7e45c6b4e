"""What was probably meant where a file is not what YAML or the language wants, guessed from the mistake."""

from __future__ import annotations

import re
import unicodedata

import yaml

from services.i18n import say
from services.messages import Message

_ASCII = {"：": ":", "，": ",", "｛": "{", "｝": "}", "［": "[", "］": "]", "“": '"', "”": '"', "；": ";"}
_FULL_WIDTH = re.compile(r"[A-Za-z0-9_}\]\"'%]\s*([：，｝］；])|([｛［“”])")
"""Chinese punctuation behind what is not Chinese: probably YAML's own."""
_PAIR = re.compile(r"\s*([^:：\s]+)\s*[:：]\s*(.*)")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
_OF_YAML = (
    ("'\\t'", "rules.blanks_instead_tab"),
    ("mapping values are not allowed", "rules.one_colon_blank_between_name"),
    ("could not find expected ':'", "rules.name_value_with_colon_blank"),
    ("but got '['", "rules.quotes_around_expression"),
    ("expected ',' or", "rules.comma_between_entries_bracket_or"),
    ("cannot start any token", "rules.quotes_around_text_that_begins"),
    ("block end", "rules.lines_one_level_begin_with"),
    ("block collection", "rules.lines_one_level_begin_with"),
    ("node content", "rules.value_bracket_or_brace_that"),
    ("end of stream", "rules.quote_that_closes_text"),
)
"""What a message of YAML says → the text that says what would be right."""


def of_yaml(error: yaml.MarkedYAMLError, text: str) -> Message:
    """What would be right where YAML stumbled."""
    lines = text.splitlines()
    at = error.problem_mark.line if error.problem_mark is not None else 0
    for line in reversed(lines[max(0, at - 1) : at + 1]):
        if found := _FULL_WIDTH.search(line):
            sign = found[1] or found[2]
            return say("rules.ascii_character_instead", ascii=_ASCII[sign], sign=sign)
    said = f"{error.problem} {error.context}"
    return say(next((expected for words, expected in _OF_YAML if words in said), "rules.such_as_in_docs_rules"))


def of_number(text: str, *, quoted: bool) -> Message | str:
    """The number that a text was probably meant to be."""
    plain = unicodedata.normalize("NFKC", text).strip(" '\"%<>=≥≤").replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        return say("rules.number_such_as_4_or")
    return say("rules.without_quotes", plain=plain) if quoted else plain


def of_name(name: str) -> tuple[str, str] | None:
    """(name, value) of a word that holds both, as in `yellow：4`, and None for any other."""
    found = _PAIR.fullmatch(name)
    return (found[1], found[2]) if found else None


def is_number(name: str) -> bool:
    """Whether a name is the rest of a number: `4,5` inside braces is a 4 and a name 5."""
    return name.strip().isdecimal()
