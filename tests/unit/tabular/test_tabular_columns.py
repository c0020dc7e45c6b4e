import gzip

import pytest

from services.errors import ConfigurationError, ProblemsError
from services.tabular.columns import Columns


@pytest.fixture
def read(tmp_path):
    """Reads columns b and a of a file with this content: its rows, and what is wrong with the others."""

    def read(text: str | bytes, name: str = "a.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        problems = []
        return list(Columns(path, ["b", "a"]).rows(problems)), [str(one) for one in problems]

    return read


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a,x,b\n1,2,3\n", id="plain"),
        pytest.param("\ufeff a , x , b \n 1 , 2 , 3 \n", id="a mark and padded cells"),
        pytest.param('a,x,b\r\n"1",2,"3"\r\n\r\n', id="quotes, and line ends of Windows"),
    ],
)
def test_columns_come_in_the_order_that_is_asked_for(read, text):
    assert read(text) == ([(2, ("3", "1"))], [])


def test_compressed_files_are_read_by_their_suffix(read):
    assert read(gzip.compress(b"a,b\n1,2\n"), "a.csv.gz") == ([(2, ("2", "1"))], [])


def test_half_a_row_and_an_open_quote_spoil_their_own_row_only(read):
    rows, problems = read('a,b\n1\n"1,2\n3,4\n')
    assert rows == [(4, ("4", "3"))]
    assert problems == [
        "a.csv row 2: has 1 cells, but the header has 2",
        "a.csv row 3: has 1 cells, but the header has 2",
    ]


def test_missing_columns_are_told_together_with_what_is_like_them(read):
    with pytest.raises(ProblemsError) as error:
        read("c,bb\n")
    assert [str(one.what) for one in error.value.problems] == ["there is no column b, but bb", "there is no column a"]


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        pytest.param(gzip.compress(b"a,b\n1,2\n")[:-9], "ends in the middle", id="cut off"),
        pytest.param(b"a,b\n1,2\n", "is not readable gzip", id="no gzip"),
    ],
)
def test_gzip_that_cannot_be_read_to_its_end_is_refused(read, raw, what):
    with pytest.raises(ProblemsError, match=what):
        read(raw, "a.csv.gz")


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no file"):
        Columns(tmp_path / "none.csv", ["a"])
