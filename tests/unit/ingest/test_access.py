"""Who is let in to the API, what a token allows, and how much of it. Real sockets: unit/app/test_tokens.py."""

import asyncio
import json
import logging
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from services.errors import ConfigurationError
from services.ingest.access import Access
from services.ingest.api import ingest_routes
from services.ingest.intake import Intake
from services.ingest.rejected import retry
from services.ingest.source_report import SourceCounter
from services.ingest.testing import KnownPeople, MemoryLog, MemoryRejectedStore, MemoryTokens
from services.ingest.tokens import digest_of, new_token
from services.messages import to_ms
from tests.unit.ingest.conftest import NOW


class Way:
    """The API over stores in memory, with a clock that is set."""

    def __init__(self, schemas, validator):
        self.now, self.schemas = NOW, schemas
        self.log, self.tokens, self.counter = MemoryLog(), MemoryTokens(), SourceCounter()
        self.intake = Intake(validator, KnownPeople, self.log, lambda: NOW, self.counter)
        self.access = Access(self.tokens, lambda: self.now)
        self.app = Starlette(routes=ingest_routes(self.intake, self.access))

    def token(self, source="edu", *kinds, per_minute=0):
        """A new one, which the service has seen."""
        text, kept = new_token(self.schemas, source, kinds, per_minute, self.now)
        self.tokens.add(kept)
        self.later(1)
        return text

    def later(self, seconds):
        self.now += timedelta(seconds=seconds)

    def ask(self, body=b"[]", *, token=None, client="127.0.0.1", headers=(), path="/v1/events", method="POST", **how):
        sent = [("content-type", how.get("media_type", "application/json")), *headers] + (
            [("authorization", f"Bearer {token}")] if token else []
        )
        content = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def asked():
            transport = httpx.ASGITransport(self.app, client=(client, 5) if client else None)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as there:
                return await there.request(method, path, content=content, headers=sent)

        return asyncio.run(asked())


@pytest.fixture
def way(schemas, validator):
    return Way(schemas, validator)


def is_refused(answer, status, where):
    """In the form of RFC 9457, with what would be right."""
    told = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (told["status"], told["error"]["where"]) == (status, where)
    assert min(told["title"], told["detail"], told["error"]["what"], told["error"]["expected"])
    return told


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_is_answered(client, way, attendance):
    assert way.ask(attendance(), client=client).json()["accepted"] == 1


@pytest.mark.parametrize(
    "client", ["10.0.0.7", "192.168.1.1", "2001:db8::1", "::ffff:10.0.0.7", "testclient", "", None]
)
def test_without_a_token_nobody_else_is_answered_and_is_told_the_command(client, way, attendance):
    told = is_refused(way.ask(attendance(), client=client), 403, "client")
    assert "prewarn sources add" in told["detail"]
    assert way.log.events == way.log.rejections == []


