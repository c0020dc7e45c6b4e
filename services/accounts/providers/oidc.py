"""OpenID Connect: authorization code flow with PKCE (OpenID Connect Core 1.0; RFC 7636; RFC 9207)."""

from __future__ import annotations

import hmac
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from secrets import token_urlsafe
from urllib.parse import quote, urlencode

from joserfc import jws, jwt
from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from services import bounds
from services.accounts.providers import SKEW, Begun, cancelled, of_another_sign_in, provider_wrong
from services.accounts.providers.fetching import Answer, Fetcher, host_of, is_secure
from services.clock import wall_clock
from services.errors import SignInError
from services.i18n import say
from services.messages import Json, Message

_METADATA = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_SIGNED = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
"""Signatures that only the provider can make; none, and those by our own secret, are not among them."""
_FRESH = 3600.0
"""Seconds for which what the provider says of itself is kept."""


@dataclass(frozen=True)
class Client:
    """How the provider knows us, and how the directory knows its people."""

    issuer: str
    id: str
    secret: str | None = field(default=None, repr=False)
    """None: a public client, which PKCE alone protects."""
    claim: str = "sub"
    scope: str = "openid profile"


class Oidc:
    """One provider. `clock`: the present instant, UTC."""

    def __init__(self, client: Client, fetcher: Fetcher, clock: Callable[[], datetime] = wall_clock) -> None:
        self._client, self._fetcher, self._clock = client, fetcher, clock
        self._host = host_of(client.issuer)
        self._metadata: tuple[float, Json] | None = None
        self._keys: KeySet | None = None

    async def begin(self, callback: str, browser: str = "") -> Begun:  # noqa: ARG002 - of all redirecting providers
        """Where the browser is sent to sign in, and what is kept until it comes back."""
        metadata = await self._known()
        state, nonce, verifier = token_urlsafe(24), token_urlsafe(24), token_urlsafe(48)
        asked = {
            "response_type": "code",
            "client_id": self._client.id,
            "redirect_uri": callback,
            "scope": self._client.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        page = metadata["authorization_endpoint"]
        address = f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}"
        return Begun(address, {"state": state, "nonce": nonce, "verifier": verifier})

    async def finish(self, parameters: Mapping[str, str], kept: Mapping[str, str], callback: str) -> str:
        """The claim that names the person, of the id token or of what the provider says of its users."""
        if not hmac.compare_digest(parameters.get("state", "").encode(), kept.get("state", "-").encode()):
            raise of_another_sign_in()
        if parameters.get("iss", self._client.issuer) != self._client.issuer:
            raise of_another_sign_in()  # RFC 9207: another provider's code was slipped in
        if error := parameters.get("error"):
            if error == "access_denied":
                raise cancelled()
            raise provider_wrong(say("providers.oidc_error", host=self._host, error=_short(error)))
        if not (code := parameters.get("code")):
            raise of_another_sign_in()
        metadata = await self._known()
        tokens = await self._exchange(metadata, code, kept, callback)
        claims = await self._verified(metadata, str(tokens.get("id_token", "")), kept.get("nonce", "-"))
        if claims.get(self._client.claim) is None and "userinfo_endpoint" in metadata:
            claims |= await self._userinfo(metadata, str(tokens.get("access_token", "")), claims["sub"])
        name = claims.get(self._client.claim)
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(name)  # numbers of staff are written so by some
        if not isinstance(name, str) or not name or bounds.of_id(name) is not None:
            raise provider_wrong(say("providers.no_claim", host=self._host, claim=self._client.claim))
        return name

    async def would_work(self) -> Message:
        """Asks for the provider's metadata and keys."""
        metadata = await self._known()
        await self._load_keys(metadata)
        methods = metadata.get("code_challenge_methods_supported", ["S256"])
        if not isinstance(methods, list) or "S256" not in methods:
            raise provider_wrong(say("providers.no_pkce", host=self._host))
        known = metadata.get("claims_supported")
        if isinstance(known, list) and self._client.claim not in known:
            return say("providers.oidc_works_unsure", host=self._host, claim=self._client.claim)
        return say("providers.oidc_works", host=self._host, claim=self._client.claim)

    async def _known(self) -> Json:
        if self._metadata is not None and time.monotonic() - self._metadata[0] < _FRESH:
            return self._metadata[1]
        answer = await self._fetcher.get(self._client.issuer.rstrip("/") + _METADATA)
        if not answer.good:
            raise provider_wrong(say("providers.status", host=answer.host, path=_METADATA, status=answer.status))
        found = answer.json()
        if (said := found.get("issuer")) != self._client.issuer:
            raise provider_wrong(say("providers.other_issuer", expected=self._client.issuer, said=_short(said)))
        for name in (*_ENDPOINTS, *({"userinfo_endpoint"} & found.keys())):
            if not isinstance(found.get(name), str) or not is_secure(found[name]):
                raise provider_wrong(say("providers.no_endpoint", host=self._host, name=name))
        self._metadata = time.monotonic(), found
        return found

    async def _exchange(self, metadata: Json, code: str, kept: Mapping[str, str], callback: str) -> Json:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}
        form["code_verifier"] = kept.get("verifier", "")
        headers = {"Accept": "application/json"}
        ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self._client.secret is None:
            form["client_id"] = self._client.id
        elif "client_secret_basic" in ways:
            pair = f"{quote(self._client.id, safe='')}:{quote(self._client.secret, safe='')}"  # RFC 6749, 2.3.1
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self._client.id, "client_secret": self._client.secret}
        answer = await self._fetcher.post_form(metadata["token_endpoint"], form, **headers)
        if answer.good:
            return answer.json()
        raise self._no_tokens(answer)

    def _no_tokens(self, answer: Answer) -> SignInError:
        error = answer.json().get("error")
        if error == "invalid_grant":
            return SignInError(say("providers.code_refused", host=self._host), why="refused")
        if error in ("invalid_client", "unauthorized_client") or answer.status == HTTPStatus.UNAUTHORIZED:
            return provider_wrong(say("providers.client_refused", host=self._host))
        return provider_wrong(say("providers.oidc_error", host=self._host, error=_short(error)))

    async def _verified(self, metadata: Json, token: str, nonce: str) -> Json:
        """The claims of an id token. Raises SignInError unless it is from this issuer, for us, now, and signed."""
        for fresh in (False, True):
            keys = await self._load_keys(metadata) if fresh or self._keys is None else self._keys
            try:
                registry = jws.JWSRegistry(algorithms=_SIGNED)
                claims = dict(jwt.decode(token, keys, algorithms=_SIGNED, registry=registry).claims)
                break
            except InvalidKeyIdError:  # the provider has new keys; they are fetched once
                if fresh:
                    raise provider_wrong(say("providers.wrong_signature", host=self._host)) from None
            except (JoseError, ValueError, TypeError, RecursionError):
                raise provider_wrong(say("providers.wrong_signature", host=self._host)) from None
        now = int(self._clock().timestamp())
        issued = claims.get("iat")
        if isinstance(issued, (int, float)) and not abs(now - issued) <= SKEW:
            minutes = min(abs(now - issued) // 60, 1_000_000) if issued == issued else 0  # noqa: PLR0124 - NaN
            raise provider_wrong(say("providers.clock", host=self._host, minutes=f"{minutes:.0f}"))
        wanted: jwt.ClaimsOption = {"essential": True}
        claims_registry = jwt.JWTClaimsRegistry(
            now=now,
            leeway=SKEW,
            iss={"essential": True, "value": self._client.issuer},
            aud={"essential": True, "value": self._client.id},
            nonce={"essential": True, "value": nonce},
            sub=wanted,
            exp=wanted,
            iat=wanted,
        )
        try:
            claims_registry.validate(claims)
        except ClaimError as error:
            if error.claim == "nonce":
                raise of_another_sign_in() from None
            raise provider_wrong(say("providers.wrong_claim", host=self._host, claim=error.claim)) from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client.id) != self._client.id:
            raise provider_wrong(say("providers.wrong_claim", host=self._host, claim="azp"))
        return claims

    async def _load_keys(self, metadata: Json) -> KeySet:
        answer = await self._fetcher.get(metadata["jwks_uri"])
        if not answer.good:
            raise provider_wrong(say("providers.no_keys", host=self._host))
        try:
            self._keys = KeySet.import_key_set(answer.json())  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise provider_wrong(say("providers.no_keys", host=self._host)) from None
        return self._keys

    async def _userinfo(self, metadata: Json, token: str, subject: str) -> Json:
        answer = await self._fetcher.get(metadata["userinfo_endpoint"], None, Authorization=f"Bearer {token}")
        if not answer.good:
            raise provider_wrong(say("providers.status", host=self._host, path="userinfo", status=answer.status))
        found = answer.json()
        if found.get("sub") != subject:
            raise provider_wrong(say("providers.wrong_claim", host=self._host, claim="sub"))
        return found


def _short(text: object) -> str:
    """What a provider said, for a sentence."""
    return "".join(one if one.isprintable() else "?" for one in str(text))[:80]
