"""A channel whose provider refuses it for good is stopped: nothing goes there until somebody resumes it."""

import json
from datetime import timedelta
from urllib.parse import quote

import msgspec
import pytest
from typer.testing import CliRunner

from services.cli import app
from services.directory import Person
from services.errors import DeliveryError
from services.notify.channels.responses import Answer, judge
from services.notify.channels.sending import Channels
from services.notify.disabled_channels import keys_of
from services.notify.retry_policy import RetryPolicy
from services.notify.store import disabled_channels
from services.notify.testing import CARD, change
from services.notify.texts import Sent, push

TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"
QUICK = RetryPolicy(look_again=timedelta(milliseconds=20))
BY_MAIL = "mailto://127.0.0.1:{}?from=warnings@college.example&mode=insecure"


def one(n):
    return change(warning_id=f"w-{n}", subject=f"S{n}")


@pytest.fixture
def bot(provider):
    gate = quote(f"http://127.0.0.1:{provider.server_port}/robot/send", safe="")
    return f"dingtalk://{TOKEN}?endpoint={gate}"


@pytest.fixture
def tell(make, college, tmp_path, eventually):
    """Starts a Notify in which one person has these addresses; each warning told is waited for."""

    def tell(channel, mail=None, retry=QUICK):
        person = Person(id="T1", name="王秀英", channel=channel, email="wang@college.example" if mail else None)
        college.roles.update(class_tutor=[person], course_teacher=[])
        notify = make(send=Channels(tmp_path).send, retry=retry, mail=mail)
        notify.start()

        def say(*numbers):
            for n in numbers:
                notify.take_in([one(n)], n)
            eventually(lambda: notify.waiting() == 0)

        return notify, say

    return tell


def statuses(rows):
    return [(row["channel"].partition(":")[0], row["status"]) for row in rows]


@pytest.mark.parametrize("status", [401, 403, 404, 410, 301, 308])
def test_what_refuses_a_webhook_for_good_stops_it(status, tell, provider, deliveries):
    provider.answer = status
    notify, say = tell(provider.address)
    say(1)
    say(2, 3)
    assert len(provider.requests) == 1
    first, *others = deliveries(notify)
    assert first["last_error"].startswith(f"HTTP {status}")
    assert {(row["status"], row["last_error"], row["attempts"]) for row in others} == {("dead", "channel_stopped", 1)}
    (stop,) = notify.disabled_channels()
    assert (stop.queue, stop.person, stop.reason[:8]) == (
        f"json://127.0.0.1:{provider.server_port}", "T1", f"HTTP {status}",
    )  # fmt: skip


@pytest.mark.parametrize("status", [400, 413, 422, 302])
def test_what_refuses_one_message_stops_nothing(status, tell, provider):
    provider.answer = status
    notify, say = tell(provider.address)
    say(1)
    say(2)
    assert len(provider.requests) == 2
    assert notify.disabled_channels() == []


@pytest.mark.parametrize(
    ("scheme", "body", "refused"),
    [
        ("dingtalk", b'{"errcode": 300005, "errmsg": "token is not exist"}', "address"),
        ("dingtalk", b'{"errcode": 310000, "errmsg": "keywords not in content"}', "message"),
        ("wecombot", b'{"errcode": 93000, "errmsg": "invalid webhook url"}', "address"),
        ("wechat", b'{"errcode": 40001, "errmsg": "invalid credential"}', "account"),
        ("wechat", b'{"errcode": 81013, "errmsg": "user & party & tag all invalid"}', "address"),
        ("wechat", b'{"errcode": 44004, "errmsg": "empty content"}', "message"),
        ("feishu", b'{"code": 19001, "msg": "incoming webhook access token invalid"}', "address"),
        ("lark", b'{"code": 19024, "msg": "Key Words Not Found"}', "message"),
        ("schan", b'{"code": 40001, "message": "bad pushtoken"}', "address"),
    ],
)
def test_a_providers_code_says_what_it_refuses(scheme, body, refused):
    with pytest.raises(DeliveryError) as raised:
        judge(Answer(200, scheme, body))
    assert (raised.value.permanent, raised.value.refused) == (True, refused)


