"""How long a college keeps what: a policy in days per kind, applied to the journal and to notify's store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from services.directory import Directory
from services.errors import ConfigurationError
from services.i18n import say
from services.log.sweep import Sweep
from services.messages import from_ms, to_ms
from services.notify.service import CONSUMER
from services.notify.store import intake
from services.notify.store.engine import Store
from services.notify.store.retention import Applied, StoreSweep
from services.rules.engine.engine import Engine
from services.rules.language.load import load
from services.settings import Settings, resource
from services.tabular.scalars import load_yaml

Policy = dict[str, int | None]
"""Kind \u2192 days; None: for ever."""
DEFAULTS: Policy = {
    "events": 1100,
    "rejected": 180,
    "warnings": 1200,
    "texts": 1200,
    "messages": 800,
    "silences": 800,
    "own": 30,
    "slips": 30,
}
"""Three years of quality accidents and the same period of last year are in the report."""
_DAY = 86_400_000


def read_policy(path: Path) -> Policy:
    """A file's policy, with defaults for the rest. Raises OSError, and ConfigurationError with every mistake."""
    if not path.exists():
        return dict(DEFAULTS)
    try:
        found: Any = load_yaml(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(say("operate.not_yaml", path=path, error=error)) from None
    if not isinstance(found, dict):
        raise ConfigurationError(say("operate.not_policy", path=path))
    wrong = [
        say("operate.no_kind", path=path, name=name, defaults=", ".join(DEFAULTS)) for name in found.keys() - DEFAULTS
    ]
    wrong += [
        say("operate.no_number_days", path=path, name=name, days=days, defaults=DEFAULTS[name])
        for name, days in found.items()
        if name in DEFAULTS and days != "keep" and (isinstance(days, bool) or not isinstance(days, int) or days < 1)
    ]
    if wrong:
        raise ConfigurationError(*sorted(wrong, key=str))
    return DEFAULTS | {name: None if days == "keep" else days for name, days in found.items()}


def least_days(settings: Settings) -> tuple[int, str]:
    """For how many days the rules in use need events, and which of them needs them longest."""
    rule_set = load(settings.rules_folder, resource("schemas"))
    layout = max(Engine(rule_set.plan).layouts, key=lambda one: one.retention, default=None)
    if layout is None:
        return 1, ""
    # An event may be taken in five minutes before its time: one day more.
    return -(-(layout.retention + rule_set.plan.allowed_lateness) // _DAY) + 1, layout.rules[0].rule.id


def apply(settings: Settings, policy: Policy, directory: Directory, clock: datetime, *, dry_run: bool) -> Applied:
    """Deletes what is older than the policy says; counts by kind. Open warnings, and what names them, stay.

    `directory`: by it somebody has left; one that knows nobody, as in a home that has none, says so of nobody.

    Also while the service runs: whatever is committed is whole. Raises ConfigurationError, before anything is deleted,
    if the rules in use need events for longer; LogError, UnstorableError of the files.
    """
    journal = settings.home / "prewarn.db"
    if not journal.is_file() and not settings.has_store:
        raise ConfigurationError(say("operate.nothing_kept_here_prewarn_home", home=settings.home))
    if journal.is_file():
        _refuse_too_short(settings, policy["events"])
    database = Store(settings.store_url)
    sweep = Sweep(journal, dry_run=dry_run) if journal.is_file() else None
    stored = StoreSweep(database, dry_run=dry_run)
    deleted: dict[str, int] = {}
    try:
        come_to = sweep.come_to() if sweep is not None else -1
        # In a home whose events are past, a day is one of theirs.
        now = min(clock, from_ms(come_to)) if come_to >= 0 else clock
        before = {kind: to_ms(now - timedelta(days=days)) for kind, days in policy.items() if days is not None}
        if sweep is not None:
            _apply_to_journal(sweep, stored, database, before, clock, policy["rejected"], deleted)
        works = {"texts": stored.texts, "messages": stored.messages, "silences": stored.silences, "slips": stored.slips}
        deleted |= {kind: work(before[kind]) for kind, work in works.items() if kind in before}
        if "warnings" in before:
            deleted["warnings"] = stored.warnings(before["warnings"], to_ms(clock))
        if (days := policy["own"]) is not None and directory.tables.people:
            deleted["own"] = stored.own(lambda person, at: _left(directory, person, at, clock - timedelta(days=days)))
    finally:
        applied = Applied(to_ms(clock), policy, deleted)
        if not dry_run and deleted:
            stored.record(applied)
        if sweep is not None:
            sweep.close()
        database.close()
    return applied


def _left(directory: Directory, person: str, at: int, before: datetime) -> bool:
    """Whether somebody had left by an instant; of whom the directory does not know, whether `at` (ms) was before it."""
    known = directory.person(person)
    if known is None:
        return at < to_ms(before)
    zone = ZoneInfo(directory.time_zone)
    return known.to_day is not None and known.to_day < before.astimezone(zone).date()


def _apply_to_journal(
    sweep: Sweep,
    stored: StoreSweep,
    database: Store,
    before: dict[str, int],
    clock: datetime,
    rejected_days: int | None,
    deleted: dict[str, int],
) -> None:
    if rejected_days is not None:
        deleted["rejected"] = sweep.rejected((clock - timedelta(days=rejected_days)).astimezone(UTC).isoformat())
    if "events" not in before:
        return
    named = stored.open_names()
    deleted["events"] = sweep.events(before["events"], named)
    sweep.records(before["events"], named)
    sweep.runs(before["events"])
    with database.reading() as connection:
        taken_in = intake.positions(connection).get(CONSUMER, 0)
    deleted["changes"] = sweep.changes(before["events"], taken_in)


def _refuse_too_short(settings: Settings, days: int | None) -> None:
    needed, rule = least_days(settings)
    if days is not None and days < needed:
        raise ConfigurationError(say("operate.events_days_too_short_rule", days=days, rule=rule, needed=needed))
