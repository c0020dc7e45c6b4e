"""Takes what an address keeps secret out of a text, before the text is stored, shown or logged. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, quote_plus, unquote

HIDDEN = "***"
_LEAST = 6
"""Characters: a shorter piece of a path or a query is a word such as `send`, not a token."""
_LEAST_PASSWORD = 3
HOST_IS_NO_SECRET = frozenset(
    {
        "json",
        "jsons",
        "form",
        "forms",
        "xml",
        "xmls",
        "mailto",
        "mailtos",
        "ntfy",
        "ntfys",
        "gotify",
        "gotifys",
        "http",
        "https",
        "collegesms",
        "collegesmss",
    }
)
"""Schemes whose addresses begin with a host; in all others a token stands there."""


def redact(text: str, address: str) -> str:
    """`text` with every piece of the address that may be secret replaced, however it is quoted."""
    pieces = {form for piece in _pieces(address) for form in _forms(piece)}
    for piece in sorted(pieces, key=len, reverse=True):
        text = re.sub(re.escape(piece), HIDDEN, text, flags=re.IGNORECASE)
    return text


def _pieces(address: str) -> set[str]:
    scheme, _, rest = address.partition("://")
    main, _, query = rest.partition("?")
    place, _, path = main.partition("/")
    login, _, host = place.rpartition("@")
    found = {piece for piece in path.split("/") if len(piece) >= _LEAST}
    found |= {piece for piece in login.split(":", 1) if len(piece) >= _LEAST_PASSWORD}
    if scheme.lower() not in HOST_IS_NO_SECRET:
        found |= {piece for piece in (host, *host.split(":")) if len(piece) >= _LEAST_PASSWORD}
    for key, value in parse_qsl(query):
        if key.lower() == "endpoint":  # its host is shown on purpose, what else it holds is not
            found |= _pieces("http://" + value.partition("://")[2])
        elif len(value) >= _LEAST:
            found.add(value)
    return found


def _forms(piece: str) -> set[str]:
    plain = unquote(piece)
    return {piece, plain, quote(plain, safe=""), quote_plus(plain), quote(plain)}
