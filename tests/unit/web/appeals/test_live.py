"""The page of an appeal is live for everybody who may open it."""

from tests.unit.web.appeals.test_appeals import absent, appeal, at, decide


def test_who_may_open_an_appeal_by_their_role_alone_hears_of_it_once_they_have_its_page(school):
    live = school.embedded.notify.live
    absent(school)
    number = appeal(school)[1]
    live.begin()
    tutor = lambda: (live.look(), live.version("tutor"))[1]  # noqa: E731
    before = tutor()
    assert at(school, "tutor").get(f"/appeals/{number}").status_code == 200
    assert tutor() == before
    assert decide(school, number, outcome="stays", answer="Nobody sat there").status_code == 303
    assert tutor() != before