@pytest.mark.parametrize(
    "header", ["Forwarded", "Via", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-anything"]
)
def test_whom_a_proxy_sends_on_is_not_of_this_machine(header, way, attendance):
    is_refused(way.ask(attendance(), headers=[(header, "127.0.0.1")]), 403, "client")


def test_with_a_token_its_events_are_taken_from_anywhere(way, attendance):
    token = way.token()
    assert way.ask(attendance(), token=token, client="10.0.0.7").json()["accepted"] == 1
    assert way.ask(attendance(id="2"), token=token, headers=[("x-forwarded-for", "10.0.0.7")]).status_code == 202


@pytest.mark.parametrize(
    "given",
    [
        [], [""], ["Bearer"], ["Bearer "], ["{}"], ["Basic {}"], ["Token {}"], ["Bearer{}"], ["Bearer\t{}"],
        ["Bearer {}x"], ["Bearer x{}"], ["Bearer {} {}"], ['Bearer "{}"'], ["Bearer {}", "Bearer {}"],
        ["Bearer " + "x" * 60_000], ["Bearer null"], ["Bearer 令牌".encode()],
        ["Bearer \udcff".encode("utf-8", "surrogateescape")],
    ],
    ids=ascii,
)  # fmt: skip
def test_from_the_first_token_on_every_request_needs_one(given, way, attendance):
    token = way.token()
    sent = [("authorization", one.replace("{}", token) if isinstance(one, str) else one) for one in given]
    answer = way.ask(attendance(), headers=sent)
    told = is_refused(answer, 401, "authorization")
    assert answer.headers["www-authenticate"].startswith('Bearer realm="prewarn"')
    assert token not in answer.text
    assert "prewarn sources add" in told["detail"]
    assert way.log.events == way.log.rejections == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "])
def test_the_scheme_is_written_in_any_case(scheme, way, attendance):
    token = way.token()
    assert way.ask(attendance(), headers=[("authorization", f"{scheme} {token}")]).status_code == 202


def test_a_token_that_is_not_known_is_an_invalid_one(way):
    token = way.token()
    for wrong in (token[:-1], token.upper(), token.removeprefix("prewarn_"), digest_of(token).hex()):
        answer = way.ask(token=wrong)
        assert (answer.status_code, answer.headers["www-authenticate"][-15:]) == (401, '"invalid_token"')


@pytest.mark.parametrize(
    "path", ["/v1/events", "/v1/", "/v1/nowhere", "/v1/events/%2e%2e", "/v1/openapi.json/", "/v1//x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE", "OPTIONS"])
def test_whatever_stands_below_v1_needs_it(method, path, way):
    way.token()
    assert way.ask(path=path, method=method).status_code == 401
    assert way.ask(path=path, method=method, token=way.token()).status_code in (202, 307, 404, 405)


def test_what_the_api_is_may_be_read_without(way):
    way.token()
    assert way.ask(path="/v1/openapi.json", method="GET", client="10.0.0.7").json()["openapi"] == "3.1.0"


def test_a_token_that_is_made_or_revoked_is_known_within_a_second(way, attendance):
    assert way.ask(attendance()).status_code == 202
    first, kept = new_token(way.schemas, "edu", (), 0, way.now)
    way.tokens.add(kept)
    way.later(1)
    assert way.ask(attendance()).status_code == 401
    assert way.ask(attendance(), token=first).status_code == 202
    way.tokens.revoke(kept.id, to_ms(way.now))
    way.later(1)
    is_refused(way.ask(attendance(), token=first), 401, "authorization")


def test_that_the_last_token_is_revoked_opens_nothing(way, attendance):
    way.token()
    (kept,) = way.tokens.tokens()
    way.tokens.revoke(kept.id, to_ms(way.now))
    way.later(1)
    is_refused(way.ask(attendance()), 401, "authorization")


def test_strangers_cost_the_store_one_look_a_second_also_where_the_clock_is_set_back(way):
    way.token()
    way.tokens.looks = 0
    for _ in range(20):
        way.ask(token="wrong")
    assert way.tokens.looks == 1
    way.later(-3600)
    way.ask(token="wrong")
    assert way.tokens.looks == 2


def test_tokens_that_cannot_be_read_let_nobody_in_and_ask_to_come_again(way, attendance, caplog):
    token = way.token()
    way.tokens.broken = True
    answer = way.ask(attendance(), token=token)
    assert "told to be broken" not in is_refused(answer, 503, "tokens")["detail"], "strangers need not know why"
    assert "told to be broken" in caplog.text
    assert int(answer.headers["retry-after"]) > 0
    assert "told to be broken" in str(way.access.unwell()), "whoever keeps senders away from what is unwell must know"
    way.tokens.broken = False
    way.later(1)
    assert way.access.unwell() is None, "and that it is over, though nobody sends meanwhile"
    assert way.ask(attendance(), token=token).status_code == 202


def test_last_use_is_noted_once_a_minute(way):
    token = way.token()
    times = []
    for seconds in (0, 59, 1, 200):
        way.later(seconds)
        way.ask(token=token)
        times.append(way.tokens.tokens()[0].used - to_ms(NOW) - 1000)
    assert times == [0, 0, 60_000, 260_000]
    way.later(100)
    way.ask(token="wrong")
    assert way.tokens.tokens()[0].used - to_ms(NOW) - 1000 == 260_000


def test_that_the_use_cannot_be_noted_refuses_nobody(way, attendance, monkeypatch, caplog):
    token = way.token()
    monkeypatch.setattr(way.tokens, "used", lambda *_: way.tokens.tokens())
    assert way.ask(path="/v1/openapi.json", method="GET").status_code == 200
    assert way.ask(attendance(), token=token).status_code == 202
    way.later(60)
    way.ask(token="wrong")  # looks
    way.tokens.broken = True
    assert way.ask(attendance(id="2"), token=token).status_code == 202
    assert [one.levelname for one in caplog.records if "not noted" in one.message] == ["WARNING"]
    assert token not in caplog.text


def rejected(answer):
    return [(one["position"], [reason["where"] for reason in one["reasons"]]) for one in answer.json()["rejected"]]


def test_a_source_speaks_for_itself_and_what_stands_below_it(way, attendance):
    token = way.token("edu")
    names = ["edu", "edu/attendance", "edu/a/b", "edux", "ed", "Edu", "phone", "phone/edu", "/edu"]
    answer = way.ask([attendance(source=name, id=str(n)) for n, name in enumerate(names)], token=token)
    assert answer.status_code == 202
    assert rejected(answer) == [(f"event {n}", ["source"]) for n in range(4, 10)]
    assert [event.source for event in way.log.events] == names[:3]
    assert answer.json()["rejected"][0]["reasons"] == [
        {
            "where": "source",
            "what": "source not allowed: the token is of edu, not of edux",
            "expected": "edu, or a source whose name begins with edu/",
        }
    ]


def test_a_token_is_for_its_kinds(way, attendance):
    token = way.token("edu", "rollcall", "leave")
    answer = way.ask([attendance(), attendance(id="2", source="phone")], token=token)
    assert answer.status_code == 422
    assert rejected(answer) == [("event 1", ["type"]), ("event 2", ["source", "type"])]
    assert answer.json()["rejected"][0]["reasons"][0]["expected"] == "leave, rollcall"
    assert way.log.events == []


def test_attributes_in_headers_are_held_to_the_token_too(way, attendance):
    token = way.token("edu")
    event = attendance()
    headers = [(f"ce-{name}", event[name]) for name in ("specversion", "id", "type", "time")]
    assert way.ask(event["data"], token=token, headers=[*headers, ("ce-source", "phone")]).status_code == 422
    assert way.ask(event["data"], token=token, headers=[*headers, ("ce-source", "edu")]).status_code == 202
    assert [event.source for event in way.log.events] == ["edu"]


def test_what_one_sends_in_another_s_name_counts_against_oneself_and_the_books_balance(way, attendance):
    token = way.token("edu")
    broken, foreign = {"data": {"status": "here"}}, attendance(source="phone", id="3")
    events = [
        attendance(source="edu/app"), attendance(**broken, id="2"), foreign,
        attendance(**broken, source="phone", id="4"), attendance(**broken, source="edu/app", id="5"),
        7, attendance(source="edu/app"),
    ]  # fmt: skip
    told = way.ask(events, token=token).json()
    assert told["accepted"] + told["duplicate"] + len(told["rejected"]) == len(events)
    assert [one.source for one in way.log.rejections] == ["edu/attendance", "edu", "edu", "edu/app", "edu"]
    reports = {one.data["source_name"]: one.data for one in way.counter.due(NOW + timedelta(hours=1))}
    assert "phone" not in reports
    assert sum(one["rejected_total"] for one in reports.values()) == len(way.log.rejections) == len(told["rejected"])
    assert sum(one["accepted"] + one["duplicate"] for one in reports.values()) == told["accepted"] + told["duplicate"]
    assert reports["edu"]["rejected"]["source_not_allowed"] == 1


def test_a_retry_of_all_takes_nothing_that_a_token_was_not_for(way, attendance):
    token = way.token("edu", "attendance")
    way.ask([attendance(source="phone"), attendance({"status": "here"}, id="2")], token=token)
    store = MemoryRejectedStore(way.log.rejections)
    assert list(retry(store, way.intake).failed) == [2]
    assert way.log.events == []
    assert retry(store, way.intake, [1]).passed == [1], "by its number it is the operator's word"


def test_a_quota_is_of_events_and_comes_back_with_time(way, attendance):
    token = way.token("edu", per_minute=60)
    several = [attendance(id=str(n)) for n in range(59)]
    assert way.ask(several, token=token).status_code == 202
    assert way.ask(attendance(id="a"), token=token).status_code == 202
    answer = way.ask(attendance(id="b"), token=token)
    told = is_refused(answer, 429, "quota")
    assert (answer.headers["retry-after"], told["error"]["expected"]) == ("1", "the same again after 1 s")
    assert len(way.log.events) == 60
    assert way.log.rejections == [], "nothing of it is kept"
    way.later(30)
    assert way.ask(several[:31], token=token).headers["retry-after"] == "1"
    assert way.ask(several[:30], token=token).json()["duplicate"] == 30
    way.later(-3600)
    assert way.ask(attendance(id="b"), token=token).status_code == 429, "a clock that is set back gives nothing"


def test_a_message_of_more_than_a_minute_s_events_is_taken_and_paid_for(way, attendance):
    token = way.token("edu", per_minute=60)
    several = [attendance(id=str(n)) for n in range(180)]
    assert way.ask(several, token=token).json()["accepted"] == 180
    answer = way.ask(attendance(id="b"), token=token)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "121")
    way.later(120)
    assert way.ask(attendance(id="b"), token=token).status_code == 429
    way.later(1)
    assert way.ask(attendance(id="b"), token=token).status_code == 202


