"""The files of a home, apart from its databases and its directory, that may name somebody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from services.directory.oneroster.files import STATE
from services.log.renaming import Renaming

_TEXTS = ("outbox.log*", "live-rules.ndjson", "editions/**/*", f"directory/{STATE}/*", "truth.json")
"""What Prewarn writes itself."""
_OTHERS = ("prewarn.db", "notify.db", "directory", "rules", "mappings")
"""What is looked at elsewhere: databases, the directory, rules and mappings."""


def ours(home: Path, renaming: Renaming) -> list[Path]:
    """Files of Prewarn that name somebody."""
    found = {path for pattern in _TEXTS for path in home.glob(pattern) if path.is_file() and not path.is_symlink()}
    return [path for path in sorted(found) if _names(path, renaming)]


def theirs(home: Path, renaming: Renaming) -> list[Path]:
    """Files that somebody else has put into the home, and that name somebody."""
    mine = {path for pattern in _TEXTS for path in home.glob(pattern)}
    return [path for path in _others(home) if path not in mine and _names(path, renaming)]


def rewrite(path: Path, renaming: Renaming) -> None:
    """Writes a file anew, whole or not at all."""
    aside = path.with_name(f"{path.name}.new")
    with path.open("rb") as old, aside.open("wb") as new:
        os.fchmod(new.fileno(), path.stat().st_mode & 0o777)
        new.writelines(renaming.raw(line) for line in old)
        new.flush()
        os.fsync(new.fileno())
    aside.replace(path)


def _names(path: Path, renaming: Renaming) -> bool:
    try:
        with path.open("rb") as lines:
            return any(renaming.raw(line) != line for line in lines)
    except OSError:
        return False


def _others(home: Path) -> Iterator[Path]:
    for path in sorted(home.rglob("*")):
        top = path.relative_to(home).parts[0]
        known = top in _OTHERS or top.startswith(("prewarn.db", "notify.db", "directory.", "rules.", ".directory-"))
        if not known and path.is_file() and not path.is_symlink():
            yield path
