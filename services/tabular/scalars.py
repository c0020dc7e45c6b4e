"""Unquoted words of YAML that are another number, or a truth value, to a reader of YAML 1.1 than to one of YAML 1.2.

PyYAML reads YAML 1.1, where 010 is eight, 1:30 is ninety and `yes` is true; editors, other programs and people do not.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from services.i18n import say
from services.messages import Message

_LONGEST = 30
"""Characters; nobody means a longer one to be a number."""
_BASES = {"0o": 8, "0b": 2, "0x": 16}
_IN_A_BASE = re.compile("0o[0-7_]+|0b[01_]+|0x[0-9a-fA-F]*_[0-9a-fA-F_]*")
_SIXTIES = re.compile(r"[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_DECIMAL = re.compile(r"(0[0-9_]+|[0-9]+_[0-9_]*)(\.[0-9_]*)?|[0-9]+\.[0-9]*_[0-9_]*")
_TRUTH = frozenset({"true", "false"})


def misread(text: str) -> str | None:
    """The decimal that an unquoted word is probably meant to be, or is read as; None: every reader reads it alike."""
    sign, rest = (text[:1], text[1:]) if text[:1] in ("-", "+") else ("", text)
    if len(text) > _LONGEST:
        return None
    plain = rest.replace("_", "")
    if _IN_A_BASE.fullmatch(rest) and plain[2:]:
        plain = str(int(plain[2:], _BASES[plain[:2]]))
    elif _SIXTIES.fullmatch(rest):
        total = 0.0
        for part in plain.split(":"):
            total = 60 * total + float(part)
        plain = f"{total:.12g}"
    elif not _DECIMAL.fullmatch(rest):
        return None
    return sign.replace("+", "") + (plain.lstrip("0") or "0" if "." not in plain else f"{float(plain):g}")


def what_is_wrong(text: str, decimal: str) -> tuple[Message, Message]:
    """What is wrong with such a word, and what would be right."""
    return say("input.not_one_number", text=text), say("input.decimal_or_quotes", decimal=decimal, text=text)


def is_truth(text: str) -> bool:
    """Whether a word is true or false to every reader: `yes`, `no`, `on` and `off` are words to those of YAML 1.2."""
    return text.lower() in _TRUTH


class _Loader(yaml.SafeLoader):
    """In which nothing is misread."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node; raises ConstructorError where readers differ."""
        if isinstance(node, yaml.ScalarNode) and not node.style:
            if (decimal := misread(node.value)) is not None:
                what, right = what_is_wrong(node.value, decimal)
                raise ConstructorError(None, None, f"{what} (expected: {right})", node.start_mark)
            if node.tag.endswith(":bool") and not is_truth(node.value):
                return node.value
        return super().construct_object(node, deep)


def load_yaml(text: str) -> Any:
    """The plain data of a YAML text. Raises yaml.YAMLError, also for numbers that readers take differently."""
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
