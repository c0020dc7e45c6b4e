"""The real data beside the checkout, real servers, and CI's promise that what needs them ran."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from deploy.kafka.broker import Broker, missing
from tests import browser
from tests import postgres as servers
from tests.sign_in import Server, openid, slapd
from tests.sign_in.cas import CasServer

# Most tests, and the processes that they start, ask what each message says and when; those of grouping say so.
os.environ.setdefault("PREWARN_GROUP_WAIT", "0")
os.environ.setdefault("PREWARN_GROUP_INTERVAL", "0")
# Where Python may not keep what it has compiled, each of the thousands of processes compiles all modules anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
gc.set_threshold(100_000, 20, 100)  # as `prewarn` has it
_SHARED = Path(os.environ.get("PREWARN_SHARED") or Path(__file__).resolve().parents[2] / "shared")
_DATA = _SHARED / "data"
_NEEDS = {
    "shared_data": "shared",
    "broker_of_session": "kafka",
    "postgres_of_session": "postgres",
    **dict.fromkeys(("openid_server", "cas_server", "ldap_server"), "sign_in"),
    "chromium": "browser",
}
"""Whatever uses the fixture has the marker."""
_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
"""Bytes; a fraction of them is used, as the folder of a test that passed goes with it (pyproject.toml)."""
_Kind = TypeVar("_Kind", bound=Server)
_FOLDERS = ("acceptance", "faults", "hostile", "upgrade", "benchmarks", "unit/deploy")
"""Folders that are tiers of their own, by the last name."""
_TIERS = (
    "properties",
    "commands",
    "kafka",
    "postgres",
    "sign_in",
    "browser",
    *(folder.rpartition("/")[2] for folder in _FOLDERS),
)
"""Tests with none of these markers are of the tier `unit`, which `./check --fast` runs."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the real data sets; the test is skipped, saying so, where it is absent."""
    if not _DATA.is_dir():
        pytest.skip(f"no real data: {_DATA} is absent (PREWARN_SHARED says where the shared folder is)")
    return _DATA


@pytest.fixture(scope="session")
def broker_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all tests, which keep apart by topic prefixes; the first one pays for its start."""
    if gaps := missing():
        pytest.skip(f"NO KAFKA: {'; '.join(gaps)}")
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()  # nobody reads what it would still write


@pytest.fixture
def broker(broker_of_session: Broker) -> Broker:
    """A broker that answers, whatever the test before did to it."""
    if not broker_of_session.running:
        broker_of_session.start()
    return broker_of_session


@pytest.fixture(scope="session")
def postgres_of_session() -> Iterator[servers.Postgres]:
    """One server for all tests, each of which has databases of its own; the first one pays for its start."""
    if gaps := servers.missing():
        pytest.skip(f"NO POSTGRESQL: {'; '.join(gaps)}")
    server = servers.Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres(postgres_of_session: servers.Postgres) -> servers.Postgres:
    """A server that answers, whatever the test before did to it."""
    if not postgres_of_session.running:
        postgres_of_session.start()
    return postgres_of_session


@pytest.fixture(scope="session")
def openid_server() -> Iterator[openid.OpenId]:
    """One OpenID provider for all tests."""
    if gaps := openid.missing():
        pytest.skip(f"NO OPENID PROVIDER: {'; '.join(gaps)}")
    with _fetched(openid.OpenId) as server:
        yield server


@pytest.fixture(scope="session")
def cas_server() -> Iterator[CasServer]:
    """One CAS server for all tests."""
    with _fetched(CasServer) as server:
        yield server


@pytest.fixture(scope="session")
def ldap_server() -> Iterator[slapd.Slapd]:
    """One LDAP server for all tests."""
    if gaps := slapd.missing():
        pytest.skip(f"NO LDAP: {'; '.join(gaps)}")
    with _fetched(slapd.Slapd) as server:
        yield server


@contextmanager
def _fetched(kind: Callable[[], _Kind]) -> Iterator[_Kind]:
    """A server, stopped at the end; the test is skipped where its packages cannot be fetched."""
    try:
        server = kind()
    except OSError as error:
        pytest.skip(f"NO SIGN-IN SERVER: {error}")
    try:
        yield server
    finally:
        server.stop()


def pytest_configure(config: pytest.Config) -> None:
    """The quick tier writes into memory where there is some; what Ctrl-C does is as in a terminal."""
    if config.option.markexpr == "unit" and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
    # What a shell starts in the background ignores Ctrl-C, and so would all that the tests start and interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> list[str]:
    lacking = "; ".join(missing())
    no_server = "; ".join(servers.missing())
    no_browser = "; ".join(browser.missing())
    no_sign_in = "; ".join([*openid.missing(), *slapd.missing()])
    return [
        f"real data: {_DATA if _DATA.is_dir() else 'ABSENT, tests marked `shared` are skipped'}",
        f"Kafka: {f'NONE, tests marked `kafka` are skipped: {lacking}' if lacking else 'Java and Maven are there'}",
        f"PostgreSQL: {f'NONE, tests marked `postgres` are skipped: {no_server}' if no_server else 'is there'}",
        f"browser: {f'NONE, tests marked `browser` are skipped: {no_browser}' if no_browser else 'Chromium is there'}",
        f"sign-in: {f'tests marked `sign_in` are skipped: {no_sign_in}' if no_sign_in else 'the servers are there'}",
    ]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Folders that are a tier of their own are not even imported for the quick one."""
    is_one = collection_path.as_posix().endswith(tuple(f"/tests/{one}" for one in _FOLDERS))
    return True if is_one and config.option.markexpr == "unit" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, marker in _NEEDS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)
        folder = item.path.parent.as_posix()
        for one in _FOLDERS:
            if f"/tests/{one}/" in f"{folder}/":
                item.add_marker(one.rpartition("/")[2])
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("properties")
        if not any(map(item.get_closest_marker, _TIERS)):
            item.add_marker("unit")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test of Kafka, PostgreSQL, sign-in, a browser, or the data that are there, is a failure."""
    report = yield
    promised = (_DATA.is_dir() and item.get_closest_marker("shared")) or next(
        filter(None, map(item.get_closest_marker, ("kafka", "postgres", "sign_in", "browser"))), None
    )
    if os.environ.get("PREWARN_CI") and promised and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} is marked `{promised.name}` and was skipped in CI: {reason}"
    return report
