"""A directory with a fault: whoever can be told is told, by real servers; the decision says why the others are not."""

import pytest

from services.directory import load
from services.notify.channels.sending import Channels
from services.notify.testing import change, facts

AT = {"subject": "S1/MATH"}
CONTEXT = {"student": "S1", "class": "K1", "course": "MATH"}


@pytest.fixture
def told(tmp_path, make, provider, mail_server, eventually, deliveries, rows):
    """Takes one warning in, with people from files, and waits until nothing is on its way any more."""

    def told(people, roles):
        place = tmp_path / "people"
        place.mkdir(exist_ok=True)
        people = people.replace("HOOK", provider.address)
        for name, header, lines in (
            ("people", "id,name,channel,email,to", people), ("roles", "role,person,scope_kind,scope", roles),
            ("classes", "id,name", "K1,一班"), ("courses", "id,name_zh", "MATH,高等数学"),
            ("students", "id,name,class", "S1,张伟,K1"),
        ):  # fmt: skip
            (place / f"{name}.csv").write_text(f"{header}\n{lines}\n", "utf-8")
        mail = f"mailto://127.0.0.1:{mail_server.port}?from=warnings@college.example&mode=insecure"
        notify = make(directory=lambda: load(place), mail=mail, send=Channels(tmp_path).send)
        notify.start()
        opened = change(**AT, context=CONTEXT)
        notify.take_in([opened], 1)
        eventually(lambda: all(row["status"] in {"sent", "dead"} for row in deliveries(notify)))
        before = rows(notify, "SELECT * FROM delivery")
        notify.take_in([opened], 1)  # the store still knows what it has done
        assert rows(notify, "SELECT * FROM delivery") == before
        assert [row["id"] for row in notify.warnings()] == [facts(**AT).warning_id]
        found = {row["recipient"]: row for row in before}
        decided = {row["whom"]: (row["stage"], row["reason"]) for row in rows(notify, "SELECT * FROM decision")}
        return {whom: row["status"] for whom, row in found.items()}, decided, found

    return told


def test_nobody_holds_one_of_the_roles(told, provider):
    assert told("T2,李强,HOOK,", "course_teacher,T2,course,MATH")[:2] == (
        {"T2": "sent"}, {"class_tutor": ("routing", "nobody_holds_role")},
    )  # fmt: skip
    assert len(provider.requests) == 1


def test_nobody_holds_any_of_them(told, provider, mail_server):
    assert told("T2,李强,HOOK,", "counsellor,T2,class,K1")[:2] == ({}, {
        "class_tutor": ("routing", "nobody_holds_role"), "course_teacher": ("routing", "nobody_holds_role"),
    })  # fmt: skip
    assert (provider.requests, mail_server.mails) == ([], [])


def test_two_hold_one_role(told, provider, mail_server):
    people = "T1,王秀英,HOOK,\nT2,李强,,li@college.example\nT3,周,HOOK,"
    roles = "class_tutor,T1,class,K1\nclass_tutor,T2,class,K1\ncourse_teacher,T3,course,MATH"
    assert told(people, roles)[:2] == ({"T1": "sent", "T2": "sent", "T3": "sent"}, {})
    assert (len(provider.requests), len(mail_server.mails)) == (2, 1)


ROLES = "class_tutor,T1,class,K1\ncourse_teacher,T2,course,MATH"


def test_a_channel_that_apprise_does_not_know_is_given_up_and_says_so(told, provider):
    status, decided, found = told("T1,王秀英,nonsense://s3cret,\nT2,李强,HOOK,", ROLES)
    assert (status, decided) == ({"T1": "dead", "T2": "sent"}, {"T1": ("channel", "channel_stopped")})
    assert found["T1"]["last_error"] == "the address is not one that Apprise knows"
    assert "s3cret" not in str(found)
    assert len(provider.requests) == 1


def test_a_channel_that_is_no_address_is_not_even_tried(told, provider):
    status, decided, _ = told("T1,王秀英,json://?a=b,\nT2,李强,HOOK,", ROLES)
    assert (status, decided) == ({"T2": "sent"}, {"T1": ("channel", "no_channel")})
    assert len(provider.requests) == 1


@pytest.mark.parametrize("channel", ["nonsense://x", "json://?a=b"])
def test_whoever_has_an_e_mail_address_beside_a_channel_that_is_none_gets_a_mail(told, channel, provider, mail_server):
    people = f"T1,王秀英,{channel},wang@college.example\nT2,李强,HOOK,"
    assert told(people, ROLES)[0] == {"T1": "sent", "T2": "sent"}
    (mail,) = mail_server.mails
    assert "wang@college.example" in mail
    assert len(provider.requests) == 1


def test_a_mail_address_that_is_none_is_given_up_and_says_so(told, mail_server):
    people = "T1,王秀英,,wang.@college.example\nT2,李强,,li@college.example"
    status, decided, found = told(people, ROLES)
    assert (status, decided) == ({"T1": "dead", "T2": "sent"}, {"T1": ("channel", "channel_stopped")})
    assert found["T1"]["last_error"] == "the e-mail address is none that mail can be sent to"
    assert found["T1"]["attempts"] == 1
    (mail,) = mail_server.mails
    assert "li@college.example" in mail


def test_a_mail_address_that_the_server_refuses_is_given_up_and_says_so(told, mail_server):
    mail_server.refusals["rcpt TO:<wang@college.example>"] = "550 no such user"
    people = "T1,王秀英,,wang@college.example\nT2,李强,,li@college.example"
    status, _, found = told(people, ROLES)
    assert status == {"T1": "dead", "T2": "sent"}
    assert "550" in found["T1"]["last_error"]
    assert len(mail_server.mails) == 1


def test_who_left_gets_nothing_and_the_other_gets_theirs(told, provider):
    status, decided, _ = told("T1,王秀英,HOOK,,2026-11-22\nT2,李强,HOOK,,2026-11-23", ROLES)
    assert (status, decided) == ({"T2": "sent"}, {"class_tutor": ("routing", "nobody_holds_role")})
    assert len(provider.requests) == 1
