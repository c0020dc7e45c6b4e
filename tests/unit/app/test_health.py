"""/healthz of `prewarn run`: a broken edit does not look well, though nothing stands still."""

import asyncio
import shutil
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette

from services.app.embedded import Embedded
from services.app.embedded_routes import embedded_routes
from services.errors import DirectoryError, RuleError
from services.settings import Settings
from tests.rule_files import folder, rule


@pytest.fixture
def college(tmp_path):
    folder(tmp_path / "rules", rule())
    with Embedded(Settings(home=tmp_path)) as embedded:
        yield embedded


def health(college):
    async def asked():
        transport = httpx.ASGITransport(Starlette(routes=embedded_routes(college)))
        async with httpx.AsyncClient(transport=transport, base_url="http://prewarn") as client:
            return await client.get("/healthz")

    return asyncio.run(asked())


def test_a_broken_edit_is_named_until_it_is_mended(college, tmp_path):
    assert health(college).text == "ok"
    (tmp_path / "rules" / "rules.yaml").write_text("rules: [", "utf-8")
    college.files.look()
    found = health(college)
    assert (found.status_code, found.text.splitlines()[0]) == (200, "degraded")
    assert "rules not used, what was active stays active" in found.text
    assert "1 errors, rules.yaml:1:9: not valid YAML" in found.text
    folder(tmp_path / "rules", rule())
    college.files.look()
    assert health(college).text == "ok"


def test_a_broken_directory_is_named_too(college, tmp_path):
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "people.csv").write_text("id,nmae\nanna,Anna\n", "utf-8")
    college.files.look()
    assert "directory not used" in health(college).text


def test_a_disk_that_is_full_is_not_well_before_anything_has_failed(college, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    found = health(college)
    assert (found.status_code, found.text.split(":")[0]) == (503, "the disk is full")


def test_a_folder_that_is_gone_is_another_college_neither_now_nor_at_the_next_start(college, tmp_path):
    (tmp_path / "rules").rename(tmp_path / "elsewhere")
    college.files.look()
    assert "rules not used" in health(college).text
    with Embedded(Settings(home=tmp_path)) as next_start, pytest.raises(RuleError, match="put the folder back"):
        next_start.try_evaluating()
    (tmp_path / "elsewhere").rename(tmp_path / "rules")
    college.files.look()
    assert health(college).text == "ok"


def test_a_directory_that_is_gone_is_not_one_of_nobody_at_the_next_start(tmp_path):
    folder(tmp_path / "rules", rule())
    (tmp_path / "directory").mkdir()
    Embedded(Settings(home=tmp_path)).stop()
    (tmp_path / "directory").rename(tmp_path / "elsewhere")
    with pytest.raises(DirectoryError, match="there is no such folder"):
        Embedded(Settings(home=tmp_path))
