"""Archives from elsewhere, opened without trusting them: a .zip or .xlsx of some kilobytes may hold gigabytes."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from services.errors import ProblemsError
from services.i18n import say
from services.messages import Message, Problem

LARGEST = 64 << 20
"""Bytes of a file as it comes."""
LARGEST_UNPACKED = 256 << 20
"""Bytes of all that is in it; the directory of 50,000 people has a tenth of that."""
LARGEST_WORKBOOK = 1 << 30
"""Of a workbook, whose sheets are unpacked row by row: a million rows of ten columns have half of that."""
MOST_MEMBERS = 2000
_CHUNK = 1 << 20
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Of others `zipfile` unpacks whatever a chunk holds, however much that is."""
_TAIL = 22 + 65_535
"""Bytes at the end of an archive in which the place of its list of names is said."""
_LONGEST_LIST = MOST_MEMBERS * 1024


def opened(path: Path) -> zipfile.ZipFile:
    """The archive, once it says that it is of a reasonable size; `read` holds it to that. Raises ProblemsError."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise _refused(
                path.name, say("directory.larger_than_mb", most=LARGEST >> 20), say("directory.directory_alone")
            )
        file = path.open("rb")
    except OSError as error:
        raise _refused(path.name, say("input.cannot_be_read", reason=error.strerror or error)) from error
    try:
        archive = checked(path.name, file, size)
    except BaseException:
        file.close()
        raise
    archive._filePassed = 0  # type: ignore[attr-defined]  # noqa: SLF001 - it closes what was opened for it
    return archive


def checked(name: str, file: BinaryIO, size: int, most: int = LARGEST_UNPACKED) -> zipfile.ZipFile:
    """The archive in an open file of `size` bytes, which unpacks to `most` bytes at most. Raises ProblemsError."""
    damaged = _refused(name, say("directory.damaged_or_no_zip_or"), say("input.whole_file_copy_it_again"))
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    end = tail.rfind(b"PK\x05\x06")
    # `zipfile` makes an object of 500 bytes of each name in the list at the end, whatever the list says of itself.
    if end >= 0 and int.from_bytes(tail[end + 12 : end + 16], "little") > _LONGEST_LIST:
        raise _refused(name, say("tabular.holds_too_many_files", most=MOST_MEMBERS), say("tabular.file_alone"))
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, struct.error):
        raise damaged from None
    members = archive.infolist()
    wrong = None
    if len(members) > MOST_MEMBERS:
        wrong = say("tabular.holds_too_many_files", most=MOST_MEMBERS)
    elif sum(member.file_size for member in members) > most:
        wrong = say("directory.unpacks_more_than_mb", most=most >> 20)
    elif any(member.flag_bits & 1 for member in members):
        wrong = say("directory.encrypted")
    elif any(member.compress_type not in _BOUNDED for member in members):
        wrong = say("directory.compressed_otherwise")
    if wrong:
        archive.close()
        raise _refused(name, wrong, say("directory.directory_alone_without_password"))
    return archive


def read(archive: zipfile.ZipFile, member: str | zipfile.ZipInfo) -> bytes:
    """A member, of which no more than it says of itself is ever in memory, give or take a chunk; raises as `zipfile`.

    `ZipFile.read` unpacks it whole and then looks how long it should have been: of a few megabytes, gigabytes.
    """
    found = bytearray()
    with archive.open(member) as source:
        while chunk := source.read(_CHUNK):
            found += chunk
    return bytes(found)


def members(source: Path, problems: list[Problem]) -> dict[str, bytes]:
    """File name → content of the .csv files in a folder, or in a .zip beside its manifest."""
    if source.is_dir():
        return {path.name: path.read_bytes() for path in sorted(source.glob("*.csv"))}
    with opened(source) as archive:
        names = [name for name in archive.namelist() if name.endswith(".csv") and not name.startswith("__MACOSX/")]
        places = {name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == "manifest.csv"}
        found: dict[str, bytes] = {}
        for name in names:
            place, _, file = name.rpartition("/")
            if place not in places:
                continue
            try:
                found[file] = read(archive, name)
            except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, zlib.error) as error:
                problems.append(
                    Problem(where=f"{source.name}, {name}", what=say("directory.cannot_be_unpacked", error=error))
                )
        return found


def _refused(name: str, what: Message, expected: Message | str = "") -> ProblemsError:
    return ProblemsError([Problem(where=name, what=what, expected=expected)])
