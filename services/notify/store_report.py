"""What the effectiveness report (report.py) counts, read from the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select

from services.notify import report, store
from services.notify.report import By, Case, Period, Report
from services.notify.store_engine import streamed

_w, _a, _d, _x = store.warning.c, store.act.c, store.delivery.c, store.decision.c
_CONTEXT = msgspec.json.Decoder(dict[str, str])
_THREE_YEARS = timedelta(days=3 * 365)


def effectiveness(connection: Connection, period: Period, by: By, zone: ZoneInfo) -> Report:
    """The whole report of a period."""
    cases = _cases(connection, period, zone)
    begin, end = period.span(zone)
    went_out = select(_d.recipient, _d.sent_at).where(_d.sent_at >= begin, _d.sent_at < end)
    return Report(
        period=period,
        by=by,
        total=report.line("total", cases),
        before=report.line("before", _cases(connection, period.before(), zone)),
        year_before=report.line("year before", _cases(connection, period.year_before(), zone)),
        lines=report.group(cases, by, zone),
        not_told=report.reasons(cases),
        load=report.load(((row[0], row[1]) for row in streamed(connection, went_out)), zone),
        accidents=_accidents(connection, end),
    )


def _cases(connection: Connection, period: Period, zone: ZoneInfo) -> list[Case]:
    begin, end = period.span(zone)
    mine = (_w.opened_at >= begin, _w.opened_at < end, _w.status != "withdrawn", _w.mode.in_(("live", "warm-up")))
    of = store.warning.c.number
    acts: defaultdict[int, list[Any]] = defaultdict(list)
    for row in streamed(connection, select(store.act).join(store.warning, of == _a.warning).where(*mine)):
        acts[row.warning].append(row)
    told: defaultdict[int, set[str]] = defaultdict(set)
    reached = select(_d.warning, _d.recipient).join(store.warning, of == _d.warning)
    for row in streamed(connection, reached.where(*mine, _d.status == "sent")):
        told[row[0]].add(row[1])
    stopped: defaultdict[int, list[str]] = defaultdict(list)
    decided = select(_x.warning, _x.reason).join(store.warning, of == _x.warning).where(*mine)
    for row in streamed(connection, decided):
        stopped[row[0]].append(row[1])
    return [
        _case(row, acts[row.number], told[row.number], stopped[row.number])
        for row in streamed(connection, select(store.warning).where(*mine))
    ]


def _case(row: Any, acts: list[Any], told: set[str], stopped: list[str]) -> Case:
    first: dict[str, int] = {}
    verdicts: dict[str, str] = {}
    for act in sorted(acts, key=lambda act: int(act.id)):
        first.setdefault(act.action, act.at)
        if act.action == "verdict":
            verdicts[act.person] = act.detail
    return Case(
        rule=row.rule,
        level=row.highest_level,
        department=_CONTEXT.decode(row.context).get("department", ""),
        opened_at=row.opened_at,
        acknowledged_at=first.get("acknowledged"),
        measure_at=first.get("measure", first.get("closed")),
        ended_at=row.closed_at if row.status != "open" else None,
        relapse=row.predecessor is not None,
        overdue="overdue" in first,
        verdicts=tuple(verdicts.values()),
        told=len(told),
        not_told=tuple(stopped),
    )


def _accidents(connection: Connection, end: int) -> list[Mapping[str, Any]]:
    columns = (_w.id, _w.subject, _w.highest_level, _w.opened_at, _w.status, _w.closed_reason, _w.measure)
    since = end - _THREE_YEARS // timedelta(milliseconds=1)
    mine = (_w.row == "Q1", _w.opened_at >= since, _w.opened_at < end, _w.status != "withdrawn")
    return [dict(row) for row in connection.execute(select(*columns).where(*mine).order_by(_w.opened_at)).mappings()]
