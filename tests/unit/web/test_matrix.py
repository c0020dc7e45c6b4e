"""Who may open what: every route of the application × every role × whatever there is of it.

A route without an entry fails, and so does an entry without a route. The directory is a real one, with leave,
substitutes and people who have left.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest
from starlette.routing import Mount

from services.app.embedded import Embedded
from services.app.embedded_routes import embedded_routes
from services.directory import Directory, Person, Tables
from services.directory.records import Course, Department, Enrolment, Leave, Major, Role, SchoolClass, TeachingOffice
from services.notify.testing import CARD, ManualClock, change
from services.settings import Settings
from services.web.pages import Pages
from tests.rule_files import folder, rule

pytestmark = pytest.mark.properties
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PEOPLE = (
    "tutor", "counsellor", "mentor", "teacher", "other_teacher", "head", "other_head", "office_head", "major_head",
    "quality", "operator", "student", "recipient", "colleague", "away", "stand_in", "left", "unknown", "nobody",
)  # fmt: skip
"""One of each; `recipient` was told of everything and holds no role, `nobody` is not signed in."""


def roles():
    def held(role, person, kind=None, scope=None, class_=None):
        return Role(role=role, person=person, scope_kind=kind, scope=scope, class_id=class_)

    return (
        held("class_tutor", "tutor", "class", "c1"), held("class_tutor", "away", "class", "c2"),
        held("counsellor", "counsellor", "class", "c1"), held("class_mentor", "mentor", "class", "c1"),
        held("course_teacher", "teacher", "course", "math", "c1"),
        held("course_teacher", "other_teacher", "course", "art"),
        held("department_head", "head", "department", "d1"), held("department_head", "other_head", "department", "d2"),
        held("teaching_office_head", "office_head", "teaching_office", "o1"),
        held("major_head", "major_head", "major", "m1"), held("quality_office", "quality"),
        held("rules_operator", "operator"), held("class_tutor", "left", "class", "c1"),
    )  # fmt: skip


TABLES = Tables(
    people=tuple(
        Person(id=one, name=one.title(), to_day=date(2026, 11, 22) if one == "left" else None)
        for one in PEOPLE
        if one not in ("student", "unknown", "nobody")
    ),
    departments=(Department(id="d1"), Department(id="d2")),
    teaching_offices=(TeachingOffice(id="o1", department="d1"), TeachingOffice(id="o2", department="d2")),
    majors=(Major(id="m1", department="d1"), Major(id="m2", department="d2")),
    classes=(SchoolClass(id="c1", major="m1"), SchoolClass(id="c2", major="m2")),
    courses=(Course(id="math", teaching_office="o1"), Course(id="art", teaching_office="o2")),
    roles=roles(),
    leave=(Leave(person="away", substitute="stand_in", from_day=date(2026, 11, 20)),),
    students=(
        Enrolment(id="student", class_id="c1"),
        Enrolment(id="s2", class_id="c2"),
        Enrolment(id="gone", class_id="c1", to_day=date(2026, 11, 20)),
    ),
)
S1 = {"student": "student", "class": "c1", "major": "m1", "department": "d1"}
OF = {
    "a student": (["student"], "student", S1),
    "a student whose newest record is of art": (["student"], "student", {**S1, "course": "art"}),
    "a student in a course": (["student", "course"], "student/math", {**S1, "course": "math"}),
    "a class": (["class"], "c1", {"class": "c1", "major": "m1", "department": "d1"}),
    "a lesson": (["lesson"], "l1", {"lesson": "l1", "course": "math", "class": "c1", "teacher": "teacher"}),
    "a teacher": (["teacher"], "teacher", {"teacher": "teacher"}),
    "a department": (["department"], "d1", {"department": "d1"}),
    "the college": ([], "college", {}),
    "a student of one who is away": (["student"], "s2", {"student": "s2", "class": "c2"}),
}
"""What a warning is about → the rule's `by`, subject, context. `recipient` was told of each."""
LOOK_AFTER = {"tutor", "counsellor", "mentor"}
SEEN = {
    "a student": LOOK_AFTER | {"head"},
    "a student whose newest record is of art": LOOK_AFTER | {"head"},
    "a student in a course": LOOK_AFTER | {"head", "teacher", "office_head"},
    "a class": LOOK_AFTER | {"head", "teacher"},
    "a lesson": LOOK_AFTER | {"head", "teacher", "office_head"},
    "a teacher": {"head", "office_head"},
    "a department": {"head"},
    "the college": set(),
    "a student of one who is away": {"stand_in", "other_head"},
}
"""Beside `recipient`."""
MAJOR_HEAD_TOO = {"a student", "a student whose newest record is of art", "a student in a course", "a class"}
"""What names the major."""


