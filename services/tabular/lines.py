"""Lines of a file that somebody else wrote: gzip or plain, UTF-8, UTF-16 or GB18030, cut off, or with a line of 10 MB.

Everything readable comes out; what is not comes out as a line with a problem. Memory is bounded by the longest line
that is allowed.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import NamedTuple

from services.i18n import say
from services.messages import Problem

_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b"
_BOMS = (codecs.BOM_UTF8, b"\x84\x31\x95\x33")


class Line(NamedTuple):
    """One line without its end, in UTF-8; with a problem, its (first) original bytes."""

    raw: bytes
    problem: Problem | None = None


class Lines:
    """The lines of an open file. `head` is its beginning, decompressed, for guessing what it holds.

    A line of more than `longest` bytes comes out as its beginning, with the problem that `too_long` says of its size.
    """

    def __init__(self, file: BufferedReader, longest: int, too_long: Callable[[int], Problem]) -> None:
        self._longest, self._too_long = longest, too_long
        self._source = _Source(file)
        head = self._source.read()
        self.head = head.removeprefix(next((bom for bom in _BOMS if head.startswith(bom)), b""))
        self._encoding = _Encoding(self.head)

    def __iter__(self) -> Iterator[Line]:
        # Only of a file that has no other ends of lines is a carriage return one: in a cell it is part of a text.
        end = b"\r" if b"\r" in self.head and b"\n" not in self.head else b"\n"
        chunk, rest, lost = self.head, b"", 0
        while chunk:
            *whole, rest = (rest + chunk).split(end)
            for raw in whole:
                yield self._line(raw, lost)
                lost = 0
            if len(rest) > self._longest:  # only the beginning of such a line is kept
                lost += len(rest) - self._longest
                rest = rest[: self._longest]
            chunk = self._source.read()
        if self._source.problem:  # what is left is half a line: 8 may have been 85
            yield Line(rest, self._source.problem)
        elif rest:
            yield self._line(rest, lost)

    def _line(self, raw: bytes, lost: int) -> Line:
        if len(raw) + lost > self._longest:
            return Line(raw[: self._longest], self._too_long(len(raw) + lost))
        return self._encoding.line(raw.removesuffix(b"\r"))


class _Source:
    """Chunks of a plain or compressed file; `problem` says why it ended, unless that was its end."""

    def __init__(self, file: BufferedReader) -> None:
        self.problem: Problem | None = None
        self._read = gzip.GzipFile(fileobj=file).read1 if file.peek(2)[:2] == _GZIP else file.read
        self._first: bytes | None = self._read_bytes()
        encoding = utf_16(self._first)
        self._decoder = codecs.getincrementaldecoder(encoding)() if encoding else None

    def read(self) -> bytes:
        """The next chunk, of UTF-16 in UTF-8; empty at the end."""
        chunk, self._first = self._read_bytes() if self._first is None else self._first, None
        if self._decoder is None:
            return chunk
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            self.problem = _cut_off(error)
            return b""
        # One character of two chunks is no end of the file.
        return text.removeprefix("\ufeff").encode() or (self.read() if chunk else b"")

    def _read_bytes(self) -> bytes:
        try:
            return self._read(_CHUNK)
        except (EOFError, OSError, zlib.error) as error:
            self.problem = _cut_off(error)
            return b""


def _cut_off(error: Exception) -> Problem:
    what = say("ingest.cut_off_file_cannot_be", error=error)
    return Problem(where="file", what=what, expected=say("ingest.whole_file_import_it_again"))


def utf_16(head: bytes) -> str | None:
    """The encoding of a text that begins so, if it is UTF-16, with a mark or without: no other has bytes of 0."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return encoding
    high, low = head[:4096:2].count(0), head[1:4096:2].count(0)
    if max(high, low) < 2 or min(high, low) * 10 > max(high, low):  # noqa: PLR2004 - one may be a slip
        return None
    return "utf-16-le" if low > high else "utf-16-be"


class _Encoding:
    """UTF-8 until a line proves otherwise, GB18030 from the first line that is that and not UTF-8."""

    def __init__(self, head: bytes) -> None:
        self._name = ""  # not known as long as everything is ASCII
        if not head.isascii():
            names = ("utf-8",) if _is_mostly_utf_8(head) else ("utf-8", "gb18030")
            self._name = next((name for name in names if _begins(head, name)), "utf-8")

    def line(self, raw: bytes) -> Line:
        if raw.isascii():
            return Line(raw)
        for name in (self._name,) if self._name else ("utf-8", "gb18030"):
            try:
                text = raw.decode(name)
            except UnicodeDecodeError as error:
                byte = error.start + 1
                continue
            self._name = name
            return Line(raw if name == "utf-8" else text.encode())
        what = say("ingest.not_as_lines_before_it", encoding="UTF-8" if self._name != "gb18030" else "GB18030")
        return Line(
            raw, Problem(where=f"byte {byte} of the line", what=what, expected=say("ingest.one_encoding_in_whole_file"))
        )


def _is_mostly_utf_8(head: bytes) -> bool:
    """Whether lines in another encoding are the strangers: as GB18030, Chinese in UTF-8 is other Chinese."""
    lines = [line for line in re.split(rb"[\r\n]+", head) if not line.isascii()]
    right = sum(
        _begins(line, "utf-8") and any(letter > "\u0800" for letter in line.decode(errors="ignore")) for line in lines
    )
    wrong = sum(not _begins(line, "utf-8") for line in lines)
    return right >= wrong


def _begins(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
