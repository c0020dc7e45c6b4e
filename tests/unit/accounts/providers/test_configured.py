"""Settings of providers: each that is wrong is named with what would be right, all at once, and no secret is shown."""

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from services.accounts.providers.cas import Cas
from services.accounts.providers.configured import providers
from services.accounts.providers.dingtalk import Dingtalk
from services.accounts.providers.oidc import Oidc
from services.accounts.providers.wecom import Wecom
from services.cli import app
from services.errors import ConfigurationError, SettingError
from services.settings import Settings, read_settings

SECRET = SecretStr("s3cret")
OIDC = {"oidc_issuer": "https://id.college.example", "oidc_client_id": "prewarn"}
LDAP = {"ldap_url": "ldaps://ldap.college.example", "ldap_base": "ou=people,dc=college,dc=example"}
WECOM = {"wecom_corp_id": "ww1", "wecom_agent": "1000002", "wecom_secret": SECRET}
DINGTALK = {"dingtalk_app_key": "ding1", "dingtalk_app_secret": SECRET}
CAS = {"cas_url": "https://cas.college.example/cas"}


def wrong(**settings):
    with pytest.raises(SettingError) as raised:
        providers(Settings(**settings))
    return [str(one) for one in raised.value.sentences]


def test_without_settings_there_is_none():
    assert providers(Settings()) == {}


@pytest.mark.parametrize(
    ("settings", "name", "kind"),
    [(OIDC, "oidc", Oidc), (CAS, "cas", Cas), (WECOM, "wecom", Wecom), (DINGTALK, "dingtalk", Dingtalk)],
    ids=["oidc", "cas", "wecom", "dingtalk"],
)
def test_what_is_set_is_there(settings, name, kind):
    [(found, one)] = providers(Settings(**settings)).items()
    assert (found, type(one)) == (name, kind)


def test_several_are_there_together():
    assert list(providers(Settings(**DINGTALK, **CAS, **OIDC))) == ["oidc", "cas", "dingtalk"]


@pytest.mark.parametrize(
    ("settings", "variable", "what"),
    [
        ({"oidc_issuer": "https://id.college.example"}, "PREWARN_OIDC_CLIENT_ID", "missing, as PREWARN_OIDC_ISSUER"),
        (OIDC | {"oidc_issuer": "", "oidc_client_secret": SECRET}, "PREWARN_OIDC_ISSUER", "_CLIENT_SECRET is there"),
        (OIDC | {"oidc_issuer": "http://id.college.example"}, "PREWARN_OIDC_ISSUER", "https://id.college.example"),
        (OIDC | {"oidc_issuer": "id.college.example"}, "PREWARN_OIDC_ISSUER", "https://id.college.example"),
        (OIDC | {"oidc_issuer": "https://a/?b"}, "PREWARN_OIDC_ISSUER", "https://id.college.example"),
        (OIDC | {"oidc_scope": "profile"}, "PREWARN_OIDC_SCOPE", "must hold openid"),
        (OIDC | {"oidc_claim": ""}, "PREWARN_OIDC_CLAIM", "is blank"),
        ({"cas_url": "http://cas.college.example"}, "PREWARN_CAS_URL", "https://cas.college.example/cas"),
        ({"cas_attribute": "number"}, "PREWARN_CAS_URL", "is missing"),
        (CAS | {"cas_attribute": "a/../b"}, "PREWARN_CAS_ATTRIBUTE", "employeeNumber"),
        (LDAP | {"ldap_url": "https://ldap.college.example"}, "PREWARN_LDAP_URL", "ldaps://ldap.college.example"),
        (LDAP | {"ldap_url": "ldap://a:x"}, "PREWARN_LDAP_URL", "ldaps://ldap.college.example"),
        (LDAP | {"ldap_base": "people"}, "PREWARN_LDAP_BASE", "ou=people,dc=college,dc=example"),
        ({"ldap_url": "ldaps://a"}, "PREWARN_LDAP_BASE", "is missing, as PREWARN_LDAP_URL is there"),
        (LDAP | {"ldap_filter": "(uid=t1)"}, "PREWARN_LDAP_FILTER", "(uid={name})"),
        (LDAP | {"ldap_bind": "cn=a,dc=b"}, "PREWARN_LDAP_BIND_PASSWORD", "is blank"),
        (LDAP | {"ldap_attribute": ""}, "PREWARN_LDAP_ATTRIBUTE", "is blank"),
        (WECOM | {"wecom_secret": None}, "PREWARN_WECOM_SECRET", "PREWARN_WECOM_CORP_ID, PREWARN_WECOM_AGENT"),
        ({"dingtalk_app_key": "d"}, "PREWARN_DINGTALK_APP_SECRET", "PREWARN_DINGTALK_APP_KEY is there"),
        (CAS | {"sign_in_ca": "/nowhere.pem"}, "PREWARN_SIGN_IN_CA", "no certificates that can be read"),
        (CAS | {"sign_in_ca": __file__}, "PREWARN_SIGN_IN_CA", "no certificates that can be read"),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_be_right(settings, variable, what):
    [said] = wrong(**settings)
    assert said.startswith(f"{variable} ")
    assert what in said
    assert "s3cret" not in said


def test_all_that_is_wrong_is_told_at_once():
    said = wrong(oidc_issuer="nonsense", cas_url="nonsense", wecom_agent="1")
    assert [one.split(" ")[0] for one in said] == [
        "PREWARN_OIDC_CLIENT_ID", "PREWARN_OIDC_ISSUER", "PREWARN_CAS_URL", "PREWARN_WECOM_CORP_ID",
        "PREWARN_WECOM_SECRET",
    ]  # fmt: skip


def test_a_secret_may_stand_in_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    [wecom] = providers(Settings(**WECOM | {"wecom_secret": None, "wecom_secret_file": file})).values()
    assert wecom._application.secret == "s3cret"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot be read: No such file"), (b"", "the secret alone"), (b"a\nb\n", "the secret alone"),
        (b"\xff\xfe", "cannot be read: UnicodeDecodeError"), (b"x" * 5000, "the secret alone"),
    ],
    ids=["absent", "empty", "two lines", "not a text", "long"],
)  # fmt: skip
def test_a_file_that_holds_no_secret_is_named(tmp_path, content, what):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    [said, *_] = wrong(**OIDC, oidc_client_secret_file=file)
    assert said.startswith(f"PREWARN_OIDC_CLIENT_SECRET_FILE {file}")
    assert what in said