def cards(_version, name):
    by = OF[name][0] if name in OF else ["student"]
    return msgspec.structs.replace(CARD, rule=name, row=None, by=by, to=["source_owner"])


def warning(name):
    _, subject, context = OF[name]
    one = change(subject=subject)
    shown = msgspec.structs.replace(one.facts, warning_id=f"w-{name}".replace(" ", "-"), context=context)
    return msgspec.structs.replace(one, rule=name, row=None, warning_id=shown.warning_id, facts=shown)


@pytest.fixture
def store_url(tmp_path):
    """What is decided is pure: one database is enough."""
    return f"sqlite:///{tmp_path / 'notify.db'}"


@pytest.fixture
def notify(make):
    directory = Directory(TABLES)
    notify = make(directory=lambda: directory, cards=cards, clock=ManualClock(AT), set_aside=lambda _most: [])
    notify.take_in([warning(name) for name in OF], 1)
    with notify.database.writing() as connection:
        for (number,) in connection.exec_driver_sql("SELECT number FROM warning").fetchall():
            connection.exec_driver_sql(
                f"INSERT INTO recipient (warning, person, role, is_open, rank, opened_at)"
                f" VALUES ({number}, 'recipient', 'x', 1, 2, 0)"
            )
    return notify


class At:
    """A person at their browser."""

    def __init__(self, browser_of, notify, person):
        self._browser = browser_of(notify, None if person == "nobody" else person)
        page = self._browser.get("/")
        self._token = self._browser.token("/") if page.status_code == 200 else "none"

    def status(self, method, path, **form):
        if method == "GET":
            return self._browser.get(path).status_code
        return self._browser.post(path, token=self._token, **form).status_code


SIGNED_IN = set(PEOPLE) - {"left", "unknown", "nobody"}
"""The others are led to the sign-in, whatever they ask for."""
WITHOUT_SIGN_IN = {
    ("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/link/{link}"), ("POST", "/link/{link}"), ("GET", "/metrics"),
    ("GET", "/healthz"), ("POST", "/sign-out"), ("MOUNT", "/static"),
}  # fmt: skip
FIGURES = {"quality", "operator", "head", "other_head"}
"""Heads those of their department alone."""
PAGES = {
    ("GET", "/"): SIGNED_IN,
    ("GET", "/reports/effectiveness"): FIGURES,
    ("GET", "/reports/effectiveness.xlsx"): FIGURES,
    ("GET", "/reports/open"): FIGURES,
    ("GET", "/set-aside"): {"operator"},
    ("GET", "/password"): set(),  # nobody here has a local account
    ("POST", "/password"): set(),
    ("GET", "/my-channels"): SIGNED_IN,
    ("GET", "/referrals"): SIGNED_IN,
    ("GET", "/classes"): SIGNED_IN,  # of themselves: who has no class is told so
}
INSTALLING = {("GET", "/sw.js"), ("GET", "/manifest.webmanifest"), ("GET", "/offline")}
"""Whoever comes, as they say nothing of anybody: tests/unit/web/phone/test_installing.py."""
PHONE = {("GET", "/day"), ("GET", "/me.json"), ("GET", "/assessments"), ("GET", "/check-in"), ("POST", "/check-in")}
"""Whoever is signed in, of themselves: tests/unit/web/phone."""
LIVE = {("GET", "/live")}
"""Whoever is signed in, of themselves, and it says nothing of anybody: tests/unit/web/test_live.py."""
OF_A_LESSON = {
    ("GET", f"/lessons/{{lesson:path}}/{page}")
    for page in ("roll-call", "test", "test/{attempt:int}", "check-in", "check-in.json", "check-in.svg")
} | {
    ("POST", f"/lessons/{{lesson:path}}/{act}")
    for act in (
        "roll-call",
        "cancel",
        "move",
        "restore",
        "test",
        "test/{attempt:int}",
        "test/{attempt:int}/read",
        "check-in/open",
        "check-in/close",
    )
}
"""Whoever teaches it, or stands in: tests/unit/web/phone."""
_MONTH = "/assessments/{period}/{course}/{class}"
OF_A_MONTH = {("GET", _MONTH)} | {("POST", f"{_MONTH}/{act}") for act in ("save", "save-{student}", "fill")}
"""Whoever teaches the class in the course, or stands in: tests/unit/web/phone/test_assessment.py."""
APPEALS = (
    {("GET", "/my-records"), ("GET", "/appeals"), ("GET", "/appeals/{id:int}"), ("GET", "/appeals/{id:int}/slip")}
    | {(method, "/records/{kind}/{key:path}/appeal") for method in ("GET", "POST")}
    | {("POST", f"/appeals/{{id:int}}/{act}") for act in ("decide", "slip")}
)
"""Whoever they are about, who looks after them, who decides: tests/unit/web/appeals/test_who.py."""
OF_LEAVE = {("GET", path) for path in ("/leaves", "/leaves/new", "/leaves/{key:path}")} | {
    ("POST", path) for path in ("/leaves/new", "/leaves/{key:path}/decide", "/leaves/{key:path}/end")
}
"""Whoever looks after the class, and the student if the college says so: tests/unit/web/phone/test_leaves.py;
who decides on how many days: tests/unit/accounts/test_permissions.py."""
OF_ONESELF = {("POST", f"/my-channels/{act}") for act in ("address", "code", "remove", "test", "choose")}
"""Whoever is signed in changes what is theirs, and nobody else's: the form names no person."""
OF_A_WARNING = (
    {("GET", "/warnings/{id}"), ("GET", "/warnings/{id}/hand-over")}
    | {("GET", f"/warnings/{{id}}/{page}") for page in ("refer", "referral", "talk", "notice")}
    | {
        ("POST", f"/warnings/{{id}}/{act}")
        for act in (
            "acknowledge",
            "hand-over",
            "improve",
            "look-back",
            "close",
            "judge",
            "undo",
            "refer",
            "talk",
            "not-reached",
        )
    }
)
OF_AN_OFFICE = {("POST", f"/warnings/{{id}}/referral/{act}") for act in ("accept", "answer", "refuse")}
"""Whoever holds the office that a warning was referred to."""
OF_THE_ASKER = {("POST", "/warnings/{id}/referral/take-back")}
"""Whoever referred it, or stands in for them."""
OF_A_PERSON = {
    ("GET", "/inbox/{person:path}"),
    ("POST", "/inbox/{person:path}/acknowledge"),
    ("POST", "/inbox/{person:path}/hand-over"),
    ("POST", "/inbox/{person:path}/undo"),
}
OF_A_STUDENT = {("GET", "/students/{id:path}")}
WAY_IN = {("MOUNT", "/v1"), ("GET", "/v1/openapi.json")}
"""What sources use: tests/unit/ingest/test_access.py."""


