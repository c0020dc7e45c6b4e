import pytest

from services.notify.recipients import queue_of, route
from services.notify.stages import Candidate, Stop, Transition, stop_change, stop_recipient
from services.notify.testing import CARD, MORNING, College, Somebody

WANG = Somebody(id="T1", name="王秀英")
LI = Somebody(id="T2", name="李强")


def test_a_person_with_two_roles_is_told_once_as_the_first():
    college = College({"class_tutor": [WANG], "course_teacher": [LI, WANG]})
    assert route(CARD, {}, college, MORNING).people == [(WANG, "class_tutor"), (LI, "course_teacher")]


def test_a_role_that_nobody_holds_is_named():
    assert route(CARD, {}, College({"class_tutor": [WANG]}), MORNING).vacant == ["course_teacher"]


@pytest.mark.parametrize(
    ("address", "queue"),
    [
        (None, "sink://"),
        ("", "sink://"),
        ("json://user:secret@hooks.campus:8080/path?rto=1", "json://hooks.campus:8080"),
        ("mailto://me:secret@smtp.campus:587?to=x@y", "mailto://smtp.campus:587"),
        ("dingtalk://a-secret-token/13800000000", "dingtalk://4b425417"),
        ("dingtalk://secret@a-secret-token?endpoint=http%3A%2F%2Fgate", "dingtalk://4b425417"),
        ("dingtalk://", ""),
        ("JSON://Hooks", "json://Hooks"),
        ("json://", ""),
        ("13800000000", ""),
    ],
)
def test_a_queue_names_kind_and_host_and_no_secret(address, queue):
    assert queue_of(address) == queue


def transition(**changed):
    return Transition(**{"change": "opened", "mode": "live", "newest": True, "push": True} | changed)


@pytest.mark.parametrize(
    ("changed", "stop"),
    [
        ({}, None),
        ({"change": "raised"}, None),
        ({"mode": "replay"}, None),
        ({"newest": False}, Stop("order", "overtaken")),
        ({"mode": "shadow"}, Stop("mode", "mode_shadow")),
        ({"mode": "warm-up"}, Stop("mode", "mode_warm_up")),
        ({"mode": "replay", "push": False}, Stop("setting", "mode_replay")),
        ({"push": False}, Stop("setting", "push_off")),
        ({"change": "lowered"}, Stop("change", "lowered_is_not_pushed")),
    ],
    ids=str,
)
def test_a_change_is_stopped_for_a_named_reason_or_goes_on(changed, stop):
    assert stop_change(transition(**changed)) == stop


@pytest.mark.parametrize(
    ("candidate", "stop"),
    [
        (Candidate("opened", told=False, channel="sink://"), None),
        (Candidate("resolved", told=True, channel="sink://"), None),
        (Candidate("resolved", told=False, channel="sink://"), Stop("earlier telling", "was_not_told")),
        (Candidate("withdrawn", told=False, channel="sink://"), Stop("earlier telling", "was_not_told")),
        (Candidate("opened", told=False, channel=""), Stop("channel", "no_channel")),
    ],
    ids=str,
)
def test_a_recipient_is_left_out_for_a_named_reason_or_told(candidate, stop):
    assert stop_recipient(candidate) == stop
