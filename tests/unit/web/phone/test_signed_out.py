"""A form that is sent after a sign-out in the same browser: what was typed is said again, and nothing is done."""

import httpx
import pytest

from tests.unit.web.phone.test_leaves import NEW, form_of, opened

OURS = {"sec-fetch-site": "same-origin", "accept": "text/html"}


@pytest.fixture
def school(tmp_path):
    found = opened(tmp_path / "home", student_leave=True)
    yield found
    found.embedded.stop()


def sent(school, path, form, headers):
    """The answer to somebody who has no session any more."""
    browser = school.at(None)
    return browser.ask("POST", path, data=form, headers=headers)


TYPED = {
    "leave": (NEW, {"reason": "发烧 <39°>"}),
    "warning": ("/warnings/00000000-0000-0000-0000-000000000000/improve", {"measure": "发烧 <39°>"}),
}


@pytest.mark.parametrize("what", TYPED)
@pytest.mark.parametrize(
    ("headers", "is_kept"),
    [(OURS, True), (OURS | {"sec-fetch-site": "cross-site"}, False), ({"accept": "text/html"}, False)],
    ids=["our page", "another site's", "an old browser"],
)
def test_it_is_kept_of_a_page_of_ours_alone(school, what, headers, is_kept):
    path, typed = TYPED[what]
    form = form_of(school.at("s01"), NEW, **typed) if what == "leave" else typed | {"token": "x"}
    answer = sent(school, path, form, headers)
    assert answer.status_code == 403
    assert ("发烧 &lt;39°&gt;" in answer.text) is is_kept
    assert ('name="password"' in answer.text) is is_kept
    assert school.told("leave") == {}


def test_a_form_that_is_too_large_or_a_picture_is_not_read(school):
    too_large = sent(school, NEW, {"reason": "长" * 100_000}, OURS)
    assert too_large.status_code == 403
    assert "长长" not in too_large.text
    picture = school.at(None).ask("POST", "/appeals/1/slip", files={"slip": ("a.png", b"x", "image/png")}, headers=OURS)
    assert picture.status_code == 403


def test_where_the_session_has_ended_the_reason_of_a_leave_is_kept_too(school):
    browser = school.at("s01")
    form = form_of(browser, NEW, reason="发烧")
    browser.cookies = httpx.Cookies({"prewarn_session": "gone"})
    answer = browser.send(NEW, form, asks="text/html")
    assert answer.status_code == 403
    assert "发烧" in answer.text
