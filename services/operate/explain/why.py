"""`prewarn why`: what the rules find about somebody at an instant, and what notify made of it.

The rules' part is found by replaying the subject's events from the log through a fresh engine of the present rule
files, so the running engine is not asked and not disturbed; notify's part is what its store has.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from services import directory as directories
from services.errors import ConfigurationError, ProblemsError
from services.i18n import both, say
from services.log.journal import Journal
from services.log.journal_records import JournalRecords
from services.messages import Problem, Rejection, from_ms, key_values, subject_key, to_ms
from services.notify.store import views
from services.notify.store.engine import Store
from services.notify.store.views import Dossier
from services.operate.explain.answered import LateRecord, NotCounted, Note, WhyAnswer
from services.operate.explain.answers import Sides, answer
from services.operate.explain.log import fields_with, rows_about
from services.operate.explain.subjects import AskedAbout, find_rule, find_subject, instant, refuse_unknown
from services.operate.explain.why_words import why_lines
from services.operate.reasons.replay import Entries, replay
from services.operate.reasons.standing import Standing, standing
from services.rules.language.load import RuleSet, load
from services.settings import Settings, resource

_REJECTS = 5


def why(settings: Settings, said: str, rule: str | None, at: str | None, now: dt.datetime) -> WhyAnswer:
    """Raises ConfigurationError without a home, ProblemsError for what is asked wrongly."""
    path = settings.home / "prewarn.db"
    if not path.is_file():
        raise ConfigurationError(say("operate.holds_no_college", home=settings.home))
    rules = load(settings.rules_folder, resource("schemas"))
    asked = None if rule is None else find_rule(rule, rules).rule.id
    directory = directories.load_installed(settings.directory_folder, rules.zone.key)
    moment = instant(at, rules.zone, now)
    journal = Journal(path, lambda: now)
    try:
        subject = _named(find_subject(said, directory, rules), journal, rules, directory)
        evaluated, come = journal.evaluated()
        instant_ms = to_ms(moment) if at is not None else max(come, 0)
        needs = _needs(subject, rules, asked)
        found = rows_about(journal, rules.plan, needs)
        late = _late(journal, found.rows, instant_ms, rules)
        store = Store(settings.store_url)
        try:
            sides = Sides(
                rules=rules,
                running=journal.meta("rule_version", ""),
                at=instant_ms,
                told=lambda id_, key: _told(store, id_, key, instant_ms),
                rejects=_rejects(journal, subject),
                late=frozenset(one.record for one in late),
                scope=subject.attributes(directory, from_ms(instant_ms), {}),
            )
            answers = [
                answer(one, sides)
                for one in sorted(
                    _standings(rules, needs, found.rows, instant_ms, asked), key=lambda one: one.status != "open"
                )
            ]
        finally:
            store.close()
        return WhyAnswer(
            subject=subject.said,
            fields=subject.fields,
            at=_local(from_ms(instant_ms), rules),
            rule_version=rules.version,
            running_rule_version=sides.running,
            known_later=_known_later(found.rows, instant_ms) if at is not None else 0,
            ahead=instant_ms > to_ms(now),
            not_evaluated_yet=max(found.end - evaluated, 0),
            unreadable=found.unreadable,
            late=late,
            not_counted=_not_counted(journal, subject, rules),
            asked_rule=asked,
            answers=answers,
            note=None if needs else _no_rule(subject, asked),
        )
    finally:
        journal.close()


def _named(subject: AskedAbout, journal: Journal, rules: RuleSet, directory: directories.Directory) -> AskedAbout:
    """The subject, with what only the log knows."""
    if not subject.unknown:
        return subject
    names = frozenset(name for rule in rules.plan.rules for name in rule.by)
    found, seen = fields_with(journal, names, subject.unknown)
    left = tuple(part for part in subject.unknown if part not in found.values())
    for part in left:
        if refused := _rejects(journal, AskedAbout(part, {"": part})):
            what = say("operate.only_refused", id=part)
            shown = f"prewarn rejected show {refused[-1][0]}: {refused[-1][1].reasons[0]}"
            raise ProblemsError([Problem(where=subject.said, what=what, expected=shown)])
    refuse_unknown(AskedAbout(subject.said, subject.fields, left), directory, seen)
    return AskedAbout(subject.said, {**subject.fields, **found})


def _needs(subject: AskedAbout, rules: RuleSet, asked: str | None) -> dict[tuple[str, ...], dict[str, str]]:
    """The `by`s of rules that can be about the subject → what their events must have."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for rule in rules.plan.rules:
        if asked is not None and rule.id != asked:
            continue
        if not subject.fields:
            if not rule.by:
                found[rule.by] = {}
            continue
        # An indicator names whom it is about as `subject`.
        needed = {(name if name in rule.by else "subject"): value for name, value in subject.fields.items()}
        if {*needed} <= {*rule.by} and len(needed) == len(subject.fields):
            found[rule.by] = needed
    return found


