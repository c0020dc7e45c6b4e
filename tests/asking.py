"""Requests to an application of ours without a server, as a browser sends them: one loop for all of a process.

A loop of its own for each request would also start a thread of its own for what a page reads.
"""

from __future__ import annotations

import asyncio
import sys
from functools import cache
from typing import Any

import httpx
from starlette.applications import Starlette

sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # httpx looks for it at each request, on all paths


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


def ask(app: Starlette, method: str, url: str, cookies: httpx.Cookies, **options: Any) -> httpx.Response:
    """The answer, followed nowhere; `cookies` are then those that a browser would have."""

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), cookies=cookies) as client:
            response = await client.request(method, url, **options)
            cookies.clear()
            cookies.update(client.cookies)
            return response

    return _runner().run(asked())
