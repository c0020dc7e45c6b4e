"""Makes a folder ready for a sample or a data set, before anything runs in it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from services import directory as directories
from services.errors import ConfigurationError
from services.i18n import say
from services.messages import UNREADABLE
from services.settings import Settings
from services.tabular.rows import write_csv


def prepare_home(settings: Settings, profile: str, rules: Path, tables: dict[str, list[dict[str, str]]]) -> None:
    """Puts its rules and its directory into home; one folder serves one sample or data set."""
    home = settings.home
    marker = home / "profile.json"
    if marker.exists():
        found = remembered(marker, "profile")
        if found != profile:
            raise ConfigurationError(say("app.already_holds_choose_another_folder", home=home, found=found))
        return
    if (home / "prewarn.db").exists():
        raise ConfigurationError(say("app.already_holds_college_its_own", home=home))
    home.mkdir(parents=True, exist_ok=True)
    shutil.copytree(rules, home / "rules", dirs_exist_ok=True, ignore=shutil.ignore_patterns("examples"))
    with _written(tables, home) as folder:
        directories.install(folder, settings.directory_folder)
    aside = marker.with_suffix(".new")
    aside.write_text(json.dumps({"profile": profile}), "utf-8")
    aside.replace(marker)


def remembered(path: Path, name: str) -> str:
    """What a small file of ours says under a name. Raises ConfigurationError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])[name]
    except (OSError, KeyError, *UNREADABLE) as error:
        raise ConfigurationError(say("ingest.cannot_be_read", path=path, reason=error)) from error


@contextmanager
def _written(tables: dict[str, list[dict[str, str]]], home: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=home) as name:
        folder = Path(name)
        for stem, rows in tables.items():
            if rows:
                write_csv(folder / f"{stem}.csv", list(dict.fromkeys(key for row in rows for key in row)), rows)
        yield folder
