"""Sending one message to one address, through Apprise, which only the modules of channels/ know.

Apprise says only whether a send worked. What the provider answered decides whether to try again, so the answer is read
where it passes: `requests` is tapped for the thread that is sending, and for mail Apprise's own log of that thread is.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apprise
import msgspec
import requests

from services.clock import wall_clock
from services.errors import AddressError, DeliveryError
from services.notify.channels import mail
from services.notify.channels.endpoints import attributes, split_endpoint
from services.notify.channels.plugins import load_plugins
from services.notify.channels.responses import PROVIDERS, SHOWN, Answer, UnansweredError, judge, judge_smtp
from services.notify.channels.secrets import redact
from services.notify.channels.sms import check_number
from services.notify.recipients import SINK
from services.notify.texts import Message

_LOG = logging.getLogger("apprise")
_OWN_LOG = logging.getLogger(__name__)
_FROM_LOG = ("Socket Exception: ", "SMTP recipient ")


class Channels:
    """Sends to Apprise URLs, and to `sink://`: the file `outbox.log` in `home`."""

    def __init__(self, home: Path) -> None:
        self._sink = home / "outbox.log"
        _tap_requests()
        _tap_log()

    def send(self, address: str, recipient: str, message: Message) -> None:
        """Returns once the provider's answer was parsed as accepted.

        Raises DeliveryError (`permanent`: the address or its token is wrong) if the message was certainly not taken,
        UnansweredError if it may have arrived.
        """
        if address.startswith(SINK):
            self._write(recipient, message)
            return
        try:
            _send(address, message)
        except UnansweredError as error:
            raise UnansweredError(redact(str(error), address)[:SHOWN], timed_out=error.timed_out) from None
        except AddressError as error:
            raise AddressError(redact(str(error), address)[:SHOWN]) from None
        except DeliveryError as error:
            said = redact(str(error), address)[:SHOWN]
            raise DeliveryError(said, permanent=error.permanent, refused=error.refused) from None
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything, with the address in its words
            where = "".join(traceback.format_tb(error.__traceback__))
            _OWN_LOG.error("a channel failed in a way that nobody foresaw: %s\n%s", type(error).__name__, where)
            raise UnansweredError(f"{type(error).__name__} in the channel", timed_out=False) from None

    def _write(self, recipient: str, message: Message) -> None:
        line = {
            "at": wall_clock(),
            "to": recipient,
            "title": message.title,
            "body": message.body,
            "key": message.key,
            **message.extras,
        }
        try:
            with self._sink.open("ab", buffering=0) as file:
                file.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            raise DeliveryError(f"outbox.log: {error.strerror}", permanent=False) from error


def _send(address: str, message: Message) -> None:
    """Its errors may hold the address's secrets."""
    load_plugins()
    check_number(address)
    known, endpoint = split_endpoint(address)
    with _listening() as heard:
        service: Any = apprise.Apprise.instantiate(known)
        if not isinstance(service, apprise.NotifyBase):
            raise AddressError("the address is not one that Apprise knows")
        scheme = _scheme(service)
        heard.scheme = scheme
        if endpoint is not None:
            for name, value in attributes(scheme, endpoint, service).items():
                setattr(service, name, value)
        service.request_rate_per_sec = 0  # each message has its own plugin: it would wait for itself (Lark: 5.5 s)
        _add_extras(service, message)
        # With the format said, Apprise escapes what its channel would take for markup.
        body, written = message.body, apprise.NotifyFormat.TEXT
        if scheme in mail.SCHEMES:
            body, written = mail.as_html(message), apprise.NotifyFormat.HTML
        taken = bool(service.notify(title=message.title, body=body, body_format=written))
    _decide(taken=taken, heard=heard)


def _scheme(service: Any) -> str:
    """The plugin's own: a provider's https address that Apprise recognises is that provider's channel, too."""
    names: set[str] = set()
    for found in (service.protocol, service.secure_protocol):
        names |= {found} if isinstance(found, str) else set(found or ())
    return next((name for name in sorted(names) if name in PROVIDERS), service.schema)


def _add_extras(service: Any, message: Message) -> None:
    if hasattr(service, "headers"):  # json, form, xml and mail
        service.headers["Idempotency-Key"] = message.key
    if hasattr(service, "payload_extras"):  # json, form, xml
        service.payload_extras.update({"key": message.key, **message.extras})


class _Heard(threading.local):
    """What passed while this thread was sending; `listening` is false in all other threads."""

    listening = False

    def reset(self) -> None:
        self.answers: list[Answer] = []
        self.broken: list[Exception] = []
        self.log: list[str] = []
        self.scheme = ""


_heard = _Heard()


@contextmanager
def _listening() -> Iterator[_Heard]:
    _heard.reset()
    _heard.listening = True
    try:
        yield _heard
    finally:
        _heard.listening = False


def _decide(*, taken: bool, heard: _Heard) -> None:
    for answer in heard.answers:
        judge(answer)
    if heard.broken:
        _judge_broken(heard.broken[-1])
    if taken:
        return
    said = " ".join(line for line in heard.log if line.startswith(_FROM_LOG))
    if "timed out" in said:
        raise UnansweredError("no answer in time", timed_out=True)
    if "unexpectedly closed" in said or "reset by peer" in said:
        raise UnansweredError("the connection broke before an answer came", timed_out=False)
    judge_smtp(said)


def _judge_broken(error: Exception) -> None:
    if isinstance(error, requests.ConnectTimeout):
        raise DeliveryError("nobody answers at this address", permanent=False)
    if isinstance(error, requests.Timeout):
        raise UnansweredError("no answer in time", timed_out=True)
    if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
        raise DeliveryError("no connection to this address", permanent=False)
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        raise UnansweredError("the connection broke before an answer came", timed_out=False)
    permanent = isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema)
    raise DeliveryError(f"the request failed ({type(error).__name__})", permanent=permanent)


def _tap_requests() -> None:
    """Lets requests tell a listening thread of each answer; Apprise makes its sessions itself, out of reach."""
    original = requests.Session.send
    if getattr(original, "prewarn", False):
        return

    def send(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if not _heard.listening:
            return original(self, request, **options)
        options["allow_redirects"] = False  # whatever the URL says: the token would go along
        try:
            response = original(self, request, **options)
        except requests.RequestException as error:
            _heard.broken.append(error)
            raise
        _heard.answers.append(Answer(response.status_code, _heard.scheme, response.content))
        return response

    send.prewarn = True  # type: ignore[attr-defined]
    requests.Session.send = send  # type: ignore[method-assign]


def _keep(record: logging.LogRecord) -> bool:
    """Keeps the lines that a listening thread logs; they hold addresses, so no handler gets any of them."""
    if _heard.listening:
        _heard.log.append(record.getMessage())
    return False


def _tap_log() -> None:
    if _keep not in _LOG.filters:
        _LOG.addFilter(_keep)
        _LOG.setLevel(logging.DEBUG)
        for name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
            logging.getLogger(name).addFilter(_not_listening)


def _not_listening(_record: logging.LogRecord) -> bool:
    """What urllib3 logs while we send names the path, in which the token stands."""
    return not _heard.listening
