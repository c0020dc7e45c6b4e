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
    prewarn(home, "accounts", "add", "anna", "--operator")
    assert "operator" in prewarn(home, "accounts", "list").stdout
    assert prewarn(home, "accounts", "remove", "anna").returncode == 0
    assert prewarn(home, "accounts", "list").stdout == ""


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
