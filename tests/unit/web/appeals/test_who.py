"""Who may open what of appeals: every route × everybody there is."""

import pytest

from tests.unit.web.appeals.test_appeals import RECORD, absent, appeal, at, token
from tests.unit.web.appeals.test_slips import png, send

PEOPLE = ("s01", "s02", "teacher", "other", "tutor", "ill", "stand_in")
SEEN = {
    ("GET", "/my-records"): set(PEOPLE),
    ("GET", "/appeals"): set(PEOPLE),
    ("GET", RECORD): {"s01", "tutor"},
    ("POST", RECORD): {"s01", "tutor"},
    ("GET", "/appeals/1"): {"s01", "tutor", "teacher"},
    ("GET", "/appeals/1/slip"): {"s01", "tutor", "teacher"},
    ("POST", "/appeals/1/slip"): {"s01"},
    ("POST", "/appeals/1/decide"): {"teacher"},
}
"""The student, who looks after them, who took the record; of lists everybody their own."""


@pytest.mark.parametrize("person", PEOPLE)
def test_who_may(person, school):
    absent(school)
    _, number = appeal(school)
    assert number == 1
    assert send(school, number, png()).status_code == 303
    for (method, path), seen in SEEN.items():
        browser = at(school, person)
        if (method, path) == ("POST", "/appeals/1/slip"):
            found = send(school, number, png(), person).status_code
        elif method == "GET":
            found = browser.get(path).status_code
        else:
            form = {"token": token(browser)}
            found = browser.send(path, form, asks="text/html").status_code
        assert (found != 404) == (person in seen), (method, path, found)


def test_a_stranger_is_led_to_the_sign_in(school):
    absent(school)
    appeal(school)
    stranger = school.at(None)
    for method, path in SEEN:
        answer = stranger.get(path) if method == "GET" else stranger.send(path, {"token": "x"}, asks="text/html")
        assert answer.status_code == (303 if method == "GET" else 403), (method, path)


@pytest.mark.parametrize(
    "path",
    ["/records/leave/s01/appeal", "/records/attendance/none/appeal", "/records/test/%00/appeal", "/appeals/999",
     "/appeals/99999999999999999999", "/records/attendance/l1%0As01/appeal"],
)  # fmt: skip
def test_what_there_is_not(path, school):
    absent(school)
    assert at(school, "s01").get(path).status_code == 404
