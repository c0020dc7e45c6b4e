"""What the effectiveness report (report.py) counts, read from the store."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, Table, case, exists, func, or_, select

from services.notify import report
from services.notify.deadlines import AROUND_THE_CLOCK, WorkingTime
from services.notify.open_now import CountedOpen, OpenBy, OpenNow
from services.notify.open_now import open_now as figures
from services.notify.report import Accident, By, Counted, FollowUp, Period, Report
from services.notify.rows import ActRow, decode_context
from services.notify.store import appeals, deliveries, improvement, tables, undo
from services.notify.store.engine import rows_of, streamed
from services.notify.store.outbox import WAITING
from services.notify.store.talks import NOT_REACHED
from services.notify.store.talks import standing as talk_stands
from services.notify.suppression import HELD

_w, _a, _d, _x = tables.warning.c, tables.act.c, tables.delivery.c, tables.decision.c
_f = tables.referral.c
_Mine = tuple[ColumnElement[bool], ...]
Departments = Collection[str] | None
"""Whose figures are asked for; None: those of the whole college."""
_THREE_YEARS = timedelta(days=3 * 365)
_HOUR = 3_600_000
_o = tables.change.alias("opening").c
_OPENED = (
    select(_o.mode, _o.not_pushed)
    .where(_o.warning == _w.number)
    .order_by(_o.sequence)
    .limit(1)
    .correlate(tables.warning)
)
OPENED_AS = _OPENED.with_only_columns(_o.mode).scalar_subquery()
"""In which mode it opened: a later change of rules or a replay makes no other warning of it."""
_APART = case(
    (_w.highest_level == "praise", "praise"),
    (_w.status == "withdrawn", "withdrawn"),
    (OPENED_AS.in_(("replay", "past", "shadow")), OPENED_AS),
    else_="",
)


def effectiveness(
    connection: Connection,
    period: Period,
    by: By,
    zone: ZoneInfo,
    departments: Departments = None,
    working: WorkingTime = AROUND_THE_CLOCK,
) -> Report:
    """The whole report of a period; of these departments alone, if any are named."""
    of = _of(departments)
    cases = _cases(connection, period, zone, of)
    begin, end = period.span(zone)
    went_out = select(_d.recipient, _d.sent_at, _d.id, _d.batch).where(_d.sent_at >= begin, _d.sent_at < end)
    if of:
        went_out = went_out.join(tables.warning, _w.number == _d.warning).where(*of)
    mine = (_w.opened_at >= begin, _w.opened_at < end, *of)
    sent = {(row.recipient, row.sent_at, row.batch or -row.id) for row in streamed(connection, went_out)}
    opened = select(_APART.label("why")).where(*mine)
    newest = select(_w.rule, _w.rule_version).where(*mine).order_by(_w.number)
    apart = Counter(row.why for row in streamed(connection, opened))
    return Report(
        period=period,
        by=by,
        total=report.line("total", cases),
        before=report.line("before", _cases(connection, period.before(), zone, of)),
        year_before=report.line("year before", _cases(connection, period.year_before(), zone, of)),
        lines=report.group(cases, by, zone),
        versions={row[0]: row[1] for row in streamed(connection, newest)},
        not_told=report.reasons(cases),
        held=_held(connection, mine),
        load=report.load(((person, at) for person, at, _ in sent), zone),
        left_out=[(why, apart[why]) for why in ("praise", "withdrawn", "replay", "past", "shadow") if apart[why]],
        follow_up=_follow_up(connection, (*mine, _APART == "")),
        improvement=report.improvement(cases),
        accidents=_accidents(connection, end, of),
        appeals=report.appeals(appeals.asked_between(connection, begin, end, departments), working),
    )


def open_now(connection: Connection, by: OpenBy, departments: Departments = None) -> OpenNow:
    """What is open at this moment; trials, replays, praise and results are no open warnings."""
    counts = (_w.status == "open", _w.highest_level != "praise", OPENED_AS.not_in(("replay", "shadow")))
    mine = (*counts, *_of(departments))
    versions: dict[str, str] = {}

    def each() -> Iterator[CountedOpen]:
        wanted = select(tables.warning, OPENED_AS.label("opened_as")).where(*mine).order_by(_w.number)
        for row in streamed(connection, wanted):
            versions[row.rule] = row.rule_version
            yield CountedOpen(
                name=row.rule if by == "rule" else str(decode_context(row.context).get(by, "")),
                level=row.level,
                opened_at=row.opened_at,
                acknowledged=row.acknowledged_at is not None,
                overdue=row.overdue_at is not None,
                past=row.opened_as == "past",
            )

    return figures(each(), by, versions)


def _of(departments: Departments) -> _Mine:
    return () if departments is None else (_w.department.in_(sorted(departments)),)


def _held(connection: Connection, mine: _Mine) -> list[tuple[str, int]]:
    counted = select(_x.reason, func.count()).join(tables.warning, _w.number == _x.warning)
    found = connection.execute(counted.where(*mine, _APART == "", _x.reason.in_(HELD)).group_by(_x.reason))
    return sorted(((row[0], row[1]) for row in found), key=lambda one: (-one[1], one[0]))


def _cases(connection: Connection, period: Period, zone: ZoneInfo, of_departments: _Mine) -> list[Counted]:
    begin, end = period.span(zone)
    mine = (_w.opened_at >= begin, _w.opened_at < end, _APART == "", *of_departments)
    of = tables.warning.c.number
    acts: defaultdict[int, list[ActRow]] = defaultdict(list)
    for act in rows_of(connection, select(tables.act).join(tables.warning, of == _a.warning).where(*mine), ActRow):
        acts[act.warning].append(act)
    told: defaultdict[int, set[str]] = defaultdict(set)
    lost: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    messages = select(_d.warning, _d.recipient, _d.status, _d.last_error).join(tables.warning, of == _d.warning)
    for row in streamed(connection, messages.where(*mine, _d.status.in_(("sent", "dead", "cancelled", *WAITING)))):
        if row.status == "sent":
            told[row.warning].add(row.recipient)
        elif row.status in WAITING:
            lost[row.warning].append((row.recipient, "pending"))
        elif row.last_error != deliveries.HANDED_BACK:
            lost[row.warning].append((row.recipient, row.last_error if row.status == "cancelled" else "dead"))
    stopped: defaultdict[int, list[str]] = defaultdict(list)
    decided = select(_x.warning, _x.reason).join(tables.warning, of == _x.warning)
    for row in streamed(connection, decided.where(*mine, _x.reason.not_in(HELD))):
        stopped[row.warning].append(row.reason)
    kept = _OPENED.with_only_columns(_o.not_pushed).scalar_subquery()
    for row in streamed(connection, select(of, kept.label("why")).where(*mine, kept != "")):
        stopped[row.number].append(row.why)
    for number, ones in lost.items():
        stopped[number] += {whom: why for whom, why in ones if whom not in told[number]}.values()
    again = tables.warning.alias("again").c
    came_back = exists().where(again.predecessor == _w.id, again.rule == _w.rule, again.subject == _w.subject)
    return [
        _case(row, acts[row.number], told[row.number], stopped[row.number])
        for row in streamed(connection, select(tables.warning, came_back.label("relapsed")).where(*mine))
    ]


def _case(row: Any, acts: list[ActRow], told: set[str], stopped: list[str]) -> Counted:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    verdicts: dict[str, str] = {}
    for act in undo.standing(acts):
        first.setdefault(act.action, act.at)
        last[act.action] = act.at
        if act.action == "verdict":
            verdicts[act.person] = act.detail
    measure = improvement.of_acts(acts)
    return Counted(
        rule=row.rule,
        level=row.highest_level,
        department=_department(row),
        opened_at=row.opened_at,
        acknowledged_at=first.get("acknowledged"),
        measure_at=min((first[one] for one in improvement.MEASURES if one in first), default=first.get("closed")),
        ended_at=_ended_at(row, last.get("closed")),
        relapse=row.predecessor is not None,
        overdue="overdue" in first,
        verdicts=tuple(verdicts.values()),
        told=len(told),
        not_told=tuple(stopped),
        measured=measure is not None,
        status=row.status,
        helped=measure.helped if measure is not None else None,
        relapsed=bool(row.relapsed),
    )


def _ended_at(row: Any, closed: int | None) -> int | None:
    """When a person closed it, if that stands; else when the rules did."""
    if row.status == "open":
        return None
    return closed if row.closed_by is not None and closed is not None else row.closed_at


def _follow_up(connection: Connection, mine: _Mine) -> FollowUp:
    def of(table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
        return select(*columns).select_from(table).join(tables.warning, _w.number == table.c.warning).where(*mine)

    talks = of(tables.talk, func.count()).where(talk_stands())
    states = Counter(row.state for row in connection.execute(of(tables.referral, _f.state)))
    tried = of(tables.act, _a.action).where(or_(_a.action == NOT_REACHED, _a.detail == NOT_REACHED))
    lines = connection.execute(tried).all()
    return FollowUp(
        talks=int(connection.execute(talks).scalar_one()),
        not_reached=sum(1 if line.action == NOT_REACHED else -1 for line in lines),
        referrals=states.total(),
        accepted=states["accepted"] + states["answered"],
        answered=states["answered"],
        refused=states["refused"],
        taken_back=states["taken_back"],
        open=states["waiting"] + states["accepted"],
    )


def _department(row: Any) -> str:
    return decode_context(row.context).get("department", "")


def _accidents(connection: Connection, end: int, of_departments: _Mine) -> list[Accident]:
    since = end - _THREE_YEARS // timedelta(milliseconds=1)
    closed = select(func.max(_a.at)).where(_a.warning == _w.number, _a.action == "closed").scalar_subquery()
    mine = (_w.row == "Q1", _w.opened_at >= since, _w.opened_at < end, _APART == "", *of_departments)
    found = []
    for row in connection.execute(select(tables.warning, closed.label("closed")).where(*mine).order_by(_w.opened_at)):
        ended = _ended_at(row, row.closed)
        hours = None if ended is None else (ended - row.opened_at) / _HOUR
        found.append(Accident(row.opened_at, _department(row), row.highest_level, row.status, row.closed_reason, hours))
    return found
