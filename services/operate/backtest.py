"""`prewarn backtest`: what another rule set would have warned of, over the log or files, beside the present one.

Each rule set evaluates all events from the beginning, in the log's order and time, with an engine of its own. Warnings
come back as events anew, so that rules on warnings see those of their own set. Nothing is written, nobody is told.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from services import directory as directories
from services.clock import wall_clock
from services.directory import Directory
from services.errors import LogError
from services.i18n import say
from services.ingest.files import Summary, ingest_files
from services.ingest.intake import Intake
from services.ingest.records.keys import Keys
from services.ingest.records.log import RecordLog
from services.ingest.schemas import load_schemas
from services.ingest.validation import Validator
from services.log.journal import Journal
from services.log.journal_records import JournalRecords
from services.log.replay import ReplayLog
from services.messages import RANK, CampusEvent, Evidence, Json, Level, Message, WarningChange, WarningReading
from services.rules.engine.engine import Engine
from services.rules.feedback import SOURCE, Enrich
from services.rules.language.load import RuleSet, load
from services.rules.runner import EngineRunner, Output, Unreadable
from services.settings import Settings, resource

_SHOWN = 10
"""Differences of each sort, unless more are asked for."""
_OURS = f'"{SOURCE}"'.encode()
_decode = msgspec.json.Decoder(list[CampusEvent]).decode


class FoundEpisode(msgspec.Struct):
    """A warning from its opening to its end, as it stood at last; times in UTC."""

    rule: str
    subject: str
    opened_at: datetime
    closed_at: datetime | None
    level: Level
    """The highest one."""
    value: float | None
    threshold: float | None
    evidence: list[Evidence]


class Counts(msgspec.Struct):
    """Warnings of one rule, highest level and ISO week of the opening, in the college's time zone."""

    rule: str
    level: Level
    week: str
    old: int
    new: int


class Changed(msgspec.Struct):
    """A warning of both, at another level or from another instant on."""

    old: FoundEpisode
    new: FoundEpisode


class Backtest(msgspec.Struct):
    """The comparison. Warnings of one rule and subject are the same if there is an instant at which both are open."""

    events: int
    old: int
    """Warnings by the old rule set."""
    new: int
    counts: list[Counts]
    """Those that are not equal."""
    gone: list[FoundEpisode]
    """Only the old rule set warns: the first ones, and how many there are."""
    gone_count: int
    added: list[FoundEpisode]
    added_count: int
    changed: list[Changed]
    changed_count: int
    rejected: Summary | None = None
    """What could not be read of the files."""


def backtest(settings: Settings, old: Path, new: Path, files: Sequence[Path] = (), shown: int = _SHOWN) -> Backtest:
    """Compares two rule folders over the home's log, or over files of events.

    Raises RuleError, and LogError also where there is no event.
    """
    rule_sets = [load(folder, resource("schemas")) for folder in (old, new)]
    zone = rule_sets[0].zone
    directory = directories.load_installed(settings.directory_folder, zone.key)

    def enrich(kind: str, data: Json, at: datetime) -> Json:
        return directory.enrich(kind, data, at)[0]

    with tempfile.TemporaryDirectory(prefix="prewarn-backtest-") as folder:
        summary = None
        path = settings.home / "prewarn.db"
        if files:
            path = Path(folder) / "events.db"
            with closing(Journal(path, wall_clock, repeatable=True)) as journal:
                schemas = load_schemas(resource("schemas"))
                bounds = _Bounds(directory, rule_sets[0])
                records = RecordLog(JournalRecords(journal), Keys(schemas), bounds, wall_clock)
                validator, replay = Validator(schemas, wall_clock), ReplayLog(records)
                intake = Intake(validator, bounds.present_directory, replay, wall_clock, completes=False)
                summary = ingest_files(files, intake)
        elif not path.is_file():
            raise LogError(say("operate.there_no_log_here_prewarn", path=path))
        runs = [_Run(rules, enrich) for rules in rule_sets]
        events = 0
        with closing(Journal(path, wall_clock)) as log:
            for clock, count, packed in _rows(log):
                events += count
                for run in runs:
                    for one in run.take(clock, packed):
                        raise LogError(say("operate.row_log_cannot_be_read", path=path, error=one.why))
    if not events:
        raise LogError(*_nothing(path, files, summary))
    before, after = (_in_order(run.found.values()) for run in runs)
    return _compared(events, before, after, zone, shown, summary)


def _nothing(path: Path, files: Sequence[Path], summary: Summary | None) -> list[Message | str]:
    """Without events every rule set says the same, which would read as if nothing were different."""
    if summary is None:
        return [say("operate.holds_no_event", path=path)]
    named = ", ".join(map(str, files))
    refused = [f"{one.origin} {one.position}: {one.reasons[0]}" for one in summary.rejections[:_SHOWN]]
    return [*refused, say("operate.no_event_read", files=named)]