@pytest.mark.parametrize(
    ("command", "reply", "refused"),
    [
        ("RCPT", "550 5.1.1 no such user", "address"),
        ("RCPT", "550 no such user", "address"),
        ("RCPT", "550 5.7.1 blocked for spam", "message"),
        ("RCPT", "552 5.2.2 mailbox full", "message"),
        ("MAIL", "550 who are you", "message"),
        ("MAIL", "550 5.1.8 sender's domain unknown", "account"),
        ("MAIL", "530 5.7.0 authentication required", "account"),
        ("DATA", "554 5.7.1 looks like spam", "message"),
        ("BODY", "550 5.1.1 said too late", "message"),
    ],
)
def test_a_mail_servers_reply_says_what_it_refuses(command, reply, refused, mail_server, tmp_path):
    mail_server.refusals = {command: reply}
    message = push(Sent("w-1", 1, "opened", CARD.rule, "red", possibly_duplicate=False), CARD, "http://c", "key", "zh")
    with pytest.raises(DeliveryError) as raised:
        Channels(tmp_path).send(BY_MAIL.format(mail_server.port) + "&to=wang@college.example", "T1", message)
    assert (raised.value.permanent, raised.value.refused) == (True, refused)


def test_the_next_channel_is_told_at_once_without_asking_the_stopped_one(tell, bot, provider, mail_server, deliveries):
    provider.answer = (200, b'{"errcode": 300005, "errmsg": "token is not exist"}')
    notify, say = tell(bot, BY_MAIL.format(mail_server.port))
    say(1)
    say(2)
    assert (len(provider.requests), len(mail_server.mails)) == (1, 2)
    assert statuses(deliveries(notify)) == [("dingtalk", "dead"), ("mailto", "sent")] * 2


def test_without_another_channel_it_is_written_down_who_was_not_told_and_why(tell, bot, provider, rows):
    provider.answer = (200, b'{"errcode": 300005, "errmsg": "token is not exist"}')
    notify, say = tell(bot)
    say(1)
    say(2)
    decided = rows(notify, "SELECT whom, sequence, reason FROM decision WHERE stage = 'channel' ORDER BY warning")
    assert decided == [{"whom": "T1", "sequence": 1, "reason": "channel_stopped"}] * 2


def test_what_is_not_sent_does_not_count_against_what_the_provider_takes(tell, bot, provider, deliveries):
    provider.answer = (200, b'{"errcode": 300005, "errmsg": "token is not exist"}')
    notify, say = tell(
        bot, retry=RetryPolicy(limits={"dingtalk": 1}, minute=timedelta(hours=1), look_again=QUICK.look_again)
    )
    say(1)
    notify.outbox._queues[next(iter(notify.outbox._queues))]._turns.clear()  # the minute is over
    say(2, 3, 4)
    assert statuses(deliveries(notify)) == [("dingtalk", "dead")] * 4
    assert len(provider.requests) == 1


def test_of_one_mail_server_only_the_mailbox_that_is_not_there_is_stopped(tell, college, mail_server, deliveries):
    notify, say = tell(None, BY_MAIL.format(mail_server.port))
    mail_server.refusals = {"RCPT": "550 5.1.1 no such user"}
    say(1)
    mail_server.refusals = {}
    college.roles["course_teacher"] = [Person(id="T2", name="Li", email="li@college.example")]
    say(2)
    assert [(row["recipient"], row["status"]) for row in deliveries(notify)] == [
        ("T1", "dead"), ("T1", "dead"), ("T2", "sent"),
    ]  # fmt: skip


def test_a_login_that_is_refused_stops_everybodys_mail(tell, college, mail_server, deliveries):
    notify, say = tell(None, BY_MAIL.format(mail_server.port))
    mail_server.refusals = {"MAIL": "535 5.7.8 authentication failed"}
    say(1)
    mail_server.refusals = {}
    college.roles["course_teacher"] = [Person(id="T2", name="Li", email="li@college.example")]
    say(2)
    assert mail_server.mails == []
    assert {one.person for one in notify.disabled_channels()} == {"T1", "T2"}
    assert len({one.key for one in notify.disabled_channels()}) == 1


def test_an_address_that_is_none_is_stopped_too(tell):
    notify, say = tell("nonsense://x")
    say(1)
    assert [one.queue for one in notify.disabled_channels()] == ["nonsense://"]


def test_a_resumed_channel_is_sent_to_again(tell, provider, deliveries):
    provider.answer = 401
    notify, say = tell(provider.address)
    say(1)
    provider.answer = 200
    with notify.database.writing() as connection:
        assert disabled_channels.resume(connection, [notify.disabled_channels()[0].key]) == 1
    say(2)
    assert statuses(deliveries(notify)) == [("json", "dead"), ("json", "sent")]
    assert notify.disabled_channels() == []


