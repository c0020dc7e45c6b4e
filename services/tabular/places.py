"""YAML with places: every value knows its file, line and column, and everything that is wrong is collected.

Only plain data is let in: no anchors and aliases (they make small files huge), no tags, no duplicate keys, at most
1 MiB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from errno import EFBIG
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from services import bounds
from services.i18n import say
from services.messages import Message, Problem, nearest
from services.tabular import yaml_slips
from services.tabular.files import read_regular
from services.tabular.scalars import is_truth, misread, what_is_wrong

LARGEST_FILE = 1 << 20
"""Bytes."""
_DEEPEST = 40
_LISTED = 24
"""Known words that are listed where none is near."""
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Seven times as fast where PyYAML is built with libyaml, as its wheels are. What is wrong SafeLoader says better."""
_STRANGE = re.compile(r"^(?! *#).*[\t?]", re.MULTILINE)
"""Tabs and question marks, but those of whole lines of comment: libyaml takes some where SafeLoader refuses."""
_SMALL = 1 << 14
"""Characters of a text that is kept with what it says: of a folder that is read again most files are as they were."""


class Report:
    """Collects problems; `len` tells whether there are any."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __len__(self) -> int:
        return len(self.problems)

    def add(self, where: Place, what: Message | str, expected: Message | str = "", *, offset: int = 0) -> None:
        """Notes one problem at a place, `offset` characters behind its start; what is read twice is said once."""
        if where.refused:
            return
        text = f"{where.file}:{where.line}:{where.column + offset}"
        problem = Problem(where=text, what=what, expected=expected)
        if problem not in self.problems:
            self.problems.append(problem)


class Place:
    """A YAML value and where it stands. `value` is str, int, float, bool, None, list[Place] or dict[str, Place].

    `refused`: it was said already that it cannot be read.
    """

    __slots__ = ("column", "file", "line", "name", "quoted", "refused", "text", "value")

    def __init__(self, value: Any, file: str, node: yaml.Node | None, name: str = "") -> None:
        self.value = value
        self.file = file
        self.line = node.start_mark.line + 1 if node else 1
        self.column = node.start_mark.column + 1 if node else 1
        self.quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
        self.text = node.value if isinstance(node, yaml.ScalarNode) else ""
        self.name = name
        self.refused = False


def known_words(word: str, words: Iterable[str]) -> Message | str:
    """What would be right instead of a wrong word: the known one that was probably meant, else all of them."""
    words = sorted(words)
    if (close := nearest(word, words)) or not words:
        return close
    known = ", ".join(words[:_LISTED])
    if len(words) > _LISTED:
        return say("rules.one_of_and_more", known=known, more=len(words) - _LISTED)
    return say("rules.one_of", known=known)


def read_yaml(path: Path, shown: str, report: Report) -> Place | None:
    """The content of a file, or None with the reason in the report."""
    start = Place(None, shown, None)
    try:
        raw = read_regular(path, LARGEST_FILE)
    except OSError as error:
        what, right = say("input.cannot_be_read", reason=error.strerror), say("input.regular_file")
        if error.errno == EFBIG:
            what, right = say("rules.bytes_too_many", size=f"{path.stat().st_size:,}"), say("rules.at_most_1_mib_per")
        report.add(start, what, right)
        return None
    try:
        text = raw.decode("utf-8-sig")
        try:
            found = (_small_node if len(text) <= _SMALL else plain_node)(text, _FAST)
        except yaml.YAMLError:
            found = plain_node(text, yaml.SafeLoader)
        if isinstance(found, tuple):
            mark, *wrong = found
            if mark is not None:
                start.line, start.column = mark.line + 1, mark.column + 1
            report.add(start, *wrong)
            return None
    except UnicodeDecodeError as error:
        report.add(start, say("rules.not_utf_8_byte", byte=error.start), say("rules.file_saved_as_utf_8"))
        return None
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is not None:
            start.line, start.column = error.problem_mark.line + 1, error.problem_mark.column + 1
        report.add(
            start, say("rules.not_valid_yaml", error=error.problem or error.context), yaml_slips.of_yaml(error, text)
        )
        return None
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        report.add(start, say("rules.not_valid_yaml", error=type(error).__name__))
        return None
    return start if found is None else _convert(found, shown, report)


def plain_node(text: str, loader: Any) -> yaml.Node | tuple[Any, Message, Message] | None:
    """The document, if there is one; or the place that is not plain data, what is wrong there and what would be right.

    Raises yaml.YAMLError.
    """
    fast, depth = loader is not yaml.SafeLoader, 0
    if fast and _STRANGE.search(text):
        raise yaml.YAMLError
    for event in yaml.parse(text, loader):
        if fast and isinstance(event, yaml.ScalarEvent) and not (event.value or event.style):
            raise yaml.YAMLError  # libyaml has another column for a value that is not there
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if (wrong := _not_plain(event, depth)) is not None:
            return event.start_mark, *wrong
    return yaml.compose(text, loader)


_small_node = lru_cache(maxsize=32)(plain_node)


def _not_plain(event: yaml.Event, depth: int) -> tuple[Message, Message] | None:
    """What is wrong with it, and what would be right."""
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
        signed = str(getattr(event, "tag", None) or "").startswith("!")  # what YAML knows itself has a longer name
        right = "rules.not_instead_of_sign" if signed else "rules.value_written_out"
        return say("rules.anchors_aliases_tags_not_allowed"), say(right)
    if isinstance(event, yaml.ScalarEvent) and (wrong := bounds.of_text(event.value)) is not None:
        return wrong
    if depth > _DEEPEST:
        return say("rules.nested_too_deeply"), say("rules.at_most_levels", most=_DEEPEST)
    return None


def _convert(node: yaml.Node, file: str, report: Report) -> Place:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key = Place(None, file, key_node)
            name = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            if not name:
                report.add(key, say("rules.key_must_be_word"))
            elif name in found:
                report.add(
                    key,
                    say("rules.duplicate_key", name=name),
                    say("rules.once_it_stands_in_line", line=found[name].line),
                )
            else:
                found[name] = _convert(value_node, file, report)
                found[name].name = name
        return Place(found, file, node)
    if isinstance(node, yaml.SequenceNode):
        return Place([_convert(item, file, report) for item in node.value], file, node)
    place = Place(node.value, file, node)
    if isinstance(node, yaml.ScalarNode) and not node.style and (decimal := misread(node.value)) is not None:
        report.add(place, *what_is_wrong(node.value, decimal))
        place.refused = True
    elif not node.tag.endswith(":bool") or is_truth(node.value):
        with suppress(ValueError, OverflowError, yaml.YAMLError):
            place.value = SafeConstructor().construct_object(node)
    return place


Meant = Callable[[str, Place, Iterable[str]], "Message | str"]
"""What would be right instead of a name that is not known, with its value."""


def field_meant(name: str, value: Place, known: Iterable[str]) -> Message | str:
    """The known name that was probably meant, or the slip of YAML that made it another one."""
    if value.value is None and (pair := yaml_slips.of_name(name)):
        return say("rules.with_colon_blank", name=known_words(pair[0], known), value=pair[1])
    if value.value is None and yaml_slips.is_number(name):
        return say("rules.point_in_number_such_as")
    return known_words(name, known)


def fields(
    place: Place, known: Mapping[str, bool], report: Report, what: Message | str, meant: Meant = field_meant
) -> dict[str, Place]:
    """The entries of a mapping with exactly these fields (name → required)."""
    if not isinstance(place.value, dict):
        report.add(place, say("rules.must_be_mapping", what=what), without_quotes(place) or ", ".join(known))
        return {}
    for name, value in place.value.items():
        if name not in known:
            report.add(value, say("rules.unknown_field_in", name=name, what=what), meant(name, value, known))
    for name, required in known.items():
        if required and name not in place.value:
            report.add(place, say("rules.lacks", what=what, name=name), f"{name}: …")
    return {name: value for name, value in place.value.items() if name in known}


def without_quotes(place: Place) -> Message | None:
    """What would be right instead of a mapping or list in quotes."""
    text = place.text.strip()
    return say("rules.without_quotes", plain=text) if place.quoted and text[:1] + text[-1:] in ("{}", "[]") else None


def items(place: Place | None, report: Report, what: Message | str) -> list[Place]:
    """The items of a list (one without brackets counts as a list of one)."""
    if place is None:
        return []
    if isinstance(place.value, list):
        return place.value
    if isinstance(place.value, dict) or place.value is None:
        report.add(place, say("rules.must_be_list", what=what))
        return []
    return [place]


def word(
    place: Place | None,
    report: Report,
    what: Message | str,
    known: Iterable[str] | None = None,
    meant: Callable[[str, Iterable[str]], Message | str] = known_words,
) -> str:
    """A word, of the known ones if they are given."""
    if place is None:
        return ""
    if not isinstance(place.value, str) or not place.value.strip():
        if isinstance(place.value, (int, float)) and known is None:
            return place.text
        report.add(place, say("rules.must_be_word", what=what), "" if known is None else known_words(place.text, known))
        return ""
    if known is not None and place.value not in known:
        report.add(place, say("rules.unknown", what=what, value=place.value), meant(place.value, known))
        return ""
    return place.value


LARGEST_NUMBER = 10**15
"""Beyond it doubles skip whole numbers."""


def number(place: Place, report: Report, what: Message | str) -> float | None:
    """A number that can be compared: finite, and not beyond `LARGEST_NUMBER`."""
    if isinstance(place.value, bool) or not isinstance(place.value, (int, float)):
        text = f'"{place.text}"' if place.quoted else place.text
        shown = text or ("nothing" if place.value is None else say("rules.list_or_mapping"))
        report.add(
            place,
            say("rules.must_be_number_not", what=what, shown=shown),
            yaml_slips.of_number(place.text, quoted=place.quoted),
        )
        return None
    if not -LARGEST_NUMBER <= place.value <= LARGEST_NUMBER:  # nan neither
        report.add(
            place, say("rules.not_number_compare_with", what=what, text=place.text[:20]), say("rules.at_most_1e15")
        )
        return None
    return place.value
