"""What a person sets for themselves: an address, proved by a code that is sent there, a language, quiet hours.

A code is six digits. It exists in the message and, as an argon2id hash, in the store; so it is sent at once by the
sender's own way, and no outbox repeats it: whoever gets none asks for another one.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal, NamedTuple
from uuid import uuid4

from services import shown_again
from services.accounts import attempts, passwords
from services.errors import AddressError, DeliveryError
from services.i18n import Language, render, say
from services.messages import to_ms
from services.notify.channels.addresses import is_mail_address
from services.notify.channels.own import MAIL, Wrong, read_typed, sent_to
from services.notify.channels.responses import UnansweredError
from services.notify.config import NotifyConfig
from services.notify.disabled_channels import keys_of
from services.notify.own import quiet_of
from services.notify.ports import Ports
from services.notify.recipients import addresses_of
from services.notify.rows import OwnChannelRow, OwnChoiceRow
from services.notify.sender import Send
from services.notify.store import accounts, disabled_channels
from services.notify.store import own as store
from services.notify.store.engine import Store
from services.notify.texts import Message

CODE_ENDS = timedelta(minutes=10)
TRIES = 5
"""How often a code may be typed."""
_DIGITS = 6
_LOG = logging.getLogger(__name__)
Refusal = (
    Wrong
    | Literal[
        "not_in_directory",
        "wait",
        "not_taken",
        "try_later",
        "unanswered",
        "no_code",
        "code_over",
        "code_spent",
        "code_wrong",
        "quiet_wrong",
        "quiet_not_allowed",
        "language_wrong",
        "nothing_to_test",
    ]
)
"""Why something is refused; the pages say it as `own_…`."""


class Refused(NamedTuple):
    """A refusal, and where there is one how long (ms) to wait, or what the provider said."""

    why: Refusal
    wait: int = 0
    said: str = ""


class Mine(NamedTuple):
    """What a person has set, as the store has it."""

    proved: OwnChannelRow | None
    waiting: OwnChannelRow | None
    choice: OwnChoiceRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChannels:
    """The acts of people on what is theirs; each returns why it was refused, if it was."""

    database: Store
    config: NotifyConfig
    ports: Ports
    send: Send
    changed: Callable[[], None]
    """Called after something changed on which it depends when messages go out."""

    def of(self, person: str) -> Mine:
        """What they have set; a code that is over counts no more."""
        with self.database.reading() as connection:
            proved, waiting = (store.channel(connection, person, proved=one) for one in (True, False))
            return Mine(proved, waiting, store.choice(connection, person))

    def ask(self, person: str, kind: str, typed: str, secret: str, language: Language) -> Refused | None:
        """Keeps an address as still to be proved, and sends a code there. What is proved stays so until then."""
        if self.ports.directory().person(person) is None:
            return Refused("not_in_directory")
        kept = read_typed(kind, typed, secret, self.config.own_channels, self.config.mail)
        if "@" not in kept and "://" not in kept:
            return Refused(kept)  # type: ignore[arg-type]  # a reason: neither mail address nor URL
        if kind == MAIL and not is_mail_address(kept):
            return Refused("no_mail_address")
        address = sent_to(kind, kept, self.config.own_channels, self.config.mail)
        if wait := self._wait(person, address):
            return Refused("wait", wait)
        code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        row = OwnChannelRow(
            person=person, proved=0, kind=kind, address=kept, code=passwords.hashed(code), at=self._now()
        )
        with self.database.writing() as connection:
            store.put_channel(connection, row)
        minutes = CODE_ENDS // timedelta(minutes=1)
        title, body = say("notify.code_title"), say("notify.code_body", code=code, minutes=minutes)
        return self._sent(address, person, render(title, language), render(body, language))

    def prove(self, person: str, code: str, language: Language) -> Refused | None:
        """The code that came is typed: from now on pushes go to the address. Each try counts before it is looked at."""
        with self.database.writing() as connection:
            row = store.channel(connection, person, proved=False, held=True)
            if row is None:
                return Refused("no_code")
            if self._now() - row.at > CODE_ENDS // timedelta(milliseconds=1):
                return Refused("code_over")
            if row.tries >= TRIES:
                return Refused("code_spent")
            store.count_try(connection, row)
        if not passwords.is_right(row.code, "".join(code.split())):
            return Refused("code_wrong" if row.tries + 1 < TRIES else "code_spent")
        address = sent_to(row.kind, row.address, self.config.own_channels, self.config.mail)
        with self.database.writing() as connection:
            if not store.prove(connection, row, self._now()):
                return Refused("no_code")
            disabled_channels.resume(connection, [keys_of(address)["address"]] if address else [])
        self._tell_the_directorys(person, language)
        return None

    def remove(self, person: str, *, proved: bool) -> None:
        """Forgets the address, or the one that is still to be proved: the directory's are there again."""
        with self.database.writing() as connection:
            store.remove_channel(connection, person, proved=proved)

    def choose(self, person: str, language: str, quiet: str) -> Refused | None:
        """Language (empty: the directory's) and quiet hours (as PREWARN_QUIET is written; empty: none) of theirs."""
        if language not in ("", "zh", "en"):
            return Refused("language_wrong")
        if quiet and quiet_of(quiet, self.config.own_quiet) is None:
            return Refused("quiet_not_allowed")
        row = OwnChoiceRow(person=person, language=language, quiet=quiet, at=self._now())
        with self.database.writing() as connection:
            store.put_choice(connection, row)
        self.changed()
        return None

    def test(self, person: str, language: Language) -> Refused | None:
        """A message to where their pushes go now."""
        addresses = self.addresses(person)
        if not addresses:
            return Refused("nothing_to_test")
        if wait := self._wait(person, addresses[0]):
            return Refused("wait", wait)
        title, body = say("notify.test_title"), say("notify.test_body")
        return self._sent(addresses[0], person, render(title, language), render(body, language))

    def addresses(self, person: str) -> list[str]:
        """Where their pushes go, the best first."""
        known = self.ports.directory().person(person)
        if known is None:
            return []
        with self.database.reading() as connection:
            own = store.of(connection, person, self.config)
        return addresses_of(known, self.config.mail, own.address)

    def _now(self) -> int:
        return to_ms(self.ports.clock())

    def _wait(self, person: str, address: str) -> int:
        """How long (ms) until the next message may be asked for; 0: it is counted, and may be sent now."""
        to = sha256(address.encode()).hexdigest()[:16]
        with self.database.writing() as connection:
            keys = attempts.key("code", person), attempts.key("code_to", to)
            return accounts.count_try(connection, keys, self._now())

    def _sent(self, address: str, person: str, title: str, body: str) -> Refused | None:
        shown_again.guard()
        message = Message(title, body, str(uuid4()), {})
        try:
            self.send(address, person, message)
        except AddressError as error:
            return Refused("not_taken", said=str(error))
        except UnansweredError as error:
            return Refused("unanswered", said=str(error))
        except DeliveryError as error:
            return Refused("not_taken" if error.permanent else "try_later", said=str(error))
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything, with the address in its words
            _LOG.error("a test message failed in a way that nobody foresaw: %s", type(error).__name__)
            return Refused("unanswered")
        return None

    def _tell_the_directorys(self, person: str, language: Language) -> None:
        """To where pushes went so far: if it was somebody else who did this, the person learns of it."""
        known = self.ports.directory().person(person)
        before = addresses_of(known, self.config.mail) if known is not None else []
        if before:
            title, body = say("notify.moved_title"), say("notify.moved_body", pages=self.config.base_url)
            self._sent(before[0], person, render(title, language), render(body, language))