def _known_later(rows: list[Entries], at: int) -> int:
    """How many of the events dated up to the instant came into the log after it."""
    return sum(to_ms(event.time) <= at for row in rows if row.clock > at for event in row.events)


def _late(journal: Journal, rows: list[Entries], at: int, rules: RuleSet) -> list[LateRecord]:
    """The records about the subject that the running rules have put aside as late, oldest first."""
    known = {f"{one.source} {one.id}": one for row in rows for one in row.events if to_ms(one.time) <= at}
    found = [(one.time, ident, one.kind) for ident in journal.put_aside([*known]) for one in [known[ident]]]
    return [LateRecord(at=_local(time, rules), kind=kind, record=ident) for time, ident, kind in sorted(found)]


def _local(moment: dt.datetime, rules: RuleSet) -> str:
    return moment.astimezone(rules.zone).isoformat(timespec="seconds")


def _no_rule(subject: AskedAbout, asked: str | None) -> Note:
    what = ", ".join(subject.fields) or "college"
    if asked:
        reason, told = "other_subject", both(say("operate.not_about", rule=asked, what=what))
    else:
        reason, told = "no_rule", both(say("operate.no_rule_about", what=what))
    return Note(reason=reason, zh=told.zh, en=told.en)


def _standings(
    rules: RuleSet, needs: dict[tuple[str, ...], dict[str, str]], rows: list[Entries], at: int, asked: str | None
) -> Iterator[Standing]:
    for by, needed in needs.items():
        replayed = replay(rules.plan, by, rows, at)
        keys = sorted(key for key in replayed.subjects() if _fits(key, by, needed))
        if not keys:
            if asked is None and "subject" in needed:
                continue  # an indicator's `subject` may be anything: that there is none of s1 is no answer
            keys = [subject_key([needed.get(name, "*") for name in by])]
        for place, _, rule in replayed.layouts():
            if asked is not None and rule.rule.id != asked:
                continue
            standard = rules.standards[rule.rule.standard] if rule.rule.standard else None
            for key in keys:
                yield standing(replayed, place, rule, key, standard)


def _fits(key: str, by: tuple[str, ...], needed: dict[str, str]) -> bool:
    if len(by) <= 1:
        return not by or needed.get(by[0]) in (None, key)
    return all(needed.get(name) in (None, part) for name, part in zip(by, key_values(key), strict=True))


def _told(store: Store, rule: str, key: str, at: int) -> list[Dossier]:
    with store.reading() as connection:
        return views.dossiers(connection, rule, key, at)


def _not_counted(journal: Journal, subject: AskedAbout, rules: RuleSet) -> list[NotCounted]:
    """What was said about the subject and does not count, with the reason (docs/what-counts.md), oldest first."""
    fields = subject.fields
    with JournalRecords(journal).reading() as records:
        found = [
            (one.at, one.kind, said.event, one.reason)
            for one in records.about(fields.get("student"), fields.get("lesson"), fields.get("ticket"))
            for said in one.said[:1]
            if one.reason and all(said.event.data.get(name, value) == value for name, value in fields.items())
        ]
    return [
        NotCounted(at=_local(event.time, rules), kind=kind, source=event.source, id=event.id, reason=reason)
        for _, kind, event, reason in sorted(found, key=lambda one: (one[0], one[2].id))
    ]


def _rejects(journal: Journal, subject: AskedAbout) -> list[tuple[int, Rejection]]:
    """Rejects that wait and speak of the subject."""
    # As a word: s1 is not in s10. The bytes may be in any format, so there is no field to look at.
    words = [
        re.compile(rb"(?<![\w-])" + re.escape(value.encode()) + rb"(?![\w-])") for value in subject.fields.values()
    ]
    found = [one for one in journal.list() if words and all(word.search(one[1].raw) for word in words)]
    return found[-_REJECTS:]


__all__ = ["why", "why_lines"]