def test_what_is_refused_takes_of_the_quota_and_what_the_log_does_not_take_does_not(way, attendance):
    token = way.token("edu", per_minute=1)
    way.log.broken = True
    assert way.ask(attendance(), token=token).status_code == 503
    way.log.broken = False
    assert way.ask(b"nonsense", token=token).status_code == 422
    assert way.ask(attendance(), token=token).status_code == 429


def test_a_quota_is_a_token_s_own(way, attendance):
    first, second, free = way.token("edu", per_minute=1), way.token("edu", per_minute=1), way.token("edu")
    for token in (first, second, free, free):
        assert way.ask(attendance(), token=token).status_code == 202
    assert way.ask(attendance(), token=first).status_code == 429


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
def test_an_array_is_counted_by_its_events(mark, way, attendance):
    token = way.token("edu", per_minute=2)
    body = mark + json.dumps([attendance(id=str(n)) for n in range(2)]).encode()
    assert way.ask(body, token=token).status_code == 202
    assert way.ask(b"{}", token=token).status_code == 429


def test_who_is_over_the_quota_is_told_before_the_body_is_read(way, attendance):
    token = way.token("edu", per_minute=1)
    assert way.ask(attendance(), token=token).status_code == 202
    assert way.ask(b" " * (11 << 20), token=token).status_code == 429


