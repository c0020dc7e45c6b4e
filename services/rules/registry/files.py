"""`prewarn rules publish` without a cluster: the rules of a home, and every publication with author and difference.

`rules` in home is what is in use; a running `prewarn run` sees it change. `editions` in home keeps every publication:
`editions.json`, and a folder with the files of each number. What somebody has edited in `rules` by hand becomes an
edition of its own when a running process sees it or at the next publication, so that one can go back to it.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from services.clock import wall_clock
from services.errors import ConfigurationError, RuleError
from services.i18n import say
from services.rules.language.differences import differences
from services.rules.language.load import RuleSet, load
from services.rules.registry.revisions import Edition
from services.settings import Settings, resource

FOUND = "found in use 当时已在使用"
"""Reason of an edition that nobody has published."""
EDITED = "edited in place 直接修改文件，未经发布"
"""Reason of one that a running process has seen come."""


def publish(settings: Settings, folder: Path, *, author: str = "", reason: str = "") -> Edition:
    """Checks a folder and puts it into use; the newest edition, if it is that already.

    Raises RuleError with everything that is wrong, and ConfigurationError where the rules in use lie elsewhere.
    """
    rule_set = load(folder, resource("schemas"))
    with _alone(settings):
        return _publish(settings, folder, rule_set, author, reason)


def copy(rules: Path, folder: Path) -> None:
    """Copies rules and their tests to a folder of their own. Raises ConfigurationError if it exists."""
    if folder.exists():
        raise ConfigurationError(say("registry.folder_exists", folder=folder))
    shutil.copytree(rules, folder, ignore=shutil.ignore_patterns("examples"))


def roll_back(settings: Settings, number: int, *, author: str = "", reason: str = "") -> Edition:
    """Publishes the rules of an edition once more. Raises as `publish`, also if there is no such edition."""
    with _alone(settings):
        known = editions(settings)
        if number not in [one.number for one in known]:
            listed = ", ".join(str(one.number) for one in known)
            raise ConfigurationError(
                say("registry.there_no_edition", number=number, listed=listed or say("app.none_so_far"))
            )
        folder = _kept(settings, number)
        return _publish(
            settings, folder, load(folder, resource("schemas")), author, reason or f"back to edition {number}"
        )


def note_edit(settings: Settings) -> Edition | None:
    """Records what somebody has written into the rules in use; None if it was published, or lies elsewhere.

    Raises as `publish`, and OSError.
    """
    if settings.rules is not None or settings.rules_folder.parent != settings.home:
        return None
    with _alone(settings):
        in_use, known = load(settings.rules_folder, resource("schemas")), editions(settings)
        if known and known[-1].version == in_use.version:
            return None
        return _record(settings, known, settings.rules_folder, in_use, "", EDITED)


def editions(settings: Settings) -> list[Edition]:
    """All publications of this home, the newest last."""
    path = settings.home / "editions" / "editions.json"
    if not path.is_file():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Edition])
    except msgspec.MsgspecError as error:
        raise ConfigurationError(say("ingest.cannot_be_read", path=path, reason=error)) from error


def _publish(settings: Settings, folder: Path, rule_set: RuleSet, author: str, reason: str) -> Edition:
    known = editions(settings)
    if folder.resolve() != settings.rules_folder.resolve():
        known = _with_what_is_in_use(settings, known)
    if known and known[-1].version == rule_set.version:
        return known[-1]
    edition = _record(settings, known, folder, rule_set, author, reason)
    _put_into_use(settings, _kept(settings, edition.number))
    return edition


def _with_what_is_in_use(settings: Settings, known: list[Edition]) -> list[Edition]:
    try:
        in_use = load(settings.rules_folder, resource("schemas"))
    except RuleError:
        return known  # somebody has broken them: nothing to go back to
    if known and known[-1].version == in_use.version:
        return known
    return [*known, _record(settings, known, settings.rules_folder, in_use, "", FOUND)]


def _record(
    settings: Settings, known: list[Edition], folder: Path, rule_set: RuleSet, author: str, reason: str
) -> Edition:
    number = known[-1].number + 1 if known else 1
    changed = differences(load(_kept(settings, number - 1), resource("schemas")), rule_set) if known else []
    edition = Edition(number, rule_set.version, wall_clock(), author, reason, changed)
    shutil.rmtree(_kept(settings, number), ignore_errors=True)  # of a publication that was cut short
    shutil.copytree(folder, _kept(settings, number), ignore=shutil.ignore_patterns("examples"))
    path = settings.home / "editions" / "editions.json"
    aside = path.with_suffix(".new")
    aside.write_bytes(msgspec.json.format(msgspec.json.encode([*known, edition]), indent=1))
    aside.replace(path)
    return edition


def _put_into_use(settings: Settings, folder: Path) -> None:
    """Cut short at any point, the rules in use are the old ones or the new ones (`Settings.rules_folder`)."""
    new, old, place = (settings.home / name for name in ("rules.new", "rules.old", "rules"))
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(folder, new)
    if place.is_dir():
        shutil.rmtree(old, ignore_errors=True)
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _kept(settings: Settings, number: int) -> Path:
    return settings.home / "editions" / str(number)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    if settings.rules is not None:
        raise ConfigurationError(
            say("registry.prewarn_rules_names_what_published", rules=settings.rules, value=settings.home / "rules")
        )
    (settings.home / "editions").mkdir(parents=True, exist_ok=True)
    with (settings.home / "editions" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
