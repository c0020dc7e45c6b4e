"""The files of a home that a running process sees change: the rules and the directory."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from services import directory as directories
from services.directory import Directory
from services.errors import PrewarnError, RuleError
from services.log.followed import Followed
from services.log.journal import Journal
from services.notify.deadlines import AroundTheClock, WorkingTime
from services.rules.language.load import RuleSet
from services.rules.registry.files import FileRegistry
from services.settings import Settings

_log = logging.getLogger(__name__)


class HomeFiles:
    """Rules and directory, each as it was when it was last right."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        """Raises DirectoryError, and RuleError if the zone of the college is not known from before."""
        self._registry = FileRegistry(settings)
        self.rules: Followed[str, RuleSet] | None = None
        self._registry.own = bool(journal.meta("own_rules", ""))
        try:
            self.rules = self._registry.follow()
            if self._registry.own:
                journal.set_meta("own_rules", "yes")
            self.zone = self.rules.value.zone.key
            journal.set_meta("zone", self.zone)
        except RuleError as error:
            # Whoever only reads or hands in must not suffer from a rule that somebody is editing.
            self.zone, self._refused = journal.meta("zone", ""), error
            if not self.zone:
                raise
        folder = settings.directory_folder
        self._journal = journal
        self.directory: Followed[str, Directory] = Followed(
            lambda: _files_key(folder), lambda _: self._read_directory(folder)
        )

    def _read_directory(self, folder: Path) -> Directory:
        """A home that has had a directory and finds it gone is not one that knows nobody. Raises DirectoryError."""
        if self._journal.meta("directory", ""):
            return directories.load(folder, self.zone)
        found = directories.load_installed(folder, self.zone)
        if directories.present_folder(folder) is not None:
            self._journal.set_meta("directory", "installed")
        return found

    def present_directory(self) -> Directory:
        """The directory as of now."""
        return self.directory.value

    def rule_set(self) -> RuleSet:
        """The rules as of now. Raises RuleError if they had errors from the beginning."""
        if self.rules is None:
            raise self._refused
        return self.rules.value

    def day_off(self, day: date) -> bool | None:
        """By the college's calendar; None if it is not known."""
        return None if self.rules is None else self.rules.value.plan.times.day_off(day)

    def after(self, t: int, milliseconds: int) -> int:
        """See WorkingTime."""
        return self._working.after(t, milliseconds)

    def working_days_after(self, t: int, days: int) -> int:
        """See WorkingTime."""
        return self._working.working_days_after(t, days)

    def working_day(self, day: date) -> date:
        """See WorkingTime."""
        return self._working.working_day(day)

    def term_end(self, t: int) -> int:
        """See WorkingTime."""
        return self._working.term_end(t)

    @property
    def _working(self) -> WorkingTime:
        """By the college's calendar as it is now."""
        return AroundTheClock() if self.rules is None else self.rules.value.plan.times

    def closed(self, at: datetime) -> bool:
        """Whether the college is closed on the day of an instant; not if the calendar is not known."""
        return self.day_off(at.astimezone(ZoneInfo(self.zone)).date()) is True

    def terms(self) -> Sequence[tuple[date, date]]:
        """First and last day of each term of the calendar; none if it is not known."""
        return [] if self.rules is None else self.rules.value.plan.times.terms

    def bounds(self) -> str:
        """Changes with whatever decides which records count: the directory and the calendar."""
        calendar = "" if self.rules is None else self.rules.value.plan.times.signature
        return f"{self.directory.value.version} {calendar}"

    def refresh(self) -> bool:
        """What is newest: the folder's evaluator looks itself, and decides for all (`look`)."""
        return True

    def look(self) -> RuleSet | None:
        """Looks whether the files have changed; the rules if they have, and are right."""
        self.directory.look()
        return None if self.rules is None else self.rules.look()

    def note_edit(self) -> None:
        """Puts rules on record that nobody has published. They act already: that this fails stops nothing."""
        try:
            if revision := self._registry.note_edit():
                _log.warning("rule set revision %d was not published: %s", revision.number, revision.reason)
        except (PrewarnError, OSError) as error:
            _log.error("the edited rules are not on record as a rule set revision: %s", error)

    def refused_edits(self) -> list[str]:
        """A line for the edited rules and one for the edited directory, where they have errors and are not used."""
        watched = {"rules": self.rules.problems if self.rules else (), "directory": self.directory.problems}
        return [
            f"{name} not used, what was active stays active 未启用，沿用原有内容: {len(problems)} errors, {problems[0]}"
            for name, problems in watched.items()
            if problems
        ]


def _files_key(folder: Path) -> str:
    """Changes with any file of a folder (size and time of change)."""
    parts = []
    for path in sorted(folder.glob("*")):
        try:
            status = path.stat()
        except OSError as error:
            parts.append(os.fsencode(path.name) + f" {error.errno}".encode())
            continue
        parts.append(os.fsencode(path.name) + f" {status.st_size} {status.st_mtime_ns}".encode())
    return hashlib.sha256(b"\n".join(parts)).hexdigest()
