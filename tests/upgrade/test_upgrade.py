"""What 34562ab wrote (README.md) is all there under its ids, and goes on to the end that it had there."""

import json
import shutil
from pathlib import Path

from tests.upgrade import story
from tests.upgrade.installation import InOneProcess
from tests.upgrade.on_kafka import OnKafka, restore

WRITTEN = Path(__file__).parent / "at_34562ab"


def expected(name):
    return json.loads((WRITTEN / f"expected_{name}.json").read_text("utf-8"))


def test_a_home_goes_on_where_34562ab_left_it(tmp_path):
    shutil.copytree(WRITTEN / "home", tmp_path / "home")
    with InOneProcess(tmp_path, quiet=1) as college:
        college.expected = expected("home")
        college.at("tue w3 08:41")
        college.upgrade()
        college.start()
        story.continuation(college)
        assert college.seen.keys() == college.expected.keys()


def test_topics_go_on_where_34562ab_left_them(tmp_path, broker):
    shutil.copytree(WRITTEN / "home_of_notify", tmp_path / "home")
    restore(broker, "upgrade.", WRITTEN / "topics")
    with OnKafka(tmp_path, quiet=2, broker=broker, prefix="upgrade.") as college:
        college.expected = expected("topics")
        college.at("tue w3 08:41")
        college.upgrade()
        college.start()
        story.continuation(college)
        assert college.seen.keys() == college.expected.keys()
