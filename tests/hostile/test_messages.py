"""Messages that nobody should send, by class, at the door of a home: a refusal, never a fault, and the books balance.

Of each class some hundred are made by a seeded generator; the test of a class names how many it sent.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from services.app.embedded import Embedded
from services.app.embedded_routes import embedded_routes
from services.ingest.validation import MAX_EVENTS
from services.settings import Settings, resource
from tests.rule_files import folder, rule
from tests.what_counts import absence

SEED = 20261129
UNUSED = {"dataschema", "subject", "traceparent", "tracestate"}
"""Attributes of CloudEvents that are not kept."""
HEADERS = {"content-type": "application/cloudevents-batch+json"}
ODD = [
    "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202e", "\x1b[2J", "\r\n", "a/b", "..", "%00", "学生", "'", '"',
    "<script>", "{{7*7}}", "${7}", "x" * 129, "x" * 10_000, "-1", "NaN", "null", "true", "🙂", "é", "e\u0301",
    "\ufeff", "\u2028",
]  # fmt: skip
NUMBERS = [
    "-0", "1e400", "-1e400", "1e-400", "9" * 400, "1" + "0" * 5000, "0.1", "2147483648", "9223372036854775808", "1e15",
]  # fmt: skip
TIMES = [
    "0001-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00", "2026-02-30T00:00:00Z", "2026-09-07T24:00:00Z", "2026-09-07T23:59:60Z", "2026-09-07",
    "yesterday", "2026-09-07T00:00:00+99:99",
]  # fmt: skip


def event(**changed: Any) -> dict[str, Any]:
    return absence("s1", 0) | changed


def nested(depth: int, kind: str) -> str:
    return "[" * depth + "]" * depth if kind == "list" else '{"a":' * depth + "1" + "}" * depth


def deep(_: random.Random) -> Iterator[bytes]:
    whole = json.dumps(event())
    for depth in (*range(50, 90, 5), 100, 500, 900, 990, 1_000, 1_100, 3_000, 100_000):
        for kind in ("list", "object"):
            value = nested(depth, kind)
            yield value.encode()
            yield whole.replace('"s1"', value, 1).encode()
            yield f'{{"data":{value}}}'.encode()
            yield f"[{whole},{value}]".encode()


def texts(_: random.Random) -> Iterator[bytes]:
    for odd in ODD:
        for field in ("source", "id", "type", "term", "specversion", "subject"):
            yield json.dumps(event(**{field: odd})).encode()
        for field in ("student", "lesson", "status", "class", "course", odd):
            yield json.dumps(event(data=event()["data"] | {field: odd})).encode()


def values(chance: random.Random) -> Iterator[bytes]:
    odd = [None, True, 0, -1, 1.5, "", [], {}, [1], {"a": 1}]
    for field in event():
        for one in odd:
            yield json.dumps(event(**{field: one})).encode()
    for _ in range(100):
        data = {name: chance.choice([value, *odd]) for name, value in event()["data"].items()}
        yield json.dumps(event(data=data)).encode()
    yield from (json.dumps(one).encode() for one in odd)


def numbers(_: random.Random) -> Iterator[bytes]:
    for number in NUMBERS:
        for field in ("hours", "minutes_late"):
            yield json.dumps(event(data=event()["data"] | {field: "@"})).replace('"@"', number).encode()
        yield json.dumps(event(revision="@")).replace('"@"', number).encode()


def times(_: random.Random) -> Iterator[bytes]:
    for time in TIMES:
        yield json.dumps(event(time=time)).encode()
        yield json.dumps(event(recordedat=time)).encode()


def bytes_(chance: random.Random) -> Iterator[bytes]:
    whole = json.dumps(event()).encode()
    for _ in range(200):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        yield bytes(broken)
    for end in range(0, len(whole), 7):
        yield whole[:end]
    yield from (b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b" + bytes(100), whole * 2, whole.decode().encode("utf-16"))


def many(_: random.Random) -> Iterator[bytes]:
    yield b"[" + b",".join([b"1"] * 1_000_000) + b"]"
    yield b"[" + b",".join([b"1"] * MAX_EVENTS) + b"]"
    yield json.dumps(event(data={f"f{n}": n for n in range(40_000)})).encode()
    yield json.dumps(event(**{f"f{n}": n for n in range(40_000)})).encode()
    yield json.dumps([event(data={f"f{m}": m for m in range(50)}) for _ in range(500)]).encode()


CLASSES: dict[str, Callable[[random.Random], Iterator[bytes]]] = {
    "deep": deep, "texts": texts, "values": values, "numbers": numbers, "times": times, "bytes": bytes_, "many": many,
}  # fmt: skip


@pytest.fixture(scope="module")
def college(tmp_path_factory):
    home: Path = tmp_path_factory.mktemp("home")
    folder(home / "rules", rule(levels="{at_least: {yellow: 1, red: 400}}"))
    with Embedded(Settings(home=home)) as embedded:
        assert embedded.try_evaluating()
        yield embedded


def post(college: Embedded, bodies: list[bytes]) -> list[httpx.Response]:
    """What raises inside is raised here."""

    async def asked() -> list[httpx.Response]:
        transport = httpx.ASGITransport(Starlette(routes=embedded_routes(college)))
        async with httpx.AsyncClient(transport=transport, base_url="http://prewarn") as client:
            return [await client.post("/v1/events", content=body, headers=HEADERS) for body in bodies]

    return asyncio.run(asked())


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_refused_or_taken_and_the_books_balance(name, college, caplog, record_property):
    bodies = list(CLASSES[name](random.Random(SEED)))
    kept, processed = college.journal.waiting("api"), college.worker.counts["processed"]
    with caplog.at_level(logging.WARNING):
        answers = post(college, bodies)
        college.catch_up()
    record_property("messages", len(bodies))
    assert {one.status_code for one in answers} <= {202, 422}, name
    assert not [record for record in caplog.records if record.exc_info], "a traceback"
    told = [one.json() for one in answers]
    assert max(len(one.content) / (len(body) + 4_000) for one, body in zip(answers, bodies, strict=True)) < 100
    assert max(len(one.content) for one in answers) < 4 << 20
    rejected = sum(len(one["rejected"]) + one.get("rejected_not_shown", 0) for one in told)
    assert college.journal.waiting("api") - kept == rejected
    assert college.worker.counts["unreadable"] == college.worker.counts["not_evaluated"] == 0
    assert college.journal.evaluated()[0] == college.journal.end()
    assert college.worker.counts["processed"] - processed >= sum(one["accepted"] for one in told)
    assert college.degraded() == []
    [after] = post(college, [json.dumps([absence(f"after {name}", 1)]).encode()])
    assert after.json()["accepted"] == 1
    college.catch_up()
    assert any(one["subject"] == f"after {name}" for one in college.notify.warnings())


def test_every_text_of_the_schemas_has_bounds():
    for path in resource("schemas").glob("*.v1.json"):
        for name, field in json.loads(path.read_text("utf-8"))["properties"].items():
            if field.get("type") == "string" and "enum" not in field and field.get("format") != "date-time":
                assert field.get("pattern") or name in {"dataschema", "subject", "traceparent", "tracestate"}, (
                    path,
                    name,
                )
                assert field.get("maxLength") or name == "period", (path, name)
