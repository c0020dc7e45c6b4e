"""All that is held of one person, gathered to be handed out to them."""

from __future__ import annotations

from contextlib import closing

from services.directory import Directory
from services.directory.renaming import rows_of
from services.errors import ConfigurationError
from services.i18n import say
from services.log import held
from services.messages import Json
from services.notify.store import erasure as store_erasure
from services.notify.store.engine import Store
from services.operate.persons.naming import names_of
from services.settings import Settings

Held = dict[str, list[Json]]
"""Part → its rows, in the order in which a person reads them."""
_STORE = {
    "warning": "warnings",
    "warning_change": "changes",
    "act": "acts",
    "delivery": "messages",
    "decision": "not_told",
    "recipient": "shown_to",
    "escalation": "steps",
    "silence": "silences",
    "feedback": "waiting",
    "account": "account",
    "session": "sessions",
    "one_time_link": "links",
    "stopped": "disabled_channels",
    "contact": "contacts",
    "check_in": "check_ins",
    "check_in_window": "check_in_windows",
    "own_channel": "own_channels",
    "own_choice": "own_choices",
    "undo": "undoable",
    "referral": "referrals",
    "talk": "talks",
    "appeal": "appeals",
    "appeal_slip": "slips",
    "access": "audit",
}
PARTS = ("directory", "records", "events", "rejected", *_STORE.values())
"""In the order of the page."""


def everything(settings: Settings, directory: Directory, id_: str) -> Held:
    """By part; secrets are not among it. Raises ConfigurationError if nothing is held; LogError."""
    found: Held = {}
    rows = rows_of(directory.tables, id_)
    found["directory"] = [{"table": name, **_open(row)} for name, ones in rows.items() for row in ones]
    renaming = names_of(directory, settings, id_, "").renaming
    if settings.brokers:
        from services.log.postgres_records import address_of  # noqa: PLC0415 - psycopg costs one process time

        found |= held.of_shared(address_of(settings.records_url), settings.topic_prefix, id_)
    elif (journal := settings.home / "prewarn.db").is_file():
        found |= held.of_journal(journal, id_, renaming)
    if settings.has_store:
        with closing(Store(settings.store_url)) as database, database.reading() as connection:
            found |= {_STORE[name]: ones for name, ones in store_erasure.held(connection, id_).items()}
    found = {part: found[part] for part in PARTS if found.get(part)}
    if not found:
        raise ConfigurationError(say("operate.nothing_held", id=id_))
    return found


def _open(row: Json) -> Json:
    """Without the address of a channel, which holds the secrets of whoever runs it."""
    return {name: "…" if name == "channel" else cell for name, cell in row.items()}
