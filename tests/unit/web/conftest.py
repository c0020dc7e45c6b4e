"""Pages are tried over the same Notify, college and browser as notify itself."""

from tests.unit.notify.conftest import (
    browser,
    browser_of,
    channel,
    clock,
    college,
    deliveries,
    eventually,
    make,
    notify,
    one_recipient,
    rows,
    store_url,
    stranger,
)

__all__ = [
    "browser",
    "browser_of",
    "channel",
    "clock",
    "college",
    "deliveries",
    "eventually",
    "make",
    "notify",
    "one_recipient",
    "rows",
    "store_url",
    "stranger",
]
