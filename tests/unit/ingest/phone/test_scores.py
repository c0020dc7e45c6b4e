"""Scores that were typed or pasted: what is understood, and what is said where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.phone.results import Result
from services.ingest.phone.scores import Fault, plain, read_pasted, read_score

CLASS = [("2026001", "张三"), ("2026002", "李 四"), ("2026003", "王五"), ("2026004", "王五"), ("2026005", "Ann Lee")]
WORDS = {"缺考": "not_tested", "未提交": "not_submitted", "not handed in": "not_submitted", "免测": "exempt"}

SCORES = {
    "85": 85, " 85.5 ": 85.5, "８５": 85, "１００": 100, "0": 0, "007": 7, "100.0000": 100, "　9　": 9,
}  # fmt: skip
NO_NUMBERS = (
    "8O", "", "1e2", "nan", "0x10", "1,5", "8²", "٨٥", "五十", "85分", "1_0", "+5", "1.23456",
)  # fmt: skip
FAULTS = dict.fromkeys(NO_NUMBERS, "no_number") | {
    "-1": "negative", "－1": "negative", "−0.5": "negative", "100.5": "too_high", "101": "too_high",
}  # fmt: skip


@pytest.mark.parametrize(("text", "score"), SCORES.items())
def test_a_score_is_read(text, score):
    assert read_score(text, 100) == score


@pytest.mark.parametrize(("text", "kind"), FAULTS.items())
def test_what_is_none_is_said(text, kind):
    found = read_score(text, 100)
    assert isinstance(found, Fault)
    assert found.kind == kind


def read(text, students=CLASS, highest=100.0):
    return read_pasted(text, students, highest, WORDS)


def scores(found):
    return {student[-1]: one.score if one.state == "graded" else one.state for student, one in found.results.items()}


def kinds(found):
    return {line.number: line.fault.kind for line in found.lines}


COLUMNS = {
    "a sheet's column": "1\n2\n3\n4\n5\n",
    "without an end": "1\n2\n3\n4\n5",
    "of Windows": "1\r\n2\r\n3\r\n4\r\n5\r\n",
    "with a heading": "成绩\n1\n2\n3\n4\n5\n",
    "with empty lines behind it": "1\n2\n3\n4\n5\n\n\n",
}


@pytest.mark.parametrize("text", COLUMNS.values(), ids=COLUMNS)
def test_a_column_goes_by_the_order_of_the_list(text):
    assert scores(read(text)) == {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}


def test_an_empty_line_of_a_column_is_somebody_without_a_score():
    assert scores(read("\n2\n\n未提交\n5\n")) == {"2": 2, "4": "not_submitted", "5": 5}
    assert scores(read("1\n2\n3\n4\n\n")) == {"1": 1, "2": 2, "3": 3, "4": 4}


def test_words_with_blanks_are_one_cell():
    assert scores(read("1\nnot handed in\n3\n4\n5")) == {"1": 1, "2": "not_submitted", "3": 3, "4": 4, "5": 5}


@pytest.mark.parametrize("lines", [["1"] * 4, ["1"] * 6, ["1", "", "1"]])
def test_a_column_of_another_length_is_not_placed_at_all(lines):
    found = read("\n".join(lines))
    assert found.fault is not None
    assert (found.fault.kind, found.fault.line) == ("wrong_number", len(lines))
    assert not found.results


def test_44_numbers_for_45_students_are_not_placed():
    students = [(f"s{n}", f"N{n}") for n in range(45)]
    for end in ("", "\n", "\r\n"):
        assert read("\n".join(["70"] * 44) + end, students).fault.kind == "wrong_number"
    assert len(read("\n".join(["70"] * 45), students).results) == 45


def test_of_a_column_each_wrong_line_is_named_and_the_others_are_read():
    found = read("1\nx\n300\n-4\n5")
    assert scores(found) == {"1": 1, "5": 5}
    assert kinds(found) == {2: "no_number", 3: "too_high", 4: "negative"}


TABLES = {
    "id and score": "2026001\t81\n2026002\t82",
    "score and id": "81\t2026001\n82\t2026002",
    "name and score": "张三\t81\n李四\t82",
    "with blanks": "张三 81\n李 四 82",
    "score and name with blanks": "81 张三\n82 李 四",
    "id, name and score with blanks": "2026001 张三 81\n2026002 李四 82",
    "commas": "张三,81\n李四，82",
    "full-width": "２０２６００１\t８１\n２０２６００２\t８２",
    "a heading": "学号\t姓名\t成绩\n2026001\t张三\t81\n2026002\t李四\t82",
    "a remark beside it": "2026001\t81\t好\n2026002\t82\t",
    "lines between": "张三\t81\n\n\n李四\t82\n\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_columns_that_name_the_students_go_by_who_they_are(text):
    found = read(text)
    assert (scores(found), found.lines, found.fault) == ({"1": 81, "2": 82}, [], None)


def test_of_a_name_that_two_have_the_id_decides():
    found = read("王五\t70\n张三\t80\n2026004 王五\t90")
    assert scores(found) == {"1": 80, "4": 90}
    assert kinds(found) == {1: "homonym"}


def test_who_is_exempt_has_a_line_and_no_score():
    found = read_pasted("1\n2\n3\n4\n免测", CLASS, 100, WORDS, {"2026002", "2026005"})
    assert scores(found) == {"1": 1, "3": 3, "4": 4}
    assert kinds(found) == {2: "exempt"}


def test_somebody_twice_is_taken_in_neither_line():
    found = read("张三\t70\n2026002\t80\n2026001\t90")
    assert scores(found) == {"2": 80}
    assert found.lines[0].fault == Fault("twice", "2026001", 1)


def test_somebody_a_third_time_is_not_taken_either():
    assert not read("张三\t70\n张三\t80\n张三\t90").results


def test_a_misspelt_name_in_the_first_line_is_no_heading():
    assert kinds(read("张珊\t缺考\n李四\t82")) == {1: "unknown"}
    assert kinds(read("张珊\t81\n李四\t82")) == {1: "unknown"}


NOTHING = {
    "empty": ("  \n \n", "empty"),
    "nobody of the list": ("Bob\t70\nEve\t80", "nobody_named"),
    "no scores": ("张三\t好\n李四\t差", "no_scores"),
    "a number of the row and a score": ("1\t张三\t81\n2\t李四\t82", "several_scores"),
    "far too long": ("1\n" * 150_000, "too_long"),
}


@pytest.mark.parametrize(("text", "kind"), NOTHING.values(), ids=NOTHING)
def test_what_cannot_be_told_apart_is_not_taken(text, kind):
    found = read(text)
    assert found.fault is not None
    assert (found.fault.kind, found.results) == (kind, {})


def test_ids_that_look_like_scores():
    students = [(str(n), f"N{n}") for n in range(1, 6)]
    assert scores(read("1\t5\n2\t9\n3\t8\n4\t7\n5\t6", students)) == {"1": 5, "2": 9, "3": 8, "4": 7, "5": 6}
    assert read("1\t5\n2\t4\n3\t3\n4\t2\n5\t1", students).fault is not None, "which column is which, nobody can tell"


NAMES = ("张三", "李四", "王五", "2026001", "2026004")
PIECES = st.sampled_from([*NAMES, "85", "８５", "-3", "1e9", "缺考", "\t", ",", " ", "\n", "\r\n", "", "x"])


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=300))
def test_whatever_is_pasted_nobody_gets_a_score_that_stands_nowhere(text):
    found = read(text)
    written = plain(text)
    for student, one in found.results.items():
        assert student in dict(CLASS)
        assert isinstance(one, Result)
        if one.state == "graded":
            assert 0 <= one.score <= 100
            assert f"{one.score:g}" in written.translate({ord("0"): "0"}) or str(int(one.score)) in written
    assert all(1 <= line.number <= text.count("\n") + 1 for line in found.lines)
    if found.fault is not None:
        assert not found.results


@given(st.permutations(range(5)), st.lists(st.integers(0, 100), min_size=5, max_size=5))
def test_columns_may_be_in_any_order_of_lines(order, points):
    text = "\n".join(f"{CLASS[n][0]}\t{points[n]}" for n in order)
    assert scores(read(text)) == {CLASS[n][0][-1]: points[n] for n in range(5)}
