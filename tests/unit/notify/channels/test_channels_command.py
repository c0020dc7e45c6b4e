"""`prewarn channels test URL`: the exit code says whether the provider took the message, and no secret is printed."""

from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from services.cli import app

TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"


@pytest.fixture
def tried(tmp_path):
    before = ["--home", str(tmp_path / "home"), "channels", "test"]
    return lambda *arguments: CliRunner().invoke(app, [*before, *arguments])


@pytest.fixture
def bot(provider):
    gate = quote(f"http://127.0.0.1:{provider.server_port}/robot/send", safe="")
    return f"dingtalk://{TOKEN}?endpoint={gate}&rto=2"


def test_what_the_provider_takes_is_accepted(tried, bot, provider):
    provider.answer = (200, b'{"errcode": 0}')
    done = tried(bot, "--text", "hello")
    assert (done.exit_code, done.output) == (0, "已被接受 / accepted\n")
    assert b"hello" in provider.requests[0][1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, b'{"errcode": 310000, "errmsg": "token is not exist"}'), "refused"),
        ((200, b'{"errcode": 130101, "errmsg": "send too fast"}'), "would be tried again"),
        (404, "would not be tried again"),
        (500, "would be tried again"),
        ("hang", "it may have arrived"),
        ("reset", "it may have arrived"),
    ],
    ids=str,
)
def test_what_it_does_not_take_is_said_with_its_reason_and_without_the_token(tried, bot, provider, answer, said):
    provider.answer = answer
    done = tried(bot)
    assert done.exit_code == 1
    assert said in done.output
    assert TOKEN not in done.output


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("dingtalc://x", "not one that Apprise knows"),
        ("hello", "not one that Apprise knows"),
        (f"dingtalk://{TOKEN}?endpoint=somewhere", "expected: http://host"),
    ],
)
def test_what_is_no_address_is_told_apart(tried, url, said):
    done = tried(url)
    assert done.exit_code == 2
    assert said in done.output
    assert TOKEN not in done.output


def test_a_mail_server_is_asked_too(tried, mail_server):
    url = f"mailto://127.0.0.1:{mail_server.port}?from=a@college.example&to=b@college.example"
    assert tried(url).exit_code == 0
    mail_server.refusals["RCPT"] = "550 no such user"
    assert tried(url).exit_code == 1
