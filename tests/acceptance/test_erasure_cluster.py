"""Somebody leaves, is handed their data and erased, while a whole cluster runs on a real broker and PostgreSQL."""

import json
import zipfile
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from services.app.cluster.directory import published_directory
from services.log.kafka import EVENTS, REJECTED
from tests.acceptance.test_cluster import answers, command, post
from tests.cluster import Cluster
from tests.faults.kinds import until
from tests.faults.running import free_port, receiving, write_table
from tests.rule_files import folder, rule

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

SUE, NAME, TOM = "20260117", "苏晓梅", "20260118"
NOW = datetime.now(UTC)
ABSENT = rule("absent", by="[student]", levels="{at_least: {yellow: 1, red: 3}}", notify="{to: class_tutor}")


def absence(n, student, **more):
    return {
        "specversion": "1.0", "source": "lessons", "id": f"a{n}", "type": "attendance",
        "time": (NOW - timedelta(days=2) + timedelta(seconds=n)).isoformat(),
        "data": {"lesson": f"l{n}", "student": student, "status": "absent", "class": "m1"} | more,
    }  # fmt: skip


@pytest.fixture
def people(tmp_path):
    def write(channel, until_day=""):
        place = tmp_path / "people"
        write_table(place, "people.csv", "id,name,channel", [("anna", "Anna", channel)])
        write_table(place, "classes.csv", "id,name", [("m1", "M1")])
        write_table(place, "students.csv", "id,name,class,to", [(SUE, NAME, "m1", until_day), (TOM, "Tom", "m1", "")])
        write_table(place, "roles.csv", "role,person,scope_kind,scope", [("class_tutor", "anna", "class", "m1")])
        return place

    return write


@pytest.fixture
def cluster(broker, tmp_path):
    with Cluster(broker, "erasure.", folder(tmp_path / "rules", ABSENT), tmp_path) as cluster:
        yield cluster


def everything_in(url):
    """All rows of all tables, as text."""
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {name: repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()) for (name,) in names}


def test_who_has_left_is_handed_out_and_erased_while_the_cluster_runs(cluster, people, postgres, tmp_path):
    url = postgres.database()
    way_in, pages = free_port(), free_port()

    def run(*arguments):
        home, rules = tmp_path, cluster.settings.rules
        more = {"PREWARN_DATABASE_URL": url, "PREWARN_HOME": str(home), "PREWARN_RULES": str(rules)}
        return command(cluster, *map(str, arguments), **more)

    def warnings():
        told = map(json.loads, run("warnings", "--json").splitlines())
        return {one["subject"]: one["status"] for one in told}

    with receiving() as receiver:
        run("directory", "publish", people(receiver.url))
        cluster.start("ingest", port=way_in, past="false", database_url=url)
        cluster.start("route", past="false"), cluster.start("evaluate", past="false")
        cluster.start("notify", port=pages, database_url=url)
        until(lambda: answers(way_in) and answers(pages))
        assert post(way_in, [absence(1, SUE), absence(2, TOM)])[0] == 202
        until(lambda: warnings() == {SUE: "open", TOM: "open"} and receiver.pushes, said=cluster.said)
        run("directory", "publish", people(receiver.url, f"{NOW - timedelta(days=1):%Y-%m-%d}"))
        until(lambda: warnings() == {SUE: "resolved", TOM: "open"}, said=lambda: (warnings(), cluster.said()))

        run("person", "export", SUE, "--to", tmp_path / "sue.zip")
        with zipfile.ZipFile(tmp_path / "sue.zip") as archive:
            held = {name: archive.read(name).decode() for name in archive.namelist()}
        assert [one["status"] for one in json.loads(held["warnings.json"])] == ["resolved"]
        assert json.loads(held["messages.json"])
        assert json.loads(held["records.json"])
        assert NAME in held["index.zh.html"]

        assert "campus.events" in run("person", "erase", SUE, "--dry-run")
        assert SUE in str(everything_in(url))
        run("person", "erase", SUE, "--reason", "asked for it", "--author", "Data office", "--yes")
        (line,) = run("person", "erased").splitlines()
        pseudonym = next(word for word in line.split() if word.startswith("gone-"))
        assert warnings() == {pseudonym: "resolved", TOM: "open"}
        named = {name for name, rows in everything_in(url).items() if SUE in rows or NAME in rows}
        assert named == set()
        in_use = published_directory(cluster.settings, "Asia/Shanghai").value()
        assert {one.id for one in in_use.tables.students} == {pseudonym, TOM}

        before = sum(cluster.ends(EVENTS).values())
        beside = {"period": "2026-10", "course": "art", "teacher": "anna", "student": TOM, "overall": "good"}
        comment = absence(5, TOM) | {"type": "assessment", "data": beside | {"comment": f"常与{SUE}一起旷课"}}
        status, answer = post(way_in, [absence(3, SUE), absence(4, TOM), comment])
        assert (status, answer["accepted"], len(answer["rejected"])) == (202, 1, 2)
        assert "erased" in str(answer["rejected"][1])
        kept = b"".join(value for _, value in cluster.values(REJECTED))
        assert SUE.encode() not in kept
        assert kept.count(b"names somebody who was erased") == 2
        until(lambda: sum(cluster.ends(EVENTS).values()) > before)
        assert warnings() == {pseudonym: "resolved", TOM: "open"}
        assert any(SUE.encode() in value for _, value in cluster.values(EVENTS)), "as the command says: Kafka keeps it"
        assert answers(way_in)
        assert answers(pages)
