"""The kind of a file, by its first bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
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
    WORD = "DOCX, PPTX"
    OTHER = "PDF, PNG, JPEG, RAR, 7z …"


_WORKBOOKS = frozenset({Kind.XLS, Kind.XML2003, Kind.PAGE, Kind.ENCRYPTED})
_PARTS = {
    "xl/workbook.xml": Kind.XLSX,
    "xl/workbook.bin": Kind.XLSB,
    "content.xml": Kind.ODS,
    "word/document.xml": Kind.WORD,
    "ppt/presentation.xml": Kind.WORD,
}
_FIRST_PARTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"mimetypeapplication/vnd.oasis")


def kind_of(raw: bytes) -> Kind:
    """Of a file, or of its beginning. What an archive is, its names say: see `kind_of_archive`."""
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


def kind_of_archive(names: Collection[str]) -> Kind:
    """Of a zip with these members."""
    for name, kind in _PARTS.items():
        if name in names:
            return kind
    return Kind.XLSX if any(name.startswith("xl/") for name in names) else Kind.ZIP  # one that has lost its list


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins so is one that a spreadsheet opens, and no text."""
    first = head[30:64]  # the name of the first member stands behind 30 bytes
    return kind_of(head) in _WORKBOOKS or (head.startswith(b"PK") and first.startswith(_FIRST_PARTS))


_BEGINNINGS: dict[bytes, Kind | Callable[[bytes], Kind]] = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": _ole,
    b"PK\x03\x04": Kind.ZIP,
    b"PK\x05\x06": Kind.ZIP,
    b"\x1f\x8b": Kind.GZIP,
    b"%PDF": Kind.OTHER,
    b"\x89PNG": Kind.OTHER,
    b"\xff\xd8\xff": Kind.OTHER,
    b"Rar!": Kind.OTHER,
    b"7z\xbc\xaf": Kind.OTHER,
    b"SQLite format": Kind.OTHER,
}
