"""The part of the settings that says which systems of the college sign people in; docs/sign-in/ has a page for each."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings


class ProviderSettings(BaseSettings):
    """Of each provider its address and how it knows us. A secret stands in the variable, or in a file of `…_file`."""

    sign_in_ca: Path | None = None
    """Certificates (PEM) that are believed besides those of the machine: of a college's own authority."""

    oidc_issuer: str = ""
    """Address of the provider: what it says `issuer` is in its /.well-known/openid-configuration."""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_client_secret_file: Path | None = None
    oidc_claim: str = "sub"
    """Which claim holds the id that the directory has for the person."""
    oidc_scope: str = "openid profile"

    cas_url: str = ""
    """In front of /login: `https://cas.college.example/cas`."""
    cas_attribute: str = ""
    """Which attribute holds the id that the directory has for the person; blank: the user's name."""

    ldap_url: str = ""
    """`ldaps://ldap.college.example`; `ldap://` is encrypted by StartTLS unless it is this machine."""
    ldap_base: str = ""
    """Below which entry people are looked for: `ou=people,dc=college,dc=example`."""
    ldap_bind: str = ""
    """DN that may look for people, blank if anybody may; or, with `{name}`, as what the person binds at once."""
    ldap_bind_password: SecretStr | None = None
    ldap_bind_password_file: Path | None = None
    ldap_filter: str = "(uid={name})"
    ldap_attribute: str = "uid"
    """Which attribute holds the id that the directory has for the person."""

    wecom_corp_id: str = ""
    wecom_agent: str = ""
    """AgentId of the application."""
    wecom_secret: SecretStr | None = None
    wecom_secret_file: Path | None = None

    dingtalk_app_key: str = ""
    dingtalk_app_secret: SecretStr | None = None
    dingtalk_app_secret_file: Path | None = None


SECRETS = frozenset(
    f"PREWARN_{name.upper()}"
    for name, one in ProviderSettings.model_fields.items()
    if one.annotation == SecretStr | None
)
"""Variables whose values are never shown."""
