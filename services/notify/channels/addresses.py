"""Whether an address could be one, without sending anything: Apprise reads it, and what it makes of it is compared."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from services.directory import Person
from services.errors import AddressError
from services.messages import Text
from services.notify.channels.endpoints import split_endpoint
from services.notify.recipients import SINK

NOTHING = Text("既无渠道也无邮箱", "has neither channel nor e-mail")
BAD_CHANNEL = Text("渠道地址无效", "the channel is no address that Apprise knows")
BAD_EMAIL = Text("邮箱地址无法投递", "the e-mail address is none that mail can be sent to")
NO_SERVER = Text("只有邮箱，而未设置邮件服务器 PREWARN_MAIL", "has only an e-mail address, and PREWARN_MAIL is not set")


def doubt(person: Person, *, mail: bool) -> Text | None:
    """Why the person cannot be reached as the directory says; `mail`: the college has named its mail server."""
    if person.channel and not is_channel(person.channel):
        return BAD_CHANNEL
    if person.email and not is_mail_address(person.email):
        return BAD_EMAIL
    if person.channel:
        return None
    if not person.email:
        return NOTHING
    return None if mail else NO_SERVER


def is_channel(address: str) -> bool:
    """Whether messages can be handed to it: the sink, or what Apprise makes a service of."""
    if address.startswith(SINK):
        return True
    try:
        known, _ = split_endpoint(address)
    except AddressError:
        return False
    return _service(known) is not None


@lru_cache(maxsize=4096)
def is_mail_address(email: str) -> bool:
    """Whether Apprise would send to just this address: of some that are none it takes a part and mails to that."""
    service = _service(f"mailto://127.0.0.1?from=prewarn@localhost.localdomain&to={quote(email, safe='')}")
    targets = [target.casefold() for _, target in getattr(service, "targets", [])]
    return targets == [email.casefold()]


def _service(address: str) -> Any:
    import apprise  # noqa: PLC0415 - a tenth of a second that commands without an address are spared

    from services.notify.channels.plugins import load_plugins  # noqa: PLC0415 - as above

    load_plugins()
    with _quiet():
        try:
            return apprise.Apprise.instantiate(address)
        except Exception:  # noqa: BLE001 - a plugin may raise anything over an address that is none
            return None


@contextmanager
def _quiet() -> Iterator[None]:
    """What Apprise logs of an address that it does not like holds its secrets."""
    log = logging.getLogger("apprise")
    log.addFilter(_nothing)
    try:
        yield
    finally:
        log.removeFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False