def test_no_token_is_logged(way, attendance, caplog):
    caplog.set_level(logging.DEBUG)
    token = way.token("edu", per_minute=1)
    for given in (token, f"{token}x"):
        way.ask(attendance(source="phone"), token=given)
        way.ask(attendance(), token=given)
    secret = token.split("_", 2)[2]  # which may have an underscore itself
    assert secret not in caplog.text
    assert secret not in repr([*way.log.rejections, *way.tokens.kept.values()])


def test_a_token_is_256_bits_of_which_the_hash_is_kept(schemas):
    made = [new_token(schemas, "edu", ["leave", "attendance", "leave"], 5, NOW) for _ in range(50)]
    assert len({text for text, _ in made}) == len({kept.id for _, kept in made}) == 50
    text, kept = made[0]
    assert text.startswith(f"prewarn_{kept.id}_")
    assert len(text.removeprefix(f"prewarn_{kept.id}_")) == 43
    assert (kept.digest, kept.kinds, kept.per_minute) == (digest_of(text), ("attendance", "leave"), 5)


@pytest.mark.parametrize(
    ("source", "kinds", "said"),
    [
        ("", [], "no name of a source"), ("a b", [], "no name of a source"), ("a\n", [], "no name of a source"),
        ("x" * 257, [], "no name of a source"), ("prewarn", [], "what Prewarn makes itself"),
        ("prewarn/ingest", [], "what Prewarn makes itself"), ("edu", ["atendance"], "expected: attendance"),
        ("edu", ["warning"], "no source sends that"),
        ("edu", ["attendance", "xyzzy"], "expected: assessment, attendance"),
    ],
    ids=lambda one: ascii(one)[:20],
)  # fmt: skip
def test_a_token_for_what_no_source_may_send_is_not_made(source, kinds, said, schemas):
    with pytest.raises(ConfigurationError, match=said):
        new_token(schemas, source, kinds, 0, NOW)