def every_route(routes):
    for route in routes:
        if isinstance(route, Mount):
            yield "MOUNT", route.path
        else:
            yield from ((method, route.path) for method in route.methods - {"HEAD"})


def test_every_route_has_an_entry_and_every_entry_a_route(tmp_path):
    folder(tmp_path / "rules", rule())
    with Embedded(Settings(home=tmp_path)) as college:
        there = set(every_route(embedded_routes(college)))
    assert (
        there
        == WITHOUT_SIGN_IN
        | set(PAGES)
        | OF_ONESELF
        | OF_A_WARNING
        | OF_AN_OFFICE
        | OF_THE_ASKER
        | OF_A_PERSON
        | INSTALLING
        | PHONE
        | LIVE
        | OF_A_LESSON
        | OF_A_MONTH
        | APPEALS
        | OF_A_STUDENT
        | OF_LEAVE
        | WAY_IN
    )


def test_the_demo_has_one_route_more(notify):
    more = set(every_route(Pages(notify, demo=True).routes())) - set(every_route(Pages(notify).routes()))
    assert more == {("POST", "/sign-in/sample")}


def test_sign_in_providers_have_three_routes_more_for_whoever_comes(notify):
    some = {"cas": object()}
    more = set(every_route(Pages(notify, providers=some).routes())) - set(every_route(Pages(notify).routes()))
    assert more == {
        ("GET", "/sign-in/{provider}"), ("POST", "/sign-in/{provider}"), ("GET", "/sign-in/{provider}/back"),
    }  # fmt: skip


@pytest.mark.parametrize("person", PEOPLE)
def test_pages(person, notify, browser_of):
    at = At(browser_of, notify, person)
    for (method, path), seen in PAGES.items():
        found = at.status(method, path)
        if person in SIGNED_IN:
            assert found == (200 if person in seen else 404), path
        else:
            assert found == (303 if method == "GET" else 403), path


