"""What people set for themselves: proved before it is used, over a real web server and a real mail server."""

import re
from datetime import timedelta
from email import message_from_string
from email.policy import SMTP

import msgspec
import pytest

from services.directory import Person
from services.errors import ConfigurationError
from services.notify.channels.own import read_policy, read_typed
from services.notify.channels.sending import Channels
from services.notify.own import within
from services.notify.own_channels import TRIES
from services.notify.privacy import read_allowed
from services.notify.store import disabled_channels
from services.notify.suppression import read_quiet
from services.notify.testing import CARD, change

TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"
TAKEN = (200, b'{"errcode": 0}')
ALLOWED = read_quiet("18:00-08:00,sat,sun,holidays", lambda _day: None)


@pytest.fixture
def mail(mail_server):
    return f"mailto://127.0.0.1:{mail_server.port}?from=warnings@college.example&mode=insecure"


@pytest.fixture
def gateway(provider):
    provider.answer = TAKEN
    return f"http://127.0.0.1:{provider.server_port}/robot/send"


@pytest.fixture
def real(make, tmp_path, college, mail, gateway):
    """Sends for real: T1 has a mailbox in the directory, and may have a bot or another mailbox."""
    college.roles["class_tutor"] = [Person(id="T1", name="王秀英", email="wang@college.example")]
    college.roles["course_teacher"] = []

    def real(**options):
        options = {
            "own_channels": read_policy(f"mail,dingtalk={gateway}"),
            "own_quiet": ALLOWED,
            "mail": mail,
        } | options
        return make(send=Channels(tmp_path).send, **options)

    return real


def text_of(mail):
    (part, *_) = [one for one in message_from_string(mail, policy=SMTP).walk() if one.get_content_maintype() == "text"]
    return part.get_content()


def code_in(text):
    return re.search(r"\b(\d{6})\b", text)[1]


def by_bot(provider):
    return [msgspec.json.decode(body)["text"]["content"] for _, body in provider.requests]


def ask_and_prove(notify, provider):
    assert notify.own_channels.ask("T1", "dingtalk", TOKEN, "", "zh") is None
    assert notify.own_channels.prove("T1", code_in(by_bot(provider)[-1]), "zh") is None


def sent(notify, eventually, deliveries, *wanted):
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: [(row["channel"].partition("://")[0], row["status"]) for row in deliveries(notify)] == [*wanted])


def test_a_bot_is_used_from_when_its_code_came_back_and_not_before(real, provider, mail_server, eventually, deliveries):
    notify = real()
    assert notify.own_channels.ask("T1", "dingtalk", TOKEN, "", "zh") is None
    assert provider.paths == [f"/robot/send?access_token={TOKEN}"]
    assert [one.partition("://")[0] for one in notify.own_channels.addresses("T1")] == ["mailto"]
    notify.take_in([change(subject="S0/X")], 0)
    assert [row["channel"].partition("://")[0] for row in deliveries(notify)] == ["mailto"]
    assert notify.own_channels.prove("T1", code_in(by_bot(provider)[0]), "zh") is None
    assert [one.partition("://")[0] for one in notify.own_channels.addresses("T1")] == ["dingtalk", "mailto"]
    (told,) = mail_server.mails
    assert "my-channels" in text_of(told), "where pushes went so far learns of it"
    sent(notify, eventually, deliveries, ("mailto", "sent"), ("dingtalk", "sent"))
    assert "连续旷课" in by_bot(provider)[-1]


def test_a_mailbox_of_ones_own_comes_before_the_directorys(real, mail_server, eventually, deliveries):
    notify = real()
    assert notify.own_channels.ask("T1", "mail", "me@elsewhere.example", "", "en") is None
    (asked,) = mail_server.mails
    assert "me@elsewhere.example" in asked
    assert notify.own_channels.prove("T1", code_in(text_of(asked)), "en") is None
    sent(notify, eventually, deliveries, ("mailto", "sent"))
    assert "To: me@elsewhere.example" in mail_server.mails[-1]


