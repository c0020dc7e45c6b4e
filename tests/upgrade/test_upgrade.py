"""What 34562ab wrote (README.md) is all there under its ids, and goes on to the end that it had there."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.upgrade import names, story
from tests.upgrade.installation import InOneProcess
from tests.upgrade.on_kafka import OnKafka, restore

WRITTEN = Path(__file__).parent / "at_34562ab"


def expected(name):
    return json.loads((WRITTEN / f"expected_{name}.json").read_text("utf-8"))


def rows(home):
    """(database, table) → how many."""
    found = {}
    for path in home.glob("*.db"):
        with closing(sqlite3.connect(path)) as db:
            tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
            found |= {(path.name, name): db.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables}
    return found


@pytest.mark.parametrize("written", ["home", "home_of_notify"])
def test_no_row_is_lost(written, tmp_path):
    shutil.copytree(WRITTEN / written, tmp_path / "home")
    before = rows(tmp_path / "home")
    with InOneProcess(tmp_path, quiet=0) as college:
        college.at("tue w3 08:41")
        college.upgrade()
        college.warnings()
    after = rows(tmp_path / "home")
    kept = {place: after.get(names.RENAMED.get(place, place), 0) for place in before}
    assert not {place: (count, kept[place]) for place, count in before.items() if kept[place] < count}


def test_a_home_goes_on_where_34562ab_left_it(tmp_path):
    shutil.copytree(WRITTEN / "home", tmp_path / "home")
    with InOneProcess(tmp_path, quiet=1) as college:
        college.expected = expected("home")
        college.at("tue w3 08:41")
        college.upgrade()
        college.start()
        story.continuation(college)
        assert college.seen.keys() == college.expected.keys()


def test_topics_go_on_where_34562ab_left_them(tmp_path, broker, postgres):
    shutil.copytree(WRITTEN / "home_of_notify", tmp_path / "home")
    restore(broker, "upgrade.", WRITTEN / "topics")
    with OnKafka(tmp_path, quiet=2, broker=broker, prefix="upgrade.", database=postgres.database()) as college:
        college.expected = expected("topics")
        college.at("tue w3 08:41")
        college.upgrade()
        college.start()
        story.continuation(college)
        assert college.seen.keys() == college.expected.keys()
