"""Any id that the directory and the events take works on every page, whatever letters it has."""

import asyncio
from urllib.parse import quote

import httpx
import pytest

from services.app.embedded import Embedded
from services.app.embedded_routes import embedded_routes
from services.app.serving import application
from services.clock import wall_clock
from services.settings import Settings
from services.web.visitor import SESSION
from tests.rule_files import folder, rule
from tests.signing_in import begin_session

IDS = [
    "张三",
    "a/b",
    "a/b/",
    "a b",
    "a%2Fb",
    "a?b",
    "a#b",
    "é",
    "🙂",
    "x" * 128,
    "<b>",
    "a;b",
    "a,b",
    "a=b",
    '"',
    "'",
    "\\",
]


@pytest.fixture(scope="module")
def college(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    folder(home / "rules", rule())
    (home / "directory").mkdir()
    rows = "".join('"{}",N\n'.format(one.replace('"', '""')) for one in IDS)
    (home / "directory" / "people.csv").write_text(f"id,name\n{rows}", "utf-8")
    with Embedded(Settings(home=home)) as embedded:
        yield embedded


def get(college, *paths, person=None):
    """As a person; what raises inside is raised here."""
    cookies = {} if person is None else {SESSION: begin_session(college.notify.database, person, wall_clock())}

    async def asked():
        transport = httpx.ASGITransport(application(embedded_routes(college), college.settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(asked())


@pytest.mark.parametrize("person", IDS)
def test_a_person_has_an_inbox(college, person):
    inbox, warning = get(college, f"/inbox/{quote(person)}", "/warnings/none", person=person)
    assert inbox.status_code == 200
    assert college.files.present_directory().person(person) is not None
    assert warning.status_code == 404


@pytest.mark.parametrize(
    "path", ["/inbox/%00", "/inbox/%ff", "/warnings/%00", "/warnings/../..", "/inbox/", "/static/../notify.db",
             "/reports/effectiveness?from=0001-01-01&to=9999-12-31",
             "/reports/effectiveness?from=9999-12-31&to=9999-12-31",
             "/reports/effectiveness?from=0001-01-01&to=0001-01-01"],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_no_fault(college, path):
    [answer] = get(college, path, person="张三")
    assert answer.status_code < 500
