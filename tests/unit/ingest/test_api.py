import asyncio
import json
import threading

import httpx
import pytest
from starlette.applications import Starlette

from services.ingest.access import Access
from services.ingest.api import MAX_BODY_BYTES, ingest_routes
from services.ingest.testing import MemoryTokens
from tests.unit.ingest.conftest import NOW

SINGLE = {"content-type": "application/cloudevents+json; charset=utf-8"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
PLAIN = {"content-type": "application/json"}


def routes(intake):
    """Nobody has a token."""
    return ingest_routes(intake, Access(MemoryTokens(), lambda: NOW))


@pytest.fixture
def post(intake):
    transport = httpx.ASGITransport(Starlette(routes=routes(intake)))

    async def send(content, headers):
        async with httpx.AsyncClient(transport=transport, base_url="http://prewarn") as client:
            return await client.post("/v1/events", content=content, headers=headers)

    def post(body, headers):
        return asyncio.run(send(json.dumps(body) if isinstance(body, (dict, list)) else body, headers))

    return post


async def in_one_chunk(body):
    yield body


@pytest.mark.parametrize("headers", [SINGLE, PLAIN], ids=["cloudevents+json", "json"])
def test_a_single_event_is_accepted_when_the_log_has_it(headers, post, log, attendance):
    response = post(attendance(), headers)
    assert (response.status_code, response.json()) == (202, {"accepted": 1, "duplicate": 0, "rejected": []})
    assert len(log.events) == 1


@pytest.mark.parametrize("headers", [BATCH, PLAIN], ids=["cloudevents-batch+json", "json"])
def test_a_batch_is_accepted_in_part_and_says_what_was_not(headers, post, attendance):
    bad = attendance({"status": "here"}, id="2")
    response = post([attendance(), attendance(), bad], headers)
    assert response.status_code == 202
    assert response.json() == {
        "accepted": 1,
        "duplicate": 1,
        "rejected": [
            {
                "position": "event 3",
                "reasons": [
                    {
                        "where": "data.status",
                        "what": "not allowed: 'here'",
                        "expected": "present, late, early_leave, leave, absent",
                    }
                ],
            }
        ],
    }


def test_a_request_of_which_every_event_was_rejected_is_unprocessable_and_kept(post, log, attendance):
    response = post([attendance({"status": "here"}), 5], BATCH)
    assert response.status_code == 422
    assert [one["position"] for one in response.json()["rejected"]] == ["event 1", "event 2"]
    assert len(log.rejections) == 2


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff\xfe"], ids=["nothing", "no JSON", "no text"])
def test_a_body_that_cannot_be_read_is_unprocessable_and_kept(body, post, log):
    response = post(body, SINGLE)
    assert response.status_code == 422
    assert log.rejections[0].raw == body


def test_an_empty_batch_is_accepted(post):
    assert post([], BATCH).status_code == 202


def test_attributes_may_come_as_headers(post, log, attendance):
    headers = {
        **PLAIN,
        "ce-specversion": "1.0",
        "ce-source": "edu/%E8%80%83%E5%8B%A4",
        "ce-id": "9",
        "ce-type": "attendance",
        "ce-time": "2026-09-07T08:00:00+08:00",
        "ce-revision": "2",
        "ce-retracted": "true",
    }
    assert post(attendance()["data"], headers).status_code == 202
    (event,) = log.events
    assert (event.source, event.id, event.revision, event.retracted) == ("edu/考勤", "9", 2, True)
    assert event.data["student"] == "S1"


def test_wrong_headers_of_an_event_are_told_like_wrong_attributes(post, attendance):
    headers = {**PLAIN, "ce-specversion": "1.0", "ce-id": "9", "ce-type": "attendance", "ce-revision": "two"}
    response = post(attendance()["data"], headers)
    assert response.status_code == 422
    found = [reason["where"] for reason in response.json()["rejected"][0]["reasons"]]
    assert sorted(found) == ["revision", "source", "time"]


def test_the_body_of_an_event_in_headers_cannot_add_attributes(post, log):
    headers = {**PLAIN, "ce-specversion": "1.0", "ce-id": "9", "ce-source": "a", "ce-type": "attendance"}
    assert post(b'{}, "source": "b"', headers).status_code == 422
    assert log.rejections[0].raw == b'{}, "source": "b"'


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused_with_those_that_are_taken(media_type, post, log, attendance):
    response = post(attendance(), {"content-type": media_type})
    assert response.status_code == 415
    assert "application/cloudevents+json" in response.json()["error"]["expected"]
    assert log.events == []


def test_a_body_above_ten_mebibytes_is_too_large_announced_or_not(post):
    body = b" " * (MAX_BODY_BYTES + 1)
    assert post(body, SINGLE).status_code == 413
    assert post(in_one_chunk(body), SINGLE).status_code == 413


def test_a_broken_log_asks_to_come_again(post, log, attendance):
    log.broken = True
    response = post(attendance(), SINGLE)
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert "error" in response.json()
    log.broken = False
    assert post(attendance(), SINGLE).json()["accepted"] == 1


def test_the_log_is_written_outside_the_event_loop(post, log, attendance, monkeypatch):
    threads = []
    append = log.append
    monkeypatch.setattr(log, "append", lambda events: threads.append(threading.current_thread().name) or append(events))
    post(attendance(), SINGLE)
    assert "AnyIO worker" in threads[0]


@pytest.mark.parametrize(("query", "past"), [("", False), ("?past=false", False), ("?past=true", True)])
def test_history_is_marked(query, past, intake, log, attendance):
    assert _answer(intake, query, attendance()).status_code == 202
    assert (log.events[0].past is not None) is past


def test_a_mark_that_is_none_is_refused_and_nothing_is_taken(intake, log, attendance):
    refused = _answer(intake, "?past=yes", attendance())
    assert (refused.status_code, refused.json()["error"]["where"], log.events) == (400, "past", [])


def _answer(intake, query, body):
    async def send():
        transport = httpx.ASGITransport(Starlette(routes=routes(intake)))
        async with httpx.AsyncClient(transport=transport, base_url="http://prewarn") as client:
            return await client.post(f"/v1/events{query}", content=json.dumps(body), headers=PLAIN)

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("edu%2Fa%5Db", "edu/a]b"), ('"edu/a"', "edu/a"), (r'"e\"d\\u"', 'e"d\\u'), ('"%E8%80%83"', "考"),
        ("100%25", "100%"), ("%zz", "%zz"), ("%2525", "%25"),
    ],
)  # fmt: skip
def test_headers_are_decoded_as_the_specification_says(value, source, post, log, attendance):
    headers = {**PLAIN, "ce-specversion": "1.0", "ce-id": "9", "ce-type": "attendance", "ce-source": value}
    assert post(attendance()["data"], headers | {"ce-time": "2026-09-07T08:00:00+08:00"}).status_code == 202
    assert [event.source for event in log.events] == [source]


