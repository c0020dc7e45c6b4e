"""What the pages and the command line read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, case, exists, func, or_, select

from services.messages import LEVELS, Evidence, Json, from_ms
from services.notify.rows import (
    ActRow,
    ChangeRow,
    DecisionRow,
    DeliveryRow,
    EscalationRow,
    RecipientRow,
    WarningRow,
    decode_context,
)
from services.notify.store import improvement, tables
from services.notify.store.engine import rows_of, slices, streamed
from services.notify.store.report import OPENED_AS
from services.notify.store.talks import NOT_REACHED
from services.notify.store.talks import standing as talk_stands

_r, _w, _c = tables.recipient.c, tables.warning.c, tables.change.c
_d, _x, _a, _e = tables.delivery.c, tables.decision.c, tables.act.c, tables.escalation.c

_EVIDENCE = msgspec.json.Decoder(list[Evidence])


class Entry(NamedTuple):
    """A warning of an inbox, as the index of inboxes has it."""

    warning: int
    rank: int
    needs: int
    """1 if nobody but the person is at it."""
    opened_at: int
    about: str
    class_id: str
    rule: str
    holder: str
    """Who has taken it up, or else was handed it; empty: nobody yet."""
    taken: int
    overdue: int


_NEEDS = case((_r.holder.in_(("", _r.person)), 1), else_=0)
_ENTRY = select(*(_NEEDS if name == "needs" else _r[name] for name in Entry._fields))


class Dossier(NamedTuple):
    """All that is known of one warning."""

    warning: WarningRow
    changes: list[ChangeRow]
    recipients: list[RecipientRow]
    deliveries: list[DeliveryRow]
    decisions: list[DecisionRow]
    acts: list[ActRow]
    escalations: list[EscalationRow]
    predecessor: WarningRow | None
    """The warning that this one is a relapse of."""
    relapses: list[WarningRow]
    """The warnings that are relapses of this one, oldest first."""
    parts: list[WarningRow]
    """Of a case, what it sums up: what its evidence names, and what is open of its rows; the gravest first."""


def people(connection: Connection, limit: int) -> list[tuple[str, int]]:
    """People who have warnings, with the number of open ones that ask for something, most first."""
    still = func.sum(case((_r.rank > 0, _r.is_open), else_=0))
    found = select(_r.person, still).group_by(_r.person).order_by(still.desc(), _r.person).limit(limit)
    return [(row[0], int(row[1])) for row in connection.execute(found)]


def inbox(connection: Connection, person: str, *, is_open: bool, most: int | None = None) -> list[Entry]:
    """A person's open, or ended, warnings, at most so many. One walk along an index.

    Of what is open what needs the person before what does not, then the gravest and the newest; else the newest.
    """
    mine = _ENTRY.where(_r.person == person, _r.is_open == int(is_open))
    first = (_NEEDS.desc(), _r.rank.desc()) if is_open else ()
    found = connection.execute(mine.order_by(*first, _r.opened_at.desc(), _r.warning.desc()).limit(most))
    return list(map(Entry._make, found.all()))


def needs(connection: Connection, person: str) -> int:
    """How many open warnings ask for something of the person, and of nobody else."""
    mine = (_r.person == person, _r.is_open == 1, _r.rank > 0, _NEEDS == 1)
    return int(connection.execute(select(func.count()).where(*mine)).scalar_one())


def warnings_of(connection: Connection, numbers: Sequence[int]) -> dict[int, WarningRow]:
    """Some warnings by their numbers."""
    found: dict[int, WarningRow] = {}
    for part in slices(numbers):
        rows = rows_of(connection, select(tables.warning).where(_w.number.in_(part)), WarningRow)
        found |= {row.number: row for row in rows}
    return found


def by_ids(connection: Connection, ids: Sequence[str]) -> dict[str, WarningRow]:
    """Some warnings by their ids."""
    return {row.id: row for row in rows_of(connection, select(tables.warning).where(_w.id.in_(ids)), WarningRow)}


def versions_of(connection: Connection, numbers: Sequence[int]) -> dict[str, str]:
    """Rule → the rule set that one of these warnings was decided by."""
    found = connection.execute(select(_w.rule, _w.rule_version).where(_w.number.in_(numbers)))
    return {row[0]: row[1] for row in found}


def open_untold(connection: Connection, rules: Sequence[str]) -> list[tuple[WarningRow, list[str]]]:
    """What these rules have open that nobody was sent anything of, oldest first, and who may see it."""
    sent = exists().where(tables.delivery.c.warning == _w.number)
    mine = select(tables.warning).where(_w.rule.in_(rules), _w.status == "open", _w.mode == "live", ~sent)
    found = rows_of(connection, mine.order_by(_w.number), WarningRow)
    people: dict[int, list[str]] = {row.number: [] for row in found}
    for part in slices(people):
        seen = select(_r.warning, _r.person).where(_r.warning.in_(part)).order_by(_r.person)
        for number, person in connection.execute(seen):
            people[number].append(person)
    return [(row, people[row.number]) for row in found]


def siblings(connection: Connection, row: WarningRow, person: str) -> list[WarningRow]:
    """The person's other open warnings of the same row and subject, the gravest first."""
    mine = select(_r.warning).where(_r.person == person, _r.is_open == 1, _r.warning != row.number)
    same = select(tables.warning).where(_w.row == row.row, _w.subject == row.subject, _w.number.in_(mine))
    found = rows_of(connection, same, WarningRow)
    return sorted(found, key=lambda one: -LEVELS.index(one.level))


