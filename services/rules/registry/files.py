"""The rule sets of a home without a cluster: the rules in use, and every publication with author and difference.

`rules` in home is what is in use; a running `prewarn run` sees it change. `editions` in home keeps every revision:
`editions.json`, and a folder with the files of each number. What somebody has edited in `rules` by hand becomes a
revision of its own when a running process sees it or at the next publication, so that one can go back to it.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from services.errors import ConfigurationError, RuleError
from services.i18n import say
from services.log.followed import Followed
from services.messages import Problem
from services.rules.language.calendar import read_calendar
from services.rules.language.load import RuleSet, fingerprint, load
from services.rules.language.reading import Report
from services.rules.registry.port import RuleSetRevision, find, reason_to_return
from services.settings import Settings, resource

FOUND = "found in use 当时已在使用"
"""Reason of a revision that nobody has published."""
EDITED = "edited in place 直接修改文件，未经发布"
"""Reason of one that a running process has seen come."""


def copy(rules: Path, folder: Path) -> None:
    """Copies rules and their tests to a folder of their own. Raises ConfigurationError if it exists."""
    if folder.exists():
        raise ConfigurationError(say("registry.folder_exists", folder=folder))
    shutil.copytree(rules, folder, ignore=shutil.ignore_patterns("examples"))


class FileRegistry:
    """As `Registry`, which see. Publishing raises ConfigurationError where the rules in use lie elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._home = settings, settings.home
        # Folder and file are called as releases wrote them that said edition: another name would buy nothing.
        self._folder = settings.home / "editions"
        self._list = self._folder / "editions.json"
        self.own = False
        """Whether this home has been seen with rules of its own, by this process or one before."""

    def current(self) -> RuleSet:
        """The rules of the home's folder as they are now."""
        return _load(self._settings.rules_folder)

    def zone(self) -> ZoneInfo:
        """The time zone of their calendar, whatever is wrong with the rules. Raises RuleError if it has errors."""
        report = Report()
        calendar = read_calendar(self._settings.rules_folder, report)
        if report.problems:
            raise RuleError(report.problems)
        return calendar.zone

    def follow(self) -> Followed[str, RuleSet]:
        """The rules in use, to be looked at again. Raises RuleError if they have errors now."""
        return Followed(lambda: fingerprint(self._in_use()), lambda _: _load(self._in_use()))

    def _in_use(self) -> Path:
        """Where the rules are. Raises RuleError where a home that has had its own has none: ours are no substitute."""
        folder = self._settings.rules_folder
        if self._settings.rules is None:
            own = folder.parent == self._home
            if self.own and not own:
                what, right = say("directory.there_no_such_folder"), say("registry.put_back")
                raise RuleError([Problem(where=str(self._home / "rules"), what=what, expected=right)])
            self.own = own
        return folder

    def publish(self, folder: Path, *, author: str = "", reason: str = "") -> RuleSetRevision:
        """Puts a folder into use."""
        rule_set = _load(folder)
        with self._alone():
            return self._publish(folder, rule_set, author, reason)

    def roll_back(self, number: int, *, author: str = "", reason: str = "") -> RuleSetRevision:
        """Puts the folder of an earlier revision into use."""
        with self._alone():
            find(self.revisions(), number)
            folder = self._kept(number)
            return self._publish(folder, _load(folder), author, reason or reason_to_return(number))

    def revisions(self) -> list[RuleSetRevision]:
        """All publications of this home."""
        if not self._list.is_file():
            return []
        try:
            return msgspec.json.decode(self._list.read_bytes(), type=list[RuleSetRevision])
        except msgspec.MsgspecError as error:
            raise ConfigurationError(say("ingest.cannot_be_read", path=self._list, reason=error)) from error

    def evaluated(self) -> dict[int, int]:
        """Empty: one process has no partitions."""
        return {}

    def note_edit(self) -> RuleSetRevision | None:
        """Records what somebody has written into the rules in use; None if it was published, or lies elsewhere.

        Raises as `publish`, and OSError.
        """
        if self._settings.rules is not None or self._settings.rules_folder.parent != self._home:
            return None
        with self._alone():
            return self._record_in_use(self.current(), EDITED)

    def _publish(self, folder: Path, rule_set: RuleSet, author: str, reason: str) -> RuleSetRevision:
        if folder.resolve() != self._settings.rules_folder.resolve():
            with suppress(RuleError):  # somebody has broken them: nothing to go back to
                self._record_in_use(self.current(), FOUND)
        known = self.revisions()
        if known and known[-1].version == rule_set.version:
            return known[-1]
        revision = self._record(known, folder, rule_set, author, reason)
        self._put_into_use(self._kept(revision.number))
        return revision

    def _record_in_use(self, in_use: RuleSet, reason: str) -> RuleSetRevision | None:
        known = self.revisions()
        if known and known[-1].version == in_use.version:
            return None
        return self._record(known, self._settings.rules_folder, in_use, "", reason)

    def _record(
        self, known: list[RuleSetRevision], folder: Path, rule_set: RuleSet, author: str, reason: str
    ) -> RuleSetRevision:
        before = _load(self._kept(known[-1].number)) if known else None
        revision = RuleSetRevision.after(known, before, rule_set, author, reason)
        kept = self._kept(revision.number)
        shutil.rmtree(kept, ignore_errors=True)  # of a publication that was cut short
        shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("examples"))
        aside = self._list.with_suffix(".new")
        aside.write_bytes(msgspec.json.format(msgspec.json.encode([*known, revision]), indent=1))
        aside.replace(self._list)
        return revision

    def _put_into_use(self, folder: Path) -> None:
        """Cut short at any point, the rules in use are the old ones or the new ones (`Settings.rules_folder`)."""
        new, old, place = (self._home / name for name in ("rules.new", "rules.old", "rules"))
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(folder, new)
        if place.is_dir():
            shutil.rmtree(old, ignore_errors=True)
            place.rename(old)
        new.rename(place)
        shutil.rmtree(old, ignore_errors=True)

    def _kept(self, number: int) -> Path:
        return self._folder / str(number)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._settings.rules is not None:
            raise ConfigurationError(
                say(
                    "registry.prewarn_rules_names_what_published",
                    rules=self._settings.rules,
                    value=self._home / "rules",
                )
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _load(folder: Path) -> RuleSet:
    return load(folder, resource("schemas"))
