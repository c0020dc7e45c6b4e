"""Lines of a file that somebody else wrote: gzip or plain, UTF-8 or GB18030, cut off, or with a line of 10 MB.

Everything readable comes out; what is not comes out as a line with a problem. Memory is bounded by the longest line
that is allowed.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import NamedTuple

from services.i18n import say
from services.messages import Problem

_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
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
        if self.head.startswith(_UTF_16):
            problem = Problem(
                where="file", what=say("ingest.not_utf_8_it_utf"), expected=say("ingest.utf_8_in_excel_csv")
            )
            yield Line(self.head, problem)
            return
        chunk, rest, lost = self.head, b"", 0
        while chunk:
            *whole, rest = (rest + chunk).split(b"\n")
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

    def read(self) -> bytes:
        try:
            return self._read(_CHUNK)
        except (EOFError, OSError, zlib.error) as error:
            self.problem = Problem(
                where="file",
                what=say("ingest.cut_off_file_cannot_be", error=error),
                expected=say("ingest.whole_file_import_it_again"),
            )
            return b""


class _Encoding:
    """UTF-8 until a line proves otherwise, GB18030 from the first line that is that and not UTF-8."""

    def __init__(self, head: bytes) -> None:
        self._name = ""  # not known as long as everything is ASCII
        if not head.isascii():
            self._name = next((name for name in ("utf-8", "gb18030") if _begins(head, name)), "utf-8")

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


def _begins(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
