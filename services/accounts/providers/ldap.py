"""LDAP 3 (RFC 4511): the entry of a name is looked for, and bound to with the password. By python-ldap.

Everything happens in a process of its own (`ldap_child`), which ends after so many seconds and bytes whatever the
server does.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from services import bounds
from services.accounts.providers import provider_wrong
from services.accounts.providers.fetching import host_of, is_loopback
from services.errors import SettingError
from services.i18n import say
from services.messages import UNREADABLE, Json, Message

_SECONDS = 10
_LONGEST_PASSWORD = 1024
_AT_ONCE = 8
"""Processes; more sign-ins wait."""
_QUEUE = 3
"""For how many times as long as an answer may take, that included."""
_CHILD = str(Path(__file__).with_name("ldap_child.py"))
_MOST = 64 << 10
"""Bytes of what the process says."""
_NOBODY = "prewarn-accounts-check"


@dataclass(frozen=True)
class Server:
    """Where people are, and by what they are found."""

    url: str
    """`ldaps://host`, or `ldap://host`, which is encrypted by StartTLS unless it is this machine."""
    base: str
    bind: str = ""
    """The DN that looks for entries, blank: nobody in particular; with `{name}`: as whom the person binds at once."""
    bind_password: str = field(default="", repr=False)
    filter: str = "(uid={name})"
    attribute: str = "uid"
    """Which one the directory knows the person by."""


class Ldap:
    """One server. Raises SettingError if python-ldap is not installed. `ca`: certificates (PEM) that are believed."""

    def __init__(self, server: Server, ca: Path | None = None, seconds: int = _SECONDS) -> None:
        if find_spec("ldap") is None:
            raise SettingError(say("providers.no_python_ldap"))
        self._server, self._ca, self._seconds = server, ca, seconds
        self._host = host_of(server.url)
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def check(self, name: str, password: str) -> str | None:
        """The attribute of the person's entry; None if name or password is wrong. Raises SignInError."""
        unfit = bounds.of_id(name) is not None or "\0" in password or len(password) > _LONGEST_PASSWORD
        if not name.strip() or not password or unfit:
            return None  # an empty password is an anonymous bind, which succeeds (RFC 4513, 5.1.2)
        answer = await self._ask(name, password)
        if answer.get("refused"):
            return None
        found = answer.get("name")
        if not isinstance(found, str) or not found or bounds.of_id(found) is not None:
            raise provider_wrong(self._no_attribute())
        return found

    async def would_work(self) -> Message:
        """Looks for somebody whom no directory has."""
        answer = await self._ask(_NOBODY, _NOBODY)
        if not answer.get("refused"):
            raise provider_wrong(say("providers.ldap_anybody", host=self._host))
        return say("providers.ldap_works", host=self._host, base=self._server.base)

    async def _ask(self, name: str, password: str) -> Json:
        server = self._server
        found = urlsplit(server.url)
        request = {
            "url": server.url,
            "base": server.base,
            "bind": server.bind,
            "bind_password": server.bind_password,
            "filter": server.filter,
            "attribute": server.attribute,
            "name": name,
            "password": password,
            "ca": str(self._ca or ""),
            "seconds": self._seconds,
            "start_tls": found.scheme == "ldap" and not is_loopback(found.hostname),
        }
        try:
            async with asyncio.timeout(_QUEUE * self._seconds), self._places, asyncio.timeout(self._seconds):
                said = await self._child(msgspec.json.encode(request))
        except TimeoutError:
            raise provider_wrong(say("providers.no_answer", host=self._host, seconds=self._seconds)) from None
        try:
            answer = msgspec.json.decode(said)
        except UNREADABLE:
            answer = None
        if not isinstance(answer, dict):  # it ran out of memory, or was ended
            raise provider_wrong(say("providers.ldap_unreadable", host=self._host))
        if "wrong" in answer:
            raise provider_wrong(self._sentence(*answer["wrong"]))
        return answer

    async def _child(self, request: bytes) -> bytes:
        # -I: nothing of this folder is imported, where `ldap` is another one.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", _CHILD, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        assert process.stdin is not None
        assert process.stdout is not None
        said = bytearray()
        try:
            process.stdin.write(request)
            process.stdin.close()
            while more := await process.stdout.read(_MOST):
                said += more
                if len(said) > _MOST:
                    break
            else:
                await process.wait()  # it has said all that it has to say
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return bytes(said)

    def _no_attribute(self) -> Message:
        return say("providers.no_claim", host=self._host, claim=self._server.attribute)

    def _sentence(self, what: str, more: str) -> Message:
        match what:
            case "ldap_bind_refused":
                return say("providers.ldap_bind_refused", host=self._host, bind=more)
            case "ldap_several":
                return say("providers.ldap_several", host=self._host, filter=self._server.filter)
            case "ldap_no_base":
                return say("providers.ldap_no_base", host=self._host, base=more)
            case "ldap_error":
                return say("providers.ldap_error", host=self._host, error=more)
            case _:
                return self._no_attribute()
