"""How the state of a partition lies in a changelog: few values of moderate size, each one whole. Pure.

A *block* holds the heads of some subjects of one bucket. An older, sealed segment of a subject is an entry of its own,
which is never overwritten: a rewritten one gets a new name, and the block says which names count. So whatever part of a
batch has reached the changelog when a worker dies, every subject is as it was before the batch or as it is after it;
the offset of its block says which. Work that is repeated, in smaller batches perhaps, takes nothing of that back: a
block keeps the highest offset that it ever had, and subjects that come into being get no place in one that is ahead.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

import msgspec

from services.messages import UNREADABLE

_STATE = re.compile(rb"p/\d{1,9}/\d{1,9}|s/\d{1,9}/[^/]*/-?\d{1,18}/.*", re.DOTALL)
BLOCK_BYTES = 32_000
"""A block that grows beyond it is divided."""
_MARK = "\x1f"
"""As in the engine's segments: between a subject's key and the number of a segment."""
_HEAD_BYTES = 40
"""What a head takes beside its state and its key, roughly."""


class SubjectId(NamedTuple):
    """A subject of an engine: its key alone may occur under several signatures."""

    signature: str
    key: str


class BlockId(NamedTuple):
    """A block, by its bucket and its number there."""

    bucket: int
    number: int

    @property
    def name(self) -> bytes:
        """Its key in the changelog."""
        return b"p/%d/%d" % self


class Write(NamedTuple):
    """What an engine has written: a subject's head, or one of its segments."""

    bucket: int
    signature: str
    key: str
    state: bytes | None
    """None: it is let go."""


class Entry(NamedTuple):
    """One entry of the changelog."""

    key: bytes
    value: bytes | None
    """None takes it away."""


class Head(msgspec.Struct, array_like=True):
    """One subject in a block."""

    signature: str
    key: str
    state: bytes
    segments: dict[str, int] = {}
    """Number of a segment → offset with which it was written."""

    @property
    def size(self) -> int:
        """Bytes that it takes in its block, roughly."""
        return len(self.state) + len(self.key) + _HEAD_BYTES


class Dated(msgspec.Struct, array_like=True):
    """How every value but a segment begins."""

    offset: int


class Block(msgspec.Struct, array_like=True):
    """A value of the changelog. `offset`: the input up to which it has been evaluated."""

    offset: int
    heads: list[Head]


_encode = msgspec.msgpack.Encoder().encode
_block = msgspec.msgpack.Decoder(Block).decode
_dated = msgspec.msgpack.Decoder(Dated).decode


def offset_of(value: bytes) -> int:
    """The input offset that a block, or what is kept of a partition beside them, was written with."""
    return _dated(value).offset


def is_block(key: bytes) -> bool:
    """Whether a changelog's key is that of a block."""
    return key.startswith(b"p/")


def is_state(key: bytes, value: bytes | None = None) -> bool:
    """Whether an entry of the changelog is a block or a segment; one that somebody else has written is none."""
    if _STATE.fullmatch(key) is None:
        return False
    if value is None or not is_block(key):
        return True
    try:
        _block(value)
    except UNREADABLE:
        return False
    return True


def bucket_in(key: bytes) -> int:
    """The bucket that a key of the changelog belongs to."""
    return int(key.split(b"/", 2)[1])


def subject_in(key: str) -> str:
    """The subject's key in one that an engine writes: its own, or that of one of its segments."""
    return key.partition(_MARK)[0]


