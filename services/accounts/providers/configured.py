"""The providers that the settings name; every setting of theirs that is wrong is told at once, and no secret is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from services.accounts.providers import Password, Providers, Redirecting, dingtalk, wecom
from services.accounts.providers.cas import Cas
from services.accounts.providers.dingtalk import Dingtalk
from services.accounts.providers.fetching import Fetcher, is_secure
from services.accounts.providers.ldap import Ldap, Server
from services.accounts.providers.wecom import Wecom
from services.errors import SettingError
from services.i18n import say
from services.messages import Message
from services.provider_settings import ProviderSettings

if TYPE_CHECKING:
    from services.accounts.providers.oidc import Oidc

_LONGEST_SECRET = 4096
"""Bytes of a file."""
_BASE_EXAMPLE = "ou=people,dc=college,dc=example"


def providers(settings: ProviderSettings) -> Providers:
    """Raises SettingError with all that is wrong."""
    reading = _Reading(settings)
    fetcher = Fetcher(reading.certificates())
    found: dict[str, Redirecting | Password | None] = {
        "oidc": reading.oidc(fetcher),
        "cas": reading.cas(fetcher),
        "ldap": reading.ldap(),
        "wecom": reading.wecom(fetcher),
        "dingtalk": reading.dingtalk(fetcher),
    }
    if reading.wrong:
        raise SettingError(*reading.wrong)
    return {name: one for name, one in found.items() if one is not None}


class _Reading:
    """Reads one provider after the other, and collects what is wrong."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self.wrong: list[Message] = []

    def certificates(self) -> Path | None:
        file = self._settings.sign_in_ca
        if file is not None:
            try:
                Fetcher(file).tls  # noqa: B018 - it reads the file
            except OSError as error:  # ssl.SSLError is one
                self._refuse("PREWARN_SIGN_IN_CA", say("providers.no_certificates", file=file, error=_cause(error)))
                return None
        return file

    def oidc(self, fetcher: Fetcher) -> Oidc | None:
        one = self._settings
        secret = self._secret("oidc_client_secret")
        if not self._wanted("oidc_issuer", "oidc_client_id", more=("oidc_client_secret",)):
            return None
        self._address("oidc_issuer", "https://id.college.example")
        if "openid" not in one.oidc_scope.split():
            self._refuse("PREWARN_OIDC_SCOPE", say("providers.scope_expected"))
        if not one.oidc_claim:
            self._refuse("PREWARN_OIDC_CLAIM", say("providers.blank"))
        from services.accounts.providers.oidc import Client, Oidc  # noqa: PLC0415 - only OpenID needs its cryptography

        return Oidc(Client(one.oidc_issuer, one.oidc_client_id, secret, one.oidc_claim, one.oidc_scope), fetcher)

    def cas(self, fetcher: Fetcher) -> Cas | None:
        one = self._settings
        if not self._wanted("cas_url", more=("cas_attribute",)):
            return None
        self._address("cas_url", "https://cas.college.example/cas")
        if one.cas_attribute and not one.cas_attribute.replace("_", "").replace("-", "").replace(".", "").isalnum():
            self._refuse("PREWARN_CAS_ATTRIBUTE", say("providers.attribute_expected"))
        return Cas(one.cas_url, one.cas_attribute, fetcher)

    def ldap(self) -> Ldap | None:
        one = self._settings
        password = self._secret("ldap_bind_password")
        if not self._wanted("ldap_url", "ldap_base", more=("ldap_bind", "ldap_bind_password")):
            return None
        if one.ldap_url and not _is_ldap(one.ldap_url):
            self._refuse("PREWARN_LDAP_URL", say("providers.address_expected", example="ldaps://ldap.college.example"))
        if one.ldap_base and "=" not in one.ldap_base:
            self._refuse("PREWARN_LDAP_BASE", say("providers.address_expected", example=_BASE_EXAMPLE))
        if "{name}" not in one.ldap_filter or not one.ldap_filter.startswith("(") or not one.ldap_filter.endswith(")"):
            self._refuse("PREWARN_LDAP_FILTER", say("providers.address_expected", example="(uid={name})"))
        if not one.ldap_attribute:
            self._refuse("PREWARN_LDAP_ATTRIBUTE", say("providers.blank"))
        if one.ldap_bind and "{name}" not in one.ldap_bind and not password:
            self._refuse("PREWARN_LDAP_BIND_PASSWORD", say("providers.blank"))
        if self.wrong:
            return None
        server = Server(one.ldap_url, one.ldap_base, one.ldap_bind, password or "", one.ldap_filter, one.ldap_attribute)
        return Ldap(server, one.sign_in_ca)

    def wecom(self, fetcher: Fetcher) -> Wecom | None:
        one = self._settings
        secret = self._secret("wecom_secret")
        if not self._wanted("wecom_corp_id", "wecom_agent", "wecom_secret"):
            return None
        return Wecom(wecom.Application(one.wecom_corp_id, one.wecom_agent, secret or ""), fetcher)

    def dingtalk(self, fetcher: Fetcher) -> Dingtalk | None:
        secret = self._secret("dingtalk_app_secret")
        if not self._wanted("dingtalk_app_key", "dingtalk_app_secret"):
            return None
        return Dingtalk(dingtalk.Application(self._settings.dingtalk_app_key, secret or ""), fetcher)

    def _wanted(self, *needed: str, more: tuple[str, ...] = ()) -> bool:
        """Whether any of a provider's settings is there; then those that it needs and lacks are wrong."""
        there = ", ".join(_variable(name) for name in (*needed, *more) if self._given(name))
        for name in needed if there else ():
            if not self._given(name):
                self._refuse(_variable(name), say("providers.missing", others=there))
        return bool(there)

    def _given(self, name: str) -> bool:
        return bool(getattr(self._settings, name) or getattr(self._settings, f"{name}_file", None))

    def _address(self, name: str, example: str) -> None:
        url = getattr(self._settings, name)
        if url and (not is_secure(url) or urlsplit(url).query or urlsplit(url).fragment):
            self._refuse(_variable(name), say("providers.address_expected", example=example))

    def _secret(self, name: str) -> str | None:
        value: SecretStr | None = getattr(self._settings, name)
        file: Path | None = getattr(self._settings, f"{name}_file")
        if value is not None and file is not None:
            self._refuse(_variable(name), say("providers.secret_twice", file=_variable(f"{name}_file")))
        if file is None:
            return value.get_secret_value() if value else None
        try:
            with file.open("rb") as opened:
                text = opened.read(_LONGEST_SECRET + 1).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self._refuse(_variable(f"{name}_file"), say("providers.no_secret_file", file=file, error=_cause(error)))
            return None
        if not text or "\n" in text or len(text) > _LONGEST_SECRET:
            self._refuse(_variable(f"{name}_file"), say("providers.secret_file_expected", file=file))
            return None
        return text

    def _refuse(self, variable: str, what: Message) -> None:
        self.wrong.append(say("providers.setting", variable=variable, what=what))


def _variable(name: str) -> str:
    return f"PREWARN_{name.upper()}"


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _is_ldap(url: str) -> bool:
    try:
        found = urlsplit(url)
        fine = found.port != 0
    except ValueError:
        return False
    plain = found.path in ("", "/") and not found.query and found.username is None
    return fine and plain and found.scheme in ("ldap", "ldaps") and bool(found.hostname)