def count(connection: Connection) -> int:
    """How many warnings there are."""
    return int(connection.execute(select(func.count()).select_from(tables.warning)).scalar_one())


def dossier(connection: Connection, warning_id: str) -> Dossier | None:
    """Everything about one warning, in one view of the store; None if there is no such warning."""
    row = _warning(connection, warning_id)
    if row is None:
        return None
    of = row.number
    changes = select(tables.change).where(_c.warning == of).order_by(_c.sequence)
    recipients = select(tables.recipient).where(_r.warning == of).order_by(_r.person)
    deliveries = select(tables.delivery).where(_d.warning == of).order_by(_d.id)
    decisions = select(tables.decision).where(_x.warning == of).order_by(_x.id)
    acts = select(tables.act).where(_a.warning == of).order_by(_a.id)
    escalations = select(tables.escalation).where(_e.warning == of).order_by(_e.id)
    return Dossier(
        warning=row,
        changes=rows_of(connection, changes, ChangeRow),
        recipients=rows_of(connection, recipients, RecipientRow),
        deliveries=rows_of(connection, deliveries, DeliveryRow),
        decisions=rows_of(connection, decisions, DecisionRow),
        acts=rows_of(connection, acts, ActRow),
        escalations=rows_of(connection, escalations, EscalationRow),
        predecessor=_warning(connection, row.predecessor) if row.predecessor else None,
        relapses=_relapses(connection, row),
        parts=_parts(connection, row) if row.mutes else [],
    )


def _relapses(connection: Connection, row: WarningRow) -> list[WarningRow]:
    mine = (_w.rule == row.rule, _w.subject == row.subject, _w.predecessor == row.id)
    return rows_of(connection, select(tables.warning).where(*mine).order_by(_w.number), WarningRow)


def _parts(connection: Connection, case: WarningRow) -> list[WarningRow]:
    named = {one.id.partition("/")[0] for one in _EVIDENCE.decode(case.evidence)}
    found = {row.number: row for row in rows_of(connection, select(tables.warning).where(_w.id.in_(named)), WarningRow)}
    if case.status == "open":
        about = or_(_w.subject == case.subject, _w.subject.startswith(f"{case.subject}/", autoescape=True))
        mine = select(tables.warning).where(about, _w.row.in_((case.mutes or "").split()), _w.status == "open")
        found |= {row.number: row for row in rows_of(connection, mine.where(_w.number != case.number), WarningRow)}
    return sorted(found.values(), key=lambda one: (one.status != "open", -LEVELS.index(one.level), -one.opened_at))


