"""What a file says that it covers: what it no longer says is taken back, and an older file does not bring it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from services.errors import ConfigurationError
from services.i18n import say
from services.ingest.records.keys import Keys
from services.ingest.records.resolve import takes_place
from services.log.records import Record
from services.messages import FOREVER, CampusEvent, Message, from_ms, nearest

_BY_FIELD = {"lessons": "lesson", "tests": "test", "students": "student", "tickets": "ticket", "periods": "period"}
_BY_TIME: dict[str, Callable[[date], date]] = {
    "days": lambda day: day,
    "weeks": lambda day: day - timedelta(days=day.weekday()),
    "months": lambda day: day.replace(day=1),
}
_FORM = re.compile(r"(?P<kind>\w+) of (?:its (?P<word>\w+)|(?P<first>\d{4}-\d\d-\d\d) to (?P<last>\d{4}-\d\d-\d\d))")
EXAMPLES = "attendance of its lessons, attendance of its weeks, attendance of 2026-08-31 to 2026-11-27"
_REMEMBERED = 90 * 86_400_000


class Covered(msgspec.Struct, frozen=True):
    """What files of one source covered when they were made."""

    kind: str
    source: str
    word: str
    """Of `_BY_FIELD` or `_BY_TIME`; empty: `places` are the first day and the last."""
    places: frozenset[str]
    zone: str
    recorded: int
    """When the files were made (ms)."""
    key: str
    """The first field of the kind's key …"""
    spared: frozenset[str]
    """… and what of it a row may be about that was refused: of that nothing is known."""
    run: int = 0
    """The import that covers it; 0: from before imports had numbers."""

    def covers(self, event: CampusEvent) -> bool:
        """Whether the files say all that there is about what the event is about."""
        place = _place(event, self.word, ZoneInfo(self.zone))
        inside = place in self.places if self.word else min(self.places) <= place <= max(self.places)
        return inside and str(event.data.get(self.key, "")) not in self.spared

    def replaces(self, other: Covered) -> bool:
        """Whether nothing follows from the other one that does not from this one."""
        same = (self.kind, self.source, self.word, self.zone) == (other.kind, other.source, other.word, other.zone)
        within = other.places <= self.places
        if not self.word:
            within = min(self.places) <= min(other.places) and max(other.places) <= max(self.places)
        return same and within and not self.spared and other.recorded <= self.recorded


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Covered]).decode


def packed(covered: Iterable[Covered]) -> str:
    """What files cover, as the text that a run keeps."""
    return _encode(list(covered)).decode()


def unpacked(text: str) -> list[Covered]:
    """What `packed` has written; an empty text covers nothing."""
    return _decode(text) if text else []


def remembered(before: Iterable[Covered], now: Collection[Covered]) -> list[Covered]:
    """What is kept of both: an older file may come up to 90 days behind a newer one."""
    since = max((one.recorded for one in now), default=0) - _REMEMBERED
    kept = [one for one in before if one.recorded >= since and not any(new.replaces(one) for new in now)]
    return [*kept, *now]


class Coverage:
    """`KIND of its lessons | tests | students | tickets | periods | days | weeks | months`, `KIND of DAY to DAY`.

    Days are days in `zone`, by when a lesson begins or a record occurred. What the file says is told to `taken` and
    `refused`; then `covered` says what it covers, and `says` what of that it says.
    """

    def __init__(self, text: str, keys: Keys, kinds: Iterable[str], zone: ZoneInfo) -> None:
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
        self._places: dict[str, set[str]] = {}
        """Source → what the file says all of."""
        self._span: tuple[date, date] | None = None
        if word is None:
            try:
                self._span = date.fromisoformat(found["first"]), date.fromisoformat(found["last"])
            except ValueError as error:
                raise ConfigurationError(say("ingest.not_coverage", text=text, examples=EXAMPLES)) from error
        self.unsure = False
        """A row was refused that may be about anything: nothing can be taken back."""
        self.spared: set[str] = set()
        """What rows may be about that were refused, by the first field of the key: nothing of it can be taken back."""
        self._begin, self._end = FOREVER, -1
        """Nothing that is covered takes place (ms) before or after these."""

    def taken(self, event: CampusEvent) -> None:
        """The file says this record, so that it is not taken back."""
        if event.kind != self.kind:
            return
        self._said.add((event.source, self._keys.of(event)))
        places = self._places.setdefault(event.source, set())
        if self._span is not None:
            places.update(day.isoformat() for day in self._span)
        else:
            places.add(_place(event, self._word, self._zone))
        margin = 32 * 86_400_000
        self._begin = min(self._begin, takes_place(event) - margin)
        self._end = max(self._end, takes_place(event) + margin)

    def refused(self, event: CampusEvent | None, unknown: Collection[str]) -> None:
        """The file says this, and it was not taken. `unknown`: fields that name nobody. No event: unreadable."""
        if event is None:
            self.unsure = True
        elif event.kind == self.kind:
            first, *others = self._keys.fields(self.kind)
            if set(first) & set(unknown):
                self.unsure = True
            elif any(set(names) & set(unknown) for names in others):
                self.spared.add(str(event.data.get(first[0], "")))
            else:
                self.taken(event)

    def hear(self, other: Coverage) -> None:
        """What another file of the same export says is not missing here."""
        self._said |= other._said

    def covered(self, recorded: int, run: int = 0) -> list[Covered]:
        """What the files cover, made at `recorded` (ms), taken in by a run; by source."""
        (key, *_) = self._keys.fields(self.kind)[0]
        spared, zone = frozenset(self.spared), self._zone.key
        return [
            Covered(self.kind, source, self._word, frozenset(places), zone, recorded, key, spared, run)
            for source, places in self._places.items()
        ]

    def span(self) -> tuple[int, int]:
        """From when to when (ms) covered records may take place; a field's records may at any time."""
        if self._span is not None:
            first, last = (datetime(day.year, day.month, day.day, tzinfo=self._zone) for day in self._span)
            return int(first.timestamp() * 1000), int((last + timedelta(days=1)).timestamp() * 1000) - 1
        return (self._begin, self._end) if self._word in _BY_TIME else (-FOREVER, FOREVER)

    def says(self, record: Record, source: str) -> bool:
        """Whether a source says something about what the record is about."""
        return (source, record.key) in self._said


def _place(event: CampusEvent, word: str, zone: tzinfo) -> str:
    """Which lesson, week, day … of those that a file may cover."""
    if word in _BY_FIELD:
        return str(event.data.get(_BY_FIELD[word], ""))
    day = from_ms(takes_place(event)).astimezone(zone).date()
    return (_BY_TIME[word](day) if word else day).isoformat()


def _unknown(word: str, known: list[str]) -> Message:
    return say(
        "ingest.not_one_of_what_is_covered", word=word, known=", ".join(known), nearest=nearest(word, known) or "-"
    )