@pytest.mark.parametrize(
    "headers", [[("ce-source", "%FF")], [("ce-source", b"\xff")], [("ce-source", "a"), ("ce-source", "b")]],
    ids=["no UTF-8", "raw", "twice"],
)  # fmt: skip
def test_headers_that_cannot_be_decoded_are_refused(headers, post, log, attendance):
    usual = [*PLAIN.items(), ("ce-specversion", "1.0"), ("ce-id", "9"), ("ce-type", "attendance")]
    response = post(attendance()["data"], [*usual, *headers])
    assert (response.status_code, response.json()["error"]["where"]) == (400, "ce-source")
    assert log.events == log.rejections == []


def test_an_object_with_a_name_twice_is_refused_and_the_others_of_its_message_are_taken(post, log, attendance):
    whole = json.dumps(attendance({"course": 'a "quoted": b'}))
    twice = json.dumps(attendance(id="2")).replace('"student":', r'"\u0073tudent" : "S9", "student":', 1)
    response = post(f"[{whole}, {twice}]".encode(), BATCH)
    assert [str(reason["what"]) for one in response.json()["rejected"] for reason in one["reasons"]] == [
        "student stands twice in one object: one of the values would be lost"
    ]
    assert (response.json()["accepted"], log.rejections[0].raw) == (1, twice.encode())
