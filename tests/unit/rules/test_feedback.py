"""Rules on what other rules found: each change of a warning comes back as an event."""

import msgspec
import pytest

from services.messages import to_ms
from services.notify.feedback import of_state
from services.notify.rows import WarningRow
from services.rules.worker import Worker
from tests.harness import rule_set
from tests.journals import AT, DAY, ONE, absence, append, facts, finish, journal, keys, published
from tests.rule_files import folder, rule

RED = "{at_least: {red: 2}}"
PART = "{open: 'open and level == \"red\"', distinct: student, of: major_students}"
OF_THE_MAJOR = rule(
    "m", on="warning", by="[major]", where='rule == "r"', measure=PART, levels="{at_least: {yellow: 10, red: 20}}"
)

CASE = "{composite: open, each: warning, grade: level, grades: [yellow, orange, red], cases: {yellow: [[red]]}}"


def enrich(kind, data, at):
    return {**data, "major": "nursing", "major_students": 10} if kind == "warning" else data


def worker_of(path, *rules):
    book = journal(path)
    return book, Worker(book, rule_set(folder(path / "rules", *rules)), enrich=enrich)


def told(book, name):
    return [(c.change, c.facts.level, c.facts.value) for c in published(book) if c.rule == name]


def test_open_warnings_of_students_are_a_warning_of_their_major_until_they_close(tmp_path):
    book, worker = worker_of(tmp_path, rule(levels=RED), OF_THE_MAJOR)
    for n, student in enumerate(("s1", "s1", "s2", "s2", "s1")):
        append(book, [absence(f"a{n}", AT + n * DAY, student=student)])
        finish(worker)
    assert told(book, "m") == [("opened", "yellow", 10.0), ("raised", "red", 20.0)]
    append(book, [absence("a2", AT + 2 * DAY, "leave", student="s2", revision=1)], AT + 5 * DAY)
    finish(worker)
    assert told(book, "r")[-1][0] == "withdrawn"
    assert told(book, "m")[-1] == ("lowered", "yellow", 10.0)


def test_what_turns_out_never_to_have_been_never_counted_for_the_rules_on_warnings(tmp_path):
    """Whether it was found on the way depends on what came first, and nothing that follows may."""
    often = rule("often", on="warning", by="[student]", where='rule == "r"', measure='{count: change == "opened"}',
                 levels="{at_least: {yellow: 1}}")  # fmt: skip
    book, worker = worker_of(tmp_path, rule(levels=RED), often)
    for status, revision in (("absent", 0), ("absent", 0), ("leave", 1)):
        append(book, [absence(f"a{n}", AT + n * DAY, status, revision=revision) for n in range(2)][: 2 - revision])
        finish(worker)
    assert [one[0] for one in told(book, "r")] == ["opened", "withdrawn"]
    assert [one[0] for one in told(book, "often")] == ["opened", "withdrawn"]


def test_what_other_rules_make_of_warnings_of_history_is_history_until_something_live_adds_to_it(tmp_path):
    book, worker = worker_of(tmp_path, rule(levels=RED), OF_THE_MAJOR)
    for student, past in (("s1", AT + 3 * DAY), ("s2", None)):
        append(book, [absence(f"{student}{n}", AT + n * DAY, student=student) | {"past": past} for n in range(2)])
        finish(worker)
    found = [(c.rule, c.change, c.mode) for c in published(book)]
    assert found == [
        ("r", "opened", "past"), ("m", "opened", "past"), ("r", "opened", "live"), ("m", "raised", "live"),
    ]  # fmt: skip


def test_what_runs_in_shadow_does_not_come_back(tmp_path):
    book, worker = worker_of(
        tmp_path,
        rule(levels=RED, mode="shadow"),
        rule("all", on="warning", by="[]", measure="{count: true}", where='level == "red" and rule != "all"'),
    )
    append(book, [absence("a"), absence("b")])
    finish(worker)
    assert [c.mode for c in published(book)] == ["shadow"]


