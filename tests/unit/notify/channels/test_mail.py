"""People with nothing but an e-mail address are told by the college's mail server, if it has been named."""

from email import message_from_string
from email.policy import SMTP

import msgspec
import pytest

from services.directory import Person
from services.errors import ConfigurationError
from services.notify.channels.sending import Channels
from services.notify.recipients import SINK, addresses_of, queue_of
from services.notify.testing import change
from services.notify.texts import Message
from services.settings import Settings

MAIL = "mailto://prewarn:s3cret-of-mail@127.0.0.1:{port}?from=warnings@college.example&mode=insecure"
TUTOR = Person(id="T1", name="王老师", email="wang+k1@college.example")

BOTH = msgspec.structs.replace(TUTOR, channel="json://h")


@pytest.fixture
def only_mail(college):
    college.roles["class_tutor"] = [TUTOR]
    college.roles["course_teacher"] = []


def test_by_mail_to_the_address_of_the_directory(make, only_mail, mail_server, tmp_path, deliveries, eventually):
    mail = f"mailto://127.0.0.1:{mail_server.port}?from=warnings@college.example&mode=insecure"
    notify = make(mail=mail, send=Channels(tmp_path).send)
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["sent"])
    (mail,) = mail_server.mails
    assert "wang+k1@college.example" in mail


def test_without_a_mail_server_it_goes_to_the_sink(make, only_mail, channel, deliveries, eventually):
    notify = make()
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["sent"])
    assert [row["channel"] for row in deliveries(notify)] == [SINK]


@pytest.mark.parametrize(
    ("person", "mail", "addresses"),
    [
        (TUTOR, "mailto://h?from=a@b", ["mailto://h?from=a@b&to=wang%2Bk1%40college.example"]),
        (TUTOR, "mailto://h", ["mailto://h?to=wang%2Bk1%40college.example"]),
        (TUTOR, None, [SINK]),
        (BOTH, "mailto://h", ["json://h", "mailto://h?to=wang%2Bk1%40college.example"]),
        (BOTH, None, ["json://h"]),
        (
            msgspec.structs.replace(BOTH, channel="json://?a=b"),
            "mailto://h",
            ["mailto://h?to=wang%2Bk1%40college.example"],
        ),
        (msgspec.structs.replace(BOTH, channel="json://?a=b"), None, ["json://?a=b"]),
        (msgspec.structs.replace(TUTOR, email=None), "mailto://h", []),
        (msgspec.structs.replace(TUTOR, email=None), None, [SINK]),
    ],
)
def test_the_channel_goes_before_the_mail_and_the_sink_is_for_a_college_without_any(person, mail, addresses):
    assert addresses_of(person, mail) == addresses


@pytest.mark.parametrize(
    ("answer", "status", "repeat"), [("hang", "unknown", 1), (404, "dead", 0)], ids=["time-out", "refused for good"]
)
def test_what_did_not_arrive_for_sure_is_tried_by_mail_once(
    answer, status, repeat, make, college, provider, mail_server, tmp_path, deliveries, eventually
):
    provider.answer = answer
    college.roles["class_tutor"] = [msgspec.structs.replace(BOTH, channel=provider.address)]
    college.roles["course_teacher"] = []
    mail = f"mailto://127.0.0.1:{mail_server.port}?from=warnings@college.example&mode=insecure"
    notify = make(mail=mail, send=Channels(tmp_path).send)
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: [row["status"] for row in deliveries(notify)] == [status, "sent"])
    first, second = deliveries(notify)
    assert first["channel"].startswith("json://")
    assert (second["channel"], second["possibly_duplicate"]) == (f"mailto://127.0.0.1:{mail_server.port}", repeat)
    assert (len(mail_server.mails), len(provider.requests)) == (1, 1)


def test_what_arrived_is_not_sent_by_mail_too(make, college, provider, mail_server, tmp_path, deliveries, eventually):
    college.roles["class_tutor"] = [msgspec.structs.replace(BOTH, channel=provider.address)]
    college.roles["course_teacher"] = []
    notify = make(mail=f"mailto://127.0.0.1:{mail_server.port}?from=a@college.example", send=Channels(tmp_path).send)
    notify.start()
    notify.take_in([change()], 1)
    eventually(lambda: [row["status"] for row in deliveries(notify)] == ["sent"])
    assert mail_server.mails == []


def test_the_queue_of_mail_tells_no_secret():
    assert queue_of(addresses_of(TUTOR, MAIL.format(port=25))[0]) == "mailto://127.0.0.1:25"


@pytest.mark.parametrize("url", ["smtp://host", "mailto://host?to=somebody@college.example", "host:25"])
def test_what_is_no_mail_server_is_refused_without_telling_it(url):
    with pytest.raises(ConfigurationError, match="PREWARN_MAIL is not a mail server's address") as raised:
        _ = Settings(mail=url).mail_server
    assert url not in str(raised.value)


def test_settings_do_not_show_the_password():
    settings = Settings(mail=MAIL)
    assert "s3cret" not in repr(settings)
    assert settings.mail_server == MAIL


def parts_of(mail):
    return {part.get_content_type(): part.get_content() for part in message_from_string(mail, policy=SMTP).walk()
            if not part.is_multipart()}  # fmt: skip


@pytest.mark.parametrize("form", ["", "&format=text"])
def test_a_mail_keeps_lines_and_its_link_and_holds_no_markup_of_an_id(form, mail_server, tmp_path):
    link = "http://campus/warnings/1?a=1&b=2"
    body = f"<a href=http://evil.example>L1</a> http://evil.example *x*\n第二行\n查看依据：{link}"
    address = f"mailto://127.0.0.1:{mail_server.port}?from=w@c.example&mode=insecure&to=t@c.example{form}"
    Channels(tmp_path).send(address, "T1", Message("已解除：<b>红色</b>", body, "key", {"link": link}))
    parts = parts_of(mail_server.mails[0])
    assert parts["text/plain"].strip().splitlines() == body.splitlines()
    if not form:
        assert f'<a href="{link.replace("&", "&amp;")}">' in parts["text/html"]
        assert parts["text/html"].count("<a ") == 1
        assert "&lt;a href=http://evil.example&gt;L1&lt;/a&gt;" in parts["text/html"]
        assert parts["text/html"].count("<br>") == 2
