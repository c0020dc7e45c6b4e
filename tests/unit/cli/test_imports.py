"""A command imports what it uses, and --help nothing of any: a second of imports is a second for every key pressed."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from services.cli import app
from services.cli.commands import COMMANDS, Command, Group
from services.cli.lazy import function_of

ROOT = Path(__file__).parents[3]
EVERY = [
    pytest.param(command, id=f"{name} {below}".strip())
    for name, one in COMMANDS.items()
    for below, command in (one.commands if isinstance(one, Group) else {"": one}).items()
]
HEAVY = {"apprise", "faust", "kafka", "openpyxl", "sqlalchemy", "starlette"}
NAMES = "import sys; print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
CALL = f"""
import atexit, sys
def names(): {NAMES}
atexit.register(names)
sys.argv[0] = "prewarn"
from services.cli import main
main()
"""


def imported(*arguments):
    ran = subprocess.run([sys.executable, "-c", CALL, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ran.stderr.split())


def test_help_imports_no_service():
    assert imported("--help") & (HEAVY | {"pydantic", "yaml"}) == set()
    assert imported("rules", "--help") & HEAVY == set()


def test_a_check_of_rules_imports_no_store_no_channel_and_no_stream():
    assert imported("rules", "check") & HEAVY == set()


@pytest.mark.commands
@pytest.mark.parametrize("command", ["warnings", "sources list", "ingest runs", "directory import", "why"])
def test_a_command_that_sends_nothing_imports_no_sender_and_no_server_of_a_cluster(command):
    assert imported(*command.split(), "--help") & {"apprise", "requests", "psycopg", "faust", "kafka"} == set()


@pytest.mark.commands
@pytest.mark.parametrize(
    ("service", "unneeded"),
    [
        ("embedded_routes", {"aiohttp", "faust", "kafka", "psycopg"}),
        ("cluster.ingest", {"aiohttp", "faust", "sqlalchemy"}),
        ("cluster.rules", {"sqlalchemy"}),
        ("cluster.notify", {"aiohttp", "faust"}),
    ],
)
def test_a_service_starts_without_what_it_may_never_need(service, unneeded):
    call = f"import services.app.{service}; {NAMES}"
    ran = subprocess.run([sys.executable, "-c", call], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(ran.stderr.split()) & (unneeded | {"apprise", "joserfc", "openpyxl"}) == set()


@pytest.mark.parametrize("command", EVERY)
def test_the_list_of_commands_says_what_the_command_says_of_itself(command: Command):
    first, _, _ = (function_of(command).__doc__ or "").partition("\n")
    assert command.help == first


def test_every_command_is_listed():
    assert set(get_command(app).commands) == set(COMMANDS)
