"""Appeals in the store, on both databases: kept once, told by the outbox, decided once, gone up in time."""

from datetime import timedelta

import pytest

from services.directory import Person
from services.log.renaming import Renaming
from services.messages import to_ms
from services.notify.appealing import Word
from services.notify.appeals import AppealRow, Policy, deciders, ends
from services.notify.deadlines import AroundTheClock, worked
from services.notify.grouping import Grouping
from services.notify.store import appeals, erasure
from services.notify.testing import MORNING, College, change

HOOK = "json://127.0.0.1:9/hook"
TEACHER, OFFICE, DEAN = (Person(id=one, name=one, channel=HOOK, language="en") for one in ("T2", "office", "dean"))


@pytest.fixture
def college():
    return College(
        {
            "class_tutor": [Person(id="T1", name="王秀英", channel=HOOK)],
            "course_teacher": [TEACHER],
            "teaching_office_head": [OFFICE],
            "department_head": [DEAN],
        }
    )


@pytest.fixture
def notify(make):
    return make(appeals=Policy(is_on=True))


def row(**more):
    said = {"kind": "attendance", "key": "l1/S1", "version": "v1", "student": "S1", "record_at": to_ms(MORNING)}
    said |= {"source": "phone", "was": "absent", "person": "S1", "claim": "was_there", "text": "there", "asked_at": 0}
    return AppealRow(**(said | more))


def test_it_is_told_by_the_outbox_and_the_message_names_nobody(notify, channel, eventually, deliveries):
    number = notify.appeals.ask(row()).number
    notify.start()
    eventually(lambda: [one for one in deliveries(notify) if one["status"] == "sent"])
    ((address, recipient, message),) = channel.sent
    assert (address, recipient) == (HOOK, "T2")
    assert message.title == "For you to decide: an appeal"
    assert f"http://campus/appeals/{number}" in message.body
    assert "S1" not in message.title + message.body + str(message.extras)
    (delivery,) = deliveries(notify)
    assert (delivery["warning"], delivery["news"]) == (None, f"appeal {number}")


def test_it_goes_out_beside_warnings_and_in_none_of_their_digests(make, channel, clock, eventually, deliveries):
    grouping = Grouping(timedelta(seconds=10))
    notify = make(appeals=Policy(is_on=True), grouping=grouping)
    notify.take_in([change(subject="S1/MATH"), change(subject="S2/MATH")], 1)
    notify.appeals.ask(row())
    clock.advance(timedelta(minutes=10))
    notify.start()
    eventually(lambda: all(one["status"] == "sent" for one in deliveries(notify)))
    to_teacher = [message for _, recipient, message in channel.sent if recipient == "T2"]
    assert [one.title for one in to_teacher].count("For you to decide: an appeal") == 1
    digests = [one.extras["digest"] for one in to_teacher if "digest" in one.extras]
    assert not [each for digest in digests for each in digest if each.get("news", "").startswith("appeal")]
    assert len(to_teacher) > 1, "the warnings are told, too"


def test_against_one_word_there_is_one_appeal(notify, deliveries):
    first = notify.appeals.ask(row())
    assert notify.appeals.ask(row(text="once more")) == (first.number, False, None)
    assert notify.appeals.ask(row(version="v2")).number == first.number, "one is open still"
    notify.appeals.decide(first.number, Word("T2", "refused", "no"), lambda: None)
    assert notify.appeals.ask(row()).number == first.number, "the same word was decided about"
    again = notify.appeals.ask(row(version="v2"))
    assert again.is_new, "another word is another matter"
    assert [one["news"] for one in deliveries(notify)] == [f"appeal {first.number}", f"appeal {again.number}"]


def test_what_is_refused_writes_nothing(notify, make, deliveries):
    assert notify.appeals.ask(row(text=" ")).refused == "needs_text"
    assert notify.appeals.ask(row(claim="score")).refused == "unknown_claim"
    long_ago = to_ms(MORNING - timedelta(days=121))
    assert notify.appeals.ask(row(record_at=long_ago)).refused == "term_over"
    assert make("other").appeals.ask(row()).refused == "off"
    assert deliveries(notify) == []


def test_it_is_decided_once_and_not_where_the_record_was_not_corrected(notify):
    number = notify.appeals.ask(row()).number
    granted = Word("T2", "granted", "", "present", "attendance/l1/S1")
    assert notify.appeals.decide(number, granted, lambda: "changed meanwhile").why_not == "changed meanwhile"
    assert notify.appeals.decide(number, Word("T2", "refused", " "), lambda: None).why_not == "needs_answer"
    assert [one.id for one in notify.appeals.waiting_for("T2")] == [number]
    assert notify.appeals.decide(number, granted, lambda: None).why_not is None
    asked = []
    second = notify.appeals.decide(number, Word("T2", "refused", "no"), lambda: asked.append(1))
    assert (second.why_not, second.row.state, asked) == ("decided", "granted", [])
    assert notify.appeals.waiting_for("T2") == []


