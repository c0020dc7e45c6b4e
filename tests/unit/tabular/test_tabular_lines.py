import codecs
import gzip
import io

import pytest

from services.messages import Problem
from services.tabular.lines import Lines

TEXT = "编号,姓名\n1,张三\n"


def lines(raw: bytes, longest: int = 1000):
    """The lines of a file with this content, each with what is wrong with it."""
    too_long = lambda size: Problem(where="message", what=f"too large: {size}")  # noqa: E731 - said by the caller
    file = io.BufferedReader(io.BytesIO(raw))
    return [
        (line.raw.decode(errors="replace"), line.problem and str(line.problem.what))
        for line in Lines(file, longest, too_long)
    ]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(TEXT.encode(), id="UTF-8"),
        pytest.param(codecs.BOM_UTF8 + TEXT.encode(), id="UTF-8 with BOM"),
        pytest.param(TEXT.encode("gb18030"), id="GB18030"),
        pytest.param(b"\x84\x31\x95\x33" + TEXT.encode("gb18030"), id="GB18030 with its mark"),
        pytest.param(TEXT.replace("\n", "\r\n").encode(), id="line ends of Windows"),
        pytest.param(gzip.compress(TEXT.encode()), id="gzip"),
        pytest.param(TEXT.removesuffix("\n").encode(), id="no line end at the end"),
    ],
)
def test_a_file_is_the_same_lines_however_it_is_written(raw):
    assert lines(raw) == [("编号,姓名", None), ("1,张三", None)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_a_mark_and_without(encoding):
    assert lines(TEXT.encode(encoding)) == [("编号,姓名", None), ("1,张三", None)]
    many = "编号,姓名\n" * 50_000  # a character lies across two chunks
    assert lines(("1" + many).encode(encoding))[-1] == ("编号,姓名", None)


def test_utf_16_that_ends_in_half_a_character_is_cut_off():
    *_, (_, what) = lines(TEXT.encode("utf-16")[:-1])
    assert what.startswith("cut off")


def test_lines_that_end_as_on_an_old_mac_are_lines():
    assert lines(TEXT.replace("\n", "\r").encode()) == [("编号,姓名", None), ("1,张三", None)]


def test_a_line_in_another_encoding_than_those_before_it_is_wrong_alone():
    # The first chunk of 64 KiB decides for lines that could be either.
    *before, wrong, after = lines("张三\n".encode() * 10_000 + "李四\n".encode("gb18030") + "王五\n".encode())
    assert {what for _, what in before} == {None}
    assert (wrong[1], after) == ("not UTF-8: as the lines before it are", ("王五", None))


def test_a_line_that_is_too_long_is_kept_to_its_allowed_length_and_the_next_one_is_read():
    assert lines(b"a" * 25 + b"\nb\n", longest=10) == [("a" * 10, "too large: 25"), ("b", None)]


def test_of_a_line_of_many_chunks_only_the_beginning_is_held():
    assert lines(b"a" * 300_000 + b"\nb\n", longest=10) == [("a" * 10, "too large: 300000"), ("b", None)]


def test_gzip_that_is_cut_off_gives_what_is_before_the_cut():
    raw = gzip.compress(b"1\n" * 5 + b"23", compresslevel=0)[:-9]
    *whole, (_, what) = lines(raw)
    assert whole == [("1", None)] * len(whole)
    assert what is not None
    assert what.startswith("cut off: the file cannot be read beyond this point")


def test_an_empty_file_has_no_lines():
    assert lines(b"") == []
