"""What a file is, by what it holds and not by its name: exports are often something else than that says."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath

from services.errors import ProblemsError
from services.i18n import say
from services.messages import Message, Problem
from services.tabular.archives import LARGEST_UNPACKED, LARGEST_WORKBOOK, checked, read
from services.tabular.formats import Table, binary, delimited, page, xlsx, xml2003
from services.tabular.formats.sniffing import Kind, kind_of, kind_of_archive

_DEEPEST = 2
"""A zip of gz; not a zip of zips of zips."""


def tables(path: Path) -> Iterator[Table]:
    """The tables of a file. Raises ProblemsError."""
    try:
        if path.stat().st_size > LARGEST_UNPACKED:
            raise refused(path.name, say("tabular.larger_than", megabytes=LARGEST_UNPACKED >> 20), say("tabular.part"))
        raw = path.read_bytes()
    except OSError as error:
        raise refused(path.name, say("input.cannot_be_read", reason=error.strerror or error)) from error
    yield from _tables(path.name, path.name, raw, 0)


def refused(where: str, what: Message, expected: Message | str = "") -> ProblemsError:
    """One sentence about a whole file."""
    return ProblemsError([Problem(where=where, what=what, expected=expected)])


def _tables(file: str, name: str, raw: bytes, depth: int) -> Iterator[Table]:
    """`file`: where it stands, for people; `name`: what it is called."""
    kind = kind_of(raw)
    if kind in (Kind.GZIP, Kind.ZIP) and depth == _DEEPEST:
        raise refused(file, say("tabular.archives_in_archives"), say("tabular.file_alone"))
    if kind is Kind.GZIP:
        yield from _tables(file, name.removesuffix(".gz"), _unpacked(file, raw), depth + 1)
    elif kind is Kind.ZIP:
        with checked(file, BytesIO(raw), len(raw), LARGEST_WORKBOOK) as archive:
            is_workbook = kind_of_archive(set(archive.namelist())) is Kind.XLSX
        with checked(file, BytesIO(raw), len(raw), LARGEST_WORKBOOK if is_workbook else LARGEST_UNPACKED) as archive:
            yield from _of_archive(file, raw, archive, depth)
    else:
        yield from _plain(kind, file, PurePosixPath(name).stem, raw)


def _of_archive(file: str, raw: bytes, archive: zipfile.ZipFile, depth: int) -> Iterator[Table]:
    kind = kind_of_archive(set(archive.namelist()))
    if kind is Kind.ZIP:
        return _members(file, archive, depth)
    if kind is Kind.XLSX:
        return xlsx.tables(file, raw, archive)
    return _plain(kind, file, "", raw)


def _plain(kind: Kind, file: str, stem: str, raw: bytes) -> Iterator[Table]:
    match kind:
        case Kind.ENCRYPTED:
            raise refused(file, say("tabular.has_a_password"), say("tabular.without_password"))
        case Kind.XLS | Kind.XLSB | Kind.ODS:
            return binary.tables(file, raw)
        case Kind.XML2003:
            return xml2003.tables(file, raw)
        case Kind.PAGE:
            return page.tables(file, raw)
        case Kind.TEXT:
            return delimited.tables(file, stem, raw)
    raise refused(file, say("tabular.no_table", kind=kind.value), say("tabular.formats"))


def _unpacked(file: str, raw: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=BytesIO(raw)) as source:
            found = source.read(LARGEST_UNPACKED + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise refused(file, say("tabular.ends_in_the_middle"), say("input.whole_file_copy_it_again")) from error
    if len(found) > LARGEST_UNPACKED:
        raise refused(file, say("tabular.unpacks_to_more", megabytes=LARGEST_UNPACKED >> 20), say("tabular.part"))
    return found


def _members(file: str, archive: zipfile.ZipFile, depth: int) -> Iterator[Table]:
    found = False
    for member in archive.infolist():
        name = PurePosixPath(_name(member))
        if member.is_dir() or name.parts[0] == "__MACOSX" or name.name.startswith((".", "~$")):
            continue
        found = True
        try:
            raw = read(archive, member)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, zlib.error) as error:
            expected = say("input.whole_file_copy_it_again")
            raise refused(f"{file}, {name}", say("tabular.ends_in_the_middle"), expected) from error
        yield from _tables(f"{file}, {name}", name.name, raw, depth + 1)
    if not found:
        raise refused(file, say("tabular.empty_archive"), say("tabular.formats"))


def _name(member: zipfile.ZipInfo) -> str:
    """Chinese Windows writes names in GB18030 and does not say so; `zipfile` took them for cp437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename
