"""A picture of a slip as a browser sends it: its size bounded, its type read from its bytes. Pure but for the reading.

It is kept as it came, with whatever the phone wrote into it (time, place): the pages say so.
"""

from __future__ import annotations

import struct
from email.parser import BytesParser
from email.policy import HTTP
from typing import NamedTuple

from starlette.requests import ClientDisconnect, Request

MOST = 5 << 20
"""Bytes of a picture."""
_AROUND = 16 << 10
"""Bytes of the form around it."""
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_MARK = 0xFF
_MOST_PIXELS = 100_000_000
"""A picture that unpacks to more than this is a trap."""


class TooLargeError(Exception):
    """More was sent, or announced, than a picture may have; the rest was not read."""


class Sent(NamedTuple):
    """What a form with a picture says."""

    token: str
    picture: bytes


async def read_form(request: Request) -> Sent:
    """The fields `token` and `slip` of a form. Raises TooLargeError as soon as it is known to be."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MOST + _AROUND:
        raise TooLargeError
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST + _AROUND:
                raise TooLargeError
    except ClientDisconnect:
        return Sent("", b"")
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data") or "\r" in kind or "\n" in kind:
        return Sent("", b"")
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    said = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + bytes(body)).iter_parts():
        name = part.get_param("name", header="content-disposition")
        found = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(found, bytes):
            said[name] = found
    picture = said.get("slip", b"")
    if len(picture) > MOST:
        raise TooLargeError
    return Sent(said.get("token", b"").decode("utf-8", "replace"), picture)


def type_of(picture: bytes) -> str | None:
    """image/jpeg, image/png or image/webp, by what is in it: its head, its size in pixels, and its end; else None."""
    for kind, read in (("image/jpeg", _jpeg), ("image/png", _png), ("image/webp", _webp)):
        size = read(picture)
        if size is not None and 0 < size[0] * size[1] <= _MOST_PIXELS:
            return kind
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\xff\xd8\xff") or b"\xff\xd9" not in data[-4096:]:
        return None
    at = 2
    while at + 9 <= len(data):
        if data[at] != _MARK:
            return None
        mark = data[at + 1]
        if mark == _MARK:  # filled up
            at += 1
            continue
        if mark in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None


def _png(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") or not data.endswith(b"IEND\xaeB\x60\x82"):
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _webp(data: bytes) -> tuple[int, int] | None:
    if len(data) < 30 or data[:4] != b"RIFF" or data[8:12] != b"WEBP":  # noqa: PLR2004
        return None
    if struct.unpack("<I", data[4:8])[0] + 8 != len(data):
        return None
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = struct.unpack("<I", data[21:25])[0]
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case _:
            return None
