import re

import pytest

from services.app.embedded import Embedded
from services.settings import Settings
from tests.faults.running import prewarn, write_table
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands


@pytest.fixture
def home(tmp_path):
    folder(tmp_path / "rules", rule())
    write_table(tmp_path / "directory", "people.csv", "id,name", [("anna", "Anna")])
    with Embedded(Settings(home=tmp_path)):
        return tmp_path


def test_an_account_is_made_listed_and_removed(home):
    made = prewarn(home, "accounts", "add", "anna")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/link/[\w-]{43}\n", made.stdout), made.stderr
    assert re.search(r"^anna  made .*no password yet", prewarn(home, "accounts", "list").stdout)
    assert "for anna, once, within 24 hours" in made.stderr
    assert "PREWARN_BASE_URL" in made.stderr, "the link opens on this machine alone"
    prewarn(home, "accounts", "add", "anna", "--operator")
    assert "operator" in prewarn(home, "accounts", "list").stdout
    assert prewarn(home, "accounts", "remove", "anna").returncode == 0
    assert prewarn(home, "accounts", "list").stdout == ""


def test_the_list_marks_who_is_not_there_any_more(home):
    for arguments in (("anna",), ("root", "--operator")):
        prewarn(home, "accounts", "add", *arguments)
    first = prewarn(home, "accounts", "list").stdout.splitlines()
    assert [line.split(" ")[0] for line in first if not line.startswith(" ")] == ["anna", "root"]
    assert not first[1].startswith(" "), "anna is there"
    assert "signs in as the operator all the same" in first[2]
    write_table(home / "directory", "people.csv", "id,name,to", [("anna", "Anna", "2020-01-31")])
    later = prewarn(home, "accounts", "list").stdout.splitlines()
    assert "not in the directory today: cannot sign in" in later[1]
    assert "今天不在名册中，不能登录" in later[2]


def test_an_operator_whom_the_directory_does_not_know_is_told_of(home):
    told = prewarn(home, "accounts", "add", "ana", "--operator")
    assert "ana is nobody of the directory" in told.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "nobody"), "the directory knows nobody called nobody"),
        (("remove", "nobody"), "nobody has no local account"),
        (("add", "a\nb"), "this is no id"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(arguments, said, home):
    told = prewarn(home, "accounts", *arguments)
    assert told.returncode == 1
    assert said in told.stderr
