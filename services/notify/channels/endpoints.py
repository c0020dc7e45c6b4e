"""`?endpoint=` in a Chinese bot's URL: a private deployment or gateway in place of the provider's own address. Pure.

Apprise keeps these addresses as attributes of its plugins and has no option for them; `PATHS` says which attribute, and
what the plugin expects in it, where E is the endpoint.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from services.errors import AddressError


class Path(NamedTuple):
    """An attribute of an Apprise plugin that holds an address."""

    attribute: str
    pattern: str
    """What it holds: `{endpoint}` and, in braces, an attribute of the plugin."""
    formatted: bool
    """The plugin itself puts its token into the braces, so those of the endpoint are doubled and ours left alone."""


PATHS: dict[str, tuple[Path, ...]] = {
    "dingtalk": (Path("notify_url", "{endpoint}?access_token={token}", formatted=True),),
    "wecombot": (Path("api_url", "{endpoint}?key={key}", formatted=False),),
    "wechat": (
        Path("token_url", "{endpoint}/gettoken", formatted=False),
        Path("notify_url", "{endpoint}/message/send", formatted=False),
    ),
    "feishu": (Path("notify_url", "{endpoint}/{token}/", formatted=True),),
    "lark": (Path("webhook_url", "{endpoint}/{token}", formatted=False),),
    "schan": (Path("notify_url", "{endpoint}/{token}.send", formatted=True),),
}
"""Scheme → what stands in the plugin."""


def split_endpoint(address: str) -> tuple[str, str | None]:
    """The address as Apprise knows it, and the endpoint that it named, without a slash at the end.

    Raises AddressError if the endpoint is not an http or https address without a query of its own.
    """
    scheme, _, _ = address.partition("://")
    before, mark, query = address.partition("?")
    if scheme.lower() not in PATHS or not mark:
        return address, None
    pairs = parse_qsl(query, keep_blank_values=True)
    named = [value for key, value in pairs if key.lower() == "endpoint"]
    if not named:
        return address, None
    rest = urlencode([pair for pair in pairs if pair[0].lower() != "endpoint"], quote_via=quote)
    endpoint = named[-1].rstrip("/")
    if not _is_address(endpoint):
        said = "endpoint: not an address (expected: http://host[:port]/path or https://…, without ? and #)"
        raise AddressError(said)
    return f"{before}?{rest}" if rest else before, endpoint


def attributes(scheme: str, endpoint: str, plugin: object) -> dict[str, str]:
    """Attribute → value, for the plugin of `scheme`."""
    found = {}
    for path in PATHS[scheme]:
        base = endpoint.replace("{", "{{").replace("}", "}}") if path.formatted else endpoint
        value = path.pattern.replace("{endpoint}", base)
        if not path.formatted:
            for name in ("key", "token"):
                value = value.replace(f"{{{name}}}", str(getattr(plugin, name, "")))
        found[path.attribute] = value
    return found


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not (parts.query or parts.fragment)