@pytest.mark.parametrize("person", PEOPLE)
def test_what_is_ones_own(person, notify, browser_of, rows):
    at = At(browser_of, notify, person)
    for method, path in sorted(OF_ONESELF):
        assert at.status(method, path, person="tutor") in ((303, 422) if person in SIGNED_IN else (403,)), path
    mine = {person} if person in SIGNED_IN else set()
    assert {row["person"] for row in rows(notify, "SELECT person FROM own_choice")} == mine


def expected(person, method, seen):
    if person not in SIGNED_IN:
        return 303 if method == "GET" else 403
    if person not in seen:
        return 404
    return 200 if method == "GET" else 303


@pytest.mark.parametrize("person", PEOPLE)
def test_warnings(person, notify, browser_of):
    form = {"measure": "x", "due": "2026-12-01", "reason": "fixed", "verdict": "useful", "seen": "1", "helped": "yes"}
    form |= {"note": "x", "day": "2026-11-23", "way": "phone", "agreed": "x"}
    at = At(browser_of, notify, person)
    for name in OF:
        form["to"] = "recipient" if person != "recipient" else "colleague"
        form["office"] = "quality_office"
        seen = SEEN[name] | {"recipient"} | ({"major_head"} if name in MAJOR_HEAD_TOO else set())
        for method, path in sorted(
            OF_A_WARNING, key=lambda route: route[1].endswith(("look-back", "close")) + route[1].endswith("close")
        ):
            address = path.replace("{id}", warning(name).warning_id)
            found = at.status(method, address, **form)
            if person == "recipient" and (method, path) == ("POST", "/warnings/{id}/hand-over"):
                assert found == 422, name  # they see it, and a colleague of nobody may not take it
                continue
            wanted = expected(person, method, seen)
            nothing_to_undo = path.endswith("undo") and wanted == 303
            assert found == (409 if nothing_to_undo else wanted), (name, method, path)


@pytest.mark.parametrize("person", PEOPLE)
def test_a_referral_is_answered_by_its_office_which_sees_that_warning_alone(person, notify, browser_of):
    at, mine = At(browser_of, notify, person), warning("a student").warning_id
    assert notify.referrals.refer("tutor", mine, "quality_office", "?") is None
    office = person == "quality"
    for name in OF:
        one = warning(name).warning_id
        told = {"recipient"} | ({"major_head"} if name in MAJOR_HEAD_TOO else set())
        seen = SEEN[name] | told | ({"quality"} if one == mine else set())
        for page in ("", "/referral", "/talk", "/notice"):
            assert at.status("GET", f"/warnings/{one}{page}") == expected(person, "GET", seen), (name, page)
        if office and one == mine:
            for act in ("acknowledge", "improve", "close", "judge", "hand-over", "refer"):
                assert at.status("POST", f"/warnings/{one}/{act}", **OFFICE_FORM) in (409, 422), act
        for act in ("accept", "answer", "refuse"):
            wanted = expected(person, "POST", seen)
            if wanted == 303 and (not office or act == "refuse"):
                wanted = 409  # seen, and not before their office; or answered already
            assert at.status("POST", f"/warnings/{one}/referral/{act}", **OFFICE_FORM) == wanted, (name, act)
        wanted = expected(person, "POST", seen)
        if wanted == 303 and not (person == "tutor" and one == mine):
            wanted = 409  # seen, and asked by somebody else
        assert at.status("POST", f"/warnings/{one}/referral/take-back", **OFFICE_FORM) == wanted, name
    states = {"answered"} if office else {"taken_back"} if person == "tutor" else {"waiting"}
    with notify.database.reading() as connection:
        assert {row[0] for row in connection.exec_driver_sql("SELECT state FROM referral")} == states


OFFICE_FORM = {
    "referral": "1", "answer": "done", "why": "not ours", "measure": "x", "due": "2026-12-01", "verdict": "useful",
    "to": "tutor", "seen": "1", "office": "quality_office", "note": "x",
}  # fmt: skip


@pytest.mark.parametrize("person", PEOPLE)
def test_inboxes(person, notify, browser_of):
    at = At(browser_of, notify, person)
    for whose in PEOPLE:
        seen = {whose} | ({"stand_in"} if whose == "away" else set())
        assert at.status("GET", f"/inbox/{whose}") == expected(person, "GET", seen), whose
        for act in ("acknowledge", "hand-over", "undo"):
            tried = at.status("POST", f"/inbox/{whose}/{act}")  # without a tick: nothing is done
            assert tried == (422 if person in SIGNED_IN & seen else expected(person, "POST", set())), whose


STUDENTS = {
    "student": LOOK_AFTER | {"head", "teacher"},
    "s2": {"stand_in", "other_head"},
    "gone": set(),
    "nobody-knows": set(),
    "tutor": set(),
}
"""Whose page whom shows it; `gone` has left."""


