"""Folders of text files on a compacted topic: the rule sets on `campus.rules`, the people on `campus.directory`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from services.errors import ConfigurationError
from services.i18n import say
from services.rules.language.load import RuleSet, load
from services.settings import resource

ACTIVE = b"active"


class Bundle(msgspec.Struct, frozen=True):
    """A folder as it lies on Kafka."""

    version: str
    files: dict[str, str]
    """Path in the folder → text."""


def bundle_of(version: str, folder: Path, paths: Iterable[Path]) -> bytes:
    """These files of a folder as one value."""
    files = {path.relative_to(folder).as_posix(): path.read_text("utf-8-sig") for path in sorted(paths)}
    return msgspec.json.encode(Bundle(version, files))


@contextmanager
def unpacked(packed: bytes) -> Iterator[tuple[Bundle, Path]]:
    """A bundle, and its files in a folder for as long as it is open. Raises ConfigurationError if it is none."""
    try:
        bundle = msgspec.json.decode(packed, type=Bundle)
    except msgspec.MsgspecError as error:
        raise ConfigurationError(f"not a bundle of files: {error}") from error
    with tempfile.TemporaryDirectory(prefix="prewarn-") as name:
        folder = Path(name)
        for path, text in bundle.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        yield bundle, folder


def set_key(version: str) -> bytes:
    """The key of a rule set on `campus.rules`."""
    return b"set/" + version.encode()


def rule_set_of(found: Mapping[bytes, bytes], version: str, topic: str) -> RuleSet:
    """A rule set that `campus.rules` holds. Raises ConfigurationError if it does not, or reads as another one."""
    if (packed := found.get(set_key(version))) is None:
        raise ConfigurationError(say("registry.has_no_rule_set_run", topic=topic, version=version))
    with unpacked(packed) as (bundle, folder):
        rule_set = load(folder, resource("schemas"))
    if rule_set.version != bundle.version:
        raise ConfigurationError(f"{topic}: rule set {bundle.version} reads as {rule_set.version}")
    return rule_set
