"""Connections that take their time, and more of them than there is room for.

uvicorn ends a connection on which nothing comes behind an answer; what comes before, a request whose head or body comes
byte by byte, or an answer that nobody takes, holds a connection for ever. Here each of these has its time.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from services.ingest.problem_details import MEDIA_TYPE
from services.web.visitor import STREAMING

_log = logging.getLogger(__name__)
IDLE = 10
"""Seconds for which a connection stays open behind an answer."""
LIMITS = {"head": 20.0, "body": 60.0, "answer": 600.0}
"""Seconds for the head of a request, from the moment at which it could come; for its body; and for the answer to it."""
MOST = 512
_BODY = b'{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"too many connections; try again"}'
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: %b\r\ncontent-length: %d\r\nretry-after: 5\r\n"
    b"connection: close\r\n\r\n%b" % (MEDIA_TYPE.encode(), len(_BODY), _BODY)
)


def most_connections() -> int:
    """So many that half of the file descriptors are left for files, databases and what is sent."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else min(MOST, soft // 2)


def streams() -> int:
    """So many pages may listen that as many connections are left for what they ask for."""
    return most_connections() // 2


class Door(H11Protocol):
    """One connection, which may be so slow and no slower."""

    most = MOST
    _phase = ""
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begins to wait for the head; turns away who is one too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            _log.warning("there are %d connections already, which is the most; more are turned away", self.most)
            transport.write(_FULL)
            transport.close()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Bytes have come: what is waited for next may be another thing."""
        if not self.transport.is_closing():
            super().data_received(data)
            self._watch()

    def on_response_complete(self) -> None:
        """The next request may come."""
        self._stop()
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over, and gives its place back."""
        self._stop()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The process ends: what would stream on for minutes ends now, and comes back to the next process."""
        if self.scope is not None and self.scope.get(STREAMING):
            self.transport.close()
        else:
            super().shutdown()

    def _watch(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            phase = "head"
        else:
            phase = "body" if self.cycle.more_body else "answer"
        if phase != self._phase:
            self._stop()
            self._phase = phase
            self._timer = self.loop.call_later(LIMITS[phase], self._too_slow)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._phase = None, ""

    def _too_slow(self) -> None:
        self.transport.abort()
