"""Store, engine, backtest and the slow evaluator say the same of every warning, whatever was corrected meanwhile."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from services.app.embedded import Embedded
from services.ingest.files import ingest_files
from services.messages import CampusEvent
from services.operate.backtest import backtest
from services.rules.engine.engine import Engine
from services.rules.language.load import load
from services.rules.runner import EngineRunner
from services.settings import Settings, resource
from tests.harness import Reader, event, school
from tests.oracle import evaluator
from tests.rule_files import folder, rule

BEGIN = datetime(2026, 3, 2, 7, tzinfo=UTC)
NOW = BEGIN + timedelta(days=40)
CALENDAR = "time_zone: Asia/Shanghai\nterms: [{id: t, from: 2026-03-02, to: 2026-03-20}]\n"
RULES = (
    rule("streak", measure='{streak: status == "absent", skip: status == "leave"}',
         levels="{at_least: {yellow: 2, orange: 3}}"),
    rule("hours", by="[student, course]", measure="{sum: hours}", window="{within: 9d}",
         levels="{at_least: {yellow: 3, orange: 4, red: 5}}", evidence="[status, hours]"),
    rule("mean", on="test", measure="{mean: score}", window="{calendar: term}",
         levels="{below: {yellow: 60, orange: 50, red: 40}, clear: {yellow: 70}}", evidence="[score]"),
    rule("rates", on="ticket", by="[department]", measure="{mean: rating}", window="{last: 3}",
         levels="{at_least: {praise: 3}}", evidence="[action]"),
    rule("steps", on="test", measure="{count: score < 60}",
         levels="{yellow: {at_least: 1}, orange: {at_least: 50, measure: {share: score < 60}},"
                " red: {below: 45, measure: {mean: score}, window: {last: 2}}}"),
    rule("answer", on="ticket", by="[ticket]", measure='{elapsed: action == "created", until: action == "responded",'
         " limit: 4h}", levels="{at_least: {yellow: 75, orange: 100}}"),
)  # fmt: skip
"""A streak, sums, means, a share and a deadline; praise, hysteresis, and levels of different measures."""
_decode = msgspec.json.Decoder(list[CampusEvent]).decode


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home", rules=folder(tmp_path / "rules", *RULES, calendar=CALENDAR))


def files(path: Path, events, count):
    """The events as so many files of about the same size."""
    size = len(events) // count + 1
    for n in range(count):
        lines = [json.dumps(one) for one in events[n * size : (n + 1) * size]]
        (path / f"{n}.ndjson").write_text("\n".join(lines), "utf-8")
    return [path / f"{n}.ndjson" for n in range(count)]


def in_order(warnings):
    return sorted(warnings, key=lambda w: (w[0], w[1], w[7], w[4]))


def stored(home):
    """(rule, subject, level, highest, status, value, threshold, opened, closed, first event, evidence) of each."""
    return in_order(
        (
            one["rule"], one["subject"], one["level"], one["highest_level"], one["status"], one["value"],
            one["threshold"], moment(one["opened_at"]), moment(one["closed_at"]), one["first_event"],
            tuple(f"{e['source']} {e['id']}" for e in one["evidence"]),
        )
        for one in home.notify.warnings()
        if one["status"] != "withdrawn"
    )  # fmt: skip


def moment(text):
    return text and datetime.fromisoformat(text)


def taken_back(facts):
    """What is kept of the withdrawn ones; their evidence is what they had rested on."""
    return sorted((f.warning_id, f.level, f.highest_level, f.value, f.threshold, f.opened_at) for f in facts)


def of_engine(home, rules, *, singly):
    """The engine alone, over what the log says: message by message, or one event after the other."""
    runner, reader = EngineRunner(Engine(rules.plan)), Reader()
    for _, clock, _, packed in home.journal.read(0, 100_000):
        for part in msgspec.json.decode(packed, type=list[msgspec.Raw]) if singly else [packed[1:-1]]:
            reader.take(runner.engine, runner.process(b"[" + bytes(part) + b"]"))
        reader.take(runner.engine, runner.engine.advance(clock))
    return reader


def of_backtest(settings, tmp_path, files=()):
    """As `prewarn backtest` finds them over the home's log or files, against a set that never warns."""
    never = folder(tmp_path / "never", rule("never", levels="{at_least: {red: 1000}}"), calendar=CALENDAR)
    found = backtest(settings, never, settings.rules, files, shown=100_000)
    assert not found.old
    return [
        (f.rule, f.subject, f.level, f.value, f.threshold, f.opened_at, f.closed_at,
         tuple(f"{e.source} {e.id}" for e in f.evidence))
        for f in found.added
    ]  # fmt: skip


@pytest.mark.properties
@pytest.mark.parametrize(("seed", "count", "ordered"), [(1, 1, False), (2, 1, True), (3, 2, False), (4, 5, False),
                                                        (5, 40, False), (6, 40, True)])  # fmt: skip
