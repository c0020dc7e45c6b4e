"""A college in one folder, fed file by file under a clock that the test sets."""

import shutil
import subprocess
from collections import defaultdict
from datetime import datetime
from types import MappingProxyType

import msgspec

from services import directory as directories
from services.app.embedded import Embedded
from services.ingest.files import ingest_files
from services.ingest.intake import UNHEARD
from services.log.journal_records import JournalRecords
from services.messages import to_ms
from services.settings import Settings
from tests.acceptance.exports_a.cells import ZONE
from tests.acceptance.exports_a.product import State
from tests.acceptance.timetable import CLOCKED, rules_of
from tests.faults.running import PATIENCE, ROOT, environment

AT = datetime(2026, 11, 27, 23, 59, 59, tzinfo=ZONE)
"""The evening as of which the warnings of truth.json are."""
RULES = (
    "absence-hours", "absence-streak", "absence-streak-all-courses", "tests-failed", "tests-failed-often",
    "arrival-rate", "rollcall-missing", "rollcall-missing-often",
)  # fmt: skip
"""S1, S2, S5, K1 and T1 of the default pack: those of truth.json."""
_KINDS = ("lesson", "rollcall", "attendance", "leave", "test", "assessment", "ticket")
_EVER = (-(1 << 62), 1 << 62)


class Home:
    """The default pack's rules with the college's calendar. Each command opens the folder anew, as `prewarn` does."""

    def __init__(self, folder, calendar, rules=RULES):
        self.now = AT
        self._settings = Settings(home=folder)
        rules_of(folder / "rules", rules)
        shutil.copy(calendar, folder / "rules" / "calendar.yaml")

    def import_directory(self, source):
        """As `prewarn directory import` does; what it bounds is taken in anew."""
        directories.install(source, self._settings.directory_folder)
        with self._open() as embedded:
            self._catch_up(embedded)

    def ingest(self, *files, covers=None, exported_at=None):
        """As `prewarn ingest FILES --covers … --exported-at …` does; (summary, how many were taken back)."""
        with self._open() as embedded:
            coverage = embedded.coverage(covers) if covers else None
            summary = ingest_files(files, embedded.intake, note=coverage or UNHEARD)
            assert not (coverage and coverage.unsure), "rows were refused that may be about anything"
            gone = embedded.records.retract_uncovered(coverage, exported_at) if coverage else 0
            self._catch_up(embedded)
        return summary, gone

    def state(self):
        """What counts and what does not, and what `prewarn warnings --json` prints of the open ones."""
        with self._open() as embedded:
            with JournalRecords(embedded.journal).reading() as records:
                counted, uncounted = kept(records)
            return State(counted, uncounted, told(embedded), embedded.files.present_directory())

    def _open(self):
        return Embedded(self._settings, clock=lambda: self.now, push=False)

    def _catch_up(self, embedded):
        assert embedded.try_evaluating(), "another process evaluates this folder"
        embedded.catch_up()
        embedded.journal.tick(to_ms(self.now))
        embedded.catch_up()


def kept(records):
    """(kind → {key: (data, time)} of what counts, kind → {key: (reason, data)} of what does not)."""
    counted, uncounted = defaultdict(dict), defaultdict(dict)
    for record in (one for kind in _KINDS for one in records.between(kind, *_EVER)):
        if record.told is not None and record.told.counts:
            counted[record.kind][record.key] = record.told.event.data, record.told.event.time
        else:
            uncounted[record.kind][record.key] = record.reason, record.said[0].event.data
    return counted, uncounted


def told(embedded):
    """Rule → what `prewarn warnings --json` prints of its open warnings."""
    warnings = defaultdict(list)
    for one in msgspec.json.decode(msgspec.json.encode(list(embedded.notify.warnings()))):
        if one["status"] not in {"resolved", "withdrawn"}:
            warnings[one["rule"]].append(one)
    return warnings


class Commands(Home):
    """The same by `prewarn` itself."""

    _mode = MappingProxyType({})
    """Settings beside the folder."""

    def import_directory(self, source):
        self._prewarn("directory", "import", source)

    def ingest(self, *files, covers=None, exported_at=None):
        """What the command says."""
        covered = ["--covers", covers, "--exported-at", exported_at.isoformat()] if covers else []
        return self._prewarn("ingest", *files, *covered)

    def _prewarn(self, *arguments):
        home = self._settings.home
        clock = home.with_suffix(".clock")
        clock.write_text(self.now.isoformat(), "ascii")
        told = subprocess.run(
            [*CLOCKED, "--home", home, *arguments], cwd=ROOT, text=True, capture_output=True, check=False,
            env=environment(PREWARN_TEST_CLOCK=str(clock), **self._mode), timeout=10 * PATIENCE,
        )  # fmt: skip
        assert told.returncode in {0, 1}, told.stderr
        assert "Traceback" not in told.stderr, told.stderr
        return told.stdout + told.stderr
