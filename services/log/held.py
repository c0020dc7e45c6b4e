"""What the log, the records and the rejects hold of one person, as plain data to hand out to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from services.clock import wall_clock
from services.log.journal import Journal
from services.log.journal_records import JournalRecords
from services.log.records import Record, Records
from services.log.renaming import Renaming
from services.messages import UNREADABLE, CampusEvent, Json, from_ms, key_values

_ROWS = 2000
_events = msgspec.json.Decoder(list[CampusEvent]).decode


def of_journal(path: Path, id_: str, renaming: Renaming) -> dict[str, list[Json]]:
    """Records, events and rejects of one process. `renaming` knows how they are called. Raises LogError."""
    with closing(Journal(path, wall_clock)) as journal:
        with JournalRecords(journal).reading() as records:
            found = {"records": [*_records(records, id_)]}
        found["events"] = [*_of_log(journal, id_)]
        found["rejected"] = [
            {
                "number": number,
                "received_at": one.received_at.isoformat(),
                "origin": one.origin,
                "position": one.position,
                "reasons": [str(reason) for reason in one.reasons],
                "raw": one.raw.decode("utf-8", "replace"),
            }
            for number, one in journal.list()
            if renaming.raw(one.raw) != one.raw
        ]
    return {name: rows for name, rows in found.items() if rows}


def of_shared(address: Json, prefix: str, id_: str) -> dict[str, list[Json]]:
    """The records of a topic prefix; what Kafka has is made of them. Raises LogError."""
    from services.log.postgres_records import reading  # noqa: PLC0415 - psycopg costs one process time

    with reading(address, prefix) as records:
        found = [*_records(records, id_)]
    return {"records": found} if found else {}


def _records(records: Records, id_: str) -> Iterator[Json]:
    key = ("", "")
    while rows := records.behind(key, _ROWS):
        key = (rows[-1].kind, rows[-1].key)
        yield from (_record(one, id_) for one in rows if _names(one, id_))


def _names(one: Record, id_: str) -> bool:
    events = [said.event for said in one.said] + ([one.told.event] if one.told else [])
    return one.student == id_ or any(names(event.data, id_) for event in events)


def _record(one: Record, id_: str) -> Json:
    return {
        "kind": one.kind,
        "key": one.key,
        "at": from_ms(one.at).isoformat() if one.at >= 0 else None,
        "counts": one.told is not None and one.told.counts,
        "reason": one.reason,
        "said": [_event(said.event, id_) for said in one.said],
    }


def _of_log(journal: Journal, id_: str) -> Iterator[Json]:
    offset, raw = 0, id_.encode()
    while rows := journal.read(offset):
        offset = rows[-1][0]
        for _, _, _, packed in rows:
            if raw not in packed:
                continue
            try:
                yield from (_event(event, id_) for event in _events(packed) if names(event.data, id_))
            except UNREADABLE:  # what another version wrote
                continue


def names(data: Json, id_: str) -> bool:
    """Whether an event names somebody: as a value, in a list, or in the subject of a warning."""
    return any(
        value == id_
        or (isinstance(value, list) and id_ in value)
        or (name == "subject" and isinstance(value, str) and id_ in key_values(value))
        for name, value in data.items()
    )


def _event(event: CampusEvent, id_: str) -> Json:
    """Of a list of people only the one: the others' data are not theirs."""
    found: Json = msgspec.to_builtins(event)
    found["data"] = {
        name: [id_] if isinstance(value, list) and id_ in value else value for name, value in event.data.items()
    }
    found.pop("specversion", None)
    return found
