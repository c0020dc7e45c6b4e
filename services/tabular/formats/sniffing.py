"""The kind of a file, by its first bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum

_HEAD = 4096
_PAGE = re.compile(rb"<(!doctype html|html|head|meta|table|body|style|div)\b", re.IGNORECASE)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Kind(Enum):
    """What a file may be; the value is what people call it."""

    XLSX = "XLSX"
    XLSB = "XLSB"
    ODS = "ODS"
    XLS = "XLS"
    XML2003 = "XML"
    PAGE = "HTML"
    TEXT = "CSV"
    ZIP = "ZIP"
    GZIP = "gzip"
    ENCRYPTED = "encrypted"
    WORD = "DOCX"
    OTHER = "PDF, PNG, JPEG, RAR, 7z …"


WORKBOOKS = frozenset({Kind.XLSX, Kind.XLSB, Kind.ODS, Kind.XLS, Kind.XML2003, Kind.PAGE, Kind.ENCRYPTED})


def kind_of(raw: bytes) -> Kind:
    """Of a whole file, or of its beginning; an archive of which only that is there is a ZIP."""
    for begin, found in _BEGINNINGS.items():
        if raw.startswith(begin):
            return found(raw) if callable(found) else found
    return _text(raw)


def _text(raw: bytes) -> Kind:
    head = raw[:_HEAD].replace(b"\0", b"")  # of UTF-16, too
    for mark in _MARKS:
        head = head.removeprefix(mark)
    head = head.lstrip()
    if head.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        return Kind.XML2003
    if head.startswith(b"<") and _PAGE.search(head):
        return Kind.PAGE
    return Kind.TEXT


def _ole(raw: bytes) -> Kind:
    return Kind.ENCRYPTED if "EncryptedPackage".encode("utf-16-le") in raw else Kind.XLS


def _archive(raw: bytes) -> Kind:
    # By the names in it as they stand in the file: its directory is opened once it was found to be of a right size.
    if b"xl/workbook.xml" in raw or b"xl/worksheets/" in raw:
        return Kind.XLSX
    if b"xl/workbook.bin" in raw:
        return Kind.XLSB
    if b"opendocument.spreadsheet" in raw[:_HEAD]:
        return Kind.ODS
    return Kind.WORD if b"word/document.xml" in raw else Kind.ZIP


_BEGINNINGS: dict[bytes, Kind | Callable[[bytes], Kind]] = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": _ole,
    b"PK\x03\x04": _archive,
    b"PK\x05\x06": _archive,
    b"\x1f\x8b": Kind.GZIP,
    b"%PDF": Kind.OTHER,
    b"\x89PNG": Kind.OTHER,
    b"\xff\xd8\xff": Kind.OTHER,
    b"Rar!": Kind.OTHER,
    b"7z\xbc\xaf": Kind.OTHER,
    b"SQLite format": Kind.OTHER,
}
