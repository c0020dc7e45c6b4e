"""What was probably meant where a file is not what YAML or the language wants, guessed from the mistake."""

from __future__ import annotations

import re
import unicodedata

import yaml

_ASCII = {"：": ":", "，": ",", "｛": "{", "｝": "}", "［": "[", "］": "]", "“": '"', "”": '"', "；": ";"}
_FULL_WIDTH = re.compile(r"[A-Za-z0-9_}\]\"'%]\s*([：，｝］；])|([｛［“”])")
"""Chinese punctuation behind what is not Chinese: probably YAML's own."""
_PAIR = re.compile(r"\s*([^:：\s]+)\s*[:：]\s*(.*)")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
_OF_YAML = (
    ("'\\t'", "blanks instead of the tab"),
    ("mapping values are not allowed", "one colon and a blank between a name and its value, or quotes around the text"),
    ("could not find expected ':'", "NAME: value, with a colon and a blank"),
    ("expected ',' or", "a comma between the entries, and the bracket or brace that closes what is open above"),
    ("cannot start any token", 'quotes around a text that begins with such a character, such as "%"'),
    ("block end", "lines of one level begin with the same number of blanks"),
    ("block collection", "lines of one level begin with the same number of blanks"),
    ("node content", "a value, and the bracket or brace that closes what is open above"),
    ("end of stream", "the quote that closes the text"),
)


def of_yaml(error: yaml.MarkedYAMLError, text: str) -> str:
    """What would be right where YAML stumbled."""
    lines = text.splitlines()
    at = error.problem_mark.line if error.problem_mark is not None else 0
    for line in reversed(lines[max(0, at - 1) : at + 1]):
        if found := _FULL_WIDTH.search(line):
            sign = found[1] or found[2]
            return f"the ASCII character {_ASCII[sign]} instead of {sign}"
    said = f"{error.problem} {error.context}"
    return next((expected for words, expected in _OF_YAML if words in said), "such as in docs/rules.md")


def of_number(text: str, *, quoted: bool) -> str:
    """The number that a text was probably meant to be."""
    plain = unicodedata.normalize("NFKC", text).strip(" '\"%").replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        return "a number, such as 4 or 4.5"
    return f"{plain} without quotes" if quoted else plain


def of_name(name: str) -> tuple[str, str] | None:
    """(name, value) of a word that holds both, as in `yellow：4`, and None for any other."""
    found = _PAIR.fullmatch(name)
    return (found[1], found[2]) if found else None


def is_number(name: str) -> bool:
    """Whether a name is the rest of a number: `4,5` inside braces is a 4 and a name 5."""
    return name.strip().isdecimal()
