"""Another rule set takes over while the journal goes on."""

import random

import pytest

from services.messages import to_ms
from services.rules.worker import Worker
from tests.harness import rule_set
from tests.journals import (
    AT,
    DAY,
    HOUR,
    ONE,
    absence,
    append,
    assert_ids_are_unique,
    facts,
    finish,
    journal,
    keys,
    present,
    published,
    rows_of,
    write,
)  # fmt: skip
from tests.rule_files import CALENDAR, folder, rule

TERMS = CALENDAR + "terms:\n  - {id: spring, from: 2026-03-01, to: 2026-07-01}\n"
STANDARD = """
- id: student.x
  title: {zh: 一, en: one}
  compare: at_least
  values:
    - {from: 2026-01-01, warning: {yellow: N}}
"""
NOT_PRESENT = '{count: status != "present"}'


@pytest.fixture
def switch(tmp_path):
    """Makes a worker over events of a rule set, has another one take over, and tells what that published."""
    made = iter(range(1000))

    def rules(*entries, **more):
        return rule_set(folder(tmp_path / f"rules{next(made)}", *entries, **more))

    class Switch:
        def __init__(self) -> None:
            self.book = journal(tmp_path / "straight")
            self.make = rules

        def scratch(self, rule_set_):
            """What one that had these rules from the first event on says is open."""
            fresh = journal(tmp_path / f"scratch{next(made)}")
            rows = self.book.read(0, 100_000)
            with fresh.transaction() as db:
                db.executemany("insert into log (offset, clock, events, packed) values (?, ?, ?, ?)", rows)
            finish(Worker(fresh, rule_set_))
            return present(fresh)

        def take_over(self, *entries, **more):
            before = len(published(self.book))
            self.rules = rules(*entries, **more)
            told = self.worker.use(self.rules)
            changes = published(self.book)[before:]
            assert told == len(changes)
            assert_ids_are_unique(published(self.book))
            return changes

        def begin(self, *entries, events=(), now=None, **more):
            self.rules = rules(*entries, **more)
            self.worker = Worker(self.book, self.rules)
            if events:
                append(self.book, events, now)
                finish(self.worker)
            return published(self.book)

    return Switch()


def brief(changes):
    return [(c.change, c.rule, c.subject, c.facts.level, c.facts.value, c.reason, c.mode) for c in changes]


def absences(**counts):
    """So many absences of each student, an hour apart."""
    return [absence(f"{who}{n}", AT + n * HOUR, student=who) for who, count in counts.items() for n in range(count)]


# ---- thresholds


def test_other_thresholds_level_what_is_open_anew_under_its_id(switch):
    (opened,) = switch.begin(rule(levels="{at_least: {yellow: 2, red: 4}}"), events=absences(s1=3))
    (raised,) = switch.take_over(rule(levels="{at_least: {yellow: 2, red: 3}}"))
    assert brief([raised]) == [("raised", "r", "s1", "red", 3, "rule_changed", "live")]
    assert (raised.warning_id, raised.sequence) == (opened.warning_id, 2)
    assert raised.rule_version == switch.rules.version != opened.rule_version
    (lowered,) = switch.take_over(rule(levels="{at_least: {yellow: 1, orange: 3}}"))
    assert (lowered.warning_id, lowered.change, lowered.facts.level) == (opened.warning_id, "lowered", "orange")


def test_tighter_thresholds_open_and_looser_ones_resolve(switch):
    assert switch.begin(rule(levels="{at_least: {yellow: 2}}"), events=absences(s1=1)) == []
    (opened,) = switch.take_over(rule(levels=ONE))
    (resolved,) = switch.take_over(rule(levels="{at_least: {yellow: 9}}"))
    assert brief([opened, resolved]) == [
        ("opened", "r", "s1", "yellow", 1, "rule_changed", "live"),
        ("resolved", "r", "s1", "yellow", 1, "rule_changed", "live"),
    ]
    assert opened.warning_id == resolved.warning_id
    (again,) = switch.take_over(rule(levels=ONE))
    assert again.warning_id != opened.warning_id


def test_only_another_text_changes_nothing(switch):
    switch.begin(rule(), events=absences(s1=3))
    assert switch.take_over(rule(title="{zh: 二, en: two}")) == []


def test_another_value_of_a_standard_is_another_threshold(switch):
    (opened,) = switch.begin(
        rule(levels="{standard: student.x}"), standards=STANDARD.replace("N", "2"), events=absences(s1=2, s2=1)
    )
    changes = switch.take_over(rule(levels="{standard: student.x}"), standards=STANDARD.replace("N", "3"))
    assert brief(changes) == [("resolved", "r", "s1", "yellow", 2, "rule_changed", "live")]
    assert changes[0].warning_id == opened.warning_id


