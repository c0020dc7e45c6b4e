"""What a file says that it covers: what it no longer says of that is taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, tzinfo

from services.errors import ConfigurationError
from services.i18n import say
from services.ingest.records.keys import Keys
from services.ingest.records.resolve import takes_place
from services.log.records import Record
from services.messages import CampusEvent, Message, from_ms, nearest

_BY_FIELD = {"lessons": "lesson", "tests": "test", "students": "student", "tickets": "ticket", "periods": "period"}
_BY_TIME: dict[str, Callable[[date], date]] = {
    "days": lambda day: day,
    "weeks": lambda day: day - timedelta(days=day.weekday()),
    "months": lambda day: day.replace(day=1),
}
_FORM = re.compile(r"(?P<kind>\w+) of (?:its (?P<word>\w+)|(?P<first>\d{4}-\d\d-\d\d) to (?P<last>\d{4}-\d\d-\d\d))")
EXAMPLES = "attendance of its lessons, attendance of its weeks, attendance of 2026-08-31 to 2026-11-27"


class Coverage:
    """`KIND of its lessons | tests | students | tickets | periods | days | weeks | months`, `KIND of DAY to DAY`.

    Days are days in `zone`, by when a lesson begins or a record occurred. Whatever the file says is told to `note`;
    `lacks` says of a record whether the file covers it and does not say it.
    """

    def __init__(self, text: str, keys: Keys, kinds: Iterable[str], zone: tzinfo) -> None:
        """Raises ConfigurationError for a text of another form."""
        found = _FORM.fullmatch(" ".join(text.split()))
        kinds = [kind for kind in kinds if kind in keys]
        words = [*_BY_FIELD, *_BY_TIME]
        if found is None:
            raise ConfigurationError(say("ingest.not_coverage", text=text, examples=EXAMPLES))
        self.kind: str = found["kind"]
        word: str | None = found["word"]
        if self.kind not in kinds:
            raise ConfigurationError(_unknown(self.kind, kinds))
        if word is not None and word not in words:
            raise ConfigurationError(_unknown(word, words))
        self._word, self._keys, self._zone = word or "", keys, zone
        self._said: set[tuple[str, str]] = set()
        self._places: set[tuple[str, str]] = set()
        self._span: tuple[date, date] | None = None
        if word is None:
            try:
                self._span = date.fromisoformat(found["first"]), date.fromisoformat(found["last"])
            except ValueError as error:
                raise ConfigurationError(say("ingest.not_coverage", text=text, examples=EXAMPLES)) from error
        self.sources: set[str] = set()
        self.begin, self.end = 1 << 62, -1
        """Nothing that is covered takes place (ms) before or after these."""

    def note(self, event: CampusEvent) -> None:
        """The file says this."""
        if event.kind != self.kind:
            return
        self.sources.add(event.source)
        self._said.add((event.source, self._keys.of(event)))
        self._places.add((event.source, self._place(event)))
        margin = 32 * 86_400_000
        self.begin = min(self.begin, takes_place(event) - margin)
        self.end = max(self.end, takes_place(event) + margin)

    def span(self) -> tuple[int, int]:
        """From when to when (ms) covered records may take place; a field's records may at any time."""
        if self._span is not None:
            first, last = (datetime(day.year, day.month, day.day, tzinfo=self._zone) for day in self._span)
            return int(first.timestamp() * 1000), int((last + timedelta(days=1)).timestamp() * 1000) - 1
        return (self.begin, self.end) if self._word in _BY_TIME else (-(1 << 62), 1 << 62)

    def lacks(self, record: Record, event: CampusEvent) -> bool:
        """Whether the file covers what its source said, and does not say it."""
        if (event.source, record.key) in self._said or event.source not in self.sources:
            return False
        if self._span is not None:
            return self._span[0] <= self._day(event) <= self._span[1]
        return (event.source, self._place(event)) in self._places

    def _place(self, event: CampusEvent) -> str:
        if self._span is not None:
            return ""
        if self._word in _BY_FIELD:
            return str(event.data.get(_BY_FIELD[self._word], ""))
        return _BY_TIME[self._word](self._day(event)).isoformat()

    def _day(self, event: CampusEvent) -> date:
        return from_ms(takes_place(event)).astimezone(self._zone).date()


def _unknown(word: str, known: list[str]) -> Message:
    return say(
        "ingest.not_one_of_what_is_covered", word=word, known=", ".join(known), nearest=nearest(word, known) or "-"
    )
