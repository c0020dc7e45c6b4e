import io

import pytest

from services.errors import ProblemsError
from services.messages import Problem
from services.tabular.lines import Lines
from services.tabular.rows import Row, csv_rows, decoded, strict_rows


def rows(text: str):
    """The rows of a CSV text; of one that is none, what is wrong and the line at which it begins."""
    file = io.BufferedReader(io.BytesIO(text.encode()))
    found = csv_rows(Lines(file, 1000, lambda size: Problem(where="message", what=f"too large: {size}")))
    return [
        (str(cells.what).partition(":")[0], raw.decode()) if isinstance(cells, Problem) else cells
        for cells, raw in found
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_the_first_line_says_what_separates_cells(delimiter):
    assert rows(f"a{delimiter}b\n1{delimiter}2\n") == [["a", "b"], ["1", "2"]]


def test_a_quoted_cell_may_hold_commas_quotes_and_line_ends():
    assert rows('a,b\n"1,""2""\n3",4\n') == [["a", "b"], ['1,"2"\n3', "4"]]


def test_a_quote_that_never_closes_spoils_its_own_line_and_none_after_it():
    assert rows('a,b\n"1,2\n3,4\n') == [["a", "b"], ("not CSV", '"1,2'), ["3", "4"]]


def test_strict_rows_end_at_what_is_no_csv_and_say_its_row():
    read = strict_rows("people.csv", 'a,b\n"1\n2",3\n"4,5\n')
    assert [next(read), next(read)] == [["a", "b"], ["1\n2", "3"]]
    with pytest.raises(ProblemsError, match=r"people\.csv row 3: is not CSV: unexpected end of data"):
        next(read)


def test_strict_rows_can_count_lines_instead():
    read = strict_rows("people.csv", 'a,b\n"1\n2",3\n"4,5\n', counts_lines=True)
    with pytest.raises(ProblemsError, match=r"people\.csv line 4: is not CSV"):
        list(read)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_text_is_read_in_the_encodings_of_chinese_spreadsheets(encoding):
    problems: list[Problem] = []
    assert decoded("people.csv", "张三".encode(encoding), problems) == "张三"
    assert not problems


def test_bytes_that_are_no_text_are_told_by_their_file():
    problems: list[Problem] = []
    assert decoded("people.csv", b"\xff\xff", problems) is None
    assert [str(one) for one in problems] == ["people.csv: is neither UTF-8 nor GB18030 text (expected: UTF-8)"]


def test_a_cell_stands_in_a_column_of_its_row_or_where_its_mark_says():
    row = Row({"id": "t1"}, "people.yaml:7:3", {"id": "people.yaml:7:7"})
    assert (row.at("id"), row.at("name")) == ("people.yaml:7:7", "people.yaml:7:3, column name")