def test_a_mailbox_that_is_closed_gives_way_to_the_directorys_of_the_same_server(
    real, mail_server, eventually, deliveries
):
    notify = real()
    notify.own_channels.ask("T1", "mail", "me@elsewhere.example", "", "en")
    notify.own_channels.prove("T1", code_in(text_of(mail_server.mails[0])), "en")
    mail_server.refusals["rcpt TO:<me@elsewhere.example>"] = "550 5.1.1 no such mailbox"
    sent(notify, eventually, deliveries, ("mailto", "sent"))
    assert "To: wang@college.example" in mail_server.mails[-1]
    assert [one.person for one in notify.disabled_channels()] == ["T1"]
    notify.take_in([change(subject="S2/MATH")], 2)
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["sent", "sent"])
    assert "To: wang@college.example" in mail_server.mails[-1]


def test_a_bot_that_is_gone_gives_way_to_the_directorys_mailbox(real, provider, mail_server, eventually, deliveries):
    notify = real()
    ask_and_prove(notify, provider)
    provider.answer = (200, b'{"errcode": 300001, "errmsg": "token is not exist"}')
    sent(notify, eventually, deliveries, ("dingtalk", "dead"), ("mailto", "sent"))
    provider.answer = TAKEN
    ask_and_prove(notify, provider)
    with notify.database.reading() as connection:
        assert disabled_channels.every(connection) == [], "whatever takes a code is sent to again"


def test_nothing_more_goes_to_the_address_of_who_has_left(real, provider, college, clock, eventually, deliveries):
    notify = real()
    ask_and_prove(notify, provider)
    said = len(provider.requests)
    notify.take_in([change()], 1)
    yesterday = (clock.now - timedelta(days=1)).date()
    college.roles["class_tutor"] = [Person(id="T1", name="王秀英", email="wang@college.example", to_day=yesterday)]
    notify.start()
    eventually(
        lambda: [(row["status"], row["last_error"]) for row in deliveries(notify)] == [("cancelled", "person_left")]
    )
    assert len(provider.requests) == said


def test_what_is_sent_to_an_address_that_somebody_typed_names_nobody(
    real, provider, mail_server, eventually, deliveries
):
    notify = real(allowed=read_allowed("dingtalk,mailto"))
    ask_and_prove(notify, provider)
    sent(notify, eventually, deliveries, ("dingtalk", "sent"))
    assert "张伟" not in by_bot(provider)[-1]
    notify.own_channels.remove("T1", proved=True)
    notify.take_in([change(subject="S1/X")], 2)
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["sent", "sent"])
    assert "张伟" in text_of(mail_server.mails[-1])


def test_what_a_college_allows_no_more_is_not_sent_to(real, provider, make, tmp_path, mail, eventually, deliveries):
    ask_and_prove(real(), provider)
    later = real(own_channels=read_policy("mail"))
    assert [one.partition("://")[0] for one in later.own_channels.addresses("T1")] == ["mailto"]


@pytest.mark.parametrize("answer", [404, 500, "hang", "reset"])
def test_a_provider_that_takes_no_code_is_said_and_proves_nothing(answer, real, provider):
    provider.answer = answer
    notify = real()
    refused = notify.own_channels.ask("T1", "dingtalk", TOKEN, "", "zh")
    assert refused.why in ("not_taken", "try_later", "unanswered")
    assert TOKEN not in refused.said
    assert notify.own_channels.of("T1").proved is None


@pytest.mark.properties
def test_a_code_ends_and_is_typed_a_few_times_and_is_kept_as_a_hash(real, provider, clock, rows):
    notify = real()
    own = notify.own_channels
    own.ask("T1", "dingtalk", TOKEN, "", "zh")
    code = code_in(by_bot(provider)[-1])
    wrong = f"{(int(code) + 1) % 10**6:06}"
    (kept,) = rows(notify, "SELECT * FROM own_channel")
    assert kept["code"].startswith("$argon2id$")
    assert code not in str(kept)
    assert [own.prove("T1", wrong, "zh").why for _ in range(TRIES)] == ["code_wrong"] * (TRIES - 1) + ["code_spent"]
    assert own.prove("T1", code, "zh").why == "code_spent"
    own.ask("T1", "dingtalk", TOKEN, "", "zh")
    code = code_in(by_bot(provider)[-1])
    clock.advance(timedelta(minutes=10, seconds=1))
    assert own.prove("T1", code, "zh").why == "code_over"
    own.ask("T1", "dingtalk", TOKEN, "", "zh")
    assert own.prove("T1", f" {code_in(by_bot(provider)[-1])} ", "zh") is None
    assert own.prove("T1", code, "zh").why == "no_code"


