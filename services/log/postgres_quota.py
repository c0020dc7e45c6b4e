"""The quota of rejects of all ingest processes of a cluster, in the database that they share (`quota.py`).

What is kept goes to Kafka, where nothing is taken back: how many more there were is said when they double, so that a
source that sends nothing else writes some dozen lines a day. /metrics counts every one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

import psycopg

from services.log.quota import Kept, counted, day_of, divided, name_of
from services.messages import Rejection

SCHEMA = """
create table if not exists ingest_quota (
    log text collate "C" not null, day text collate "C" not null, name text collate "C" not null,
    kept bigint not null default 0, size bigint not null default 0, more bigint not null default 0,
    primary key (log, day, name));
"""


def admit(db: psycopg.Connection, prefix: str, rejections: Sequence[Rejection]) -> list[Rejection]:
    """Those that are kept of one topic prefix, in a transaction of the caller, for whose end other processes wait."""
    kept: list[Rejection] = []
    for day, found in groupby(rejections, day_of):
        kept += _of_a_day(db, prefix, day, list(found))
    return kept


def _of_a_day(db: psycopg.Connection, prefix: str, day: str, rejections: list[Rejection]) -> list[Rejection]:
    # That of all comes first, so that no two processes wait for each other.
    make = "insert into ingest_quota (log, day, name) values (%s, %s, %s) on conflict do nothing"
    if db.execute(make, (prefix, day, "")).rowcount:
        db.execute("delete from ingest_quota where log = %s and day < %s", (prefix, _days_before(day)))
    db.execute("select from ingest_quota where log = %s and day = %s and name = '' for update", (prefix, day))
    names = {_held(name_of(one)): name_of(one) for one in rejections} | {"": ""}
    query = "select name, kept, size, more from ingest_quota where log = %s and day = %s and name = any(%s)"
    rows = {names[name]: figures for name, *figures in db.execute(query, (prefix, day, list(names)))}
    before: Kept = {name: [kept, size] for name, (kept, size, _) in rows.items()}
    left_before = {name: more for name, (_, _, more) in rows.items()}
    after: Kept = {name: [*figures] for name, figures in before.items()}
    admitted, more = divided(after, rejections)
    told = []
    for name in after.keys() | more.keys():
        was, left = left_before.get(name, 0), len(more.get(name, ()))
        if after.get(name) != before.get(name) or left:
            kept, size = after.get(name, (0, 0))
            db.execute(_WRITE, (prefix, day, _held(name), kept, size, was + left))
        if (was + left).bit_length() > was.bit_length():
            told.append(counted(day, name, was + left, more[name][-1].received_at))
    return admitted + told


_WRITE = """
insert into ingest_quota values (%s, %s, %s, %s, %s, %s)
on conflict (log, day, name) do update set kept = excluded.kept, size = excluded.size, more = excluded.more"""


def _held(name: str) -> str:
    """A name as PostgreSQL can hold it."""
    return name.replace("\0", "\ufffd")


def _days_before(day: str) -> str:
    """Yesterday's may still be counted by a process whose clock is behind."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
