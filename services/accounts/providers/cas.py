"""CAS 2 and 3 (Apereo CAS Protocol 3.0.3, sections 2.1 and 2.5): most universities in China.

`python-cas` is kept well, and asks without an end in bytes or time; what remains of it is the few lines below.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from secrets import token_urlsafe
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services import bounds
from services.accounts.providers import Begun, of_another_sign_in, provider_wrong
from services.accounts.providers.fetching import Fetcher, host_of
from services.errors import SignInError
from services.i18n import say
from services.messages import Message

_NAMES = "{http://www.yale.edu/tp/cas}"
_OF_TICKET = ("INVALID_TICKET", "INVALID_TICKET_SPEC", "INVALID_SERVICE", "INVALID_PROXY_CALLBACK")
"""Codes of a refusal that a new sign-in may mend; INVALID_SERVICE: the ticket was made for another address."""
_NOBODYS = "ST-prewarn-accounts-check"


class Cas:
    """One CAS server. `url`: in front of /login; `attribute`: which one names the person, blank: the user's name."""

    def __init__(self, url: str, attribute: str, fetcher: Fetcher) -> None:
        self._url, self._attribute, self._fetcher = url.rstrip("/"), attribute, fetcher
        self._host = host_of(url)
        # Attributes came with /p3/ of CAS 3; servers of CAS 2 have none there, and say the user's name as well here.
        self._validate = f"{self._url}/p3/serviceValidate" if attribute else f"{self._url}/serviceValidate"

    async def begin(self, callback: str, browser: str = "") -> Begun:  # noqa: ARG002 - of all redirecting providers
        """To the server's page. CAS has no state, so the address to return to carries one."""
        state = token_urlsafe(24)
        return Begun(f"{self._url}/login?{urlencode({'service': _service(callback, state)})}", {"state": state})

    async def finish(self, parameters: Mapping[str, str], kept: Mapping[str, str], callback: str) -> str:
        """The user of a ticket, or one of its attributes. A ticket counts once: the server forgets it."""
        state = kept.get("state", "-")
        if not hmac.compare_digest(parameters.get("state", "").encode(), state.encode()):
            raise of_another_sign_in()
        if not (ticket := parameters.get("ticket")):
            raise of_another_sign_in()
        found = await self._answer(ticket, _service(callback, state))
        success = found.find(f"{_NAMES}authenticationSuccess")
        if success is None:
            raise self._refusal(found)
        path = f"{_NAMES}attributes/{_NAMES}{self._attribute}" if self._attribute else f"{_NAMES}user"
        name = (success.findtext(path) or "").strip()
        if not name or bounds.of_id(name) is not None:
            raise provider_wrong(say("providers.no_claim", host=self._host, claim=self._attribute or "user"))
        return name

    async def would_work(self) -> Message:
        """Asks for a ticket that nobody has: a CAS server says that there is none."""
        found = await self._answer(_NOBODYS, "https://prewarn.invalid/")
        failure = found.find(f"{_NAMES}authenticationFailure")
        if failure is None:
            raise self._rubbish()
        return say("providers.cas_works", host=self._host, code=_code(failure))

    async def _answer(self, ticket: str, service: str) -> Element:
        answer = await self._fetcher.get(self._validate, {"service": service, "ticket": ticket})
        if not answer.good:
            raise provider_wrong(
                say("providers.status", host=self._host, path=self._validate.rpartition("/")[2], status=answer.status)
            )
        try:
            found: Element = fromstring(answer.body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
            raise self._rubbish() from None
        if found.tag != f"{_NAMES}serviceResponse":
            raise self._rubbish()
        return found

    def _refusal(self, found: Element) -> SignInError:
        failure = found.find(f"{_NAMES}authenticationFailure")
        if failure is None:
            return self._rubbish()
        code = _code(failure)
        if code in _OF_TICKET:
            return SignInError(say("providers.code_refused", host=self._host), why="refused")
        return provider_wrong(say("providers.cas_refused", host=self._host, code=code))

    def _rubbish(self) -> SignInError:
        return provider_wrong(say("providers.not_cas", host=self._host))


def _service(callback: str, state: str) -> str:
    return f"{callback}?{urlencode({'state': state})}"


def _code(failure: Element) -> str:
    return "".join(one for one in failure.get("code", "") if one.isalnum() or one in "_-")[:40]
