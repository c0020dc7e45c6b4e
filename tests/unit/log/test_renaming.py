"""Somebody under another name, in every form in which a text may stand."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from services.log.erased import Erased
from services.log.renaming import Renaming

RENAMING = Renaming({"s1": "gone"}, {"苏晓梅": "gone"}, {"Anna": "gone"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("s1", "gone"),
        ("rollcall l1/s1-2 s1_3 第s1号", "rollcall l1/gone-2 gone_3 第gone号"),
        ("s11 xs1 as1b", "s11 xs1 as1b"),
        ("苏晓梅的母亲", "gone的母亲"),
        ("Anna said so", "Anna said so"),
        ("Anna said so of s1", "gone said so of gone"),
    ],
)
def test_an_id_is_a_whole_word_and_a_name_that_others_bear_counts_beside_it_alone(text, found):
    assert RENAMING.text(text) == found


def test_data_are_the_same_apart_from_the_name():
    at = datetime(2026, 9, 1, tzinfo=UTC)
    big = msgspec.msgpack.Ext(1, b"\x01")
    data = {("s1", 1): [1.5, -1, at, None, {"of": "s1"}], "other": ["s11", True], 3: {"name": "苏晓梅"}}
    packed = RENAMING.packed(msgspec.msgpack.encode([data, big]))
    found, ext = msgspec.msgpack.decode(packed)
    assert found == {("gone", 1): [1.5, -1, at, None, {"of": "gone"}], "other": ["s11", True], 3: {"name": "gone"}}
    assert (ext.code, ext.data) == (1, b"\x01")
    untouched = msgspec.msgpack.encode({"of": "s2"})
    assert RENAMING.packed(untouched) is untouched


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
def test_bytes_of_a_table_are_read_in_its_encoding(encoding):
    assert RENAMING.raw("s1,苏晓梅,旷课".encode(encoding)).decode(encoding) == "gone,gone,旷课"


def test_json_that_writes_names_by_numbers_names_them():
    assert json.loads(RENAMING.raw(json.dumps({"name": "苏晓梅", "of": "s1"}).encode())) == {
        "name": "gone",
        "of": "gone",
    }


def test_who_was_erased_is_known_by_their_id_and_cannot_be_read():
    erased = Erased()
    assert erased.pseudonym("s1") is None
    pseudonym = erased.add("s1")
    read = Erased.read(erased.written())
    assert read.pseudonym("s1") == pseudonym == read.add("s1")
    assert read.pseudonym("s2") is None
    assert "s1" not in erased.written().replace(pseudonym, "")
    assert Erased().add("s1") != pseudonym
