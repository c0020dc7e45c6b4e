"""The slow evaluator against cases worked out by hand from docs/rules.md."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.oracle.evaluator import Episode, evaluate, load

CALENDAR = {
    "time_zone": "Asia/Shanghai",
    "terms": [
        {"id": "2026-autumn", "from": "2026-08-31", "to": "2027-01-17"},
        {"id": "2027-spring", "from": "2027-03-01", "to": "2027-07-04"},
    ],
}
BERLIN = {"time_zone": "Europe/Berlin"}
EARLY = CALENDAR | {"school_year_starts": "08-20"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def event(id_: str, time: str, /, kind: str = "test", revision: int = 0, retracted: bool = False, **data) -> dict:
    return {
        "specversion": "1.0",
        "source": "lms",
        "id": id_,
        "type": kind,
        "time": time + "Z",
        "revision": revision,
        "retracted": retracted,
        "data": {"student": "s1"} | data,
    }


def rule(measure: dict, levels: dict, **more) -> dict:
    return {"id": "r", "on": "test", "by": ["student"], "measure": measure, "levels": levels} | more


def run(a_rule: dict, events: list[dict], now: str, calendar=CALENDAR, standards=()) -> list[Episode]:
    return evaluate([a_rule], list(standards), calendar, events, at(now))


def brief(episodes: list[Episode]) -> list[tuple]:
    """Level, value, beginning and end: what most cases are about."""
    return [
        (e.level, e.value, f"{e.opened_at:%m-%dT%H:%M}", e.closed_at and f"{e.closed_at:%m-%dT%H:%M}") for e in episodes
    ]


def scores(*values, **more) -> list[dict]:
    """One test a day at 08:00, from 1 September 2026 on."""
    return [event(f"t{i}", f"2026-09-{i:02}T08:00:00", score=value, **more) for i, value in enumerate(values, 1)]


FAILED = {"count": "score < 60"}
RUN = {"streak": "score < 60"}
ONE_TWO_THREE = {"at_least": {"yellow": 1, "orange": 2, "red": 3}}


# ---- the life of a warning


def test_an_episode_opens_rises_falls_and_closes_with_what_was_true_at_each_end():
    [episode] = run(rule(FAILED, ONE_TWO_THREE, window={"last": 2}), scores(50, 40, 70, 80), "2026-09-30")
    assert episode == Episode(
        rule="r",
        subject="s1",
        level="yellow",
        highest_level="orange",
        status="resolved",
        value=None,
        threshold=1,
        opened_at=at("2026-09-01T08:00"),
        closed_at=at("2026-09-04T08:00"),
        first_event="lms t1",
        evidence=[],
        standard=None,
    )


def test_the_highest_level_reached_counts_whatever_the_lower_ones_say():
    levels = {"yellow": {"at_least": 9}, "red": {"at_least": 1}}
    assert brief(run(rule(FAILED, levels), scores(50), "2026-09-30")) == [("red", 1, "09-01T08:00", None)]


def test_a_relapse_is_an_episode_of_its_own():
    episodes = run(rule(RUN, {"at_least": {"yellow": 1}}), scores(50, 70, 50), "2026-09-30")
    assert brief(episodes) == [("yellow", 0, "09-01T08:00", "09-02T08:00"), ("yellow", 1, "09-03T08:00", None)]


def test_records_after_now_have_not_happened():
    assert brief(run(rule(FAILED, ONE_TWO_THREE), scores(50, 50), "2026-09-01T08:00")) == [
        ("yellow", 1, "09-01T08:00", None)
    ]


def test_at_equal_times_records_are_folded_one_by_one_by_source_and_id():
    events = [event(id_, "2026-09-01T08:00:00", score=score) for id_, score in [("c", 50), ("b", 90), ("a", 50)]]
    episodes = run(rule(RUN, ONE_TWO_THREE), events, "2026-09-30")
    assert [(e.first_event, e.status) for e in episodes] == [("lms a", "resolved"), ("lms c", "open")]
    assert {e.opened_at for e in episodes} == {episodes[0].closed_at} == {at("2026-09-01T08:00")}


def test_times_are_truncated_to_milliseconds_before_they_are_compared():
    events = [event("a", "2026-09-01T08:00:00.0009", score=50), event("b", "2026-09-01T08:00:00.0001", score=70)]
    [episode] = run(rule(RUN, ONE_TWO_THREE), events, "2026-09-30")
    assert (episode.first_event, episode.status) == ("lms a", "resolved")


# ---- the term


OVER_THE_TERM = [
    event("a", "2027-01-16T08:00:00", score=50, course="c"),
    event("b", "2027-01-17T15:59:59.999", score=50, course="c"),  # the last instant of the term in Shanghai
    event("c", "2027-01-17T16:00:00", score=50, course="c"),
    event("d", "2027-03-01T08:00:00", score=50, course="c"),
]
TWO_TERMS = [("orange", None, "01-16T08:00", "01-17T16:00"), ("orange", 2, "01-17T16:00", None)]
ONE_LIFE = [("red", 4, "01-16T08:00", None)]
TERM_ALONE = [("orange", None, "01-16T08:00", "01-17T16:00"), ("yellow", 1, "03-01T08:00", None)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({"by": ["student", "course"]}, ONE_LIFE, id="not said"),
        pytest.param({"by": ["student"]}, ONE_LIFE, id="about a student"),
        pytest.param({"by": ["student"], "term": "ends"}, TWO_TERMS, id="said"),
        pytest.param({"by": ["course"], "term": "continues"}, ONE_LIFE, id="said otherwise"),
        pytest.param({"by": ["course"], "term": "ends", "window": {"last": 9}}, TWO_TERMS, id="the last records"),
        pytest.param({"by": ["course"], "window": {"calendar": "year"}}, ONE_LIFE, id="a school year"),
        pytest.param({"by": ["course"], "window": {"calendar": "term"}}, TERM_ALONE, id="a term"),
    ],
)
def test_what_belongs_to_the_term_ends_with_it(more, expected):
    assert brief(run(rule(RUN, ONE_TWO_THREE, **more), OVER_THE_TERM, "2027-03-02")) == expected


# ---- revisions and subjects


def test_a_revision_replaces_the_record_in_whatever_order_the_two_came():
    old, new = event("a", "2026-09-01T08:00:00", score=50), event("a", "2026-09-02T08:00:00", revision=1, score=40)
    expected = [("yellow", 1, "09-02T08:00", None)]
    assert brief(run(rule(FAILED, ONE_TWO_THREE), [old, new, old], "2026-09-30")) == expected
    assert brief(run(rule(FAILED, ONE_TWO_THREE), [new, old], "2026-09-30")) == expected


def test_a_retracted_record_was_never_there():
    gone = event("t1", "2026-09-01T08:00:00", revision=1, retracted=True, score=50)
    assert brief(run(rule(FAILED, ONE_TWO_THREE), [*scores(50, 50), gone], "2026-09-30")) == [
        ("yellow", 1, "09-02T08:00", None)
    ]


@pytest.mark.parametrize(
    ("by", "data", "subject"),
    [
        pytest.param([], {}, "college", id="nothing"),
        pytest.param(["event"], {}, "lms t1", id="the event itself"),
        pytest.param(["room"], {"room": "A/1"}, "A/1", id="one part stays as it is"),
        pytest.param(["student", "room"], {"room": "A/1"}, "s1/A%2F1", id="two parts"),
        pytest.param(["student", "room"], {"room": None}, None, id="a null part"),
        pytest.param(["student", "room"], {}, None, id="a missing part"),
    ],
)
def test_the_subject_is_made_of_the_fields_of_by(by, data, subject):
    episodes = run(rule(FAILED, ONE_TWO_THREE, by=by), scores(50, **data), "2026-09-30")
    assert [episode.subject for episode in episodes] == ([subject] if subject else [])


def test_only_records_that_satisfy_where_exist():
    a_rule = rule({"value": "score"}, {"below": {"yellow": 60}}, where='status != "pending"')
    events = [*scores(50, status="graded"), event("p", "2026-09-05T08:00:00", score=90, status="pending")]
    assert brief(run(a_rule, events, "2026-09-30")) == [("yellow", 50, "09-01T08:00", None)]


# ---- measures


def test_value_is_that_of_the_newest_record_and_null_is_no_value():
    a_rule = rule({"value": "score / max_score * 100"}, {"below": {"yellow": 60}})
    events = [*scores(5, max_score=10), event("n", "2026-09-02T08:00:00", score=1, max_score=0)]
    assert brief(run(a_rule, events, "2026-09-30")) == [("yellow", None, "09-01T08:00", "09-02T08:00")]


def test_a_count_of_nothing_is_no_value():
    assert run(rule(FAILED, {"at_most": {"yellow": 5}}), scores(90), "2026-09-30") == []
    assert brief(run(rule(FAILED, {"at_most": {"yellow": 5}}), scores(90, 50), "2026-09-30")) == [
        ("yellow", 1, "09-02T08:00", None)
    ]


def test_sum_leaves_out_null_and_adds_exactly():
    a_rule = rule({"sum": "score"}, {"at_least": {"yellow": 0.3}})
    [episode] = run(a_rule, scores(0.1, None, 0.1, 0.1), "2026-09-30")
    assert (episode.value, episode.evidence) == (0.3, ["lms t1", "lms t3", "lms t4"])


def test_sum_takes_numbers_to_six_decimals_half_to_even():
    # 2**-7 = 0.0078125 lies half way between two millionths and goes to the even one, 0.007812.
    a_rule = rule({"sum": "score"}, {"above": {"yellow": 0}})
    assert run(a_rule, scores(0.0078125), "2026-09-30")[0].value == 0.007812


def test_mean_has_no_value_until_there_are_min_records_with_a_number():
    a_rule = rule({"mean": "score", "min_records": 3}, {"below": {"yellow": 60}})
    assert brief(run(a_rule, scores(10, None, 20, 40), "2026-09-30")) == [("yellow", 70 / 3, "09-04T08:00", None)]


@pytest.mark.parametrize(
    ("least", "values", "opened", "evidence"),
    [
        pytest.param({"min_records": 3}, [50, 50, 90], "09-03T08:00", ["lms t1", "lms t2"], id="records"),
        pytest.param({"min_matching": 2}, [50, 90, 50], "09-03T08:00", ["lms t1", "lms t3"], id="matching records"),
    ],
)
def test_share_is_a_percentage_and_waits_until_there_are_enough(least, values, opened, evidence):
    [episode] = run(rule({"share": "score < 60"} | least, {"at_least": {"yellow": 50}}), scores(*values), "2026-09-30")
    assert brief([episode]) == [("yellow", 200 / 3, opened, None)]
    assert episode.evidence == evidence


def test_a_streak_goes_on_over_skipped_records_which_are_not_evidence():
    a_rule = rule(RUN | {"skip": 'status == "exempt"'}, {"at_least": {"yellow": 2}})
    exempt = event("x", "2026-09-02T12:00:00", score=80, status="exempt")
    [episode] = run(a_rule, [*scores(50, 40), exempt, event("y", "2026-09-03T08:00:00", score=9)], "2026-09-30")
    assert (episode.value, episode.evidence) == (3, ["lms t1", "lms t2", "lms y"])


def test_a_streak_of_skipped_records_only_has_no_value():
    a_rule = rule(RUN | {"skip": "not has(score)"}, {"at_most": {"yellow": 0}})
    assert run(a_rule, scores(None), "2026-09-30") == []
    assert brief(run(a_rule, scores(None, 90), "2026-09-30")) == [("yellow", 0, "09-02T08:00", None)]


def test_last_of_a_streak_and_of_a_mean_counts_only_records_that_are_looked_at():
    skip = rule(RUN | {"skip": "not has(score)"}, {"at_least": {"yellow": 2}}, window={"last": 2})
    mean = rule({"mean": "score"}, {"at_least": {"yellow": 1}}, window={"last": 2})
    assert run(skip, scores(50, 50, None), "2026-09-30")[0].value == 2
    assert run(mean, scores(90, 50, 40, None), "2026-09-30")[0].value == 45


def test_evidence_is_the_newest_fifty_oldest_first():
    events = [event(f"e{i:03}", f"2026-09-01T08:{i:02}:00", score=1) for i in range(55)]
    [episode] = run(rule(FAILED, ONE_TWO_THREE), events, "2026-09-30")
    assert (episode.value, episode.evidence) == (55, [f"lms e{i:03}" for i in range(5, 55)])


# ---- windows


def test_a_record_leaves_a_within_window_at_its_time_plus_the_width():
    a_rule = rule(FAILED, {"at_least": {"yellow": 1}}, window={"within": "3d"})
    assert brief(run(a_rule, scores(50), "2026-09-04T07:59:59.999")) == [("yellow", 1, "09-01T08:00", None)]
    [episode] = run(a_rule, scores(50), "2026-09-04T08:00")
    assert brief([episode]) == [("yellow", None, "09-01T08:00", "09-04T08:00")]
    assert (episode.threshold, episode.evidence) == (1, [])


def test_the_window_moves_before_a_record_of_the_same_instant_comes():
    a_rule = rule(FAILED, {"at_least": {"yellow": 1}}, window={"within": "24h"})
    assert brief(run(a_rule, scores(50, 50), "2026-09-02T20:00")) == [
        ("yellow", None, "09-01T08:00", "09-02T08:00"),
        ("yellow", 1, "09-02T08:00", None),
    ]


def test_time_alone_can_open_and_then_no_record_did():
    a_rule = rule({"share": "score < 60"}, {"at_least": {"yellow": 100}}, window={"within": "3d"})
    [episode] = run(a_rule, scores(90, 50), "2026-09-04T12:00")
    assert (episode.first_event, brief([episode])) == (None, [("yellow", 100.0, "09-04T08:00", None)])


@pytest.mark.parametrize(
    ("period", "calendar", "time", "ends"),
    [
        pytest.param("day", CALENDAR, "2026-09-01T15:59:59.999", "09-01T16:00", id="a day ends at its midnight"),
        pytest.param("day", CALENDAR, "2026-09-01T16:00:00", "09-02T16:00", id="midnight belongs to the new day"),
        pytest.param("week", CALENDAR, "2026-09-06T12:00:00", "09-06T16:00", id="a week ends after Sunday"),
        pytest.param("week", BERLIN, "2026-03-28T12:00:00", "03-29T22:00", id="the week of summer time is shorter"),
        pytest.param("week", BERLIN, "2026-10-24T12:00:00", "10-25T23:00", id="the week of winter time is longer"),
        pytest.param("month", CALENDAR, "2026-12-31T12:00:00", "12-31T16:00", id="december"),
        pytest.param("term", CALENDAR, "2027-01-17T15:00:00", "01-17T16:00", id="a term holds its last day"),
        pytest.param("year", CALENDAR, "2026-08-31T15:00:00", "08-31T16:00", id="a school year ends with August"),
        pytest.param("year", EARLY, "2026-08-19T15:00:00", "08-19T16:00", id="a school year of the college's own"),
    ],
)
def test_a_calendar_period_ends_in_the_zone_of_the_college(period, calendar, time, ends):
    a_rule = rule(FAILED, {"at_least": {"yellow": 1}}, window={"calendar": period})
    [episode] = run(a_rule, [event("a", time, score=1)], "2027-12-31", calendar)
    assert brief([episode])[0][1::2] == (None, ends)


def test_outside_every_term_there_is_no_value_and_a_new_term_begins_anew():
    a_rule = rule(FAILED, ONE_TWO_THREE, window={"calendar": "term"})
    events = [event("gap", "2027-02-01T08:00:00", score=1), event("spring", "2027-03-01T08:00:00", score=1)]
    assert brief(run(a_rule, events, "2027-03-02")) == [("yellow", 1, "03-01T08:00", None)]


# ---- missing

ROLLCALL = rule(
    {"missing": "rollcall", "after": "ends_at"},
    {"at_least": {"yellow": "30m", "orange": "24h"}},
    on="lesson",
    by=["lesson"],
    where='status != "cancelled"',
)


def lesson(id_: str = "l", /, ends_at: str = "2026-09-01T10:00:00", **more) -> dict:
    data = {"kind": "lesson", "lesson": "L", "ends_at": ends_at + "Z", "status": "held"}
    return event(id_, "2026-09-01T08:00:00", **(data | more))


def rollcall(time: str) -> dict:
    return event("c", time, kind="rollcall", lesson="L")


def test_a_deadline_has_passed_only_after_its_instant_and_opens_at_it():
    assert run(ROLLCALL, [lesson()], "2026-09-01T10:30") == []
    [episode] = run(ROLLCALL, [lesson()], "2026-09-01T10:30:00.001")
    assert brief([episode]) == [("yellow", 30, "09-01T10:30", None)]
    assert (episode.threshold, episode.first_event, episode.evidence) == (30, None, ["lms l"])


def test_something_dated_exactly_the_deadline_is_in_time():
    assert run(ROLLCALL, [lesson(), rollcall("2026-09-01T10:30:00")], "2026-09-30") == []


def test_what_comes_late_resolves_at_its_own_time_and_is_evidence():
    [episode] = run(ROLLCALL, [lesson(), rollcall("2026-09-02T11:00:00")], "2026-09-30")
    assert brief([episode]) == [("orange", None, "09-01T10:30", "09-02T11:00")]
    assert (episode.threshold, episode.evidence) == (24 * 60, ["lms l", "lms c"])


def test_what_was_dated_before_the_expectation_fulfils_it_too():
    assert run(ROLLCALL, [lesson(), rollcall("2026-08-31T10:00:00")], "2026-09-30") == []


def test_a_lesson_published_after_its_deadline_opens_when_it_comes():
    [episode] = run(ROLLCALL, [lesson(ends_at="2026-09-01T07:00:00")], "2026-09-01T09:00")
    assert (episode.first_event, brief([episode])) == ("lms l", [("yellow", 30, "09-01T08:00", None)])


@pytest.mark.parametrize(
    ("change", "opened"),
    [
        pytest.param({"ends_at": "2026-09-01T12:00:00", "revision": 1}, ["09-01T12:30"], id="moved by a revision"),
        pytest.param({"status": "cancelled", "revision": 1}, [], id="cancelled by a revision"),
    ],
)
def test_a_later_revision_moves_the_deadline_or_takes_the_expectation_away(change, opened):
    assert [row[2] for row in brief(run(ROLLCALL, [lesson(), lesson(**change)], "2026-09-01T20:00"))] == opened


def test_the_newest_record_decides_and_closes_what_the_older_one_missed():
    later = event("m", "2026-09-01T11:00:00", kind="lesson", lesson="L", status="moved", ends_at="2026-09-03T10:00:00Z")
    [episode] = run(ROLLCALL, [lesson(), later], "2026-09-02")
    assert brief([episode]) == [("yellow", None, "09-01T10:30", "09-01T11:00")]
    assert episode.evidence == ["lms m"]


def test_what_is_awaited_may_be_of_the_same_kind_as_what_expects_it():
    a_rule = rule(
        {"missing": "ticket", "where": 'action == "responded"', "after": "due_at"},
        {"yellow": {"at_least": "-1h"}, "red": {"at_least": "0m"}},
        on="ticket",
        where='action == "created"',
    )
    created = event("a", "2026-09-01T08:00:00", kind="ticket", action="created", due_at="2026-09-01T12:00:00+00:00")
    moved = event("b", "2026-09-01T09:00:00", kind="ticket", action="reassigned")
    responded = event("c", "2026-09-01T13:00:00", kind="ticket", action="responded")
    assert brief(run(a_rule, [created, moved], "2026-09-01T11:30")) == [("yellow", -60, "09-01T11:00", None)]
    [episode] = run(a_rule, [created, moved, responded], "2026-09-02")
    assert (episode.level, episode.threshold, episode.evidence) == ("red", 0, ["lms a", "lms c"])


# ---- levels


def test_each_level_may_have_its_own_measure_and_a_closed_warning_goes_back_to_that_of_the_rule():
    levels = {"yellow": {"at_least": 2}, "red": {"at_least": 2, "measure": FAILED, "window": {"within": "3d"}}}
    events = scores(50, 90, 50, 90)
    [episode] = run(rule(RUN, levels), events, "2026-09-03T12:00")
    assert (episode.level, episode.value, episode.threshold, episode.evidence) == ("red", 2, 2, ["lms t1", "lms t3"])
    # At 08:00 on the 4th the window drops t1 before t4 comes: the streak that the rule itself measures is still t3.
    [episode] = run(rule(RUN, levels), events, "2026-09-04T12:00")
    assert (episode.status, episode.value, episode.threshold, episode.evidence) == ("resolved", 1, 2, ["lms t3"])


def standard(*values: dict, compare: str = "at_least") -> dict:
    return {"id": "std", "compare": compare, "values": list(values)}


BY_STANDARD = rule({"value": "score"}, {"standard": "std"})


@pytest.mark.parametrize(
    ("compare", "score", "warned"),
    [
        ("at_least", 5, True), ("above", 5, False), ("above", 5.1, True),
        ("at_most", 5, True), ("below", 5, False), ("below", 4.9, True),
    ],
)  # fmt: skip
def test_the_standard_says_how_to_compare(compare, score, warned):
    values = {"from": "2025-09-01", "warning": {"yellow": 5}}
    episodes = run(BY_STANDARD, scores(score), "2026-09-30", standards=[standard(values, compare=compare)])
    assert [episode.standard for episode in episodes] == ["std"] * warned


def test_a_from_date_begins_at_midnight_of_the_college_and_opens_without_a_record():
    values = [
        {"from": "2025-09-01", "warning": {"yellow": 10}},
        {"from": "2026-09-03", "warning": {"yellow": 4, "red": 8}},
    ]
    [episode] = run(BY_STANDARD, scores(9), "2026-09-02T16:00", standards=[standard(*values)])
    assert (brief([episode]), episode.threshold, episode.first_event) == ([("red", 9, "09-02T16:00", None)], 8, None)
    assert run(BY_STANDARD, scores(9), "2026-09-02T15:59:59.999", standards=[standard(*values)]) == []


@pytest.mark.parametrize(
    ("scopes", "wins"),
    [
        pytest.param([{}, {"department": "d"}], 1, id="any scope over none"),
        pytest.param([{"cohort": "2026"}, {"course": "c"}], 0, id="cohort over course"),
        pytest.param([{"class": "k"}, {"cohort": "2026", "course": "c"}], 0, id="the most specific name first"),
        pytest.param([{"class": "k"}, {"class": "k", "major": "m"}], 1, id="two names over one of them"),
        pytest.param([{"student": "s1"}, {"teacher": "t", "class": "k", "major": "m"}], 0, id="student over all"),
        pytest.param([{}, {"major": "other"}], 0, id="a scope that does not fit"),
        pytest.param([{}, {"teacher_stage": "novice"}], 0, id="a scope with a field that is not there"),
    ],
)
def test_the_most_specific_scope_that_fits_applies(scopes, wins):
    values = [{"from": "2025-09-01", "scope": scope, "warning": {"yellow": i}} for i, scope in enumerate(scopes, 1)]
    data = {"department": "d", "major": "m", "course": "c", "cohort": "2026", "class": "k", "teacher": "t"}
    [episode] = run(BY_STANDARD, scores(9, **data), "2026-09-30", standards=[standard(*values)])
    assert episode.threshold == wins + 1


def test_the_scope_follows_the_newest_record_of_the_subject():
    values = [
        {"from": "2025-09-01", "warning": {"yellow": 5}},
        {"from": "2025-09-01", "scope": {"major": "nursing"}, "warning": {"yellow": 50}},
    ]
    events = [*scores(9, major="law"), event("b", "2026-09-02T08:00:00", score=9, major="nursing")]
    assert brief(run(BY_STANDARD, events, "2026-09-30", standards=[standard(*values)])) == [
        ("yellow", 9, "09-01T08:00", "09-02T08:00")
    ]


# ---- conditions and expressions


@pytest.mark.parametrize(
    ("condition", "counted"),
    [
        (True, True),
        ("true", True),
        ("nothing < 5", False),
        ("not nothing < 5", False),
        ("nothing == 5 or score == 7", True),
        ("not (nothing == 5 and score == 8)", True),
        ("not (nothing == 5 and score == 7)", False),
        ("1 < score <= 7", True),
        ("nothing < score < 5", False),
        ('status in ["late", "absent"]', True),
        ('status not in ["late", "absent"]', False),
        ('nothing not in ["late"]', False),
        ("score / 0 > 1", False),
        ("score // 2 == 3 and score % 4 == 3", True),
        ("has(score) and not has(nothing)", True),
        ("coalesce(nothing, score) == 7", True),
        ("min(score, 3) + max(score, 9) + abs(-1) == 13", True),
        ("has(min(score, nothing))", False),
        ("round(2.5) == 2", True),
        ('class == "k" and "class" != "k"', True),
        ("score == 7\nand true", True),
        ("(1 if score > 5 else 2) == 1", True),
        ("(1 if nothing > 5 else 2) == 2", True),
    ],
)
def test_a_condition_with_a_null_has_no_result_and_is_not_satisfied(condition, counted):
    [episode] = run(
        rule({"share": condition}, {"at_least": {"yellow": 0}}),
        [event("a", "2026-09-01T08:00:00", score=7, status="late", **{"class": "k"})],
        "2026-09-30",
    )
    assert episode.value == 100 * counted


# ---- files


def test_rules_standards_and_calendar_are_read_from_their_files(tmp_path: Path):
    (tmp_path / "standards").mkdir()
    (tmp_path / "calendar.yaml").write_text("time_zone: Asia/Shanghai\nschool_year_starts: 09-01\n")
    (tmp_path / "standards" / "student.yaml").write_text(
        "standards: [{id: std, compare: above, values: [{from: 2025-09-01, warning: {yellow: 5}}]}]\n"
    )
    (tmp_path / "students.yaml").write_text(
        "rules:\n- id: r\n  on: test\n  by: [student]\n  measure: {count: true}\n  levels: {standard: std}\n"
    )
    rules, standards, calendar = load(tmp_path)
    episodes = evaluate(rules, standards, calendar, scores(*[1] * 6), at("2026-09-30") + timedelta(days=1))
    assert brief(episodes) == [("yellow", 6, "09-06T08:00", None)]
