"""How somebody is called in all that a college keeps, and what they are called from their erasure on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from services.directory import Directory
from services.directory.renaming import called, others_called
from services.log.renaming import Renaming
from services.rules.engine.about import warning_id
from services.settings import Settings, resource

_MOST_EPISODES = 10_000
_SHORTEST = 2
"""Characters of a name: shorter ones stand in many words."""


class Names(NamedTuple):
    """What all that names one person is called before and after."""

    ids: dict[str, str]
    """Their id, and those of warnings about them, which are made of it → the new ones."""
    sure: dict[str, str]
    """Names and addresses → pseudonym."""
    doubtful: dict[str, str]
    """Names that somebody else bears, or that are words of the rules: replaced only beside one of the others."""

    @property
    def renaming(self) -> Renaming:
        """What it makes of texts."""
        return Renaming(self.ids, self.sure, self.doubtful)


def names_of(directory: Directory, settings: Settings, id_: str, pseudonym: str) -> Names:
    """As the directory calls somebody."""
    names, addresses = called(directory.tables, id_)
    words = _words(settings)
    doubtful = {
        one for one in names if len(one) < _SHORTEST or one in words or others_called(directory.tables, id_, one)
    }
    plain = {one for one in names - doubtful if one[0].isascii() or one[-1].isascii()}
    sure = dict.fromkeys((names - doubtful - plain) | addresses, pseudonym)
    return Names({id_: pseudonym} | dict.fromkeys(plain, pseudonym), sure, dict.fromkeys(doubtful, pseudonym))


def new_warning_ids(
    said: Iterable[tuple[str, str, int]], known: Iterable[tuple[str, str, str]], renaming: Renaming
) -> dict[str, str]:
    """Id of a warning → the one that it has under the subject's new name.

    `said`: (rule, subject, number of the last episode); `known`: (rule, subject, id) of warnings whose number is not
    known. Ids are made of the subject (`warning_id`): whoever has somebody's id could find their warnings by it.
    """
    found: dict[str, str] = {}
    for rule, subject, last in said:
        if (other := renaming.text(subject)) != subject:
            for number in range(1, last + 1):
                found[warning_id(rule, subject, number)] = warning_id(rule, other, number)
    for rule, subject, id_ in known:
        if id_ in found or (other := renaming.text(subject)) == subject:
            continue
        numbers = (one for one in range(1, _MOST_EPISODES) if warning_id(rule, subject, one) == id_)
        if number := next(numbers, 0):
            found[id_] = warning_id(rule, other, number)
    return found


def rule_texts(settings: Settings) -> list[Path]:
    """The files of the rules and mappings in use."""
    folders = (settings.rules_folder, settings.home / "mappings")
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*")) if path.is_file()]


def _words(settings: Settings) -> str:
    texts = [*rule_texts(settings), *sorted(resource("schemas").rglob("*.json"))]
    return "\n".join(path.read_text("utf-8", errors="replace") for path in texts)
