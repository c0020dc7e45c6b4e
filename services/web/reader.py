"""Whom a page is for: in which language and zone it speaks, and what things are called there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.directory import ROLES, role_word
from services.i18n import catalogue, term
from services.messages import RuleCard, Text, from_ms
from services.notify import texts, wording
from services.notify.ports import Directory, Ports
from services.notify.texts import LEVEL_WORDS, RESULTS, Language
from services.notify.wording import Facts, Listener

_MARKS = {"red": "▲", "orange": "◆", "yellow": "●", "praise": "★"}


class Level(NamedTuple):
    """A level in front of people: a colour, a mark and a word, so that no colour alone says it."""

    key: str
    mark: str
    word: str


def page_text(language: Language, key: str, /, **parts: Any) -> str:
    """A string of the pages."""
    return catalogue(language, "pages")[key].format(**parts)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a page is for: their language, the college's zone, the present instant, and what things are called."""

    language: Language
    zone: ZoneInfo
    now: datetime
    ports: Ports

    @property
    def directory(self) -> Directory:
        """The directory as it is now."""
        return self.ports.directory()

    @property
    def listener(self) -> Listener:
        """As notify's words want it."""
        return Listener(self.language, self.zone, self.now, self.ports)

    def word(self, key: str, **parts: Any) -> str:
        """A string of the pages."""
        return page_text(self.language, key, **parts)

    def of(self, text: Text) -> str:
        """A text in the reader's language."""
        return texts.of(text, self.language)

    def term(self, table: str, key: str) -> str:
        """What a key of a table of terms is called, or the key itself."""
        return self.of(term(table, key))

    def reason(self, change: str, key: str) -> str:
        """Why a change came; a lower level is not yet none."""
        return self.term("reason", "level_left" if (change, key) == ("lowered", "threshold_left") else key)

    def level(self, key: str, card: RuleCard | None = None) -> Level:
        """How a level is shown; that of a summary is none."""
        if card is not None and card.summary is not None:
            return Level(key, "▤", self.of(RESULTS))
        return Level(key, _MARKS[key], self.of(LEVEL_WORDS[key]))

    def time(self, milliseconds: int) -> str:
        """An instant in the college's zone."""
        return self.instant(from_ms(milliseconds))

    def instant(self, moment: datetime) -> str:
        """An instant in the college's zone; the year only where it is not this one."""
        there = moment.astimezone(self.zone)
        same_year = there.year == self.now.astimezone(self.zone).year
        return there.strftime("%m-%d %H:%M" if same_year else "%Y-%m-%d %H:%M")

    def day(self, milliseconds: int) -> str:
        """The day of an instant in the college's zone."""
        return f"{from_ms(milliseconds).astimezone(self.zone):%Y-%m-%d}"

    def clock_time(self, milliseconds: int) -> str:
        """An instant of today to the second."""
        return f"{from_ms(milliseconds).astimezone(self.zone):%H:%M:%S}"

    def age(self, milliseconds: int) -> str:
        """How long ago, roughly; a date beyond a month."""
        then = from_ms(milliseconds)
        minutes = int((self.now - then).total_seconds() // 60)
        for unit, size, up_to in (("minutes", 1, 60), ("hours", 60, 48 * 60), ("days", 24 * 60, 31 * 24 * 60)):
            if minutes < 1:
                return self.word("now")
            if minutes < up_to:
                return self.word(unit, n=minutes // size)
        day = then.astimezone(self.zone)
        return self.word("date", y=day.year, m=day.month, d=day.day)

    def person(self, id_: str | None) -> str:
        """The name of a person, or the id where the directory has none."""
        found = self.directory.person(id_) if id_ else None
        return found.name if found else id_ or ""

    def role(self, role: str) -> str:
        """What people call a role."""
        word = role_word(role)
        return self.of(ROLES[word].title) if word in ROLES else role

    def named(self, field: str, value: Any, facts: Facts | None = None) -> str:
        """A field of a record: names for ids, words for states, local times."""
        if value is None:
            return "—"
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        return wording.value_words(field, value, self.listener, facts)
