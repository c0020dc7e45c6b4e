"""The process that asks an LDAP server for `ldap`: libldap can hang in TLS, and takes an answer of any size."""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import ldap
from ldap.dn import escape_dn_chars
from ldap.filter import escape_filter_chars

_MEMORY = 512 << 20
"""Bytes."""
_SIMPLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
"""What a name may have that stands in no DN: in `name@college.example` nothing can be escaped."""


class _RefusedError(Exception):
    """Name or password is wrong."""


class _WrongError(Exception):
    """Something that only the operator can mend: an id of a text, and what fills it."""


def main() -> None:
    """Reads a request of `ldap` on standard input, and answers on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = _asked(json.load(sys.stdin))
    except _RefusedError:
        answer = {"refused": True}
    except _WrongError as error:
        answer = {"wrong": error.args}
    except ldap.LDAPError as error:
        answer = {"wrong": ["ldap_error", type(error).__name__]}
    except UnicodeDecodeError:
        answer = {"wrong": ["no_claim", ""]}
    json.dump(answer, sys.stdout)


def _asked(request: dict[str, Any]) -> dict[str, Any]:
    directory = _connected(request)
    name, pattern = request["name"], request["bind"]
    by_name = "{name}" in pattern
    if by_name:
        _bind_as_person(directory, _bound_name(pattern, name), request["password"])
    else:
        try:
            directory.simple_bind_s(pattern, request["bind_password"])
        except ldap.INVALID_CREDENTIALS:
            raise _WrongError("ldap_bind_refused", pattern) from None
    dn, values = _entry(directory, request)
    if not by_name:
        _bind_as_person(_connected(request), dn, request["password"])
    if len(values) != 1:
        raise _WrongError("no_claim", "")
    return {"name": values[0].decode()}


def _connected(request: dict[str, Any]) -> Any:
    directory = ldap.initialize(request["url"])
    directory.set_option(ldap.OPT_PROTOCOL_VERSION, 3)
    directory.set_option(ldap.OPT_REFERRALS, 0)  # a referral would send the password on
    directory.set_option(ldap.OPT_NETWORK_TIMEOUT, request["seconds"])
    directory.set_option(ldap.OPT_TIMEOUT, request["seconds"])
    directory.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    if request["ca"]:
        directory.set_option(ldap.OPT_X_TLS_CACERTFILE, request["ca"])
    directory.set_option(ldap.OPT_X_TLS_NEWCTX, 0)  # last: it makes what was set before take effect
    if request["start_tls"]:
        directory.start_tls_s()
    return directory


def _bound_name(pattern: str, name: str) -> str:
    if "=" in pattern:
        return str(pattern.replace("{name}", escape_dn_chars(name)))
    if not set(name) <= _SIMPLE:
        raise _RefusedError
    return pattern.replace("{name}", name)


def _bind_as_person(directory: Any, dn: str, password: str) -> None:
    if not dn or not password:  # that would be anonymous, and always right
        raise _RefusedError
    try:
        directory.simple_bind_s(dn, password)
    except (ldap.INVALID_CREDENTIALS, ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX):
        raise _RefusedError from None


def _entry(directory: Any, request: dict[str, Any]) -> tuple[str, list[bytes]]:
    wanted = request["filter"].replace("{name}", escape_filter_chars(request["name"]))
    try:
        found = directory.search_ext_s(
            request["base"],
            ldap.SCOPE_SUBTREE,
            wanted,
            [request["attribute"]],
            sizelimit=2,
            timeout=request["seconds"],
        )
    except ldap.SIZELIMIT_EXCEEDED:
        raise _WrongError("ldap_several", "") from None
    except ldap.NO_SUCH_OBJECT:
        raise _WrongError("ldap_no_base", request["base"]) from None
    entries = [(dn, attributes) for dn, attributes in found if dn]  # without a DN: a referral
    if not entries:
        raise _RefusedError
    if len(entries) > 1:
        raise _WrongError("ldap_several", "")
    dn, attributes = entries[0]
    wanted_name = request["attribute"].lower()
    return dn, next((values for name, values in attributes.items() if name.lower() == wanted_name), [])


if __name__ == "__main__":
    main()
