"""Anybody may write to the changelog: what is none of our entries is passed over, at recovery and when it is asked."""

import msgspec
import pytest

from services.rules.cluster.changelog import Block
from services.rules.cluster.partition import Meta, is_entry

BLOCK = msgspec.msgpack.encode(Block(7, []))
META = msgspec.msgpack.encode(Meta(7, 1, 1024, [], 0, {}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (None, BLOCK), (b"", BLOCK), (b"no slash", BLOCK), (b"p/", BLOCK), (b"p/x/1", BLOCK), (b"p/1", BLOCK),
        (b"meta/", META), (b"meta/x", META), (b"p/1/1", b"\xc1"), (b"p/1/1", b"\x91" * 3000), (b"meta/1", BLOCK[:1]),
        (b"s/1/2", b""), (b"p/" + b"9" * 5000 + b"/1", BLOCK), (b"\xff/1/1", BLOCK),
    ],
)  # fmt: skip
def test_what_evaluate_has_not_written_is_no_entry(key, value):
    assert not is_entry(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [(b"p/12/0", BLOCK), (b"p/12/0", None), (b"meta/3", META), ("s/12/4/77/abc/学生/a\n".encode(), b"anything")],
)
def test_what_it_has_written_is_one(key, value):
    assert is_entry(key, value)