def test_the_warnings_that_rested_on_the_record_are_known(notify):
    notify.take_in([change(subject="S1/MATH"), change(subject="S2/MATH")], 1)
    number = notify.appeals.ask(row()).number
    notify.appeals.decide(number, Word("T2", "granted", "", "present", "S1/MATH-1"), lambda: None)
    with notify.database.reading() as connection:
        assert [one.id for one in appeals.behind(connection, 1)] == [number]
        assert appeals.behind(connection, 2) == []


def test_it_goes_up_step_by_step_past_who_is_not_there(notify, clock, college, deliveries):
    number = notify.appeals.ask(row(taken_by="T2")).number
    college.roles["teaching_office_head"] = []
    clock.advance(timedelta(days=3))
    assert notify.scheduler.step() == 1
    assert notify.scheduler.step() == 0
    assert [one["recipient"] for one in deliveries(notify)] == ["T2", "dean"]
    college.gone.add("T2")
    college.roles["course_teacher"] = []
    assert notify.appeals.waiting_for("T2") == []
    clock.advance(timedelta(days=30))
    assert notify.scheduler.step() == 0, "from the last step it goes nowhere"
    with notify.database.reading() as connection:
        assert appeals.one(connection, number).due_at is None


def test_where_nobody_is_there_it_is_tried_again(notify, clock, college, deliveries):
    people = {role: college.roles.pop(role) for role in ("course_teacher", "teaching_office_head", "department_head")}
    notify.appeals.ask(row())
    assert deliveries(notify) == []
    college.roles |= people
    clock.advance(timedelta(days=3))
    notify.scheduler.step()
    assert [one["recipient"] for one in deliveries(notify)] == ["dean"]


def test_they_are_handed_out_and_erased_with_the_student(notify):
    number = notify.appeals.ask(row(student="S1", text="S1 was there, says S1")).number
    notify.appeals.keep_slip(row(id=number), "image/png", b"\x89PNG")
    with notify.database.reading() as connection:
        held = erasure.held(connection, "S1")
    assert held["appeal"][0]["text"] == "S1 was there, says S1"
    assert held["appeal_slip"][0]["picture"] == "iVBORw=="
    with notify.database.writing() as connection:
        counts = erasure.rename(connection, "S1", Renaming({"S1": "gone-1"}, {}))
    assert (counts["appeal"], counts["appeal_slip"]) == (1, 1)
    with notify.database.reading() as connection:
        found = appeals.one(connection, number)
        assert appeals.slip(connection, number) is None
        assert erasure.held(connection, "S1") == {}
    assert (found.student, found.key, found.text, found.state) == ("gone-1", "l1/gone-1", "", "settled")
    assert notify.appeals.waiting_for("T2") == []


def test_nobody_decides_about_themselves_or_what_they_have_asked_for(college):
    college.roles["course_teacher"] = [TEACHER, Person(id="T1", name="x"), Person(id="S1", name="y")]
    assert deciders(row(person="T1"), college, MORNING) == {"T2"}


def test_nothing_is_told_where_pushing_is_off(make, deliveries):
    quiet = make(push=False, appeals=Policy(is_on=True))
    quiet.appeals.ask(row())
    assert deliveries(quiet) == []
    assert len(quiet.appeals.waiting_for("T2")) == 1


def test_a_record_without_a_term_can_be_appealed_against_for_a_while():
    assert ends(0, 5) == 5
    assert ends(0, AroundTheClock().term_end(0)) == 120 * 86_400_000


class NineToFive(AroundTheClock):
    """Nobody works but from 9 to 17 (UTC)."""

    def after(self, t, milliseconds):
        hour, day = 3_600_000, 86_400_000
        while milliseconds > 0:
            begins, closes = t // day * day + 9 * hour, t // day * day + 17 * hour
            t = max(t, begins)
            if t + milliseconds <= closes:
                return t + milliseconds
            milliseconds -= max(0, closes - t)
            t = (t // day + 1) * day
        return t


@pytest.mark.parametrize(
    ("begin", "end", "hours"), [(9, 12, 3), (8, 12, 3), (16, 24 + 10, 2), (18, 24 + 8, 0), (9, 24 + 18, 16), (9, 9, 0)]
)
def test_working_hours_between_two_instants(begin, end, hours):
    hour = 3_600_000
    assert worked(begin * hour, end * hour, NineToFive()) == hours * hour
