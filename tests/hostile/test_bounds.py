"""Each door asks one place what a text, an id, a day may be: what no layer behind it can hold is refused there."""

import asyncio
import json

import httpx
import pytest
from typer.testing import CliRunner

from services import bounds
from services.app.embedded import Embedded
from services.app.embedded_routes import embedded_routes
from services.app.serving import application
from services.cli import app
from services.directory import load as load_directory
from services.errors import ConfigurationError, PrewarnError, SettingError
from services.rules.language.load import load
from services.settings import Settings, read_settings, resource
from tests.rule_files import CALENDAR, folder, rule
from tests.what_counts import absence

TEXTS = {"zero": "a\0b", "escape": "a\x1b[2J", "half a character": "a\udcff", "delete": "a\x7f"}
CODES = {"zero": "U+0000", "escape": "U+001B", "half a character": "U+DCFF", "delete": "U+007F"}
LONG = "x" * (bounds.LONGEST_TEXT + 1)


def yaml(text):
    return json.dumps(text)


def rules(tmp_path, text, **fields):
    places = {name: one.replace("TEXT", yaml(text)) for name, one in fields.items()}
    calendar = places.pop("calendar", CALENDAR)
    standards = places.pop("standards", "")
    load(folder(tmp_path, rule(**places), standards=standards, calendar=calendar), resource("schemas"))


def in_rules(**fields):
    return lambda tmp_path, text, _: rules(tmp_path, text, **fields)


def in_directory(table, row):
    def tried(tmp_path, text, _):
        (tmp_path / f"{table}.yaml").write_text("- " + row.replace("TEXT", yaml(text)), "utf-8")
        load_directory(tmp_path)

    return tried


def in_csv(tmp_path, text, _):
    (tmp_path / "people.csv").write_bytes(f"id,name\np1,{text}\n".encode("utf-8", "surrogatepass"))
    load_directory(tmp_path)


def in_setting(name):
    def tried(_, text, monkeypatch):
        monkeypatch.setenv(name, text)
        read_settings(None)

    return tried


def in_command(*words):
    def tried(tmp_path, text, _):
        found = CliRunner().invoke(app, ["--home", str(tmp_path), *(one.replace("TEXT", text) for one in words)])
        assert found.exit_code == 1
        raise found.exception

    return tried