class ChangelogStore:
    """The blocks of one partition's buckets."""

    def __init__(self) -> None:
        self._blocks: dict[BlockId, dict[SubjectId, Head]] = {}
        self._block_of: dict[SubjectId, BlockId] = {}
        self._newest: dict[int, int] = {}
        """Bucket → number of its newest block, which takes new subjects."""
        self._offsets: dict[BlockId, int] = {}
        """Block → the input up to which all of its subjects have been evaluated."""

    def put(self, offset: int, written: Iterable[Write]) -> list[Entry]:
        """What the engines wrote → entries, to be sent in this order."""
        segments: list[Entry] = []
        links: list[tuple[SubjectId, Write]] = []
        dirty: set[BlockId] = set()
        for write in written:
            subject = SubjectId(write.signature, subject_in(write.key))
            if subject.key != write.key:
                links.append((subject, write))
                if write.state is not None:
                    segments.append(Entry(_segment(write.bucket, subject, _number(write.key), offset), write.state))
            elif write.state is not None:
                dirty.add(self._write(write.bucket, subject, write.state, offset))
        gone: list[Entry] = []
        for subject, write in links:
            block = self._block_of.get(subject)
            if block is None:
                continue
            head, number = self._blocks[block][subject], _number(write.key)
            old = head.segments.pop(number, None)
            if write.state is not None:
                head.segments = {**head.segments, number: offset}
            if old is not None and head.segments.get(number) != old:
                gone.append(Entry(_segment(write.bucket, subject, number, old), None))
            dirty.add(block)
        for block in list(dirty):
            dirty |= self._divide(block)
        # A block that took subjects of another one goes first: whoever is found in both counts with the higher offset.
        ordered = sorted(dirty, key=lambda block: (block.bucket, -block.number))
        return [*segments, *(self._entry(block, offset) for block in ordered), *gone]

    def _entry(self, block: BlockId, offset: int) -> Entry:
        self._offsets[block] = offset = max(offset, self._offsets.get(block, -1))
        return Entry(block.name, _encode(Block(offset, list(self._blocks[block].values()))))

    def _write(self, bucket: int, subject: SubjectId, state: bytes, offset: int) -> BlockId:
        block = self._block_of.get(subject)
        if block is None:
            block = BlockId(bucket, self._newest.setdefault(bucket, 0))
            if self._offsets.get(block, -1) > offset:
                block = self._following(block)
            self._block_of[subject] = block
            self._blocks.setdefault(block, {})[subject] = Head(*subject, state)
        else:
            self._blocks[block][subject].state = state
        return block

    def _divide(self, block: BlockId) -> set[BlockId]:
        """New blocks for what is too much for one."""
        heads = self._blocks[block]
        size, new, target = 0, set(), block
        for subject, head in list(heads.items()):
            size += head.size
            if size > BLOCK_BYTES and size > head.size:
                target, size = self._following(block), head.size
                self._blocks[target] = {}
                self._offsets[target] = self._offsets.get(block, -1)
                new.add(target)
            if target != block:
                self._blocks[target][subject] = heads.pop(subject)
                self._block_of[subject] = target
        return new

    def _following(self, block: BlockId) -> BlockId:
        self._newest[block.bucket] += 1
        return BlockId(block.bucket, self._newest[block.bucket])

    def reached(self, subject: SubjectId) -> int:
        """The input up to which a subject has been evaluated, as far as it was written; -1: it was not."""
        block = self._block_of.get(subject)
        return -1 if block is None else self._offsets.get(block, -1)

    def drop(self, offset: int, signatures: Container[str]) -> list[Entry]:
        """Takes away all but the subjects of these signatures; entries, as `put`."""
        dirty: set[BlockId] = set()
        gone: list[Entry] = []
        for subject, block in list(self._block_of.items()):
            if subject.signature not in signatures:
                head = self._blocks[block].pop(subject)
                del self._block_of[subject]
                dirty.add(block)
                gone += [Entry(_segment(block.bucket, subject, *one), None) for one in head.segments.items()]
        return [*(self._entry(block, offset) for block in sorted(dirty)), *gone]

    def heads(self) -> Iterator[Head]:
        """The heads of all subjects."""
        for heads in self._blocks.values():
            yield from heads.values()

    def resume(self, entries: Iterable[tuple[bytes, bytes]]) -> tuple[list[tuple[str, str, bytes]], list[bytes]]:
        """Takes back what was sent; (signature, key, state) for the engines, and keys that nothing refers to."""
        segments: dict[bytes, bytes] = {}
        newest: dict[SubjectId, tuple[int, Head]] = {}
        for key, value in entries:
            if not is_block(key):
                segments[key] = value
                continue
            offset, heads = msgspec.structs.astuple(_block(value))
            block = BlockId(*map(int, key.split(b"/")[1:]))
            self._blocks.setdefault(block, {})
            self._newest[block.bucket] = max(block.number, self._newest.get(block.bucket, 0))
            self._offsets[block] = offset
            for head in heads:
                subject = SubjectId(head.signature, head.key)
                if subject not in newest or newest[subject][0] <= offset:
                    newest[subject] = offset, head
                    self._block_of[subject] = block
        states = []
        for subject, (_, head) in newest.items():
            block = self._block_of[subject]
            self._blocks[block][subject] = head
            states.append((*subject, head.state))
            for number, offset in head.segments.items():
                packed = segments.pop(_segment(block.bucket, subject, number, offset))
                states.append((subject.signature, f"{subject.key}{_MARK}{number}", packed))
        return states, list(segments)


def _number(key: str) -> str:
    return key.partition(_MARK)[2]


def _segment(bucket: int, subject: SubjectId, number: str, offset: int) -> bytes:
    return f"s/{bucket}/{number}/{offset}/{subject.signature}/{subject.key}".encode()
