"""Messages to one person wait for each other, and what is due together goes out as one."""

from datetime import timedelta

import msgspec
import pytest

from services.directory import Person
from services.errors import DeliveryError
from services.messages import to_ms
from services.notify.channels.responses import UnansweredError
from services.notify.digests import digest
from services.notify.grouping import Grouping
from services.notify.retry_policy import RetryPolicy
from services.notify.store import outbox
from services.notify.testing import CARD, RecordingChannel, change
from services.notify.texts import Sent

FIVE = Grouping(wait=timedelta(seconds=10), interval=timedelta(minutes=5))


@pytest.fixture
def notify(make, one_recipient, channel):
    notify = make(grouping=FIVE, retry=RetryPolicy(look_again=timedelta(milliseconds=20)))
    notify.start()
    return notify


@pytest.fixture
def sent_by(channel, clock, eventually):
    """Lets time pass; what was sent since: of each message the subjects' places in it."""

    def of(notify):
        def sent(**by):
            before = len(channel.sent)
            clock.advance(timedelta(**by))
            notify.outbox.wake({"json://hooks.campus"})
            eventually(lambda: notify.waiting() == 0)
            return [len(message.extras.get("digest", [1])) for _, _, message in channel.sent[before:]]

        return sent

    return of


@pytest.fixture
def sent(sent_by, notify):
    return sent_by(notify)


def about(*students, level="yellow"):
    return [change(subject=f"{student}/MATH", level=level) for student in students]


def test_what_comes_within_the_wait_is_one_digest(notify, sent, clock, channel):
    notify.take_in(about("S1"), 1)
    assert sent(seconds=5) == []
    notify.take_in(about("S2", "S3"), 2)
    assert sent(seconds=5) == [3]
    title, body, _, extras = channel.sent[0][2]
    assert title == "3 条消息：黄色预警 3"
    assert body == "黄色预警：连续旷课 ×3\n查看依据并处理：http://campus/inbox/T1"
    assert [one["level"] for one in extras["digest"]] == ["yellow"] * 3


def test_the_next_digest_comes_after_the_interval(notify, sent, clock):
    notify.take_in(about("S1"), 1)
    assert sent(seconds=10) == [1]
    notify.take_in(about("S2"), 2)
    assert sent(seconds=60) == []
    notify.take_in(about("S3"), 3)
    assert sent(seconds=230) == []
    assert sent(seconds=10) == [2]


def test_red_waits_for_nothing_and_takes_along_what_is_due_soon(notify, sent):
    notify.take_in(about("S1"), 1)
    assert sent(seconds=10) == [1]
    notify.take_in(about("S2"), 2)
    notify.take_in(about("S3", level="red"), 3)
    assert sent(seconds=0) == [2]


def test_an_end_within_the_wait_tells_nobody(notify, sent, rows):
    notify.take_in(about("S1", "S2"), 1)
    notify.take_in([change("resolved", 2, subject="S1/MATH")], 2)
    assert sent(seconds=10) == [1]


def yesterday(clock, *changes):
    return [msgspec.structs.replace(one, at=clock() - timedelta(days=1)) for one in changes]


@pytest.fixture
def notify_of_load(make, one_recipient, sent_by):
    """Figures of the rule `results` settle for ten minutes."""
    settling = msgspec.structs.replace(CARD, rule="results", settle=600.0)
    notify = make(
        grouping=FIVE, retry=RetryPolicy(look_again=timedelta(milliseconds=20)),
        cards=lambda _version, rule: settling if rule == "results" else CARD,
    )  # fmt: skip
    notify.start()
    return notify, sent_by(notify)


def of_results(subject):
    return msgspec.structs.replace(change(subject=subject, level="red"), rule="results")


def test_what_a_load_brings_is_one_message_with_what_settles_of_it(notify_of_load, clock):
    notify, sent = notify_of_load
    notify.take_in(yesterday(clock, *about("S1", "S2"), *about("S3", level="red"), of_results("S4/MATH")), 1)
    assert sent(minutes=7) == []
    notify.take_in(yesterday(clock, of_results("S5/MATH"), *about("S6")), 2)  # what is not read yet of the same files
    assert sent(minutes=9) == []
    assert sent(minutes=1) == [6]
    assert sent(hours=1) == []


def test_what_a_load_brings_does_not_wait_for_ever(notify_of_load, clock):
    notify, sent = notify_of_load
    notify.take_in(yesterday(clock, *about("S1")), 1)
    for number in range(2, 9):
        assert sent(minutes=8) == []
        notify.take_in(yesterday(clock, of_results(f"S{number}/MATH")), number)
    assert sent(minutes=4) == [7], "after an hour it goes, with what has settled"
    assert sent(minutes=10) == [1]


def test_red_of_today_waits_for_no_load(notify_of_load, clock):
    notify, sent = notify_of_load
    notify.take_in(yesterday(clock, *about("S1"), of_results("S4/MATH")), 1)
    notify.take_in([msgspec.structs.replace(one, at=clock()) for one in about("S9", level="red")], 2)
    assert sent(seconds=0) == [1]
    assert sent(minutes=10) == [2]


