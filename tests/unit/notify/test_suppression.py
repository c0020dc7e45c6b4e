from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.errors import ConfigurationError
from services.messages import to_ms
from services.notify.suppression import Quiet, Silence, read_quiet
from services.notify.testing import CARD, change

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("quiet", "moment", "until"),
    [
        ("22:00-07:00", "2026-11-23T21:59", None),
        ("22:00-07:00", "2026-11-23T22:00", "2026-11-24T07:00"),
        ("22:00-07:00", "2026-11-24T06:59", "2026-11-24T07:00"),
        ("22:00-07:00", "2026-11-24T07:00", None),
        ("12:00-14:00", "2026-11-24T13:00", "2026-11-24T14:00"),
        ("12:00-14:00", "2026-11-24T11:59", None),
        ("sat,sun", "2026-11-28T10:00", "2026-11-30T00:00"),
        ("22:00-07:00,sat,sun", "2026-11-27T23:00", "2026-11-30T07:00"),
        ("22:00-07:00,sat,sun", "2026-11-29T23:00", "2026-11-30T07:00"),
        ("", "2026-11-28T03:00", None),
        ("22:00-07:00", "9999-12-31T23:30", None),  # no day follows
    ],
)
def test_quiet_hours_end_when_nothing_is_quiet_any_more(quiet, moment, until):
    assert read_quiet(quiet).until(local(moment)) == (until and local(until))


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-09-30T12:00", None),
        ("2026-10-01T12:00", "2026-10-08T07:00"),  # the holidays and a night
        ("2026-10-10T12:00", None),  # a Saturday on which people work for it
        ("2026-10-17T12:00", "2026-10-19T07:00"),
    ],
)
def test_holidays_are_quiet_and_a_saturday_that_makes_up_for_them_is_not(moment, until):
    off = {date(2026, 10, day): True for day in range(1, 8)} | {date(2026, 10, 10): False}
    quiet = read_quiet("22:00-07:00,sat,sun,holidays", off.get)
    assert quiet.until(local(moment)) == (until and local(until))
    assert read_quiet("22:00-07:00,sat,sun", off.get).until(local("2026-10-01T12:00")) is None


@pytest.mark.parametrize("text", ["22:00", "22:00-22:00", "25:00-07:00", "sunday", "mon,tue,wed,thu,fri,sat,sun"])
def test_quiet_hours_that_cannot_be_read_are_refused_with_what_would_be_right(text):
    with pytest.raises(ConfigurationError, match=r"PREWARN_QUIET.*22:00-07:00,sat,sun,holidays"):
        read_quiet(text)


@pytest.mark.parametrize(
    ("given", "matches"),
    [
        ({"rule": "absence-streak"}, True),
        ({"rule": "other"}, False),
        ({"subject": "S1"}, True),
        ({"subject": "S1/MATH"}, True),
        ({"subject": "S"}, False),
        ({"subject": "MATH"}, False),
        ({"department": "tech"}, True),
        ({"department": "arts"}, False),
        ({"rule": "absence-streak", "subject": "S2"}, False),
    ],
)
def test_a_silence_matches_all_that_it_names(given, matches):
    whole = {"rule": None, "subject": None, "department": None} | given
    silence = Silence(1, begins=0, ends=1, author="a", comment="c", **whole)
    assert silence.matches("absence-streak", "S1/MATH", {"department": "tech"}) is matches


def silence(clock, hours=2, **about):
    whole = {"rule": None, "subject": None, "department": None} | about
    end = to_ms(clock() + timedelta(hours=hours))
    return Silence(0, begins=to_ms(clock()), ends=end, author="Anna", comment="a known case", **whole)


@pytest.fixture
def decisions(rows):
    query = "SELECT * FROM decision WHERE stage <> 'routing' ORDER BY id"
    return lambda notify: [(row["stage"], row["reason"]) for row in rows(notify, query)]


def test_a_silenced_message_waits_and_goes_out_at_the_end(
    notify, clock, channel, eventually, deliveries, decisions, one_recipient
):
    notify.start()
    notify.silence(silence(clock, subject="S1"))
    notify.take_in([change()], 1)
    assert decisions(notify) == [("silence", "silenced")]
    assert channel.sent == []
    clock.advance(timedelta(hours=2))
    notify.outbox.wake({deliveries(notify)[0]["channel"]})
    eventually(lambda: len(channel.sent) == 1)


def test_a_warning_that_is_over_before_the_silence_is_tells_nobody(notify, clock, deliveries, decisions, one_recipient):
    notify.silence(silence(clock, rule="absence-streak"))
    notify.take_in([change()], 1)
    clock.advance(timedelta(hours=1))
    notify.take_in([change("resolved", 2)], 2)
    (row,) = deliveries(notify)
    assert (row["status"], row["last_error"]) == ("cancelled", "overtaken_while_held")
    assert decisions(notify) == [("silence", "silenced"), ("earlier telling", "was_not_told")]


def test_a_warning_that_rises_while_it_is_silenced_is_one_message(notify, clock, deliveries, one_recipient):
    notify.silence(silence(clock, rule="absence-streak"))
    notify.take_in([change()], 1)
    clock.advance(timedelta(hours=1))
    notify.take_in([change("raised", 2, level="red")], 2)
    assert [(row["sequence"], row["status"]) for row in deliveries(notify)] == [(1, "cancelled"), (2, "pending")]
    assert deliveries(notify)[1]["next_try_at"] == to_ms(clock() + timedelta(hours=1))


