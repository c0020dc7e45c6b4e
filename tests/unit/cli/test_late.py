"""What the rules do not hold any more is said to whoever hands it in, by command and by HTTP, and named by `why`."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from services.app.embedded import Embedded
from services.app.embedded_routes import embedded_routes
from services.cli import app
from services.settings import Settings
from tests.rule_files import folder, rule

NOW = datetime.now(UTC).replace(microsecond=0)
CALENDAR = "time_zone: Asia/Shanghai\nterms: [{{id: t, from: {from_}, to: {to}}}]\n"


def calendar(days):
    """Of a term that began so many days ago."""
    return CALENDAR.format(from_=(NOW - timedelta(days=days)).date(), to=(NOW + timedelta(days=60)).date())


def absences(*days_ago, status="absent", student="s1"):
    return [
        {"specversion": "1.0", "source": "app", "type": "attendance", "id": f"a{n}",
         "time": (NOW - timedelta(days=n)).isoformat(),
         "data": {"lesson": f"l{n}", "student": student, "status": status}}
        for n in days_ago
    ]  # fmt: skip


@pytest.fixture
def home(tmp_path):
    folder(tmp_path / "home" / "rules", rule("r", levels="{at_least: {yellow: 2}}"), calendar=calendar(40))
    return tmp_path / "home"


@pytest.fixture
def prewarn(home):
    def run(*arguments):
        found = CliRunner().invoke(app, ["--home", str(home), *map(str, arguments)])
        assert found.exit_code == 0, found.output
        return found.output

    return run


@pytest.fixture
def ingest(home, prewarn):
    def ingest(events):
        file = home / "events.ndjson"
        file.write_text("\n".join(map(json.dumps, events)), "utf-8")
        return prewarn("ingest", file)

    return ingest


def test_the_command_says_how_many_records_came_too_late_for_the_rules(ingest):
    assert "迟到" not in ingest(absences(1, 39))  # of the running term, however old
    told = ingest(absences(50, 60, 70))
    assert "late 迟到 3: records are about a time that the rules do not hold any more" in told
    assert "条记录所涉时间已超出规则保留的范围" in told
    assert "迟到" not in ingest(absences(50, 60, 70)), "they are known"


def test_a_slip_for_lessons_that_no_rule_holds_is_told_like_them(ingest):
    ingest(absences(100))
    ingest(absences(1))
    begin, end = (NOW - timedelta(days=n) for n in (101, 99))
    data = {"leave": "x", "student": "s1", "from": begin.isoformat(), "to": end.isoformat(), "status": "granted"}
    slip = {"specversion": "1.0", "source": "app", "type": "leave", "id": "x", "time": NOW.isoformat(), "data": data}
    assert "late 迟到 1" in ingest([slip])


def test_why_names_it(ingest, prewarn, home):
    ingest(absences(1))
    ingest(absences(50, 60))
    told = prewarn("why", "s1", "--rule", "r", "--language", "en")
    assert "attendance app a60 came too late and was put aside: no rule holds that time any more" in told
    assert "not_reached" in told
    (home / "rules" / "calendar.yaml").write_text(calendar(90), "utf-8")  # which nobody has evaluated by
    found = json.loads(prewarn("why", "s1", "--rule", "r", "--json"))
    (answer,) = found["answers"]
    assert (answer["status"], answer["stage"], answer["reason"]) == ("open", "rules", "late")
    assert [one["record"] for one in found["late"]] == ["app a60", "app a50"]


@pytest.fixture
def post(home):
    with Embedded(Settings(home=home)) as embedded:
        embedded.start_evaluating()
        transport = httpx.ASGITransport(Starlette(routes=embedded_routes(embedded)))

        async def send(events):
            async with httpx.AsyncClient(transport=transport, base_url="http://prewarn") as client:
                return await client.post("/v1/events", json=events)

        yield lambda events: asyncio.run(send(events)).json()


def test_the_answer_by_http_says_it_too(post):
    assert post(absences(1, 39)) == {"accepted": 2, "duplicate": 0, "rejected": []}
    assert post(absences(50, 60, 2)) == {"accepted": 3, "duplicate": 0, "rejected": [], "late": 2}


def test_who_cannot_know_says_nothing(home):
    """Nobody evaluates: an answer that must be waited for is not given."""
    with Embedded(Settings(home=home)) as embedded:
        lateness = embedded.lateness(0)
        embedded.intake.take(json.dumps(absences(1, 50)).encode(), "test")
        assert lateness.count(NOW) == 0, "what all rules hold needs no waiting"
        assert lateness.count(NOW - timedelta(days=50)) is None
        assert lateness.count() is None
