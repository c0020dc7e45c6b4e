"""A web server that answers what a test says: the documented answers of providers, and rubbish in their place."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_NEVER = 30
"""Seconds for which an answer does not come: the tested side gives up long before."""


class Stub:
    """`answers`: path → what is answered: a dictionary as JSON, bytes, a name of `BAD`, or a function of the request
    that gives one of them, or (status, one of them). `asked`: (path, parameters and body) in order."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.over = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def answer(self) -> None:
                found = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                said: dict[str, Any] = dict(parse_qsl(found.query))
                said |= json.loads(body) if body.startswith(b"{") else dict(parse_qsl(body.decode()))
                said |= {"headers": dict(self.headers)}
                stub.asked.append((found.path, said))
                answer = stub.answers.get(found.path, (404, b"no such page"))
                answer = answer(said) if callable(answer) else answer
                status, content = answer if isinstance(answer, tuple) else (200, answer)
                try:
                    if isinstance(content, str):
                        BAD[content](self, stub)
                    else:
                        send(self, status, content if isinstance(content, bytes) else json.dumps(content).encode())
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the tested side had enough

            do_GET = do_POST = answer  # noqa: N815 - http.server asks for these

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def send(to: BaseHTTPRequestHandler, status: int, content: bytes, *, says: int | None = None, **headers: str) -> None:
    to.send_response(status)
    to.send_header("Content-Length", str(len(content) if says is None else says))
    for name, value in headers.items():
        to.send_header(name.replace("_", "-"), value)
    to.end_headers()
    to.wfile.write(content)


def _drip(to: BaseHTTPRequestHandler, stub: Stub) -> None:
    to.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    until = time.monotonic() + _NEVER
    while time.monotonic() < until and not stub.over.wait(0.05):
        to.wfile.write(b" ")
        to.wfile.flush()


BAD: dict[str, Callable[[BaseHTTPRequestHandler, Stub], Any]] = {
    "html": lambda to, _: send(to, 200, b"<!doctype html><title>Sign in</title><p>Busy.<br>"),
    "error page": lambda to, _: send(to, 503, b"<html>try later</html>"),
    "nothing": lambda to, _: send(to, 200, b""),
    "a list": lambda to, _: send(to, 200, b"[1, 2]"),
    "other types": lambda to, _: send(
        to, 200, b'{"issuer": 1, "keys": 7, "access_token": [1], "id_token": {}, "sub": null, "errcode": {}}'
    ),
    "nested": lambda to, _: send(to, 200, b'{"a":' + b"[" * 100_000),
    "not utf-8": lambda to, _: send(to, 200, b'{"userid": "\xff\xfe"}'),
    "10 MB": lambda to, _: send(to, 200, b'{"a": "' + b"x" * 10_000_000 + b'"}'),
    "packed": lambda to, _: send(to, 200, b"\x1f\x8b\x08\x00rubbish", Content_Encoding="gzip"),
    "elsewhere": lambda to, _: send(to, 302, b"", Location="/elsewhere"),
    "cut off": lambda to, _: send(to, 200, b'{"a": 1', says=1000),
    "entities": lambda to, _: send(to, 200, b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    "never": lambda _, stub: stub.over.wait(_NEVER),
    "drop by drop": _drip,
}
"""Every way in which a provider can be wrong, by name."""


@contextmanager
def stub(tls: ssl.SSLContext | None = None) -> Iterator[Stub]:
    made = Stub()
    if tls is not None:
        made.server.socket = tls.wrap_socket(made.server.socket, server_side=True)
        made.url = made.url.replace("http://", "https://")
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.over.set()
        made.server.shutdown()
        made.server.server_close()
        thread.join()
