"""Is this an event? Every input becomes a `CampusEvent`, or a `Rejection` with every reason and its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime, timedelta
from typing import Any

import msgspec

from services.bounds import DEEPEST, FIRST_YEAR, LAST_YEAR, of_nesting
from services.i18n import say
from services.ingest.moments import read_moment, write_moment
from services.ingest.reading import BOM, Packed, decode, name_twice
from services.ingest.records.keys import Keys, id_of
from services.ingest.schema_errors import Where, find_problems, shown
from services.ingest.schemas import Schema, Schemas
from services.messages import CampusEvent, Json, Problem, Rejection

MAX_EVENT_BYTES = 1 << 20
MAX_EVENTS = 10_000
"""Of one message: each that is wrong is answered for and kept."""
MAX_AHEAD = timedelta(minutes=5)
_MIB = 1 << 20

Checked = CampusEvent | Rejection

OURSELVES = "prewarn"
"""The source of what our services make, or what stands before their names in it."""


class Validator:
    """Checks events against the schemas and against the clock (UTC or any zone, but aware)."""

    def __init__(self, schemas: Schemas, clock: Callable[[], datetime]) -> None:
        self.schemas = schemas
        self._clock = clock
        self._envelope = schemas.envelope
        self._kinds = schemas.by_kind
        self._keys = Keys(schemas)
        self._said_at: datetime | None = None

    def said_at(self, moment: datetime) -> Validator:
        """The same, where whatever has no id and does not say when it was recorded was recorded at this instant."""
        theirs = copy(self)
        theirs._said_at = moment  # noqa: SLF001 - our own
        return theirs

    def check(self, raw: bytes, origin: str, position: str) -> list[Checked]:
        """One JSON object or an array of them, in their order; an array that is no JSON is rejected as a whole.

        `position` is where in the origin (`line 3`); the events of an array add theirs (`event 2`).
        """
        raw = raw.removeprefix(BOM)
        decoded = decode(raw)
        if isinstance(decoded, Problem):
            return [self.rejection([decoded], raw, origin, position or "event 1")]
        packed = Packed(raw)
        whole = not isinstance(decoded, list)
        values = [decoded] if whole else decoded
        if len(values) > MAX_EVENTS:
            return [self.rejection([_too_many(len(values))], raw, origin, position or "message")]
        large = len(raw) > MAX_EVENT_BYTES
        lost = of_nesting(decoded, 4 * DEEPEST) is not None or name_twice(raw, decoded) is not None
        checked: list[Checked] = []
        now = self._clock()
        for index, value in enumerate(values):
            place = position if whole and position else _place(position, index)
            long = large and len(packed[index]) > MAX_EVENT_BYTES
            if long:
                read: CampusEvent | list[Problem] = [too_large(len(packed[index]))]
            elif (wrong := of_nesting(value)) is not None:  # what validates and shows it goes down into it
                read = [Problem(where="message", what=wrong[0], expected=wrong[1])]
                if of_nesting(value, 4 * DEEPEST) is not None:  # to split the message would go down into it, too
                    return [self.rejection(read, raw, origin, place)]
            elif lost and (twice := name_twice(packed[index], value)) is not None:
                read = [twice]
            else:
                read = self._read(value, now, where_of(place))
            if isinstance(read, CampusEvent):
                checked.append(read)
            else:
                checked.append(self.rejection(read, packed[index], origin, place, _source(value)))
        return checked

    def check_value(self, value: Json, origin: str, position: str, columns: Mapping[str, str] = {}) -> Checked:
        """An event that is decoded already, with its times as texts. Never raises.

        `columns`: field → the column in which its value stands, if that is called otherwise.
        """
        try:
            read = self._read(value, self._clock(), where_of(position, columns))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            read = [
                Problem(
                    where="data", what=say("ingest.not_json", error=error), expected=say("ingest.what_json_can_hold")
                )
            ]
        if isinstance(read, CampusEvent):
            return read
        return self.rejection(read, _encode(value), origin, position, _source(value))

    def check_event(self, event: CampusEvent, origin: str, position: str) -> Checked:
        """A typed event of an importer: its envelope is right already, its data is held to the schema. Never raises.

        The demo plays what Prewarn itself has made, too, under the names of its services; nobody outside comes here.
        """
        schema = self._kinds.get(event.kind)
        timed = event.time.tzinfo is not None and event.time <= self._clock() + MAX_AHEAD
        timed = timed and event.time.year >= FIRST_YEAR
        strange = schema is None or (schema.ours and event.source.partition("/")[0] != OURSELVES)
        if schema is None or strange or not timed or not schema.is_valid(event.data):
            return self.check_value(wire_value(event), origin, position)
        if not event.retracted and any(one.broken(event.data) for one in schema.at_most):
            return self.check_value(wire_value(event), origin, position)
        if schema.moments:
            data, wrong = _normalised(event.data, schema, where_of(position))
            if wrong:
                return self.check_value(wire_value(event), origin, position)
            if data is not event.data:
                return msgspec.structs.replace(event, data=data)
        return event

    def rejection(
        self, reasons: list[Problem], raw: bytes, origin: str, position: str, source: str | None = None
    ) -> Rejection:
        """An input that is refused, dated by the clock."""
        return Rejection(
            received_at=self._clock(), origin=origin, position=position, reasons=reasons, raw=raw, source=source
        )

    def _read(self, value: Any, now: datetime, where: Where) -> CampusEvent | list[Problem]:
        if type(value) is not dict:
            return [
                Problem(
                    where="message",
                    what=say("ingest.not_event", value=shown(value)),
                    expected=say("ingest.cloudevents_object_specversion_source_id"),
                )
            ]
        if None in value.values():  # CloudEvents: an attribute that is null is not set
            value = {name: one for name, one in value.items() if one is not None}
        nameless = "id" not in value and value.get("type") in self._keys
        if nameless:  # what it is about is its name; and it is newer than what was said before
            value = {"recordedat": write_moment(self._said_at or now), **value, "id": "-"}
        if self._envelope.is_valid(value):
            schema = self._kinds[value["type"]]
            if schema.is_valid(value["data"]):
                built = self._build(value, schema, now, where)
                if nameless and isinstance(built, CampusEvent):
                    return msgspec.structs.replace(built, id=id_of(built.kind, self._keys.of(built)))
                return built
        return self._explain(value, now, where)

    def _build(self, value: Json, schema: Schema, now: datetime, where: Where) -> CampusEvent | list[Problem]:
        data: Json = value["data"]
        time = read_moment(value["time"])
        recorded_at = read_moment(value["recordedat"]) if "recordedat" in value else None
        problems = _timing(value, time, recorded_at, now, where)
        if schema.ours:
            what = say("ingest.kind_made_by_prewarn", kind=value["type"])
            problems.append(Problem(where=where("type"), what=what, expected=say("ingest.record_of_yours")))
        if schema.moments:
            data, wrong = _normalised(data, schema, where)
            problems = problems + wrong
        if value.get("retracted") is not True:  # what was taken once can always be taken back
            problems = problems + _contradictions(data, schema, where)
        if problems or time is None:
            return problems
        return CampusEvent(
            source=value["source"],
            id=value["id"],
            kind=value["type"],
            time=time,
            revision=int(value.get("revision", 0)),
            retracted=value.get("retracted", False),
            recordedat=recorded_at,
            term=value.get("term"),
            data=data,
        )

    def _explain(self, value: Json, now: datetime, where: Where) -> list[Problem]:
        problems = find_problems(self._envelope, value, lambda path: where(path) if path else "message")
        schema = self._kinds.get(kind) if isinstance(kind := value.get("type"), str) else None
        data = value.get("data")
        if schema is not None and isinstance(data, dict):
            problems += find_problems(schema, data, lambda path: where(f"data.{path}" if path else "data"))
            problems += [] if value.get("retracted") is True else _contradictions(data, schema, where)
        time = read_moment(value["time"]) if isinstance(value.get("time"), str) else None
        if time is not None and time > now + MAX_AHEAD:
            problems.append(_ahead(time, now, where))
        return problems


def _too_many(count: int) -> Problem:
    what, right = say("ingest.too_many_events", count=count), say("ingest.events_at_most", most=MAX_EVENTS)
    return Problem(where="message", what=what, expected=right)


def too_large(size: int) -> Problem:
    """What is wrong with an event of so many bytes, which are more than MAX_EVENT_BYTES."""
    return Problem(
        where="message",
        what=say("ingest.too_large_mib", size=f"{size / _MIB:.1f}"),
        expected=say("ingest.at_most_1_mib_for"),
    )


def wire_value(event: CampusEvent) -> Json:
    """The CloudEvents object of a typed event, with its times as texts."""
    found: Json = msgspec.to_builtins(event)
    return found


def _timing(
    value: Json, time: datetime | None, recorded_at: datetime | None, now: datetime, where: Where
) -> list[Problem]:
    problems = [] if time is not None else [_no_instant("time", value["time"], where)]
    if recorded_at is None and "recordedat" in value:
        problems.append(_no_instant("recordedat", value["recordedat"], where))
    if time is not None and time > now + MAX_AHEAD:
        problems.append(_ahead(time, now, where))
    return problems


def _normalised(data: Json, schema: Schema, where: Where) -> tuple[Json, list[Problem]]:
    """The data with its date-times in UTC, and what is wrong with them."""
    problems: list[Problem] = []
    moments: dict[str, datetime] = {}
    for name in schema.moments:
        if name in data:
            moment = read_moment(data[name])
            if moment is None:
                problems.append(_no_instant(f"data.{name}", data[name], where))
            else:
                moments[name] = moment
    for first, second in schema.ordered:
        if first in moments and second in moments and moments[first] > moments[second]:
            what = say("ingest.wrong_order_before", second=second, first=first)
            problems.append(
                Problem(where=where(f"data.{second}"), what=what, expected=say("ingest.or_later", first=data[first]))
            )
    return {**data, **{name: write_moment(moment) for name, moment in moments.items()}}, problems


def _contradictions(data: Json, schema: Schema, where: Where) -> list[Problem]:
    """Figures that cannot all be right."""
    problems = []
    for one in schema.at_most:
        if (found := one.broken(data)) is not None:
            total, most = found
            names = [name for name in one.names if name in data]
            what = say("ingest.contradiction", names=" + ".join(names), total=f"{total:g}", most=one.most)
            right = say("ingest.at_most_or_more", limit=f"{most:g}", most=one.most, total=f"{total:g}")
            problems.append(Problem(where=where(f"data.{names[0]}"), what=what, expected=right))
    return problems


def _no_instant(path: str, text: str, where: Where) -> Problem:
    return Problem(
        where=where(path),
        what=say("ingest.not_time", value=shown(text)),
        expected=say("ingest.instant_of_years", first=FIRST_YEAR, last=LAST_YEAR),
    )


def _ahead(time: datetime, now: datetime, where: Where) -> Problem:
    return Problem(
        where=where("time"),
        what=say("ingest.in_future_more_than_5", time=write_moment(time)),
        expected=say("ingest.at_most_what_planned_goes", latest=write_moment((now + MAX_AHEAD).replace(microsecond=0))),
    )


def _place(position: str, index: int) -> str:
    return f"{position}, event {index + 1}" if position else f"event {index + 1}"


def in_table(position: str) -> bool:
    """Whether it is a row of a table: `row 17`, `sheet 异常明细 row 17`."""
    return " row " in f" {position}"


def where_of(position: str, columns: Mapping[str, str] = {}) -> Where:
    """How people are told where a field stands: a table has columns, not fields."""
    if not in_table(position):
        return lambda path: path

    def where(path: str) -> str:
        field = path.removeprefix("data.")
        return f"{position}, column {columns.get(field, field)}"

    return where


def _source(value: Any) -> str | None:
    source = value.get("source") if isinstance(value, dict) else None
    return source if isinstance(source, str) and source.isprintable() and 0 < len(source) <= 256 else None  # noqa: PLR2004


def _encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError):
        return repr(value).encode("utf-8", "backslashreplace")