# ---- measures, rules that come and go


def test_what_is_open_stays_under_its_id_where_another_measure_still_reaches_a_level(switch):
    opened = switch.begin(rule(levels=ONE), events=[*absences(s1=2, s2=1), absence("x", AT + DAY, "late", "s1")])
    changes = switch.take_over(rule(levels="{at_least: {yellow: 2, red: 3}}", measure=NOT_PRESENT))
    assert brief(changes) == [
        ("raised", "r", "s1", "red", 3, "rule_changed", "live"),
        ("resolved", "r", "s2", "yellow", 1, "rule_changed", "live"),
    ]
    assert {c.warning_id for c in changes} == {c.warning_id for c in opened}
    assert present(switch.book) == switch.scratch(switch.rules)


def test_another_subject_closes_the_old_warnings_and_opens_new_ones(switch):
    (opened,) = switch.begin(rule(levels=ONE), events=[absence(1, **{"class": "k"})])
    changes = switch.take_over(rule(levels=ONE, by="[class]"))
    assert brief(changes) == [
        ("opened", "r", "k", "yellow", 1, "rule_changed", "live"),
        ("resolved", "r", "s1", "yellow", 1, "rule_changed", "live"),
    ]
    assert changes[1].warning_id == opened.warning_id


def test_a_new_rule_is_published_once_as_warm_up(switch):
    switch.begin(rule(), events=absences(s1=3))
    changes = switch.take_over(rule(), rule("q", measure=NOT_PRESENT, levels=ONE))
    assert brief(changes) == [("opened", "q", "s1", "yellow", 3, "warm_up", "warm-up")]
    append(switch.book, [absence("more", AT + DAY)])
    finish(switch.worker)
    assert brief(published(switch.book)[2:]) == [("raised", "r", "s1", "red", 4, "threshold_reached", "live")]
    assert Worker(switch.book, switch.rules).step() == 0


def test_a_removed_rule_closes_its_warnings(switch):
    opened = switch.begin(rule(), rule("q", levels=ONE), events=absences(s1=2, s2=1))
    changes = switch.take_over(rule())
    assert brief(changes) == [
        ("resolved", "q", "s1", "yellow", 2, "rule_removed", "live"),
        ("resolved", "q", "s2", "yellow", 1, "rule_removed", "live"),
    ]
    assert {c.warning_id for c in changes} == {c.warning_id for c in opened if c.rule == "q"}
    assert [row[:2] for row in present(switch.book)] == [("r", "s1")]


def test_a_rule_that_was_removed_and_comes_back_opens_new_warnings(switch):
    (first,) = switch.begin(rule(), rule("q", levels=ONE), events=absences(s1=1))
    switch.take_over(rule())
    (again,) = switch.take_over(rule(), rule("q", levels=ONE))
    assert (again.change, again.mode, again.sequence) == ("opened", "warm-up", 1)
    assert again.warning_id != first.warning_id


def test_a_subject_that_the_new_measure_has_not_met_goes_on_with_its_numbers(switch):
    switch.begin(rule(levels=ONE), events=absences(s1=1))
    switch.take_over(rule(measure='{count: status == "late"}', where='status == "late"', levels=ONE))
    append(switch.book, [absence("x", AT + DAY, "late")])
    finish(switch.worker)
    assert [c.change for c in published(switch.book)] == ["opened", "resolved", "opened"]
    assert_ids_are_unique(published(switch.book))


def test_a_forgotten_subject_stays_forgotten_and_goes_on_with_its_numbers(switch):
    within = {"window": "{within: 2d}", "levels": ONE}
    switch.begin(rule(**within), events=absences(s1=1))
    for day in range(10, 100, 10):
        switch.book.tick(to_ms(AT + day * DAY))
    finish(switch.worker)
    switch.take_over(rule(measure=NOT_PRESENT, **within))
    append(switch.book, [absence("late", AT + DAY)], AT + 90 * DAY)
    finish(switch.worker)
    assert switch.book._rows("select ident from late") == [("s late",)]
    append(switch.book, [absence("new", AT + 90 * DAY)])
    finish(switch.worker)
    assert [c.change for c in published(switch.book)] == ["opened", "resolved", "opened"]
    assert_ids_are_unique(published(switch.book))


