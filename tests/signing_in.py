"""Signed in without a password: the row of a session is put into the store, as a sign-in would."""

from datetime import datetime

from services.accounts import sessions
from services.accounts.rows import SessionRow
from services.messages import to_ms
from services.notify.store import accounts
from services.notify.store.engine import Store
from services.web.visitor import SESSION


def begin_session(store: Store, person: str, at: datetime, provider: str = "local") -> str:
    """The token of a session that begins at `at`."""
    token, now = sessions.new_token(), to_ms(at)
    row = SessionRow(digest=sessions.digest_of(token), person=person, provider=provider, made=now, seen=now)
    with store.writing() as connection:
        accounts.sign_in(connection, row)
    return token


def cookie_of(store_url: str, person: str, at: datetime) -> str:
    """What a browser sends that is signed in to the service whose store this is."""
    store = Store(store_url)
    try:
        return f"{SESSION}={begin_session(store, person, at)}"
    finally:
        store.close()
