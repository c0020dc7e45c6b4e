"""Somebody who was erased is known again by their id: as a value, in a list, and among the words of a text."""

import json

import pytest

from services.log.erased import Erased

SUE, SHORT = "20260117", "2026"


@pytest.fixture
def erased():
    erased = Erased()
    for one in (SUE, SHORT, "T-0108"):
        erased.add(one)
    return erased


@pytest.mark.parametrize(
    "value",
    [
        SUE, SHORT, "T-0108", [SUE], ["20260118", SUE],
        f"请联系{SUE}。", f"see {SUE}.", f"（{SUE}）", f"学号-{SUE}，旷课",
        f"l7/{SUE}", f"{SUE}@college.example", "报 T-0108 老师",
    ],
)  # fmt: skip
def test_an_id_is_noticed(value, erased):
    who = next(one for one in (SUE, "T-0108", SHORT) if one in str(value))
    assert erased.named_in({"kept": 3, "text": value}) == ("text", erased.pseudonym(who))


@pytest.mark.parametrize(
    "value",
    [
        "2026 年 11 月",
        "room 2026",
        "2026-11-29",
        f"{SUE}3",
        f"x{SUE}",
        "苏晓梅",
        None,
        20260117,
        True,
        [],
        [3],
        {"id": SUE},
    ],
    ids=str,
)
def test_what_only_looks_like_one_is_not(value, erased):
    assert erased.named_in({"text": value}) is None


@pytest.mark.parametrize(
    "raw",
    [
        f"和{SUE}一起".encode(),
        f"和{SUE}一起".encode("gb18030"),
        json.dumps(f"和{SUE}一起").encode(),
        b'"\\u0032\\u0030260117"',
    ],
    ids=["utf-8", "gb18030", "escaped", "digits escaped"],
)
def test_in_bytes_that_were_refused_too(raw, erased):
    assert erased.named_in_text(raw)


def test_where_nobody_was_erased_nobody_is_looked_for():
    assert Erased().named_in({"student": SUE}) is None
