"""Tokens on a running service: made, revoked and listed by the command, over real sockets, in both modes' stores."""

import json
import re
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest
from starlette.routing import Mount
from typer.testing import CliRunner

from services.app.cluster.ingest import Ingest, Metered
from services.app.embedded import Embedded
from services.app.embedded_routes import embedded_routes
from services.app.serving import server
from services.cli import app
from services.clock import wall_clock
from services.ingest.access import Access, Guard
from services.ingest.api import ingest_routes
from services.ingest.intake import Intake
from services.ingest.schemas import load_schemas
from services.ingest.testing import KnownPeople, MemoryLog, MemoryTokens
from services.ingest.validation import Validator
from services.log.postgres_records import address_of
from services.log.postgres_tokens import PostgresTokens
from services.settings import Settings, resource
from tests.patience import PATIENCE
from tests.rule_files import folder, rule

NOW = datetime.now(UTC).replace(microsecond=0)
SOURCES = "id,owner\nphone,bo\nedu/attendance,bo\n"


def absent(ident, source="phone", **more):
    data = {"lesson": "l1", "student": ident, "status": "absent"}
    envelope = {"specversion": "1.0", "source": source, "id": ident, "type": "attendance", "time": NOW.isoformat()}
    return {**envelope, "data": data} | more


@contextmanager
def served(routes, settings):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = server(routes, settings.model_copy(update={"port": port}))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.should_exit = True
        thread.join()


@pytest.fixture
def home(tmp_path):
    folder(tmp_path / "rules", rule())
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "people.csv").write_text("id,name\nbo,Bo\n", "utf-8")
    (tmp_path / "directory" / "sources.csv").write_text(SOURCES, "utf-8")
    return tmp_path


@pytest.fixture
def way(request, home):
    """A service on its store, its address, and the command beside it."""
    log, environment, settings = MemoryLog(), {}, Settings(home=home)
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_of_session").database()
        environment = {"PREWARN_BROKERS": "127.0.0.1:1", "PREWARN_DATABASE_URL": url, "PREWARN_TOPIC_PREFIX": "a."}
        access = Access(PostgresTokens(address_of(url), "a."), wall_clock)
        intake = Intake(Validator(load_schemas(resource("schemas")), wall_clock), KnownPeople, log, wall_clock)
        routes, embedded = ingest_routes(intake, access), None
    else:
        embedded = Embedded(settings)
        routes = embedded_routes(embedded)

    def prewarn(*arguments, code=0):
        found = CliRunner().invoke(app, ["--home", str(home), "sources", *arguments], env=environment)
        assert found.exit_code == code, found.output
        return found

    with served(routes, settings) as address:
        yield SimpleNamespace(address=address, prewarn=prewarn, embedded=embedded)
    if embedded is not None:
        embedded.stop()


