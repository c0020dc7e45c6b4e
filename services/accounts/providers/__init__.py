"""Sign-in providers: systems of the college that say who somebody is.

A *redirecting* provider sends the browser to a page of its own and gets it back; a *password* provider is asked for
one name and password. Both answer with the name by which the directory knows the person; which person that is, and
what follows, is said by whoever asks. Whatever a provider answers is bounded in bytes and time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from services.errors import SignInError
from services.i18n import say
from services.messages import Message

SKEW = 120
"""Seconds by which a provider's clock may differ from ours, and those of our processes from each other."""


@dataclass(frozen=True)
class Begun:
    """A sign-in that has begun: where the browser goes, and what is kept on our side until it comes back."""

    address: str
    kept: Mapping[str, str] = field(repr=False)
    """State, nonce and PKCE verifier; never shown to the browser, and used once."""


class Provider(Protocol):
    """What signing in asks of every provider."""

    async def would_work(self) -> Message:
        """Ask the provider without signing anybody in; what was found. Raises SignInError with what is wrong."""
        ...


@runtime_checkable
class Redirecting(Provider, Protocol):
    """Sends the browser to the provider's page."""

    async def begin(self, callback: str, browser: str = "") -> Begun:
        """`callback`: our address to which the browser returns; `browser`: its User-Agent. Raises SignInError."""
        ...

    async def finish(self, parameters: Mapping[str, str], kept: Mapping[str, str], callback: str) -> str:
        """The name by which the directory knows the person. `parameters`: of the return's address.

        Raises SignInError if it was cancelled, is not the sign-in that was begun, or the provider's answer is wrong.
        """
        ...


@runtime_checkable
class Password(Provider, Protocol):
    """Is asked for a name and a password."""

    async def check(self, name: str, password: str) -> str | None:
        """The name by which the directory knows the person; None if name or password is wrong. Raises SignInError."""
        ...


Providers = Mapping[str, Redirecting | Password]
"""By the name that stands in the address of their sign-in."""
NONE: Providers = MappingProxyType({})


def provider_wrong(what: Message) -> SignInError:
    """What only the operator, or the people of the provider, can mend."""
    return SignInError(what, why="provider")


def of_another_sign_in() -> SignInError:
    """A return that this browser has not begun, or that comes a second time."""
    return SignInError(say("providers.of_another_sign_in"), why="refused")


def cancelled() -> SignInError:
    """The person did not go on at the provider."""
    return SignInError(say("providers.cancelled"), why="cancelled")
