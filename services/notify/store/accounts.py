"""Accounts, sessions, one-time links, sign-ins in vain and refusals, in the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, insert, select, text, update

from services.accounts import attempts, sessions
from services.accounts.rows import AccessRow, AccountRow, AttemptRow, BegunRow, LinkRow, SessionRow
from services.notify.store import tables
from services.notify.store.engine import columns_of, insert_or, rows_of, slices

_FIRST_TRY = text("INSERT INTO attempt (key, failures, at) VALUES (:key, 0, :at) ON CONFLICT DO NOTHING")
_a, _s, _l, _t = tables.account.c, tables.session.c, tables.link.c, tables.attempt.c
_b = tables.begun.c
_MOST_BEGUN = 10_000
"""Sign-ins at providers' pages at once: whoever floods them pushes the oldest out, and the table stays small."""


def accounts(connection: Connection) -> list[AccountRow]:
    """All local accounts, in the order of their people's ids."""
    return rows_of(connection, select(tables.account).order_by(_a.person), AccountRow)


def account(connection: Connection, person: str) -> AccountRow | None:
    """A person's, if they have one."""
    return next(iter(rows_of(connection, select(tables.account).where(_a.person == person), AccountRow)), None)


def add_account(connection: Connection, row: AccountRow) -> None:
    """Keeps a new one; of one that is there, the right to operate is as it is said now.

    Several processes may start for the first time at once, each with the administrator's: it is one.
    """
    new = insert_or(connection, tables.account).values(columns_of(row))
    connection.execute(new.on_conflict_do_update(index_elements=["person"], set_={"operator": row.operator}))


def remove_account(connection: Connection, person: str) -> bool:
    """With its links and sessions; False: there is none."""
    sign_out_everywhere(connection, person)
    connection.execute(delete(tables.link).where(_l.person == person))
    return connection.execute(delete(tables.account).where(_a.person == person)).rowcount > 0


def set_password(connection: Connection, person: str, password: str) -> None:
    """The hash; whoever was signed in with the former one is not any more, and no link is left."""
    connection.execute(update(tables.account).where(_a.person == person).values(password=password))
    connection.execute(delete(tables.link).where(_l.person == person))
    sign_out_everywhere(connection, person)


def add_link(connection: Connection, row: LinkRow) -> None:
    """The one link of a person; a former one is none any more."""
    connection.execute(delete(tables.link).where(_l.person == row.person))
    connection.execute(insert(tables.link).values(columns_of(row)))


def link(connection: Connection, digest: str, now: int) -> LinkRow | None:
    """A link that can be used at `now`."""
    mine = select(tables.link).where(_l.digest == digest, _l.ends > now)
    return next(iter(rows_of(connection, mine, LinkRow)), None)


def use_link(connection: Connection, digest: str, now: int) -> str | None:
    """Uses it up; whose it was, or None. Of two at once, one gets it."""
    found = link(connection, digest, now)
    used = connection.execute(delete(tables.link).where(_l.digest == digest, _l.ends > now)).rowcount
    return found.person if found and used else None


def sign_in(connection: Connection, row: SessionRow) -> None:
    """Begins a session; those that are over for good are cleared away."""
    oldest = row.made - int(sessions.ABSOLUTE.total_seconds() * 1000)
    connection.execute(delete(tables.session).where(_s.made < oldest))
    connection.execute(insert(tables.session).values(columns_of(row)))


def session(connection: Connection, digest: str, now: int) -> SessionRow | None:
    """A session that goes on at `now`."""
    found = rows_of(connection, select(tables.session).where(_s.digest == digest), SessionRow)
    return found[0] if found and not sessions.is_over(found[0], now) else None


def going_on(connection: Connection, digests: Collection[str], now: int) -> set[str]:
    """Which of these sessions go on at `now`."""
    found: set[str] = set()
    for part in slices(digests):
        rows = rows_of(connection, select(tables.session).where(_s.digest.in_(part)), SessionRow)
        found |= {row.digest for row in rows if not sessions.is_over(row, now)}
    return found


def seen(connection: Connection, digest: str, now: int) -> None:
    """Notes when a session was used last."""
    connection.execute(update(tables.session).where(_s.digest == digest, _s.seen < now).values(seen=now))


def sign_out(connection: Connection, digest: str) -> None:
    """Ends the session of one browser."""
    connection.execute(delete(tables.session).where(_s.digest == digest))


def sign_out_everywhere(connection: Connection, person: str) -> None:
    """Ends all sessions of a person."""
    connection.execute(delete(tables.session).where(_s.person == person))


def keep_begun(connection: Connection, row: BegunRow) -> None:
    """Keeps it until it comes back; those that will not any more are cleared away."""
    connection.execute(delete(tables.begun).where(_b.made <= row.made - _begun_for()))
    newest = select(_b.made).order_by(_b.made.desc()).offset(_MOST_BEGUN - 1).limit(1)
    if (oldest := connection.execute(newest).scalar()) is not None:
        connection.execute(delete(tables.begun).where(_b.made <= oldest))
    connection.execute(insert(tables.begun).values(columns_of(row)))


def take_begun(connection: Connection, digest: str, provider: str, now: int) -> BegunRow | None:
    """Uses it up, whatever comes of it. Of two returns at once, one gets it."""
    mine = (_b.digest == digest, _b.provider == provider, _b.made > now - _begun_for())
    found = rows_of(connection, select(tables.begun).where(*mine), BegunRow)
    used = connection.execute(delete(tables.begun).where(*mine)).rowcount
    return found[0] if found and used else None


def _begun_for() -> int:
    return int(sessions.BEGUN.total_seconds() * 1000)


def count_try(connection: Connection, keys: Sequence[str], now: int) -> int:
    """Counts a try against all the keys, and returns 0; or how long (ms) there is to wait, and counts nothing.

    Of many at once each finds those before it counted. Keys that count no more are cleared away.
    """
    connection.execute(delete(tables.attempt).where(_t.at <= now - attempts.FORGOTTEN))
    for key in sorted(keys):
        connection.execute(_FIRST_TRY, {"key": key, "at": now})
    mine = select(tables.attempt).where(_t.key.in_(keys)).order_by(_t.key).with_for_update()
    found = rows_of(connection, mine, AttemptRow)
    longest = max((attempts.wait(row, now) for row in found), default=0)
    if not longest:
        counted = update(tables.attempt).where(_t.key.in_(keys))
        connection.execute(counted.values(failures=_t.failures + 1, at=now))
    return longest


def was_right(connection: Connection, account_key: str, address_key: str) -> None:
    """The try was right: the account has no failures any more, and the address one less."""
    connection.execute(delete(tables.attempt).where(_t.key == account_key))
    connection.execute(update(tables.attempt).where(_t.key == address_key).values(failures=_t.failures - 1))


def refused(connection: Connection, row: AccessRow) -> None:
    """A line of the audit trail."""
    connection.execute(insert(tables.access).values(columns_of(row)))
