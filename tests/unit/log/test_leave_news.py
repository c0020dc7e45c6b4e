"""Whose leave has news, out of the small value beside the records."""

from services.log.leave_news import further, since


def test_whoever_has_not_looked_yet_hears_of_nothing_that_was_before():
    value = further(further("", ["s1"]), ["s2"])
    assert since(value, None) == (2, frozenset())
    assert since("", None) == (0, frozenset())


def test_what_came_since_is_named_once_each():
    value = further("", ["s1"])
    later = further(further(value, ["s2", "s2", "s3"]), ["s2"])
    assert since(later, since(value, None).number) == (4, {"s2", "s3"})
    assert since(later, 4) == (4, frozenset())


def test_of_more_than_are_kept_it_may_be_anybodys():
    many = further(further("", ["s0"]), [f"s{n}" for n in range(1, 1000)])
    assert since(many, 1) == (1000, None)
    assert len(many) < 1000
    assert since(further(many, ["s1"]), 1000) == (1001, {"s1"})


def test_other_records_in_place_of_those_may_have_anything():
    assert since(further("", ["s1"]), 7) == (1, None)