class _Bounds:
    """What bounds the records of files: the directory, and the calendar of the present rule set."""

    def __init__(self, directory: Directory, rules: RuleSet) -> None:
        self._directory, self._rules = directory, rules

    def present_directory(self) -> Directory:
        """The directory as it is now."""
        return self._directory

    def closed(self, at: datetime) -> bool:
        """Whether the college is closed on the day of an instant."""
        return self._rules.plan.times.day_off(at.astimezone(self._rules.zone).date()) is True

    def bounds(self) -> str:
        """Neither of them changes meanwhile."""
        return ""

    def refresh(self) -> bool:
        """Nobody else knows anything newer."""
        return True


class _Run:
    """One rule set over the events."""

    def __init__(self, rules: RuleSet, enrich: Enrich) -> None:
        self._runner = EngineRunner(Engine(rules.plan, mode="replay"), enrich)
        self.found: dict[str, FoundEpisode] = {}
        """Warning → what it came to, those left out that were withdrawn."""

    def take(self, clock: int, packed: bytes) -> list[Unreadable]:
        """The events of a row, and time up to `clock` (ms); those that cannot be read."""
        output = Output(self._runner.hand_back(self._runner.step(packed, clock)))
        for change in output.changes:
            if change.change == "withdrawn":
                self.found.pop(change.warning_id, None)
            else:
                self.found[change.warning_id] = _episode(change)
        for reading in self._runner.drain(output).readings:
            if reading.facts.warning_id in self.found:
                self.found[reading.facts.warning_id] = _episode(reading)
        return output.unreadable


def _episode(said: WarningChange | WarningReading) -> FoundEpisode:
    facts = said.facts
    return FoundEpisode(
        rule=said.rule,
        subject=said.subject,
        opened_at=facts.opened_at,
        closed_at=facts.closed_at,
        level=facts.highest_level,
        value=facts.value,
        threshold=facts.threshold,
        evidence=list(facts.evidence),
    )


def _rows(log: Journal) -> Iterator[tuple[int, int, bytes]]:
    """(clock in ms, number of events, JSON array) of each row, without the warnings that came back; a tick has none."""
    offset = 0
    while rows := log.read(offset):
        for _, clock, count, packed in rows:
            if count and _OURS in packed:
                mine = [event for event in _decode(packed) if (event.source, event.kind) != (SOURCE, "warning")]
                if mine:
                    yield clock, len(mine), msgspec.json.encode(mine)
            else:
                yield clock, count, packed
        offset = rows[-1][0]


def _in_order(episodes: Iterable[FoundEpisode]) -> list[FoundEpisode]:
    return sorted(episodes, key=lambda one: (one.opened_at, one.rule, one.subject))


def _compared(
    events: int,
    before: list[FoundEpisode],
    after: list[FoundEpisode],
    zone: ZoneInfo,
    shown: int,
    summary: Summary | None,
) -> Backtest:
    gone, added, both = _paired(before, after)
    changed = [one for one in both if (one.old.level, one.old.opened_at) != (one.new.level, one.new.opened_at)]
    counts = [
        Counter((one.rule, one.level, week(one.opened_at, zone)) for one in episodes) for episodes in (before, after)
    ]
    places = sorted(counts[0].keys() | counts[1].keys(), key=lambda place: (place[0], RANK[place[1]], place[2]))
    unequal = [Counts(*place, counts[0][place], counts[1][place]) for place in places]
    return Backtest(
        events=events,
        old=len(before),
        new=len(after),
        counts=[one for one in unequal if one.old != one.new],
        gone=gone[:shown],
        gone_count=len(gone),
        added=added[:shown],
        added_count=len(added),
        changed=changed[:shown],
        changed_count=len(changed),
        rejected=summary,
    )


def _paired(
    old: list[FoundEpisode], new: list[FoundEpisode]
) -> tuple[list[FoundEpisode], list[FoundEpisode], list[Changed]]:
    """Those of the old set alone, those of the new one alone, and the pairs; the earliest first."""
    of: dict[tuple[str, str], tuple[deque[FoundEpisode], deque[FoundEpisode]]] = defaultdict(lambda: (deque(), deque()))
    for side, episodes in enumerate((old, new)):
        for one in episodes:
            of[one.rule, one.subject][side].append(one)
    gone: list[FoundEpisode] = []
    added: list[FoundEpisode] = []
    both: list[Changed] = []
    for before, after in of.values():
        while before and after:
            if _is_over(before[0], after[0].opened_at):
                gone.append(before.popleft())
            elif _is_over(after[0], before[0].opened_at):
                added.append(after.popleft())
            else:
                both.append(Changed(before.popleft(), after.popleft()))
        gone += before
        added += after
    return _in_order(gone), _in_order(added), sorted(both, key=lambda pair: pair.old.opened_at)


def _is_over(one: FoundEpisode, at: datetime) -> bool:
    return one.closed_at is not None and one.closed_at <= at and one.opened_at < at


def week(at: datetime, zone: ZoneInfo) -> str:
    """The ISO week of an instant in a time zone, such as 2026-W12."""
    year, number, _ = at.astimezone(zone).isocalendar()
    return f"{year}-W{number:02}"
