"""LDAP: against a real server (slapd), plain and by TLS, and against one that answers rubbish."""

import asyncio
import json
import socket
import threading
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

from services.accounts.providers.ldap import Ldap, Server
from services.errors import SignInError
from tests.sign_in import PEOPLE, STAFF
from tests.sign_in.slapd import BASE, SEARCHER, SEARCHER_PASSWORD, certificates

PASSWORD = PEOPLE["t1"]
pytestmark = [pytest.mark.sign_in, pytest.mark.skipif(find_spec("ldap") is None, reason="python-ldap is missing")]


def ldap(server, **more):
    settings = {"url": server.url, "base": BASE, "bind": SEARCHER, "bind_password": SEARCHER_PASSWORD} | more
    return Ldap(Server(**settings), server.ca)


def checked(tested, name="t1", password=PASSWORD):
    return asyncio.run(tested.check(name, password))


DIRECT = f"uid={{name}},{BASE}"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        pytest.param({}, "t1", id="found, then bound"),
        pytest.param({"bind": DIRECT}, "t1", id="bound at once"),
        pytest.param({"attribute": "employeenumber"}, STAFF["t1"], id="by another attribute, in whatever case"),
    ],
)
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_a_person_signs_in_at_a_real_server(ldap_server, more, name, encrypted):
    assert checked(ldap(ldap_server, **({"url": ldap_server.tls_url} if encrypted else {}) | more)) == name


@pytest.mark.parametrize("bind", [SEARCHER, DIRECT], ids=["found", "at once"])
@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("t1", "wrong", id="wrong password"),
        pytest.param("t1", "", id="empty password, an anonymous bind"),
        pytest.param("t1", "correct horse\0", id="a password that C would cut off"),
        pytest.param("t1", "x" * 100_000, id="a very long password"),
        pytest.param("t1\0", PASSWORD, id="a name that C would cut off"),
        pytest.param("", PASSWORD, id="empty name"),
        pytest.param("absent", PASSWORD, id="nobody"),
        pytest.param("*", PASSWORD, id="star"),
        pytest.param("t1)(uid=*", PASSWORD, id="filter"),
        pytest.param("t*", PASSWORD, id="beginning"),
        pytest.param("t1,ou=people", PASSWORD, id="dn"),
        pytest.param("t1+cn=x", PASSWORD, id="second part of a dn"),
        pytest.param("t1\\", PASSWORD, id="backslash"),
        pytest.param("\\74\\31", PASSWORD, id="escaped letters"),
    ],
)
def test_what_is_not_right_is_nobody(ldap_server, bind, name, password):
    assert checked(ldap(ldap_server, bind=bind), name, password) is None


@pytest.mark.parametrize("bind", [SEARCHER, DIRECT], ids=["found", "at once"])
def test_a_name_of_special_characters_is_that_name(ldap_server, bind):
    assert checked(ldap(ldap_server, bind=bind, attribute="employeeNumber"), "o,(r*)+i", "pass") == "7"


@pytest.mark.parametrize("name", ["t1@other.example#", "COLLEGE\\t1", "t1 ", "é"])
def test_a_name_at_a_domain_has_no_characters_that_mean_something(name):
    """As Active Directory takes names; slapd knows none such."""
    from services.accounts.providers import ldap_child  # noqa: PLC0415 - needs python-ldap

    assert ldap_child._bound_name("{name}@college.example", "t1.a-b_c") == "t1.a-b_c@college.example"
    with pytest.raises(ldap_child._RefusedError):
        ldap_child._bound_name("{name}@college.example", name)


@pytest.mark.parametrize(
    ("more", "name", "what"),
    [
        pytest.param({"bind_password": "wrong"}, "t1", "refuses cn=prewarn", id="searcher refused"),
        pytest.param({"bind": "", "bind_password": ""}, "t1", "INAPPROPRIATE_AUTH", id="nobody may search"),
        pytest.param({"base": "ou=none,dc=college,dc=example"}, "t1", "no entry ou=none", id="no such base"),
        pytest.param({"filter": "(cn={name})"}, "twin", "several people", id="several"),
        pytest.param({"attribute": "employeeNumber"}, "bare", "`employeeNumber`", id="no such attribute"),
        pytest.param({"filter": "(cn={name}"}, "t1", "FILTER_ERROR", id="filter that is none"),
    ],
)
def test_what_the_operator_must_mend_is_said(ldap_server, more, name, what):
    with pytest.raises(SignInError, match=what) as raised:
        checked(ldap(ldap_server, **more), name, {"bare": "bare", "twin": "twin"}.get(name, PASSWORD))
    assert raised.value.why == "provider"
    assert SEARCHER_PASSWORD not in str(raised.value)


def test_a_certificate_of_nobody_known_is_refused(ldap_server, tmp_path):
    certificates(tmp_path)  # of another authority of the same name
    tested = Ldap(Server(ldap_server.tls_url, BASE, SEARCHER, SEARCHER_PASSWORD), tmp_path / "ca.pem")
    with pytest.raises(SignInError, match="SERVER_DOWN"):
        checked(tested)


@pytest.mark.parametrize(
    ("known", "answer"), [(True, {"name": "t1"}), (False, {"wrong": ["ldap_error", "CONNECT_ERROR"]})]
)
def test_a_plain_address_of_another_machine_is_encrypted_by_starttls(ldap_server, tmp_path, known, answer):
    certificates(tmp_path)
    ca = ldap_server.ca if known else tmp_path / "ca.pem"
    request = {
        "url": ldap_server.url, "base": BASE, "bind": DIRECT, "bind_password": "", "filter": "(uid={name})",
        "attribute": "uid", "name": "t1", "password": PASSWORD, "ca": str(ca), "seconds": 10, "start_tls": True,
    }  # fmt: skip
    assert json.loads(asyncio.run(ldap(ldap_server)._child(json.dumps(request).encode()))) == answer


def test_the_check_looks_for_somebody_whom_nobody_has(ldap_server):
    found = asyncio.run(ldap(ldap_server).would_work())
    assert (found.id, found.parameters["base"]) == ("providers.ldap_works", BASE)


def test_no_password_is_in_what_is_shown(ldap_server):
    tested = ldap(ldap_server)
    assert SEARCHER_PASSWORD not in repr(vars(tested))


@contextmanager
def answering(content):
    """A server that says this to whoever comes, again and again; nothing: it waits."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def one(connection):
        with connection:
            try:
                while not over.wait(0 if content else 0.05):
                    if content:
                        connection.sendall(content)
            except OSError:
                pass

    def serve():
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="never"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n<html>", id="html"),
        pytest.param(b"\x30\x84\x7f\xff\xff\xff" + b"x" * 65536, id="a message of 2 GB"),
        pytest.param(b"\x30\x84\x00\x98\x96\x80" + b"x" * 10_000_000, id="10 MB"),
    ],
)
@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_server_that_answers_rubbish_is_given_up(content, scheme):
    with answering(content) as place:
        tested = Ldap(Server(f"{scheme}://{place}", BASE, SEARCHER, SEARCHER_PASSWORD), seconds=2)
        with pytest.raises(SignInError) as raised:
            checked(tested)
    assert raised.value.why == "provider"


def test_nobody_there_is_one_sentence():
    tested = Ldap(Server("ldap://127.0.0.1:9", BASE), seconds=5)
    with pytest.raises(SignInError, match="SERVER_DOWN"):
        checked(tested)
