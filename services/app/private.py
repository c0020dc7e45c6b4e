"""A home is read by its owner alone, and all in it is the owner's, whoever created it.

`prewarn` creates files with the umask 077, and systemd starts it with one; this is for what was there before, what was
copied with the rights that it had, and what root has created where a service with a user of its own works.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UMASK = 0o077
_COLLEGE = ("prewarn.db", "notify.db", "editions/editions.json")
_OURS = (
    "prewarn.db*",
    "notify.db*",
    "*.lock",
    "outbox.log",
    "profile.json",
    "retention.yaml",
    "live-rules.ndjson",
    "rules",
    "rules.*",
    "directory",
    "directory.*",
    ".directory-*",
    "editions",
    "mappings",
)
"""All that lies in a home; whatever else somebody keeps in that folder stays as it is."""


def keep_private(home: Path) -> None:
    """Takes everybody else's rights to a home, and gives its owner what root has created in it. Never raises OSError.

    Links are not followed, and every file is changed through a descriptor of its place: root changes nothing outside.
    """
    if not hasattr(os, "O_PATH") or not any((home / name).is_file() for name in _COLLEGE):
        return  # only Linux has it: elsewhere the umask alone keeps what is made from now on
    owner = home.stat()
    with _opened(home, None) as folder:
        if folder is not None:
            _close(folder, owner)
    for path in {path for pattern in _OURS for path in home.glob(pattern)}:
        if path.is_symlink():
            continue
        with _opened(path, None) as file:
            if file is not None:
                _close(file, owner)
        if path.is_dir():
            for _, folders, files, within in os.fwalk(path):
                for name in (*folders, *files):
                    with _opened(name, within) as file:
                        if file is not None:
                            _close(file, owner)


@contextmanager
def _opened(path: Path | str, within: int | None) -> Iterator[int | None]:
    """None: it is a link, or gone.

    O_PATH opens the place and not the file. To close a file takes away all locks that this process has on it, those of
    SQLite's connections, too: another process would then believe that nobody uses the database, and delete its log.
    """
    try:
        place = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
    except OSError:
        yield None
        return
    try:
        yield place
    finally:
        os.close(place)


def _close(place: int, owner: os.stat_result) -> None:
    found = os.fstat(place)
    whole = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
    if not whole:  # a second name may stand anywhere
        return
    itself = f"/proc/self/fd/{place}"
    with suppress(OSError):  # of somebody else
        if os.geteuid() == 0 and found.st_uid == 0 != owner.st_uid:
            os.chown(itself, owner.st_uid, owner.st_gid)
        if found.st_mode & UMASK:
            Path(itself).chmod(stat.S_IMODE(found.st_mode) & ~UMASK)