def test_the_store_the_engine_the_backtest_and_the_slow_evaluator_agree_fact_by_fact(
    settings, tmp_path, seed, count, ordered
):
    rng = random.Random(seed)
    kinds = ("attendance", "test", "ticket")
    events = [one for one in school(rng, 400, BEGIN, timedelta(days=28)) if one["type"] in kinds]
    if not ordered:
        rng.shuffle(events)
    with Embedded(settings, clock=lambda: NOW) as home:
        assert home.try_evaluating()
        for path in files(tmp_path, events, count):
            ingest_files([path], home.intake)
            if count > 1:
                home.catch_up()
        home.catch_up()
        rules = load(settings.rules, resource("schemas"))
        reader, found = of_engine(home, rules, singly=False), stored(home)
        singly = of_engine(home, rules, singly=True).warnings()
        withdrawn = [f for _, _, f, status in reader.facts.values() if status == "withdrawn"]
        kept = [one for one in home.notify.warnings() if one["status"] == "withdrawn"]
        told = [one for _, _, _, packed in home.journal.read(0, 100_000) for one in _decode(packed)]
    assert found == reader.warnings() == singly
    assert sorted(
        (w["id"], w["level"], w["highest_level"], w["value"], w["threshold"], moment(w["opened_at"])) for w in kept
    ) == taken_back(withdrawn)
    wire = [json.loads(msgspec.json.encode(one)) | {"type": one.kind} for one in told if one.source != "prewarn"]
    wire = [{"revision": 0, "retracted": False} | one for one in wire]
    entries, standards, calendar = evaluator.load(settings.rules)
    slow = evaluator.evaluate(entries, standards, calendar, wire, NOW)
    assert found == in_order(
        (e.rule, e.subject, e.level, e.highest_level, e.status, e.value, e.threshold, e.opened_at, e.closed_at,
         e.first_event, tuple(e.evidence))
        for e in slow
    )  # fmt: skip
    mine = [(w[0], w[1], w[3], *w[5:9], w[10]) for w in found]
    assert sorted(mine, key=str) == sorted(of_backtest(settings, tmp_path), key=str)
    assert {status for *_, status, _, _, _, _, _, _ in found} == {"open", "resolved"}
    assert kept or count == 1  # of one file ingest has put in order what came together


def absence(lesson, day, status, revision=0):
    at = BEGIN + timedelta(days=day)
    return event("attendance", at, lesson, lesson=lesson, student="s1", course="c", status=status, revision=revision)


def score(test, day, points, revision=0):
    data = {"test": test, "student": "s1", "status": "graded", "max_score": 100, "score": points}
    return event("test", BEGIN + timedelta(days=day), test, revision=revision, **data)


CLOSED = {
    "streak": [
        [absence(f"l{n}", n, status) for n, status in enumerate(("absent", "absent", "absent", "present"))],
        [absence("l1", 1, "leave", 1)],
    ],
    "mean": [[score("t1", 1, 30), score("t2", 2, 90), score("t3", 3, 100)], [score("t1", 1, 55, 1)]],
}
"""Rule → what opens a warning and closes it; then a correction that makes it a lower one, closed at the same time."""


@pytest.mark.parametrize("ruled", CLOSED)
def test_a_correction_of_a_closed_warning_reaches_the_backtest(settings, tmp_path, ruled):
    with Embedded(settings, clock=lambda: NOW) as home:
        assert home.try_evaluating()
        given = []
        for name, events in zip("ab", CLOSED[ruled], strict=True):
            (tmp_path / name).mkdir()
            given += files(tmp_path / name, events, 1)
            assert ingest_files(given[-1:], home.intake).accepted == len(events)
            home.catch_up()
        (mine,) = [one for one in stored(home) if one[0] == ruled]
        readings = [r for _, step in home.journal.published(0) for r in step.readings if r.rule == ruled]
    assert [(r.facts.highest_level, r.facts.opened_at) for r in readings] == [(mine[3], mine[7])]
    assert mine[2:5] == ("yellow", "yellow", "resolved")
    for over in ([], given):
        (found,) = [one for one in of_backtest(settings, tmp_path, over) if one[0] == ruled]
        assert found == (*mine[:2], mine[3], *mine[5:9], mine[10])


def test_a_warning_that_reopens_and_closes_again_keeps_no_older_facts(settings, tmp_path):
    """All in one step of the worker: what was read of it before it reopened is older than its last change."""
    first, correction = CLOSED["streak"]
    again = [absence("l3", 3, "absent", 1), absence("l1", 1, "absent", 2), absence("l3", 3, "present", 2)]
    with Embedded(settings, clock=lambda: NOW) as home:
        assert home.try_evaluating()
        for one in [*first, *correction, *again]:  # each of them in the log, whatever counts at the end
            home.intake.take(json.dumps(one).encode(), "test")
        home.catch_up()
        assert len(home.journal.published(0)) == 1
        (mine,) = stored(home)
    assert mine[2:5] == ("orange", "orange", "resolved")


def test_a_backtest_over_files_goes_by_what_counts_of_them(settings, tmp_path):
    """A sheet that is exported again, and a lesson that is cancelled, say the same to it as to ingest."""
    sheet = [absence(f"l{n}", n, "absent") for n in range(4)]
    again = [one | {"id": f"again-{one['id']}", "recordedat": NOW.isoformat()} for one in sheet]
    hour = {"starts_at": sheet[1]["time"], "ends_at": sheet[1]["time"], "class": "k1", "course": "c"}
    cancelled = event("lesson", BEGIN, "of-l1", lesson="l1", status="cancelled", **hour)
    with Embedded(settings, clock=lambda: NOW) as home:
        assert home.try_evaluating()
        given = files(tmp_path, [*sheet, *again, cancelled], 1)
        assert not ingest_files(given, home.intake).rejected
        home.catch_up()
        mine = [(*one[:2], one[3], *one[5:9], one[10]) for one in stored(home)]
    assert [(one[0], one[3]) for one in mine] == [("streak", 3)]
    assert of_backtest(settings, tmp_path, given) == mine