def test_the_events_are_in_the_log_and_a_second_worker_publishes_the_same(tmp_path):
    rules = (rule(levels=RED), OF_THE_MAJOR)
    book, worker = worker_of(tmp_path / "a", *rules)
    append(book, [absence(f"{s}{n}", AT + n * DAY, student=s) for s in ("s1", "s2") for n in range(2)])
    finish(worker)
    ours = [e for _, _, _, packed in book.read(0) for e in msgspec.json.decode(packed) if e["source"] == "prewarn"]
    assert [(e["id"].partition("/")[2], e["data"]["open"], e["data"]["major"]) for e in ours][:2] == [
        ("000001", True, "nursing")
    ] * 2
    known = (keys(published(book)), facts(book))
    again = finish(Worker(book, worker.rule_set, enrich=enrich))
    assert again.engine.now == worker.engine.now
    assert (keys(published(book)), facts(book)) == known


def test_a_new_rule_on_warnings_is_warmed_up_from_those_that_came_back(tmp_path):
    book, worker = worker_of(tmp_path, rule(levels=RED))
    append(book, [absence("a"), absence("b", AT + DAY)])
    finish(worker)
    worker.use(rule_set(folder(tmp_path / "more", rule(levels=RED), OF_THE_MAJOR)))
    assert [(c.rule, c.change, c.mode) for c in published(book)][1:] == [("m", "opened", "warm-up")]


def past_deadline(book, at):
    """What notify tells of the first warning when its deadline has passed."""
    first = published(book)[0]
    row = WarningRow(number=1, id=first.warning_id, rule="r", subject="s1", level="red", context='{"student": "s1"}')
    row.overdue_at = to_ms(at)
    return of_state(row, "000001-000001", at)


@pytest.mark.parametrize(
    ("measure", "window", "levels", "hears"),
    [
        pytest.param(
            '{count: change == "opened"}', "{within: 30d}", "{at_least: {yellow: 2}}", [], id="how often it was opened"
        ),
        pytest.param(
            "{count: \"change in ['opened', 'raised']\"}", "{within: 30d}", "{at_least: {yellow: 2}}", [], id="or rose"
        ),
        pytest.param(
            '{open: change == "opened"}', "{within: 2d}", ONE, ["opened", "resolved"], id="and when: it leaves in time"
        ),
    ],
)
def test_that_a_deadline_passes_is_no_opening_and_dates_none_anew(tmp_path, measure, window, levels, hears):
    where = """'rule == "r" and change in ["opened", "raised", "withdrawn"]'"""
    of = rule("of", on="warning", by="[student]", where=where, measure=measure, window=window, levels=levels)
    book, worker = worker_of(tmp_path, rule(levels=RED), of)
    append(book, [absence("a"), absence("b")])
    finish(worker)
    append(book, [past_deadline(book, AT + DAY)], AT + DAY)
    finish(worker)
    append(book, [absence("present", AT + 2.5 * DAY, "present", student="s9")])
    finish(worker)
    assert [change for change, _, _ in told(book, "of")] == hears


@pytest.mark.parametrize("measure", ["{open: open}", "{count: open}", CASE], ids=["open", "count", "composite"])
def test_a_deadline_that_passed_as_the_rules_withdrew_it_opens_nothing_again(tmp_path, measure):
    """Notify marks it as overdue before it hears that it is withdrawn, by its own clock, later than any change."""
    where = """'rule == "r" and change != "deadline"'"""
    of = rule("of", on="warning", by="[student]", where=where, measure=measure, levels="{at_least: {yellow: 1}}")
    book, worker = worker_of(tmp_path, rule(levels=RED), of)
    append(book, [absence("a"), absence("b")])
    finish(worker)
    append(book, [absence("a", status="leave", revision=1)])
    finish(worker)
    append(book, [past_deadline(book, AT + DAY)], AT + DAY)
    finish(worker)
    assert [change for change, _, _ in told(book, "of")] == ["opened", "withdrawn"]


def test_a_rule_about_deadlines_hears_of_it(tmp_path):
    measure = "{open: open and overdue, among: open}"
    of = rule("of", on="warning", by="[student]", where='rule == "r"', measure=measure, levels="{at_least: {red: 50}}")
    book, worker = worker_of(tmp_path, rule(levels=RED), of)
    append(book, [absence("a"), absence("b")])
    finish(worker)
    append(book, [past_deadline(book, AT + DAY)], AT + DAY)
    finish(worker)
    assert told(book, "of") == [("opened", "red", 100.0)]
