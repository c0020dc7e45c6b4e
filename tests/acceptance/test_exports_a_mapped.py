"""A college's own files (shared/exports/a) through the mappings that come with Prewarn, and its commands alone.

The calendar of the rules is a script's. What must come out is truth.json, as in test_exports_a.py.
"""

import pytest

from tests.acceptance.exports_a import exports, facts, truth
from tests.acceptance.exports_a.home import Commands

PEOPLE = ("教职工信息.csv", "班级信息.xls", "学生名单.xlsx", "教学任务.xlsx")
MAPPINGS = {
    exports.FIRST: "dingtalk-attendance",
    exports.EVERYBODY: "wecom-attendance",
    "雨课堂_课堂检测汇总_数据表.xlsx": "yuketang-tests",
    "学习通_随堂检测成绩.xlsx": "chaoxing-tests",
    "月度评学表.xlsx": "office-assessments",
    "报修服务台账.csv": "helpdesk-tickets",
}
TIMETABLE = ("班级课表.xlsx", "教学任务.xlsx", "校历与作息.xlsx", "调停课信息.xls")
NOBODY = "2601010199"

pytestmark = pytest.mark.shared


class Mapped(Commands):
    """As a college does it."""

    def draft(self, folder, to):
        """The directory, of these files."""
        files = [*(folder / name for name in PEOPLE), folder / exports.FIRST, folder / exports.EVERYBODY]
        return self._prewarn("directory", "draft", *files, "--to", to)

    def timetable(self, *files):
        return self._prewarn("timetable", "import", *files)

    def mapped(self, file, mapping, *options):
        return self._prewarn("ingest", file, "--mapping", mapping, *options)


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data.parent / "exports" / "a"


@pytest.fixture(scope="module")
def wanted(folder):
    return truth.read(folder)


@pytest.fixture(scope="module")
def read(folder):
    return exports.read(folder)


@pytest.fixture(scope="module")
def played(folder, read, tmp_path_factory):
    """(what is known before and after the correction, what each command said)."""
    place = tmp_path_factory.mktemp("mapped")
    read.write(place / "a")
    home = Mapped(place / "home", place / "a" / "calendar.yaml")
    said = {"draft": home.draft(folder, place / "directory")}
    home.import_directory(place / "directory")
    said["timetable"] = home.timetable(*(folder / name for name in TIMETABLE))
    said |= {name: home.mapped(folder / name, mapping) for name, mapping in MAPPINGS.items()}
    before = home.state()
    said[exports.LEAVE] = home.mapped(folder / exports.LEAVE, "dingtalk-leave")
    said[exports.CORRECTED] = home.mapped(folder / exports.CORRECTED, "dingtalk-attendance")
    return facts.Known(read, before, home.state()), said


def test_everything_that_is_counted_is_there_as_often(played, folder, wanted):
    assert truth.counts(wanted, folder, played[0]) == []


def test_every_fact_holds(played, wanted):
    assert truth.what_is_said(wanted, played[0]) == []


def test_the_open_warnings_are_those_before_the_correction(played, wanted):
    assert truth.warnings(wanted, played[0].before, "before_correction") == []


def test_the_open_warnings_are_those_after_the_correction(played, wanted):
    assert truth.warnings(wanted, played[0].after, "after_correction") == []


def test_only_the_row_of_nobody_is_refused_with_its_sheet_row_and_column(played):
    refused = {name: text for name, text in played[1].items() if name != "draft" and "rejected 拒收 0" not in text}
    assert refused.keys() == {exports.FIRST, exports.CORRECTED}
    for name, text in refused.items():
        assert "rejected 拒收 1" in text
        assert f"{name} sheet 异常明细 row " in text
        assert f"column 学号: '{NOBODY}' is not a known student" in text


def test_the_corrected_export_takes_back_what_it_no_longer_says(played):
    assert "retracted 撤回 2" in played[1][exports.CORRECTED].splitlines()


def test_the_directory_is_that_of_a_script(played, read):
    """Ids, spans and roles, whatever is called in other words."""
    tables = played[0].after.directory.tables
    script = read.college.tables
    assert {(one.id, one.class_id, one.teacher) for one in tables.courses} == {
        (one["id"], one["class"], one["teacher"] or None) for one in script["courses"]
    }
    assert {(one.role, one.person, one.scope, one.class_id, one.from_day, one.to_day) for one in tables.roles} == {
        (one["role"], one["person"], *(one.get(name) for name in ("scope", "class", "from", "to")))
        for one in script["roles"]
    }
    assert {(one.id, one.class_id, one.from_day, one.to_day, one.status) for one in tables.students} == {
        (one["id"], one["class"], one["from"], one["to"] or None, one["status"] or None) for one in script["students"]
    }