both_modes = pytest.mark.parametrize(
    "way", ["embedded", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def post(way, events, token=None, **headers):
    sent = headers | ({"authorization": f"Bearer {token}"} if token else {})
    return httpx.post(f"{way.address}/v1/events", json=events, headers=sent)


def eventually(status, asked):
    until = time.monotonic() + PATIENCE
    while (found := asked()).status_code != status and time.monotonic() < until:
        time.sleep(0.05)
    assert found.status_code == status, found.text


@both_modes
def test_a_running_service_knows_what_the_command_makes_and_revokes(way):
    assert post(way, [absent("s1")]).json()["accepted"] == 1
    proxied = post(way, [absent("s1")], **{"X-Forwarded-For": "203.0.113.7"})
    assert (proxied.status_code, "prewarn sources add" in proxied.text) == (403, True)
    made = way.prewarn("add", "phone", "--kinds", "attendance,leave", "--per-minute", "100")
    token = made.stdout.strip()
    assert re.fullmatch(r"prewarn_[0-9a-f]{8}_[\w-]{43}", token), "alone on stdout"
    assert "shown this once" in made.stderr
    assert "只显示这一次" in made.stderr
    eventually(401, lambda: post(way, []))
    told = post(way, [absent("s2"), absent("s3", source="edu")], token).json()
    assert (told["accepted"], [one["position"] for one in told["rejected"]]) == (1, ["event 2"])
    (kept,) = [json.loads(line) for line in way.prewarn("list", "--json").stdout.splitlines()]
    assert (kept["source"], kept["kinds"], kept["per_minute"], kept["revoked"]) == (
        "phone",
        ["attendance", "leave"],
        100,
        None,
    )
    assert kept["made"] <= kept["used"]
    listed = way.prewarn("list").stdout
    assert f"{kept['id']}  phone  attendance,leave  quota 限额 100/min" in listed
    assert token.split("_", 2)[2] not in listed
    way.prewarn("revoke", kept["id"])
    eventually(401, lambda: post(way, [], token))
    assert "there is no valid token" in str(way.prewarn("revoke", kept["id"], code=1).exception)


@both_modes
def test_a_head_of_megabytes_and_bytes_of_any_sort_let_nobody_in(way):
    way.prewarn("add", "phone")
    eventually(401, lambda: post(way, []))
    host, port = way.address.removeprefix("http://").split(":")
    for value, status in ((b"x" * (3 << 20), b"400"), (b"\xff\xfe\x80", b"401"), (b"", b"401"), (b"a\tb", b"401")):
        with socket.create_connection((host, int(port)), timeout=20) as there:
            head = b"POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\nauthorization: Bearer " + value
            try:
                there.sendall(head + b"\r\n\r\n[]")
                assert there.recv(65536).split()[1] == status
            except (BrokenPipeError, ConnectionResetError):
                assert status == b"400", "cut off while it is sent"
    assert httpx.get(f"{way.address}/v1/openapi.json").status_code == 200


@pytest.mark.parametrize("way", ["embedded"], indirect=True)
def test_health_and_metrics_stay_open_and_name_no_token(way):
    nowhere = httpx.get(f"{way.address}/v1/nowhere", headers={"accept": "text/html"})
    assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, "application/problem+json")
    token = way.prewarn("add", "phone").stdout.strip()
    eventually(401, lambda: post(way, []))
    assert post(way, [absent("s1")], token).json()["accepted"] == 1
    for path in ("/healthz", "/metrics"):
        found = httpx.get(f"{way.address}{path}")
        assert (found.status_code, token.split("_", 2)[2] in found.text) == (200, False)
    with way.embedded.journal.reading() as db:
        kept = db.execute("select * from source_token").fetchall()
    assert token.rpartition("_")[2] not in repr(kept)


@pytest.mark.parametrize("way", ["embedded"], indirect=True)
def test_a_name_that_the_directory_does_not_know_is_told_with_the_one_that_is_meant(way):
    assert "near: phone" in way.prewarn("add", "phnoe").stderr
    for known in ("phone", "edu", "edu/attendance"):
        assert "directory" not in way.prewarn("add", known).stderr
    assert "is not in the directory" in way.prewarn("add", "attendance").stderr
    assert "every request" not in way.prewarn("add", "phone").stderr, "it is not the first"


def test_where_there_is_no_college_nothing_is_made(tmp_path):
    found = CliRunner().invoke(app, ["--home", str(tmp_path / "none"), "sources", "add", "phone"])
    assert (found.exit_code, "no college" in found.output, (tmp_path / "none").exists()) == (2, True, False)


def test_every_door_of_both_modes_goes_through_one_function(home):
    """Whatever is served below /v1, but for what the API is, is behind `Access`."""
    cluster, log = Ingest.__new__(Ingest), MemoryLog()  # without Kafka
    intake = Intake(Validator(load_schemas(resource("schemas")), wall_clock), KnownPeople, log, wall_clock)
    cluster.intake, cluster.log = intake, Metered(log, lambda: None)
    cluster._access = Access(MemoryTokens(), wall_clock)
    with Embedded(Settings(home=home)) as embedded:
        for routes in (embedded_routes(embedded), cluster.routes()):
            doors = [one for one in routes if one.path.startswith("/v1")]
            assert [one.path for one in doors if not isinstance(one, Mount)] == ["/v1/openapi.json"]
            assert [type(one.app) for one in doors if isinstance(one, Mount)] == [Guard]
