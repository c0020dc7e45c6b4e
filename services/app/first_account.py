"""Where nobody can sign in yet: a link for the administrator, printed once at the start."""

from __future__ import annotations

import sys
from datetime import datetime

from services.accounts import sessions
from services.accounts.rows import AccountRow, LinkRow
from services.i18n import in_chinese, say
from services.messages import to_ms
from services.notify.store import accounts
from services.notify.store.engine import Store

ADMINISTRATOR = "admin"
"""Of no directory; whoever it is becomes an operator."""


def one_time_link(store: Store, person: str, public_url: str, now: datetime, *, operator: bool = False) -> str:
    """The address at which a person sets a password once, within 24 hours; makes the account if there is none."""
    token = sessions.new_token()
    with store.writing() as connection:
        before = accounts.account(connection, person)
        operates = operator or (before is not None and bool(before.operator))
        accounts.add_account(connection, AccountRow(person=person, operator=int(operates), made=to_ms(now)))
        ends = to_ms(now + sessions.LINK)
        accounts.add_link(connection, LinkRow(digest=sessions.digest_of(token), person=person, ends=ends))
    return f"{public_url}/link/{token}"


def link_for_the_first(store: Store, public_url: str, now: datetime) -> str | None:
    """A link for the administrator while nobody has an account, or only that one without a password; else None."""
    with store.reading() as connection:
        known = accounts.accounts(connection)
    if any(one.password or one.person != ADMINISTRATOR for one in known):
        return None
    return one_time_link(store, ADMINISTRATOR, public_url, now, operator=True)


def print_link_for_the_first(store: Store, public_url: str, now: datetime) -> None:
    """On stdout, and not in the log of the service."""
    if link := link_for_the_first(store, public_url, now):
        told = say("app.first_account", link=link)
        sys.stdout.write(f"{told}\n{in_chinese(told)}\n")
        sys.stdout.flush()