def test_another_calendar_is_another_measure_where_a_window_follows_it(switch):
    term = rule(window="{calendar: term}", levels=ONE)
    assert switch.begin(term, events=absences(s1=1)) == []
    changes = switch.take_over(term, calendar=TERMS)
    assert [(c.change, c.facts.value, c.reason) for c in changes] == [("opened", 1, "rule_changed")]
    append(switch.book, [absence("more", AT + DAY)])
    finish(switch.worker)
    assert present(switch.book) == switch.scratch(switch.rules)


def test_another_calendar_keeps_the_state_of_what_does_not_follow_it(switch):
    switch.begin(rule(levels=ONE), events=absences(s1=1))
    signatures = switch.book.meta("signatures", "")
    assert switch.take_over(rule(levels=ONE), calendar=TERMS) == []
    assert switch.book.meta("signatures", "") == signatures


# ---- again and again


def test_a_restart_after_a_switch_changes_nothing(switch):
    switch.begin(rule(), events=absences(s1=3, s2=1))
    switch.take_over(rule(levels=ONE), rule("q", measure=NOT_PRESENT))
    before, state = keys(published(switch.book)), sorted(switch.book.states())
    worker = Worker(switch.book, switch.rules)
    finish(worker)
    assert worker.use(switch.rules) == 0
    assert keys(published(switch.book)) == before
    assert [(s, k) for s, k, _ in sorted(switch.book.states())] == [(s, k) for s, k, _ in state]


SETS = [
    [rule("a", levels=ONE), rule("b", by="[class]", window="{within: 3d}")],
    [rule("a", levels="{at_least: {yellow: 2, red: 3}}"), rule("b", by="[class]", window="{within: 3d}", levels=ONE)],
    [rule("a", levels=ONE, measure=NOT_PRESENT), rule("b", by="[class]", window="{within: 6d}")],
    [rule("b", by="[class]", window="{within: 3d}")],
    [rule("a", levels=ONE, by="[student, course]"), rule("c", window="{last: 5}", measure="{sum: hours}")],
    [rule("c", window="{calendar: week}"), rule("a", on="test", measure="{count: score < 60}", levels=ONE)],
]  # fmt: skip


@pytest.mark.properties
@pytest.mark.parametrize("seed", range(16))
def test_switching_back_and_forth_never_repeats_an_id_and_ends_as_from_scratch(switch, seed):
    rng = random.Random(seed)
    rows = list(rows_of(seed))[:-2]  # no subject is forgotten: other thresholds find nothing of it any more
    switch.begin(*SETS[0])
    for row in rows:
        write(switch.book, [row])
        if rng.random() < 0.5:
            finish(switch.worker)
        if rng.random() < 0.3:
            switch.take_over(*rng.choice(SETS))
        if rng.random() < 0.2:
            switch.worker = Worker(switch.book, switch.rules)
    finish(switch.worker)
    changes = published(switch.book)
    assert_ids_are_unique(changes)
    assert {c.change for c in changes} >= {"opened", "resolved"}
    assert present(switch.book) == switch.scratch(switch.rules)
    assert all(f.closed_at is not None for *_, kind, f in facts(switch.book).values() if kind == "resolved")


BESIDE = [
    rule("a", levels="{at_least: {yellow: 2, red: 4}}", window="{within: 6d}"),
    rule("b", levels="{at_least: {yellow: 2}}", measure='{streak: status == "absent"}', by="[student, course]"),
    rule("c", by="[class]", levels="{at_least: {yellow: 3}}", window="{last: 5}"),
    rule("d", on="test", measure="{count: score < 60}", levels=ONE, window="{within: 3d}"),
]  # fmt: skip
ADDED = rule("z", on="test", by="[student]", measure="{count: score < 50}", levels=ONE)


@pytest.mark.properties
@pytest.mark.parametrize("seed", range(12))
def test_an_added_rule_leaves_every_other_as_it_would_have_been(switch, tmp_path, seed):
    """Also where what is told later corrects what had ended before the rule came."""
    rng = random.Random(100 + seed)
    rows = list(rows_of(seed))
    plain = journal(tmp_path / "plain")
    worker = Worker(plain, switch.make(*BESIDE))
    switch.begin(*BESIDE)
    when = rng.randrange(len(rows) // 4, 3 * len(rows) // 4)
    for n, row in enumerate(rows):
        write(plain, [row]), write(switch.book, [row])
        finish(worker), finish(switch.worker)
        if n == when:
            assert {c.rule for c in switch.take_over(*BESIDE, ADDED)} <= {"z"}
    others = [c for c in published(switch.book) if c.rule != "z"]
    assert sorted(keys(others)) == sorted(keys(published(plain)))
    assert {at: one for at, one in facts(switch.book).items() if one[0] != "z"} == facts(plain)
