"""The bytes of a file that somebody put into a folder: a pipe never ends, nor does /dev/zero."""

from __future__ import annotations

import os
import stat
from errno import EFBIG, EINVAL
from pathlib import Path


def read_regular(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes. Raises OSError, also for what is none, or larger."""
    # Without O_NONBLOCK, opening a pipe waits for somebody who writes into it.
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(EINVAL, "not a regular file", str(path))
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(EFBIG, f"more than {most >> 20} MiB", str(path))
    return content


def readable_name(path: Path) -> str | None:
    """The name of a file; None if its bytes are no UTF-8, so that no text can say it."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return None
    return path.name


def shown_name(path: Path) -> str:
    """The name of a file as a text can say it."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")