SILENCE = ("silences", "add", "--until", "2026-12-01")
DOORS = {
    "title of a rule": (in_rules(title="{zh: TEXT, en: one}"), "rules.yaml:3:"),
    "message of a rule": (in_rules(message="{zh: 一, en: TEXT}"), "rules.yaml:9:"),
    "id of a rule": (in_rules(ident="TEXT"), "rules.yaml:2:"),
    "condition of a rule": (in_rules(measure="{count: TEXT}"), "rules.yaml:6:"),
    "id of a standard": (in_rules(standards="- {id: TEXT}"), "standards/student.yaml:2:"),
    "calendar": (in_rules(calendar="time_zone: TEXT"), "calendar.yaml:1:"),
    "name in the directory": (in_directory("people", "{id: p1, name: TEXT}"), "people.yaml:1:"),
    "address in the directory": (in_directory("people", "{id: p1, name: N, channel: TEXT}"), "people.yaml:1:"),
    "id in the directory": (in_directory("people", "{id: TEXT, name: N}"), "people.yaml:1:"),
    "name in a CSV of the directory": (in_csv, "people.csv"),
    **{
        f"setting {name}": (in_setting(name), name)
        for name in (
            "PREWARN_HOME", "PREWARN_RULES", "PREWARN_DATABASE_URL", "PREWARN_HOST", "PREWARN_BASE_URL",
            "PREWARN_HOSTS", "PREWARN_MAIL", "PREWARN_QUIET", "PREWARN_NAMES", "PREWARN_BROKERS",
            "PREWARN_TOPIC_PREFIX",
        )
    },
    "author of a silence": (in_command(*SILENCE, "--comment", "c", "--rule", "r", "--author", "TEXT"), "--author"),
    "comment of a silence": (in_command(*SILENCE, "--author", "a", "--rule", "r", "--comment", "TEXT"), "--comment"),
    "rule of a silence": (in_command(*SILENCE, "--author", "a", "--comment", "c", "--rule", "TEXT"), "--rule"),
    "subject of a silence": (in_command(*SILENCE, "--author", "a", "--comment", "c", "--subject", "TEXT"), "--subject"),
    "reason of a publication": (in_command("rules", "publish", "f", "--author", "a", "--reason", "TEXT"), "--reason"),
    "author of a publication": (in_command("rules", "publish", "f", "--reason", "r", "--author", "TEXT"), "--author"),
    "rules to put live": (in_command("rules", "live", "r1", "TEXT"), "RULE"),
    "why": (in_command("why", "TEXT"), "SUBJECT"),
    "coverage of a file": (in_command("ingest", __file__, "--covers", "TEXT"), "--covers"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("door", "bad"),
    # No variable of the environment can hold a zero.
    [(door, bad) for door in DOORS for bad in [*TEXTS, "too long"] if (door[:8], bad) != ("setting ", "zero")],
)
def test_a_text_that_nothing_can_hold_is_refused_at_the_door(door, bad, tmp_path, monkeypatch):
    try_it, place = DOORS[door]
    with pytest.raises(PrewarnError) as raised:
        try_it(tmp_path, TEXTS.get(bad, LONG), monkeypatch)
    said = str(raised.value)
    assert place in said
    assert "expected: " in said
    # A reader of CSV names bytes that are no UTF-8 itself.
    assert (CODES[bad] if bad in CODES else f"too long: {len(LONG)}") in said or (door, bad) == (
        "name in a CSV of the directory",
        "half a character",
    )


@pytest.mark.parametrize("name", ["PREWARN_MAIL", "PREWARN_DATABASE_URL"])
def test_a_setting_that_is_refused_does_not_show_its_password(name, monkeypatch):
    monkeypatch.setenv(name, "mailtos://user:secret@host\x1b")
    with pytest.raises(SettingError, match=name) as raised:
        read_settings(None)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("address", ["mailto://a%00b@c.example", "json://h/%0d%0aX", "json://h/%1b"])
def test_what_an_address_names_by_percent_signs_is_asked_for_too(address, tmp_path, monkeypatch):
    with pytest.raises(PrewarnError, match=r"people.yaml:1:.*which no text may hold"):
        in_directory("people", "{id: p1, name: N, channel: TEXT}")(tmp_path, address, None)
    monkeypatch.setenv("PREWARN_MAIL", address)
    with pytest.raises(SettingError, match="which no text may hold"):
        read_settings(None)


@pytest.mark.parametrize("id_", ["a\tb", "a\nb", "x" * 129])
def test_an_id_stands_in_one_line_of_128_characters(id_, tmp_path):
    with pytest.raises(PrewarnError, match=r"people.yaml:1:"):
        in_directory("people", "{id: TEXT, name: N}")(tmp_path, id_, None)


def test_a_rule_has_an_id_that_events_can_hold(tmp_path):
    with pytest.raises(PrewarnError, match=r"rules.yaml:2:.*129 characters \(expected: at most 128"):
        rules(tmp_path, "x" * 129, ident="TEXT")


@pytest.mark.parametrize("year", ["1899", "2200", "9999"])
def test_a_day_of_the_calendar_is_one_that_is_worked_with(year, tmp_path):
    with pytest.raises(PrewarnError, match=rf"calendar.yaml:2:.*the year {year}.*1900 to 2199"):
        rules(tmp_path, "", calendar=f"{CALENDAR}terms: [{{id: t, from: {year}-01-01, to: {year}-02-01}}]\n")


@pytest.mark.parametrize("bad", [*TEXTS, "too long"])
def test_an_event_is_refused_by_the_api_and_named(bad, tmp_path):
    folder(tmp_path / "rules", rule())
    event = absence("s1", 0)
    with Embedded(Settings(home=tmp_path)) as college:

        async def sent(**changed):
            transport = httpx.ASGITransport(application(embedded_routes(college), college.settings))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                headers = {"content-type": "application/cloudevents+json"}
                return await client.post("/v1/events", content=json.dumps(event | changed), headers=headers)

        text = TEXTS.get(bad, LONG)
        for changed in ({"id": text}, {"source": text}, {"data": event["data"] | {"student": text}}):
            answer = asyncio.run(sent(**changed))
            assert answer.status_code == 422
            [refused] = answer.json()["rejected"]
            assert all(one["where"] and one["what"] and one["expected"] for one in refused["reasons"])


def test_a_command_takes_texts_that_can_be_held(tmp_path):
    found = CliRunner().invoke(app, ["--home", str(tmp_path), "why", "学生\t1"])
    assert not isinstance(found.exception, ConfigurationError)