def test_a_changed_address_in_the_directory_is_sent_to(tell, college, provider, deliveries):
    provider.answer = 401
    notify, say = tell(provider.address)
    say(1)
    provider.answer = 200
    (person,) = college.roles["class_tutor"]
    college.roles["class_tutor"] = [msgspec.structs.replace(person, channel=provider.address + "&-token=new")]
    say(2)
    assert statuses(deliveries(notify)) == [("json", "dead"), ("json", "sent")]
    assert notify.disabled_channels() == []


def test_it_stays_stopped_over_a_restart_and_for_another_process(tell, make, provider, tmp_path, eventually):
    provider.answer = 401
    notify, say = tell(provider.address)
    say(1)
    notify.stop()
    again = make(send=Channels(tmp_path).send, retry=QUICK)
    again.start()
    again.take_in([one(2)], 2)
    eventually(lambda: again.waiting() == 0)
    assert len(provider.requests) == 1


def test_pages_health_and_metrics_show_it_without_the_token(tell, bot, provider, browser_of, college):
    provider.answer = (200, f'{{"errcode": 300005, "errmsg": "no bot has {TOKEN}"}}'.encode())
    notify, say = tell(bot)
    say(1)
    assert "300005" not in browser_of(notify).get("/?lang=en").text
    college.roles["rules_operator"] = [Person(id="O1", name="规则管理员")]
    browser = browser_of(notify, "O1")
    page = browser.get("/?lang=en").text
    assert "Channels that are stopped" in page
    assert "300005" in page
    assert "王秀英" in page
    health = browser.get("/healthz")
    assert (health.status_code, health.text.split("\n")[0]) == (200, "ok")
    assert "channel stopped: dingtalk://" in health.text
    metrics = browser.get("/metrics").text
    assert 'prewarn_channels_stopped{queue="dingtalk://' in metrics
    assert TOKEN not in page + health.text + metrics


def test_keys_tell_accounts_and_addresses_apart():
    wang, li = (keys_of(f"mailto://u:p@h:25?from=a@b&to={who}") for who in ("wang", "li"))
    assert wang["account"] == li["account"]
    assert len({wang["address"], li["address"], wang["account"]}) == 3


@pytest.fixture
def run(tmp_path):
    before = ["--home", str(tmp_path / "home"), "channels"]
    return lambda *arguments: CliRunner().invoke(app, [*before, *arguments], catch_exceptions=False)


@pytest.fixture
def stopped(tmp_path, bot, provider, make, college, eventually, request):
    """A home whose only tutor has a bot that was stopped."""
    home = tmp_path / "home"
    (home / "directory").mkdir(parents=True)
    (home / "directory" / "people.csv").write_text(f"id,name,channel\nT1,Wang,{bot}\n")
    college.roles.update(class_tutor=[Person(id="T1", name="Wang", channel=bot)], course_teacher=[])
    provider.answer = (200, b'{"errcode": 300005, "errmsg": "token is not exist"}')
    notify = make(send=Channels(tmp_path).send, retry=QUICK, store=f"sqlite:///{home / 'notify.db'}")
    notify.start()
    notify.take_in([one(1)], 1)
    eventually(lambda: notify.waiting() == 0)
    return notify


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_channels_list_and_resume(stopped, run):
    (shown,) = run("list", "--json").output.splitlines()
    found = json.loads(shown)
    assert (found["people"], found["channel"][:11], "300005" in found["reason"]) == (["T1"], "dingtalk://", True)
    assert found["key"] in run("list").output
    assert TOKEN not in shown
    assert run("resume", found["key"]).exit_code == 0
    assert run("list").output == ""
    assert stopped.disabled_channels() == []


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_channels_list_and_resume_all_of_a_cluster(stopped, run, tmp_path, monkeypatch):
    """Its directory is not in home, so nobody there is known."""
    (tmp_path / "home" / "directory" / "people.csv").write_text("id,name\n")
    monkeypatch.setenv("PREWARN_BROKERS", "127.0.0.1:9")
    assert "300005" in run("list").output
    assert run("resume", "--all").output == "1 resumed / 已恢复\n"
    assert run("list").output == ""


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("answer", "left"), [((200, b'{"errcode": 0}'), 0), ((200, b'{"errcode": 300005}'), 1)])
def test_a_test_that_is_accepted_resumes_the_channel(answer, left, stopped, run, bot, provider):
    provider.answer = answer
    run("test", bot)
    assert len(stopped.disabled_channels()) == left


@pytest.mark.parametrize("arguments", [["deadbeef"], [], ["deadbeef", "--all"]])
def test_what_is_not_stopped_cannot_be_resumed(arguments, run):
    with pytest.raises(Exception, match="expected: a key of prewarn channels list"):
        run("resume", *arguments)
