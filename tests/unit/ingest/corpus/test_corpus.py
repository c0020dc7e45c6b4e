"""Hostile and odd files through the doors of a college, each with the answer that it must have.

The same at the reader alone, cell by cell: tests/unit/tabular/test_tabular_corpus.py; odd rows at the mappings alone:
tests/unit/ingest/mappings/test_corpus.py.
"""

import re
import shutil
import zipfile

import msgspec
import pytest
from typer.testing import CliRunner

from services.cli import app
from services.clock import wall_clock
from services.errors import PrewarnError
from services.log.journal import Journal
from services.messages import CampusEvent
from tests.rule_files import folder, rule
from tests.stores import empty_store
from tests.unit.ingest.corpus import colleges, events, meanings, texts, workbooks

pytestmark = pytest.mark.commands
MODULES = (texts, events, meanings, workbooks, colleges)
CASES = {
    f"{module.__name__.rpartition('.')[2]}, {name}": case for module in MODULES for name, case in module.CASES.items()
}

MAPPING = """mapping: office
source: office
tables:
- to: attendance
  time: 时间
  fields: {lesson: 课次, student: {column: 学号, as: student}, status: 状态}
"""
DOORS = {
    "csv": ("ingest", "{file}", "--kind", "attendance", "--source", "office"),
    "json": ("ingest", "{file}"),
    "mapped": ("ingest", "{file}", "--mapping", "office"),
    "directory": ("directory", "import", "{file}", "--yes-remove"),
    "timetable": ("timetable", "import", "{file}", "--on", "2024-09-09"),
}
CALENDAR = "time_zone: Asia/Shanghai\nterms:\n- {id: t, from: 2024-09-02, to: 2025-01-12}\n"


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A home with a small college."""
    home = tmp_path_factory.mktemp("corpus") / "home"
    folder(home / "rules", rule("r"), calendar=CALENDAR)
    (home / "mappings").mkdir()
    (home / "mappings" / "office.yaml").write_text(MAPPING, "utf-8")
    (home / "notify.db").write_bytes(empty_store())
    (home / "directory").mkdir()
    for name, rows in {
        "people.csv": "id,name\n00012,王丽\n",
        "departments.csv": "id,name_zh\ninfo,信息工程系\n",
        "classes.csv": "id,name\nk1,软件2401\n",
        "courses.csv": "id,name_zh,class,teacher\nG0101,高等数学,k1,00012\n",
        "students.csv": "id,name,class,from\ns1,李娜,k1,2024-09-01\ns2,张三,k1,2024-09-01\n0012,周杰,k1,2024-09-01\n",
    }.items():
        (home / "directory" / name).write_text(rows, "utf-8")
    return home


@pytest.fixture
def through(template, tmp_path):
    """(exit code, what is said) of a case, and the home behind it."""

    def run(case):
        home = shutil.copytree(template, tmp_path / "home")
        file = tmp_path / case.name
        file.write_bytes(case.raw() if callable(case.raw) else case.raw)
        if case.door == "directory" and zipfile.is_zipfile(file):
            file = _unpacked(file, tmp_path / "people")
        command = [one.format(file=file) for one in DOORS[case.door]]
        found = CliRunner().invoke(app, ["--home", str(home), *command, *case.options])
        return found, home

    return run


def _unpacked(file, folder):
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder


def taken(home):
    """Of each record that counts who and what."""
    journal = Journal(home / "prewarn.db", wall_clock)
    try:
        newest = {}
        for _, _, _, packed in journal.read(0, 10_000):
            for event in msgspec.json.decode(packed, type=list[CampusEvent]):
                known = newest.get((event.source, event.id))
                if event.kind == "attendance" and (known is None or event.revision > known.revision):
                    newest[event.source, event.id] = event
        rejected = [(one.position, str(one.reasons[0])) for _, one in journal.list()]
    finally:
        journal.close()
    said = [f"{one.data['student']} {one.data['status']}" for one in newest.values() if not one.retracted]
    return sorted(said), rejected


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_the_corpus_has_its_answer(name, through):
    case = CASES[name]
    found, home = through(case)
    known = found.exception is None or isinstance(found.exception, SystemExit | PrewarnError)
    assert known, f"{type(found.exception).__name__}: {found.exception}"
    if case.stops:
        assert isinstance(found.exception, PrewarnError)
        assert re.search(case.stops, str(found.exception)), str(found.exception)
        return
    said, rejected = taken(home)
    assert said == sorted(case.takes), rejected
    assert len(rejected) == len(case.refused), rejected
    for pattern, (position, reason) in zip(case.refused, rejected, strict=True):
        assert re.search(pattern, reason), (position, reason)
    assert found.exit_code == (1 if case.refused else 0)
    assert re.search(case.passes, found.output), found.output


def test_there_are_more_than_150_files_and_no_two_are_the_same():
    raws = [case.raw for case in CASES.values() if isinstance(case.raw, bytes)]
    assert len(CASES) >= 150
    assert len({(case.door, case.name, case.options, case.raw) for case in CASES.values()}) == len(CASES), raws
