"""What a proxy says of the request that it sends on: believed of named proxies only, of nobody else.

X-Forwarded-For and X-Forwarded-Proto (uvicorn reads them), X-Forwarded-Prefix (the sub-path of the pages), and the
header in which a proxy with a sign-in of its own names who it is. The sub-path also follows from PREWARN_BASE_URL; a
proxy may send the path with it or without.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from services.web.visitor import PROXY_USER

_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_FORWARDED_PREFIX = b"x-forwarded-prefix"
Network = IPv4Network | IPv6Network


class NamedProxies:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, networks: Sequence[Network], user_header: str, root_path: str) -> None:
        """`root_path`: of the pages, without a slash at its end; `user_header`: in small letters, empty for none."""
        self._app, self._networks, self._root_path = app, networks, root_path
        self._user_header = user_header.encode("ascii")
        inner: Any = app  # uvicorn and Starlette each have types of their own for the same
        self._behind: Any = ProxyHeadersMiddleware(inner, [str(one) for one in networks])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Puts what is believed into the scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root_path, behind = self._root_path, self._app
        if self._is_named(scope):
            behind = self._behind
            root_path = _prefix(scope) or root_path
            if self._user_header and (user := _only(scope, self._user_header)):
                scope[PROXY_USER] = user
        if root_path:
            path = scope["path"]
            scope["path"] = path if path == root_path or path.startswith(f"{root_path}/") else root_path + path
            scope["root_path"] = root_path
        await behind(scope, receive, send)

    def _is_named(self, scope: Scope) -> bool:
        try:
            address = ip_address((scope.get("client") or ("",))[0])
        except ValueError:
            return False
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any((mapped or address) in network for network in self._networks)


def _only(scope: Scope, header: bytes) -> str:
    """The value of a header that came once: which of two a proxy has set, nobody knows."""
    found = [value for name, value in scope["headers"] if name == header]
    return found[0].decode("utf-8", "replace").strip() if len(found) == 1 else ""


def _prefix(scope: Scope) -> str:
    found = _only(scope, _FORWARDED_PREFIX).rstrip("/")
    return found if _PREFIX.fullmatch(found) and ".." not in found else ""
