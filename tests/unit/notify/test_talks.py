"""Talks are written down, their notes are read by few, and the next one reminds."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.accounts.asked import Who
from services.directory import Person
from services.i18n import catalogue
from services.log.renaming import Renaming
from services.messages import to_ms
from services.notify import talking
from services.notify.config import CHINA
from services.notify.deadlines import AroundTheClock
from services.notify.report import Period
from services.notify.store import talks
from services.notify.store.erasure import held, rename
from services.notify.store.retention import StoreSweep
from services.notify.talking import TalkRefusal
from services.notify.testing import MORNING, change, facts

ID = facts().warning_id
TYPED = {"day": "2026-11-23", "clock": "08:30", "way": "in_person", "place": "A-301", "agreed": "每周一面谈"}
SECRET = {"notes": "家里出了事", "visibility": "role"}
NEWS = "SELECT recipient, news FROM delivery WHERE news <> '' ORDER BY id"


@pytest.fixture
def notify(make, college):
    college.roles |= {"mental_health": [Person(id="M1", name="孙老师"), Person(id="M2", name="吴老师")]}
    notify = make()
    notify.take_in([change(context={"student": "S1", "course": "MATH", "class": "C1"})], 1)
    return notify


@pytest.fixture
def notes_of(notify):
    """What somebody reads of the notes, and whether some are withheld."""

    def notes_of(person):
        with notify.sight.reading(Who(person), ID) as (connection, row):
            matter, ports = notify.sight.matter(connection, row), notify.ports
            found = talks.seen(connection, row, person, matter, ports.directory(), ports.clock())
        return [(one.talk.notes, one.withheld) for one in found]

    return notes_of


def test_a_talk_is_written_down_once_however_often_it_is_sent(notify, rows):
    assert [notify.talks.record("T1", ID, TYPED) for _ in range(2)] == [None, None]
    (one,) = rows(notify, "SELECT person, role, day, clock, way, place, agreed, next_day, notes, visibility FROM talk")
    assert one == TYPED | {"person": "T1", "role": "class_tutor", "next_day": "", "notes": "", "visibility": "all"}
    (act,) = rows(notify, "SELECT person, action, text, detail FROM act")
    assert act == {"person": "T1", "action": "talked", "text": "每周一面谈", "detail": "2026-11-23"}


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"day": ""}, {"day": "talk_needs_day"}),
        ({"day": "2026-11-31"}, {"day": "talk_needs_day"}),
        ({"day": "2026-11-24"}, {"day": "talk_in_future"}),
        ({"clock": "09:01"}, {"day": "talk_in_future"}),
        ({"clock": "9"}, {"clock": "talk_needs_clock"}),
        ({"day": "2026-11-22"}, {"day": "talk_before_warning"}),
        ({"day": "2024-11-22", "earlier": "yes"}, {"day": "talk_too_long_ago"}),
        ({"way": "letter"}, {"way": "talk_needs_way"}),
        ({"place": "字" * 101}, {"place": "talk_place_too_long"}),
        ({"agreed": " "}, {"agreed": "talk_needs_agreed"}),
        ({"agreed": "字" * 20_000}, {"agreed": "talk_agreed_too_long"}),
        ({"notes": "字" * 2001, "visibility": "all"}, {"notes": "talk_notes_too_long"}),
        ({"notes": "x"}, {"visibility": "talk_needs_visibility"}),
        ({"notes": "x", "visibility": "everybody"}, {"visibility": "talk_needs_visibility"}),
        ({"next_day": "soon"}, {"next_day": "talk_next_wrong"}),
        ({"next_day": "2026-11-23"}, {"next_day": "talk_next_past"}),
        ({"next_day": "2027-11-25"}, {"next_day": "talk_next_too_far"}),
        ({"day": "", "agreed": "", "way": ""}, {
            "day": "talk_needs_day", "agreed": "talk_needs_agreed", "way": "talk_needs_way",
        }),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_beside_its_field_all_at_once(notify, rows, typed, wrong):
    assert notify.talks.record("T1", ID, TYPED | typed) == wrong
    assert rows(notify, "SELECT * FROM talk") == rows(notify, "SELECT * FROM act") == []


def test_a_talk_about_an_earlier_matter_is_taken_once_it_is_confirmed(notify):
    assert notify.talks.record("T1", ID, TYPED | {"day": "2026-11-20", "earlier": "yes"}) is None


def test_every_refusal_has_its_words():
    refusals = [*TalkRefusal.__args__]
    assert [one for one in refusals if f"refused_{one}" not in catalogue("zh", "pages")] == []


def test_notes_for_a_role_are_read_by_whoever_wrote_them_and_who_holds_it(notify, notes_of, college):
    college.roles["class_tutor"].append(Person(id="T5", name="新班主任"))
    notify.talks.record("T1", ID, TYPED | SECRET)
    assert notes_of("T1") == notes_of("T5") == [("家里出了事", False)]
    assert notes_of("T2") == [("", True)]
    college.roles |= {"class_tutor": [], "on duty": college.roles["class_tutor"]}  # told of it still
    assert notes_of("T1") == [("家里出了事", False)]


def test_an_office_that_it_was_referred_to_has_notes_of_its_own(notify, notes_of):
    notify.referrals.refer("T1", ID, "mental_health", "?")
    assert notify.talks.record("M1", ID, TYPED | SECRET) is None
    assert notes_of("M1") == notes_of("M2") == [("家里出了事", False)]
    assert notes_of("T1") == [("", True)]


def test_notes_for_a_role_are_not_handed_out_to_the_student_and_go_with_them(notify, rows):
    notify.talks.record("T1", ID, TYPED | SECRET)
    with notify.database.reading() as connection:
        assert [held(connection, one)["talk"][0]["notes"] for one in ("S1", "T1")] == ["…", "家里出了事"]
    with notify.database.writing() as connection:
        rename(connection, "S1", Renaming({"S1": "gone-1"}, {}))
    (one,) = rows(notify, "SELECT place, agreed, notes, day FROM talk")
    assert one == {"place": "", "agreed": "", "notes": "", "day": "2026-11-23"}


def test_words_of_talks_and_referrals_go_with_the_texts_of_what_has_ended(notify, rows, clock):
    notify.talks.record("T1", ID, TYPED | SECRET)
    notify.referrals.refer("T1", ID, "mental_health", "请评估")
    notify.acts.close("T1", ID, "x", "fixed")
    clock.advance(timedelta(days=9))
    for left in (5, 0):  # three lines of the audit trail, the measure; a talk and a referral
        assert StoreSweep(notify.database, dry_run=False).texts(to_ms(clock.now)) == (left and 6)
    assert rows(notify, "SELECT agreed, notes FROM talk") == [{"agreed": "", "notes": ""}]
    assert rows(notify, "SELECT note FROM referral") == [{"note": ""}]


def test_the_next_talk_reminds_on_its_day_and_a_later_one_in_its_place(notify, rows, clock):
    notify.talks.record("T1", ID, TYPED | {"next_day": "2026-11-25"})
    notify.acts.acknowledge("T1", ID)  # what this ends is another chain
    clock.now = datetime(2026, 11, 25, 1, tzinfo=UTC)
    while notify.scheduler.step():
        pass
    assert rows(notify, NEWS) == [{"recipient": "T1", "news": "talk_due 1"}]
    notify.talks.record("T1", ID, TYPED | {"day": "2026-11-25", "next_day": "2026-11-27"})
    notify.talks.record("T1", ID, TYPED | {"day": "2026-11-25", "agreed": "改期", "next_day": "2026-11-30"})
    clock.now = datetime(2026, 11, 27, 1, tzinfo=UTC)
    while notify.scheduler.step():
        pass
    assert len(rows(notify, NEWS)) == 1
    notify.acts.close("T1", ID, "x", "fixed")
    clock.now = datetime(2026, 11, 30, 1, tzinfo=UTC)
    while notify.scheduler.step():
        pass
    assert len(rows(notify, NEWS)) == 1


def correct(notify, number=1, person="T1", **typed):
    return notify.talks.record(person, ID, TYPED | typed, number)


def test_a_correction_stands_in_place_of_a_talk_which_stays_as_it_was_written(notify, rows, clock):
    notify.talks.record("T1", ID, TYPED)
    clock.advance(timedelta(hours=1))
    before = rows(notify, "SELECT * FROM talk")
    assert [correct(notify, agreed="每两周面谈") for _ in range(2)] == [None, None]
    assert rows(notify, "SELECT * FROM talk WHERE id = 1") == before
    found = rows(notify, "SELECT id, agreed, corrects FROM talk")
    assert found[1:] == [{"id": 2, "agreed": "每两周面谈", "corrects": 1}]
    assert [one["action"] for one in rows(notify, "SELECT action FROM act")] == ["talked", "talk_corrected"]
    with notify.sight.reading(Who("T1"), ID) as (connection, row):
        ports, matter = notify.ports, notify.sight.matter(connection, row)
        seen = talks.seen(connection, row, "T1", matter, ports.directory(), ports.clock())
    assert [(one.talk.id, one.corrected) for one in seen] == [(1, to_ms(clock.now)), (2, None)]
    assert correct(notify, agreed="又一次") == "talk_corrected_already"
    assert correct(notify, 2, agreed="又一次") is None
    assert notify.effectiveness(Period(date(2026, 11, 1), date(2026, 11, 30)), "rule").follow_up.talks == 1
    assert [one["talks"] for one in notify.warnings()] == [1]


def test_nobody_but_who_wrote_a_talk_corrects_it_and_the_same_words_correct_nothing(notify, rows):
    notify.talks.record("T1", ID, TYPED)
    assert [correct(notify, person="T2", agreed="别的"), correct(notify, 9)] == ["talk_not_yours", "talk_not_yours"]
    assert correct(notify) is None
    assert correct(notify, agreed="") == {"agreed": "talk_needs_agreed"}
    assert len(rows(notify, "SELECT * FROM talk")) == 1


def test_the_reminder_follows_the_next_day_of_the_correction(notify, rows, clock):
    notify.talks.record("T1", ID, TYPED | {"next_day": "2026-11-25"})
    assert correct(notify, next_day="2026-11-26") is None
    for day, told in ((25, []), (26, [{"recipient": "T1", "news": "talk_due 2"}])):
        clock.now = datetime(2026, 11, day, 1, tzinfo=UTC)
        while notify.scheduler.step():
            pass
        assert rows(notify, NEWS) == told
    clock.advance(timedelta(days=300))  # what was right when it was typed stays so
    assert correct(notify, 2, next_day="2026-11-26", agreed="改一个字") is None
    while notify.scheduler.step():
        pass
    assert len([one for one in rows(notify, NEWS) if one["news"].startswith("talk_due")]) == 1


def test_a_correction_of_an_earlier_talk_leaves_the_reminder_of_the_later_one(notify, rows, clock):
    notify.talks.record("T1", ID, TYPED | {"next_day": "2026-11-24"})
    notify.talks.record("T1", ID, TYPED | {"agreed": "第二次", "next_day": "2026-11-25"})
    assert correct(notify, next_day="2026-11-26") is None
    clock.now = datetime(2026, 11, 27, 1, tzinfo=UTC)
    while notify.scheduler.step():
        pass
    assert rows(notify, NEWS) == [{"recipient": "T1", "news": "talk_due 2"}]


def test_notes_of_what_was_corrected_are_read_by_as_few_as_before(notify, notes_of):
    notify.talks.record("T1", ID, TYPED | SECRET)
    assert correct(notify, notes="可以公开", visibility="all") is None
    assert notes_of("T1") == [("家里出了事", False), ("可以公开", False)]
    assert notes_of("T2") == [("", True), ("可以公开", False)]


class Weekdays(AroundTheClock):
    def working_day(self, day):
        return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def test_a_next_day_off_is_the_next_working_day():
    found = talking.read(TYPED | {"next_day": "2026-11-28"}, MORNING, MORNING, CHINA, Weekdays())
    assert found.next_day == "2026-11-30"


def test_each_time_that_nobody_was_reached_counts_a_second_tap_and_what_is_undone_do_not(notify, rows, clock):
    def tried():
        with notify.sight.reading(Who("T1"), ID) as (connection, row):
            return [who for who, _ in talks.attempts(connection, row)]

    for _ in range(2):
        assert notify.talks.not_reached("T1", ID) is None
    assert tried() == ["T1"]
    assert notify.talks.not_reached("T2", ID) is None
    clock.advance(timedelta(hours=3))
    assert notify.talks.not_reached("T1", ID) is None
    assert tried() == ["T1", "T2", "T1"]
    (newest,) = rows(notify, "SELECT max(id) AS id FROM act")
    assert notify.acts.undo("T1", ID, newest["id"]) is None
    assert tried() == ["T1", "T2"]
    found = notify.effectiveness(Period(date(2026, 11, 1), date(2026, 11, 30)), "rule").follow_up
    assert (found.talks, found.not_reached) == (0, 2)


def test_parents_are_noted_only_where_the_college_wants_that(notify, make, rows):
    assert notify.talks.parents_informed("T1", ID, "张伟", "2026-11-22") == "parents_off"
    wanted = make(parents=True)
    assert wanted.talks.parents_informed("T1", ID, "", "2026-11-22") == "parents_needs_consent"
    assert wanted.talks.parents_informed("T1", ID, "张伟", "2026-11-24") == "parents_needs_day"
    assert [wanted.talks.parents_informed("T1", ID, "张伟", "2026-11-22") for _ in range(2)] == [None, None]
    assert rows(notify, "SELECT action, text, detail FROM act") == [
        {"action": "parents_informed", "text": "张伟", "detail": "2026-11-22"}
    ]


def test_nobody_writes_down_a_talk_about_what_they_do_not_see(notify):
    assert notify.talks.record("M1", ID, TYPED) == "not_found"
    assert notify.talks.not_reached("M1", ID) == "not_found"
