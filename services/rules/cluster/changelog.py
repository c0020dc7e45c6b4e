"""How the state of a partition lies in a changelog: few values of moderate size, each one whole. Pure.

A *page* holds the heads of some subjects of one bucket. An older, sealed segment of a subject is an entry of its own,
which is never overwritten: a rewritten one gets a new name, and the page says which names count. So whatever part of a
batch has reached the changelog when a worker dies, every subject is as it was before the batch or as it is after it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

import msgspec

PAGE_BYTES = 32_000
"""A page that grows beyond it is divided."""
_MARK = "\x1f"

Place = tuple[str, str]
"""(signature, subject's key)."""
Entry = tuple[bytes, bytes | None]
"""(key, value) of the changelog; None takes it away."""


class Head(msgspec.Struct, array_like=True):
    """One subject on a page."""

    signature: str
    key: str
    state: bytes
    segments: dict[str, int] = {}
    """Number of a segment → offset with which it was written."""


class Dated(msgspec.Struct, array_like=True):
    """How every value but a segment begins."""

    offset: int


class Page(msgspec.Struct, array_like=True):
    """A value of the changelog. `offset`: the input up to which it has been evaluated."""

    offset: int
    heads: list[Head]


_encode = msgspec.msgpack.Encoder().encode
_page = msgspec.msgpack.Decoder(Page).decode
_dated = msgspec.msgpack.Decoder(Dated).decode


def offset_of(value: bytes) -> int:
    """The input offset that a page, or what is kept of a partition beside them, was written with."""
    return _dated(value).offset


def is_page(key: bytes) -> bool:
    """Whether a changelog's key is that of a page."""
    return key.startswith(b"p/")


def bucket_in(key: bytes) -> int:
    """The bucket that a key of the changelog belongs to."""
    return int(key.split(b"/", 2)[1])


class Shelf:
    """The pages of one partition's buckets."""

    def __init__(self) -> None:
        self._pages: dict[tuple[int, int], dict[Place, Head]] = {}
        self._page_of: dict[Place, tuple[int, int]] = {}
        self._open: dict[int, int] = {}
        """Bucket → the page that takes new subjects."""
        self._last: dict[int, int] = {}

    def put(self, offset: int, written: Iterable[tuple[int, str, str, bytes | None]]) -> list[Entry]:
        """(bucket, signature, key, state) that the engines wrote → entries, to be sent in this order."""
        segments: list[Entry] = []
        gone: list[Entry] = []
        linked: list[tuple[int, Place, str, bool]] = []
        dirty: set[tuple[int, int]] = set()
        for bucket, signature, key, state in written:
            subject, mark, number = key.rpartition(_MARK)
            if mark:
                place = (signature, subject)
                linked.append((bucket, place, number, state is not None))
                if state is not None:
                    segments.append((_segment(bucket, place, number, offset), state))
            elif state is not None:
                dirty.add(self._write(bucket, (signature, key), state))
        for bucket, place, number, present in linked:
            page = self._page_of.get(place)
            if page is None:
                continue
            head = self._pages[page][place]
            old = head.segments.pop(number, None)
            if present:
                head.segments = {**head.segments, number: offset}
            if old is not None and not (present and old == offset):
                gone.append((_segment(bucket, place, number, old), None))
            dirty.add(page)
        for page in list(dirty):
            dirty |= self._divide(page)
        # A page that took subjects of another one goes first: whoever is found on both counts with the higher offset.
        pages = [
            (_name(page), _encode(Page(offset, list(self._pages[page].values()))))
            for page in sorted(dirty, key=lambda page: (page[0], -page[1]))
        ]
        return [*segments, *pages, *gone]

    def _write(self, bucket: int, place: Place, state: bytes) -> tuple[int, int]:
        page = self._page_of.get(place)
        if page is None:
            number = self._open.setdefault(bucket, 0)
            self._last.setdefault(bucket, 0)
            page = self._page_of[place] = (bucket, number)
            self._pages.setdefault(page, {})[place] = Head(*place, state)
        else:
            self._pages[page][place].state = state
        return page

    def _divide(self, page: tuple[int, int]) -> set[tuple[int, int]]:
        """New pages for what is too much for one."""
        heads = self._pages[page]
        size, new = 0, set()
        target = page
        for place, head in list(heads.items()):
            size += len(head.state) + len(place[1]) + 40
            if size > PAGE_BYTES and size > len(head.state) + len(place[1]) + 40:
                bucket = page[0]
                self._last[bucket] = self._open[bucket] = self._last.get(bucket, 0) + 1
                target = (bucket, self._last[bucket])
                self._pages[target] = {}
                new.add(target)
                size = len(head.state) + len(place[1]) + 40
            if target != page:
                self._pages[target][place] = heads.pop(place)
                self._page_of[place] = target
        return new

    def drop(self, offset: int, signatures: Container[str]) -> list[Entry]:
        """Takes away all but the subjects of these signatures; entries, as `put`."""
        dirty: set[tuple[int, int]] = set()
        gone: list[Entry] = []
        for place, page in list(self._page_of.items()):
            if place[0] not in signatures:
                head = self._pages[page].pop(place)
                del self._page_of[place]
                dirty.add(page)
                gone += [(_segment(page[0], place, number, at), None) for number, at in head.segments.items()]
        pages = [(_name(page), _encode(Page(offset, list(self._pages[page].values())))) for page in sorted(dirty)]
        return [*pages, *gone]

    def heads(self) -> Iterator[Head]:
        """All subjects."""
        for heads in self._pages.values():
            yield from heads.values()

    def resume(self, entries: Iterable[tuple[bytes, bytes]]) -> tuple[list[tuple[str, str, bytes]], list[bytes]]:
        """Takes back what was sent; (signature, key, state) for the engines, and keys that nothing refers to."""
        segments: dict[bytes, bytes] = {}
        newest: dict[Place, tuple[int, Head]] = {}
        for key, value in entries:
            if not is_page(key):
                segments[key] = value
                continue
            page = _page(value)
            bucket, number = _read_name(key)
            self._pages.setdefault((bucket, number), {})
            self._last[bucket] = self._open[bucket] = max(number, self._last.get(bucket, 0))
            for head in page.heads:
                place = (head.signature, head.key)
                if place in newest and newest[place][0] > page.offset:
                    continue
                newest[place] = page.offset, head
                self._page_of[place] = (bucket, number)
        states = []
        for place, (_, head) in newest.items():
            bucket = self._page_of[place][0]
            self._pages[self._page_of[place]][place] = head
            states.append((*place, head.state))
            for segment, offset in head.segments.items():
                packed = segments.pop(_segment(bucket, place, segment, offset))
                states.append((place[0], f"{place[1]}{_MARK}{segment}", packed))
        return states, list(segments)

    def sizes(self) -> Iterator[int]:
        """Bytes of the pages' states, page by page."""
        for heads in self._pages.values():
            yield sum(len(head.state) for head in heads.values())


def _name(page: tuple[int, int]) -> bytes:
    return b"p/%d/%d" % page


def _read_name(key: bytes) -> tuple[int, int]:
    _, bucket, number = key.split(b"/")
    return int(bucket), int(number)


def _segment(bucket: int, place: Place, number: str, offset: int) -> bytes:
    return f"s/{bucket}/{number}/{offset}/{place[0]}/{place[1]}".encode()
