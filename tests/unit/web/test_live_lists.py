"""Open lists of referrals and appeals hear of what is new in them, whoever may see it; on both stores."""

from datetime import timedelta

import pytest

from services.directory import Person
from services.notify.appealing import Word
from services.notify.appeals import AppealRow, Policy, SlipRow
from services.notify.store import appeals
from services.notify.testing import change, facts

WARNING = facts().warning_id
EVERYBODY = ("T1", "T2", "A1", "A2", "H1", "S1", "T9")


@pytest.fixture
def notify(make, college):
    office = [Person(id=one, name=one, email=f"{one}@campus.example") for one in ("A1", "A2")]
    college.roles |= {"student_affairs": office, "teaching_office_head": [Person(id="H1", name="H1")]}
    return make(mail="mailto://smtp.campus", appeals=Policy(is_on=True, slips=True))


class Heard:
    """Who hears of something."""

    def __init__(self, live):
        self._live = live
        live.begin()
        self._before = self._versions()

    def _versions(self):
        return {one: self._live.version(one) for one in EVERYBODY}

    def of(self):
        """Since it was asked last."""
        self._live.look()
        before, self._before = self._before, self._versions()
        return {one for one in EVERYBODY if before[one] != self._before[one]}


def test_a_referral_is_news_to_the_whole_office_and_to_who_asked_whatever_becomes_of_it(notify, make):
    notify.take_in([change()], 1)
    heard, told = Heard(make("other").live), {"T1", "T2"}
    office = {"A1", "A2"}
    assert notify.referrals.refer("T1", WARNING, "student_affairs", "?") is None
    assert heard.of() == told | office
    assert notify.referrals.accept("A1", WARNING, 1) is None
    assert heard.of() == told | office
    assert heard.of() == set()
    assert notify.referrals.answer("A1", WARNING, 1, "Done") is None
    assert heard.of() == told | office
    assert notify.referrals.refer("T1", WARNING, "student_affairs", "And this?") is None
    heard.of()
    assert notify.referrals.refuse("A2", WARNING, 2, "Not ours") is None
    assert heard.of() == told | office
    notify.take_in([change("withdrawn", 2)], 2)
    assert heard.of() == told | office


def appeal(notify, **more):
    about = {"kind": "attendance", "key": "L1/S1", "version": "1", "student": "S1", "source": "phone", "was": "absent"}
    said = {"taken_by": "T2", "person": "S1", "claim": "was_there", "text": "I was there"}
    at = int(notify.ports.clock().timestamp() * 1000)
    return notify.appeals.ask(AppealRow(**about | said | more, record_at=at, asked_at=at)).number


def test_an_appeal_is_news_to_whose_it_is_and_to_who_decides_until_it_is_decided(notify, make, clock):
    heard = Heard(make("other").live)
    number = appeal(notify)
    assert heard.of() == {"S1", "T2"}
    assert heard.of() == set()
    with notify.database.writing() as connection:
        appeals.keep_slip(connection, SlipRow(appeal=number, person="S1", type="image/png", picture=b"x", at=1))
    assert heard.of() == {"S1", "T2"}
    clock.now += timedelta(days=30)
    with notify.database.writing() as connection:
        assert notify.appeals.go_up(connection, clock.now)[0] == 1
    assert heard.of() == {"S1", "T2", "H1"}
    notify.appeals.decide(number, Word("H1", "refused", "No"), lambda: None)
    assert heard.of() == {"S1", "T2", "H1"}
    appeal(notify, version="2", person="T1")
    assert heard.of() == {"S1", "T1", "T2"}


def test_of_what_was_open_before_nobody_hears(notify, make):
    appeal(notify)
    assert Heard(make("other").live).of() == set()


def test_what_could_not_be_told_is_told_with_the_next_look(notify, college):
    notify.take_in([change()], 1)
    heard = Heard(notify.live)
    assert notify.referrals.refer("T1", WARNING, "student_affairs", "?") is None
    holders = college.holders
    college.holders = None
    with pytest.raises(TypeError):
        notify.live.look()
    college.holders = holders
    assert heard.of() == {"T1", "T2", "A1", "A2"}
