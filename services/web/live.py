"""What open pages hear: server-sent events (HTML standard, 9.2) that say that something has changed, and nothing of it.

A page then fetches itself, so that who may see what is decided in one place. static/live.js is the other side.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from services.notify.live import Stream
from services.web.frame import Frame, Visitor
from services.web.templating import HEADERS
from services.web.visitor import STREAMING

if TYPE_CHECKING:
    from services.notify.live import Live

MOST = 256
"""Streams at once, unless the process that serves says how many."""
BEAT = 20.0
"""Seconds of silence: proxies cut what is silent for a minute, and a page that hears nothing for long connects anew."""
LONGEST = 300.0
"""Seconds: then the page connects anew, and who it is for is asked anew; before doors.py would end the answer."""
_AGAIN = 1000, 3000
"""Milliseconds after which a page connects anew: not all at once, when a process has started anew."""
_UNBUFFERED = {"X-Accel-Buffering": "no"}
"""For nginx, which would keep it back."""


class LivePages:
    """The route over one frame."""

    def __init__(self, frame: Frame, most: int = MOST) -> None:
        """`most`: streams at once."""
        self._frame, self._most = frame, most

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [Route("/live", self.live)]

    async def live(self, request: Request) -> Response:
        """What has changed for whoever is signed in, from now on: their version at once, and each new one."""
        seen = await run_in_threadpool(self._frame.visitor, request)
        if seen is None:
            return self._frame.to_sign_in(request)  # which is no stream: the page gives up
        live = self._frame.notify.live
        if not live.has_room(seen.person, self._most):
            return PlainTextResponse("too many open pages; try again later", 503, headers={"Retry-After": "60"})
        request.scope[STREAMING] = True
        events = told(live, seen, BEAT, LONGEST)
        return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS | _UNBUFFERED)


async def told(live: Live, seen: Visitor, beat: float, longest: float) -> AsyncIterator[str]:
    """The events of one stream, until the session is over, the page is gone, or `longest` seconds."""
    loop, woken = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended, with all its streams
            loop.call_soon_threadsafe(woken.set)

    stream = Stream(seen.person, seen.digest, seen.who.operator, wake)
    live.open(stream)
    try:
        yield f"retry: {random.randint(*_AGAIN)}\n\n"  # noqa: S311 - so that they spread out
        end, said = loop.time() + longest, ""
        while not stream.is_over and (left := end - loop.time()) > 0:
            woken.clear()
            if (version := live.version(seen.person)) != said:
                said = version
                yield f"id: {version}\ndata: {version}\n\n"
            try:
                await asyncio.wait_for(woken.wait(), min(beat, left))
            except TimeoutError:
                yield "event: beat\ndata:\n\n"
        if stream.is_over:
            yield "event: over\ndata:\n\n"
    finally:
        live.close(stream)