def test_codes_are_asked_for_a_few_times(real, provider, clock):
    own = real().own_channels
    asked = [own.ask("T1", "dingtalk", f"{TOKEN}{n}", "", "zh") for n in range(5)]
    assert [one and one.why for one in asked] == [None, None, None, "wait", "wait"]
    assert len(provider.requests) == 3
    assert asked[-1].wait > 0
    clock.advance(timedelta(milliseconds=asked[-1].wait))
    assert own.test("T1", "zh") is None


def test_nobody_floods_the_address_of_somebody_else(real, provider, college):
    own = real().own_channels
    college.roles["class_tutor"] += [Person(id=f"P{n}", name="x") for n in range(4)]
    assert [one and one.why for one in (own.ask(f"P{n}", "dingtalk", TOKEN, "", "zh") for n in range(4))] == [
        None, None, None, "wait",
    ]  # fmt: skip


def test_whom_the_directory_does_not_have_is_pushed_nothing(real):
    assert real().own_channels.ask("nobody", "dingtalk", TOKEN, "", "zh").why == "not_in_directory"


INNER = (
    "http://169.254.169.254/latest/meta-data", "https://127.0.0.1/robot/send?access_token=c0ffee00c0ffee00",
    "https://oapi.dingtalk.com@127.0.0.1/robot/send?access_token=c0ffee00c0ffee00",
    f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}&endpoint=http://127.0.0.1:22",
    f"{TOKEN}?endpoint=http://10.0.0.1/", f"dingtalk://{TOKEN}", f"{TOKEN}@10.0.0.1", f"{TOKEN}/../../x", f"{TOKEN}\n",
    f"{TOKEN}%3Fendpoint", "json://10.0.0.1/hook", "ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐ",
)  # fmt: skip


@pytest.mark.parametrize("typed", INNER)
def test_no_typing_leads_to_another_host_than_the_providers(typed):
    policy = read_policy("dingtalk")
    found = read_typed("dingtalk", typed, "", policy, None)
    assert found == ("no_token" if typed != f"{TOKEN}\n" else f"dingtalk://{TOKEN}")


@pytest.mark.parametrize(
    "typed",
    ["root@localhost", "a@127.0.0.1", "a@[10.0.0.1]", "a@intranet", "a@college.example,b@college.example", "a b@c.de",
     "a@b.cn&to=c@d.cn", "a@b.cn?smtp=10.0.0.1", '"a"@b.cn', "a@b.cn\r\nBcc: c@d.cn", "@b.cn", "a@", "a.@b.cn",
     f"{'a' * 250}@b.cn", "a@b.c0m"],
)  # fmt: skip
def test_mail_goes_to_one_mailbox_of_a_domain(typed):
    assert read_typed("mail", typed, "", read_policy("mail"), "mailto://h") == "no_mail_address"


def test_a_kind_that_the_college_does_not_allow_is_refused():
    assert read_typed("json", "10.0.0.1", "", read_policy("mail,dingtalk"), None) == "kind_not_allowed"
    assert read_typed("mail", "a@b.cn", "", read_policy("mail"), None) == "kind_not_allowed"  # no server
    some = read_policy("mail=college.example,mail=other.example")
    assert read_typed("mail", "a@College.example", "", some, "mailto://h") == "a@College.example"
    assert read_typed("mail", "a@evil.example", "", some, "mailto://h") == "domain_not_allowed"
    assert read_policy("").kinds("mailto://h") == []


@pytest.mark.parametrize(
    ("kind", "typed", "secret", "kept"),
    [
        ("dingtalk", f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}", "", f"dingtalk://{TOKEN}"),
        ("dingtalk", TOKEN, "SEC0123456789abcdef", f"dingtalk://SEC0123456789abcdef@{TOKEN}"),
        ("dingtalk", TOKEN, "a/b", "no_secret"),
        ("wecombot", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "",
         "wecombot://693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/0123456789abcdef-x", "", "feishu://0123456789abcdef-x"),
        ("schan", "https://sctapi.ftqq.com/SCT123456abc.send", "", "schan://SCT123456abc"),
    ],
)  # fmt: skip
def test_the_address_that_a_provider_shows_is_read(kind, typed, secret, kept):
    assert read_typed(kind, typed, secret, read_policy("dingtalk,wecombot,feishu,schan"), None) == kept