@pytest.mark.parametrize("themselves", [False, True])
@pytest.mark.parametrize("person", PEOPLE)
def test_students(person, themselves, notify, browser_of):
    notify.config = replace(notify.config, student_pages=themselves)
    at = At(browser_of, notify, person)
    for student, seen in STUDENTS.items():
        mine = {student} if themselves and student == "student" else set()
        for method, path in OF_A_STUDENT:
            found = at.status(method, path.replace("{id:path}", student))
            assert found == expected(person, method, seen | mine), student


def test_what_is_not_yours_leaves_a_line_and_what_is_leaves_none(notify, browser_of, rows):
    address = warning("a student").warning_id
    for person in ("tutor", "other_teacher", "student", "nobody"):
        At(browser_of, notify, person).status("GET", f"/warnings/{address}")
        At(browser_of, notify, person).status("POST", f"/warnings/{address}/acknowledge")
    At(browser_of, notify, "tutor").status("GET", "/warnings/none")
    At(browser_of, notify, "tutor").status("GET", "/inbox/head")
    At(browser_of, notify, "tutor").status("GET", "/set-aside")
    At(browser_of, notify, "tutor").status("GET", "/students/s2")
    At(browser_of, notify, "tutor").status("GET", "/students/student")
    lines = rows(notify, "SELECT person, what, why, at FROM access ORDER BY id")
    assert [(one["person"], one["what"], one["why"]) for one in lines] == [
        ("other_teacher", f"warning {address}", "not_yours"),
        ("other_teacher", f"act on warning {address}", "not_yours"),
        ("student", f"warning {address}", "not_yours"),
        ("student", f"act on warning {address}", "not_yours"),
        ("tutor", "inbox head", "not_yours"),
        ("tutor", "set_aside", "not_yours"),
        ("tutor", "student s2", "not_yours"),
    ]
    assert lines[0]["at"] == int(AT.timestamp() * 1000)


def test_whoever_sees_a_case_opens_its_parts(notify, browser_of):
    part = warning("a student in a course").warning_id
    assert At(browser_of, notify, "colleague").status("GET", f"/warnings/{part}") == 404
    case = msgspec.structs.replace(warning("a student"), warning_id="case", rule="case")
    notify.take_in([msgspec.structs.replace(case, facts=msgspec.structs.replace(case.facts, warning_id="case"))], 2)
    with notify.database.writing() as connection:
        connection.exec_driver_sql("UPDATE warning SET mutes = 'S2 S3' WHERE id = 'case'")
        connection.exec_driver_sql(f"UPDATE warning SET \"row\" = 'S2' WHERE id = '{part}'")
        ((number,),) = connection.exec_driver_sql("SELECT number FROM warning WHERE id = 'case'").fetchall()
        connection.exec_driver_sql(
            f"INSERT INTO recipient (warning, person, role, is_open, rank, opened_at)"
            f" VALUES ({number}, 'colleague', 'x', 1, 2, 0)"
        )
    assert At(browser_of, notify, "colleague").status("GET", "/warnings/case") == 200
    assert At(browser_of, notify, "colleague").status("GET", f"/warnings/{part}") == 200
    of_another = warning("a student of one who is away").warning_id
    assert At(browser_of, notify, "colleague").status("GET", f"/warnings/{of_another}") == 404


@pytest.mark.parametrize("person", ["operator", "tutor", "nobody"])
def test_whatever_is_answered_may_be_framed_read_otherwise_or_kept_by_nobody(person, notify, browser_of):
    """Every page, whoever asks, and whether there is one."""
    browser = browser_of(notify, None if person == "nobody" else person)
    seen = set()
    routes = sorted((set(PAGES) | OF_A_WARNING | OF_A_PERSON | WITHOUT_SIGN_IN) - {("MOUNT", "/static")})
    for method, route in routes:
        path = route.replace("{id}", warning("a student").warning_id).replace("{person:path}", "tutor")
        answer = browser.get(path.replace("{link}", "none")) if method == "GET" else browser.post(path, token="none")
        if route in ("/metrics", "/healthz") or answer.status_code == 303:
            continue
        seen.add(answer.status_code)
        kept = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(kept), (
            path
        )
        assert not any(word in answer.headers["content-security-policy"] for word in ("unsafe", "*", "http"))
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "same-origin", path
        assert answer.headers["cache-control"] == "no-store", path
    assert seen >= ({403, 404} if person == "nobody" else {200, 403, 404})
