"""What the page of a warning says of appeals: against which of its records one can be made, and what came of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from services.accounts.asked import Appealed, Who
from services.accounts.permissions import allowed
from services.ingest.phone.appealed import KINDS
from services.ingest.phone.phone import Phone
from services.messages import Evidence
from services.notify.rows import WarningRow
from services.notify.service import Notify
from services.notify.store import appeals
from services.notify.store.engine import Connection
from services.notify.store.views import Dossier
from services.web.appeals.view import path_of

Ident = tuple[str, str]
"""(source, id)."""


class Appealable(NamedTuple):
    """A record of the evidence against which who looks can appeal."""

    page: str
    is_waiting: bool
    """There is an appeal already, which nobody has decided."""


_EVIDENCE = msgspec.json.Decoder(list[Evidence])
_LESS = ("withdrawn", "lowered", "resolved")


def may_appeal(notify: Notify, who: Who, student: str) -> bool:
    """Whether somebody can appeal for a student, where the college allows appeals."""
    asked = Appealed("", student)
    at = notify.ports.clock()
    return notify.config.appeals.is_on and allowed(who, asked, notify.ports.directory(), at).granted


def waiting(connection: Connection) -> set[Ident]:
    """Kind and natural key of the records against which an appeal is open."""
    return {(one.kind, one.key) for one in appeals.open_ones(connection)}


def appealable(
    notify: Notify, phone: Phone | None, who: Who, row: WarningRow, open_: Collection[Ident]
) -> dict[Ident, Appealable]:
    """Of the records of the evidence those against which who looks can appeal; `open_`: see `waiting`."""
    if phone is None or not notify.config.appeals.is_on:
        return {}
    found = {}
    may: dict[str, bool] = {}
    for ident, (kind, key) in _keys(phone, row).items():
        record = phone.record(kind, key) if kind in KINDS else None
        if record is not None and record.event is not None and record.was != "present":
            if record.student not in may:
                may[record.student] = may_appeal(notify, who, record.student)
            if may[record.student]:
                found[ident] = Appealable(path_of(kind, key), (kind, key) in open_)
    return found


def after_appeal(connection: Connection, found: Dossier) -> dict[int, int]:
    """Sequence of a change that made the warning less → when a record that it rested on was corrected by an appeal."""
    less = [change for change in found.changes if change.change in _LESS]
    shown: dict[int, int] = {}
    for row in appeals.behind(connection, found.warning.number) if less else ():
        at = row.decided_at or 0
        first = next((change for change in less if change.taken_in_at >= at), None)
        if first is not None:
            shown[first.sequence] = max(at, shown.get(first.sequence, 0))
    return shown


def _keys(phone: Phone, row: WarningRow) -> dict[Ident, Ident]:
    """Record of the evidence → its kind and natural key."""
    if row.blanked_at is not None:
        return {}
    return phone.keys_of([(one.source, one.id) for one in _EVIDENCE.decode(row.evidence)])