def test_different_people_have_digests_of_their_own(notify, sent, college, channel):
    college.roles["class_tutor"] += [Person(id="T9", name="Li", channel="json://hooks.campus/b", language="en")]
    notify.take_in(about("S1", "S2"), 1)
    assert sorted(sent(seconds=10)) == [2, 2]
    assert {message.title for _, _, message in channel.sent} == {"2 条消息：黄色预警 2", "2 messages: Yellow warning 2"}


def test_a_digest_that_fails_comes_again_as_it_was(make, clock, one_recipient, eventually, deliveries):
    answers = iter([DeliveryError("busy", permanent=False), None])

    def answer(_message):
        if error := next(answers):
            raise error

    channel = RecordingChannel(answer)
    notify = make(grouping=FIVE, send=channel, retry=RetryPolicy(look_again=timedelta(milliseconds=20)))
    notify.start()
    notify.take_in(about("S1", "S2"), 1)
    clock.advance(timedelta(seconds=10))
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["failed"] * 2)
    notify.take_in(about("S3"), 2)
    clock.advance(timedelta(seconds=30))
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["sent", "sent", "pending"])
    assert len({message.key for _, _, message in channel.sent}) == 1
    assert [len(message.extras["digest"]) for _, _, message in channel.sent] == [2, 2]


def test_a_digest_of_a_process_that_died_comes_again_whole_and_marked(make, clock, one_recipient, eventually, channel):
    first = make(grouping=FIVE)
    first.outbox.slot = "slot"
    first.take_in(about("S1", "S2"), 1)
    clock.advance(timedelta(seconds=10))
    with first.database.writing() as connection:
        claim = outbox.claim(connection, "json://hooks.campus", "slot:1", to_ms(clock()), 60_000, FIVE)
    assert len(claim.ids) == 2
    clock.advance(timedelta(minutes=2))
    second = make("other", grouping=FIVE, retry=RetryPolicy(look_again=timedelta(milliseconds=20)))
    second.start()
    eventually(lambda: len(channel.sent) == 1)
    message = channel.sent[0][2]
    assert message.extras["possibly_duplicate"]
    assert len(message.extras["digest"]) == 2
    assert message.title.endswith("（可能重复）")


def test_of_a_digest_that_nobody_answered_the_other_channel_tells_all(make, clock, college, eventually, deliveries):
    college.roles.clear()
    college.roles["class_tutor"] = [Person(id="T1", name="王", channel="json://hooks.campus/a", email="t1@campus.cn")]

    def answer(_message):
        raise UnansweredError("no answer in time", timed_out=True)

    notify = make(grouping=FIVE, send=RecordingChannel(answer), mail="mailtos://u:p@mail.campus?from=w@campus.cn")
    notify.start()
    notify.take_in(about("S1", "S2"), 1)
    clock.advance(timedelta(seconds=10))
    notify.outbox.wake({"json://hooks.campus"})
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["unknown"] * 4)
    assert {row["possibly_duplicate"] for row in deliveries(notify)} == {1}


def test_a_digest_names_the_gravest_first_and_counts_what_it_does_not_name():
    titled = [
        msgspec.structs.replace(CARD, title=msgspec.structs.replace(CARD.title, en=f"Kind {n}")) for n in range(12)
    ]
    told = [(Sent(f"y{n}", 1, "opened", "r", "yellow", possibly_duplicate=False), one) for n, one in enumerate(titled)]
    told += [(Sent(one, 1, "opened", "r", "red", possibly_duplicate=False), titled[0]) for one in ("r1", "r2")]
    said = digest(told, "http://campus/inbox/T1", "http://campus", "k", "en")
    assert said.title == "14 messages: Red warning 2, Yellow warning 12"
    lines = said.body.splitlines()
    assert (lines[0], lines[-2]) == ("Red warning: Kind 0 ×2", "… and 3 more")
    assert len(lines) == 12


def test_a_digest_counts_what_is_over_apart():
    told = [
        (Sent(f"w{n}", n, kind, "r", "yellow", possibly_duplicate=False), CARD)
        for n, kind in enumerate(["opened", "resolved", "withdrawn"])
    ]
    assert digest(told, "x", "x", "k", "zh").title == "3 条消息：黄色预警 1，已解除 1，已撤回 1"


def test_a_digest_counts_warnings_and_not_their_changes():
    told = [
        (Sent("w", n, kind, "r", level, possibly_duplicate=False), CARD)
        for n, (kind, level) in enumerate([("opened", "yellow"), ("raised", "orange"), ("raised", "red")])
    ]
    said = digest([*told[1:], told[0]], "x", "x", "k", "zh")
    assert (said.title, len(said.extras["digest"])) == ("1 条消息：红色预警 1", 3)
