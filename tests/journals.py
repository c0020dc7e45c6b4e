"""A worker over a journal in a temporary folder, and what a reader of the journal knows."""

import random
from datetime import UTC, datetime, timedelta

import msgspec

from services.log.journal import Journal
from services.messages import CampusEvent, to_ms
from tests.harness import endings, event, packed, school

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ONE = "{at_least: {yellow: 1}}"


def journal(path, kind=Journal):
    path.mkdir(parents=True, exist_ok=True)
    return kind(path / "prewarn.db", lambda: AT)


def campus(events):
    return msgspec.json.decode(msgspec.json.encode(events), type=list[CampusEvent])


def absence(ident, at=AT, status="absent", student="s1", **more):
    return event("attendance", at, str(ident), student=student, lesson="l", status=status, **more)


def append(book, events, now=None):
    """Appends events; time comes as far as the newest of them, or `now`."""
    events = campus(events)
    clocks = [to_ms(now or max(e.time for e in events))] * len(events)
    return book.append(events, clocks)


def finish(worker):
    while worker.step():
        pass
    return worker


def published(book):
    return [change for _, step in book.published(0, 100_000) for change in step.changes]


def keys(changes):
    return [(c.warning_id, c.sequence, c.change, c.mode, c.reason) for c in changes]


def facts(book):
    """What a reader of the output knows at the end: facts by warning."""
    found = {}
    for _, step in book.published(0, 100_000):
        found |= {c.facts.warning_id: (c.rule, c.subject, c.change, c.facts) for c in step.changes}
        for reading in step.readings:
            old = found[reading.facts.warning_id]
            found[reading.facts.warning_id] = (*old[:3], reading.facts)
    without = {"context": {}}  # is of whatever event was newest when the warning was told of
    return {
        key: (*value[:3], msgspec.structs.replace(value[3], **without))
        for key, value in found.items()
        if value[2] != "withdrawn"
    }


def present(book):
    """(rule, subject, level, value, threshold, evidence) of what is open."""
    return sorted(
        (rule, subject, f.level, f.value, f.threshold, tuple(e.id for e in f.evidence))
        for rule, subject, _, f in facts(book).values()
        if f.closed_at is None
    )


def assert_ids_are_unique(changes):
    """Each warning's changes are numbered 1, 2, 3 …, so no (warning_id, sequence) comes twice."""
    last = {}
    for change in changes:
        assert change.sequence == last.get(change.warning_id, 0) + 1, change
        last[change.warning_id] = change.sequence


def rows_of(seed):
    """Packs of a small, nasty stream with ticks between them; the last tick is weeks later."""
    rng = random.Random(seed)
    span = timedelta(days=20)
    events = school(rng, 60, AT, span) + endings(rng, seed % 3, AT, span)
    events.sort(key=lambda e: datetime.fromisoformat(e["time"]))
    if seed % 2:
        rng.shuffle(events)
    newest = AT
    for pack in packed(events, rng, 5):
        newest = max([newest, *(datetime.fromisoformat(e["time"]) for e in pack)])
        yield pack, newest
        if rng.random() < 0.3:
            yield [], newest
    for day in (25, 40, 80):
        yield [], AT + timedelta(days=day)


def write(book, rows):
    for pack, now in rows:
        if pack:
            append(book, pack, now)
        else:
            book.tick(to_ms(now))
