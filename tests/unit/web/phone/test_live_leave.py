"""Open pages hear of leave that is asked for, decided or ended: whose it is and whoever may decide, and nobody else."""

from datetime import timedelta

import pytest

from services.errors import LogError
from tests.unit.web.phone.conftest import EIGHT
from tests.unit.web.phone.test_leaves import ask, decide, opened

EVERYBODY = ("s01", "s02", "tutor", "counsellor", "head", "office", "teacher", "ill", "stand_in")
CONCERNED = {"s01", "tutor", "counsellor", "head", "office"}


@pytest.fixture
def school(tmp_path):
    found = opened(tmp_path / "home", student_leave=True)
    yield found
    found.embedded.stop()


@pytest.fixture
def heard(school):
    """Who has heard of something since it was asked last."""
    live = school.embedded.notify.live
    live.begin()
    before = {one: live.version(one) for one in EVERYBODY}

    def heard():
        live.look()
        found = {one for one in EVERYBODY if live.version(one) != before[one]}
        before.update({one: live.version(one) for one in EVERYBODY})
        return found

    return heard


def test_whatever_becomes_of_leave_is_news_to_whose_it_is_and_to_who_may_decide(school, heard):
    assert heard() == set()
    page = ask(school)
    assert heard() == CONCERNED
    assert heard() == set()
    assert decide(school, "tutor", page, verdict="grant").status_code == 200
    assert heard() == CONCERNED
    assert decide(school, "s01", page, "end", act="cancel").status_code == 200
    assert heard() == CONCERNED


def test_what_was_refused_is_no_news(school, heard):
    page = ask(school)
    heard()
    assert decide(school, "tutor", page, verdict="refuse").status_code == 422
    assert heard() == set()


def test_whoever_has_the_students_page_by_their_role_alone_hears_of_it(school, heard):
    school.lesson("l1", EIGHT)
    assert school.at("teacher").get("/students/s01").status_code == 200
    ask(school)
    assert heard() == CONCERNED | {"teacher"}


def test_what_files_bring_for_many_is_news_to_everybody(school, heard):
    for nth in range(60):
        begins = EIGHT - timedelta(hours=10 * nth + 9)
        data = {"leave": f"f{nth}", "student": "s01" if nth % 2 else "s02", "status": "granted", "category": "sick"}
        data |= {"from": begins.isoformat(), "to": (begins + timedelta(hours=4)).isoformat()}
        school.say("leave", begins, **data)
    assert heard() == set(EVERYBODY)


def test_records_that_cannot_be_read_keep_no_other_news_back_and_are_told_of_later(school, heard, monkeypatch):
    live = school.embedded.notify.live

    def broken():
        raise LogError("no disk")

    ports = live._ports
    ask(school)
    live._ports = ports._replace(leave=broken)
    assert heard() == set()
    live._ports = ports
    assert heard() == CONCERNED


@pytest.mark.parametrize("who", ["s01", "tutor", "counsellor"])
def test_the_list_and_the_page_renew_themselves(school, who):
    page = ask(school)
    browser = school.at(who)
    for path, parts in (("/leaves", ["list"]), (page, ["what", "deciding", "ending"])):
        shown = browser.get(path).text
        assert "/static/live.js" in shown
        assert all(f'data-live="{one}"' in shown for one in parts)


def test_the_number_of_those_that_wait_renews_itself_on_my_day_and_on_the_start_page(school):
    for path in ("/day", "/"):
        assert 'data-live="leave"' in school.at("tutor").get(path).text