def test_a_secret_twice_is_refused(tmp_path):
    file = tmp_path / "secret"
    file.write_text("other")
    [said] = wrong(**OIDC, oidc_client_secret=SECRET, oidc_client_secret_file=file)
    assert said == "PREWARN_OIDC_CLIENT_SECRET stands beside PREWARN_OIDC_CLIENT_SECRET_FILE; only one of them should"


def test_ldap_without_its_library_says_how_to_have_it(monkeypatch):
    monkeypatch.setattr("services.accounts.providers.ldap.find_spec", lambda _: None)
    [said] = wrong(**LDAP)
    assert "docs/sign-in/ldap.md" in said


def test_a_secret_that_is_unfit_is_not_shown(monkeypatch):
    monkeypatch.setenv("PREWARN_OIDC_CLIENT_SECRET", "s3cret\nmore")
    with pytest.raises(SettingError, match="PREWARN_OIDC_CLIENT_SECRET") as raised:
        read_settings(None)
    assert "s3cret" not in str(raised.value)


def test_settings_do_not_show_secrets():
    assert "s3cret" not in repr(Settings(**WECOM, **DINGTALK, **OIDC, oidc_client_secret=SECRET))


def test_the_check_of_none_says_what_could_be_set():
    found = CliRunner().invoke(app, ["accounts", "check"])
    assert isinstance(found.exception, ConfigurationError)
    assert "PREWARN_CAS_URL" in str(found.exception)


def test_the_check_of_one_that_nobody_answers_for_says_so(monkeypatch):
    monkeypatch.setenv("PREWARN_CAS_URL", "http://127.0.0.1:9/cas")
    found = CliRunner().invoke(app, ["accounts", "check"])
    assert found.exit_code == 1
    assert "cas" in found.output
    assert "cannot be reached" in found.output
    assert "/sign-in/cas/back" not in found.output
    assert "无法连接" in found.output


def test_the_check_of_one_that_works_says_so(monkeypatch, cas_server):
    monkeypatch.setenv("PREWARN_CAS_URL", cas_server.url)
    found = CliRunner().invoke(app, ["accounts", "check"])
    assert (found.exit_code, "INVALID_TICKET" in found.output) == (0, True)
    assert "Whether http://127.0.0.1:8321/sign-in/cas/back is registered there cannot be asked" in found.output
    assert "无法查询对方是否登记了 http://127.0.0.1:8321/sign-in/cas/back" in found.output
