"""Two servers of one college, or a server and whoever asks, whose clocks differ by a minute: nobody is locked out.

A provider's clock: tests/unit/accounts/providers/test_oidc.py, against a real one. A browser's does not count for
these: our cookies end with the browser, and none of these pages has a script.
"""

import re
from datetime import timedelta

import pytest

from services.app.first_account import one_time_link
from services.directory import Person
from services.notify.channels.own import read_policy
from services.notify.testing import change, facts
from tests.unit.web.test_provider_pages import Redirecting
from tests.unit.web.test_warning_page import fields

ID = facts().warning_id
WARNING = f"/warnings/{ID}"
GOOD = "a sentence is a good one"


@pytest.fixture
def notify(make):
    notify = make(home="a")
    notify.take_in([change()], 1)
    return notify


@pytest.fixture(params=[-60, 60], ids=["behind", "ahead"])
def other(request, make, clock):
    """Another process on the same store."""
    return make(home="b", clock=lambda: clock() + timedelta(seconds=request.param))


def test_a_session_and_the_tokens_of_its_forms_hold_at_the_other(notify, other, browser_of, rows):
    here, there = browser_of(notify), browser_of(other, None)
    there.cookies = here.cookies
    form = fields(here.get(WARNING).text, "acknowledge")
    assert there.post(f"{WARNING}/acknowledge", **form).status_code == 303
    assert rows(notify, "SELECT acknowledged_by FROM warning") == [{"acknowledged_by": "T1"}]
    assert here.get(WARNING).status_code == 200


def test_a_one_time_link_is_used_at_the_other_and_so_is_its_password(notify, other, browser_of, clock):
    link = one_time_link(notify.database, "T1", "", clock())
    there = browser_of(other, None)
    assert there.post(link, token=there.token(link), password=GOOD, again=GOOD).status_code == 303
    here = browser_of(notify, None)
    here.post("/sign-in", token=here.token("/sign-in"), name="T1", password=GOOD, next="")
    assert here.get(WARNING).status_code == 200


def test_who_went_to_a_provider_by_one_comes_back_by_the_other(notify, other, browser_of):
    here, there = (browser_of(one, None, providers={"cas": Redirecting()}) for one in (notify, other))
    here.get(f"/sign-in/cas?next={WARNING}")
    there.cookies = here.cookies
    back = there.get("/sign-in/cas/back?state=s1&ticket=ST-1")
    assert (back.status_code, back.headers["location"]) == (303, WARNING)
    assert there.get(WARNING).status_code == 200


def test_a_code_that_one_has_sent_is_typed_at_the_other(make, clock, channel, college):
    college.roles["class_tutor"] = [Person(id="T1", name="王秀英")]
    allowed = read_policy("dingtalk=http://127.0.0.1:9/robot/send")
    here = make(home="a", own_channels=allowed)
    for minutes in (-1, 1):
        there = make(home=f"b{minutes}", own_channels=allowed, clock=lambda by=minutes: clock() + timedelta(minutes=by))
        clock.advance(timedelta(hours=1))
        assert here.own_channels.ask("T1", "dingtalk", "c0ffee00" * 4, "", "zh") is None
        code = re.search(r"\d{6}", channel.sent[-1][2].body)[0]
        clock.advance(timedelta(minutes=8))
        assert there.own_channels.prove("T1", code, "zh") is None


def test_the_others_scheduler_forgets_nothing_that_can_be_undone_here(notify, other, rows):
    notify.acts.acknowledge("T1", ID)
    other.scheduler.step()
    act = rows(notify, "SELECT max(id) AS id FROM act")[0]["id"]
    assert notify.acts.undo("T1", ID, act) is None
    assert rows(notify, "SELECT acknowledged_by FROM warning") == [{"acknowledged_by": None}]


def test_an_undo_that_is_over_by_the_others_clock_is_refused_with_words(notify, other, browser_of, clock):
    here, there = browser_of(notify), browser_of(other, None)
    there.cookies = here.cookies
    here.post(f"{WARNING}/acknowledge", **fields(here.get(WARNING).text, "acknowledge"))
    form = fields(here.get(WARNING).text, "undo")
    clock.advance(timedelta(seconds=1))
    answer = there.post(f"{WARNING}/undo", **form)
    ahead = other.ports.clock() > clock()
    assert answer.status_code == (409 if ahead else 303)
    assert not ahead or "已超过一分钟，不能再撤销" in answer.text
