"""Outside channels get no name or score unless the college allows it there; students and parents get nothing."""

from datetime import timedelta

import msgspec
import pytest

from services.directory import ROLES, Person
from services.errors import ConfigurationError
from services.messages import EscalationStep
from services.notify.channels.sending import Channels
from services.notify.channels.sms import SCHEMES
from services.notify.privacy import Allowed, read_allowed
from services.notify.testing import CARD, change
from services.rules.language.load import load
from services.settings import Settings, resource

CHANNELS = {
    "json": "json://hooks.campus/a", "mail": None, "dingtalk": "dingtalk://c0ffee00", "wecombot": "wecombot://k3y",
    "feishu": "feishu://t0ken", "schan": "schan://SCT1", "sms": "collegesms://tok@gw.campus/+8613812345678",
}  # fmt: skip
PERSONAL = ("张伟", "S1", "高等数学", "MATH", "Math", "旷课 3 次", "3 consecutive", "talked")


@pytest.fixture
def said(make, college, channel, eventually):
    """What somebody with this channel is sent of the whole life of a warning, with everything that it may name."""

    def said(address, language="zh", **options):
        person = Person(id="T1", name="王", channel=address, email="wang@c.example", language=language)
        college.roles.update(class_tutor=[person], course_teacher=[])
        notify = make(mail="mailto://127.0.0.1:25", **options)
        notify.start()
        notify.take_in([change(value=3)], 1)
        eventually(lambda: notify.waiting() == 0)
        assert notify.acts.improve("T1", change().warning_id, "talked to 张伟", "2026-12-01") is None
        notify.take_in([change("raised", 2, level="red", value=4)], 2)
        notify.take_in([change("resolved", 3, level="red", value=1)], 3)
        eventually(lambda: notify.waiting() == 0 and len(channel.sent) >= 2)
        return [message for *_, message in channel.sent]

    return said


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("address", CHANNELS.values(), ids=CHANNELS)
def test_no_channel_is_told_a_name_or_a_figure_by_default(address, language, said):
    for message in said(address, language):
        text = f"{message.title} {message.body} {[v for k, v in message.extras.items() if k != 'sequence']}"
        assert not any(word in text for word in PERSONAL), text


def test_where_it_is_allowed_the_rules_sentence_is_said_and_never_a_comment(said):
    first, *others = said("json://hooks.campus/a", allowed=read_allowed("json://hooks.campus"))
    assert first.body.startswith("张伟 在 高等数学 连续旷课 3 次\n")
    assert not any("talked" in message.body for message in others)


@pytest.mark.parametrize(("language", "whom"), [("zh", "张伟 · 高等数学\n"), ("en", "张伟 · 高等数学\n")])
def test_an_end_names_whom_it_is_about_and_asks_for_nothing(language, whom, said):
    *_, last = said("json://hooks.campus/a", language, allowed=read_allowed("json"))
    assert last.body.startswith(whom)
    assert not any(word in last.body for word in ("连续旷课", "consecutive", "what to do", "处理"))


@pytest.mark.parametrize(
    ("places", "address", "allowed"),
    [
        ("", "json://hooks.campus/a", False),
        ("json", "json://hooks.campus/a", True),
        ("JSON://Hooks.campus", "json://hooks.campus/a", True),
        ("json://hooks.campus", "json://user:pass@hooks.campus/a", True),
        ("json://hooks.campus", "json://elsewhere.example/a", False),
        ("json://hooks.campus", "json://hooks.campus:8080/a", False),
        ("json", "jsons://hooks.campus/a", False),
        ("mailto://smtp.c.example:25, wecombot", "wecombot://k3y", True),
        ("dingtalk://930bbdc5", "dingtalk://secret-token/", True),
        ("dingtalk://930bbdc5", "dingtalk://another-token/", False),
        ("json", "nonsense", False),
    ],
)
def test_it_is_allowed_for_a_kind_or_for_one_host_or_bot(places, address, allowed):
    assert read_allowed(places).at(address) is allowed
    assert Allowed().at(address) is False


@pytest.mark.parametrize("text", ["json://user:secret@h", "json://h/path", "ev ery", "json://", "*"])
def test_what_is_no_channel_is_refused(text):
    with pytest.raises(ConfigurationError, match=r"PREWARN_NAMES: entry 2 .*expected: kinds of channels") as raised:
        read_allowed(f"json,{text}")
    assert "secret" not in str(raised.value)


def test_an_sms_never_says_it(said, provider, tmp_path):
    provider.answer = (200, b'{"code": 0}')
    sent = Channels(tmp_path).send
    address = f"collegesms://tok@127.0.0.1:{provider.server_port}/+8613812345678"
    for message in said(address, allowed=read_allowed(",".join(SCHEMES))):
        sent(address, "T1", message)
    assert len(provider.requests) >= 2
    for _, body in provider.requests:
        assert not any(word in msgspec.json.decode(body)["text"] for word in PERSONAL)


def test_by_default_nothing_is_allowed_and_students_are_told_nothing():
    assert (Settings.model_fields["names"].default, Settings.model_fields["students"].default) == ("", False)


STUDENT = Person(id="S1", name="张伟", channel="json://phone.student/s1")


@pytest.fixture
def about(college):
    """A rule that names the student, and one whose chain does."""
    college.roles.update(class_tutor=[Person(id="T1", name="王")], student=[STUDENT])
    step = EscalationStep(after=60.0, to="student")
    card = msgspec.structs.replace(CARD, to=["class_tutor", "student"], escalate=[step])
    return {"cards": lambda _version, _rule: card}


def test_a_student_is_neither_told_nor_shown_a_warning_and_the_page_says_why(make, about, rows, clock):
    notify = make(**about)
    notify.take_in([change()], 1)
    clock.advance(timedelta(hours=1))
    notify.scheduler.step()
    assert rows(notify, "SELECT DISTINCT recipient FROM delivery") == [{"recipient": "T1"}]
    assert rows(notify, "SELECT DISTINCT person FROM recipient") == [{"person": "T1"}]
    assert rows(notify, "SELECT whom, reason FROM decision") == [{"whom": "student", "reason": "students_off"}]
    assert rows(notify, "SELECT status, reason FROM escalation") == [{"status": "vacant", "reason": "students_off"}]


def test_a_student_is_told_where_the_college_wants_it(make, about, rows):
    notify = make(students=True, **about)
    notify.take_in([change()], 1)
    told = rows(notify, "SELECT recipient FROM delivery ORDER BY recipient")
    assert told == [{"recipient": "S1"}, {"recipient": "T1"}]


def test_no_rule_that_comes_with_prewarn_tells_parents_and_none_escalates_to_a_student():
    assert not any(word in role for role in ROLES for word in ("parent", "guardian", "family"))
    for card in load(resource("rules"), resource("schemas")).cards.values():
        assert {*card.to} <= ROLES.keys() | {"department", "teaching_office", "major"}
        assert "student" not in {step.to for step in card.escalate}
