"""The state of a partition in a changelog: what stands there was also written so by every release before."""

import msgspec
import pytest

from services.rules.cluster import changelog
from services.rules.cluster.changelog import ChangelogStore, Entry, SubjectId, Write, bucket_in, is_block, offset_of


def block(offset, *heads):
    return msgspec.msgpack.encode([offset, [[*head] for head in heads]])


def kept(entries, found=None):
    found = {} if found is None else found
    for key, value in entries:
        found[key] = value
        if value is None:
            del found[key]
    return found


def test_heads_lie_in_the_block_of_their_bucket_and_segments_beside_it_under_names_of_their_own():
    store = ChangelogStore()
    first = store.put(5, [Write(7, "sig", "s1", b"head"), Write(7, "sig", "s1\x1f0", b"old")])
    assert first == [
        Entry(b"s/7/0/5/sig/s1", b"old"),
        Entry(b"p/7/0", block(5, ("sig", "s1", b"head", {"0": 5}))),
    ]
    again = store.put(9, [Write(7, "sig", "s1", b"more"), Write(7, "sig", "s1\x1f0", b"mended")])
    assert again == [
        Entry(b"s/7/0/9/sig/s1", b"mended"),
        Entry(b"p/7/0", block(9, ("sig", "s1", b"more", {"0": 9}))),
        Entry(b"s/7/0/5/sig/s1", None),
    ]


def test_a_segment_that_is_let_go_goes_behind_the_block_that_does_not_name_it_any_more():
    store = ChangelogStore()
    store.put(5, [Write(7, "sig", "s1", b"head"), Write(7, "sig", "s1\x1f0", b"old")])
    assert store.put(6, [Write(7, "sig", "s1\x1f0", None)]) == [
        Entry(b"p/7/0", block(6, ("sig", "s1", b"head", {}))),
        Entry(b"s/7/0/5/sig/s1", None),
    ]


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_block_that_is_divided_keeps_every_subject_whatever_part_of_it_is_written(cut, monkeypatch):
    monkeypatch.setattr(changelog, "BLOCK_BYTES", 100)
    store, found = ChangelogStore(), {}
    kept(store.put(1, [Write(3, "sig", "s1", b"1" * 30)]), found)
    entries = store.put(2, [Write(3, "sig", f"s{n}", b"2" * 30) for n in (1, 2, 3)])
    assert [entry.key for entry in entries] == [b"p/3/2", b"p/3/1", b"p/3/0"]
    states, unused = ChangelogStore().resume(kept(entries[:cut], found).items())
    assert {key: state for _, key, state in states}["s1"] == (b"2" if cut == len(entries) else b"1") * 30
    assert unused == []


def test_work_that_is_repeated_in_smaller_batches_takes_no_block_back_and_puts_nobody_into_one_that_is_ahead():
    found = {b"p/3/0": block(2, ("sig", "s1", b"before", {})), b"p/3/1": block(9, ("sig", "s2", b"after", {}))}
    store = ChangelogStore()
    store.resume(found.items())
    entries = store.put(5, [Write(3, "sig", key, b"now") for key in ("s1", "s2", "s3")])
    assert {key: offset_of(value) for key, value in entries} == {b"p/3/0": 5, b"p/3/1": 9, b"p/3/2": 5}
    assert [store.reached(SubjectId("sig", key)) for key in ("s1", "s2", "s3", "s4")] == [5, 9, 5, -1]


def test_a_block_that_is_ahead_is_divided_into_blocks_that_are(monkeypatch):
    monkeypatch.setattr(changelog, "BLOCK_BYTES", 100)
    store = ChangelogStore()
    store.resume({b"p/3/0": block(9, ("sig", "s1", b"1" * 30, {}), ("sig", "s2", b"2", {}))}.items())
    entries = store.put(5, [Write(3, "sig", "s2", b"2" * 30)])
    assert {key: offset_of(value) for key, value in entries} == {b"p/3/0": 9, b"p/3/1": 9}


def test_what_was_written_is_resumed_and_what_nothing_refers_to_is_named():
    found = {
        b"p/3/0": block(8, ("sig", "s1", b"new", {"0": 8}), ("sig", "s2", b"two", {})),
        b"p/3/1": block(4, ("sig", "s1", b"old", {})),
        b"s/3/0/8/sig/s1": b"segment",
        b"s/3/0/9/sig/s1": b"of a batch that was cut short",
    }
    store = ChangelogStore()
    states, unused = store.resume(found.items())
    assert sorted(states) == [("sig", "s1", b"new"), ("sig", "s1\x1f0", b"segment"), ("sig", "s2", b"two")]
    assert unused == [b"s/3/0/9/sig/s1"]
    assert store.put(10, [Write(3, "sig", "s9", b"nine")])[0].key == b"p/3/1"  # the newest block takes new subjects


def test_subjects_of_other_signatures_are_dropped_with_their_segments():
    store = ChangelogStore()
    store.put(5, [Write(7, "old", "s1", b"1"), Write(7, "old", "s1\x1f0", b"0"), Write(7, "new", "s1", b"2")])
    assert store.drop(6, {"new"}) == [
        Entry(b"p/7/0", block(6, ("new", "s1", b"2", {}))),
        Entry(b"s/7/0/5/old/s1", None),
    ]
    assert [(head.signature, head.state) for head in store.heads()] == [("new", b"2")]


def test_keys_say_their_bucket_and_values_their_offset():
    assert [is_block(key) for key in (b"p/7/0", b"s/7/0/5/sig/s1", b"meta/3")] == [True, False, False]
    assert [bucket_in(key) for key in (b"p/7/0", b"s/12/0/5/sig/s1")] == [7, 12]
    assert offset_of(block(5, ("sig", "s1", b"head", {}))) == 5