def test_ending_a_silence_lets_go_what_it_held_once(notify, clock, deliveries, one_recipient):
    number = notify.silence(silence(clock, rule="absence-streak"))
    notify.take_in([change()], 1)
    clock.advance(timedelta(minutes=5))
    assert notify.end_silence(number)
    assert not notify.end_silence(number)
    assert deliveries(notify)[0]["next_try_at"] < to_ms(clock())
    assert [one.ends for one in notify.silences()] == [to_ms(clock())]
    assert not notify.end_silence(99)


def test_ending_one_silence_lets_go_only_what_nothing_else_holds(make, clock, deliveries, one_recipient):
    begin = clock().astimezone(SHANGHAI)
    quiet = Quiet((begin + timedelta(hours=1)).time(), (begin + timedelta(hours=9)).time())
    notify = make(quiet=quiet, zone=SHANGHAI)
    first = notify.silence(silence(clock, hours=24, rule="absence-streak"))
    notify.silence(silence(clock, hours=12, subject="S2"))
    notify.take_in([change(), change(subject="S2/MATH")], 1)
    clock.advance(timedelta(hours=2))
    assert notify.end_silence(first)
    held = [row["next_try_at"] - to_ms(clock()) for row in deliveries(notify)]
    assert held == [7 * 3_600_000, 10 * 3_600_000]  # the end of the quiet, and of the other silence


def test_a_silence_holds_what_is_held_already_for_longer(make, clock, deliveries, decisions, one_recipient):
    begin = clock().astimezone(SHANGHAI)
    notify = make(quiet=Quiet(begin.time(), (begin + timedelta(hours=1)).time()), zone=SHANGHAI)
    notify.take_in([change()], 1)
    notify.silence(silence(clock, hours=5, rule="absence-streak"))
    assert deliveries(notify)[0]["next_try_at"] == to_ms(clock() + timedelta(hours=5))
    assert decisions(notify) == [("mute", "quiet_hours"), ("silence", "silenced")]


def test_quiet_hours_hold_all_but_red_and_what_is_always_told(make, clock, deliveries, one_recipient):
    begin = clock().astimezone(SHANGHAI)
    quiet = Quiet(begin.time().replace(microsecond=0), (begin + timedelta(hours=1)).time())
    always = msgspec.structs.replace(CARD, rule="safety", always=True)
    notify = make(quiet=quiet, zone=SHANGHAI, cards=lambda _, rule: always if rule == "safety" else CARD)
    safety = msgspec.structs.replace(change(subject="S3/MATH"), rule="safety")
    notify.take_in([change(), change(level="red", subject="S2/MATH"), safety], 1)
    assert [row["next_try_at"] - to_ms(clock()) for row in deliveries(notify)] == [3_600_000, 0, 0]


def held(deliveries, notify):
    return [(row["sequence"], row["status"], row["last_error"]) for row in deliveries(notify)]


def test_what_comes_again_overtakes_nothing(notify, clock, deliveries, one_recipient):
    notify.silence(silence(clock, rule="absence-streak"))
    notify.take_in([change()], 1)
    for offset in (1, 2):
        notify.take_in([change()], offset)
    assert not notify.take_in([change("raised", 2, level="red")], 4, since=1)
    assert held(deliveries, notify) == [(1, "pending", None)]


def test_what_is_not_pushed_itself_overtakes_nothing(notify, clock, deliveries, one_recipient):
    notify.silence(silence(clock, rule="absence-streak"))
    notify.take_in([change()], 1)
    notify.take_in([change("raised", 2, level="red", mode="warm-up")], 2)
    assert held(deliveries, notify) == [(1, "pending", None)]


@pytest.mark.parametrize("together", [False, True], ids=["a chunk each", "one chunk"])
@pytest.mark.parametrize(
    ("last", "left"),
    [([], ["cancelled", "pending"]), (["resolved"], ["cancelled"] * 2), (["withdrawn"], ["cancelled"] * 2)],
)
def test_how_changes_are_cut_into_chunks_makes_no_difference_to_what_is_held(
    last, left, together, notify, clock, deliveries, decisions, one_recipient
):
    notify.silence(silence(clock, rule="absence-streak"))
    story = [change(), change("raised", 2, level="red"), *(change(kind, 3) for kind in last)]
    for offset, part in enumerate([story] if together else [[one] for one in story], start=1):
        notify.take_in(part, offset)
    assert [row["status"] for row in deliveries(notify)] == left
    assert decisions(notify)[2:] == [("earlier telling", "was_not_told")] * len(last)


def test_setting_silences_says_why_once_and_lets_be_what_was_cancelled(
    notify, clock, deliveries, decisions, one_recipient
):
    notify.silence(silence(clock, rule="absence-streak"))
    notify.take_in([change()], 1)
    for hours in (3, 4, 5):
        notify.silence(silence(clock, hours=hours, rule="absence-streak"))
    assert decisions(notify) == [("silence", "silenced")]
    assert deliveries(notify)[0]["next_try_at"] == to_ms(clock() + timedelta(hours=5))
    assert notify.waiting() == 0
