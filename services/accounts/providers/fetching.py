"""One HTTPS call to a provider: so many bytes, so many seconds, no redirect, and nothing of it is believed yet."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from services.accounts.providers import provider_wrong
from services.i18n import say
from services.messages import UNREADABLE, Json, Message

SECONDS = 10.0
"""Until a provider must have answered whole, name look-up and TLS included."""
MOST = 256 << 10
"""Bytes of an answer: the largest documents of large providers have about 20 KB."""


def is_loopback(host: str | None) -> bool:
    """Whether a name or an address means this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_secure(url: str) -> bool:
    """Whether an address is of https, or of this machine."""
    try:
        found = urlsplit(url)
        port_is_one = found.port is None or found.port > 0
    except ValueError:
        return False
    if not found.hostname or not port_is_one or found.username is not None:
        return False
    return found.scheme == "https" or (found.scheme == "http" and is_loopback(found.hostname))


def host_of(url: str) -> str:
    """The host of an address, for sentences."""
    return urlsplit(url).netloc or url


@dataclass(frozen=True)
class Answer:
    """What a provider has answered to a request."""

    host: str
    status: int
    body: bytes
    date: datetime | None
    """The other side's clock, where it says one."""

    @property
    def good(self) -> bool:
        """Whether the status says so."""
        return self.status == HTTPStatus.OK

    def json(self) -> Json:
        """The object that it is. Raises SignInError if it is none."""
        try:
            found = msgspec.json.decode(self.body)
        except UNREADABLE:
            found = None
        if not isinstance(found, dict):
            raise provider_wrong(say("providers.not_json", host=self.host, status=self.status))
        return found


class Fetcher:
    """Calls providers. `ca`: a file of certificates (PEM) that are believed besides those of the machine."""

    def __init__(self, ca: Path | None = None, *, seconds: float = SECONDS, most: int = MOST) -> None:
        self._ca, self._seconds, self._most = ca, seconds, most

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Who is believed. Raises OSError if the file of certificates holds none."""
        context = ssl.create_default_context()
        if self._ca is not None:
            context.load_verify_locations(self._ca)
        return context

    async def get(self, url: str, parameters: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """GET. `parameters` join the address's own. Raises SignInError."""
        return await self._ask("GET", url, params=parameters, headers=headers)

    async def post_form(self, url: str, form: Mapping[str, str], **headers: str) -> Answer:
        """POST of a form. Raises SignInError."""
        return await self._ask("POST", url, data=form, headers=headers)

    async def post_json(self, url: str, value: Mapping[str, str], **parameters: str) -> Answer:
        """POST of a JSON object. Raises SignInError."""
        return await self._ask("POST", url, json=value, params=parameters)

    async def _ask(self, method: str, url: str, **more: Any) -> Answer:
        import aiohttp  # noqa: PLC0415 - where nobody signs in by a provider, no start waits for it

        host = host_of(url)
        if not is_secure(url):
            raise provider_wrong(say("providers.insecure", address=url[:200]))
        # Unpacking could make gigabytes of a few bytes, so nothing packed is asked for, and nothing is unpacked.
        more["headers"] = {"Accept-Encoding": "identity", **(more.get("headers") or {})}
        session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._seconds),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=True,
        )
        try:
            async with session, session.request(method, url, ssl=self.tls, allow_redirects=False, **more) as got:
                body = bytearray()
                async for chunk in got.content.iter_any():
                    body += chunk
                    if len(body) > self._most:
                        raise provider_wrong(say("providers.too_large", host=host, most=self._most >> 10))
                return Answer(host, got.status, bytes(body), _date(got.headers.get("Date")))
        except TimeoutError:
            raise provider_wrong(say("providers.no_answer", host=host, seconds=f"{self._seconds:g}")) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise provider_wrong(say("providers.unreachable", host=host, error=_cause(error))) from None


def _cause(error: Exception) -> Message | str:
    """In words where it is a common one; the error's own text may hold the whole address, and with it a secret."""
    cause = error.__cause__ or error
    if isinstance(cause, socket.gaierror):
        return say("providers.name_unknown")
    if isinstance(cause, ConnectionRefusedError):
        return say("providers.nobody_answers")
    return type(cause).__name__


def _date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
