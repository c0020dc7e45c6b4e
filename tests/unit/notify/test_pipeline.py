"""The stages of the pipeline, each alone and in their order."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.bounds import LATEST
from services.directory import Person
from services.messages import to_ms
from services.notify.config import CHINA
from services.notify.pipeline import EACH, EVERYBODY, Candidate, Moment, held_until, not_pushed, tell
from services.notify.suppression import UNTIL_THE_CASE_IS_OVER, Case, Silence, read_quiet
from services.notify.testing import CARD, MORNING

NOON = (MORNING + timedelta(hours=3)).astimezone(CHINA)
NIGHT = read_quiet("22:00-07:00")
LATE = NOON.replace(hour=23)
SEVEN = to_ms(NOON.replace(hour=7) + timedelta(days=1))
WANG = Person(id="T1", name="王秀英")
SUMMARY = msgspec.structs.replace(CARD, summary=60.0)
SETTLING = msgspec.structs.replace(CARD, settle=60.0)
ALWAYS = msgspec.structs.replace(CARD, always=True)


def candidate(**changed):
    about = {"rule": CARD.rule, "row": CARD.row, "subject": "S1/MATH", "level": "yellow", "context": {}, "card": CARD}
    return Candidate(**{"number": 7, "sequence": 1, "change": "opened"} | about | changed)


def silence(ends):
    return Silence(1, CARD.rule, None, None, 0, to_ms(ends), "T9", "")


def test_the_stages_are_in_the_order_of_the_design():
    assert [name for name, _ in EVERYBODY] == ["order", "mode", "setting", "change", "level", "age", "exemption"]
    names = ["exemption", "settle", "sources", "inhibit", "mute", "silence", "group", "earlier telling", "channel"]
    assert [name for name, _ in EACH] == names


@pytest.mark.parametrize(
    ("changed", "push", "reason"),
    [
        ({}, True, ""),
        ({"change": "raised"}, True, ""),
        ({"mode": "replay"}, True, ""),
        ({"newest": False}, True, "overtaken"),
        ({"mode": "shadow"}, True, "mode_shadow"),
        ({"mode": "warm-up"}, True, "mode_warm_up"),
        ({"mode": "replay"}, False, "mode_replay"),
        ({}, False, "push_off"),
        ({"change": "lowered"}, True, "lowered_is_not_pushed"),
        ({"change": "resolved", "level": "praise"}, True, "end_of_praise_is_not_pushed"),
        ({"card": msgspec.structs.replace(CARD, tell_from="red")}, True, "only_shown_at_this_level"),
    ],
    ids=str,
)
def test_a_change_is_kept_from_everybody_for_a_named_reason_or_goes_on(changed, push, reason):
    assert not_pushed(candidate(**changed), Moment(now=NOON, push=push)) == reason


DAYS = timedelta(days=1)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"at": NOON - 3 * DAYS}, ""),
        ({"at": NOON - 4 * DAYS}, "too_old"),
        ({"at": NOON - 4 * DAYS, "change": "opened"}, "too_old"),
        ({"at": NOON - 4 * DAYS, "change": "resolved"}, ""),
        ({"at": NOON - 4 * DAYS, "change": "withdrawn"}, ""),
        ({"at": NOON - 4 * DAYS, "mode": "replay"}, ""),
        ({"at": NOON - 4 * DAYS, "card": msgspec.structs.replace(CARD, max_age=5 * 86_400.0)}, ""),
        ({"at": NOON - 4 * DAYS, "card": msgspec.structs.replace(CARD, max_age=0.0)}, ""),
        ({"at": NOON - 4 * DAYS, "context": {"known_at": (NOON - DAYS).isoformat()}}, ""),
        ({"at": NOON - DAYS, "card": msgspec.structs.replace(CARD, max_age=3600.0)}, "too_old"),
        ({"news": "escalated 1"}, ""),
    ],
    ids=str,
)
def test_what_is_about_long_ago_is_shown_and_its_end_is_told(changed, reason):
    moment = Moment(now=NOON, max_age=3 * DAYS)
    assert not_pushed(candidate(**changed), moment) == reason
    assert not_pushed(candidate(**changed), Moment(now=NOON)) in ("", reason)


@pytest.mark.parametrize(
    ("changed", "told", "channel", "dropped"),
    [
        ({}, False, None, None),
        ({"change": "resolved"}, True, None, None),
        ({"change": "resolved"}, False, None, ("earlier telling", "was_not_told")),
        ({"change": "withdrawn"}, False, None, ("earlier telling", "was_not_told")),
        ({}, False, "nonsense", ("channel", "no_channel")),
    ],
    ids=str,
)
def test_a_person_is_left_out_for_a_named_reason_or_told(changed, told, channel, dropped):
    person = msgspec.structs.replace(WANG, channel=channel)
    delivery, decision = tell(candidate(**changed), person, Moment(now=NOON), None, told=told)
    assert (delivery is None, decision and (decision.stage, decision.reason)) == (dropped is not None, dropped)


JULY, AUGUST = NOON.replace(month=7), NOON.replace(month=8)
OF_S1 = {"context": {"student": "S1"}, "at": JULY}


def in_july(student, rule, at):
    return "competition" if (student, rule) == ("S1", CARD.rule) and JULY <= at < AUGUST else None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({}, "exempt", id="opened"),
        pytest.param({"change": "raised"}, "exempt", id="raised"),
        pytest.param({"card": ALWAYS, "level": "red"}, "exempt", id="somebody has said so of what is always told, too"),
        pytest.param({"at": AUGUST}, "", id="when it is over"),
        pytest.param({"at": JULY - timedelta(seconds=1)}, "", id="before it begins"),
        pytest.param({"rule": "grade"}, "", id="another rule"),
        pytest.param({"subject": "S2/MATH", "context": {"student": "S2"}}, "", id="another student"),
        pytest.param({"context": {"class": "S1"}}, "", id="about no student"),
        pytest.param(
            {"subject": "K1", "context": {"class": "K1", "student": "S1"}},
            "",
            id="a class whose newest record is theirs",
        ),
        pytest.param({"subject": "S1"}, "exempt", id="the student alone"),
        pytest.param({"change": "resolved"}, "", id="an end is for those who were told"),
        pytest.param({"change": "withdrawn"}, "", id="so is what is taken back"),
    ],
)
def test_a_warning_of_a_rule_that_its_student_is_exempt_from_is_only_shown(changed, reason):
    assert not_pushed(candidate(**OF_S1 | changed), Moment(now=NOON, exempt=in_july)) == reason


@pytest.mark.parametrize(
    ("news", "now", "dropped"),
    [
        ("escalated 1", JULY, ("exemption", "exempt")),
        ("reminder 5", JULY, ("exemption", "exempt")),
        ("escalated 1", AUGUST, None),
        ("outcome", JULY, None),
    ],
)
def test_a_step_is_asked_of_the_exemptions_of_the_present(news, now, dropped):
    one = candidate(context={"student": "S1"}, news=news, change="raised")
    delivery, decision = tell(one, WANG, Moment(now=now, exempt=in_july), None)
    assert (delivery is None, decision and (decision.stage, decision.reason)) == (dropped is not None, dropped)


LAST = datetime.max.replace(tzinfo=UTC)
CASE = Case("S1", "red", frozenset({CARD.row}))


@pytest.mark.parametrize(
    ("changed", "moment", "held"),
    [
        ({}, {}, (0, "", "")),
        ({}, {"cases": [CASE]}, (UNTIL_THE_CASE_IS_OVER, "inhibit", "part_of_case")),
        ({"card": ALWAYS}, {"cases": [CASE], "silences": [silence(LATE)]}, (0, "", "")),
        ({}, {"now": LATE, "quiet": NIGHT}, (SEVEN, "mute", "quiet_hours")),
        ({"level": "red"}, {"now": LATE, "quiet": NIGHT}, (0, "", "")),
        ({}, {"silences": [silence(NOON + timedelta(hours=1))]}, (to_ms(NOON) + 3_600_000, "silence", "silenced")),
        ({}, {"quiet": NIGHT, "silences": [silence(LATE)]}, (SEVEN, "silence", "silenced")),
        ({"level": "red"}, {"quiet": NIGHT, "silences": [silence(LATE)]}, (to_ms(LATE), "silence", "silenced")),
        (
            {},
            {"now": LATE, "quiet": NIGHT, "silences": [silence(LATE + timedelta(hours=1))]},
            (SEVEN, "mute", "quiet_hours"),
        ),
        ({}, {"quiet": NIGHT, "silences": [silence(LAST)]}, (to_ms(LATEST), "silence", "silenced")),
    ],
    ids=[
        "nothing",
        "inhibit",
        "always",
        "mute",
        "red at night",
        "silence",
        "silence, then the night",
        "silence of red",
        "the night outlasts the silence",
        "silence until the end of all years",
    ],
)
def test_what_holds_longest_says_why(changed, moment, held):
    assert held_until(candidate(**changed), Moment(**{"now": NOON} | moment)) == held


@pytest.mark.parametrize(
    ("changed", "seconds"),
    [
        ({}, 300),
        ({"level": "red"}, 0),
        ({"card": ALWAYS}, 0),
        ({"card": SUMMARY}, 60),
        ({"card": SUMMARY, "news": "repeated 1"}, 300),
        ({"card": SETTLING, "level": "red"}, 60),
    ],
    ids=["grouped", "red", "always", "summary", "step of a summary", "a red figure that settles"],
)
def test_a_message_waits_for_its_figures_or_for_others(changed, seconds):
    delivery, decision = tell(candidate(**changed), WANG, Moment(now=NOON, wait=300_000), None)
    assert (delivery.next_try_at - to_ms(NOON), decision) == (seconds * 1000, None)


YESTERDAY = {"at": NOON - timedelta(hours=20)}


@pytest.mark.parametrize(
    ("changed", "wait", "minutes"),
    [
        pytest.param(YESTERDAY, 10_000, 10, id="as what settles"),
        pytest.param(YESTERDAY | {"level": "red"}, 10_000, 10, id="red too"),
        pytest.param(YESTERDAY | {"card": ALWAYS}, 10_000, 0, id="safety does not"),
        pytest.param(YESTERDAY, 0, 0, id="where nothing is grouped it does not"),
        pytest.param({"at": NOON - timedelta(hours=1), "level": "red"}, 10_000, 0, id="of this lesson it is not"),
        pytest.param(
            YESTERDAY | {"context": {"known_at": NOON.isoformat()}, "level": "red"}, 10_000, 0, id="nor known just now"
        ),
        pytest.param(YESTERDAY | {"news": "escalated 1", "level": "red"}, 10_000, 0, id="nor a step"),
    ],
)
def test_what_a_file_of_yesterday_brings_waits_for_what_settles_of_it(changed, wait, minutes):
    delivery, _ = tell(candidate(**changed), WANG, Moment(now=NOON, wait=wait), None)
    assert delivery.next_try_at - to_ms(NOON) == minutes * 60_000
