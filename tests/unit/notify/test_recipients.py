import pytest

from services.directory import Person
from services.notify.recipients import queue_of, route
from services.notify.testing import CARD, MORNING, College

WANG = Person(id="T1", name="王秀英")
LI = Person(id="T2", name="李强")


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