def dossiers(connection: Connection, rule: str, subject: str, opened_by: int) -> list[Dossier]:
    """The warnings of a rule about a subject that had been opened by an instant (ms), the newest first."""
    mine = (_w.rule == rule, _w.subject == subject, _w.opened_at <= opened_by)
    ids = connection.execute(select(_w.id).where(*mine).order_by(_w.opened_at.desc(), _w.number.desc())).all()
    return [found for row in ids if (found := dossier(connection, row[0])) is not None]


def _warning(connection: Connection, warning_id: str) -> WarningRow | None:
    found = rows_of(connection, select(tables.warning).where(_w.id == warning_id), WarningRow)
    return found[0] if found else None


def open_subjects(connection: Connection) -> Iterator[tuple[str, dict[str, str]]]:
    """Subject and context of each open warning."""
    for row in streamed(connection, select(_w.subject, _w.context).where(_w.status == "open")):
        yield row.subject, decode_context(row.context)


def every_warning(connection: Connection) -> Iterator[Json]:
    """All warnings by opening, as plain data with RFC 3339 times: what `prewarn warnings --json` prints."""
    measures, beside = improvement.measures(connection), _Beside(connection)
    for row in streamed(connection, select(tables.warning, OPENED_AS.label("opened_as")).order_by(_w.opened_at, _w.id)):
        yield {
            "id": row.id,
            "rule": row.rule,
            "row": row.row,
            "subject": row.subject,
            "level": row.level,
            "highest_level": row.highest_level,
            "status": row.status,
            "value": row.value,
            "threshold": row.threshold,
            "opened_at": _rfc3339(row.opened_at),
            "closed_at": _rfc3339(row.closed_at),
            "evidence": msgspec.json.decode(row.evidence),
            "first_event": row.first_event,
            "standard": row.standard,
            "acknowledged_at": _rfc3339(row.acknowledged_at),
            "reason": row.reason,
            "measure": row.measure,
            "due_at": _rfc3339(row.due_at),
            "done_at": _rfc3339(row.done_at),
            "measure_at": _rfc3339(measured.at if (measured := measures.get(row.number)) else None),
            "measure_value": measured.value if measured else None,
            "helped": measured.helped if measured else None,
            "closed_by": row.closed_by,
            "closed_reason": row.closed_reason,
            "deadline": _rfc3339(row.deadline),
            "overdue_at": _rfc3339(row.overdue_at),
            "relapse_of": row.predecessor,
            "opened_as": row.opened_as,
            "talks": beside.talks[row.number],
            "not_reached": beside.not_reached[row.number],
            "referrals": beside.referrals[row.number],
        }


class _Beside:
    """What was done about warnings beside taking them up, by their numbers."""

    def __init__(self, connection: Connection) -> None:
        self.talks = Counter(connection.execute(select(tables.talk.c.warning).where(talk_stands())).scalars())
        self.not_reached = Counter[int]()
        """As often as it was not undone."""
        tried = select(_a.warning, _a.action).where(or_(_a.action == NOT_REACHED, _a.detail == NOT_REACHED))
        for warning, action in connection.execute(tried):
            self.not_reached[warning] += 1 if action == NOT_REACHED else -1
        self.referrals: defaultdict[int, list[str]] = defaultdict(list)
        """The state of each, the oldest first."""
        of = tables.referral.c
        for warning, state in connection.execute(select(of.warning, of.state).order_by(of.id)):
            self.referrals[warning].append(state)


def _rfc3339(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else from_ms(milliseconds).isoformat().replace("+00:00", "Z")