@pytest.mark.parametrize(
    "text", ["json", "mail=", "mail=localhost", "mail=a@b", "dingtalk=ftp://x", "dingtalk=http://x?y=1", "sms"]
)
def test_a_policy_that_cannot_be_read_is_refused(text):
    with pytest.raises(ConfigurationError, match=r"PREWARN_OWN_CHANNELS.*mail=college\.example"):
        read_policy(text)


def test_pushes_come_in_the_language_that_the_person_has_chosen(make, channel, one_recipient, eventually, deliveries):
    notify = make()
    assert notify.own_channels.choose("T1", "en", "") is None
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["sent"])
    assert channel.sent[0][2].title == f"Yellow warning: {CARD.title.en}"
    assert notify.own_channels.choose("T1", "fr", "").why == "language_wrong"


def test_quiet_hours_of_ones_own_hold_what_is_not_red_for_them_alone(make, college, rows, clock, channel, eventually):
    notify = make(own_quiet=ALLOWED, send=channel)
    clock.advance(timedelta(hours=13))  # 22:00
    assert notify.own_channels.choose("T1", "", "21:00-07:00") is None
    notify.take_in([change(), change(subject="S2/X", level="red")], 1)
    waits = rows(notify, "SELECT recipient, next_try_at - created_at AS wait FROM delivery ORDER BY warning, recipient")
    assert [(row["recipient"], row["wait"] // 3_600_000) for row in waits] == [
        ("T1", 9),
        ("T2", 0),
        ("T1", 0),
        ("T2", 0),
    ]
    assert [row["reason"] for row in rows(notify, "SELECT reason FROM decision")] == ["own_quiet_hours"]
    notify.look_at_held()
    assert notify.waiting() == 3
    notify.own_channels.choose("T1", "", "")  # what is held goes out at once
    assert notify.waiting() == 4


def test_quiet_hours_of_the_college_and_ones_own_follow_each_other(make, rows, clock):
    notify = make(own_quiet=ALLOWED, quiet=read_quiet("22:00-06:00"))
    clock.advance(timedelta(hours=14))  # 23:00
    notify.own_channels.choose("T1", "", "05:30-07:30")
    notify.take_in([change()], 1)
    waits = rows(notify, "SELECT recipient, next_try_at - created_at AS wait FROM delivery ORDER BY recipient")
    assert [(row["recipient"], row["wait"] / 3_600_000) for row in waits] == [("T1", 8.5), ("T2", 7)]


@pytest.mark.parametrize(
    ("own", "allowed", "is_within"),
    [
        ("20:00-07:00", "18:00-08:00", True),
        ("18:00-08:00", "18:00-08:00", True),
        ("20:00-22:00", "18:00-08:00", True),
        ("01:00-02:00", "18:00-08:00", True),
        ("17:59-07:00", "18:00-08:00", False),
        ("20:00-08:01", "18:00-08:00", False),
        ("07:00-20:00", "18:00-08:00", False),
        ("20:00-07:00", "sat", False),
        ("sat", "18:00-08:00", False),
        ("sat,holidays", "18:00-08:00,sat,holidays", True),
        ("holidays", "sat,sun", False),
        ("12:00-13:00", "12:00-14:00", True),
        ("13:00-12:30", "12:00-14:00", False),
    ],
)
def test_quiet_hours_lie_within_what_the_college_allows(own, allowed, is_within):
    assert within(*(read_quiet(one, lambda _day: None) for one in (own, allowed))) is is_within


def test_hours_outside_of_what_is_allowed_are_refused_and_count_no_more_when_it_changes(make, rows, clock):
    notify = make(own_quiet=ALLOWED)
    assert notify.own_channels.choose("T1", "", "08:00-18:00").why == "quiet_not_allowed"
    assert notify.own_channels.choose("T1", "", "nonsense").why == "quiet_not_allowed"
    notify.own_channels.choose("T1", "", "21:00-07:00")
    clock.advance(timedelta(hours=13))
    later = make("other", own_quiet=read_quiet("23:00-06:00"))
    later.take_in([change()], 1)
    assert later.waiting() == 2
