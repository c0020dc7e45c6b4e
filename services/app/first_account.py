"""What a service with pages says at its start: where they are, and a link to begin with while nobody can sign in."""

from __future__ import annotations

import sys
from datetime import datetime

from services.accounts import sessions
from services.accounts.rows import AccountRow, LinkRow
from services.i18n import in_chinese, say
from services.messages import to_ms
from services.notify.store import accounts
from services.notify.store.engine import Store
from services.settings import Settings

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
    """A link for the administrator while nobody has set a password; else None."""
    with store.reading() as connection:
        known = accounts.accounts(connection)
    if any(one.password for one in known):
        return None
    return one_time_link(store, ADMINISTRATOR, public_url, now, operator=True)


def welcome(store: Store, settings: Settings, now: datetime) -> None:
    """On stdout: a link is nothing for the log of a service."""
    told = [say("app.pages_at", url=settings.public_url)]
    if settings.opens_here_alone:
        told.append(say("app.opens_here_alone", url=settings.public_url))
    if link := link_for_the_first(store, settings.public_url, now):
        told.append(say("app.first_account", link=link))
    sys.stdout.writelines(f"{one}\n{in_chinese(one)}\n" for one in told)
    sys.stdout.flush()
