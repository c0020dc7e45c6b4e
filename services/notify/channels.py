"""Sending one message to one address, through Apprise; the only module that knows it.

Apprise says only whether a send worked. What the provider answered decides whether to try again, so the answer is read
where it passes: `requests` is tapped for the thread that is sending, and for mail Apprise's own log of that thread is.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import apprise
import msgspec
import requests

from services.errors import DeliveryError
from services.notify.answers import Answer, UnansweredError, judge, judge_smtp
from services.notify.routing import SINK
from services.notify.texts import Message

_LOG = logging.getLogger("apprise")
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
        _load_plugins()
        service = apprise.Apprise.instantiate(address)
        if not isinstance(service, apprise.NotifyBase):
            raise DeliveryError("the address is not one that Apprise knows", permanent=True)
        _add_extras(service, message)
        with _listening() as heard:
            taken = bool(service.notify(title=message.title, body=message.body))
        _decide(taken=taken, heard=heard)

    def _write(self, recipient: str, message: Message) -> None:
        line = {
            "at": datetime.now(UTC), "to": recipient, "title": message.title, "body": message.body,
            "key": message.key, **message.extras,
        }  # fmt: skip
        try:
            with self._sink.open("ab", buffering=0) as file:
                file.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            raise DeliveryError(f"outbox.log: {error.strerror}", permanent=False) from error


@cache
def _load_plugins() -> None:
    """Apprise reads its plugins when it makes the first service, and one of them needs a module that Python drops."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise.Apprise.instantiate("json://localhost")


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
        try:
            response = original(self, request, **options)
        except requests.RequestException as error:
            _heard.broken.append(error)
            raise
        if not response.is_redirect:
            _heard.answers.append(Answer(response.status_code, urlsplit(response.url).hostname or "", response.content))
        return response

    send.prewarn = True  # type: ignore[attr-defined]
    requests.Session.send = send  # type: ignore[method-assign]


class _Listener(logging.Handler):
    """Keeps the lines that a listening thread logs; they hold addresses, so they go no further."""

    def emit(self, record: logging.LogRecord) -> None:
        if _heard.listening:
            _heard.log.append(record.getMessage())


def _tap_log() -> None:
    if not any(isinstance(handler, _Listener) for handler in _LOG.handlers):
        _LOG.addHandler(_Listener(logging.DEBUG))
        _LOG.setLevel(logging.DEBUG)
        _LOG.propagate = False
