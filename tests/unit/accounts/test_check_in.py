"""The code of a window: how it changes, and for how long it counts."""

import hmac

import pytest

from services.accounts.check_in import STEP, changes_in, code, digits, is_open, is_right
from services.accounts.rows import CheckInWindowRow

OPENED = 1_000_000_000_007
WINDOW = CheckInWindowRow(
    window_id="w", lesson="l1", secret="of the window", opened=OPENED, ends=OPENED + 120_000, person="teacher"
)


def other(**changes):
    return CheckInWindowRow(**({name: getattr(WINDOW, name) for name in WINDOW.__struct_fields__} | changes))


def test_it_is_that_of_rfc_4226_over_the_step_since_the_window_was_opened():
    digest = hmac.digest(b"of the window", (2).to_bytes(8, "big"), "sha256")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    assert code(WINDOW, OPENED + 2 * STEP + 1) == f"{number % 1_000_000:06}"


def test_it_is_the_same_for_twenty_seconds_and_then_another_one():
    shown = [code(WINDOW, OPENED + ms) for ms in (0, STEP - 1, STEP, 2 * STEP - 1, 2 * STEP)]
    assert shown[0] == shown[1] != shown[2] == shown[3] != shown[4]
    assert [changes_in(WINDOW, OPENED + ms) for ms in (0, 1, STEP - 1, STEP)] == [STEP, STEP - 1, 1, STEP]


@pytest.mark.parametrize(
    ("after", "counts"),
    [(0, True), (STEP - 1, True), (STEP, True), (2 * STEP - 1, True), (2 * STEP, False), (5 * STEP, False)],
)
def test_the_one_before_counts_still_and_none_before_that(after, counts):
    assert is_right(WINDOW, code(WINDOW, OPENED), OPENED + after) == counts


@pytest.mark.parametrize(
    ("at", "open_"), [(OPENED - 1, False), (OPENED, True), (OPENED + 119_999, True), (OPENED + 120_000, False)]
)
def test_none_counts_before_or_after_its_window(at, open_):
    assert is_open(WINDOW, at) == open_
    shown = code(WINDOW, max(at, OPENED))
    assert is_right(WINDOW, shown, at) == open_


@pytest.mark.parametrize(
    "changes", [{"secret": "of another window"}, {"opened": OPENED - STEP * 40, "ends": OPENED + STEP * 40}]
)
def test_it_is_of_its_own_window_alone(changes):
    codes = {code(WINDOW, OPENED + n * STEP) for n in range(6)}
    assert not any(is_right(other(**changes), one, OPENED) for one in codes)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code_is_not_right(typed):
    assert not is_right(WINDOW, typed, OPENED)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("１２３４５６", "123456"),
        ("12345x", ""),
        ("-12345", ""),
        ("", ""),
    ],
)
def test_blanks_and_the_digits_of_chinese_keyboards_are_read(typed, read):
    assert digits(typed) == read
