"""What people have set for themselves, in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select, update

from services.notify.channels.own import sent_to
from services.notify.own import NOTHING, Own, quiet_of
from services.notify.rows import OwnChannelRow, OwnChoiceRow
from services.notify.store import tables
from services.notify.store.engine import columns_of, insert_or, rows_of
from services.notify.suppression import Quiet

if TYPE_CHECKING:
    from services.i18n import Language
    from services.notify.config import NotifyConfig

_c, _o = tables.own_channel.c, tables.own_choice.c


def everybody(connection: Connection, config: NotifyConfig) -> dict[str, Own]:
    """Everybody who has set something that counts by what the college allows now."""
    channels = rows_of(connection, select(tables.own_channel).where(_c.proved == 1), OwnChannelRow)
    choices = rows_of(connection, select(tables.own_choice), OwnChoiceRow)
    addresses = {one.person: one for one in channels}
    chosen = {one.person: one for one in choices}
    return {id_: _own(addresses.get(id_), chosen.get(id_), config) for id_ in addresses.keys() | chosen.keys()}


def of(connection: Connection, person: str, config: NotifyConfig) -> Own:
    """What one person has set, as far as it counts."""
    return _own(channel(connection, person, proved=True), choice(connection, person), config)


def channel(connection: Connection, person: str, *, proved: bool, held: bool = False) -> OwnChannelRow | None:
    """Their address, proved or still to be. `held`: until the transaction ends."""
    mine = select(tables.own_channel).where(_c.person == person, _c.proved == int(proved))
    return next(iter(rows_of(connection, mine.with_for_update() if held else mine, OwnChannelRow)), None)


def choice(connection: Connection, person: str) -> OwnChoiceRow | None:
    """What else they have chosen."""
    return next(iter(rows_of(connection, select(tables.own_choice).where(_o.person == person), OwnChoiceRow)), None)


def language(connection: Connection, person: str) -> Language | None:
    """The language that they have chosen, if they have."""
    found = connection.execute(select(_o.language).where(_o.person == person)).scalar()
    return "zh" if found == "zh" else "en" if found == "en" else None


def put_channel(connection: Connection, row: OwnChannelRow) -> None:
    """Keeps an address in place of the one that is so far, proved or not, as it is."""
    columns = columns_of(row)
    new = insert_or(connection, tables.own_channel).values(columns)
    changed = {name: value for name, value in columns.items() if name not in ("person", "proved")}
    connection.execute(new.on_conflict_do_update(index_elements=["person", "proved"], set_=changed))


def put_choice(connection: Connection, row: OwnChoiceRow) -> None:
    """Keeps what somebody has chosen."""
    columns = columns_of(row)
    new = insert_or(connection, tables.own_choice).values(columns)
    changed = {name: value for name, value in columns.items() if name != "person"}
    connection.execute(new.on_conflict_do_update(index_elements=["person"], set_=changed))


def count_try(connection: Connection, row: OwnChannelRow) -> None:
    """A code was typed for it."""
    mine = (_c.person == row.person, _c.proved == 0)
    connection.execute(update(tables.own_channel).where(*mine).values(tries=row.tries + 1))


def prove(connection: Connection, row: OwnChannelRow, now: int) -> bool:
    """The code came back: it takes the place of the former one. False if another code was sent meanwhile."""
    mine = (_c.person == row.person, _c.proved == 0, _c.code == row.code)
    if connection.execute(select(_c.person).where(*mine).with_for_update()).first() is None:
        return False
    remove_channel(connection, row.person, proved=True)
    connection.execute(update(tables.own_channel).where(*mine).values(proved=1, code="", tries=0, at=now))
    return True


def remove_channel(connection: Connection, person: str, *, proved: bool) -> None:
    """Forgets the address that somebody has set, proved or not."""
    connection.execute(delete(tables.own_channel).where(_c.person == person, _c.proved == int(proved)))


def _own(channel: OwnChannelRow | None, choice: OwnChoiceRow | None, config: NotifyConfig) -> Own:
    if channel is None and choice is None:
        return NOTHING
    address = "" if channel is None else sent_to(channel.kind, channel.address, config.own_channels, config.mail)
    said = choice.language if choice is not None else ""
    own_quiet = quiet_of(choice.quiet, config.own_quiet) if choice is not None and choice.quiet else None
    return Own(address, "zh" if said == "zh" else "en" if said == "en" else None, own_quiet or Quiet())
